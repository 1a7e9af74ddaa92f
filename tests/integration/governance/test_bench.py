"""The benchmarks of a governor bring all they need: servers, accounts, and what commands are signed with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from govsite.bench.run import PROJECT
from govsite.chaos.victim import environment_without_servers


@pytest.mark.parametrize("arguments", [("--rounds", "300"), ("--partitions", "1", "--rounds", "300")])
def test_a_small_run_on_a_machine_without_a_stack(arguments: tuple[str, ...], tmp_path: Path) -> None:
    command = [sys.executable, "manage.py", "bench", *arguments, "--json", str(tmp_path / "figures.json")]
    environment = environment_without_servers() | {"GOVSITE_DATA_DIR": str(tmp_path / "none")}
    answer = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    figures = json.loads((tmp_path / "figures.json").read_text())
    found = figures["partitions"]["1"] if "partitions" in figures else figures
    assert found["rounds"] == 300
    assert found["rounds_per_s"] > 0

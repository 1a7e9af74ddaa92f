"""A stack is backed up while it trades, and goes on elsewhere from the backup."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from govsite.chaos.victim import environment_without_servers
from tests.e2e.invariants import broken
from tests.e2e.stack import PROJECT, STARTED_WITHIN_S, Stack
from tests.servers import wait_until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

NEVER = ("ends without a decision", "proposals decided twice", "gaps")  # of an order on its way the end is missing
VERIFIED = ("--chain", "--archive", "--read-models")


def manage(*arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    answer = subprocess.run(
        command, cwd=PROJECT, env=environment_without_servers(), capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


def test_a_stack_on_a_restored_database_trades_and_repeats_nothing(stack: Stack, tmp_path: Path) -> None:
    stack.start()
    wait_until(lambda: stack.decisions() > 20, "rounds were decided", seconds=STARTED_WITHIN_S)
    file = str(tmp_path / "made.zip")
    assert "the chain is whole" in manage("backup", file, "--data-dir", str(stack.directory))
    stack.ask("stop")
    stack.runs[0].wait(60)

    stack.directory = tmp_path / "elsewhere"
    stack.log = tmp_path / "elsewhere.txt"
    restored = manage("restore", file, "--data-dir", str(stack.directory))
    position = int(restored.split("governance: ")[1].split(" ")[0].replace(",", ""))
    stack.start()
    wait_until(lambda: stack.decisions() > 0, "the stack runs", seconds=STARTED_WITHIN_S)
    url = stack.environment()["DATABASE_URL"]
    query = "SELECT count(*) FROM ledger WHERE event = 'OrderFilled' AND recorded_at > (SELECT recorded_at FROM ledger"
    query += " WHERE log = 'governance' AND position = %s)"

    def new_fills() -> int:
        with psycopg.connect(url) as connection:
            row = connection.execute(query, [position]).fetchone()
        return row[0] if row else 0

    before = new_fills()
    wait_until(lambda: new_fills() > before, "orders are filled", seconds=STARTED_WITHIN_S)
    assert "BROKEN" not in manage("audit", "verify", "--data-dir", str(stack.directory), *VERIFIED)
    found = broken(url)
    assert not {name: found.get(name) for name in NEVER if name in found}
    assert not [row for row in found.get("orders without exactly one end", []) if row[1] != 0], "filled twice"
    stack.ask("stop")
    assert stack.runs[1].wait(60) == 0, stack.log.read_text()

"""The calibration command on a real recording."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import pytest
from django.core.management import CommandError, call_command

from agents.demo import DEMO_COUNCIL


def test_every_forecast_of_the_demo_is_fitted_and_judged(recordings: Path, tmp_path: Path) -> None:
    said, written = io.StringIO(), tmp_path / "calibration.json"
    path = str(recordings / "binance-spot-ethusdt-20240808.jsonl.gz")
    call_command("calibrate", "--path", path, "--json", str(written), stdout=said)

    results = msgspec.json.decode(written.read_bytes())
    assert [result["agent"] for result in results] == [plan.name for plan in DEMO_COUNCIL if plan.prior_ppm]
    for result in results:
        assert 0.0 < result["fitted"]["slope"] < 0.5
        assert 0.3 < result["test"]["base_rate"] < 0.6
        assert 0.15 < result["test"]["brier"] < 0.35
        assert result["test"]["n"] == sum(row["n"] for row in result["test"]["reliability"])
    assert "in sample" in said.getvalue()


def test_what_is_no_recording_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nothing"):
        call_command("calibrate", "--path", str(tmp_path / "nothing.jsonl"))

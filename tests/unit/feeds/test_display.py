"""The line that `runfeed` keeps up to date on a terminal, and on nothing else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import redis
from rich.console import Console

from feeds.display import line_of
from streams.telemetry import Telemetry
from tests.unit.feeds.frames import trade
from tests.unit.feeds.test_recordings import SECOND, stamped

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("gauges", "words"),
    [
        (
            {"mode": "replay 10x", "progress": 0.42, "at": "1723161255000000000", "rate": 1234.5},
            ("replay 10x", "42%", "2024-08-08 23:54:15", "1,234 ticks/s"),
        ),
        (
            {"mode": "live binance", "lag_ms": 12.5, "connections": 2, "waiting": 0, "silent_s": 0.0},
            ("live binance", "lag 12.5 ms", "connections 2"),
        ),
    ],
)
def test_a_line_tells_how_far_a_replay_is_or_how_live_is(
    gauges: Mapping[str, float | str], words: tuple[str, ...]
) -> None:
    with redis.Redis() as connection:
        telemetry = Telemetry(connection, "feed")
        telemetry.gauges |= gauges
        console = Console(width=150)
        with console.capture() as shown:
            console.print(line_of(telemetry))
    assert all(word in shown.get() for word in words)
    assert "waiting" not in shown.get()
    assert "silent" not in shown.get()


def run_feed(path: Path, error: int) -> None:
    command = [sys.executable, "manage.py", "runfeed", "--feed", "replay", "--path", str(path), "--once"]
    subprocess.run(command, cwd=ROOT, stderr=error, stdout=subprocess.DEVNULL, timeout=30, check=True)


def test_on_a_terminal_there_is_a_line_and_elsewhere_there_is_none(redis_url: str, tmp_path: Path) -> None:
    recording = tmp_path / "rec.jsonl"
    recording.write_bytes(stamped(*(trade(number) for number in range(1, 60)), every=SECOND // 100))
    ours, theirs = pty.openpty()
    try:
        run_feed(recording, theirs)
        assert b"ticks/s" in os.read(ours, 1_000_000)
    finally:
        os.close(ours)
        os.close(theirs)
    log = tmp_path / "log"
    with log.open("wb") as file:
        run_feed(recording, file.fileno())
    assert b"ticks/s" not in log.read_bytes()
    assert b"the market comes from" in log.read_bytes()

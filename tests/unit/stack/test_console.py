"""What the stack says on the terminal."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from govsite.stack.console import StackConsole, StatusLine, process_table
from govsite.stack.plan import Options


def said_by(speak: Any) -> str:
    out = io.StringIO()
    speak(StackConsole(Console(file=out, width=120)))
    return out.getvalue()


def report(process: str, **counters: int) -> dict[str, Any]:
    return {
        "process": process,
        "pid": 7,
        "state": "running",
        "started_at": 0,
        "at": 65_000_000_000,
        "rss_mb": 60.5,
        "counters": counters,
        "gauges": {},
        "latency": {},
    }


def test_the_welcome_has_everything_one_needs() -> None:
    options = Options(feed="synthetic", port=8123, seconds=60)
    operators = {"operator": "first-password", "second": "second-password"}
    said = said_by(lambda console: console.welcome(options, Path("/data"), operators))
    for words in ("http://127.0.0.1:8123/", "/admin/", *operators.values(), "synthetic", "/data", "after 60 s"):
        assert words in said


def test_a_change_is_one_line_however_long() -> None:
    said = said_by(lambda console: console.change("governor", "ended with exit code 1: " + "why " * 100, False))
    assert said.count("\n") == 1
    assert "governor" in said


def test_a_terminal_that_is_gone_ends_nothing() -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError("no such terminal")

    console = StackConsole(Console(file=Gone()))
    console.say("one")
    console.say("two")


def test_the_status_counts_ticks_per_second_between_two_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 10.0, 20.0, 30.0])
    monkeypatch.setattr("govsite.stack.console.time.monotonic", lambda: next(clock))
    status = StatusLine()
    latency = {"latency": {"end_to_end": {"p50_ms": 4.06}}}
    reports = {
        "feed": report("feed", ticks=5_000),
        "governor": report("governor", decisions=12),
        "executor": report("executor", fills=9) | latency,
    }
    assert status.of(reports) == "500 ticks/s · 12 decisions · 9 fills · end to end p50 4.1 ms · 182 MB in 3 processes"
    reports["feed"] = report("feed", ticks=8_000)
    assert status.of(reports).startswith("300 ticks/s")
    assert status.of({"feed": report("feed", ticks=10)}).startswith(
        "0 ticks/s · 0 decisions · 0 fills · end to end p50 -"
    )


def test_the_process_table_names_each_with_its_counts() -> None:
    out = io.StringIO()
    Console(file=out, width=120).print(process_table({"feed": report("feed", ticks=5_000)}))
    assert "ticks 5,000" in out.getvalue()
    assert "65 s" in out.getvalue()


def test_the_process_table_says_where_the_executor_trades() -> None:
    out = io.StringIO()
    told = report("executor", fills=3) | {"gauges": {"venue": "binance-testnet", "position": 7}}
    Console(file=out, width=120).print(process_table({"executor": told}))
    assert "venue: binance-testnet, fills 3" in out.getvalue()

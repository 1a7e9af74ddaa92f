"""`manage.py bars` as people call it."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from market import bars as table_of_bars
from tests.integration.conftest import ROOT
from tests.integration.market.test_marks import write
from tests.unit.market.test_mark import SECOND, a_quote, a_trade

BEGIN = 1_700_000_040 * SECOND  # 2023-11-14 22:14:00 UTC


@pytest.fixture
def written(ledger_url: str, settings: Any) -> None:
    """Two hours of a trade every 30 s, then a minute of a quote; one bar is of two sources."""
    settings.DATABASE_URL = ledger_url
    trades = [a_trade(BEGIN + at * SECOND, f"{100 + at}.50") for at in range(0, 7200, 30)]
    synthetic = a_trade(BEGIN + 7170 * SECOND + 1, "6e3", source="synthetic")
    write(ledger_url, [*trades, synthetic, a_quote(BEGIN + 7200 * SECOND)])


def bars(*arguments: str) -> str:
    out = io.StringIO()
    call_command("bars", "BTCUSDT", *arguments, stdout=out)
    return out.getvalue()


def rows(*arguments: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(bars("--format", "csv", *arguments))))


def test_by_default_the_last_hour_up_to_the_newest_bar(written: None) -> None:
    found = rows()
    assert len(found) == 60
    assert (found[-1]["at"], found[-1]["volume"], found[-1]["mark"]) == (f"{BEGIN + 7200 * SECOND}", "0", "101")


def test_from_when_to_when(written: None) -> None:
    found = rows("--since", "2023-11-14T22:14", "--until", "2023-11-14T22:16")
    assert [(row["open"], row["close"]) for row in found] == [("100.5", "130.5"), ("160.5", "190.5")]
    assert rows("--since", "2023-11-14T23:14+01:00", "--until", f"{BEGIN + 120 * SECOND}") == found
    assert len(rows("--width", "1", "--last", "10m")) == 20


def test_more_than_a_page_is_given_whole(written: None, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = rows("--last", "30d")
    monkeypatch.setattr("market.bars._OLDEST", table_of_bars._OLDEST.replace("LIMIT 5000", "LIMIT 7"))
    assert rows("--last", "30d") == whole
    assert len(whole) == 121


def test_as_objects_for_programs_and_as_a_table_for_people(written: None) -> None:
    objects = [json.loads(line) for line in bars("--format", "jsonl", "--last", "2m").splitlines()]
    assert objects[0]["trades"] == 3
    assert (objects[0]["high"], objects[0]["mixed"]) == ("7270.50", True)
    table = bars("--last", "2m")
    assert "2023-11-15 00:13:00" in table
    assert "synthetic binance *" in table


def test_what_there_is_not_is_said_with_what_there_is(written: None) -> None:
    with pytest.raises(CommandError, match=r"There are no bars of 'XUSD'\. There are some of BTCUSDT\."):
        call_command("bars", "XUSD")
    with pytest.raises(CommandError, match="give one of them"):
        bars("--since", "2023-11-14", "--last", "1h")
    for wrong in (("--last", "soon"), ("--since", "yesterday")):
        with pytest.raises(CommandError):
            bars(*wrong)


def test_without_any_bar_that_is_said(ledger_url: str, settings: Any) -> None:
    settings.DATABASE_URL = ledger_url
    with pytest.raises(CommandError, match="no feed has written here yet"):
        bars()


def test_a_reader_that_has_enough_is_no_error(written: None, ledger_url: str) -> None:
    asked = [sys.executable, "manage.py", "bars", "BTCUSDT", "--last", "30d", "--format", "jsonl"]
    environment = {**os.environ, "DATABASE_URL": ledger_url}
    with subprocess.Popen(
        asked, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0

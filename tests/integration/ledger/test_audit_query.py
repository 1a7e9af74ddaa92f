"""`audit query` in all its forms: tables, lines, CSV, the newest first, and from the Parquet files."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from ledger import parquet
from ledger.audit import COLUMNS_OF_VIEW, Question, ask
from tests.integration.conftest import ROOT
from tests.integration.ledger import large

ROUND = large.names_of(5)


@pytest.fixture
def ledger(ledger_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.setattr(settings, "DATABASE_URL", ledger_url)
    monkeypatch.setattr(settings, "PARQUET_DIR", tmp_path / "parquet")
    large.fill(ledger_url, 600)
    return ledger_url


def audit(*arguments: Any) -> str:
    out = StringIO()
    call_command("audit", *arguments, stdout=out)
    return out.getvalue()


def lines(*arguments: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in audit("query", "--format", "jsonl", *arguments).splitlines()]


def test_csv_is_for_spreadsheets(ledger: str) -> None:
    rows = list(csv.DictReader(StringIO(audit("query", "--correlation", ROUND["tick"], "--format", "csv"))))
    assert tuple(rows[0]) == COLUMNS_OF_VIEW
    told = lines("--correlation", ROUND["tick"])
    assert [(row["log"], int(row["position"])) for row in rows] == [(one["log"], one["position"]) for one in told]
    assert [json.loads(row["payload"]) for row in rows] == [one["payload"] for one in told]
    assert rows[0]["command_id"] == ""
    assert rows[-1]["hash"] == told[-1]["hash"]


def test_all_of_one_correlation_comes_in_order_of_time(ledger: str) -> None:
    told = lines("--correlation", ROUND["tick"])
    assert [told[0]["event"], told[-3]["event"], told[-1]["event"]] == [
        *("DeliberationOpened", "DecisionReached", "OrderFilled")
    ]
    assert {one["correlation_id"] for one in told} == {ROUND["tick"]}


def test_the_newest_first_is_the_same_the_other_way_round(ledger: str) -> None:
    conditions = ("--event", "DecisionReached", "--event", "OrderFilled", "--limit", "0")
    assert lines(*conditions, "--newest") == lines(*conditions)[::-1]
    assert lines(*conditions[:-2], "--newest", "--limit", "1") == lines(*conditions)[-1:]


def test_times_choose_exactly(ledger: str) -> None:
    since, until = (large.STARTED + timedelta(milliseconds=large.ROUND_MS * number) for number in (5, 7))
    told = lines("--from", since.isoformat(), "--to", until.isoformat(), "--limit", "0")
    assert {one["correlation_id"] for one in told} == {large.names_of(number)["tick"] for number in (5, 6)}


def test_pages_by_position_leave_nothing_out(ledger: str) -> None:
    with psycopg.connect(ledger, autocommit=True) as connection:
        whole = list(ask(connection, Question()))
        seen: dict[str, int] = {}
        paged: list[dict[str, Any]] = []
        while rows := list(ask(connection, Question(limit=37, seen=seen))):
            paged += rows
            seen = seen | {f"{row['log']}.{row['partition']}": row["position"] for row in rows}
    assert paged == whole


def test_a_mistyped_event_is_not_an_empty_answer(ledger: str) -> None:
    with pytest.raises(CommandError, match="there is no event 'OrderFiled': OrderFilled"):
        audit("query", "--event", "OrderFiled")
    with pytest.raises(CommandError, match="'yesterday' is no time: write it like"):
        audit("query", "--from", "yesterday")


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (("--book", "dmeo"), "there is no book 'dmeo': demo?"),
        (("--book", "qqq"), "there is no book 'qqq': there are demo"),
        (("--actor", "Exekutor"), "there is no actor 'Exekutor': executor?"),
        (("--aggregate", "order"), "there is no kind of aggregate 'order': Order?"),
        (("--event", "orderfilled"), "there is no event 'orderfilled': OrderFilled"),
    ],
)
@pytest.mark.parametrize("form", ["csv", "jsonl", "table"])
def test_a_mistyped_name_is_not_an_empty_answer(ledger: str, condition: tuple[str, str], said: str, form: str) -> None:
    with pytest.raises(CommandError) as ended:
        audit("query", *condition, "--format", form)
    assert said in str(ended.value)


def test_a_mistyped_name_ends_with_exit_code_2(ledger: str) -> None:
    for condition in (("--book", "dmeo"), ("--aggregate", "order")):
        done = subprocess.run(
            [sys.executable, "manage.py", "audit", "query", *condition],
            env={**os.environ, "DATABASE_URL": ledger},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert condition[1] in done.stderr


def test_an_export_of_a_mistyped_book_is_not_written(ledger: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="there is no book 'dmeo': demo"):
        audit("export", "--book", "dmeo", "--to", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_where_nothing_fits_together_it_is_said(ledger: str) -> None:
    conditions = ("--book", "demo", "--actor", "executor", "--after", str(10**9))
    assert audit("query", *conditions) == "No event fits all of these conditions.\n"
    assert lines(*conditions) == []


def test_old_events_are_read_from_their_files(ledger: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no events were copied to Parquet yet"):
        lines("--archive")
    with psycopg.connect(ledger, autocommit=True) as connection:
        assert parquet.copy_old(connection, tmp_path / "parquet", large.STARTED + timedelta(days=1), 40)
    conditions = ("--correlation", ROUND["tick"])
    assert lines("--archive")[:3] == lines("--limit", "3")
    assert lines(*conditions, "--archive") == lines(*conditions)
    assert lines(*conditions, "--archive", str(tmp_path / "parquet")) == lines(*conditions)

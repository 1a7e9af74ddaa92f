"""A ledger that the first release wrote, row for row, is read, verified, projected and gone on with today."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from governance.audit import Scope, verify_decisions
from ledger.application import LedgerApplication
from ledger.projector import Projector
from ledger.rebuild import compare, projections
from ledger.upcasting import body_of
from ledger.verifying import verify_log
from tests.integration.ledger.events import cancelled

ROWS = Path(__file__).parent / "first_release" / "ledger.jsonl.gz"
BYTES = ("prev_hash", "hash")


def rows() -> list[dict[str, Any]]:
    with gzip.open(ROWS, "rt") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[psycopg.Connection]:
    """Its rows under their hashes, with the heads that they lead to."""
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        for row in rows():
            values = {**row, "state": row["state"].encode(), **{name: bytes.fromhex(row[name]) for name in BYTES}}
            columns = ", ".join(values)
            places = ", ".join(f"%({name})s" for name in values)
            connection.execute(f"INSERT INTO event_log ({columns}) VALUES ({places})".encode(), values)
        connection.execute(
            "INSERT INTO head (log, partition, position, hash) SELECT DISTINCT ON (log) log, partition, position, hash "
            "FROM event_log ORDER BY log, position DESC ON CONFLICT (log, partition) DO UPDATE "
            "SET position = excluded.position, hash = excluded.hash"
        )
        yield connection


def test_its_events_are_read_as_those_of_today() -> None:
    bodies = [body_of(row["topic"], row["state"].encode()) for row in rows()]
    assert Counter(type(body).__name__ for body in bodies) == Counter(row["topic"].split(".")[1] for row in rows())
    assert len({type(body) for body in bodies}) == 14


def test_its_chains_are_whole(ledger: psycopg.Connection) -> None:
    verdicts = [verify_log(ledger, log, 0) for log in ("governance", "execution")]
    assert [(verdict.broken, verdict.events) for verdict in verdicts] == [(None, 164), (None, 21)]


def test_its_decisions_are_said_to_lack_what_a_derivation_reads(ledger: psycopg.Connection) -> None:
    """The first release did not record what a round found."""
    report = verify_decisions(ledger, 0, Scope(), lambda finding: None)["demo"]
    assert (report.differing, dict(report.derived), dict(report.underivable)) == (
        0,
        {},
        {"recorded by an earlier release": 10},
    )


def test_its_read_models_are_made_and_the_log_goes_on(ledger: psycopg.Connection, ledger_url: str) -> None:
    projector = Projector(ledger_url, projections())
    projector.connect()
    assert projector.catch_up() == 185
    counted = "SELECT (SELECT count(*) FROM governance_decision), (SELECT count(*) FROM execution_fill)"
    assert ledger.execute(counted).fetchone() == (10, 10)
    states = ledger.execute("SELECT state, count(*) FROM execution_order GROUP BY 1").fetchall()
    assert states == [("filled", 10)]
    application = LedgerApplication(ledger_url, "execution")
    application.acquire()
    application.commit([cancelled(1)])
    application.close()
    projector.catch_up()
    projector.close()
    assert verify_log(ledger, "execution", 0).events == 22
    assert compare(ledger_url) == []

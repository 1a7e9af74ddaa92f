"""Halts race with commits: what ends after a halt has committed wrote nothing; without the lock it would have."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from ledger import gate
from ledger.application import Commit, GateChange, LedgerApplication
from ledger.errors import GateClosed
from tests.integration.ledger.events import book_opened, cash_moved
from tests.servers import wait_until

LOCK = Path(gate.__file__).parent / "schema" / "gate_lock.sql"
NO_LOCK = """CREATE OR REPLACE FUNCTION gate_lock(p_book text, p_exclusive boolean) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$ BEGIN END $$"""
ROUNDS = 25


@pytest.fixture
def application(ledger_url: str) -> Iterator[LedgerApplication]:
    application = LedgerApplication(ledger_url, "execution")
    application.acquire(lease_s=60)
    application.commit([book_opened()])
    yield application
    application.close()


@contextmanager
def without_the_lock(url: str) -> Iterator[None]:
    """The same database, but who goes through the gate and who shuts it do not wait for each other."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(NO_LOCK)
        try:
            yield
        finally:
            connection.execute(LOCK.read_bytes())


def halt(url: str) -> tuple[gate.Gate, int]:
    """Halts the book, and reads where the log stands once that is committed."""
    with psycopg.connect(url, application_name="halting") as connection:
        halted = gate.halt(connection, "demo", who="operator:ann", why="a race", command_id="c")
        connection.commit()
        row = connection.execute("SELECT position FROM head WHERE log = 'execution'").fetchone()
    assert row is not None
    return halted, row[0]


def waits(url: str, who: str, event: str) -> bool:
    query = "SELECT FROM pg_stat_activity WHERE application_name = %s AND wait_event = %s"
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(query, [who, event]).fetchone() is not None


def committed_after_the_halt(application: LedgerApplication, url: str) -> bool:
    """A commit is stopped between the gate and the log, then the book is halted: may the commit still end?"""
    with psycopg.connect(url) as stopper, ThreadPoolExecutor() as pool:
        stopper.execute("SELECT FROM head WHERE log = 'execution' FOR UPDATE")
        commit: Future[Commit] = pool.submit(application.commit, [cash_moved(2)], gate_book="demo")
        wait_until(lambda: waits(url, "execution writer", "transactionid"), "the commit is through the gate")
        halting = pool.submit(halt, url)
        wait_until(lambda: halting.done() or waits(url, "halting", "advisory"), "the halt is done, or it waits")
        halted_first = halting.done()
        stopper.rollback()
        recorded_at, gate_at = commit.result().recorded_at, halting.result()[0].gate_at
    assert halted_first == (recorded_at > gate_at), "the times in the log tell the same"
    return halted_first


def test_a_halt_waits_for_who_is_through_the_gate(application: LedgerApplication, ledger_url: str) -> None:
    assert not committed_after_the_halt(application, ledger_url)
    with pytest.raises(GateClosed):
        application.commit([cash_moved(3)], gate_book="demo")


def test_without_the_lock_a_commit_ends_after_the_halt(application: LedgerApplication, ledger_url: str) -> None:
    """So the test above tells whether the lock is there."""
    with without_the_lock(ledger_url):
        assert committed_after_the_halt(application, ledger_url)


def commit_until_closed(application: LedgerApplication, version: int) -> int:
    """Commits one by one until the gate is shut; gives the version to go on with."""
    while True:
        try:
            application.commit([cash_moved(version)], gate_book="demo")
        except GateClosed:
            return version
        version += 1


def test_nothing_is_written_after_a_halt_whenever_it_comes(application: LedgerApplication, ledger_url: str) -> None:
    """Many halts at arbitrary moments of a writer that never rests."""
    moments = random.Random(5)
    version, halts = 2, 0
    with ThreadPoolExecutor() as pool:
        for number in range(ROUNDS):
            before = application.recorder.head
            assert before is not None
            writing = pool.submit(commit_until_closed, application, version)
            goal = before.position + moments.randint(0, 20)
            wait_until(lambda goal=goal: _position(ledger_url) >= goal, "some commits")  # type: ignore[misc]
            halted, seen = halt(ledger_url)
            version = writing.result()
            assert _position(ledger_url) == seen
            last = list(application.events(after=seen - 1))[-1]
            assert last.recorded_at <= halted.gate_at
            halts += 1
            for origin, mode in (("HALTED", "REDUCE_ONLY"), ("REDUCE_ONLY", "NORMAL")):
                change = GateChange(
                    book="demo",
                    origin=origin,  # type: ignore[arg-type]
                    mode=mode,  # type: ignore[arg-type]
                    who="operator:ann",
                    why="on with it",
                    command_id=f"resume-{number}-{mode}",
                )
                application.commit([], gate=change)
    assert halts == ROUNDS
    assert version > ROUNDS, "the writer did write in between"


def _position(url: str) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT position FROM head WHERE log = 'execution'").fetchone()
    assert row is not None
    return int(row[0])

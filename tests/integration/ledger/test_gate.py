"""The gate is linearizable with commits: none ends after a halt has committed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import msgspec
import psycopg
import pytest

from ledger import gate
from ledger.application import GateChange, LedgerApplication
from ledger.errors import GateClosed
from streams.messages import Mode
from tests.integration.ledger.events import book_opened, cash_moved
from tests.servers import wait_until

HALT = {"who": "operator:ann", "why": "a test", "command_id": "c1"}
RESUME = GateChange(
    book="demo", origin="HALTED", mode="REDUCE_ONLY", who="operator:ann", why="checked", command_id="c2"
)


@pytest.fixture
def application(ledger_url: str) -> Iterator[LedgerApplication]:
    application = LedgerApplication(ledger_url, "execution")
    application.acquire()
    yield application
    application.close()


@pytest.fixture
def operator(ledger_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(ledger_url) as connection:
        yield connection


def waiting_for_a_lock(operator: psycopg.Connection, who: str) -> bool:
    row = operator.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory' AND application_name = %s", [who]
    ).fetchone()
    return row == (1,)


def halt_and_commit(connection: psycopg.Connection) -> gate.Gate:
    halted = gate.halt(connection, "demo", **HALT)
    connection.commit()
    return halted


@pytest.mark.parametrize("book", ["demo", gate.ALL_BOOKS])
def test_a_commit_waits_for_a_halt_and_is_then_refused(
    application: LedgerApplication, operator: psycopg.Connection, book: str
) -> None:
    gate.halt(operator, book, **HALT)
    with ThreadPoolExecutor() as pool:
        commit = pool.submit(application.commit, [book_opened()], gate_book="demo", mark="1")
        wait_until(lambda: waiting_for_a_lock(operator, "execution writer"), "the commit waits at the gate")
        operator.commit()
        with pytest.raises(GateClosed, match="operator:ann"):
            commit.result()
    assert list(application.events()) == []
    assert application.commit([book_opened()], mark="1").last == 1


def test_a_halt_waits_for_a_commit_that_is_through_the_gate(
    application: LedgerApplication, ledger_url: str, operator: psycopg.Connection
) -> None:
    operator.execute("SELECT FROM head WHERE log = 'execution' FOR UPDATE")  # holds the commit behind the gate
    with ThreadPoolExecutor() as pool, psycopg.connect(ledger_url, application_name="halting") as other:
        commit = pool.submit(application.commit, [book_opened()], gate_book="demo")
        passed = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock' AND granted"
        wait_until(lambda: operator.execute(passed).fetchone() is not None, "the commit is through the gate")
        halting = pool.submit(halt_and_commit, other)
        wait_until(lambda: waiting_for_a_lock(operator, "halting"), "the halt waits for the commit")
        operator.commit()
        assert commit.result().recorded_at <= halting.result().gate_at
    with pytest.raises(GateClosed):
        application.commit([cash_moved(2)], gate_book="demo")


def test_a_halt_of_one_book_leaves_the_others(application: LedgerApplication, operator: psycopg.Connection) -> None:
    before = time.time_ns()
    halted = gate.halt(operator, "other", **HALT)
    operator.commit()
    assert before // 1000 * 1000 <= halted.gate_at <= time.time_ns()
    assert gate.read(operator, "other") == halted
    assert gate.read(operator, "demo").mode == "NORMAL"
    assert application.commit([book_opened()], gate_book="demo").last == 1


def test_the_first_halt_stands(operator: psycopg.Connection, application: LedgerApplication) -> None:
    first = gate.halt(operator, "demo", **HALT)
    assert gate.halt(operator, "demo", who="operator:bob", why="also", command_id="c9") == first
    operator.rollback()


def test_a_resume_changes_the_gate_with_its_event(application: LedgerApplication, operator: psycopg.Connection) -> None:
    gate.halt(operator, "demo", **HALT)
    operator.commit()
    application.commit([book_opened()], gate=RESUME)
    assert gate.read(operator, "demo").mode == "REDUCE_ONLY"
    assert application.commit([cash_moved(2)], gate_book="demo", gate_mode="REDUCE_ONLY").last == 2
    with pytest.raises(GateClosed, match="REDUCE_ONLY"):
        application.commit([cash_moved(3)], gate_book="demo", gate_mode="NORMAL")
    with pytest.raises(GateClosed):
        application.commit([cash_moved(3)], gate=RESUME)
    assert application.commit([cash_moved(3)]).last == 3


@pytest.mark.parametrize(("who", "mode"), [("breaker:drawdown", "REDUCE_ONLY"), ("operator:ann", "NORMAL")])
def test_a_halt_is_ended_by_an_operator_and_not_in_one_go(
    application: LedgerApplication, operator: psycopg.Connection, who: str, mode: Mode
) -> None:
    """A breaker that tightens a book which somebody halted in the same moment must not open it."""
    gate.halt(operator, "demo", **HALT)
    operator.commit()
    with pytest.raises(GateClosed, match="is ended by an operator and to REDUCE_ONLY"):
        application.commit([book_opened()], gate=msgspec.structs.replace(RESUME, who=who, mode=mode))
    assert gate.read(operator, "demo").mode == "HALTED"
    assert list(application.events()) == []


def test_a_halt_of_all_books_outlasts_the_resume_of_one(
    application: LedgerApplication, operator: psycopg.Connection
) -> None:
    gate.halt(operator, "demo", **HALT)
    gate.halt(operator, gate.ALL_BOOKS, **HALT)
    operator.commit()
    application.commit([book_opened()], gate=RESUME)
    assert gate.read(operator, "demo").mode == "HALTED"
    with pytest.raises(GateClosed):
        application.commit([cash_moved(2)], gate_book="demo")

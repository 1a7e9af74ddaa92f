"""Commits: gapless, fenced, all or nothing, and read back as they were written."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import msgspec
import psycopg
import pytest

from ledger.application import InboxEntry, LedgerApplication
from ledger.chain import Broken, ChainRow, verify
from ledger.errors import BadData, Conflict, Fenced, LeaseHeld
from ledger.records import GENESIS, event_id
from tests.integration.ledger.events import book_opened, cancelled, cash_moved, event


@pytest.fixture
def application(ledger_url: str) -> Iterator[LedgerApplication]:
    application = LedgerApplication(ledger_url, "execution")
    application.acquire()
    yield application
    application.close()


def rows(url: str) -> list[ChainRow]:
    with psycopg.connect(url) as connection:
        columns = ", ".join(ChainRow._fields)
        return [ChainRow(*row) for row in connection.execute(f"SELECT {columns} FROM event_log ORDER BY position")]


def test_a_commit_is_read_back_as_it_was_written(application: LedgerApplication) -> None:
    written = [book_opened(), cash_moved(2), cancelled(1)]
    before = time.time_ns()
    commit = application.commit(written, mark="7")
    assert (commit.first, commit.last) == (1, 3)
    assert before // 1000 * 1000 <= commit.recorded_at <= time.time_ns()
    recorded = list(application.events())
    assert [one.event for one in recorded] == written
    assert tuple(one.event_id for one in recorded) == commit.event_ids
    assert commit.event_ids[1] == str(event_id("execution", 0, 2))
    assert {one.recorded_at for one in recorded} == {commit.recorded_at}
    assert [one.topic for one in recorded] == ["Account.BookOpened", "Account.CashMoved", "Order.OrderCancelled"]


def test_reading_by_position_book_and_aggregate(application: LedgerApplication) -> None:
    application.commit([book_opened("a"), book_opened("b"), cancelled(1, "a"), cancelled(2, "b")])
    assert [one.position for one in application.events(after=1, limit=2)] == [2, 3]
    assert [one.position for one in application.events(book="b")] == [2, 4]
    assert [one.position for one in application.events(aggregates=["Order"], book="a")] == [3]


def test_the_library_reads_the_same_aggregate(application: LedgerApplication) -> None:
    opened, moved = book_opened(), cash_moved(2)
    application.save(opened, moved)
    assert list(application.events.get(opened.originator_id)) == [opened, moved]
    balance: Any = application.repository.get(
        opened.originator_id,
        projector_func=lambda start, events: list(events),  # type: ignore[arg-type, return-value]
    )
    assert balance == [opened, moved]
    (notification,) = application.recorder.select_notifications(2, 10)
    assert application.mapper.to_domain_event(notification) == moved


def test_a_root_is_its_own_correlation(application: LedgerApplication) -> None:
    commit = application.commit([msgspec.structs.replace(book_opened(), correlation_id="")])
    assert [one.event.correlation_id for one in application.events()] == list(commit.event_ids)


def test_mark_inbox_and_head_move_with_the_events(application: LedgerApplication) -> None:
    answer = InboxEntry(command_id="c1", entry_id="5-0", result="refused:UNKNOWN_AGENT", book="demo")
    application.commit([book_opened()], mark="5-0", inbox=[answer])
    assert application.answered(["c1", "c2"]) == {"c1": "refused:UNKNOWN_AGENT"}
    commit = application.commit([], mark="6-0")
    assert (commit.first, commit.last) == (2, 1)
    application.commit([cancelled(1)])
    application.release()
    head = application.acquire()
    assert (head.position, head.mark, head.epoch) == (2, "6-0", 2)
    assert head.hash == list(application.events())[-1].hash


def test_positions_stay_gapless_when_transactions_roll_back(application: LedgerApplication, ledger_url: str) -> None:
    answer = InboxEntry(command_id="c1", entry_id="5-0", result="accepted")
    application.commit([book_opened()], inbox=[answer])
    with pytest.raises(Conflict):
        application.commit([cancelled(1), book_opened()])
    with pytest.raises(Conflict):
        application.commit([cancelled(1)], mark="9", inbox=[answer])
    with pytest.raises(BadData):
        application.commit([event(cancelled(1).body, uuid4(), book="a\x1fb")])
    with pytest.raises(BadData):
        application.commit([event(cancelled(1).body, uuid4(), book="a\x00b")])
    application.commit([cancelled(1), cancelled(2)])
    assert [row.position for row in rows(ledger_url)] == [1, 2, 3]
    assert not [found for found in verify(rows(ledger_url)) if isinstance(found, Broken)]
    application.release()
    assert application.acquire().mark == ""


def test_the_chain_is_what_python_computes(application: LedgerApplication, ledger_url: str) -> None:
    application.commit([book_opened(), cash_moved(2)])
    application.commit([cancelled(n) for n in range(50)])
    found = rows(ledger_url)
    assert found[0].prev_hash == GENESIS
    assert list(verify(found)) == found


def test_a_one_byte_edit_is_found(application: LedgerApplication, ledger_url: str) -> None:
    application.commit([book_opened(), cash_moved(2), cash_moved(3)])
    with psycopg.connect(ledger_url) as owner:
        owner.execute("ALTER TABLE event_log DISABLE TRIGGER append_only")
        owner.execute("UPDATE event_log SET state = set_byte(state, 12, get_byte(state, 12) # 1) WHERE position = 2")
        owner.execute("ALTER TABLE event_log ENABLE ALWAYS TRIGGER append_only")
    assert list(verify(rows(ledger_url)))[-1] == Broken(2, "its hash does not fit what it says")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE event_log SET book = 'x'",
        "DELETE FROM event_log",
        "TRUNCATE event_log",
        "DELETE FROM event_log WHERE false",
    ],
)
def test_the_log_cannot_be_changed(application: LedgerApplication, ledger_url: str, change: str) -> None:
    application.commit([book_opened()])
    with psycopg.connect(ledger_url) as owner:
        with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
            owner.execute(change)
        owner.rollback()
        owner.execute("SET session_replication_role = replica")
        with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
            owner.execute(change)


def test_a_writer_that_was_taken_over_is_fenced(application: LedgerApplication, ledger_url: str) -> None:
    application.acquire(lease_s=0)
    successor = LedgerApplication(ledger_url, "execution")
    assert successor.acquire().epoch == 3
    with pytest.raises(Fenced):
        application.commit([book_opened()])
    with pytest.raises(Fenced):
        application.renew()
    successor.commit([book_opened()])
    successor.renew()
    assert [row.position for row in rows(ledger_url)] == [1]
    successor.close()


def test_a_running_lease_keeps_others_out(application: LedgerApplication, ledger_url: str) -> None:
    other = LedgerApplication(ledger_url, "execution")
    with pytest.raises(LeaseHeld, match="is held by"):
        other.acquire()
    application.acquire()
    application.release()
    other.acquire()
    with pytest.raises(LeaseHeld):
        application.acquire()
    other.close()


def test_who_did_not_acquire_may_not_commit(ledger_url: str) -> None:
    stranger = LedgerApplication(ledger_url, "execution")
    with pytest.raises(Fenced):
        stranger.commit([book_opened()])
    stranger.close()


def test_after_a_lost_connection_the_writer_acquires_again(application: LedgerApplication, ledger_url: str) -> None:
    application.commit([book_opened()])
    with psycopg.connect(ledger_url, autocommit=True) as killer:
        killer.execute(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()"""
        )
    with pytest.raises(psycopg.OperationalError):
        application.commit([cash_moved(2)])
    with pytest.raises(Fenced):
        application.commit([cash_moved(2)])
    assert application.acquire().position == 1
    assert application.commit([cash_moved(2)]).last == 2


def test_the_view_is_the_auditors_table(application: LedgerApplication, ledger_url: str) -> None:
    application.commit([cash_moved(1)])
    with psycopg.connect(ledger_url, row_factory=psycopg.rows.dict_row) as auditor:
        row = auditor.execute("SELECT * FROM ledger").fetchone()
    assert row is not None
    assert list(row) == [
        *("log", "partition", "position", "event_id", "recorded_at", "aggregate", "aggregate_id", "version", "event"),
        *("book", "actor", "correlation_id", "causation_id", "command_id", "payload", "prev_hash", "hash"),
    ]
    assert (row["aggregate"], row["event"], row["payload"]["amount"]) == ("Account", "CashMoved", "1")

"""A follower gives every event once and in order, whatever the stream forgot or repeated."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from ledger.application import LedgerApplication
from ledger.entries import COLUMNS, entries, table_row
from ledger.errors import Corrupt
from ledger.follower import Follower
from ledger.records import RecordedEvent
from streams.messages import LedgerEntry
from tests.integration.ledger.events import book_opened, cancelled, cash_moved
from tests.integration.ledger.signed import forge


@pytest.fixture
def application(ledger_url: str) -> Iterator[LedgerApplication]:
    application = LedgerApplication(ledger_url, "execution")
    application.acquire()
    application.commit([book_opened(), cash_moved(2)])
    application.commit([cancelled(3)])
    application.commit([cancelled(4), cancelled(5)])
    yield application
    application.close()


@pytest.fixture
def relayed(application: LedgerApplication) -> list[LedgerEntry]:
    rows = application.recorder.reading.run(f"SELECT {COLUMNS} FROM event_log ORDER BY position")
    return list(entries(map(table_row, rows)))


def places(events: list[RecordedEvent]) -> list[int]:
    return [event.position for event in events]


def test_entries_in_order(application: LedgerApplication, relayed: list[LedgerEntry]) -> None:
    follower = Follower(application, "execution")
    got = [event for entry in relayed for event in follower.accept(entry)]
    expected = list(application.events())
    assert [(one.position, one.event_id, one.recorded_at, one.event) for one in got] == [
        (one.position, one.event_id, one.recorded_at, one.event) for one in expected
    ]
    assert follower.position == 5


def test_repeats_are_dropped(application: LedgerApplication, relayed: list[LedgerEntry]) -> None:
    follower = Follower(application, "execution", position=1)
    assert places(follower.accept(relayed[0])) == [2]
    assert follower.accept(relayed[0]) == []
    assert places(follower.accept(relayed[1])) == [3]


def test_a_hole_is_filled_from_the_table(application: LedgerApplication, relayed: list[LedgerEntry]) -> None:
    follower = Follower(application, "execution")
    assert places(follower.accept(relayed[2])) == [1, 2, 3, 4, 5]
    assert follower.catch_up() == []


def test_silence_is_filled_from_the_table(application: LedgerApplication, ledger_url: str) -> None:
    follower = Follower(ledger_url, "execution", position=3)
    assert places(follower.catch_up(1)) == [4]
    assert places(follower.catch_up()) == [5]
    application.commit([cancelled(6)])
    assert places(follower.catch_up()) == [6]
    follower.close()


def test_a_hole_that_the_table_has_too_is_not_passed_over(
    application: LedgerApplication, relayed: list[LedgerEntry]
) -> None:
    elsewhere = Follower(application, "governance")
    foreign = LedgerEntry(log="governance", partition=0, first=3, last=3, recorded_at=0, rows=relayed[1].rows)
    with pytest.raises(Corrupt, match="between 0 and 3"):
        elsewhere.accept(foreign)
    with pytest.raises(ValueError, match="execution/0 came to governance/0"):
        elsewhere.accept(relayed[0])


def test_whatever_stands_beyond_a_hole_is_not_followed(application: LedgerApplication, ledger_url: str) -> None:
    follower = Follower(ledger_url, "execution")
    assert places(follower.catch_up(3)) == [1, 2, 3]
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        forge(connection, "UPDATE event_log SET position = 1000000 WHERE position = 4")
    with pytest.raises(Corrupt, match="between 3 and"):
        follower.catch_up()
    assert follower.position == 3
    follower.close()

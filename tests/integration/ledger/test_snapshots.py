"""Snapshots on PostgreSQL: who recovers from one stands where a fold of everything leads; a wrong one is not used."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import psycopg
import pytest

from execution import recovery as executing
from execution.domain.floor import Floor
from governance import recovery as governing
from govsite.snapshots import take_snapshots
from ledger.application import LedgerApplication
from ledger.follower import Follower
from ledger.session import Session
from ledger.snapshots import Positions, Snapshot, Snapshots
from streams.events import CashMoved
from streams.messages import Log
from tests.unit.site.history import BOOK, History

Logs = dict[Log, LedgerApplication]


@pytest.fixture
def logs(ledger_url: str) -> Iterator[Logs]:
    names: tuple[Log, ...] = ("governance", "execution")
    applications = {name: LedgerApplication(ledger_url, name) for name in names}
    for application in applications.values():
        application.acquire()
    yield applications
    for application in applications.values():
        application.close()


@pytest.fixture
def session(ledger_url: str) -> Iterator[Session]:
    opened = Session(ledger_url)
    yield opened
    opened.close()


@pytest.fixture
def history(logs: Logs) -> History:
    told = History().found()
    for _ in range(20):
        told.round()
    commit(told, logs)
    return told


def commit(told: History, logs: Logs) -> None:
    """The executor has seen all that was decided."""
    last = logs["governance"].commit(told.governance).last
    logs["execution"].commit(told.execution, mark=str(last))
    told.governance.clear()
    told.execution.clear()


def folded(logs: Logs) -> bytes:
    """All books, from the start."""
    return governing.FREEZER.freeze(governing.fold([*logs["governance"].events(), *logs["execution"].events()]))


def on_the_floor(logs: Logs, floor: Floor, after: Positions) -> bytes:
    """The desks after everything that comes after the positions."""
    for recorded in logs["governance"].events(after=after.governance, aggregates=executing.BOOKS):
        floor.apply(recorded.event)
    for recorded in logs["execution"].events(after=after.execution):
        floor.apply(recorded.event)
    return executing.FOLDING.freeze(floor)


def rows(url: str) -> list[tuple[str, int, int]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT name, governance, execution FROM snapshot ORDER BY taken_at").fetchall()


def test_a_governor_goes_on_from_a_snapshot_as_from_the_start(
    logs: Logs, history: History, session: Session, ledger_url: str
) -> None:
    at = governing.take_snapshot(session, 1)
    assert at == Positions(logs["governance"].events.reader.last_position(), len(list(logs["execution"].events())))
    for outcome in ("granted", "refused", "vetoed"):
        history.round(outcome=outcome, instrument="ETHUSDT")
    history.tell(CashMoved(amount=Decimal(500), reason="deposit"))
    commit(history, logs)
    follower = Follower(logs["governance"], "execution")
    assert governing.FOLDING.recovered(session)[1] == at
    chambers = governing.chambers_from(logs["governance"], follower, None)
    states = {book: chamber.state for book, chamber in chambers.items()}
    assert governing.FREEZER.freeze(states) == folded(logs)
    assert follower.position == len(list(logs["execution"].events()))


def test_an_executor_goes_on_from_a_snapshot_as_from_the_start(logs: Logs, history: History, session: Session) -> None:
    at = executing.take_snapshot(session, 1)
    assert at is not None
    history.round(filled=False)
    history.round(side="sell", quantity=Decimal("0.3"))
    commit(history, logs)
    floor = Floor()
    mark, position = logs["governance"].events.reader.last_position(), logs["execution"].events.reader.last_position()
    assert executing.restore(floor, session, mark=mark, position=position) == at
    assert floor.desk(BOOK).account.cash != 0
    assert on_the_floor(logs, floor, at) == on_the_floor(logs, Floor(), Positions())


def test_a_snapshot_is_taken_when_enough_has_happened_and_two_are_kept(
    logs: Logs, history: History, session: Session, ledger_url: str
) -> None:
    assert take_snapshots(ledger_url, every=10_000) == 0
    assert take_snapshots(ledger_url, every=200) == 2
    assert take_snapshots(ledger_url, every=1) == 0, "nothing has happened since"
    seen = rows(ledger_url)
    for _ in range(3):
        history.round()
        commit(history, logs)
        assert take_snapshots(ledger_url, every=1) == 2
    kept = rows(ledger_url)
    assert sorted(name for name, *_ in kept) == ["execution", "execution", "governance", "governance"]
    assert not set(seen) & set(kept)
    assert governing.FREEZER.freeze(governing.FOLDING.recovered(session)[0]) == folded(logs)


@pytest.mark.parametrize(
    "damage",
    [
        "state = overlay(state PLACING '\\x20' FROM 20)",
        "governance_hash = sha256('another log')",
        "execution_hash = sha256('another log')",
        "fingerprint = 'of other code'",
        "governance = governance + 100000",
    ],
)
def test_a_snapshot_that_is_not_of_this_log_and_this_code_is_not_used(
    logs: Logs, history: History, session: Session, ledger_url: str, damage: str
) -> None:
    assert take_snapshots(ledger_url, every=1) == 2
    with psycopg.connect(ledger_url) as connection:
        connection.execute(f"UPDATE snapshot SET {damage}")
    assert governing.FOLDING.recovered(session) == ({}, Positions())
    assert executing.restore(Floor(), session, mark=10**9, position=10**9) == Positions()
    chambers = governing.chambers_from(logs["governance"], Follower(logs["governance"], "execution"), None)
    assert governing.FREEZER.freeze({book: chamber.state for book, chamber in chambers.items()}) == folded(logs)
    assert take_snapshots(ledger_url, every=1) == 2


@pytest.mark.parametrize("state", [b"[1,7]", b"{", b'[1,["c","os:system",{}]]'])
def test_a_state_that_cannot_be_thawed_is_passed_over(
    logs: Logs, history: History, session: Session, state: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    folding = executing.FOLDING
    Snapshots(session, folding.name, folding.fingerprint).write(Snapshot(Positions(3, 2), state))
    floor = Floor()
    assert executing.restore(floor, session, mark=10**9, position=10**9) == Positions()
    assert not floor.desks
    assert "is passed over" in caplog.text


def test_an_executor_does_not_begin_beyond_its_mark(logs: Logs, history: History, session: Session) -> None:
    at = executing.take_snapshot(session, 1)
    assert at is not None
    for most in (Positions(at.governance - 1, at.execution), Positions(at.governance, at.execution - 1)):
        floor = Floor()
        assert executing.restore(floor, session, mark=most.governance, position=most.execution) == Positions()
        assert not floor.desks


def test_nothing_is_folded_of_an_empty_ledger(ledger_url: str, session: Session) -> None:
    assert take_snapshots(ledger_url, every=1) == 0
    assert governing.FOLDING.recovered(session) == ({}, Positions())

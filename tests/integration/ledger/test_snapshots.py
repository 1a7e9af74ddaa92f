"""Snapshots on PostgreSQL: who recovers from one stands where a fold of everything leads; a wrong one is not used."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from execution import recovery as executing
from execution.domain.floor import Floor
from governance import recovery as governing
from govsite.snapshots import TAKES
from ledger.application import LedgerApplication
from ledger.follower import Follower
from ledger.session import Session
from ledger.snapshots import Name, Positions, Snapshot, Snapshots
from ledger.snapshotting import Snapshotter, command_of, take_all
from streams.events import CashMoved
from streams.messages import Log
from tests.servers import wait_until
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


def take_snapshots(url: str, every: int) -> int:
    return sum(take_all(url, name, take, every) for name, take in TAKES.items())


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


DUES = {"governance": governing.snapshot_is_due, "execution": executing.snapshot_is_due}


@pytest.mark.parametrize("name", ["governance", "execution"])
def test_a_core_has_its_own_taken_beside_it_when_one_is_due(
    logs: Logs, history: History, ledger_url: str, database_as: Callable[[str], str], name: Name
) -> None:
    account = {"governance": "governor", "execution": "executor"}[name]
    with Snapshotter(database_as(account), DUES[name], 1, [*command_of(name), "--every", "1"], look_every_s=0.05):
        wait_until(lambda: rows(ledger_url), "a snapshot")
    assert {core for core, *_ in rows(ledger_url)} == {name}


def test_none_is_started_while_none_is_due(logs: Logs, history: History, ledger_url: str, tmp_path: Path) -> None:
    looked = threading.Event()

    def due(session: Session, every: int, partition: int = 0) -> bool:
        looked.set()
        return governing.snapshot_is_due(session, 10**6, partition)

    with Snapshotter(ledger_url, due, 1, ["touch", str(tmp_path / "started")], look_every_s=0.01):
        assert looked.wait(5)
    assert not (tmp_path / "started").exists()


def test_an_end_does_not_wait_for_one_that_is_being_taken(
    logs: Logs, history: History, ledger_url: str, tmp_path: Path
) -> None:
    command = ["sh", "-c", f"echo $$ > {tmp_path}/pid; exec sleep 60"]
    with Snapshotter(ledger_url, governing.snapshot_is_due, 1, command, look_every_s=0.01):
        wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip(), "it is started")
        pid = int((tmp_path / "pid").read_text())
        begun = time.monotonic()
    assert time.monotonic() - begun < 10
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_what_fails_is_told_and_tried_again(
    logs: Logs, history: History, ledger_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    command = ["sh", "-c", f"echo x >> {tmp_path}/tried; exit 3"]
    with Snapshotter(ledger_url, governing.snapshot_is_due, 1, command, look_every_s=0.01):
        wait_until(lambda: caplog.text.count("exit code 3") > 1, "it is told twice")


def test_a_process_that_cannot_be_started_is_told_and_tried_again(
    logs: Logs, history: History, ledger_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    command = [str(tmp_path / "nothing")]
    with Snapshotter(ledger_url, governing.snapshot_is_due, 1, command, look_every_s=0.01):
        wait_until(lambda: caplog.text.count("no snapshot now") > 1, "it is told twice")


@pytest.mark.parametrize("who", ["worker", "web", "executor", "relay"])
def test_a_core_believes_nobody_elses(logs: Logs, ledger_url: str, database_as: Callable[[str], str], who: str) -> None:
    session = Session(database_as(who))
    folding = governing.FOLDING
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        Snapshots(session, folding.name, folding.fingerprint).write(Snapshot(Positions(), b"false"))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.run("INSERT INTO snapshot SELECT * FROM snapshot")
    session.close()

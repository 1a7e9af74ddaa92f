"""The table of folded states: written off the hot path, found again by those who recover."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from itertools import takewhile
from typing import Generic, Literal, TypeVar

from msgspec import Struct

from ledger.errors import Corrupt
from ledger.freezing import Unreadable
from ledger.reader import LogReader
from ledger.records import GENESIS, RecordedEvent
from ledger.session import Session
from streams.messages import Log

log = logging.getLogger(__name__)

Name = Literal["governance", "execution"]
State = TypeVar("State")

_NEWEST = """FROM snapshot s
    WHERE name = %s AND partition = %s AND fingerprint = %s AND governance <= %s AND execution <= %s
        AND digest = sha256(state)
        AND (governance = 0 OR governance_hash = (SELECT hash FROM event_log e
            WHERE e.log = 'governance' AND e.partition = s.partition AND e.position = s.governance))
        AND (execution = 0 OR execution_hash = (SELECT hash FROM event_log e
            WHERE e.log = 'execution' AND e.partition = s.partition AND e.position = s.execution))
    ORDER BY governance + execution DESC LIMIT 1"""
NEWEST = f"SELECT governance, execution, state {_NEWEST}"
LAST = f"SELECT governance, execution {_NEWEST}"
ALL = """
    SELECT governance, execution, state FROM snapshot
    WHERE name = %s AND partition = %s AND fingerprint = %s ORDER BY governance + execution"""
HASH = "SELECT hash FROM event_log WHERE log = %s AND partition = %s AND position = %s"
WRITE = "SELECT snapshot_write(%s, %s, %s, %s, %s, %s, %s, %s)"
HEADS = "SELECT log, position, mark FROM head WHERE partition = %s"


class Positions(Struct, frozen=True):
    """Up to where both logs are folded; 0 is nothing of it."""

    governance: int = 0
    execution: int = 0

    def behind(self, later: Positions) -> int:
        """How many events lie between."""
        return later.governance - self.governance + later.execution - self.execution


ANYWHERE = Positions(2**62, 2**62)


class Snapshot(Struct, frozen=True):
    positions: Positions
    state: bytes


class Heads(Struct, frozen=True):
    """Where both logs stand at one moment; `mark` is the executor's in the governance log."""

    positions: Positions
    mark: int


class Snapshots:
    """The snapshots of one core. Only those count that this code folded (`fingerprint`), that are as they were written
    and whose hashes are those of the logs: a log that was restored to an earlier time is another log."""

    def __init__(self, session: Session, name: Name, fingerprint: str, partition: int = 0) -> None:
        self.session = session
        self.name = name
        self.fingerprint = fingerprint
        self.partition = partition

    def newest(self, most: Positions = ANYWHERE) -> Snapshot | None:
        """The one that is furthest on without being beyond `most` in either log."""
        asked = (self.name, self.partition, self.fingerprint, most.governance, most.execution)
        for governance, execution, state in self.session.run(NEWEST, asked):
            return Snapshot(Positions(governance, execution), bytes(state))
        return None

    def last(self, most: Positions = ANYWHERE) -> Positions:
        """Where the one is that `newest` gives; the beginning where there is none."""
        asked = (self.name, self.partition, self.fingerprint, most.governance, most.execution)
        for governance, execution in self.session.run(LAST, asked):
            return Positions(governance, execution)
        return Positions()

    def all(self) -> list[Snapshot]:
        """Those that this code made, the oldest first."""
        rows = self.session.run(ALL, (self.name, self.partition, self.fingerprint))
        return [Snapshot(Positions(governance, execution), bytes(state)) for governance, execution, state in rows]

    def write(self, snapshot: Snapshot) -> None:
        """The last two are kept, so that a core that is reading one does not lose it."""
        at, state = snapshot.positions, snapshot.state
        hashes = (self._hash("governance", at.governance), self._hash("execution", at.execution))
        row = (at.governance, hashes[0], at.execution, hashes[1], self.fingerprint, state)
        self.session.run(WRITE, (self.name, self.partition, *row))

    def heads(self) -> Heads:
        found = {log: (position, mark) for log, position, mark in self.session.run(HEADS, (self.partition,))}
        governance, execution = found.get("governance", (0, "")), found.get("execution", (0, ""))
        return Heads(Positions(governance[0], execution[0]), int(execution[1] or 0))

    def _hash(self, log: Log, position: int) -> bytes:
        if not position:
            return GENESIS
        rows = self.session.run(HASH, (log, self.partition, position))
        if not rows:
            raise Corrupt(f"the log {log} has no position {position}: run `manage.py audit verify`")
        return bytes(rows[0][0])


class Folding(Struct, Generic[State], frozen=True, kw_only=True):
    """How a core makes its state of both logs. `books` are the kinds of aggregates that it folds of the governance log,
    () for all. `freeze` and `thaw` are each other's inverse; `thaw` raises `Unreadable`. `canonical` gives what is
    frozen as it is whatever was told first."""

    name: Name
    fingerprint: str
    begin: Callable[[], State]
    apply: Callable[[State, RecordedEvent], None]
    freeze: Callable[[State], bytes]
    thaw: Callable[[bytes], State]
    canonical: Callable[[bytes], bytes]
    books: tuple[str, ...] = ()

    def recovered(self, session: Session, most: Positions = ANYWHERE, *, partition: int = 0) -> tuple[State, Positions]:
        """The newest snapshot, and what is folded in it; where there is none that can be used, the beginning."""
        return self._thawed(Snapshots(session, self.name, self.fingerprint, partition).newest(most))

    def is_due(self, session: Session, until: Positions, every: int, partition: int = 0) -> bool:
        """Whether `every` events came since the newest snapshot."""
        found = Snapshots(session, self.name, self.fingerprint, partition).last(until)
        return found.behind(until) >= every

    def take(self, session: Session, until: Positions, every: int, partition: int = 0) -> Positions | None:
        """Folds on from the newest snapshot and writes the next; None where fewer than `every` events came since."""
        if not self.is_due(session, until, every, partition):
            return None
        snapshots = Snapshots(session, self.name, self.fingerprint, partition)
        state, at = self._thawed(snapshots.newest(until))
        self._fold_on(session, state, at, until, partition)
        snapshots.write(Snapshot(until, self.freeze(state)))
        return until

    def faults(self, session: Session, partition: int = 0) -> Iterator[tuple[Positions, str]]:
        """Every snapshot that a core would believe, and what is wrong with it ("": nothing): what is stored is compared
        with what the logs give from their start."""
        for stored in Snapshots(session, self.name, self.fingerprint, partition).all():
            yield stored.positions, self._fault(session, stored, partition)

    def _fault(self, session: Session, stored: Snapshot, partition: int) -> str:
        try:
            told = self.canonical(stored.state)
        except Unreadable as error:
            return f"it cannot be read: {error}"
        state = self.begin()
        self._fold_on(session, state, Positions(), stored.positions, partition)
        return "" if self.canonical(self.freeze(state)) == told else "it is not what the logs give"

    def _fold_on(self, session: Session, state: State, at: Positions, until: Positions, partition: int) -> None:
        governance, execution = LogReader(session, "governance", partition), LogReader(session, "execution", partition)
        for recorded in _until(governance.events(after=at.governance, aggregates=self.books), until.governance):
            self.apply(state, recorded)
        for recorded in _until(execution.events(after=at.execution), until.execution):
            self.apply(state, recorded)

    def _thawed(self, found: Snapshot | None) -> tuple[State, Positions]:
        if found is not None:
            try:
                return self.thaw(found.state), found.positions
            except Unreadable as error:
                log.error("the snapshot at %s is passed over, all is folded from the start: %s", found.positions, error)
        return self.begin(), Positions()


def _until(events: Iterator[RecordedEvent], last: int) -> Iterator[RecordedEvent]:
    return takewhile(lambda recorded: recorded.position <= last, events)

"""Where agents start from: the book's terms, cash, positions and mode, read from the ledger as entries of its logs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import msgspec

from agents.view import FOLDED
from ledger import gate
from ledger.entries import COLUMNS, table_row
from ledger.follower import Follower
from ledger.records import RecordedEvent
from ledger.session import Session
from streams.envelope import Envelope
from streams.events import TOPICS, BookFounded, encode_event
from streams.messages import LedgerEntry, LedgerRow, Log, ModeChanged

ROWS = 2_000
HEARD = tuple(sorted(topic for topic in FOLDED if topic.partition(".")[0] in ("Book", "Council")))
"""What agents hear of the governance log: terms, instruments, seats."""
_GOVERNANCE = f"""SELECT {COLUMNS} FROM event_log
    WHERE log = 'governance' AND partition = %s AND book = %s AND topic = ANY(%s) ORDER BY position"""


class NoBook(Exception):
    """The ledger has no such book (yet)."""


class Ledger:
    """What agents read of PostgreSQL; any loss of the connection is `psycopg.OperationalError`."""

    def __init__(self, database_url: str, book: str, partition: int = 0) -> None:
        self.book = book
        self.partition = partition
        self.session = Session(database_url, "agents")
        self.follower = Follower(database_url, "execution", partition)

    def close(self) -> None:
        self.session.close()
        self.follower.close()

    def beginning(self) -> Iterator[Envelope]:
        """Everything a council has to be told before it may act. Raises `NoBook`."""
        heard = [table_row(row) for row in self.session.run(_GOVERNANCE, (self.partition, self.book, list(HEARD)))]
        if not any(row.topic == TOPICS[BookFounded] for *_, row in heard):
            raise NoBook(f"the book {self.book} has not been founded")
        yield from self._enveloped("governance", [(row, at) for _, _, at, row in heard])
        self.follower.position = 0
        while recorded := self.follower.catch_up(ROWS):
            yield from self._entries("execution", recorded)
        yield self._mode()

    def missing(self) -> list[Envelope]:
        """What the table of the execution log has beyond what was followed so far."""
        return list(self._entries("execution", self.follower.catch_up()))

    def missing_before(self, entry: LedgerEntry) -> list[Envelope]:
        """Fills the hole between what was followed so far and an entry that came by the stream."""
        before = self.missing() if entry.first > self.follower.position + 1 else []
        self.follower.position = max(self.follower.position, entry.last)
        return before

    def _entries(self, log: Log, recorded: Sequence[RecordedEvent]) -> Iterator[Envelope]:
        yield from self._enveloped(log, [(_row(each), each.recorded_at) for each in recorded])

    def _enveloped(self, log: Log, rows: Sequence[tuple[LedgerRow, int]]) -> Iterator[Envelope]:
        """Rows with the times at which they were recorded (ns)."""
        now = time.time_ns()
        for start in range(0, len(rows), ROWS):
            some = rows[start : start + ROWS]
            (first, _), (last, recorded_at) = some[0], some[-1]
            entry = LedgerEntry(
                log=log,
                partition=self.partition,
                first=first.position,
                last=last.position,
                recorded_at=recorded_at,
                rows=tuple(row for row, _ in some),
            )
            yield Envelope(id=f"{log}:{last.position}", body=entry, actor="ledger", sent_at=now, book=self.book)

    def _mode(self) -> Envelope:
        found, now = gate.read(self.session.connection, self.book), time.time_ns()
        changed = ModeChanged(mode=found.mode, reason=found.why)
        return Envelope(id=f"mode:{now}", body=changed, actor="ledger", sent_at=now, book=self.book)


def _row(recorded: RecordedEvent) -> LedgerRow:
    event = recorded.event
    return LedgerRow(
        position=recorded.position,
        event_id=recorded.event_id,
        aggregate_id=str(event.originator_id),
        version=event.originator_version,
        topic=recorded.topic,
        correlation_id=event.correlation_id,
        causation_id=event.causation_id,
        actor=event.actor,
        book=event.book,
        command_id=event.command_id,
        state=msgspec.Raw(encode_event(event.body)),
    )

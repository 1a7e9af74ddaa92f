"""The events of one log in batches, without those that the reader passes over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from ledger.errors import Corrupt
from ledger.readmodel import Told
from ledger.session import Session
from ledger.upcasting import body_of
from streams.messages import LedgerEntry, LedgerRow, Log

QUERY = """SELECT position, event_id::text, (extract(epoch FROM recorded_at) * 1000000)::bigint * 1000,
    originator_id::text, correlation_id, book, topic, CASE WHEN topic <> ALL(%s) THEN state END
    FROM event_log WHERE log = %s AND partition = %s AND position > %s ORDER BY position LIMIT %s"""


class Batch(Struct, frozen=True):
    """What a reader needs of the positions `first` to `last`."""

    first: int
    last: int
    events: Sequence[Told]


class LogBatches:
    """Gives every event after `position` exactly once and in order; topics that are passed over are not decoded."""

    def __init__(self, session: Session, log: Log, partition: int, position: int, passed_over: Iterable[str]) -> None:
        self.session = session
        self.log = log
        self.partition = partition
        self.position = position
        self.passed_over = sorted(passed_over)
        self._skipped = frozenset(passed_over)

    def read(self, limit: int) -> Batch | None:
        """What the table has after the position; None at the end of the log. Raises `Corrupt` at a hole."""
        where = (self.log, self.partition, self.position)
        rows = self.session.run(QUERY, (self.passed_over, *where, limit), prepare=True)
        if not rows:
            return None
        first, last = self.position + 1, rows[-1][0]
        if last - self.position != len(rows):
            raise Corrupt(f"the log {self.log} has a hole between {self.position} and {last}")
        self.position = last
        told = [
            Told(position, event_id, recorded_at, aggregate_id, correlation_id, book, body_of(topic, state))
            for position, event_id, recorded_at, aggregate_id, correlation_id, book, topic, state in rows
            if state is not None
        ]
        return Batch(first, last, told)

    def accept(self, entry: LedgerEntry) -> Batch | None:
        """What is new in an entry of the stream. Raises `Corrupt` if something is missing before it."""
        if (entry.log, entry.partition) != (self.log, self.partition):
            raise ValueError(f"an entry of {entry.log}/{entry.partition} came to {self.log}/{self.partition}")
        if entry.first > self.position + 1:
            raise Corrupt(f"the log {self.log} has a hole between {self.position} and {entry.first}")
        if entry.last <= self.position:
            return None
        first, self.position = self.position + 1, entry.last
        rows = (row for row in entry.rows if row.position >= first and row.topic not in self._skipped)
        return Batch(first, entry.last, [_streamed(entry, row) for row in rows])


def _streamed(entry: LedgerEntry, row: LedgerRow) -> Told:
    place = row.position, row.event_id, entry.recorded_at // 1000 * 1000, row.aggregate_id
    return Told(*place, row.correlation_id, row.book, body_of(row.topic, bytes(row.state)))

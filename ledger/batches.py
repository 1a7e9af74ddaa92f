"""The events of one log in batches, without those that the reader passes over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct

from ledger.errors import Corrupt
from ledger.mapper import LedgerMapper
from ledger.records import RecordedEvent
from ledger.session import Session
from streams.messages import LedgerEntry, LedgerRow, Log

QUERY = """SELECT position, event_id::text, (extract(epoch FROM recorded_at) * 1000000)::bigint,
    originator_id, originator_version, topic, CASE WHEN topic <> ALL(%s) THEN state END,
    correlation_id, causation_id, actor, book, command_id
    FROM event_log WHERE log = %s AND partition = %s AND position > %s ORDER BY position LIMIT %s"""


class Batch(Struct, frozen=True):
    """What a reader needs of the positions `first` to `last`."""

    first: int
    last: int
    events: Sequence[RecordedEvent]


class LogBatches:
    """Gives every event after `position` exactly once and in order; topics that are passed over are not decoded."""

    def __init__(self, session: Session, log: Log, partition: int, position: int, passed_over: Iterable[str]) -> None:
        self.session = session
        self.log = log
        self.partition = partition
        self.position = position
        self.passed_over = sorted(passed_over)
        self._skipped = frozenset(passed_over)
        self._mapper = LedgerMapper()

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
        return Batch(first, last, [self._recorded(*row) for row in rows if row[6] is not None])

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
        return Batch(first, entry.last, [self._streamed(entry, row) for row in rows])

    def _recorded(self, position: int, event_id: str, recorded_us: int, *event: Any) -> RecordedEvent:
        return RecordedEvent(
            log=self.log,
            partition=self.partition,
            position=position,
            event_id=event_id,
            recorded_at=recorded_us * 1000,
            event=self._mapper.event(*event),
        )

    def _streamed(self, entry: LedgerEntry, row: LedgerRow) -> RecordedEvent:
        trace = (row.correlation_id, row.causation_id, row.actor, row.book, row.command_id)
        return self._recorded(
            *(row.position, row.event_id, entry.recorded_at // 1000),
            *(UUID(row.aggregate_id), row.version, row.topic, bytes(row.state), *trace),
        )

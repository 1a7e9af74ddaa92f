"""Follows one log: entries as they come by the stream, holes and silences from the table, which is the truth."""

from __future__ import annotations

from uuid import UUID

from ledger.application import LedgerApplication
from ledger.errors import Corrupt
from ledger.mapper import LedgerMapper
from ledger.reader import LogReader
from ledger.records import RecordedEvent
from ledger.session import Session
from streams.messages import LedgerEntry, LedgerRow, Log


class Follower:
    """Gives every event after `position` exactly once and in order."""

    def __init__(self, source: LedgerApplication | str, log: Log, partition: int = 0, position: int = 0) -> None:
        self.session = Session(source, f"{log} follower") if isinstance(source, str) else source.recorder.reading
        self.mapper = LedgerMapper()
        self.reader = LogReader(self.session, log, partition, self.mapper)
        self.log = log
        self.partition = partition
        self.position = position

    def accept(self, entry: LedgerEntry) -> list[RecordedEvent]:
        """What is new in an entry of the stream, after whatever is missing before it."""
        if (entry.log, entry.partition) != (self.log, self.partition):
            raise ValueError(f"an entry of {entry.log}/{entry.partition} came to {self.log}/{self.partition}")
        missing = self._between(entry.first) if entry.first > self.position + 1 else []
        new = [self._recorded(entry, row) for row in entry.rows if row.position > self.position]
        self.position = max(self.position, entry.last)
        return missing + new

    def catch_up(self, limit: int | None = None) -> list[RecordedEvent]:
        """What the table has after the position: for the start, for a reconnect, and for silences. Raises `Corrupt`
        where positions are missing."""
        events = list(self.reader.events(after=self.position, limit=limit))
        if events:
            if events[-1].position != self.position + len(events):
                raise Corrupt(f"the log {self.log} has a hole between {self.position} and {events[-1].position}")
            self.position = events[-1].position
        return events

    def _between(self, first: int) -> list[RecordedEvent]:
        wanted = first - 1 - self.position
        events = list(self.reader.events(after=self.position, limit=wanted))
        if len(events) < wanted or events[-1].position != first - 1:
            raise Corrupt(f"the log {self.log} has a hole between {self.position} and {first}")
        self.position = first - 1
        return events

    def _recorded(self, entry: LedgerEntry, row: LedgerRow) -> RecordedEvent:
        return RecordedEvent(
            log=entry.log,
            partition=entry.partition,
            position=row.position,
            event_id=row.event_id,
            recorded_at=entry.recorded_at,
            event=self.mapper.event(
                UUID(row.aggregate_id),
                row.version,
                row.topic,
                bytes(row.state),
                row.correlation_id,
                row.causation_id,
                row.actor,
                row.book,
                row.command_id,
            ),
        )

    def close(self) -> None:
        self.session.close()

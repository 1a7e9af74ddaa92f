"""Reads a log in order, in batches, by position, book and aggregate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ledger.mapper import LedgerMapper
from ledger.records import RecordedEvent
from ledger.session import Row, Session
from streams.messages import Log

BATCH = 2000
MAPPER = LedgerMapper()
COLUMNS = """position, event_id, (extract(epoch FROM recorded_at) * 1000000)::bigint, prev_hash, hash,
    originator_id, originator_version, topic, state, correlation_id, causation_id, actor, book, command_id"""


class LogReader:
    def __init__(self, session: Session, log: Log, partition: int = 0, mapper: LedgerMapper = MAPPER) -> None:
        self.session = session
        self.log = log
        self.partition = partition
        self.mapper = mapper

    def events(
        self, *, after: int = 0, limit: int | None = None, book: str | None = None, aggregates: Sequence[str] = ()
    ) -> Iterator[RecordedEvent]:
        """Events after a position, in order; `aggregates` are kinds ("Book", "Order")."""
        while limit is None or limit > 0:
            size = BATCH if limit is None else min(BATCH, limit)
            rows = self._batch(after, size, book, aggregates)
            for row in rows:
                yield recorded(self.log, self.partition, row, self.mapper)
            if len(rows) < size:
                return
            after = rows[-1][0]
            limit = None if limit is None else limit - len(rows)

    def last_position(self) -> int:
        """The last position of the log, 0 if it is empty."""
        query = "SELECT max(position) FROM event_log WHERE log = %s AND partition = %s"
        return self.session.run(query, (self.log, self.partition))[0][0] or 0

    def _batch(self, after: int, size: int, book: str | None, aggregates: Sequence[str]) -> list[Row]:
        query = f"SELECT {COLUMNS} FROM event_log WHERE log = %s AND partition = %s AND position > %s"
        parameters: list[object] = [self.log, self.partition, after]
        if book is not None:
            query += " AND book = %s"
            parameters.append(book)
        if aggregates:
            query += " AND split_part(topic, '.', 1) = ANY(%s)"
            parameters.append(list(aggregates))
        return self.session.run(f"{query} ORDER BY position LIMIT {size}", parameters, prepare=True)


def recorded(log: Log, partition: int, row: Sequence[Any], mapper: LedgerMapper = MAPPER) -> RecordedEvent:
    """From a SELECT of `COLUMNS`."""
    position, event_id, recorded_us, prev_hash, hash_, *event = row
    return RecordedEvent(
        log=log,
        partition=partition,
        position=position,
        event_id=str(event_id),
        recorded_at=recorded_us * 1000,
        event=mapper.event(*event),
        prev_hash=prev_hash,
        hash=hash_,
    )

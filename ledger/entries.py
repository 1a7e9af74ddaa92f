"""Rows of a log as entries of its stream: one transaction, one entry, under the id of its last position."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import cast

from msgspec import Raw

from ledger.records import RecordedEvent, uuid_text
from ledger.session import Row
from ledger.wal import POSTGRES_EPOCH_US, Values
from streams.client import LEDGER_EXECUTION, LEDGER_GOVERNANCE
from streams.envelope import LARGEST_ENTRY, Envelope
from streams.events import encode_event
from streams.messages import LedgerEntry, LedgerRow, Log
from streams.partitions import suffixed

LogRow = tuple[Log, int, int, LedgerRow]

STREAMS: dict[Log, str] = {"governance": LEDGER_GOVERNANCE, "execution": LEDGER_EXECUTION}
# What stands around a state in an entry: ids, topic, actor, book and their names.
ROW_BYTES = 700
ENTRY_BYTES = LARGEST_ENTRY - 2048

COLUMNS = """log, partition, (extract(epoch FROM recorded_at) * 1000000)::bigint, position, event_id, originator_id,
    originator_version, topic, correlation_id, causation_id, actor, book, command_id, state"""


def stream_of(log: Log, partition: int) -> str:
    return suffixed(STREAMS[log], partition)


def table_row(row: Row) -> LogRow:
    """From a SELECT of `COLUMNS`: log, partition, recorded_at (ns) and the row."""
    log, partition, recorded_us, position, event_id, originator_id, version, topic, *trace, state = row
    correlation_id, causation_id, actor, book, command_id = trace
    return (
        log,
        partition,
        recorded_us * 1000,
        LedgerRow(
            position=position,
            event_id=str(event_id),
            aggregate_id=str(originator_id),
            version=version,
            topic=topic,
            correlation_id=correlation_id,
            causation_id=causation_id,
            actor=actor,
            book=book,
            command_id=command_id,
            state=Raw(state),
        ),
    )


def wal_row(values: Values) -> LogRow:
    """The same from the WAL's binary values."""
    given, command_id = cast("dict[str, bytes]", values), values["command_id"]
    recorded_us = int.from_bytes(given["recorded_at"], "big", signed=True) + POSTGRES_EPOCH_US
    row = LedgerRow(
        position=int.from_bytes(given["position"], "big"),
        event_id=uuid_text(given["event_id"]),
        aggregate_id=uuid_text(given["originator_id"]),
        version=int.from_bytes(given["originator_version"], "big"),
        topic=given["topic"].decode(),
        correlation_id=given["correlation_id"].decode(),
        causation_id=given["causation_id"].decode(),
        actor=given["actor"].decode(),
        book=given["book"].decode(),
        command_id=None if command_id is None else command_id.decode(),
        state=Raw(given["state"]),
    )
    return cast("Log", given["log"].decode()), int.from_bytes(given["partition"], "big"), recorded_us * 1000, row


def recorded_row(recorded: RecordedEvent) -> LedgerRow:
    """The row of an event that was read back: a state is encoded the same way each time."""
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
        state=Raw(encode_event(event.body)),
    )


def entry_of(events: Sequence[RecordedEvent]) -> LedgerEntry:
    """Neighbouring events of one log, as the stream would have brought them; the time is that of the last."""
    first, last = events[0], events[-1]
    return LedgerEntry(
        log=first.log,
        partition=first.partition,
        first=first.position,
        last=last.position,
        recorded_at=last.recorded_at,
        rows=tuple(map(recorded_row, events)),
    )


def entries(rows: Iterable[LogRow]) -> Iterator[LedgerEntry]:
    """One entry a transaction (rows with one time in one log were one), more where it would be too large to take."""
    for (log, partition, recorded_at), group in groupby(rows, key=lambda row: row[:3]):
        for part in _parts([row for *_, row in group]):
            yield LedgerEntry(
                log=log,
                partition=partition,
                first=part[0].position,
                last=part[-1].position,
                recorded_at=recorded_at,
                rows=tuple(part),
            )


def _parts(rows: list[LedgerRow]) -> Iterator[list[LedgerRow]]:
    part: list[LedgerRow] = []
    size = 0
    for row in rows:
        weight = ROW_BYTES + len(bytes(row.state))
        if part and size + weight > ENTRY_BYTES:
            yield part
            part, size = [], 0
        part.append(row)
        size += weight
    yield part


def enveloped(entry: LedgerEntry) -> Envelope:
    first = entry.rows[0]
    books = {row.book for row in entry.rows}
    return Envelope(
        id=f"{stream_of(entry.log, entry.partition)}:{entry.last}",
        body=entry,
        actor="relay",
        sent_at=time.time_ns(),
        correlation=first.correlation_id,
        causation=first.event_id,
        book=books.pop() if len(books) == 1 else "",
    )

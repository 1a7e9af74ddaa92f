"""A ledger of any length in the mix of a real one, with chains that hold: rounds of the cores under ever new ids."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import UUID, uuid5

import psycopg

from feeds.synthetic import SyntheticMarket
from govsite.backtest import demo_pipeline
from govsite.pipeline import MemoryLog
from govsite.seed import KNOWN, founding_events, known_instrument
from ledger.audit import LOGS
from ledger.records import GENESIS, event_id
from streams.envelope import NAMESPACE
from streams.messages import LedgerEntry, LedgerRow, Log

STARTED = datetime(2026, 1, 1, tzinfo=UTC)
STEP = timedelta(milliseconds=20)
PATTERN = 20_000
COLUMNS = """log, partition, position, event_id, originator_id, originator_version, topic, state, recorded_at,
    correlation_id, causation_id, command_id, actor, book, prev_hash, hash"""
TEXTS = ("text",) * 5
TYPES = ("text", "int4", "int8", "uuid", "uuid", "int8", "text", "bytea", "timestamptz", *TEXTS, "bytea", "bytea")
ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
LASTING = ("Book", "Council", "Rulebook", "Account", "Change")  # aggregates that go on from one repetition to the next

Row = tuple[Any, ...]
Entry = tuple[Log, LedgerRow]


class _Keeping(MemoryLog):
    """Keeps what it is given."""

    def __init__(self, log: Log, kept: list[Entry]) -> None:
        super().__init__(log)
        self._kept = kept

    def append(self, *args: Any) -> LedgerEntry:
        entry = super().append(*args)
        self._kept += [(self.log, row) for row in entry.rows]
        return entry


def pattern(events: int = PATTERN) -> tuple[list[Entry], list[Entry]]:
    """The founding of the demo book, and what its council and desk made of a synthetic market afterwards."""
    terms = [known_instrument(symbol) for symbol in KNOWN]
    pipeline, founding, kept = demo_pipeline(terms), list[Entry](), list[Entry]()
    for log, founded in zip(LOGS, founding_events(terms), strict=True):
        _Keeping(log, founding).append(founded, 0)
        pipeline.logs[log] = _Keeping(log, kept)
    for tick in SyntheticMarket(start_ns=int(STARTED.timestamp()) * 1_000_000_000, seed=7):
        pipeline.on_tick(tick)
        if len(kept) >= events:
            return founding, kept
    raise AssertionError("the synthetic market has no end")


def rows(events: int) -> Iterator[Row]:
    """So many rows of `event_log`, both logs in order of time."""
    founding, repeated = pattern()
    writer = _Writer()
    for log, row in founding:
        yield writer.row(log, row, bytes(row.state), row.correlation_id, row.causation_id, UUID(row.aggregate_id))
    left = events - len(founding)
    for repetition in count():
        renamed = _renaming(repetition)
        for log, row in repeated[: max(0, left)]:
            lasting = row.topic.startswith(LASTING)
            yield writer.row(
                log,
                row,
                renamed(bytes(row.state)),
                f"{row.correlation_id}.{repetition}",
                renamed(row.causation_id.encode()).decode(),
                UUID(row.aggregate_id) if lasting else uuid5(NAMESPACE, f"{row.aggregate_id} {repetition}"),
            )
        left -= len(repeated)
        if left <= 0:
            return


def fill(connection: psycopg.Connection[Any], events: int, progress: Callable[[int], None]) -> None:
    """Into an empty, migrated database; its heads then stand at the ends."""
    ends: dict[Log, tuple[int, bytes]] = {}
    with connection.cursor() as cursor, cursor.copy(f"COPY event_log ({COLUMNS}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(TYPES)
        for number, row in enumerate(rows(events), 1):
            copy.write_row(row)
            ends[row[0]] = (row[2], row[-1])
            if number % 10_000 == 0:
                progress(number)
    for log, (position, last_hash) in ends.items():
        head = "INSERT INTO head (log, partition, position, hash) VALUES (%s, 0, %s, %s)"
        connection.execute(head, [log, position, last_hash])
    connection.execute("ANALYZE event_log")


class _Writer:
    """Chains, positions and versions go on without a gap."""

    def __init__(self) -> None:
        self._ends: dict[Log, tuple[int, bytes]] = {"governance": (0, GENESIS), "execution": (0, GENESIS)}
        self._versions: defaultdict[tuple[Log, UUID], count[int]] = defaultdict(lambda: count(1))
        self._at = STARTED

    def row(self, log: Log, row: LedgerRow, state: bytes, correlation: str, causation: str, originator: UUID) -> Row:
        position, before = self._ends[log]
        position += 1
        self._at += STEP
        version = next(self._versions[log, originator])
        identity, iso = event_id(log, 0, position), self._at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        place = (log, 0, position, identity, originator, version, row.topic, iso)
        trace = (correlation, causation, row.command_id or "", row.actor, row.book, "")
        fields = "\x1f".join(map(str, (*place, *trace)))
        after = sha256(before + fields.encode() + state).digest()
        self._ends[log] = (position, after)
        names = (correlation, causation, row.command_id, row.actor, row.book)
        return (log, 0, position, identity, originator, version, row.topic, state, self._at, *names, before, after)


def _renaming(repetition: int) -> Callable[[bytes], bytes]:
    """The same id becomes the same new id wherever it stands in a text."""
    known: dict[bytes, bytes] = {}

    def rename(found: re.Match[bytes]) -> bytes:
        new = known.get(found[0])
        if new is None:
            new = known[found[0]] = str(uuid5(NAMESPACE, f"{found[0].decode()} {repetition}")).encode()
        return new

    return lambda text: ID.sub(rename, text)

"""The hash chain in Python: what anybody needs to check the ledger without trusting the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from ledger.records import GENESIS, event_id_bytes

SEPARATOR = "\x1f"


class ChainRow(NamedTuple):
    """A row as it stands in `event_log`; `recorded_at` in UTC."""

    log: str
    partition: int
    position: int
    event_id: UUID
    originator_id: UUID
    originator_version: int
    topic: str
    state: bytes
    recorded_at: datetime
    correlation_id: str
    causation_id: str
    command_id: str | None
    actor: str
    book: str
    prev_hash: bytes
    hash: bytes


class Broken(NamedTuple):
    """The first thing that does not fit, and where."""

    position: int
    reason: str


def hash_of(row: ChainRow) -> bytes:
    """sha256(prev_hash ‖ the fields joined by 0x1F ‖ 0x1F ‖ state), a null as nothing."""
    fields = SEPARATOR.join(
        (
            f"{row.log}\x1f{row.partition}\x1f{row.position}\x1f{row.event_id}\x1f{row.originator_id}",
            f"{row.originator_version}\x1f{row.topic}\x1f{_iso(row.recorded_at)}",
            f"{row.correlation_id}\x1f{row.causation_id}\x1f{row.command_id or ''}\x1f{row.actor}\x1f{row.book}\x1f",
        )
    )
    return sha256(row.prev_hash + fields.encode() + row.state).digest()


@lru_cache(maxsize=16)
def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def verify(rows: Iterable[ChainRow], *, after: int = 0, previous: bytes = GENESIS) -> Iterator[ChainRow | Broken]:
    """Gives back every row that holds; ends with `Broken` at the first that does not.
    `after` and `previous` are the position and the hash before the first row."""
    for row in rows:
        if reason := _fault(row, after + 1, previous):
            yield Broken(min(row.position, after + 1), reason)
            return
        yield row
        after, previous = row.position, row.hash


def _fault(row: ChainRow, position: int, previous: bytes) -> str:
    if row.position != position:
        return f"position {position} is missing, {row.position} follows"
    if row.prev_hash != previous:
        return "it does not follow on the hash before it"
    if row.hash != hash_of(row):
        return "its hash does not fit what it says"
    if row.event_id.bytes != event_id_bytes(row.log, row.partition, row.position):
        return "its event id is not that of its place"
    return ""

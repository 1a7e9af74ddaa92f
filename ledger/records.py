"""What is written to the ledger and what is read from it."""

from __future__ import annotations

from hashlib import sha1
from uuid import UUID

from msgspec import Struct

from streams.envelope import NAMESPACE
from streams.events import TOPICS, DomainEvent
from streams.messages import Log, Mode

GENESIS = bytes(32)


class Head(Struct, frozen=True):
    """Where a log stands: last position (0 if empty), its hash, the writer's epoch, and its mark in what it reads."""

    position: int
    hash: bytes
    epoch: int
    mark: str


class InboxEntry(Struct, frozen=True, kw_only=True):
    """A consumed command and its answer, e.g. "accepted" or "refused:UNKNOWN_AGENT"."""

    command_id: str
    entry_id: str
    result: str
    book: str = ""


class Gate(Struct, frozen=True, kw_only=True):
    """The mode that holds for a book; `book` is "*" where the gate of all books set it. `gate_at` in ns, 0 if never."""

    book: str
    mode: Mode = "NORMAL"
    who: str = ""
    why: str = ""
    command_id: str = ""
    gate_at: int = 0


class GateChange(Struct, frozen=True, kw_only=True):
    """Moves a book's own gate from `origin` to `mode`; `GateClosed` if it is not in `origin` any more."""

    book: str
    origin: Mode
    mode: Mode
    who: str
    why: str
    command_id: str


class Commit(Struct, frozen=True):
    """One transaction: positions `first`..`last` (`first` > `last` if it held no event), when (ns), its event ids."""

    first: int
    last: int
    recorded_at: int
    event_ids: tuple[str, ...]


class RecordedEvent(Struct, frozen=True, kw_only=True):
    """An event in its place in a log; the hashes are empty where it came by the stream. `recorded_at` in ns."""

    log: Log
    partition: int
    position: int
    event_id: str
    recorded_at: int
    event: DomainEvent
    prev_hash: bytes = b""
    hash: bytes = b""

    @property
    def topic(self) -> str:
        return TOPICS[type(self.event.body)]


def event_id(log: str, partition: int, position: int) -> UUID:
    """The id of an event follows from its place: UUIDv5 of log, partition and position (`derived_id`)."""
    return UUID(bytes=event_id_bytes(log, partition, position))


def event_id_bytes(log: str, partition: int, position: int) -> bytes:
    """The same, several times as fast as the standard library makes it."""
    name = f"{log}\x1f{partition}\x1f{position}".encode()
    digest = bytearray(sha1(NAMESPACE.bytes + name, usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    return bytes(digest)


def uuid_text(raw: bytes) -> str:
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

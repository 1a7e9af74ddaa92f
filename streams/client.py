"""The Redis Streams client: publish envelopes atomically, read them in batches, bury what is refused."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, cast

import redis
import redis.asyncio

from streams.envelope import LARGEST_ENTRY, Envelope, Refused, encode
from streams.messages import DeadLetter
from streams.partitions import plain
from streams.signing import Signer

TICKS = "market.ticks"
COMMANDS = "governance.commands"
DELIBERATIONS = "governance.deliberations"
LEDGER_GOVERNANCE = "ledger.governance"
LEDGER_EXECUTION = "ledger.execution"
DEAD_LETTERS = "dead.letters"

KEPT = {TICKS: 300_000, COMMANDS: 200_000, DELIBERATIONS: 50_000, DEAD_LETTERS: 10_000}
FIELD = b"m"
SIGNATURE = b"s"


class Entry(NamedTuple):
    stream: str
    id: str
    raw: bytes
    signature: bytes = b""


def connect(url: str, timeout_s: float | None = None) -> redis.Redis:
    """A connection whose blocking reads may last: no socket timeout unless one is given; hiredis parser."""
    return redis.Redis.from_url(url, health_check_interval=30, socket_timeout=timeout_s)


def milliseconds_of(entry_id: str) -> int:
    """When Redis took the entry in (ms, UTC); only for streams whose ids Redis gives."""
    return int(entry_id.partition("-")[0])


def after(entry_id: str, other: str) -> bool:
    """Whether the first entry id is later than the second."""
    return _pair(entry_id) > _pair(other)


def _pair(entry_id: str) -> tuple[int, int]:
    milliseconds, _, sequence = entry_id.partition("-")
    return int(milliseconds), int(sequence or 0)


class Streams:
    """Synchronous client of one process (not shared between threads)."""

    def __init__(self, url: str, timeout_s: float | None = None) -> None:
        self.redis = connect(url, timeout_s)
        self.signer = Signer.of()

    def publish(self, stream: str, envelopes: Iterable[Envelope]) -> list[str]:
        """Adds all in one MULTI/EXEC, so that a blocked reader wakes once and finds all of them."""
        with self.redis.pipeline(transaction=True) as pipe:
            for envelope in envelopes:
                pipe.execute_command(*addition(stream, envelope, self.signer))  # type: ignore[no-untyped-call]
            return [entry_id.decode() for entry_id in pipe.execute()]

    def publish_at(self, stream: str, entry_id: str, envelope: Envelope) -> bool:
        """Adds with an explicit id; False if the stream already has it (Redis refuses a repeat)."""
        try:
            self.redis.xadd(stream, {FIELD: encode(envelope)}, id=entry_id)
        except redis.ResponseError as error:
            if "equal or smaller" in str(error):
                return False
            raise
        return True

    def read(self, positions: Mapping[str, str], *, block_ms: int | None, count: int = 500) -> list[Entry]:
        """Entries after `positions`, in each stream's order; an empty list when `block_ms` passed.
        `block_ms=None` does not wait at all. Positions are not moved."""
        if block_ms is not None:
            block_ms = max(1, block_ms)
        answer = self.redis.xread(cast("dict[Any, Any]", positions), count=count, block=block_ms)
        return _entries(answer)

    def last_id(self, stream: str) -> str:
        """The stream's last generated id, "0-0" where there is no such stream."""
        try:
            info = cast("dict[str, bytes]", self.redis.xinfo_stream(stream))
        except redis.ResponseError as error:
            if "no such key" in str(error):
                return "0-0"
            raise
        return info["last-generated-id"].decode()

    def set_last_id(self, stream: str, entry_id: str) -> None:
        """Moves the stream's ids on, so that what is added from now on comes after `entry_id`."""
        self.redis.xgroup_create(stream, "ids", mkstream=True)
        self.redis.xgroup_destroy(stream, "ids")
        cast("Any", self.redis).execute_command("XSETID", stream, entry_id)

    def bury(self, entry: Entry, refusal: Refused, *, origin: str) -> None:
        """Puts a refused entry into `dead.letters` with its reason, its bytes and where it came from."""
        letter = DeadLetter(
            stream=entry.stream,
            entry_id=entry.id,
            code=refusal.code,
            detail=refusal.detail[:1000],
            raw=entry.raw[: LARGEST_ENTRY // 2],
            origin=origin,
            at=time.time_ns(),
        )
        self.publish(
            DEAD_LETTERS,
            [Envelope(id=f"dead:{entry.stream}:{entry.id}", body=letter, actor=origin, sent_at=letter.at)],
        )


class AsyncStreams:
    """The same for asyncio programs: publish and read."""

    def __init__(self, url: str) -> None:
        self.redis = redis.asyncio.Redis.from_url(url, health_check_interval=30)
        self.signer = Signer.of()

    async def publish(self, stream: str, envelopes: Iterable[Envelope]) -> list[str]:
        async with self.redis.pipeline(transaction=True) as pipe:
            for envelope in envelopes:
                pipe.execute_command(*addition(stream, envelope, self.signer))
            return [entry_id.decode() for entry_id in await pipe.execute()]

    async def read(self, positions: Mapping[str, str], *, block_ms: int, count: int = 500) -> list[Entry]:
        return _entries(await self.redis.xread(cast("dict[Any, Any]", positions), count=count, block=max(1, block_ms)))

    async def close(self) -> None:
        await self.redis.aclose()


def kept(stream: str) -> int | None:
    """How many entries a stream keeps, whichever partition it is of; None where others see to that."""
    return KEPT.get(stream) or KEPT.get(plain(stream))


def addition(stream: str, envelope: Envelope, signer: Signer) -> tuple[str | bytes | int, ...]:
    """XADD as words: redis-py's own xadd() costs as much again as the command. Commands are signed."""
    raw = encode(envelope)
    return words(stream, raw, signer.sign(envelope, raw) if plain(stream) == COMMANDS else b"")


def words(stream: str, raw: bytes, signature: bytes) -> tuple[str | bytes | int, ...]:
    """The same of a message that is encoded and signed already; the message comes last."""
    most = kept(stream)
    at_most = ("MAXLEN", "~", most) if most else ()
    signed = (SIGNATURE, signature) if signature else ()
    return ("XADD", stream, *at_most, "*", *signed, FIELD, raw)


def _entries(answer: object) -> list[Entry]:
    streams = cast("list[tuple[bytes, list[tuple[bytes, dict[bytes, bytes]]]]]", answer or [])
    return [
        Entry(stream.decode(), entry_id.decode(), fields.get(FIELD, b""), fields.get(SIGNATURE, b""))
        for stream, entries in streams
        for entry_id, fields in entries
    ]

"""Checks whole logs fast: PostgreSQL lays out what each hash is made of, Python recomputes every hash and every id."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import lru_cache
from hashlib import sha256
from itertools import accumulate, pairwise
from queue import SimpleQueue
from threading import Lock
from typing import Any, NamedTuple

import psycopg
from msgspec import Struct

from ledger.chain import Broken, ChainRow, verify
from ledger.records import GENESIS
from streams.envelope import NAMESPACE

try:  # CPython's own takes half the time for what is as short as a name; some distributions leave it out
    from _sha1 import sha1  # type: ignore[import-not-found]
except ImportError:
    from hashlib import sha1

BATCH = 128
BATCHES_A_TIME = 100
STRETCH = 50_000  # rows a transaction: a snapshot that is held for long keeps vacuum from its work
ID_BYTES = 16
FIELDS = ", ".join(ChainRow._fields)
PLACE = "log = %(log)s AND partition = %(partition)s"

# One row a batch: the columns of its rows end to end, and the bytes that their hashes are made of (see `hash_of`). The
# log and its partition are what was asked for, so that they are made into text once and not for each row.
LAID_OUT = f"""COPY (
    SELECT batch.* FROM generate_series(%(after)s::bigint, %(last)s::bigint - 1, {BATCH}) AS start, LATERAL (
        SELECT string_agg(int8send(position), ''), string_agg(uuid_send(event_id), ''), string_agg(prev_hash, ''),
               string_agg(hash, ''), string_agg(int4send(octet_length(hashed)), ''), string_agg(hashed, '')
        FROM (
            SELECT position, event_id, prev_hash, hash,
                prev_hash || convert_to(concat_ws(
                    E'\\x1f', %(log)s::text || E'\\x1f' || %(partition)s, position,
                    event_id, originator_id, originator_version, topic,
                    to_char(recorded_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                    correlation_id, causation_id, coalesce(command_id, ''), actor, book, ''), 'UTF8') || state AS hashed
            FROM event_log
            WHERE {PLACE} AND position > start AND position <= least(start + {BATCH}, %(last)s)
            ORDER BY position
        ) AS rows
    ) AS batch
) TO STDOUT (FORMAT binary)"""
COLUMNS = ("bytea",) * 6

Connection = psycopg.Connection[Any]
Progress = Callable[[int], None]


class Verdict(Struct, frozen=True, kw_only=True):
    """What became of checking one log: `broken` is None when it is whole."""

    log: str
    partition: int
    events: int
    broken: Broken | None

    @property
    def name(self) -> str:
        return log_name(self.log, self.partition)


class Batch(NamedTuple):
    """Rows end to end; `lengths` (int4) cut `hashed` into what each hash is made of."""

    positions: bytes
    event_ids: bytes
    prev_hashes: bytes
    hashes: bytes
    lengths: bytes
    hashed: bytes


def log_name(log: str, partition: int) -> str:
    return log if partition == 0 else f"{log}.{partition}"


def heads(connection: Connection) -> list[tuple[str, int, int, bytes]]:
    """Log, partition, last position and its hash, of every log."""
    return connection.execute("SELECT log, partition, position, hash FROM head ORDER BY log DESC, partition").fetchall()


def headless(connection: Connection) -> list[tuple[str, int]]:
    """Logs that hold events though they have no head."""
    return connection.execute(
        """SELECT DISTINCT log, partition FROM event_log
        WHERE NOT EXISTS (SELECT FROM head WHERE head.log = event_log.log AND head.partition = event_log.partition)"""
    ).fetchall()


def verify_log(connection: Connection, log: str, partition: int, progress: Progress = lambda count: None) -> Verdict:
    """Recomputes every hash and id of a log and compares its end with the head, both as of the beginning: nothing of
    an append-only log changes afterwards, so that no transaction has to last as long as the log. A long log is checked
    in stretches, two at a time; each begins with the hash that the one before it must end with."""
    head, last = head_and_end(connection, log, partition)
    position, hash_ = 0, GENESIS
    for previous, found in _stretches(connection, {"log": log, "partition": partition}, last, progress):
        end = found if previous == hash_ else Broken(position + 1, "it does not follow on the hash before it")
        if isinstance(end, Broken):
            return Verdict(log=log, partition=partition, events=end.position - 1, broken=end)
        position, hash_ = end
    return Verdict(log=log, partition=partition, events=position, broken=_end(head, position, hash_))


def _stretches(
    connection: Connection, place: dict[str, Any], last: int, progress: Progress
) -> Iterator[tuple[bytes, tuple[int, bytes] | Broken]]:
    """What `check` finds in each, in order, and the hash that it began with."""
    begins, free, counted = range(0, last, STRETCH), SimpleQueue[Connection](), _Counted(progress)
    free.put(connection)

    def stretch(after: int) -> tuple[bytes, tuple[int, bytes] | Broken]:
        own = free.get()
        try:
            with own.transaction():
                row = own.execute(f"SELECT hash FROM event_log WHERE {PLACE} AND position = {after}", place).fetchone()
                previous: bytes = row[0] if row else GENESIS
                until = min(after + STRETCH, last)
                told = counted.since(after)
                return previous, check(own, **place, after=after, previous=previous, last=until, progress=told)
        finally:
            free.put(own)

    with ExitStack() as opened:
        if len(begins) > 1:
            free.put(opened.enter_context(_another(connection)))
        yield from opened.enter_context(ThreadPoolExecutor(free.qsize(), "verify")).map(stretch, begins)


def _another(connection: Connection) -> Connection:
    """A second connection to the same database."""
    told = connection.info
    return psycopg.connect(told.dsn, password=told.password or None, autocommit=True)


class _Counted:
    """How many rows all threads together have checked."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._count = 0
        self._turn = Lock()

    def since(self, after: int) -> Progress:
        def reached(position: int) -> None:
            nonlocal after
            with self._turn:
                self._count += position - after
                after = position
                self._progress(self._count)

        return reached


def head_and_end(connection: Connection, log: str, partition: int) -> tuple[tuple[int, bytes] | None, int]:
    """The head of a log and its last position, as of one moment."""
    place = {"log": log, "partition": partition}
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        head = connection.execute(f"SELECT position, hash FROM head WHERE {PLACE}", place).fetchone()
        row = connection.execute(f"SELECT max(position) FROM event_log WHERE {PLACE}", place).fetchone()
    return head, (row and row[0]) or 0


def _end(head: tuple[int, bytes] | None, position: int, hash_: bytes) -> Broken | None:
    if head is None:
        return Broken(1, "the log has no head")
    if head[0] != position:
        return Broken(min(position, head[0]) + 1, f"the head stands at {head[0]}, the log ends at {position}")
    return None if head[1] == hash_ else Broken(position, "its hash is not that of the head")


def check(
    connection: Connection,
    log: str,
    partition: int,
    *,
    after: int = 0,
    previous: bytes = GENESIS,
    last: int | None = None,
    progress: Progress = lambda count: None,
) -> tuple[int, bytes] | Broken:
    """The rows `after` < position ≤ `last` (None: all), within the caller's transaction. `previous` is the hash of
    the row at `after`. Gives the last position and its hash, or the first thing that does not fit."""
    place = {"log": log, "partition": partition}
    connection.execute("SET LOCAL timezone = 'UTC'; SET LOCAL jit = off")
    if last is None:
        row = connection.execute(f"SELECT max(position) FROM event_log WHERE {PLACE}", place).fetchone()
        last = (row and row[0]) or 0
    while after < last:
        until = min(after + BATCH * BATCHES_A_TIME, last)
        reached, previous = _checked(connection, place, after, until, previous)
        if reached < until:
            return _named(connection, place, reached, until, previous)
        after = reached
        progress(after)
    return after, previous


def _checked(
    connection: Connection, place: dict[str, Any], after: int, until: int, previous: bytes
) -> tuple[int, bytes]:
    """How far whole batches hold. All that was asked for is read, so that the transaction can go on."""
    holds = True
    with connection.cursor() as cursor, cursor.copy(LAID_OUT, {**place, "after": after, "last": until}) as copy:
        copy.set_types(COLUMNS)
        for columns in copy.rows():
            batch = Batch(*(column or b"" for column in columns))
            end = min(after + BATCH, until)
            holds = holds and _fits(batch, place["log"], place["partition"], after, end, previous)
            if holds:
                after, previous = end, batch.hashes[-32:]
    return after, previous


def _fits(batch: Batch, log: str, partition: int, after: int, end: int, previous: bytes) -> bool:
    positions = range(after + 1, end + 1)
    if batch.positions != struct.pack(f">{len(positions)}q", *positions):
        return False
    if batch.prev_hashes != previous + batch.hashes[:-32] or batch.event_ids != event_ids(log, partition, positions):
        return False
    cuts = accumulate(struct.unpack(f">{len(positions)}i", batch.lengths), initial=0)
    hashed = batch.hashed
    return batch.hashes == b"".join([sha256(hashed[begin:stop]).digest() for begin, stop in pairwise(cuts)])


def event_ids(log: str, partition: int, positions: range) -> bytes:
    """The ids that belong to these places, end to end: `event_id_bytes` of all of them at once."""
    prefix = NAMESPACE.bytes + f"{log}\x1f{partition}\x1f".encode()
    names = "\n".join(map(str, positions)).encode().split(b"\n")
    digests = b"".join([sha1(prefix + name).digest()[:ID_BYTES] for name in names])  # UUIDv5 is SHA-1  # nosec B324
    kept, version = _version_bits(len(names))
    return (int.from_bytes(digests, "big") & kept | version).to_bytes(len(digests), "big")


@lru_cache(maxsize=BATCH)
def _version_bits(count: int) -> tuple[int, int]:
    """Masks for `count` ids end to end: the bits that are the digest's, and those that say UUID version 5."""
    kept = bytes.fromhex("ffffffffffff0fff3fffffffffffffff")
    version = bytes.fromhex("00000000000050008000000000000000")
    return int.from_bytes(kept * count, "big"), int.from_bytes(version * count, "big")


def _named(connection: Connection, place: dict[str, Any], after: int, until: int, previous: bytes) -> Broken:
    """What does not fit in the batch after a position, row by row."""
    reached = after
    rows = chain_rows(connection, place["log"], place["partition"], after, BATCH)
    for found in verify(rows, after=after, previous=previous):
        if isinstance(found, Broken):
            return found
        reached = found.position
    if reached < min(after + BATCH, until):
        return Broken(reached + 1, f"position {reached + 1} is missing")
    return Broken(after + 1, "the database lays rows out otherwise than it gives them")


def chain_rows(connection: Connection, log: str, partition: int, after: int, limit: int) -> Iterator[ChainRow]:
    """Rows after a position as they stand in the table."""
    query = f"SELECT {FIELDS} FROM event_log WHERE {PLACE} AND position > %(after)s ORDER BY position LIMIT %(limit)s"
    with connection.cursor(binary=True) as cursor:
        parameters = {"log": log, "partition": partition, "after": after, "limit": limit}
        yield from map(ChainRow._make, cursor.execute(query, parameters))

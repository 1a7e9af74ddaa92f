"""Signed checkpoints: what a log was at a position, said so that it cannot be taken back.

A checkpoint says of the rows `first`..`last` of a log: the hash of the last one, the Merkle root over all their
hashes, the hash of the checkpoint before it, and when it was made. It is signed with Ed25519 and stands in the table
`checkpoint` and, as a line of JSON, in a file beside the archive.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
from msgspec import Struct, structs

from ledger import merkle
from ledger.chain import Broken
from ledger.checkpoint_copies import append, copy_path, last_line
from ledger.errors import Corrupt
from ledger.records import GENESIS
from ledger.signing import SigningKey
from ledger.verifying import check, heads, log_name
from ledger.work import alone

log = logging.getLogger(__name__)

TITLE = "governed-market checkpoint 1"
TIME = "%Y-%m-%dT%H:%M:%S.%fZ"
BINARY = ("head", "root", "previous", "hash", "signature")
PLACE = "log = %s AND partition = %s"

Connection = psycopg.Connection[Any]


class Checkpoint(Struct, frozen=True, kw_only=True):
    """A row of the table `checkpoint`; `hash` is the sha256 of the statement, `signature` is over the statement."""

    log: str
    partition: int
    first: int
    last: int
    head: bytes
    root: bytes
    previous: bytes
    made_at: datetime
    key_id: str
    hash: bytes = b""
    signature: bytes = b""

    @property
    def name(self) -> str:
        return f"checkpoint {self.first}-{self.last}"


COLUMNS = ", ".join(Checkpoint.__struct_fields__)


def statement(checkpoint: Checkpoint) -> bytes:
    """What is signed: one line a field, in this order, digests as hexadecimal digits, the time in UTC."""
    c = checkpoint
    lines = (TITLE, c.log, c.partition, c.first, c.last, c.head.hex(), c.root.hex(), c.previous.hex())
    return "".join(f"{line}\n" for line in (*lines, c.made_at.astimezone(UTC).strftime(TIME), c.key_id)).encode()


def as_json(checkpoint: Checkpoint) -> dict[str, Any]:
    told = structs.asdict(checkpoint)
    digests = {name: told[name].hex() for name in BINARY}
    return {**told, **digests, "made_at": checkpoint.made_at.astimezone(UTC).strftime(TIME)}


def from_json(told: Mapping[str, Any]) -> Checkpoint:
    """Raises KeyError, TypeError or ValueError for what is no checkpoint."""
    fields = {name: told[name] for name in Checkpoint.__struct_fields__}
    digests = {name: bytes.fromhex(fields[name]) for name in BINARY}
    made_at = datetime.strptime(fields["made_at"], TIME).replace(tzinfo=UTC)
    return Checkpoint(**{**fields, **digests, "made_at": made_at})


def read(connection: Connection, log: str, partition: int, after: int = 0) -> list[Checkpoint]:
    """The checkpoints of a log that end beyond a position, in order."""
    query = f"SELECT {COLUMNS} FROM checkpoint WHERE {PLACE} AND last > %s ORDER BY last"
    with connection.cursor(binary=True) as cursor:
        rows = cursor.execute(query, [log, partition, after]).fetchall()
    return [_from_row(row) for row in rows]


def last_of(connection: Connection, log: str, partition: int) -> Checkpoint | None:
    query = f"SELECT {COLUMNS} FROM checkpoint WHERE {PLACE} ORDER BY last DESC LIMIT 1"
    with connection.cursor(binary=True) as cursor:
        row = cursor.execute(query, [log, partition]).fetchone()
    return _from_row(row) if row else None


def _from_row(row: tuple[Any, ...]) -> Checkpoint:
    return Checkpoint(**dict(zip(Checkpoint.__struct_fields__, row, strict=True)))


def sign_due(connection: Connection, key: SigningKey, every: int, directory: Path) -> int:
    """Signs every full stretch of `every` rows of all logs that has no checkpoint yet, and writes the copies in
    `directory`; gives how many were signed. Needs a connection with autocommit. A log that does not hold, or does not
    fit the checkpoints and copies that there are, gets none; `Corrupt` says so once the others have theirs."""
    if not connection.autocommit:
        raise ValueError("checkpoints are committed one by one: the connection must have autocommit on")
    signed, faults = 0, []
    for name, partition, _, _ in heads(connection):
        try:
            with turn(connection, name, partition):
                position = _end(connection, name, partition)
                _mend_copy(connection, name, partition, directory)
                while (made := _sign_next(connection, key, every, name, partition, position)) is not None:
                    append(copy_path(directory, name, partition), [as_json(made)])
                    signed += 1
        except Corrupt as error:
            faults.append(str(error))
    if faults:
        raise Corrupt("; ".join(faults))
    return signed


@contextmanager
def turn(connection: Connection, name: str, partition: int) -> Iterator[None]:
    """One at a time writes the checkpoints of a log, so that table and copy fit for whoever holds this."""
    with alone(connection, f"checkpoints {name} {partition}", wait=True):
        yield


def _end(connection: Connection, name: str, partition: int) -> int:
    """Asked when it is our turn: another signer may have gone beyond what was the end before."""
    row = connection.execute(f"SELECT position FROM head WHERE {PLACE}", [name, partition]).fetchone()
    return row[0] if row else 0


def _sign_next(
    connection: Connection, key: SigningKey, every: int, name: str, partition: int, position: int
) -> Checkpoint | None:
    before = last_of(connection, name, partition)
    after = before.last if before else 0
    if position < after:
        raise Corrupt(
            f"the log {log_name(name, partition)} ends at {position} by its head, but a checkpoint says {after}"
        )
    if position - after < every:
        return None
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        made = _made(connection, key, name, partition, range(after + 1, after + every + 1), before)
        query = f"INSERT INTO checkpoint ({COLUMNS}) VALUES ({', '.join(['%s'] * len(Checkpoint.__struct_fields__))})"
        connection.execute(query, structs.astuple(made))
    return made


def _made(
    connection: Connection, key: SigningKey, name: str, partition: int, rows: range, before: Checkpoint | None
) -> Checkpoint:
    """Only what holds is signed."""
    start = before.head if before else GENESIS
    found = check(connection, name, partition, after=rows.start - 1, previous=start, last=rows.stop - 1)
    if isinstance(found, Broken):
        raise Corrupt(f"{log_name(name, partition)} is broken at position {found.position}: {found.reason}")
    hashes = row_hashes(connection, name, partition, rows)
    unsigned = Checkpoint(
        log=name,
        partition=partition,
        first=rows.start,
        last=rows.stop - 1,
        head=found[1],
        root=merkle.root(list(hashes.values())),
        previous=before.hash if before else GENESIS,
        made_at=datetime.now(UTC),
        key_id=key.id,
    )
    told = statement(unsigned)
    return structs.replace(unsigned, hash=sha256(told).digest(), signature=key.sign(told))


def row_hashes(connection: Connection, log: str, partition: int, rows: range) -> dict[int, bytes]:
    """The stored hashes of positions, in order."""
    query = f"SELECT position, hash FROM event_log WHERE {PLACE} AND position BETWEEN %s AND %s ORDER BY position"
    with connection.cursor(binary=True) as cursor:
        return dict(cursor.execute(query, [log, partition, rows.start, rows.stop - 1]).fetchall())


def _mend_copy(connection: Connection, name: str, partition: int, directory: Path) -> None:
    """What a crash or a lost disk left out of the copy is added; a copy that says something else is left alone."""
    path = copy_path(directory, name, partition)
    try:
        told = last_line(path)
        copied = None if told is None else from_json(told)
    except (KeyError, TypeError, ValueError) as error:
        raise Corrupt(f"the last line of {path} is no checkpoint: was the file edited?") from error
    missing = read(connection, name, partition, after=copied.first - 1 if copied else 0)
    if copied is not None:
        if not missing or missing[0] != copied:
            raise Corrupt(f"{path} ends with {copied.name}, which the table does not have like that")
        del missing[0]
    if missing:
        log.warning("%s lacked %d checkpoints: they are written now", path, len(missing))
        append(path, [as_json(one) for one in missing])

"""Old events as Parquet files beside the logs, which stay as they are: written once, checked, asked like the table."""

from __future__ import annotations

import hashlib
import heapq
import logging
import os
from collections.abc import Iterator
from datetime import datetime
from functools import reduce
from itertools import islice
from operator import and_, or_
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from ledger.audit import Question, is_uuid, order_of
from ledger.chain import Broken, ChainRow, verify
from ledger.errors import LedgerError
from ledger.records import GENESIS
from ledger.work import alone

log = logging.getLogger(__name__)

RANGE = 50_000
ROW_GROUP = 5_000
MOMENT = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [
        pa.field("log", pa.string(), nullable=False),
        pa.field("partition", pa.int32(), nullable=False),
        pa.field("position", pa.int64(), nullable=False),
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("originator_id", pa.string(), nullable=False),
        pa.field("originator_version", pa.int64(), nullable=False),
        pa.field("topic", pa.string(), nullable=False),
        pa.field("state", pa.binary(), nullable=False),
        pa.field("recorded_at", MOMENT, nullable=False),
        pa.field("correlation_id", pa.string(), nullable=False),
        pa.field("causation_id", pa.string(), nullable=False),
        pa.field("command_id", pa.string()),
        pa.field("actor", pa.string(), nullable=False),
        pa.field("book", pa.string(), nullable=False),
        pa.field("prev_hash", pa.binary(32), nullable=False),
        pa.field("hash", pa.binary(32), nullable=False),
    ]
)

Connection = psycopg.Connection[Any]


class Damaged(LedgerError):
    """A file is not what was written, or the log is not whole; the message names it and says what to do."""


class Piece(NamedTuple):
    """A file of one log: all its events from `first` to `last`."""

    path: Path
    first: int
    last: int


def copy_old(connection: Connection, directory: Path, before: datetime, size: int = RANGE) -> int:
    """Copies every whole range of `size` positions that was recorded before a time and is not copied yet, to
    `directory`/LOG/PARTITION/FIRST-LAST.parquet. Gives the number of events copied; 0 while another process copies.
    Needs a connection with autocommit. Raises `Damaged` where a log has a hole or what was written does not read back
    with a chain that holds."""
    with alone(connection, "parquet") as ours:
        if not ours:
            log.info("another process copies old events to Parquet")
            return 0
        heads = connection.execute("SELECT log, partition FROM head ORDER BY log, partition").fetchall()
        return sum(_copy_log(connection, directory, name, number, before, size) for name, number in heads)


def pieces(directory: Path, name: str, partition: int) -> list[Piece]:
    """The files of a log in order. Raises `Damaged` where one is missing in between."""
    found = sorted((directory / name / str(partition)).glob("*-*.parquet"))
    told = [_piece(path) for path in found]
    expected = 1
    for piece in told:
        if piece.first != expected:
            raise Damaged(f"the file before {piece.path} is missing: it begins at {piece.first}, not at {expected}")
        expected = piece.last + 1
    return told


def _piece(path: Path) -> Piece:
    first, _, last = path.stem.partition("-")
    if not (first.isdecimal() and last.isdecimal()):
        raise Damaged(f"{path} is not named FIRST-LAST.parquet: move it away")
    return Piece(path, int(first), int(last))


def fault(connection: Connection, directory: Path, name: str, partition: int) -> Broken | None:
    """The first thing that does not hold in the files of a log: a missing file, a checksum, the chain from file to
    file, or the last hash of a file that is not the table's."""
    position, previous = 0, GENESIS
    try:
        for piece in pieces(directory, name, partition):
            position = piece.first - 1
            _unchanged(piece)
            found = _read_back(piece.path, piece, previous)
            if isinstance(found, Broken):
                return Broken(found.position, f"{piece.path}: {found.reason}")
            position, previous = piece.last, found
            if previous != _stored_hash(connection, name, partition, position):
                return Broken(position, f"{piece.path}: its last hash is not that of the table")
    except (Damaged, OSError, ValueError, LookupError, TypeError) as error:
        return Broken(position + 1, f"the Parquet files are damaged: {error}")
    return None


def _stored_hash(connection: Connection, name: str, partition: int, position: int) -> bytes | None:
    query = "SELECT hash FROM event_log WHERE log = %s AND partition = %s AND position = %s"
    row = connection.execute(query, [name, partition, position]).fetchone()
    return bytes(row[0]) if row else None


def ask(directory: Path, question: Question) -> Iterator[dict[str, Any]]:
    """The rows of the view `ledger` as the files hold them, in the order in which the table gives them. Raises
    `Damaged` for a file that does not fit its checksum."""
    logs = sorted((path.parent.name, int(path.name)) for path in directory.glob("*/*") if path.name.isdigit())
    found = heapq.merge(
        *(_rows_of(directory, question, *one) for one in logs if question.log in (None, one[0])),
        key=order_of,
        reverse=question.newest,
    )
    return islice(found, question.limit)


# --- writing ----------------------------------------------------------------------------------


def _copy_log(connection: Connection, directory: Path, name: str, partition: int, before: datetime, size: int) -> int:
    copied = 0
    known = pieces(directory, name, partition)
    first = known[-1].last + 1 if known else 1
    previous = _last_hash(known[-1]) if known else GENESIS
    while _recorded_before(connection, name, partition, first + size - 1, before):
        path = directory / name / str(partition) / f"{first:012d}-{first + size - 1:012d}.parquet"
        previous = _copy(connection, Piece(path, first, first + size - 1), name, partition, previous)
        copied += size
        first += size
    return copied


def _recorded_before(connection: Connection, name: str, partition: int, position: int, before: datetime) -> bool:
    row = connection.execute(
        "SELECT recorded_at < %s FROM event_log WHERE log = %s AND partition = %s AND position = %s",
        [before, name, partition, position],
    ).fetchone()
    return bool(row and row[0])


def _copy(connection: Connection, piece: Piece, name: str, partition: int, previous: bytes) -> bytes:
    """Under a name of its own until it is on the disk, read back and checked; gives the hash of its last event."""
    piece.path.parent.mkdir(parents=True, exist_ok=True)
    partial = piece.path.with_suffix(".partial")
    _write(connection, piece, name, partition, partial)
    last = _checked(partial, piece, previous)
    _write_checksum(piece, partial)
    os.replace(partial, piece.path)
    piece.path.chmod(0o444)
    _sync(piece.path.parent)
    log.info("copied %s", piece.path)
    return last


def _write(connection: Connection, piece: Piece, name: str, partition: int, partial: Path) -> None:
    columns = ", ".join(f"{column}::text" if column.endswith("_id") else column for column in ChainRow._fields)
    query = f"""SELECT {columns} FROM event_log
        WHERE log = %s AND partition = %s AND position BETWEEN %s AND %s ORDER BY position"""
    with connection.transaction(), connection.cursor("parquet", binary=True) as cursor, partial.open("wb") as file:
        cursor.execute(query, [name, partition, piece.first, piece.last])
        with pq.ParquetWriter(file, SCHEMA, compression="zstd") as writer:
            while rows := cursor.fetchmany(ROW_GROUP):
                columns_of = zip(zip(*rows, strict=True), SCHEMA, strict=True)
                values = [pa.array(values, field.type) for values, field in columns_of]
                writer.write_batch(pa.record_batch(values, schema=SCHEMA), row_group_size=ROW_GROUP)
        file.flush()
        os.fsync(file.fileno())


def _checked(partial: Path, piece: Piece, previous: bytes) -> bytes:
    """Reads back what was written: all positions, and a chain that holds from the file before to its end."""
    found = _read_back(partial, piece, previous)
    if isinstance(found, Broken):
        raise Damaged(f"not copied, position {found.position}: {found.reason}; run `manage.py audit verify`")
    return found


def _read_back(path: Path, piece: Piece, previous: bytes) -> bytes | Broken:
    """The hash of the last event, or the first thing that does not hold."""
    position = piece.first - 1
    for found in verify(_chain(path), after=position, previous=previous):
        if isinstance(found, Broken):
            return found
        position, previous = found.position, found.hash
    if position != piece.last:
        return Broken(position + 1, f"position {position + 1} is missing")
    return previous


def _chain(path: Path) -> Iterator[ChainRow]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(ROW_GROUP):
            for row in batch.to_pylist():
                ids = {name: UUID(row[name]) for name in ("event_id", "originator_id")}
                yield ChainRow(**{**row, **ids})


def _last_hash(piece: Piece) -> bytes:
    with pq.ParquetFile(piece.path) as file:
        last: bytes = file.read_row_group(file.num_row_groups - 1, columns=["hash"]).column("hash")[-1].as_py()
    return last


def _checksum_path(piece: Piece) -> Path:
    return piece.path.with_name(piece.path.name + ".sha256")


def _write_checksum(piece: Piece, partial: Path) -> None:
    """As `sha256sum -c` reads it; there before the file itself."""
    path = _checksum_path(piece)
    path.unlink(missing_ok=True)
    with path.open("w") as file:
        file.write(f"{_sha256(partial)}  {piece.path.name}\n")
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o444)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# --- asking -----------------------------------------------------------------------------------


def _rows_of(directory: Path, question: Question, name: str, partition: int) -> Iterator[dict[str, Any]]:
    found = pieces(directory, name, partition)
    condition = _condition(question, question.seen.get(f"{name}.{partition}"))
    for piece in reversed(found) if question.newest else found:
        if question.after is not None and piece.last <= question.after:
            continue
        rows = _table(piece, condition).to_pylist()
        yield from map(_shown, reversed(rows) if question.newest else rows)


def _table(piece: Piece, condition: Any) -> Any:
    _unchanged(piece)
    return ds.dataset(piece.path, format="parquet", schema=SCHEMA).to_table(filter=condition)


def _unchanged(piece: Piece) -> None:
    path = _checksum_path(piece)
    if not path.exists() or path.read_text().split()[:1] != [_sha256(piece.path)]:
        raise Damaged(f"{piece.path} does not fit its checksum: delete both, the next copying makes it anew")


def _condition(question: Question, seen: int | None) -> Any:
    """What the table's conditions are to columns; None where every event is meant."""
    equal = {
        "log": question.log,
        "book": question.book,
        "actor": question.actor,
        "correlation_id": question.correlation,
        "command_id": question.command,
    }
    chosen = [pc.field(name) == value for name, value in equal.items() if value is not None]
    if (kind := question.aggregate) is not None:
        topic, originator = pc.field("topic"), pc.field("originator_id")
        chosen.append(originator == str(UUID(kind)) if is_uuid(kind) else pc.starts_with(topic, pattern=f"{kind}."))
    if question.events:
        named = (pc.ends_with(pc.field("topic"), pattern=f".{event}") for event in question.events)
        chosen.append(reduce(or_, named))
    chosen += _bounds(question, seen)
    return reduce(and_, chosen) if chosen else None


def _bounds(question: Question, seen: int | None) -> list[Any]:
    position, recorded_at = pc.field("position"), pc.field("recorded_at")
    bounds = []
    if question.after is not None:
        bounds.append(position > question.after)
    if seen is not None:
        bounds.append(position < seen if question.newest else position > seen)
    if question.since is not None:
        bounds.append(recorded_at >= pa.scalar(question.since, MOMENT))
    if question.until is not None:
        bounds.append(recorded_at < pa.scalar(question.until, MOMENT))
    return bounds


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """A stored row as the view shows it."""
    aggregate, _, event = row["topic"].partition(".")
    return {
        "log": row["log"],
        "partition": row["partition"],
        "position": row["position"],
        "event_id": row["event_id"],
        "recorded_at": row["recorded_at"],
        "aggregate": aggregate,
        "aggregate_id": row["originator_id"],
        "version": row["originator_version"],
        "event": event,
        "book": row["book"],
        "actor": row["actor"],
        "correlation_id": row["correlation_id"],
        "causation_id": row["causation_id"],
        "command_id": row["command_id"],
        "payload": msgspec.json.decode(row["state"]),
        "prev_hash": row["prev_hash"],
        "hash": row["hash"],
    }

"""The archive as it is read: every event ever relayed, apart from the database, and compared with its table."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from typing import Any

import psycopg
from msgspec.structs import astuple

from ledger.chain import Broken, ChainRow
from ledger.segments import (
    Damaged,
    Line,
    Segment,
    chain_row,
    checksum,
    folder_of,
    lines_of,
    members,
    segments,
    state_fields,
)
from ledger.verifying import head_and_end

Connection = psycopg.Connection[Any]
Progress = Callable[[int], None]

FETCH = 5000
IN_FLIGHT_S = 2.0
# The relay archives within a second. What is older than this and not there was forgotten, or nobody relays.
LATE_S = 60.0
# Smaller than any position, those that a forger may have made up included.
BEFORE_ALL = -(2**63)

# The columns as an archived line has them, in its order.
_COLUMNS = """log, partition, position, event_id::text, originator_id::text, originator_version, topic,
    to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), correlation_id, causation_id, command_id,
    actor, book, state, encode(prev_hash, 'hex'), encode(hash, 'hex')"""
_STATE = Line.__struct_fields__.index("state")
_POSITION = Line.__struct_fields__.index("position")
_PLACE = "log = %s AND partition = %s"


def lines(directory: Path, log: str, partition: int, after: int = 0) -> Iterator[Line]:
    """The archived rows of a log beyond a position, in order. What a relay is writing at this moment is left out.
    Raises `FileNotFoundError` without an archive, `Damaged` where a file is not as the relay wrote it."""
    if not directory.is_dir():
        raise FileNotFoundError(f"there is no archive in {directory}: `runrelay --archive DIR` writes it")
    days = segments(folder_of(directory, log, partition))
    for segment in days:
        sealed = segment.sealed
        if sealed and segment.seal().last <= after:
            continue
        yield from lines_of(segment, after, growing=not sealed and segment == days[-1])


def read(directory: Path, log: str, partition: int, after: int = 0) -> Iterator[ChainRow]:
    """The same as the table has them."""
    return map(chain_row, lines(directory, log, partition, after))


def end_of(directory: Path, log: str, partition: int) -> int:
    """The last position that is archived; 0 where there is none."""
    for segment in reversed(segments(folder_of(directory, log, partition))):
        with closing(segment.path.open("rb")) as file:
            last = 0
            for member in members(segment.path, file):
                last = last if isinstance(member, Damaged) else max(last, member.last)
        if last:
            return last
    return 0


def compare(
    connection: Connection, directory: Path, log: str, partition: int, progress: Progress = lambda count: None
) -> Broken | None:
    """The first thing in which archive and table differ: a checksum, or a row that is missing from one of them, that
    one has twice, or whose columns differ; where they agree, a head that does not stand at the end of the table. Rows
    of the last minute may still be on their way to the archive. Needs a connection with autocommit.
    Raises `FileNotFoundError` without an archive; `progress` is told positions."""
    if not directory.is_dir():
        raise FileNotFoundError(f"there is no archive in {directory}: `runrelay --archive DIR` writes it")
    try:
        now = _now(connection)
        end = end_of(directory, log, partition)
        _wait_for(connection, log, partition, end)
        archived = takewhile(lambda line: line.position <= end, lines(directory, log, partition))
        broken = _difference(archived, _table(connection, log, partition, end), end, progress)
        broken = broken or _forgotten(connection, log, partition, end, now)
        sealed = (segment for segment in segments(folder_of(directory, log, partition)) if segment.sealed)
        broken = broken or next(filter(None, map(_seal_fault, sealed)), None)
        return broken or _head_fault(connection, log, partition)
    except Damaged as error:
        return Broken(error.position, f"the archive is damaged: {error}")


def _seal_fault(segment: Segment) -> Broken | None:
    seal = segment.seal()
    if seal.bytes == segment.path.stat().st_size and seal.sha256 == checksum(segment.path):
        return None
    return Broken(seal.first, f"the archive's file {segment.path.name} does not have the checksum of its seal")


def _head_fault(connection: Connection, log: str, partition: int) -> Broken | None:
    """Nothing above believes the head: its position may have been edited as well as any row."""
    head, last = head_and_end(connection, log, partition)
    if head is None or head[0] == last:
        return None
    where = f"the head stands at {head[0]}, the table ends at {last}"
    return Broken(min(head[0], last) + 1, f"{where}: the head is wrong, archive and table agree")


def _wait_for(connection: Connection, log: str, partition: int, position: int) -> None:
    """The WAL, and so the archive, may be a moment ahead of what is visible."""
    deadline = time.monotonic() + IN_FLIGHT_S
    while time.monotonic() < deadline:
        with connection.transaction():
            row = connection.execute(f"SELECT position FROM head WHERE {_PLACE}", [log, partition]).fetchone()
        if row is not None and row[0] >= position:
            return
        time.sleep(0.05)


def _table(connection: Connection, log: str, partition: int, end: int) -> Iterator[tuple[Any, ...]]:
    """The rows as tuples of what the lines hold; a transaction a page, since a long one would keep PostgreSQL from
    cleaning up. A log that only grows needs no snapshot."""
    query = f"""SELECT {_COLUMNS} FROM event_log WHERE {_PLACE} AND position > %s AND position <= %s
        ORDER BY position LIMIT {FETCH}"""
    after = BEFORE_ALL
    while True:
        with connection.transaction(), connection.cursor(binary=True) as cursor:
            page = cursor.execute(query, [log, partition, after, end]).fetchall()
        for row in page:
            state, state_base64 = state_fields(row[_STATE])
            yield (*row[:_STATE], state, *row[_STATE + 1 :], state_base64)
        if len(page) < FETCH:
            return
        after = page[-1][_POSITION]


def _difference(
    archived: Iterator[Line], stored: Iterator[tuple[Any, ...]], end: int, progress: Progress
) -> Broken | None:
    position = 0
    for kept in archived:
        position += 1
        row = next(stored, None)
        if row != astuple(kept):
            return _fault(position, kept, row)
        if position % FETCH == 0:
            progress(position)
    progress(position)
    if next(stored, None) is None:
        return None
    return Broken(position + 1, f"the archive lacks position {position + 1} of {end}")


def _fault(position: int, kept: Line, row: tuple[Any, ...] | None) -> Broken:
    if kept.position > position:
        return Broken(position, f"the archive lacks position {position}, {kept.position} follows")
    if kept.position < position:
        return Broken(kept.position, f"the archive has position {kept.position} twice")
    if row is None or row[_POSITION] > position:
        return Broken(position, f"the archive has position {position}, the table does not")
    pairs = zip(Line.__struct_fields__, astuple(kept), row, strict=True)
    names = [name.removesuffix("_base64") for name, one, other in pairs if one != other]
    return Broken(position, f"archive and table differ in {', '.join(dict.fromkeys(names))}")


def _now(connection: Connection) -> datetime:
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None, "one row is asked for"
    now: datetime = row[0]
    return now


def _forgotten(connection: Connection, log: str, partition: int, end: int, now: datetime) -> Broken | None:
    """`now` is from before the archive's end was looked for: comparing takes minutes, and the log goes on."""
    query = f"""SELECT position, recorded_at FROM event_log WHERE {_PLACE} AND position > %s
        AND recorded_at < %s - make_interval(secs => %s) ORDER BY position LIMIT 1"""
    row = connection.execute(query, [log, partition, end, now, LATE_S]).fetchone()
    if row is None:
        return None
    text = f"the archive ends at {end}, but the table goes on with {row[0]} of {row[1]:%Y-%m-%d %H:%M:%S}"
    return Broken(row[0], f"{text}: does a relay run?")

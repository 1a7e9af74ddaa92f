"""Whether checkpoints hold: their signatures, their chain, the rows that they speak of, and their copies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from msgspec import Struct

from ledger import merkle
from ledger.chain import Broken
from ledger.checkpoint_copies import copy_path, encode, lines
from ledger.checkpoints import Checkpoint, as_json, from_json, read, row_hashes, statement, turn
from ledger.records import GENESIS
from ledger.signing import Trusted

Connection = psycopg.Connection[Any]


class Review(Struct, frozen=True, kw_only=True):
    """How many checkpoints a log has, up to which position, and all that is wrong with them and their copies."""

    log: str
    partition: int
    checkpoints: int
    last: int
    faults: list[Broken]


def review(connection: Connection, trusted: Trusted, directory: Path, log: str, partition: int) -> Review:
    """Checks every checkpoint of a log against its rows, and the copy in `directory` against the table. Needs a
    connection with autocommit."""
    with turn(connection, log, partition), connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        stored = read(connection, log, partition)
        copies = list(_copy_faults(copy_path(directory, log, partition), stored))
        faults = list(_faults(connection, trusted, stored))
    last = stored[-1].last if stored else 0
    return Review(log=log, partition=partition, checkpoints=len(stored), last=last, faults=faults + copies)


def _faults(connection: Connection, trusted: Trusted, stored: list[Checkpoint]) -> Iterator[Broken]:
    last, previous = 0, GENESIS
    for one in stored:
        reason = own_fault(one, trusted, last, previous) or _rows_fault(connection, one)
        if reason:
            yield Broken(one.first, f"{one.name}: {reason}")
        last, previous = one.last, one.hash


def own_fault(one: Checkpoint, trusted: Trusted, last: int, previous: bytes) -> str:
    """What is wrong with a checkpoint by itself, given the end and the hash of the one before it."""
    told = statement(one)
    if one.hash != sha256(told).digest():
        return "its hash does not fit what it says"
    if reason := trusted.fault(one.key_id, one.signature, told):
        return reason
    if one.first != last + 1:
        return f"the checkpoint of position {last + 1} is missing"
    return "" if one.previous == previous else "it does not follow on the checkpoint before it"


def _rows_fault(connection: Connection, one: Checkpoint) -> str:
    rows = range(one.first, one.last + 1)
    hashes = row_hashes(connection, one.log, one.partition, rows)
    if missing := next((position for position in rows if position not in hashes), None):
        return f"position {missing} is missing in the table"
    if hashes[one.last] != one.head:
        return f"the hash of position {one.last} is not the one that was signed"
    if merkle.root(list(hashes.values())) != one.root:
        return "the hashes of its rows do not give the root that was signed"
    return ""


def _copy_faults(path: Path, stored: list[Checkpoint]) -> Iterator[Broken]:
    """The last checkpoint may be missing or torn in the copy: a crash came between, and the next signing adds it."""
    if not path.exists():
        if len(stored) > 1:
            yield Broken(1, f"the copy {path} is missing")
        return
    expected = {encode(as_json(one)): one for one in stored}
    known: dict[int | bytes, Checkpoint] = {one.first: one for one in stored}
    known.update({one.hash: one for one in stored})
    told: set[int] = set()
    for number, line in enumerate(lines(path), 1):
        if own := expected.get(line):
            told.add(own.first)
        elif line.endswith(b"\n") or not any(whole.startswith(line) for whole in expected):
            near = next((one.first for one in stored if one.first not in told), stored[-1].last + 1 if stored else 1)
            first, reason = _line_fault(line, known, near)
            told.add(first)
            yield Broken(first, f"line {number} of the copy {path.name} {reason}")
    if lacking := [one for one in stored[:-1] if one.first not in told]:
        more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
        yield Broken(lacking[0].first, f"the copy {path.name} lacks {lacking[0].name}{more}")


def _line_fault(line: bytes, known: Mapping[int | bytes, Checkpoint], near: int) -> tuple[int, str]:
    """Which checkpoint it is about, by its hash or its first position (`near` where it has neither), and what is
    wrong."""
    try:
        one = from_json(msgspec.json.decode(line))
    except (KeyError, TypeError, ValueError):
        return near, "is no checkpoint"
    own = known.get(one.hash) or known.get(one.first)
    if own is None:
        return one.first, f"is {one.name}, which the table does not have"
    names = [name for name in Checkpoint.__struct_fields__ if getattr(one, name) != getattr(own, name)]
    return own.first, f"differs from the table in {', '.join(names) or 'how it is written'}"

"""Reads a backup back: every byte of the file, every part, and the hash chain of the logs in it."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import IO, BinaryIO, Protocol
from uuid import UUID
from zipfile import BadZipFile, ZipFile

import msgspec

from govsite.backup.manifest import DIGEST_SIZE, EVENTS, FORMAT, MANIFEST, TABLES, LogHead, Manifest, NotWhole, Part
from ledger.chain import Broken, ChainRow, verify
from ledger.records import GENESIS
from ledger.verifying import log_name


class Progress(Protocol):
    """Is told what is being done, how much of it is done, and how much it is in all."""

    def __call__(self, what: str, done: int, of: int) -> None: ...


BLOCK = 1 << 20
TOLD_EVERY = 10_000

csv.field_size_limit(sys.maxsize)


def check(path: Path, tell: Progress) -> Manifest:
    """Gives the manifest of a backup that is whole; raises `NotWhole` and `OSError`."""
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        if size < DIGEST_SIZE:
            raise NotWhole(f"{path} is no backup: it is too short")
        file.seek(-DIGEST_SIZE, io.SEEK_END)
        stated = file.read()
        if digest_of(file, lambda done: tell("checksum", done, size)) != stated:
            raise NotWhole(f"{path} is damaged, cut short, or no backup: its checksum does not fit what it holds")
    try:
        with ZipFile(path) as zipped:
            manifest = _manifest(zipped, path)
            for part in manifest.parts:
                _check_part(zipped, part)
            check_chain(zipped, manifest, tell)
    except (BadZipFile, KeyError, msgspec.MsgspecError) as error:
        raise NotWhole(f"{path} is no backup: {error}") from error
    return manifest


def digest_of(file: BinaryIO, tell: Callable[[int], None]) -> bytes:
    """The sha256 of all but the last 64 bytes, in hexadecimal; they hold it, as the comment of the zip."""
    left = file.seek(0, io.SEEK_END) - DIGEST_SIZE
    file.seek(0)
    digest, done = sha256(), 0
    while left:
        block = file.read(min(BLOCK, left))
        digest.update(block)
        left -= len(block)
        tell(done := done + len(block))
    return digest.hexdigest().encode()


def _manifest(zipped: ZipFile, path: Path) -> Manifest:
    raw = zipped.read(MANIFEST)
    form = msgspec.json.decode(raw, type=dict).get("format")
    if form != FORMAT:
        raise NotWhole(f"{path} is a backup of form {form}, this release reads form {FORMAT}: use a newer release")
    return msgspec.json.decode(raw, type=Manifest)


def _check_part(zipped: ZipFile, part: Part) -> None:
    digest = sha256()
    with zipped.open(part.name) as file:
        while block := file.read(BLOCK):
            digest.update(block)
    if digest.hexdigest() != part.sha256:
        raise NotWhole(f"the part {part.name} is not what the manifest says of it")


def check_chain(zipped: ZipFile, manifest: Manifest, tell: Progress) -> None:
    """Every hash of every log, up to the heads that the manifest names and not a row further."""
    stated = {(head.log, head.partition): head for head in manifest.heads}
    part = next(part for part in manifest.parts if part.name == f"{TABLES}{EVENTS}.csv")
    with zipped.open(part.name) as file:
        for key, rows in groupby(_rows(file, part.columns), lambda row: (row.log, row.partition)):
            _check_log(rows, key, stated.pop(key, None), tell)
    for head in stated.values():
        if head.position:
            raise NotWhole(f"the log {log_name(head.log, head.partition)} is missing")


def _check_log(rows: Iterator[ChainRow], key: tuple[str, int], head: LogHead | None, tell: Progress) -> None:
    name, position, hash_ = log_name(*key), 0, GENESIS
    if head is None:
        raise NotWhole(f"the log {name} has events and no head")
    for row in verify(rows):
        if isinstance(row, Broken):
            raise NotWhole(f"the chain of {name} is broken at position {row.position}: {row.reason}")
        position, hash_ = row.position, row.hash
        if position % TOLD_EVERY == 0:
            tell(f"chain of {name}", position, head.position)
    if (position, hash_.hex()) != (head.position, head.hash):
        raise NotWhole(f"the log {name} ends at position {position}, its head stands at {head.position}")


def _rows(file: IO[bytes], columns: list[str]) -> Iterator[ChainRow]:
    place = [columns.index(name) for name in ChainRow._fields]
    for row in csv.reader(io.TextIOWrapper(file, encoding="utf-8", newline="")):
        yield _row([row[index] for index in place])


def _row(values: list[str]) -> ChainRow:
    log, partition, position, event_id, originator, version, topic, state, recorded, *trace, prev_hash, hash_ = values
    correlation, causation, command, actor, book = trace
    return ChainRow(
        log=log,
        partition=int(partition),
        position=int(position),
        event_id=UUID(event_id),
        originator_id=UUID(originator),
        originator_version=int(version),
        topic=topic,
        state=bytes.fromhex(state[2:]),
        recorded_at=datetime.fromisoformat(recorded),
        correlation_id=correlation,
        causation_id=causation,
        command_id=command,
        actor=actor,
        book=book,
        prev_hash=bytes.fromhex(prev_hash[2:]),
        hash=bytes.fromhex(hash_[2:]),
    )

"""Exports events as they stand in the table, with a signed manifest that proves them to whoever has the public key."""

from __future__ import annotations

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from ledger import merkle
from ledger.audit import Question, ask
from ledger.chain import ChainRow
from ledger.checkpoints import TIME, as_json, read, row_hashes
from ledger.errors import LedgerError
from ledger.segments import Line, checksum, state_fields
from ledger.signing import SigningKey
from ledger.verifying import FIELDS, heads

FORMAT = "governed-market export 1"
EVENTS = "events.jsonl.gz"
MANIFEST = "manifest.json"
BATCH = 2000
LEVEL = 6

Connection = psycopg.Connection[Any]
Manifest = dict[str, Any]
Place = tuple[str, int]


class NotEmpty(LedgerError):
    """There is an export in that directory already."""


class Written:
    """What has been exported: the positions of each log, and how many events of each kind."""

    def __init__(self) -> None:
        self.positions: dict[Place, list[int]] = defaultdict(list)
        self.events: Counter[str] = Counter()

    def add(self, row: ChainRow) -> None:
        self.positions[row.log, row.partition].append(row.position)
        self.events[row.topic] += 1


def export(connection: Connection, question: Question, directory: Path, key: SigningKey) -> Manifest:
    """Writes the events that fit into `directory` as of one moment, and the manifest, which it gives back. Needs a
    connection with autocommit. Raises `NotEmpty`."""
    for name in (EVENTS, MANIFEST):
        if (directory / name).exists():
            raise NotEmpty(f"{directory / name} is there already: export to another directory")
    directory.mkdir(parents=True, exist_ok=True)
    unfinished = directory / f"{EVENTS}.partial"  # what an export leaves that failed, so that it can be tried again
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        written = _write_events(connection, question, unfinished)
        manifest = signed(
            {
                "format": FORMAT,
                "made_at": datetime.now(UTC).strftime(TIME),
                "conditions": _conditions(question),
                "events": {
                    "file": EVENTS,
                    "sha256": checksum(unfinished),
                    "count": written.events.total(),
                    "by_event": dict(sorted(written.events.items())),
                },
                "heads": [
                    {"log": log, "partition": partition, "position": position, "hash": hash_.hex()}
                    for log, partition, position, hash_ in heads(connection)
                ],
                "checkpoints": list(_proofs(connection, written)),
            },
            key,
        )
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    unfinished.replace(directory / EVENTS)
    (directory / MANIFEST).write_text(text, encoding="utf-8")
    return manifest


def signed(manifest: Manifest, key: SigningKey) -> Manifest:
    """With the key's id, and its signature over all but the signature itself."""
    named = {**manifest, "key_id": key.id}
    return {**named, "signature": key.sign(canonical(named)).hex()}


def canonical(document: Mapping[str, Any]) -> bytes:
    """JSON with sorted names and no white space, without `signature`: what is signed."""
    told = {name: value for name, value in document.items() if name != "signature"}
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _conditions(question: Question) -> dict[str, Any]:
    """Only what was asked for."""
    asked: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(question))
    return {name: value for name, value in asked.items() if value not in (None, [], {}, False)}


def _write_events(connection: Connection, question: Question, path: Path) -> Written:
    """One JSON line a row: every column, in the order of the hash chain."""
    written = Written()
    with path.open("wb") as file, gzip.GzipFile("", "wb", LEVEL, file, mtime=0) as packed:
        for row in rows(connection, question):
            packed.write(line(row))
            written.add(row)
    return written


def rows(connection: Connection, question: Question) -> Iterator[ChainRow]:
    """The rows that fit, in order of time, as they stand in the table; within a transaction."""
    found = ask(connection, question)
    while part := [(one["log"], one["partition"], one["position"]) for one in islice(found, BATCH)]:
        stored: dict[tuple[str, int, int], ChainRow] = {}
        for log, partition in {place[:2] for place in part}:
            wanted = [position for *place, position in part if place == [log, partition]]
            stored |= {row[:3]: row for row in _stored(connection, log, partition, wanted)}
        yield from (stored[place] for place in part)


def _stored(connection: Connection, log: str, partition: int, positions: list[int]) -> Iterator[ChainRow]:
    query = f"SELECT {FIELDS} FROM event_log WHERE log = %s AND partition = %s AND position = ANY(%s)"
    with connection.cursor(binary=True) as cursor:
        yield from map(ChainRow._make, cursor.execute(query, [log, partition, positions]))


def line(row: ChainRow) -> bytes:
    """A row as a line of the archive has it."""
    state, state_base64 = state_fields(row.state)
    told = row._asdict() | {"state": state, "prev_hash": row.prev_hash.hex(), "hash": row.hash.hex()}
    told |= {"event_id": str(row.event_id), "originator_id": str(row.originator_id)}
    recorded_at = row.recorded_at.astimezone(UTC).strftime(TIME)
    return msgspec.json.encode(Line(**{**told, "recorded_at": recorded_at, "state_base64": state_base64})) + b"\n"


def _proofs(connection: Connection, written: Written) -> Iterator[dict[str, Any]]:
    """The checkpoints over exported rows, each with the nodes that its root needs besides those rows."""
    for (log, partition), positions in sorted(written.positions.items()):
        ordered = sorted(positions)
        begin = 0
        for checkpoint in read(connection, log, partition, after=ordered[0] - 1):
            end = begin
            while end < len(ordered) and ordered[end] <= checkpoint.last:
                end += 1
            if chosen := [position - checkpoint.first for position in ordered[begin:end]]:
                hashes = row_hashes(connection, log, partition, range(checkpoint.first, checkpoint.last + 1))
                proof = merkle.proof(list(hashes.values()), chosen)
                yield {**as_json(checkpoint), "proof": [node.hex() for node in proof]}
            begin = end

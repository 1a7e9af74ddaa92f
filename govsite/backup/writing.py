"""Writes a backup: one snapshot of the database as CSV files in a zip, the archive of the ledger, the public keys."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import msgspec
import psycopg
from psycopg.sql import SQL, Composed, Identifier

from govsite import RELEASE
from govsite.backup.checking import Progress, check, digest_of
from govsite.backup.manifest import (
    ARCHIVE,
    DIGEST_SIZE,
    EVENTS,
    FORMAT,
    MANIFEST,
    PUBLIC_KEYS,
    TABLES,
    LogHead,
    Manifest,
    Part,
)
from ledger.archive_writer import sync_directory
from ledger.rebuild import projections
from ledger.session import PATIENCE
from ledger.signing import PUBLIC

Connection = psycopg.Connection[Any]
BLOCK = 1 << 20
LEFT_OUT = ("django_session", "django_migrations")  # who is logged in logs in again; the manifest names the migrations
SETTINGS = "SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO'; SET LOCAL bytea_output = 'hex'"
COLUMNS = """
    SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum), max(c.reltuples)::bigint
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
      AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    GROUP BY 1 ORDER BY 1"""


def back_up(database_url: str, path: Path, *, data_dir: Path, archive: Path, tell: Progress) -> Manifest:
    """What stands at `path` afterwards is whole and was read back; until then, and after any failure, nothing does.
    Raises `OSError`, `psycopg.Error` and `NotWhole`."""
    partial = path.with_name(f"{path.name}.partial")
    try:
        with os.fdopen(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as file:
            _write(file, database_url, data_dir, archive, tell)
            file.flush()
            os.fsync(file.fileno())
        manifest = check(partial, tell)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)
    return manifest


def _write(file: BinaryIO, database_url: str, data_dir: Path, archive: Path, tell: Progress) -> None:
    with ZipFile(file, "w") as zipped:
        parts = Parts(zipped)
        # Before the snapshot: an archive that is ahead of the table would be taken for that of another ledger.
        _add_archive(parts, archive, tell)
        if (keys := data_dir / PUBLIC).is_file():
            parts.add(PUBLIC_KEYS, [keys.read_bytes()])
        with psycopg.connect(database_url, application_name="backup", **PATIENCE) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            connection.execute(SETTINGS)
            told = _told(connection)
            _add_tables(parts, connection, tell)
        parts.put(MANIFEST, msgspec.json.encode(msgspec.structs.replace(told, parts=parts.added)))
        zipped.comment = b"0" * DIGEST_SIZE
    file.seek(-DIGEST_SIZE, os.SEEK_END)
    digest = digest_of(file, lambda done: None)
    file.seek(-DIGEST_SIZE, os.SEEK_END)
    file.write(digest)


class Parts:
    """What has been added to the zip so far."""

    def __init__(self, zipped: ZipFile) -> None:
        self.zipped = zipped
        self.added: list[Part] = []

    def add(self, name: str, blocks: Iterable[bytes], *, packed: bool = False) -> Part:
        digest, size = sha256(), 0
        with self.zipped.open(_entry(name, packed=packed), "w", force_zip64=True) as part:
            for block in blocks:
                part.write(block)
                digest.update(block)
                size += len(block)
        self.added.append(Part(name=name, size=size, sha256=digest.hexdigest()))
        return self.added[-1]

    def put(self, name: str, content: bytes) -> None:
        self.zipped.writestr(_entry(name, packed=False), content)


def _entry(name: str, *, packed: bool) -> ZipInfo:
    entry = ZipInfo(name, datetime.now(UTC).timetuple()[:6])
    entry.compress_type = ZIP_STORED if packed else ZIP_DEFLATED
    entry._compresslevel = 1  # type: ignore[attr-defined]  # what takes room are hashes, which cannot be packed
    entry.external_attr = 0o600 << 16
    return entry


def _told(connection: Connection) -> Manifest:
    heads = connection.execute("SELECT log, partition, position, encode(hash, 'hex') FROM head ORDER BY log, partition")
    found = [LogHead(log=log, partition=p, position=position, hash=hash_) for log, p, position, hash_ in heads]
    sequences = connection.execute(
        "SELECT sequencename::text, last_value FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"
    )
    applied = connection.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
    return Manifest(
        format=FORMAT,
        release=RELEASE,
        made_at=datetime.now(UTC).isoformat(),
        server=connection.info.parameter_status("server_version") or "",
        heads=found,
        sequences=dict(sequences.fetchall()),
        migrations=applied.fetchall(),
        parts=[],
    )


def _add_tables(parts: Parts, connection: Connection, tell: Progress) -> None:
    """All but the read models, which are made from the ledger."""
    left_out = {*LEFT_OUT, *(model._meta.db_table for one in projections() for model in one.models)}
    for table, columns, estimate in connection.execute(COLUMNS).fetchall():
        if table not in left_out:
            counted = Counted(connection, _copy(table, columns), partial(tell, table, of=estimate))
            part = parts.add(f"{TABLES}{table}.csv", counted)
            parts.added[-1] = msgspec.structs.replace(part, rows=counted.rows, columns=columns)


def _copy(table: str, columns: list[str]) -> Composed:
    """The events in the order of their chain, so that it can be verified while the file is read."""
    order = SQL(" ORDER BY log, partition, position") if table == EVENTS else SQL("")
    return SQL("COPY (SELECT {} FROM public.{}{}) TO STDOUT (FORMAT csv)").format(
        SQL(", ").join(map(Identifier, columns)), Identifier(table), order
    )


class Counted:
    """The rows of a COPY in blocks; PostgreSQL sends each as a message of its own."""

    def __init__(self, connection: Connection, query: Composed, tell: Callable[[int], None]) -> None:
        self.connection = connection
        self.query = query
        self.tell = tell
        self.rows = 0

    def __iter__(self) -> Iterator[bytes]:
        block = bytearray()
        with self.connection.cursor() as cursor, cursor.copy(self.query) as copy:
            for row in copy:
                block += row
                self.rows += 1
                if len(block) >= BLOCK:
                    yield bytes(block)
                    block.clear()
                    self.tell(self.rows)
        yield bytes(block)
        self.tell(self.rows)


def _add_archive(parts: Parts, archive: Path, tell: Progress) -> None:
    """A day's seal stands before its file: one that is sealed meanwhile is only sealed again. `source.json` names the
    cluster that it was written from, which a restored database is not."""
    files = sorted(path for path in archive.rglob("*") if path.is_file() and _is_kept(path))
    for number, path in enumerate(files, 1):
        parts.add(f"{ARCHIVE}{path.relative_to(archive)}", _blocks(path), packed=path.suffix == ".gz")
        tell("archive", number, len(files))


def _is_kept(path: Path) -> bool:
    return path.name != "source.json" and path.suffix in (".gz", ".json", ".jsonl")


def _blocks(path: Path) -> Iterator[bytes]:
    """As long as the file was when it was opened: the relay goes on appending."""
    with path.open("rb") as file:
        left = os.fstat(file.fileno()).st_size
        while left and (block := file.read(min(BLOCK, left))):
            yield block
            left -= len(block)

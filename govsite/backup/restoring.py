"""Puts a backup into an empty database: tables of its release, rows, tables of today, chain, read models, archive."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import IO, Any
from zipfile import ZipFile

import psycopg
import redis
from django.core.management import call_command
from django.db import connection as django_connection
from django.db.migrations.executor import MigrationExecutor
from psycopg.sql import SQL, Composed, Identifier

from govsite.backup.checking import Progress
from govsite.backup.manifest import ARCHIVE, PUBLIC_KEYS, Manifest, NotWhole, Part, table_of
from ledger.archive_writer import sync_directory
from ledger.projector import Projection, Projector, tune
from ledger.rebuild import projections
from ledger.session import PATIENCE
from ledger.signing import PUBLIC
from ledger.verifying import heads, log_name, verify_log
from streams.client import COMMANDS, DELIBERATIONS, LEDGER_EXECUTION, LEDGER_GOVERNANCE, connect
from streams.partitions import suffixed

Connection = psycopg.Connection[Any]

BLOCK = 1 << 20
MADE_BY_MIGRATIONS = {
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "auth_group",
    "auth_group_permissions",
}
STREAMS = (COMMANDS, DELIBERATIONS, LEDGER_GOVERNANCE, LEDGER_EXECUTION)
TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1"


class Refused(Exception):
    """The backup cannot be put there; the message says why and what to do."""


def restore(
    database_url: str,
    redis_url: str,
    path: Path,
    manifest: Manifest,
    *,
    data_dir: Path,
    archive: Path,
    tell: Progress,
) -> None:
    """Of a backup that was checked. All rows come in one transaction: after a failure or a kill it may be run again.
    Raises `Refused`, `NotWhole`, `OSError` and `psycopg.Error`."""
    with psycopg.connect(database_url, autocommit=True, application_name="restore", **PATIENCE) as connection:
        _refuse_used(connection, manifest)
        _refuse_files(archive, data_dir / PUBLIC)
        _refuse_streams(redis_url, {head.partition for head in manifest.heads})
        _make_tables(manifest)
        with ZipFile(path) as zipped:
            _load(connection, zipped, manifest, tell)
            call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
            _verify(connection, manifest, tell)
            _make_read_models(database_url, manifest, tell)
            connection.execute("ANALYZE")
            _put_files(zipped, manifest, archive, data_dir, tell)


def _refuse_used(connection: Connection, manifest: Manifest) -> None:
    for (table,) in connection.execute(TABLES).fetchall():
        used = SQL("SELECT 1 FROM public.{} LIMIT 1").format(Identifier(table))
        if table not in MADE_BY_MIGRATIONS and connection.execute(used).fetchone():
            raise Refused(f"the database has rows in {table}: a backup is restored into an empty one (createdb NAME)")
    loader = MigrationExecutor(django_connection).loader
    if unknown := sorted(set(manifest.migrations) - set(loader.disk_migrations)):
        raise Refused(
            f"the backup is of release {manifest.release}, whose tables this release does not know"
            f" ({'.'.join(unknown[0])}): restore it with that release or a newer one"
        )
    if set(loader.applied_migrations) - set(manifest.migrations):
        raise Refused(
            "the database has tables that are newer than the backup: restore into an empty one (createdb NAME)"
        )


def _refuse_files(archive: Path, public_keys: Path) -> None:
    if archive.is_dir() and any(archive.iterdir()):
        raise Refused(f"{archive} holds an archive: move it away, or choose another --data-dir")
    if public_keys.exists():
        raise Refused(f"{public_keys} is there already: move it away, or choose another --data-dir")


def _refuse_streams(redis_url: str, partitions: set[int]) -> None:
    """Commands and decisions that came after the backup would be taken as new by those who start on it."""
    if not redis_url:
        return
    try:
        with connect(redis_url, 5) as connection:
            names = [suffixed(name, partition) for name in STREAMS for partition in sorted(partitions | {0})]
            found = [stream for stream in names if connection.exists(stream)]
    except (redis.RedisError, OSError) as error:
        raise Refused(
            f"Redis does not answer, and it must be known to be empty ({error}): start an empty one"
        ) from error
    if found:
        raise Refused(f"Redis holds the stream {found[0]} of another ledger: empty it first (FLUSHDB)")


def _make_tables(manifest: Manifest) -> None:
    """As they were when the backup was made."""
    executor = MigrationExecutor(django_connection)
    wanted = set(manifest.migrations)
    inner = {
        parent.key
        for key in wanted
        for parent in executor.loader.graph.node_map[key].parents
        if parent.key[0] == key[0]
    }
    executor.migrate(sorted(wanted - inner))


def _load(connection: Connection, zipped: ZipFile, manifest: Manifest, tell: Progress) -> None:
    there = {table for (table,) in connection.execute(TABLES).fetchall()}
    read_models = [(one.name,) for one in projections()]
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for part in manifest.tables:
            if table_of(part) in there & MADE_BY_MIGRATIONS:
                cursor.execute(SQL("DELETE FROM public.{}").format(Identifier(table_of(part))))
        for part in manifest.tables:
            if table_of(part) not in there:
                raise Refused(
                    f"the backup has the table {table_of(part)}, which no release of ours made: {_advice(part)}"
                )
            with zipped.open(part.name) as file, cursor.copy(_copy(part)) as copy:
                for block, done in _blocks(file):
                    copy.write(block)
                    tell(table_of(part), done, part.size)
        for name, last in manifest.sequences.items():
            cursor.execute("SELECT setval(to_regclass(%s), %s) WHERE to_regclass(%s) IS NOT NULL", (name, last, name))
        cursor.execute("UPDATE head SET owner = '', lease_until = 'epoch'")  # whoever held them writes elsewhere
        cursor.executemany("DELETE FROM projection WHERE name = %s", read_models)


def _advice(part: Part) -> str:
    return (
        f"take it out of the schema public before you back up, or make it first and restore {part.rows} rows yourself"
    )


def _copy(part: Part) -> Composed:
    columns = SQL(", ").join(map(Identifier, part.columns))
    return SQL("COPY public.{} ({}) FROM STDIN (FORMAT csv)").format(Identifier(table_of(part)), columns)


def _blocks(file: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    done = 0
    while block := file.read(BLOCK):
        done += len(block)
        yield block, done


def _verify(connection: Connection, manifest: Manifest, tell: Progress) -> None:
    stated = {(head.log, head.partition): (head.position, head.hash) for head in manifest.heads}
    found = {(log, partition): (position, hash_.hex()) for log, partition, position, hash_ in heads(connection)}
    if stated != found:
        raise NotWhole(f"the logs stand at {found}, the backup says {stated}")
    for (log, partition), (position, _) in found.items():
        name = log_name(log, partition)
        verdict = verify_log(connection, log, partition, partial(tell, f"chain of {name}", of=position))
        if verdict.broken:
            raise NotWhole(
                f"the chain of {name} is broken at position {verdict.broken.position}: {verdict.broken.reason}"
            )


def _make_read_models(database_url: str, manifest: Manifest, tell: Progress) -> None:
    tune()
    for partition in sorted({head.partition for head in manifest.heads}):
        ends = {head.log: head.position for head in manifest.heads if head.partition == partition}

        def told(one: Projection, first: int, last: int, ends: Mapping[str, int] = ends) -> None:
            tell(f"read models of {one.name}", last, ends.get(one.log, last))

        projector = Projector(database_url, projections(), after_commit=told, partition=partition)
        projector.connect()
        try:
            projector.catch_up()
        finally:
            projector.close()


def _put_files(zipped: ZipFile, manifest: Manifest, archive: Path, data_dir: Path, tell: Progress) -> None:
    """Sealed days are read-only, as the relay leaves them."""
    files = [part for part in manifest.parts if part.name.startswith(ARCHIVE) or part.name == PUBLIC_KEYS]
    for number, part in enumerate(files, 1):
        to = data_dir / PUBLIC if part.name == PUBLIC_KEYS else _inside(archive, part.name.removeprefix(ARCHIVE))
        to.parent.mkdir(parents=True, exist_ok=True)
        with zipped.open(part.name) as source, to.open("xb") as file:
            shutil.copyfileobj(source, file, BLOCK)
            file.flush()
            os.fsync(file.fileno())
        sync_directory(to.parent)
        tell("archive", number, len(files))


def _inside(archive: Path, name: str) -> Path:
    to = (archive / name).resolve()
    if not to.is_relative_to(archive.resolve()):
        raise NotWhole(f"the part {ARCHIVE}{name} leads out of the archive")
    return to

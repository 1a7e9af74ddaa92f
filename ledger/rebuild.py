"""Read models made again from the ledger beside those in use: to take their place, or to be compared with them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from importlib import import_module
from typing import Any

import psycopg
from django.apps import apps
from django.utils.module_loading import module_has_submodule
from psycopg.sql import SQL, Identifier

from ledger.errors import LedgerError
from ledger.partitioning import count_of
from ledger.projector import Projection, Projector
from ledger.readmodel import ReadModel
from ledger.session import PATIENCE
from ledger.shadow import Busy as Busy
from ledger.shadow import Connection, Shadow

Progress = Callable[[int], None]

NEAR = 1000  # events: so much at most is done while the projector is held off
LOCK_MS = 300  # how long a swap may keep readers waiting behind one that reads already
ATTEMPTS = 200
SHOWN = 20
DIFFERENCES = """SELECT coalesce(used.{key}, made.{key})::text, to_jsonb(used)::text, to_jsonb(made)::text,
        count(*) OVER ()
    FROM {used} AS used FULL JOIN {made} AS made ON used.{key} = made.{key}
    WHERE ROW(used.*) IS DISTINCT FROM ROW(made.*) ORDER BY 1 LIMIT %s"""


def projections() -> list[Projection]:
    """`PROJECTION` of every installed app that has read models."""
    return [
        import_module(f"{config.name}.projections").PROJECTION
        for config in apps.get_app_configs()
        if config.module is not None and module_has_submodule(config.module, "projections")
    ]


def rebuild(database_url: str, projection: Projection, progress: Progress = lambda position: None) -> int:
    """Makes the read models again beside those in use and swaps them in one short transaction; returns the position.

    Whoever reads sees the old tables or the new ones, never an empty one, and a projector at work goes on behind the
    swap. Killed at any moment it leaves the old tables as they are; the next run clears away what it left.
    Raises `Busy`."""
    with _made(database_url, projection, "rebuild", progress) as (shadow, projectors):
        for projector in projectors:
            projector.catch_up()
        shadow.finish()
        for _ in range(ATTEMPTS):
            while max(projector.catch_up() for projector in projectors) > NEAR:
                pass
            try:
                return _swap(shadow, projectors, projection)
            except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
                continue  # a reader is in the tables: let those behind it through first
            except psycopg.errors.DependentObjectsStillExist as error:
                raise LedgerError(f"drop what was built on the read models, and make it again: {error}") from error
    raise Busy(f"the tables of {projection.name} were being read all the time: try again when less is going on")


def compare(database_url: str, progress: Progress = lambda position: None) -> list[str]:
    """Every read model against a rebuild at the same position: what differs, by table, key and column; [] if nothing
    does.

    `progress` is told positions, log after log. The tables in use are only read, and the projector waits for the few
    milliseconds in which both sides come to the same position. Raises `Busy`."""
    return [fault for one in projections() for fault in compare_one(database_url, one, progress)]


def compare_one(database_url: str, projection: Projection, progress: Progress = lambda position: None) -> list[str]:
    """The same for the read models of one log."""
    with _made(database_url, projection, "compare", progress) as (shadow, projectors):
        for one in projectors:
            while one.catch_up(_position(shadow.connection, projection, one.partition)) > NEAR:
                pass
        with psycopg.connect(database_url, application_name="compare", **PATIENCE) as reader:
            reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            _hold(reader, shadow, projection)
            with shadow.connection.transaction():
                held = [_position(shadow.connection, projection, one.partition, hold=True) for one in projectors]
                for one, position in zip(projectors, held, strict=True):
                    one.catch_up(position)
                reader.execute("SELECT")  # what it sees from now on is both sides at this position
            faults = [
                fault
                for one, position in zip(projectors, held, strict=True)
                for fault in _beyond(projection, position, one.lanes[projection.name].position)
            ]
            return faults + [fault for model in projection.models for fault in _differences(reader, shadow, model)]


@contextmanager
def _made(
    database_url: str, projection: Projection, purpose: str, progress: Progress
) -> Iterator[tuple[Shadow, list[Projector]]]:
    """Empty copies of the tables, and the projectors that fill them, one a partition."""
    tables = [model._meta.db_table for model in projection.models]
    with psycopg.connect(database_url, autocommit=True, application_name=purpose, **PATIENCE) as connection:
        shadow = Shadow(connection, f"{purpose}_{projection.name}", tables)
        with shadow.made(logged=purpose == "rebuild"):
            projectors = [
                Projector(
                    shadow.url(database_url),
                    [projection],
                    after_commit=lambda _, first, last: progress(last),
                    partition=partition,
                )
                for partition in range(count_of(connection))
            ]
            with ExitStack() as closing:
                for projector in projectors:
                    closing.callback(projector.close)
                    projector.connect()
                yield shadow, projectors


def _hold(reader: Connection, shadow: Shadow, projection: Projection) -> None:
    """No rebuild swaps the tables until the reader is done: one that did before its first look would show them empty.
    To lock takes no snapshot."""
    tables = [Identifier(shadow.home, model._meta.db_table) for model in projection.models]
    reader.execute(SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(SQL(", ").join(tables)))


def _position(connection: Connection, projection: Projection, partition: int, *, hold: bool = False) -> int:
    """Of the tables in use; held, it does not move until the transaction ends."""
    query = "SELECT position FROM projection WHERE name = %s AND log = %s AND partition = %s"
    query = "SELECT projection_hold(%s, %s, %s)" if hold else query
    row = connection.execute(query, (projection.name, projection.log, partition)).fetchone()
    return (row[0] if row else None) or 0


def _swap(shadow: Shadow, projectors: Sequence[Projector], projection: Projection) -> int:
    """Gives the last position of the first partition."""
    connection, reached = shadow.connection, list[int]()
    with connection.transaction():
        connection.execute(f"SET LOCAL lock_timeout = {LOCK_MS}")
        for one in projectors:
            _position(connection, projection, one.partition, hold=True)
            one.catch_up()
        shadow.lock()
        shadow.replace()
        for one in projectors:
            reached.append(one.lanes[projection.name].position)
            connection.execute(
                "INSERT INTO projection VALUES (%s, %s, %s, %s) "
                "ON CONFLICT (name, log, partition) DO UPDATE SET position = excluded.position",
                (projection.name, projection.log, one.partition, reached[-1]),
            )
    return reached[0]


def _beyond(projection: Projection, position: int, reached: int) -> list[str]:
    if reached >= position:
        return []
    return [f"projection {projection.name}: position is {position}, but the log ends at {reached}"]


def _differences(reader: Connection, shadow: Shadow, model: type[ReadModel]) -> list[str]:
    table, key = model._meta.db_table, str(model._meta.pk.column)
    query = SQL(DIFFERENCES).format(
        key=Identifier(key), used=Identifier(shadow.home, table), made=Identifier(shadow.name, table)
    )
    rows = reader.execute(query, (SHOWN,)).fetchall()
    faults = [fault for name, used, made, _ in rows for fault in _told(f"{table} {name}", _row(used), _row(made))]
    if rows and rows[0][3] > SHOWN:
        faults.append(f"{table}: {rows[0][3]} rows differ, the first {SHOWN} are named")
    return faults


def _row(text: str | None) -> dict[str, Any] | None:
    return None if text is None else dict(json.loads(text, parse_float=Decimal))


def _told(row: str, used: dict[str, Any] | None, made: dict[str, Any] | None) -> Iterator[str]:
    if used is None:
        yield f"{row}: missing"
    elif made is None:
        yield f"{row}: nothing in the ledger gives this row"
    else:
        for column, value in used.items():
            if value != made[column]:
                yield f"{row}: {column} is {value}, the ledger gives {made[column]}"

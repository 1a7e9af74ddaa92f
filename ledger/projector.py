"""Carries the logs into read models: each batch and the position after it in one transaction."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from functools import partial
from typing import Protocol

import psycopg
import redis

from ledger import tables
from ledger.batches import Batch, LogBatches
from ledger.entries import stream_of
from ledger.errors import Fenced
from ledger.readmodel import Keyed, ReadModel, Rows, Told
from ledger.session import Session
from streams.client import Entry, Streams
from streams.envelope import Refused, decode
from streams.messages import Code, LedgerEntry, Log
from streams.stopping import Stop, Stopping, persist
from streams.telemetry import Telemetry

log = logging.getLogger(__name__)

NAME = "projector"
OBJECTS = 100_000  # between two searches for garbage: the rows of a batch die with it, without being searched for
SWITCH_S = 0.0005  # how long the thread that writes waits for its turn while the other one folds
READ = 500
BATCH = 8000
COPIED = 200  # appended rows: so many are copied, fewer are upserted as the other rows are
IDLE_MS = 250
LOST: tuple[type[Exception], ...] = (
    *(psycopg.OperationalError, psycopg.InterfaceError),
    *(redis.ConnectionError, redis.TimeoutError, Fenced),
)


def tune() -> None:
    """For a process that only projects: it spends a quarter less."""
    gc.freeze()
    gc.set_threshold(OBJECTS, 50, 100)
    sys.setswitchinterval(SWITCH_S)


class Projection(Protocol):
    """The read models of one log. `fold` gets the log's events in order, but for the topics that it passes over, and
    changes rows; they are written in the transaction in which the position moves."""

    name: str
    log: Log
    models: Sequence[type[ReadModel]]
    passed_over: frozenset[str]

    def fold(self, rows: Rows, events: Sequence[Told]) -> None: ...


AfterCommit = Callable[[Projection, int, int], None]


class Changes:
    """The rows of a batch as they are sent: made before the turn of the batch comes to be written."""

    def __init__(self, rows: Rows) -> None:
        self._appended = rows.appended
        self.statements = [tables.upsert(model, list(found.values())) for model, found in rows.written.items()]
        many = any(len(found.rows) >= COPIED for found in rows.appended.values())
        self.copies = [tables.copy(model, found) for model, found in rows.appended.items()] if many else []

    def inserts(self) -> list[tables.Statement]:
        """Instead of copies."""
        return [tables.insert(model, found) for model, found in self._appended.items()]


class Lane:
    """A projection with its place in its log, and the batch that is being written while the next one is folded.
    `table` (its oid) is another one after a rebuild."""

    def __init__(self, projection: Projection, batches: LogBatches, table: int) -> None:
        self.projection = projection
        self.batches = batches
        self.table = table
        self.ahead: dict[type[ReadModel], Keyed] = {}
        self.writing: tuple[Future[None], Batch] | None = None

    @property
    def position(self) -> int:
        return self.batches.position


class Projector:
    """Each projection has a position of its own, so a new or emptied one catches up while the others go on."""

    def __init__(
        self,
        database_url: str,
        projections: Sequence[Projection],
        *,
        after_commit: AfterCommit | None = None,
        partition: int = 0,
        pause_s: float = 0.0,
        batch: int = BATCH,
    ) -> None:
        """`after_commit` is told a projection and the first and last position that it now has. `pause_s` between two
        reads of the streams: more comes together, so less is spent on each event. `batch`: events a transaction."""
        self.database_url = database_url
        self.projections = projections
        self.after_commit = after_commit
        self.partition = partition
        self.pause_s = pause_s
        self.batch = batch
        self.lanes: dict[str, Lane] = {}
        self.refused: set[str] = set()
        self._reading: Session
        self._writing: Session
        self._ahead: Session
        self._reader: ThreadPoolExecutor
        self._writer: ThreadPoolExecutor
        self._opened = ExitStack()

    def connect(self) -> None:
        """Goes on from the positions in the database."""
        self.close()
        self._reading, self._ahead, self._writing = [
            self._opened.enter_context(closing(Session(self.database_url, f"{NAME} {what}")))
            for what in ("reads", "reads ahead", "writes")
        ]
        self._reader = self._opened.enter_context(ThreadPoolExecutor(1, f"{NAME} reads ahead"))
        self._writer = self._opened.enter_context(ThreadPoolExecutor(1, f"{NAME} writes"))
        for one in self.projections:
            batches = LogBatches(self._ahead, one.log, self.partition, self._position(one), one.passed_over)
            ((table,),) = self._reading.run("SELECT %s::regclass::oid", (_table_of(one),))
            self.lanes[one.name] = Lane(one, batches, table)

    def accept(self, *entries: LedgerEntry) -> int:
        """Projects entries of the streams, and what is missing before them; returns how many events were new."""
        return sum(
            self._accept(lane, [entry for entry in entries if entry.log == lane.projection.log])
            for lane in self.lanes.values()
        )

    def _accept(self, lane: Lane, entries: Sequence[LedgerEntry]) -> int:
        """In as few transactions as their number allows."""
        begun, new = lane.position, list[Batch]()
        for entry in entries:
            if entry.first > lane.position + 1:
                self._project(lane, new)
                new = []
                self._catch_up(lane, entry.first - 1)
            if batch := lane.batches.accept(entry):
                new.append(batch)
            if new and new[-1].last - new[0].first >= self.batch:
                self._project(lane, new)
                new = []
        self._project(lane, new)
        self._settle(lane)
        return lane.position - begun

    def catch_up(self, last: int | None = None) -> int:
        """Projects what the tables have, up to a position; returns how many events were new."""
        return sum(self._catch_up(lane, last) for lane in self.lanes.values())

    def run(self, redis_url: str, telemetry: Telemetry, stop: Stop) -> None:
        """Follows the streams until told to stop; a lost connection is the same as a start."""
        streams = Streams(redis_url)
        while not stop:
            try:
                persist("PostgreSQL", self.connect, stop, errors=(*LOST, psycopg.errors.UndefinedTable))
                persist("Redis", streams.redis.ping, stop, errors=(redis.ConnectionError, redis.TimeoutError))
                telemetry.counters["events"] += self.catch_up()
                while not stop:
                    telemetry.counters["events"] += self._step(streams)
                    self._tell(telemetry)
                    stop.wait(self.pause_s)
                telemetry.leave()
            except Stopping as waited_for:
                log.info("stopped while waiting for %s", waited_for)
            except LOST as error:
                log.warning("starting over: %s", str(error).strip() or type(error).__name__)
                stop.wait(IDLE_MS / 1000)
        self.close()
        streams.redis.close()

    def _step(self, streams: Streams) -> int:
        """One read of the streams; where they are silent the tables are asked."""
        where: dict[str, str] = {}
        for log_name in sorted({lane.projection.log for lane in self.lanes.values()}):
            reached = min(lane.position for lane in self.lanes.values() if lane.projection.log == log_name)
            where[stream_of(log_name, self.partition)] = f"{reached}-0"
        read = streams.read(where, block_ms=IDLE_MS, count=READ)
        entries = [entry for one in read if (entry := self._decoded(streams, one))]
        return self.accept(*entries) if entries else self.catch_up()

    def _decoded(self, streams: Streams, entry: Entry) -> LedgerEntry | None:
        """None for what is no entry of a ledger; it is buried once, though it is read again until the relay has
        mended its stream."""
        try:
            body = decode(entry.raw).body
            if not isinstance(body, LedgerEntry):
                raise Refused(Code.UNKNOWN_TYPE, f"{type(body).__name__} is no entry of a ledger")
        except Refused as refusal:
            if entry.id not in self.refused:
                self.refused.add(entry.id)
                streams.bury(entry, refusal, origin=NAME)
            return None
        return body

    def _tell(self, telemetry: Telemetry) -> None:
        for name, lane in self.lanes.items():
            telemetry.gauges[f"position:{name}"] = lane.position
        telemetry.counters["refused"] = len(self.refused)
        telemetry.beat()

    def _catch_up(self, lane: Lane, last: int | None) -> int:
        """Reads a batch while the one before it is folded and the one before that is written."""
        begun = lane.position
        coming = self._read_ahead(lane, last)
        while (batch := coming.result()) is not None:
            coming = self._read_ahead(lane, last)
            self._project(lane, [batch])
        self._settle(lane)
        return lane.position - begun

    def _read_ahead(self, lane: Lane, last: int | None) -> Future[Batch | None]:
        limit = self.batch if last is None else min(self.batch, last - lane.position)
        return self._reader.submit(lane.batches.read, max(0, limit))

    def _project(self, lane: Lane, batches: Sequence[Batch]) -> None:
        """Folds while the batch before is written, so that the database and this process work at the same time."""
        if not batches:
            return
        batch = Batch(batches[0].first, batches[-1].last, [event for one in batches for event in one.events])
        rows = Rows(partial(tables.fetch, self._reading.connection), lane.ahead)
        lane.projection.fold(rows, batch.events)
        changes = Changes(rows)
        self._settle(lane)
        lane.ahead = dict(rows.written)
        lane.writing = self._writer.submit(self._write, lane, batch, changes), batch

    def _settle(self, lane: Lane) -> None:
        """Waits until everything is written: the next fold would not find rows of two batches ago anywhere else."""
        if lane.writing is not None:
            (written, batch), lane.writing, lane.ahead = lane.writing, None, {}
            written.result()
            if self.after_commit is not None:
                self.after_commit(lane.projection, batch.first, batch.last)

    def _write(self, lane: Lane, batch: Batch, changes: Changes) -> None:
        if changes.copies:
            try:
                self._move(lane, batch, changes.statements, changes.copies)
                return
            except psycopg.errors.UniqueViolation:
                log.info("%s has rows behind %d already: its position was set back", lane.projection.name, batch.first)
        self._move(lane, batch, [*changes.statements, *changes.inserts()], ())

    def _move(
        self, lane: Lane, batch: Batch, statements: Sequence[tables.Statement], copies: Sequence[tables.Copy]
    ) -> None:
        """The position and the rows in one transaction. One statement after the other: psycopg's pipeline may keep the
        end of what is longer than a socket takes at once, and then both sides wait for ever."""
        connection, one, before = self._writing.connection, lane.projection, batch.first - 1
        with connection.transaction():
            moved = connection.execute(
                "UPDATE projection SET position = %s WHERE name = %s AND log = %s AND partition = %s AND position = %s "
                "AND to_regclass(%s)::oid = %s",
                (batch.last, one.name, one.log, self.partition, before, _table_of(one), lane.table),
            )
            if moved.rowcount != 1:
                raise Fenced(f"{one.name} is not at {before} any more: another projector, or a rebuild was swapped in")
            tables.copy_in(connection, copies)
            tables.write(connection, statements)

    def _position(self, projection: Projection) -> int:
        place = (projection.name, projection.log, self.partition)
        self._reading.run("INSERT INTO projection VALUES (%s, %s, %s, 0) ON CONFLICT DO NOTHING", place)
        where = "name = %s AND log = %s AND partition = %s"
        return int(self._reading.run(f"SELECT position FROM projection WHERE {where}", place)[0][0])

    def close(self) -> None:
        """Ends after what is being written."""
        self.lanes.clear()
        self._opened.close()


def _table_of(projection: Projection) -> str:
    return projection.models[0]._meta.db_table

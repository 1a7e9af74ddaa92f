"""Carries the logs into read models: each batch and the position after it in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import django.db
import psycopg
import redis
from django.db import connections, transaction

from ledger.entries import stream_of
from ledger.errors import Fenced
from ledger.follower import Follower
from ledger.records import RecordedEvent
from streams.client import Entry, Streams
from streams.envelope import Refused, decode
from streams.messages import Code, LedgerEntry, Log
from streams.stopping import Stop, Stopping, persist
from streams.telemetry import Telemetry

log = logging.getLogger(__name__)

NAME = "projector"
BATCH = 500
IDLE_MS = 250
LOST: tuple[type[Exception], ...] = (
    *(django.db.OperationalError, django.db.InterfaceError, psycopg.OperationalError, psycopg.InterfaceError),
    *(redis.ConnectionError, redis.TimeoutError, Fenced),
)


class Projection(Protocol):
    """A read model of one log. `apply` gets the log's events in order, and a cursor of the transaction in which
    its position moves too; what it writes through Django's ORM is in the same transaction."""

    name: str
    log: Log

    def apply(self, events: Sequence[RecordedEvent], cursor: Any) -> None: ...


AfterCommit = Callable[[Projection, Sequence[RecordedEvent]], None]


class Projector:
    """Each projection has a position of its own, so a new or emptied one catches up while the others go on."""

    def __init__(
        self,
        database_url: str,
        projections: Sequence[Projection],
        *,
        after_commit: AfterCommit | None = None,
        using: str = "default",
        partition: int = 0,
        pause_s: float = 0.0,
    ) -> None:
        """`pause_s` between two reads of the streams: more comes together, so less is spent on each event."""
        self.database_url = database_url
        self.projections = projections
        self.after_commit = after_commit
        self.using = using
        self.partition = partition
        self.pause_s = pause_s
        self.followers: dict[str, Follower] = {}
        self.refused: set[str] = set()

    def connect(self) -> None:
        """Goes on from the positions in the database."""
        self.close()
        for projection in self.projections:
            position = self._position(projection)
            self.followers[projection.name] = Follower(self.database_url, projection.log, self.partition, position)

    def accept(self, *entries: LedgerEntry) -> int:
        """Projects entries of the streams, and what is missing before them; returns how many events were new."""
        return sum(
            self._accept(projection, self.followers[projection.name], [e for e in entries if e.log == projection.log])
            for projection in self.projections
        )

    def _accept(self, projection: Projection, follower: Follower, entries: Sequence[LedgerEntry]) -> int:
        """In as few transactions as their number allows."""
        count, new = 0, list[RecordedEvent]()
        for entry in entries:
            if entry.first > follower.position + 1:
                count += self._project(projection, new) + self._catch_up(projection, follower, entry.first - 1)
                new = []
            new += follower.accept(entry)
        return count + self._project(projection, new)

    def catch_up(self) -> int:
        """Projects what the tables have; returns how many events were new."""
        return sum(self._catch_up(projection, self.followers[projection.name], None) for projection in self.projections)

    def run(self, redis_url: str, telemetry: Telemetry, stop: Stop) -> None:
        """Follows the streams until told to stop; a lost connection is the same as a start."""
        streams = Streams(redis_url)
        while not stop:
            try:
                persist("PostgreSQL", self.connect, stop, errors=(*LOST, django.db.ProgrammingError))
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
        for log_name in sorted({projection.log for projection in self.projections}):
            reached = min(follower.position for _, follower in self._of(log_name))
            where[stream_of(log_name, self.partition)] = f"{reached}-0"
        read = streams.read(where, block_ms=IDLE_MS, count=BATCH)
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
        for name, follower in self.followers.items():
            telemetry.gauges[f"position:{name}"] = follower.position
        telemetry.counters["refused"] = len(self.refused)
        telemetry.beat()

    def _of(self, log_name: Log) -> list[tuple[Projection, Follower]]:
        return [(one, self.followers[one.name]) for one in self.projections if one.log == log_name]

    def _catch_up(self, projection: Projection, follower: Follower, last: int | None) -> int:
        count = 0
        while last is None or follower.position < last:
            limit = BATCH if last is None else min(BATCH, last - follower.position)
            if not (events := follower.catch_up(limit)):
                break
            count += self._project(projection, events)
        return count

    def _project(self, projection: Projection, events: Sequence[RecordedEvent]) -> int:
        for start in range(0, len(events), BATCH):
            batch = events[start : start + BATCH]
            with transaction.atomic(using=self.using), connections[self.using].cursor() as cursor:
                self._move(projection, batch[0].position - 1, batch[-1].position, cursor)
                projection.apply(batch, cursor)
            if self.after_commit is not None:
                self.after_commit(projection, batch)
        return len(events)

    def _move(self, projection: Projection, before: int, after: int, cursor: Any) -> None:
        cursor.execute(
            "UPDATE projection SET position = %s WHERE name = %s AND log = %s AND partition = %s AND position = %s",
            (after, projection.name, projection.log, self.partition, before),
        )
        if cursor.rowcount != 1:
            raise Fenced(f"the projection {projection.name} is not at {before}: another projector is at work")

    def _position(self, projection: Projection) -> int:
        place = (projection.name, projection.log, self.partition)
        with connections[self.using].cursor() as cursor:
            cursor.execute("INSERT INTO projection VALUES (%s, %s, %s, 0) ON CONFLICT DO NOTHING", place)
            cursor.execute("SELECT position FROM projection WHERE name = %s AND log = %s AND partition = %s", place)
            return int(cursor.fetchone()[0])

    def close(self) -> None:
        for follower in self.followers.values():
            follower.close()
        self.followers.clear()
        connections[self.using].close()

"""Brings the streams of the logs level with the ledger: each position once, in order, holes filled from the table."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import redis
from msgspec.structs import replace
from redis.backoff import NoBackoff
from redis.retry import Retry

from ledger.entries import COLUMNS, entries, enveloped, stream_of, table_row
from ledger.session import Session
from streams.client import FIELD
from streams.envelope import Refused, decode, encode
from streams.messages import LedgerEntry, Log
from streams.telemetry import Telemetry

log = logging.getLogger(__name__)

KEPT_POSITIONS = 200_000
KEPT_S = 3600.0
MARK_EVERY_S = 60.0
BATCH = 1000
IN_FLIGHT_S = 2.0

Key = tuple[Log, int]


def connect(url: str) -> redis.Redis:
    """One connection without retries: a reconnect that nobody notices could hide what Redis has lost."""
    return redis.Redis.from_url(url, single_connection_client=True, retry=Retry(NoBackoff(), 0), socket_timeout=10)


class Delivery:
    """Lives as long as its connections to PostgreSQL and Redis; after a loss a new one compares and goes on."""

    def __init__(
        self, session: Session, connection: redis.Redis, telemetry: Telemetry, alarm: Callable[[str], None]
    ) -> None:
        self.session = session
        self.redis = connection
        self.telemetry = telemetry
        self.alarm = alarm
        self.published: dict[Key, int] = {}
        self._marks: dict[Key, deque[tuple[float, int]]] = {}
        self._known: set[Key] = set()

    def publish(self, found: Iterable[LedgerEntry]) -> None:
        """Adds entries in one MULTI/EXEC, without what the streams have and after what they lack."""
        batch: list[LedgerEntry] = []
        reached: dict[Key, int] = {}
        for entry in found:
            key = (entry.log, entry.partition)
            done = reached.setdefault(key, self.reached(key))
            if entry.first > done + 1:
                self._send(batch)
                batch = []
                log.warning("%s: positions %d to %d are missing", stream_of(*key), done + 1, entry.first - 1)
                self._refill(key, done, entry.first - 1)
            if entry.last > done:
                batch.append(_after(entry, done))
                reached[key] = entry.last
        self._send(batch)

    def compare(self, *, whole: bool) -> dict[Key, int]:
        """Refills what a stream lacks: of what was published before, or (`whole`) of all that is committed.
        Gives where the logs stand."""
        heads: dict[Key, int] = {}
        for log_name, partition, last in self.session.run("SELECT log, partition, position FROM head", prepare=True):
            key = (log_name, partition)
            heads[key] = last
            stream = self._position_in_stream(key)
            if (stream > last and not self._is_in_flight(key, stream)) or not self._is_known(key, stream):
                self.alarm(f"{stream_of(*key)} tells of another ledger: it is filled anew from the table")
                self.redis.delete(stream_of(*key))
                stream = 0
            if stream < (last if whole else self.published.get(key, 0)):
                self._refill(key, max(stream, last - KEPT_POSITIONS), last)
            self.published[key] = max(stream, self.published.get(key, 0))
        return heads

    def _is_known(self, key: Key, last: int) -> bool:
        """Whether the stream's last entry is what the table has there: the ledger of a restored database may have
        gone another way and be the longer one by now. Looked at once a connection."""
        if key in self._known:
            return True
        self._known.add(key)
        found = cast("list[tuple[bytes, dict[bytes, bytes]]]", self.redis.xrevrange(stream_of(*key), count=1))
        query = f"SELECT {COLUMNS} FROM event_log WHERE log = %s AND partition = %s AND position = %s"
        rows = self.session.run(query, (*key, last))
        if not found:
            return True
        if not rows:
            self.alarm(f"{stream_of(*key)}: position {last} was relayed, but the table does not have it any more")
            return True
        try:
            entry = decode(found[0][1].get(FIELD, b"")).body
        except Refused:
            return False
        _, _, recorded_at, row = table_row(rows[0])
        return (
            isinstance(entry, LedgerEntry)
            and entry.recorded_at == recorded_at
            and bytes(entry.rows[-1].state) == bytes(row.state)
        )

    def reached(self, key: Key) -> int:
        """The last position that the stream has."""
        if key not in self.published:
            self.published[key] = self._position_in_stream(key)
        return self.published[key]

    def _position_in_stream(self, key: Key) -> int:
        try:
            information = cast("dict[str, bytes]", self.redis.xinfo_stream(stream_of(*key)))
        except redis.ResponseError as error:
            if "no such key" not in str(error):
                raise
            return 0
        return int(information["last-generated-id"].partition(b"-")[0])

    def _is_in_flight(self, key: Key, position: int) -> bool:
        """The WAL may be ahead of what is visible, but only for a moment."""
        deadline = time.monotonic() + IN_FLIGHT_S
        query = "SELECT position FROM head WHERE log = %s AND partition = %s"
        while self.session.run(query, key)[0][0] < position:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    def _refill(self, key: Key, after: int, last: int) -> None:
        query = f"""SELECT {COLUMNS} FROM event_log
            WHERE log = %s AND partition = %s AND position > %s AND position <= %s ORDER BY position LIMIT {BATCH}"""
        while after < last:
            rows = self.session.run(query, (*key, after, last), prepare=True)
            if not rows:
                self.alarm(f"the log {key[0]} has nothing between {after} and {last}")
                return
            found = list(entries(map(table_row, rows)))
            self._send(found)
            self.telemetry.counters["from table"] += len(rows)
            after = found[-1].last

    def _send(self, batch: Sequence[LedgerEntry]) -> None:
        if not batch:
            return
        with self.redis.pipeline(transaction=True) as pipe:
            for entry in batch:
                pipe.xadd(
                    stream_of(entry.log, entry.partition),
                    cast("Any", {FIELD: encode(enveloped(entry))}),
                    id=f"{entry.last}-0",
                    minid=self._oldest_kept((entry.log, entry.partition), entry.last),
                    approximate=True,
                )
            answers = pipe.execute(raise_on_error=False)
        for answer in answers:
            # Redis itself refuses what it has: an earlier attempt got through.
            if isinstance(answer, Exception) and "equal or smaller" not in str(answer):
                raise answer
        now = time.time_ns()
        for entry in batch:
            self.published[entry.log, entry.partition] = entry.last
            self.telemetry.read_up_to(stream_of(entry.log, entry.partition), f"{entry.last}-0")
            self.telemetry.observe("relay", now - entry.recorded_at)
        self.telemetry.counters["entries"] += len(batch)

    def _oldest_kept(self, key: Key, last: int) -> int:
        """Positions of about the last hour, and never more than 200,000: the table has the rest."""
        now = time.monotonic()
        marks = self._marks.setdefault(key, deque([(now, last)]))
        if now - marks[-1][0] > MARK_EVERY_S:
            marks.append((now, last))
        while len(marks) > 1 and now - marks[1][0] > KEPT_S:
            marks.popleft()
        hour_ago = marks[0][1] if now - marks[0][0] > KEPT_S else 0
        return max(hour_ago, last - KEPT_POSITIONS, 0)


def _after(entry: LedgerEntry, done: int) -> LedgerEntry:
    """The entry without the rows that the stream has."""
    if entry.first > done:
        return entry
    rows = tuple(row for row in entry.rows if row.position > done)
    return replace(entry, first=rows[0].position, rows=rows)

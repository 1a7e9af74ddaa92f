"""The table of marks: the feed writes runs of P into it without ever waiting for it; the scorer asks it."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import psycopg

from market.domain.runs import WITHIN_NS, Mark, Run, Runs
from streams.messages import Tick
from streams.stopping import Stop, Stopping, persist

log = logging.getLogger(__name__)

Connection = psycopg.Connection[Any]
Question = tuple[str, int]

EVERY_NS = 250_000_000
MOST_WAITING = 100_000
LARGEST_STATEMENT = 500  # runs; putting a statement together holds the feed's loop up for some 2 µs each
LAST_WORDS_S = 5.0
PATIENCE: dict[str, Any] = {"connect_timeout": 2, "keepalives_idle": 5, "tcp_user_timeout": 10_000}

# A loose index scan: one descent of the index for each instrument.
_NEWEST = """
    WITH RECURSIVE newest AS (
        (SELECT instrument, first_at, last_at FROM price_run ORDER BY instrument DESC, first_at DESC LIMIT 1)
        UNION ALL
        SELECT following.* FROM newest, LATERAL (
            SELECT instrument, first_at, last_at FROM price_run
            WHERE instrument < newest.instrument ORDER BY instrument DESC, first_at DESC LIMIT 1) following
    )"""
_CLOCK = _NEWEST + "SELECT max(last_at) FROM newest"
_UPSERT = """
    INSERT INTO price_run (instrument, first_at, last_at, price, spread, source)
    SELECT instrument, first_at, last_at, price::numeric, spread::numeric, source
    FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[])
        AS run (instrument, first_at, last_at, price, spread, source)
    ON CONFLICT (instrument, first_at) DO UPDATE
        SET last_at = excluded.last_at, price = excluded.price, spread = excluded.spread, source = excluded.source"""
_BEGIN_ANEW = (
    _NEWEST
    + """DELETE FROM price_run USING newest
         WHERE price_run.instrument = newest.instrument AND price_run.first_at >= %(at)s""",
    _NEWEST
    + """UPDATE price_run SET last_at = %(at)s - 1 FROM newest
         WHERE (price_run.instrument, price_run.first_at) = (newest.instrument, newest.first_at)
           AND price_run.last_at >= %(at)s""",
)
_FIRST_AFTER = """
    SELECT asked.instrument, asked.at, found.price, found.at, found.source
    FROM unnest(%s::text[], %s::bigint[]) AS asked (instrument, at), LATERAL (
        (SELECT price, asked.at AS at, source FROM (
            SELECT * FROM price_run WHERE instrument = asked.instrument AND first_at <= asked.at
            ORDER BY first_at DESC LIMIT 1) holding
         WHERE last_at >= asked.at)
        UNION ALL
        (SELECT price, first_at, source FROM price_run
         WHERE instrument = asked.instrument AND first_at > asked.at AND first_at <= asked.at + %s
         ORDER BY first_at LIMIT 1)
        ORDER BY at LIMIT 1) found"""
_FORGET = (
    _NEWEST
    + """DELETE FROM price_run WHERE ctid = ANY (ARRAY(
             SELECT old.ctid FROM newest, LATERAL (
                 SELECT ctid FROM price_run
                 WHERE instrument = newest.instrument AND first_at < %(before)s AND last_at < %(before)s
                 ORDER BY first_at LIMIT %(most)s) old
             LIMIT %(most)s))"""
)


def market_clock(connection: Connection) -> int | None:
    """The market time (ns) up to which marks are written; None where there are none."""
    row = connection.execute(_CLOCK).fetchone()
    return None if row is None else cast("int | None", row[0])


def first_after(connection: Connection, asked: Iterable[Question], within_ns: int = WITHIN_NS) -> dict[Question, Mark]:
    """The first P of each instrument at its time (market clock, ns) or in the `within_ns` after it."""
    pairs = sorted(set(asked))
    names, times = [name for name, _ in pairs], [at for _, at in pairs]
    rows = connection.execute(_FIRST_AFTER, (names, times, within_ns)).fetchall()
    return {(name, at): Mark(price, found_at, source) for name, at, price, found_at, source in rows}


def forget(connection: Connection, before: int, most: int) -> int:
    """Deletes at most so many runs that ended before a market time, the oldest first; returns how many."""
    return connection.execute(_FORGET, {"before": before, "most": most}).rowcount


class MarkWriter:
    """Follows the ticks in the feed's loop and writes in a thread of its own, four times a second.

    What PostgreSQL does not take waits here, the newest 100,000 runs of it; the rest is dropped and counted. `after` is
    the market time of the last feed: what it wrote beyond the first tick of this one is of a clock that was set back
    (a Redis that was emptied), and is deleted."""

    def __init__(
        self,
        database_url: str,
        *,
        after: int = 0,
        most_waiting: int = MOST_WAITING,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self.dropped = 0
        self.written = 0
        self._database_url = database_url
        self._most_waiting = most_waiting
        self._clock = clock
        self._runs = Runs(after)
        self._waiting: OrderedDict[Question, Run] = OrderedDict()
        self._turn = threading.Condition()
        self._next_at = 0
        self._stop = Stop()
        self._connection: Connection | None = None
        self._begun = False
        self._thread = threading.Thread(target=self._run, name="marks", daemon=True)

    def start(self) -> MarkWriter:
        self._thread.start()
        return self

    @property
    def waiting(self) -> int:
        """Runs that PostgreSQL has not taken yet."""
        return len(self._waiting)

    def observe(self, ticks: Iterable[Tick]) -> None:
        observe = self._runs.observe
        for tick in ticks:
            observe(tick)

    def hand_on(self, *, at_once: bool = False) -> None:
        """What has changed goes to the thread, if a quarter of a second has passed."""
        now = self._clock()
        if now < self._next_at and not at_once:
            return
        self._next_at = now + EVERY_NS
        changed = self._runs.take_changed()
        if not changed:
            return
        with self._turn:
            for run in changed:
                key = run.instrument, run.first_at
                self._waiting[key] = run
                self._waiting.move_to_end(key)
            while len(self._waiting) > self._most_waiting:
                self._waiting.popitem(last=False)
                self.dropped += 1
            self._turn.notify()

    def close(self) -> None:
        """Writes what there is, once, if PostgreSQL takes it within a few seconds."""
        self.hand_on(at_once=True)
        self._stop.set()
        with self._turn:
            self._turn.notify()
        self._thread.join(LAST_WORDS_S)
        if self._waiting:
            log.warning("%d marks were not written", len(self._waiting))

    def _run(self) -> None:
        try:
            while self._has_work():
                persist("PostgreSQL, to keep marks", self._write, self._stop, errors=(psycopg.Error,))
        except Stopping:
            self._write_last()
        finally:
            self._disconnect()

    def _has_work(self) -> bool:
        """Waits for runs; False when there are none and there will be none."""
        with self._turn:
            while not self._waiting and not self._stop:
                self._turn.wait()
            return bool(self._waiting)

    def _write_last(self) -> None:
        try:
            while self._waiting:
                self._write()
        except psycopg.Error as error:
            log.warning("PostgreSQL does not take the last marks: %s", error)

    def _write(self) -> None:
        """All that waits in one transaction, so that the table is complete up to its clock; then it waits no more."""
        with self._turn:
            batch = dict(self._waiting)
        try:
            connection = self._connected()
            with connection.transaction():
                _store(connection, list(batch.values()), begin=not self._begun)
        except psycopg.Error:
            self._disconnect()
            raise
        self._begun = True
        self.written += len(batch)
        with self._turn:
            for key, run in batch.items():
                if self._waiting.get(key) is run:
                    del self._waiting[key]

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                self._database_url, autocommit=True, application_name="marks", **PATIENCE
            )
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _store(connection: Connection, runs: Sequence[Run], *, begin: bool) -> None:
    if begin:
        begins_at = {"at": min(run.first_at for run in runs)}
        for statement in _BEGIN_ANEW:
            connection.execute(statement, begins_at)
    for index in range(0, len(runs), LARGEST_STATEMENT):
        part = runs[index : index + LARGEST_STATEMENT]
        columns = (
            [run.instrument for run in part],
            [run.first_at for run in part],
            [run.last_at for run in part],
            [str(run.price) for run in part],
            [str(run.spread) for run in part],
            [run.source for run in part],
        )
        connection.execute(_UPSERT, columns, prepare=True)

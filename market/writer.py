"""Writes what is kept of the market - marks, bars, listings - without the feed ever waiting for it."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import psycopg

from market import bars, listings, marks
from market.domain.bars import Bar, Bars, joined
from market.domain.listing import Listing
from market.domain.runs import Run, Runs
from streams.messages import Tick
from streams.stopping import Stop, Stopping, persist

log = logging.getLogger(__name__)

Key = tuple[str, int] | bars.Key
Kept = TypeVar("Kept", Run, Bar)

EVERY_NS = 250_000_000
MOST_WAITING = 100_000
LARGEST_STATEMENT = 500  # rows; putting a statement together holds the feed's loop up for some 2 µs each
LAST_WORDS_S = 5.0
PATIENCE: dict[str, Any] = {"connect_timeout": 2, "keepalives_idle": 5, "tcp_user_timeout": 10_000}


class _Before:
    """What earlier feeds have left at the market time at which this one begins."""

    def __init__(self, at: int, set_back: bool, begun: dict[bars.Key, Bar]) -> None:
        self._at = at
        self._set_back = set_back
        self._begun = begun

    def forget_later(self, connection: psycopg.Connection[Any]) -> None:
        marks.begin_anew(connection, self._at)
        if self._set_back:
            bars.begin_anew(connection, self._at, self._begun.values())

    def gone_on_with(self, bar: Bar) -> Bar:
        earlier = self._begun.get((bar.instrument, bar.width_s, bar.at))
        return bar if earlier is None else joined(earlier, bar)


class MarketWriter:
    """Follows the ticks in the feed's loop and writes in a thread of its own, four times a second.

    What PostgreSQL does not take waits here, the newest 100,000 runs and bars of it; the rest is dropped and counted.
    `after` is the market time of the last feed: what it wrote beyond the first tick of this one is of a clock that was
    set back (a Redis that was emptied), and is deleted. The bars that it began are gone on with."""

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
        self._bars = Bars(after)
        self._begins_at: int | None = None
        self._before: _Before | None = None
        self._begun = False
        self._waiting: OrderedDict[Key, Run | Bar] = OrderedDict()
        self._listings: dict[tuple[str, str], Listing] = {}
        self._turn = threading.Condition()
        self._next_at = 0
        self._stop = Stop()
        self._connection: psycopg.Connection[Any] | None = None
        self._thread = threading.Thread(target=self._run, name="market", daemon=True)

    def start(self) -> MarketWriter:
        self._thread.start()
        return self

    @property
    def waiting(self) -> int:
        """Runs, bars and listings that PostgreSQL has not taken yet."""
        return len(self._waiting) + len(self._listings)

    def observe(self, ticks: Iterable[Tick]) -> None:
        of_runs, of_bars = self._runs.observe, self._bars.observe
        for tick in ticks:
            of_runs(tick)
            of_bars(tick)

    def list(self, said: Iterable[Listing]) -> None:
        """What venues have said; the newest word on each symbol is written."""
        with self._turn:
            for listing in said:
                self._listings[listing.venue, listing.symbol] = listing
                self._turn.notify()

    def hand_on(self, *, at_once: bool = False) -> None:
        """What has changed goes to the thread, if a quarter of a second has passed."""
        now = self._clock()
        if now < self._next_at and not at_once:
            return
        self._next_at = now + EVERY_NS
        runs = self._runs.take_changed()
        changed: dict[Key, Run | Bar] = {(run.instrument, run.first_at): run for run in runs}
        changed |= {(bar.instrument, bar.width_s, bar.at): bar for bar in self._bars.take_changed()}
        if not changed:
            return
        if self._begins_at is None:
            self._begins_at = min(run.first_at for run in runs)
        with self._turn:
            for key, what in changed.items():
                self._waiting[key] = what
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
        if self.waiting:
            log.warning("%d marks, bars and listings were not written", self.waiting)

    def _run(self) -> None:
        try:
            while self._has_work():
                persist("PostgreSQL, to keep the market", self._write, self._stop, errors=(psycopg.Error,))
        except Stopping:
            self._write_last()
        finally:
            self._disconnect()

    def _has_work(self) -> bool:
        """Waits for something to write; False when there is nothing and there will be nothing."""
        with self._turn:
            while not self.waiting and not self._stop:
                self._turn.wait()
            return bool(self.waiting)

    def _write_last(self) -> None:
        try:
            while self.waiting:
                self._write()
        except psycopg.Error as error:
            log.warning("PostgreSQL does not take the last of the market: %s", error)

    def _write(self) -> None:
        """All that waits in one transaction, so that the tables are complete up to their clock; then it waits no
        more."""
        with self._turn:
            batch, said = dict(self._waiting), dict(self._listings)
        try:
            connection = self._connected()
            if batch and self._before is None:
                self._before = self._look(connection)
            with connection.transaction():
                self._store(connection, list(batch.values()))
                listings.store(connection, said.values())
        except psycopg.Error:
            self._disconnect()
            raise
        self._begun = self._begun or bool(batch)
        self.written += len(batch)
        with self._turn:
            _done(self._waiting, batch)
            _done(self._listings, said)

    def _look(self, connection: psycopg.Connection[Any]) -> _Before:
        """Once only: if the answer to the first commit were lost, the tables would hold ours too."""
        assert self._begins_at is not None
        clock = marks.market_clock(connection)
        set_back = clock is not None and clock > self._begins_at
        return _Before(self._begins_at, set_back, bars.begun(connection, self._begins_at, set_back=set_back))

    def _store(self, connection: psycopg.Connection[Any], kept: Sequence[Run | Bar]) -> None:
        before = self._before
        if before is None:
            return
        if not self._begun:
            before.forget_later(connection)
        for runs in _parts([each for each in kept if isinstance(each, Run)]):
            marks.store(connection, runs)
        for told in _parts([before.gone_on_with(each) for each in kept if isinstance(each, Bar)]):
            bars.store(connection, told)

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                self._database_url, autocommit=True, application_name="market", **PATIENCE
            )
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _done(waiting: dict[Any, Any], written: dict[Any, Any]) -> None:
    """What has not changed since it was taken waits no more."""
    for key, what in written.items():
        if waiting.get(key) is what:
            del waiting[key]


def _parts(rows: Sequence[Kept]) -> Iterable[Sequence[Kept]]:
    return (rows[index : index + LARGEST_STATEMENT] for index in range(0, len(rows), LARGEST_STATEMENT))

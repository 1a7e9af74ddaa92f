"""Streams that are kept connected: one connection follows on the other, and before one is given up willingly its
successor delivers."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Sequence
from random import Random

from feeds.binance.connection import Address, Connection, Latest, Retired, Take
from feeds.binance.plan import BinancePlan
from feeds.binance.watch import Watch
from feeds.connecting import Allowance, Backoff, Silence
from feeds.socket import Rejected
from streams.messages import Depth, Quote, Trade

log = logging.getLogger(__name__)

ADDRESSES: tuple[Address, ...] = ("named", "stream", "ws")
UNKNOWN_PATH = (400, 404)  # a server that is no Binance may have other paths


class Strand:
    """As many streams as one connection takes. Where a connection fails the next server of the list is tried, after a
    pause. A connection that asks to be replaced is not paused for, unless that happens again and again."""

    def __init__(
        self,
        names: Sequence[str],
        plan: BinancePlan,
        take: Take,
        events: Counter[str],
        attempts: Allowance,
        random: Random,
    ) -> None:
        self.latest: Latest = {Trade: {}, Quote: {}, Depth: {}}
        self._names = tuple(names)
        self._plan = plan
        self._take = take
        self._events = events
        self._attempts = attempts
        self._random = random
        self._backoff = Backoff(plan.first_pause_s, plan.longest_pause_s, random)
        self._watch = Watch(names, plan.quiet_s, plan.longest_quiet_s)
        self._current: Connection | None = None
        self._smooth = True
        self._server = 0
        self._address = 0
        self._silence_s = plan.silence_s
        self._retry_after_s = 0.0

    @property
    def connected(self) -> bool:
        return self._current is not None and not self._current.ended

    def end(self, error: Exception) -> None:
        """Ends the connection for the reason given; the next one follows as after any failure."""
        if self._current is not None:
            self._current.end(error)

    async def keep(self) -> None:
        """Stays connected until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._attempts.take()
                fresh = self._connection()
                tasks.create_task(self._run(fresh), name=f"connection to {fresh.base}")
                await fresh.opened.wait()
                if not fresh.ended and await self._hand_over(fresh):
                    await fresh.turn.wait()
                await self._pause_after(fresh)

    def _connection(self) -> Connection:
        plan = self._plan
        return Connection(
            plan.endpoints[self._server % len(plan.endpoints)],
            self._names,
            plan,
            self._take,
            self._events,
            self._watch,
            self.latest,
            silence_s=self._silence_s,
            rotate_s=plan.rotate_s - self._random.uniform(0, plan.rotate_jitter_s),
            random=self._random,
            address=ADDRESSES[self._address % len(ADDRESSES)],
        )

    async def _run(self, connection: Connection) -> None:
        try:
            await connection.run()
        except Retired:
            log.info("%s: left for a new connection", connection.base)
        except (OSError, TimeoutError) as error:
            self._lost(connection, error)
        except Exception as error:
            log.exception("%s: the client failed", connection.base)
            self._events["errors"] += 1
            self._lost(connection, error)

    def _lost(self, connection: Connection, error: Exception) -> None:
        self._events["disconnects"] += 1
        log.warning("%s: %s: %s", connection.base, type(error).__name__, error)
        if isinstance(error, Rejected):
            self._retry_after_s = error.retry_after_s
            self._address += error.status in UNKNOWN_PATH
        if isinstance(error, Silence):  # perhaps it is the market that is silent
            self._silence_s = min(2 * self._silence_s, max(self._plan.quiet_s, self._plan.silence_s))

    async def _hand_over(self, fresh: Connection) -> bool:
        """Whether the new connection is now the one. The old one stays until every stream has come over the new one,
        or some have and `overlap_s` is over; if nothing comes over it, it goes."""
        old, self._current = self._current, fresh
        if old is None or old.ended:
            return True
        fresh.unheard = fresh.streams
        old.overlapping = fresh.overlapping = True
        began = time.monotonic()
        try:
            while fresh.unheard and not fresh.ended and not old.ended:
                await asyncio.sleep(0.01)
                passed_s = time.monotonic() - began
                if passed_s > self._plan.overlap_s and len(fresh.unheard) < len(fresh.streams):
                    break
                if passed_s > self._plan.silence_s:
                    fresh.retire()
                    break
        finally:
            old.overlapping = fresh.overlapping = False
        if (fresh.ended or fresh.retired) and not old.ended:
            self._current = old
            return False
        old.retire()
        return True

    async def _pause_after(self, connection: Connection) -> None:
        """Before the next attempt; without a failure in between the first one follows at once."""
        if connection.data_s >= self._plan.steady_s:
            self._backoff.reset()
            self._smooth = True
            self._silence_s = self._plan.silence_s
        if connection.ended or connection.why in ("shutdowns", "silences"):
            self._server += 1
        if not connection.ended and self._smooth:
            self._smooth = False
            return
        pause = max(self._backoff.next_pause(), self._retry_after_s)
        self._retry_after_s = 0.0
        await asyncio.sleep(pause)

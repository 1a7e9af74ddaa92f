"""What a client asks Binance beside the streams: the time, the instruments, and order books on demand."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from random import Random
from statistics import median

from feeds.binance.plan import BinancePlan
from feeds.binance.rest import Rest, RestError
from feeds.connecting import Allowance, Backoff
from feeds.source import Clock
from feeds.venue import Sink
from market.domain.listing import Listing
from streams.messages import ReportTradingStatus

log = logging.getLogger(__name__)


class Inquiries:
    """`offset_ms`: the venue's clock minus ours, None until it is known. Nothing here is needed for the streams to go
    on: what fails is tried again later."""

    def __init__(
        self, rest: Rest, plan: BinancePlan, sink: Sink, clock: Clock, tasks: asyncio.TaskGroup, random: Random
    ) -> None:
        self.offset_ms: float | None = None
        self._rest = rest
        self._plan = plan
        self._sink = sink
        self._clock = clock
        self._tasks = tasks
        self._random = random
        self._tradable: dict[str, bool] = {}
        self._unknown: set[str] = set()
        self._asked: set[str] = set()
        self._not_before: dict[str, float] = {}
        self._backoffs: dict[str, Backoff] = {}
        self._snapshots = Allowance(plan.snapshots, plan.snapshots_s)

    async def keep_time(self) -> None:
        backoff = self._backoff(self._plan.clock_s)
        was_skewed = False
        while True:
            try:
                await self.look_at_clock()
            except RestError:
                await asyncio.sleep(backoff.next_pause())
                continue
            backoff.reset()
            assert self.offset_ms is not None
            is_skewed = abs(self.offset_ms) > self._plan.skewed_s * 1_000
            if is_skewed and not was_skewed:
                log.warning("the clock of %s is %.3f s ahead of ours", self._plan.name, self.offset_ms / 1_000)
            was_skewed = is_skewed
            await asyncio.sleep(self._plan.clock_s)

    async def look_at_clock(self) -> None:
        """Brings `offset_ms` up to date. Raises `RestError`; then it stays as it is."""
        rounds = [await self._rest.offset_ns() for _ in range(self._plan.clock_rounds)]
        self.offset_ms = median(rounds) / 1e6

    async def keep_listings(self) -> None:
        backoff = self._backoff(self._plan.listings_s)
        while True:
            try:
                listings = await self._rest.listings()
            except RestError:
                await asyncio.sleep(backoff.next_pause())
                continue
            backoff.reset()
            self._tell(listings)
            await asyncio.sleep(self._plan.listings_s)

    def want_snapshot(self, instrument: str) -> bool:
        """One request for an instrument is under way at a time, and it waits for its turn."""
        if instrument not in self._plan.symbols:
            return False
        if instrument not in self._asked:
            self._asked.add(instrument)
            self._tasks.create_task(self._snapshot(instrument), name=f"order book of {instrument}")
        return True

    async def _snapshot(self, instrument: str) -> None:
        backoff = self._backoffs.setdefault(instrument, self._backoff(self._plan.longest_pause_s))
        try:
            await asyncio.sleep(max(self._not_before.get(instrument, 0.0) - time.monotonic(), 0))
            await self._snapshots.take()
            book = await self._rest.snapshot(instrument)
        except RestError:
            self._not_before[instrument] = time.monotonic() + backoff.next_pause()
        else:
            backoff.reset()
            self._not_before[instrument] = time.monotonic() + self._plan.snapshot_s
            self._sink.items((book,))
        finally:
            self._asked.discard(instrument)

    def _tell(self, listings: Sequence[Listing]) -> None:
        self._sink.listings(listings)
        for listing in listings:
            self._tell_status(listing.symbol, listing.tradable, listing.status)
        for symbol in set(self._plan.symbols) - {listing.symbol for listing in listings}:
            if symbol in self._tradable:
                self._tell_status(symbol, tradable=False, status="NOT_LISTED")
            elif symbol not in self._unknown:
                self._unknown.add(symbol)
                log.error("%s knows no %s", self._plan.name, symbol)

    def _tell_status(self, symbol: str, tradable: bool, status: str) -> None:
        if self._tradable.get(symbol, True) != tradable:
            log.warning("%s says of %s: %s", self._plan.name, symbol, status)
            report = ReportTradingStatus(
                instrument=symbol, tradable=tradable, status=status or "TRADING", market_at=self._clock()
            )
            self._sink.items((report,))
        self._tradable[symbol] = tradable

    def _backoff(self, longest_s: float) -> Backoff:
        return Backoff(self._plan.first_pause_s, longest_s, self._random)

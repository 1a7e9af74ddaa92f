"""Binance as it happens, spot and USD-M futures: stays connected, keeps the ids in order, refills what is missing over
REST, and says what could not be had."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Sequence
from random import Random
from statistics import median

import aiohttp

from feeds.binance.connection import Connection
from feeds.binance.frames import decode
from feeds.binance.inquiries import Inquiries
from feeds.binance.plan import BinancePlan
from feeds.binance.rest import Denied, Rest, RestError
from feeds.binance.strand import Strand
from feeds.connecting import Allowance
from feeds.intake import Counts, Intake, Item
from feeds.mending import Mending, Request, mended
from feeds.source import Clock, Figures
from feeds.venue import Sink
from streams.envelope import Refused
from streams.messages import AnyTick, Depth, Quote, Trade

log = logging.getLogger(__name__)

SAMPLE_NS = 20_000_000
SAMPLED_NS = 5_000_000_000


class BinanceVenue:
    """A `Venue`. Whatever the connections do, the ids of an instrument go on being checked across them: what was missed
    shows as a gap, which is refilled or reported, and what comes twice is dropped."""

    def __init__(self, plan: BinancePlan, *, clock: Clock = time.time_ns, random: Random | None = None) -> None:
        self.name = plan.name
        self.counts = Counts()
        self._plan = plan
        self._clock = clock
        self._random = random or Random()
        self._intake = Intake("live", symbols=plan.symbols, counts=self.counts, venue=plan.name)
        self._notice = self._intake.last_notice
        self._mending = Mending(
            self.counts.events,
            patience_s=plan.refill_s,
            longest_s=plan.longest_refill_s,
            retry_s=plan.refill_retry_s,
            largest=plan.largest_refill,
        )
        self._to_mend = asyncio.Event()
        self._refills = Allowance(plan.refills, plan.refills_s)
        attempts = Allowance(plan.attempts, plan.attempts_s)
        self._strands = [
            Strand(names, plan, self._take, self.counts.events, attempts, self._random) for names in plan.streams()
        ]
        self._sink: Sink
        self._ready: list[Item] = []
        self._inquiries: Inquiries | None = None
        self._now = 0
        self._sample_at = 0
        self._samples: deque[tuple[int, int]] = deque(maxlen=SAMPLED_NS // SAMPLE_NS)
        self._lag_ms: float | None = None

    @property
    def figures(self) -> Figures:
        figures: dict[str, float | str] = {
            "connections": sum(strand.connected for strand in self._strands),
            "refilling": self._mending.refilling,
        }
        if self._offset_ms is not None:
            figures["clock_offset_ms"] = round(self._offset_ms, 1)
        if self._lag_ms is not None:
            figures["lag_ms"] = round(self._lag_ms, 1)
        return figures

    def want_snapshot(self, instrument: str) -> bool:
        return self._inquiries is not None and self._inquiries.want_snapshot(instrument)

    async def run(self, sink: Sink) -> None:
        self._sink = sink
        timeout = aiohttp.ClientTimeout(total=self._plan.rest_s)
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session, asyncio.TaskGroup() as tasks:
                rest = Rest(session, self._plan, self._time, self.counts.events, self._tap)
                self._inquiries = Inquiries(rest, self._plan, sink, self._time, tasks, self._random)
                for strand in self._strands:
                    tasks.create_task(strand.keep(), name=f"{self.name} connections")
                tasks.create_task(self._mend(rest, tasks), name=f"{self.name} mending")
                tasks.create_task(self._measure(), name=f"{self.name} lag")
                tasks.create_task(self._inquiries.keep_time(), name=f"{self.name} clock")
                tasks.create_task(self._inquiries.keep_listings(), name=f"{self.name} listings")
        finally:
            self._inquiries = None
            self._hand_over()

    @property
    def _offset_ms(self) -> float | None:
        return None if self._inquiries is None else self._inquiries.offset_ms

    def _time(self) -> int:
        """The clock of arrivals never goes back, whatever the machine's does."""
        self._now = max(self._now, self._clock())
        return self._now

    def _tap(self, line: bytes) -> None:
        self._sink.raw(self.name, self._time(), line)

    def _take(self, connection: Connection, frames: list[bytes]) -> None:
        """Everything that comes over any of the connections comes through here."""
        now = self._time()
        for raw in frames:
            self._sink.raw(self.name, now, raw)
        if connection.overlapping:
            frames = [raw for raw in frames if not self._is_behind(connection, raw, now)]
        try:
            self._take_all(connection, frames, now)
        finally:
            self._hand_over()

    def _take_all(self, connection: Connection, frames: Sequence[bytes], now: int) -> None:
        done = 0
        while done < len(frames):
            ticks: list[Item] = []
            done = self._intake.follow(frames, done, now, ticks)
            if ticks:
                self._note(connection, ticks, now)
                self._ready += self._mending.take(ticks, time.monotonic())
                self._wake_mending()
            if done < len(frames):
                self._look_at(connection, frames[done], now)
                done += 1

    def _look_at(self, connection: Connection, raw: bytes, now: int) -> None:
        """A frame with which something is the matter."""
        items = self._intake.take(raw, now, now, connection.base)
        if items:
            self._note(connection, items[-1:], now)
            self._ready += mended(self._intake, self._mending, items, time.monotonic())
            self._wake_mending()
        if self._intake.last_notice is not self._notice:
            self._read_notice(connection, raw)

    def _note(self, connection: Connection, items: Sequence[Item], now: int) -> None:
        latest = connection.latest
        for item in items:
            of_kind = latest.get(type(item))
            if of_kind is not None:
                of_kind[item.instrument] = item  # type: ignore[union-attr]
        if now >= self._sample_at and isinstance(items[0], Trade | Quote | Depth):
            self._sample(items[0], now)

    def _is_behind(self, connection: Connection, raw: bytes, now: int) -> bool:
        """While two connections deliver the same, the newer state counts, whichever brought it. Trades are told apart
        by their ids."""
        try:
            _, tick = decode(raw, now, now, venue=self.name)
        except Refused:
            return False
        if not isinstance(tick, Trade | Quote | Depth):
            return False
        connection.heard(type(tick), tick.instrument)
        if isinstance(tick, Trade):
            return False
        newest = connection.latest[type(tick)].get(tick.instrument)
        if newest is None or _position(tick) > _position(newest):
            return False
        self.counts.frames += 1
        self.counts.duplicates += 1
        return True

    def _wake_mending(self) -> None:
        if self._mending.refilling:
            self._to_mend.set()

    def _read_notice(self, connection: Connection, raw: bytes) -> None:
        self._notice = notice = self._intake.last_notice
        if notice.why == "not_market":
            self._put(self._mending.saw(notice.instrument, notice.id))
        elif notice.why == "shutdown":
            log.warning("%s announces its shutdown", connection.base)
            connection.replace("shutdowns")
        elif notice.why in ("ack", "error"):
            connection.answer(raw)

    def _put(self, items: Sequence[Item]) -> None:
        if items and not self._ready:
            asyncio.get_running_loop().call_soon(self._hand_over)
        self._ready += items

    def _hand_over(self) -> None:
        items, self._ready = self._ready, []
        try:
            if items:
                self._sink.items(items)
        except Exception as error:  # noqa: BLE001 (it ends the connections, and they say it)
            for strand in self._strands:
                strand.end(error)

    async def _mend(self, rest: Rest, tasks: asyncio.TaskGroup) -> None:
        while True:
            due = self._mending.due
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if due is None else max(due - time.monotonic(), 0)):
                    await self._to_mend.wait()
            self._to_mend.clear()
            now = time.monotonic()
            self._put(self._mending.expire(now))
            for request in self._mending.ask(now):
                tasks.create_task(self._refill(rest, request), name=f"refill of {request.instrument}")

    async def _refill(self, rest: Rest, request: Request) -> None:
        if self._refills.claim():
            self.counts.events["refills_limited"] += 1
            self._put(self._mending.fail(request, time.monotonic(), for_good=False))
            return
        try:
            trades = await rest.trades(request)
        except RestError as error:
            for_good = isinstance(error, Denied)
            self._put(self._mending.fail(request, time.monotonic(), for_good=for_good))
        else:
            self._put(self._mending.answer(request, trades, time.monotonic()))
        self._to_mend.set()

    def _sample(self, tick: AnyTick, now: int) -> None:
        if tick.event_at:
            self._samples.append((now, now - tick.event_at))
            self._sample_at = now + SAMPLE_NS

    async def _measure(self) -> None:
        """How late the data is, by the venue's own clock; said when it becomes much."""
        was_late = False
        while True:
            await asyncio.sleep(1)
            lag_ms = self._median_lag_ms()
            if self._is_late(lag_ms) and not was_late:
                await self._look_at_clock()  # a clock that was set since the last look is taken for a lag
                lag_ms = self._median_lag_ms()
            self._lag_ms, is_late = lag_ms, self._is_late(lag_ms)
            if is_late and not was_late:
                log.warning("the data of %s is %.1f s late", self.name, (lag_ms or 0.0) / 1_000)
            was_late = is_late

    def _median_lag_ms(self) -> float | None:
        since = self._clock() - SAMPLED_NS
        lags = [lag for at, lag in self._samples if at > since]
        return median(lags) / 1e6 + (self._offset_ms or 0.0) if lags else None

    def _is_late(self, lag_ms: float | None) -> bool:
        return lag_ms is not None and lag_ms > self._plan.late_s * 1_000

    async def _look_at_clock(self) -> None:
        if self._inquiries is None:
            return
        try:
            await self._inquiries.look_at_clock()
        except RestError as error:
            log.warning("the clock of %s cannot be looked at: %s", self.name, error)


def _position(tick: Quote | Depth) -> int:
    return tick.update_id if isinstance(tick, Quote) else tick.last_id

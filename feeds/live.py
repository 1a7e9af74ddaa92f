"""Binance as it happens: a WebSocket client that stays connected, in a thread of its own, as a source of ticks."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from itertools import count, cycle
from random import Random

import msgspec
from msgspec import Struct
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from feeds.intake import Counts, Intake, Item
from feeds.source import Clock
from streams.messages import Source
from streams.stopping import Stop

log = logging.getLogger(__name__)

ENDPOINTS = (
    "wss://data-stream.binance.vision",
    "wss://stream.binance.com:9443",
    "wss://stream.binance.com:443",
)
SYMBOLS = ("BTCUSDT", "ETHUSDT")
STREAMS = ("trade", "bookTicker", "depth@100ms")
LARGEST_MESSAGE = 8 * 1024 * 1024
MOST_WAITING = 50_000
LARGEST_BATCH = 500


class Connecting(Struct, frozen=True, kw_only=True):
    """How patient the client is, in seconds. `silence_s`: without a tick for this long a connection counts as dead,
    whatever its pings say. `steady_s`: a connection that has given ticks for this long was a good one, and the next
    pause is short again. Binance takes 300 attempts in 5 minutes from one address."""

    urls: tuple[str, ...] = ENDPOINTS
    symbols: tuple[str, ...] = SYMBOLS
    open_s: float = 10.0
    silence_s: float = 10.0
    steady_s: float = 10.0
    first_pause_s: float = 1.0
    longest_pause_s: float = 30.0


class Silence(Exception):
    """The connection stands and brings nothing."""


class ShutdownAnnounced(Exception):
    """The server is going to close the connection."""


class Backoff:
    """Pauses that double up to a cap, each shortened by chance to between half and all of itself, so that clients
    that were cut off together do not come back together."""

    def __init__(self, first_s: float, longest_s: float, random: Random) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._random = random
        self._failures = 0

    def next_pause(self) -> float:
        pause = min(self._first_s * 2.0 ** min(self._failures, 30), self._longest_s)
        self._failures += 1
        return pause * self._random.uniform(0.5, 1.0)

    def reset(self) -> None:
        self._failures = 0


class LiveSource:
    """A `TickSource`: `start` connects and keeps reconnecting until `close`. Ids go on being checked across
    reconnects, so that what was missed meanwhile shows as a gap and what comes twice is dropped."""

    def __init__(
        self, settings: Connecting, counts: Counts, *, random: Random | None = None, clock: Clock = time.time_ns
    ) -> None:
        self.counts = counts
        self.ended = False
        self.throttled = False
        self.events = counts.events
        self.state = "not started"
        self.source: Source = "live"
        self._settings = settings
        self._intake = Intake("live", symbols=settings.symbols, counts=counts)
        self._backoff = Backoff(settings.first_pause_s, settings.longest_pause_s, random or Random())
        self._clock = clock
        self._now = 0
        self._waiting: deque[Item] = deque()
        self._arrived = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="live-feed", daemon=True)
        self._request = count(1)

    @property
    def mode(self) -> str:
        return "live Binance"

    def start(self) -> LiveSource:
        self._thread.start()
        return self

    def poll(self, timeout_s: float, stop: Stop) -> Sequence[Item]:
        if not self._waiting and not stop:
            self._arrived.wait(timeout_s)
        self._arrived.clear()
        return [self._waiting.popleft() for _ in range(min(len(self._waiting), LARGEST_BATCH))]

    def paused(self, nanoseconds: int) -> None:
        """Nothing to do: the venue does not wait."""

    def close(self) -> None:
        self.ended = True
        if self._thread.is_alive():
            with contextlib.suppress(RuntimeError):  # the loop has just ended by itself
                self._loop.call_soon_threadsafe(self._cancel)
            self._thread.join(timeout=5)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _run(self) -> None:
        with contextlib.closing(self._loop):
            self._task = self._loop.create_task(self._stay_connected())
            with contextlib.suppress(asyncio.CancelledError):
                self._loop.run_until_complete(self._task)

    async def _stay_connected(self) -> None:
        for url in cycle(self._settings.urls):
            try:
                await self._one_connection(url)
            except ShutdownAnnounced:
                self._say(url, "announced its shutdown: connecting anew")
                self._backoff.reset()
                continue
            except (OSError, TimeoutError, WebSocketException, Silence) as error:
                self._say(url, f"{type(error).__name__}: {error}")
            await asyncio.sleep(self._backoff.next_pause())

    def _say(self, url: str, what: str) -> None:
        self.events["disconnects"] += 1
        self.state = f"disconnected: {what}"
        log.warning("%s: %s", url, what)

    async def _one_connection(self, base: str) -> None:
        """Reads until something is wrong, and raises what it was."""
        names = [f"{symbol.lower()}@{stream}" for symbol in self._settings.symbols for stream in STREAMS]
        url = f"{base.rstrip('/')}/stream?streams={'/'.join(names)}"
        async with connect(
            url, max_size=LARGEST_MESSAGE, compression=None, open_timeout=self._settings.open_s, close_timeout=1
        ) as connection:
            self.events["connects"] += 1
            self.state = f"connected to {base}"
            log.info("connected to %s", base)
            request = {"method": "SUBSCRIBE", "params": names, "id": next(self._request)}
            await connection.send(msgspec.json.encode(request), text=True)
            await self._read(connection, base)

    async def _read(self, connection: ClientConnection, base: str) -> None:
        began = last_tick = time.monotonic()
        while True:
            patience = last_tick + self._settings.silence_s - time.monotonic()
            try:
                # not wait_for: before Python 3.12 it loses a cancellation that comes together with a frame
                async with asyncio.timeout(max(patience, 0.001)):
                    raw = await connection.recv(decode=False)
            except TimeoutError:
                raise Silence(f"no tick for {self._settings.silence_s:g} s") from None
            if self._take(raw, base):
                last_tick = time.monotonic()
                if last_tick - began >= self._settings.steady_s:
                    self._backoff.reset()

    def _take(self, raw: bytes, base: str) -> bool:
        """Whether the frame brought a price. The clock of arrivals never goes back, whatever the machine's does."""
        self._now = max(self._now, self._clock())
        counts = self.counts
        ticks = counts.ticks
        notice = counts.passed.total()
        items = self._intake.take(raw, self._now, self._now, base)
        if items:
            self._hand_over(items)
        elif counts.passed.total() != notice:
            self._notice(base)
        return counts.ticks != ticks

    def _hand_over(self, items: Sequence[Item]) -> None:
        if len(self._waiting) >= MOST_WAITING:  # nobody takes them, and what waits longest is worth least
            self._waiting.popleft()
            self.events["overflow"] += 1
        self._waiting.extend(items)
        self._arrived.set()

    def _notice(self, base: str) -> None:
        notice = self._intake.last_notice
        if notice.why == "shutdown":
            raise ShutdownAnnounced
        if notice.why == "error":
            self.events["errors"] += 1
            log.error("%s answers with an error: %s", base, notice.detail)

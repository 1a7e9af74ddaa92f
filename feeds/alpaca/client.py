"""Alpaca's stock stream as it happens: a client that logs in, subscribes, stays connected, and says what it missed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence
from decimal import Decimal
from random import Random
from statistics import median

from feeds.alpaca.frames import Control
from feeds.alpaca.hours import opened_at
from feeds.alpaca.intake import AlpacaIntake
from feeds.alpaca.plan import AlpacaPlan
from feeds.alpaca.session import LASTING, SLOW_CLIENT, Refusal, Session
from feeds.connecting import Backoff, Silence
from feeds.intake import Counts, Item
from feeds.socket import Patience, Rejected, Socket, open_socket
from feeds.source import Clock, Figures
from feeds.venue import Sink
from market.domain.listing import Listing
from streams.messages import ReportFeedGap, Tick

log = logging.getLogger(__name__)

LAGS = 1_000
CENT = Decimal("0.01")
SECOND = 1_000_000_000


class AlpacaVenue:
    """A `Venue`. There are no ids that follow each other, so what was missed while it was not connected can neither be
    named nor be refilled: every such hole is counted (`holes`) and logged, the prices meanwhile grow stale, and a halt
    that was on stays until the instrument is seen to trade again."""

    def __init__(self, plan: AlpacaPlan, *, clock: Clock = time.time_ns, random: Random | None = None) -> None:
        self.plan = plan
        self.counts = Counts()
        self.state = "not connected"
        self._clock = clock
        self._backoff = Backoff(plan.first_pause_s, plan.longest_pause_s, random or Random())
        self._intake = AlpacaIntake(
            "live", venue=plan.name, symbols=plan.symbols, counts=self.counts, on_control=self._hear, in_doubt=True
        )
        self._lags: deque[int] = deque(maxlen=LAGS)
        self._now = 0
        self._began = 0  # of this connection
        self._last_data = 0  # of any connection
        self._session: Session | None = None
        self._early: list[Control] = []  # the greeting may come with the last bytes of the handshake
        self._sink: Sink | None = None

    @property
    def name(self) -> str:
        return self.plan.name

    @property
    def figures(self) -> Figures:
        """`lag_ms` holds the offset of this machine's clock too: Alpaca has no clock to compare it with."""
        session = self._session
        figures: dict[str, float | str] = {"connections": int(session is not None and session.stage == "data")}
        if lags := tuple(self._lags):
            figures["lag_ms"] = round(median(lags) / 1e6, 1)
        return figures

    def want_snapshot(self, instrument: str) -> bool:
        """The stream has best prices only: there is no order book to be had."""
        return False

    async def run(self, sink: Sink) -> None:
        self._sink = sink
        sink.listings([_listing(symbol, self.name) for symbol in self.plan.symbols])
        while True:
            try:
                await self._one_connection()
            except OSError as error:
                pause = self._pause_after(error)
                self.state = f"disconnected: {error or type(error).__name__}"
                log.warning("%s: %s; again in %.1f s", self.plan.endpoint, error or type(error).__name__, pause)
                await asyncio.sleep(pause)

    def _pause_after(self, error: OSError) -> float:
        events = self.counts.events
        if isinstance(error, Silence):
            events["silences"] += 1
        if isinstance(error, Refusal):
            events["errors"] += 1
            events["slow_client"] += error.code == SLOW_CLIENT
            if error.code in LASTING:
                return self.plan.refused_pause_s
        pause = self._backoff.next_pause()
        return max(pause, error.retry_after_s) if isinstance(error, Rejected) else pause

    async def _one_connection(self) -> None:
        """Reads until something is wrong, and raises what it was."""
        self._early.clear()
        async with open_socket(self.plan.endpoint, self._take, Patience(open_s=self.plan.open_s)) as socket:
            self.counts.events["connects"] += 1
            self.state = f"connected to {self.plan.endpoint}"
            log.info("connected to %s", self.plan.endpoint)
            self._began = self._tell_time()
            self._session = Session(self.plan, socket)
            for control in self._early:
                self._hear(control)
            try:
                await self._watch(socket, self._session)
            finally:
                self.counts.events["disconnects"] += 1
                self._session = None

    async def _watch(self, socket: Socket, session: Session) -> None:
        while True:
            left_s = self._patience_left(session)
            if left_s <= 0:
                raise Silence(f"nothing came of {session.stage}")
            try:
                async with asyncio.timeout(min(left_s, self.plan.silence_s)) as deadline:
                    await socket.ended()
            except TimeoutError:
                if not deadline.expired():
                    raise

    def _patience_left(self, session: Session) -> float:
        """Seconds until this connection counts as dead; out of regular hours silence is no sign of anything."""
        now = self._tell_time()
        if session.stage != "data":
            return self.plan.ready_s - (now - self._began) / SECOND
        opened = opened_at(now)
        if opened is None:
            return self.plan.silence_s
        return self.plan.silence_s - (now - max(self._last_data, self._began, opened)) / SECOND

    def _tell_time(self) -> int:
        """The clock of arrivals never goes back, whatever the machine's does."""
        self._now = max(self._now, self._clock())
        return self._now

    def _take(self, raw: bytes) -> None:
        assert self._sink is not None
        now = self._tell_time()
        self._sink.raw(self.name, now, raw)
        items = self._intake.take(raw, now, now, self.plan.endpoint)
        if items:
            self._note_data(items, now)
            self._sink.items(items)

    def _note_data(self, items: Sequence[Item], now: int) -> None:
        self._last_data = now
        newest = items[-1]
        if isinstance(newest, Tick):
            self._lags.append(now - newest.event_at)
        if now - self._began >= self.plan.steady_s * SECOND:
            self._backoff.reset()

    def _hear(self, control: Control) -> None:
        session = self._session
        if session is None:
            self._early.append(control)
            return
        before = session.stage
        session.hear(control)
        if session.stage != before and session.stage == "data":
            self._begin_data(session)

    def _begin_data(self, session: Session) -> None:
        events = self.counts.events
        events["unsubscribed"] += sum(map(len, session.missing.values()))
        if self._last_data:
            events["holes"] += 1
            self._intake.doubt()
            missed_s = (self._tell_time() - self._last_data) / SECOND
            log.warning("%s: nothing is known of the last %.1f s", self.name, missed_s)
            self._report_hole(self._last_data, self._tell_time())

    def _report_hole(self, since: int, until: int) -> None:
        """Nobody knows whether there is anything in it, so it is one for every stock."""
        assert self._sink is not None
        self._sink.items(
            [
                ReportFeedGap(instrument=symbol, kind="hole", first=since, last=until, market_at=until)
                for symbol in self.plan.symbols
            ]
        )


def _listing(symbol: str, venue: str) -> Listing:
    """From one dollar up a US stock is quoted in cents and traded in whole shares."""
    return Listing(symbol=symbol, venue=venue, base=symbol, quote="USD", tick_size=CENT, lot_size=Decimal(1))

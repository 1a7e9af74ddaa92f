"""When the venue falls silent something else goes on in its place, says so, and gives way when the venue is back."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from msgspec import Struct

from feeds.intake import Counts, Item, RefusedFrame
from feeds.source import Clock, TickSource
from streams.messages import ChangeFeedSource, ReportFeedGap, Source, Tick
from streams.stopping import Stop

log = logging.getLogger(__name__)

SECOND = 1_000_000_000


class Patience(Struct, frozen=True, kw_only=True):
    """In ns: how long to wait for the first live tick, for the next one later, and how long live data must have come
    without a pause of more than `pause` until it is trusted again."""

    at_start: int = 5 * SECOND
    later: int = 10 * SECOND
    trial: int = 10 * SECOND
    pause: int = 2 * SECOND


class Failover:
    """A `TickSource` over two: `live`, and what `make_substitute` gives for each time that live fails (it is told the
    market time at which it has to go on). Live ticks that come during the trial are dropped; gaps are passed on."""

    def __init__(
        self,
        live: TickSource,
        make_substitute: Callable[[int], TickSource],
        substitute_counts: Counts,
        *,
        patience: Patience | None = None,
        clock: Clock = time.time_ns,
    ) -> None:
        self.ended = False
        self._own_counts = substitute_counts
        self._live = live
        self._make_substitute = make_substitute
        self._substitute: TickSource | None = None
        self._patience = patience or Patience()
        self._clock = clock
        self._allowance = self._patience.at_start
        self._live_at = clock()
        self._trial_from: int | None = None
        self._market_at = 0

    @property
    def counts(self) -> Counts:
        return self._live.counts.plus(self._own_counts)

    @property
    def source(self) -> Source:
        return self._in_use.source

    @property
    def mode(self) -> str:
        return self._in_use.mode if self._substitute is None else f"{self._in_use.mode}, because live is silent"

    @property
    def throttled(self) -> bool:
        return self._in_use.throttled

    @property
    def _in_use(self) -> TickSource:
        return self._substitute or self._live

    def poll(self, timeout_s: float, stop: Stop) -> Sequence[Item]:
        if self._substitute is None:
            return self._from_live(timeout_s, stop)
        return self._on_trial(self._substitute, timeout_s, stop)

    def paused(self, nanoseconds: int) -> None:
        self._live_at += nanoseconds
        self._in_use.paused(nanoseconds)

    def close(self) -> None:
        self.ended = True
        for source in (self._live, self._substitute):
            if source is not None:
                source.close()

    def _from_live(self, timeout_s: float, stop: Stop) -> Sequence[Item]:
        items = self._live.poll(timeout_s, stop)
        now = self._clock()
        if ticks := [item for item in items if isinstance(item, Tick)]:
            self._live_at = now
            self._market_at = ticks[-1].market_at
            self._allowance = self._patience.later
        elif now - self._live_at >= self._allowance:
            return [*items, self._fall_back()]
        return items

    def _fall_back(self) -> ChangeFeedSource:
        silent_s = self._allowance / SECOND
        self._substitute = self._make_substitute(self._market_at)
        self._trial_from = None
        return self._switch("live", self._substitute.source, f"no live data for {silent_s:g} s")

    def _on_trial(self, substitute: TickSource, timeout_s: float, stop: Stop) -> Sequence[Item]:
        arrived = self._live.poll(0.0, stop)
        now = self._clock()
        if ticks := sum(isinstance(item, Tick) for item in arrived):
            if self._trial_from is None or now - self._live_at > self._patience.pause:
                self._trial_from = now
            self._live_at = now
            if now - self._trial_from >= self._patience.trial:
                return [self._take_back(substitute), *arrived]
            self._own_counts.passed["on_trial"] += ticks
        kept = [item for item in arrived if isinstance(item, ReportFeedGap | RefusedFrame)]
        return kept or substitute.poll(timeout_s, stop)

    def _take_back(self, substitute: TickSource) -> ChangeFeedSource:
        substitute.close()
        self._substitute = None
        self._trial_from = None
        return self._switch(substitute.source, "live", f"live data for {self._patience.trial / SECOND:g} s")

    def _switch(self, origin: Source, to: Source, reason: str) -> ChangeFeedSource:
        log.warning("the market's source changes from %s to %s: %s", origin, to, reason)
        return ChangeFeedSource(origin=origin, to=to, reason=reason)

"""When the venues fall silent something else goes on in their place, says so, and gives way when they are back."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Literal

import redis
from msgspec import Struct, structs

from feeds.intake import Counts, Item, RefusedFrame
from feeds.recordings import Unreadable
from feeds.source import Clock, Figures, TickSource
from market.domain.listing import Listing
from streams.messages import ChangeFeedSource, ReportFeedGap, ReportTradingStatus, Source, Tick, Trade
from streams.stopping import Stop

log = logging.getLogger(__name__)

SECOND = 1_000_000_000
LONGEST_REASON = 500
NUMBERED = "binance"  # venues whose trade ids follow each other
LONGEST_FREEZE_NS = 60 * SECOND  # a market clock that is further ahead of live was not set by a substitute of ours


class Patience(Struct, frozen=True, kw_only=True):
    """In ns: how long to wait for the first live tick, for the next one later, and how long live data must have come
    without a pause of more than `pause` until it is trusted again. A failure within `relapse` after that doubles the
    trial, up to `longest_trial`."""

    at_start: int = 5 * SECOND
    later: int = 10 * SECOND
    trial: int = 10 * SECOND
    pause: int = 2 * SECOND
    relapse: int = 180 * SECOND
    longest_trial: int = 300 * SECOND


class Standby(Struct, frozen=True):
    """What can stand in for live: `begin` is told the market time at which it has to go on."""

    source: Source
    begin: Callable[[int], TickSource]
    automatic: bool = True  # False: only when an operator asks for it


class NoSuchSource(Exception):
    """What an operator asked for cannot be had; the text says why."""


class Failover:
    """A `TickSource` over `live` and its `standbys`, of which the first that works takes over when live fails. Silence
    is a failure only where `expected` says of the time (ns) that there should be data.

    The venues are listened to all the time. While something stands in for them their gaps, statuses and refused frames
    pass; their ticks are dropped and counted as `on_trial`, and when live is back the trades between are reported as
    one gap of each instrument whose ids follow each other. The market clock never goes back: what live brings at the
    change and is older than the last tick of the substitute gets that one's time."""

    def __init__(
        self,
        live: TickSource,
        standbys: Sequence[Standby],
        substitute_counts: Counts,
        *,
        patience: Patience | None = None,
        expected: Callable[[int], bool] = lambda now: True,
        clock: Clock = time.time_ns,
    ) -> None:
        self.ended = False
        self._own_counts = substitute_counts
        self._live = live
        self._standbys = tuple(standbys)
        self._substitute: TickSource | None = None
        self._used = 0  # which of the standbys that is
        self._patience = patience or Patience()
        self._expected = expected
        self._clock = clock
        self._allowance = self._patience.at_start
        self._live_at = clock()
        self._back_at: int | None = None
        self._trial_ns = self._patience.trial
        self._trial_from: int | None = None
        self._market_at = 0
        self._held = ""  # why an operator keeps live away
        self._silent = False
        self._told: list[ChangeFeedSource] = []
        self._traded: dict[str, int] = {}  # the last id of live that was given, where ids follow each other
        self._missed: dict[str, int] = {}  # the same, of what has not been traded since live is back

    @property
    def counts(self) -> Counts:
        return self._live.counts.plus(self._own_counts)

    @property
    def source(self) -> Source:
        return self.in_use.source

    @property
    def mode(self) -> str:
        if self._substitute is None:
            return f"{self._live.mode}, silent: nothing stands in for it" if self._silent else self._live.mode
        return f"{self._substitute.mode}, because {self._held or 'live is silent'}"

    @property
    def throttled(self) -> bool:
        return self.in_use.throttled

    @property
    def figures(self) -> Figures:
        """Those of live always, and what the substitute has besides. `silent_s`: how long live has said nothing;
        `trial_s`: how long it has to come without a pause to be trusted again."""
        figures: dict[str, float | str] = {**self.in_use.figures, **self._live.figures}
        figures["silent_s"] = round(max(self._clock() - self._live_at, 0) / SECOND, 1)
        if self._substitute is not None:
            figures["trial_s"] = self._trial_ns / SECOND
        return figures

    @property
    def in_use(self) -> TickSource:
        return self._substitute or self._live

    @property
    def stands_in(self) -> bool:
        """Whether something else than live is published."""
        return self._substitute is not None

    def poll(self, timeout_s: float, stop: Stop) -> Sequence[Item]:
        if self._told:
            told, self._told = self._told, []
            return told
        if self._substitute is None:
            return self._from_live(timeout_s, stop)
        return self._beside_live(self._substitute, timeout_s, stop)

    def listings(self) -> Sequence[Listing]:
        return [*self._live.listings(), *(self._substitute.listings() if self._substitute else ())]

    def want_snapshot(self, instrument: str) -> bool:
        return self.in_use.want_snapshot(instrument)

    def paused(self, nanoseconds: int) -> None:
        self._live_at += nanoseconds
        if self._trial_from is not None:
            self._trial_from += nanoseconds
        self.in_use.paused(nanoseconds)

    def close(self) -> None:
        self.ended = True
        for source in (self._live, self._substitute):
            if source is not None:
                source.close()

    # --- what operators ask for -------------------------------------------------------------------------

    def hold(self, source: Literal["replay", "synthetic"], reason: str) -> None:
        """Puts a substitute in the place of live, until `release`. Raises `NoSuchSource`."""
        wanted = [index for index, standby in enumerate(self._standbys) if standby.source == source]
        if not wanted:
            raise NoSuchSource("there is nothing to replay: give recordings with --path, or keep some with --record")
        origin, known = self.source, self._substitute
        if not self._begin(wanted):
            raise NoSuchSource(f"the {source} market cannot be had now; the log of the feed says why")
        if known is not None:
            known.close()
        self._held = reason
        if origin != source:
            self._told.append(self._switch(origin, source, reason))

    def release(self, reason: str) -> str:
        """Lets live back in: at once where it is there, else as after a failure. Returns what was done."""
        if self._substitute is None:
            return "live is in use already"
        self._held = ""
        now = self._clock()
        if now - self._live_at > self._patience.pause:
            return f"live is silent: it is taken back after {self._trial_ns / SECOND:g} s of data"
        self._told.append(self._take_back(self._substitute, reason))
        return "live is in use again"

    # --- live in use ------------------------------------------------------------------------------------

    def _from_live(self, timeout_s: float, stop: Stop) -> Sequence[Item]:
        items = self._live.poll(timeout_s, stop)
        now = self._clock()
        if any(isinstance(item, Tick) for item in items):
            if self._silent:
                log.warning("live data again after %.0f s", (now - self._live_at) / SECOND)
            self._silent = False
            self._live_at = now
            self._allowance = self._patience.later
            return self._in_time(self._with_missed(items))
        if not self._expected(now):
            self._live_at = max(self._live_at, now)
        elif not self._silent and now - self._live_at >= self._allowance:
            return [*items, *self._fall_back(now)]
        return items

    def _fall_back(self, now: int) -> Sequence[Item]:
        silence = f"no live data for {(now - self._live_at) / SECOND:.0f} s"
        if not self._begin(self._automatic()):
            self._silent = True
            log.error("%s, and nothing stands in for it: prices grow old", silence)
            return []
        patience = self._patience
        relapsed = self._back_at is not None and now - self._back_at <= patience.relapse + self._allowance
        self._trial_ns = min(self._trial_ns * 2, patience.longest_trial) if relapsed else patience.trial
        return [self._switch("live", self.source, silence)]

    def _in_time(self, items: Sequence[Item]) -> Sequence[Item]:
        """The items of the source in use, none of them before what was given already."""
        given = self._market_at
        ticks = [item for item in items if isinstance(item, Tick)]
        if ticks:
            self._market_at = max(item.market_at for item in ticks)
        if not ticks or ticks[0].market_at >= given:
            return items
        if given - ticks[0].market_at > LONGEST_FREEZE_NS:
            log.warning("the market's clock goes back by %.0f s", (given - ticks[0].market_at) / SECOND)
            return items
        self._market_at = max(self._market_at, given)
        return [
            structs.replace(item, market_at=given) if isinstance(item, Tick) and item.market_at < given else item
            for item in items
        ]

    # --- a substitute in use ----------------------------------------------------------------------------

    def _beside_live(self, substitute: TickSource, timeout_s: float, stop: Stop) -> Sequence[Item]:
        arrived = self._live.poll(0.0, stop)
        if ticks := sum(isinstance(item, Tick) for item in arrived):
            if self._passes_trial():
                reason = f"live data for {self._trial_ns / SECOND:g} s"
                return [self._take_back(substitute, reason), *self._in_time(self._with_missed(arrived))]
            self._own_counts.passed["on_trial"] += ticks
        kept = [item for item in arrived if self._passes(item)]
        return kept or self._from_substitute(substitute, timeout_s, stop)

    def _passes(self, item: Item) -> bool:
        """What live says while something stands in for it; a gap in trades is part of the one that is told later."""
        if isinstance(item, ReportFeedGap):
            return item.kind != "trade" or item.instrument not in self._traded
        return isinstance(item, ReportTradingStatus | RefusedFrame)

    def _with_missed(self, items: Sequence[Item]) -> Sequence[Item]:
        """Live's items, the trades that were not given while it was not in use as a gap before the next one."""
        given: list[Item] = []
        for item in items:
            if isinstance(item, Trade) and item.venue.startswith(NUMBERED):
                last = self._missed.pop(item.instrument, None)
                if last is not None and item.trade_id > last + 1:
                    given.append(_gap(item, last + 1, item.trade_id - 1))
                self._traded[item.instrument] = item.trade_id
            elif isinstance(item, ReportFeedGap) and item.kind == "trade" and item.instrument in self._missed:
                continue
            given.append(item)
        return given

    def _passes_trial(self) -> bool:
        now = self._clock()
        if self._trial_from is None or now - self._live_at > self._patience.pause:
            self._trial_from = now
        self._live_at = now
        return not self._held and now - self._trial_from >= self._trial_ns

    def _take_back(self, substitute: TickSource, reason: str) -> ChangeFeedSource:
        substitute.close()
        self._substitute = None
        self._trial_from = None
        self._missed |= self._traded
        self._back_at = self._clock()
        return self._switch(substitute.source, "live", reason)

    def _from_substitute(self, substitute: TickSource, timeout_s: float, stop: Stop) -> Sequence[Item]:
        try:
            items = substitute.poll(timeout_s, stop)
        except redis.RedisError:
            raise
        except Exception as error:
            log.exception("the %s market has failed", substitute.source)
            return self._replace(substitute, f"failed: {error}")
        if substitute.ended and not items:
            return self._replace(substitute, "came to its end")
        return self._in_time(items)

    def _replace(self, substitute: TickSource, why: str) -> Sequence[Item]:
        origin = substitute.source
        substitute.close()
        self._substitute = None
        if self._begin([index for index in self._automatic() if index > self._used]):
            return [self._switch(origin, self.source, f"the {origin} market {why}")]
        self._missed |= self._traded
        self._held = ""
        self._live_at = self._clock()
        return [self._switch(origin, "live", f"the {origin} market {why}, and nothing else stands in for live")]

    def _automatic(self) -> list[int]:
        return [index for index, standby in enumerate(self._standbys) if standby.automatic]

    def _begin(self, wanted: Sequence[int]) -> bool:
        """The first of the wanted standbys that begins is in use; False where none does."""
        for index in wanted:
            standby = self._standbys[index]
            try:
                self._substitute = standby.begin(self._market_at)
            except redis.RedisError:
                raise
            except (Unreadable, OSError) as error:
                log.warning("the %s market cannot begin: %s", standby.source, error)
            except Exception:
                log.exception("the %s market cannot begin", standby.source)
            else:
                self._used = index
                self._trial_from = None
                return True
        return False

    def _switch(self, origin: Source, to: Source, reason: str) -> ChangeFeedSource:
        log.warning("the market's source changes from %s to %s: %s", origin, to, reason)
        return ChangeFeedSource(origin=origin, to=to, reason=reason[:LONGEST_REASON])


def _gap(trade: Trade, first: int, last: int) -> ReportFeedGap:
    return ReportFeedGap(instrument=trade.instrument, kind="trade", first=first, last=last, market_at=trade.market_at)

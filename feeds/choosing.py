"""Which source an operator's wishes come to, given what was published before."""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Literal

from msgspec import Struct

from feeds.alpaca.client import AlpacaVenue
from feeds.alpaca.hours import opened_at
from feeds.alpaca.plan import SYMBOLS as STOCKS
from feeds.alpaca.plan import URL as ALPACA_URL
from feeds.alpaca.plan import AlpacaFeed, plan_from
from feeds.binance.client import BinanceVenue
from feeds.binance.plan import PLACES, BinancePlan, Market
from feeds.failover import SECOND, Failover, Patience, Standby
from feeds.intake import Counts, Item
from feeds.live import Live
from feeds.publisher import Publisher
from feeds.recorder import Recorder, newest
from feeds.recordings import Progress, Unreadable, expand, read_ticks, start_time
from feeds.replay import Player
from feeds.source import Clock, TickSource
from feeds.synthetic import LISTINGS, SCENARIOS, SyntheticMarket
from feeds.venue import Venue
from streams.messages import Source, Trade

log = logging.getLogger(__name__)

CRYPTO: Mapping[str, Market] = {place.name: market for market, place in PLACES.items()}
STOCK_FEEDS: Mapping[str, AlpacaFeed] = {"alpaca-iex": "iex", "alpaca-sip": "sip"}
INVENTED = frozenset(listing.symbol for listing in LISTINGS)
VENUES = (*CRYPTO, *STOCK_FEEDS)
Fallback = Literal["auto", "replay", "synthetic", "none"]


class Impossible(Exception):
    """Wishes that cannot be met; the text says why."""


class Wanted(Struct, frozen=True):
    """A venue and the instruments that are wanted from it, none: those of `--symbols`, or its own default."""

    venue: str
    symbols: tuple[str, ...] = ()


class Wishes(Struct, frozen=True, kw_only=True):
    """The options of `runfeed`; `speed` None is without any pace, `patience` in seconds. `own` is the folder in which
    recordings of this feed are looked for when live fails."""

    feed: Source = "live"
    venue: list[Wanted] = []
    path: list[str] = []
    speed: float | None = 1.0
    rate: float | None = None
    start_at: str = ""
    symbols: tuple[str, ...] = ()
    seed: int = 1
    scenario: str = "default"
    url: list[str] = []
    rest: list[str] = []
    loop: bool = False
    record: str = ""
    own: str = ""
    fallback: Fallback = "auto"
    patience: float = 10.0


def choose(
    wishes: Wishes, publisher: Publisher, *, patience: Patience | None = None, clock: Clock = time.time_ns
) -> TickSource:
    """The source, ready to be read; live has begun to connect. Raises `Unreadable`, `Impossible`, `MissingKey` (of
    Alpaca) and redis.RedisError."""
    files = expand(wishes.path)
    past = publisher.past().market_at
    playing = _Playing(wishes, publisher, clock)
    if wishes.feed == "replay":
        if not files:
            raise Unreadable("A replay needs recordings: --path FILE…")
        return playing.recordings(files, past, wishes.speed, loop=wishes.loop)
    if wishes.feed == "synthetic":
        return playing.synthetic(past, wishes.speed)
    if past > clock():
        log.warning("this stack's market clock is %.0f s ahead of live prices", (past - clock()) / SECOND)
    recorder = Recorder(Path(wishes.record)) if wishes.record else None
    live = Live(venues(wishes, clock), recorder=recorder, clock=clock).start()
    return Failover(
        live,
        playing.standbys(files, past),
        playing.counts,
        patience=patience or _patience(wishes.patience),
        expected=partial(_expected, _wanted(wishes)),
        clock=clock,
    )


def venues(wishes: Wishes, clock: Clock) -> list[Venue]:
    """Their clients, not yet connected. Raises `Impossible`, and `MissingKey` (of Alpaca)."""
    wanted = _wanted(wishes)
    asked = Counter(symbol for venue in wanted for symbol in venue.symbols)
    if twice := sorted(symbol for symbol, times in asked.items() if times > 1):
        raise Impossible(
            f"{', '.join(twice)} would come from two venues, and an instrument has one market only: say which venue "
            "is to bring what, as in --venue binance:BTCUSDT binance-usdm:ETHUSDT"
        )
    return [_client(venue, wishes, clock) for venue in wanted]


def _wanted(wishes: Wishes) -> list[Wanted]:
    return [
        Wanted(wanted.venue, wanted.symbols or wishes.symbols or _usual(wanted.venue))
        for wanted in wishes.venue or [Wanted("binance")]
    ]


def _usual(venue: str) -> tuple[str, ...]:
    return STOCKS if venue in STOCK_FEEDS else BinancePlan().symbols


def _client(wanted: Wanted, wishes: Wishes, clock: Clock) -> Venue:
    if wanted.venue in STOCK_FEEDS:
        url = wishes.url[0] if wishes.url else ALPACA_URL
        return AlpacaVenue(plan_from(os.environ, STOCK_FEEDS[wanted.venue], wanted.symbols, url), clock=clock)
    plan = BinancePlan(
        market=CRYPTO[wanted.venue], symbols=wanted.symbols, urls=tuple(wishes.url), rest_urls=tuple(wishes.rest)
    )
    return BinanceVenue(plan, clock=clock)


def _symbols(wishes: Wishes) -> tuple[str, ...]:
    """The instruments of live, or those that were asked for; none: all that there are."""
    if wishes.feed != "live":
        return wishes.symbols
    return tuple(symbol for wanted in _wanted(wishes) for symbol in wanted.symbols)


def _expected(wanted: list[Wanted], now: int) -> bool:
    """Whether there should be data: stocks are silent outside of their hours, and nothing is wrong then."""
    return any(venue.venue not in STOCK_FEEDS for venue in wanted) or opened_at(now) is not None


def _patience(seconds: float) -> Patience:
    later = round(seconds * SECOND)
    return Patience(at_start=later // 2, later=later, pause=min(later, Patience().pause))


class _Playing:
    """What is played instead of live, or in its place: then the instruments of live and no others, because one that
    live never brings would stand still, and stale, as soon as live is back. All players count into one `counts`."""

    def __init__(self, wishes: Wishes, publisher: Publisher, clock: Clock) -> None:
        self.counts = Counts()
        self._wishes = wishes
        self._publisher = publisher
        self._clock = clock
        self.symbols = _symbols(wishes)

    def standbys(self, files: list[Path], past: int) -> list[Standby]:
        """In step with the clock, so that live can take over again without the market clock going back."""
        fallback = self._wishes.fallback

        def replay(market_at: int) -> TickSource:
            return self.recordings(files or self._own(), market_at or past, 1.0, loop=True)

        def synthetic(market_at: int) -> TickSource:
            return self.synthetic(market_at or past, 1.0)

        return [
            Standby("replay", replay, automatic=fallback in ("auto", "replay")),
            Standby("synthetic", synthetic, automatic=fallback in ("auto", "synthetic")),
        ]

    def _own(self) -> list[Path]:
        folder = Path(self._wishes.record or self._wishes.own)
        if not (found := newest(folder)):
            raise Unreadable(f"there is no recording of this feed's own in {folder}")
        return found

    def recordings(self, files: list[Path], after: int, speed: float | None, *, loop: bool) -> Player:
        wishes, counts = self._wishes, self.counts
        start = start_time(wishes.start_at, files) if wishes.start_at else None
        progress = Progress()
        return Player(
            lambda: read_ticks(files, counts, symbols=self.symbols, start=start, progress=progress),
            "replay",
            counts,
            speed=speed,
            rate=wishes.rate,
            loop=loop,
            next_round=self._publisher.begin_round,
            market_after=after,
            progress=progress,
        )

    def synthetic(self, after: int, speed: float | None) -> Player:
        wishes, start = self._wishes, self._clock()
        scenario = SCENARIOS[wishes.scenario]
        if self.symbols and not set(self.symbols) & INVENTED:
            raise Unreadable(f"the synthetic market has {', '.join(sorted(INVENTED))}, and none of them is wanted")
        return Player(
            lambda: _counted(SyntheticMarket(wishes.seed, start, scenario=scenario), self.symbols, self.counts),
            "synthetic",
            self.counts,
            speed=speed,
            next_round=self._publisher.begin_round,
            market_after=after,
        )


def _counted(market: SyntheticMarket, symbols: tuple[str, ...], counts: Counts) -> Iterator[Item]:
    for tick in market:
        counts.frames += 1
        if symbols and tick.instrument not in symbols:
            counts.passed["symbol"] += 1
            continue
        counts.ticks += 1
        counts.trades += isinstance(tick, Trade)
        yield tick

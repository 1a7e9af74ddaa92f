"""Which source an operator's wishes come to, given what was published before."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from feeds.failover import Failover, Patience
from feeds.intake import Counts, Item
from feeds.live import ENDPOINTS, SYMBOLS, Connecting, LiveSource
from feeds.publisher import Publisher
from feeds.recordings import Unreadable, expand, read_ticks
from feeds.replay import Player
from feeds.source import Clock, TickSource
from feeds.synthetic import SyntheticMarket
from streams.messages import Source, Trade

log = logging.getLogger(__name__)


class Wishes(Struct, frozen=True, kw_only=True):
    """The options of `runfeed`; `speed` None is without any pace."""

    feed: Source = "live"
    path: list[str] = []
    speed: float | None = 1.0
    rate: float | None = None
    symbols: tuple[str, ...] = ()
    seed: int = 1
    url: list[str] = []
    loop: bool = False


def choose(
    wishes: Wishes, publisher: Publisher, *, patience: Patience | None = None, clock: Clock = time.time_ns
) -> TickSource:
    """The source, ready to be read; live has begun to connect. Raises `Unreadable`, and redis.RedisError."""
    counts = Counts()
    files = expand(wishes.path)
    if wishes.feed == "replay" and not files:
        raise Unreadable("A replay needs recordings: --path FILE…")
    past = publisher.past().market_at
    if wishes.feed == "replay":
        return _replay(wishes, files, publisher, counts, past, wishes.speed)
    if wishes.feed == "synthetic":
        return _synthetic(wishes, publisher, counts, past, wishes.speed, clock)

    def substitute(market_at: int) -> TickSource:
        """In step with the clock, so that live can take over again without the market clock going back."""
        after = max(market_at, past)
        if files:
            return _replay(wishes, files, publisher, counts, after, 1.0, loop=True)
        return _synthetic(wishes, publisher, counts, after, 1.0, clock)

    connecting = Connecting(urls=tuple(wishes.url) or ENDPOINTS, symbols=wishes.symbols or SYMBOLS)
    if past > clock():
        log.warning("this stack's market clock is %.0f s ahead of live prices", (past - clock()) / 1e9)
    live = LiveSource(connecting, Counts(), clock=clock).start()
    return Failover(live, substitute, counts, patience=patience, clock=clock)


def _replay(
    wishes: Wishes,
    files: list[Path],
    publisher: Publisher,
    counts: Counts,
    after: int,
    speed: float | None,
    *,
    loop: bool = False,
) -> Player:
    return Player(
        lambda: read_ticks(files, counts, symbols=wishes.symbols),
        "replay",
        counts,
        speed=speed,
        rate=wishes.rate,
        loop=loop or wishes.loop,
        next_round=publisher.begin_round,
        market_after=after,
    )


def _synthetic(
    wishes: Wishes, publisher: Publisher, counts: Counts, after: int, speed: float | None, clock: Clock
) -> Player:
    start = clock()
    return Player(
        lambda: _counted(SyntheticMarket(wishes.seed, start), wishes.symbols, counts),
        "synthetic",
        counts,
        speed=speed,
        next_round=publisher.begin_round,
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

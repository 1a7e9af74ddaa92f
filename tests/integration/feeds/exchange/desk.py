"""A whole feed against the local exchange: client, books, failover and publisher, into a real Redis."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any, TypeVar, cast

from msgspec import Struct, structs

from feeds.alpaca.client import AlpacaVenue
from feeds.alpaca.plan import AlpacaPlan
from feeds.binance.client import BinanceVenue
from feeds.binance.plan import BinancePlan
from feeds.exchange import LocalExchange, Settings, Tape
from feeds.exchange.faults import AnyFault
from feeds.failover import SECOND, Failover, Patience, Standby
from feeds.feed import Feed
from feeds.intake import Counts
from feeds.live import Live
from feeds.publisher import Publisher
from feeds.replay import Player
from feeds.source import TickSource
from feeds.synthetic import SyntheticMarket
from feeds.venue import Venue
from streams.client import COMMANDS, DEAD_LETTERS, TICKS, Streams
from streams.envelope import decode
from streams.messages import Code, DeadLetter, ReportFeedGap, Tick, Trade
from streams.stopping import Stop
from streams.telemetry import Telemetry, processes
from tests.integration.feeds.exchange.tapes import tape, until

Body = TypeVar("Body")

QUICK = BinancePlan(
    symbols=("BTCUSDT",),
    first_pause_s=0.02,
    longest_pause_s=0.3,
    steady_s=0.5,
    silence_s=1.0,
    pong_s=0.5,
    ping_s=0.5,
    open_s=2.0,
    ack_s=2.0,
    rest_s=1.0,
    rest_wait_s=0.5,
    clock_s=0.3,
    listings_s=0.3,
    snapshot_s=0.1,
    late_s=0.2,
)
IMPATIENT = Patience(at_start=5 * SECOND, later=SECOND, trial=SECOND // 2, pause=SECOND // 2)
PATIENT = Patience(at_start=60 * SECOND, later=60 * SECOND)


class Desk(Struct):
    """What everybody else sees of the feed: the streams of Redis and its heartbeat."""

    exchange: LocalExchange
    streams: Streams

    def messages(self, stream: str) -> list[Any]:
        entries = self.streams.read({stream: "0"}, block_ms=None, count=1_000_000)
        return [decode(entry.raw).body for entry in entries]

    def ticks(self, kind: type[Body]) -> list[Body]:
        return [body for body in self.messages(TICKS) if isinstance(body, kind)]

    def live(self, kind: type[Tick]) -> list[Any]:
        return [tick for tick in self.ticks(kind) if tick.source == "live"]

    @property
    def ids(self) -> list[int]:
        """Of the live trades, as published."""
        return [trade.trade_id for trade in self.live(Trade)]

    def commands(self, kind: type[Body]) -> list[Body]:
        return [body for body in self.messages(COMMANDS) if isinstance(body, kind)]

    @property
    def missing(self) -> list[int]:
        """The ids that were reported as missing."""
        gaps = [gap for gap in self.commands(ReportFeedGap) if gap.kind == "trade"]
        return [id for gap in gaps for id in range(gap.first, gap.last + 1)]

    @property
    def letters(self) -> list[Code]:
        return [cast("DeadLetter", body).code for body in self.messages(DEAD_LETTERS)]

    def _said(self, what: str) -> dict[str, Any]:
        return cast("dict[str, Any]", processes(self.streams.redis).get("feed", {}).get(what, {}))

    def counter(self, name: str) -> int:
        return int(self._said("counters").get(name, 0))

    def gauge(self, name: str) -> Any:
        return self._said("gauges").get(name)

    async def counts(self, name: str, least: int = 1) -> None:
        await until(lambda: self.counter(name) >= least, f"{name} has come to {least}")

    async def trades_on(self, more: int = 20) -> None:
        """So many live trades beyond those that there are now."""
        enough = len(self.ids) + more
        await until(lambda: len(self.ids) >= enough, f"{more} more live trades were published")

    def is_whole(self) -> bool:
        """Whether the live trades have every id from the first to the last, once each and in order."""
        ids = self.ids
        return ids == list(range(ids[0], ids[-1] + 1))


@asynccontextmanager
async def trading(
    redis_url: str,
    faults: Sequence[AnyFault] = (),
    *,
    of: Tape | None = None,
    settings: Settings | None = None,
    patience: Patience = PATIENT,
    venue: str = "binance",
    **plan: Any,
) -> AsyncIterator[Desk]:
    """A feed whose first live trades are published. `plan` changes the client's patience."""
    of = of or tape(symbols=("SPY",) if venue.startswith("alpaca") else ("BTCUSDT",))
    async with LocalExchange(of, faults, settings=settings) as exchange:
        client = _client(venue, exchange, plan)
        streams = Streams(redis_url)
        stop, live = Stop(), Live([client])
        telemetry = Telemetry(streams.redis, "feed")
        source = Failover(live, [Standby("synthetic", _synthetic)], Counts(), patience=patience)
        feed = Feed(streams, telemetry, Publisher(streams, telemetry), source, stop)
        thread = threading.Thread(target=_run, args=(live, feed), name="feed")
        thread.start()
        desk = Desk(exchange, Streams(redis_url))
        try:
            yield desk
        finally:
            stop.set()
            await asyncio.to_thread(thread.join, 20)
            desk.streams.redis.close()
            streams.redis.close()
            assert not thread.is_alive()


def _run(live: Live, feed: Feed) -> None:
    live.start()
    feed.run()


def _synthetic(market_at: int) -> TickSource:
    return Player(lambda: iter(SyntheticMarket(1, market_at)), "synthetic", Counts(), market_after=market_at)


def _client(venue: str, exchange: LocalExchange, changes: dict[str, Any]) -> Venue:
    if venue == "alpaca-iex":
        settings = exchange.settings
        alpaca = AlpacaPlan(
            feed="iex",
            symbols=("SPY",),
            key=settings.key,
            secret=settings.secret,
            url=exchange.ws_url,
            first_pause_s=0.02,
            longest_pause_s=0.3,
            refused_pause_s=0.3,
            ready_s=2.0,
        )
        return AlpacaVenue(structs.replace(alpaca, **changes), random=Random(1))
    market = "usdm" if venue == "binance-usdm" else "spot"
    plan = structs.replace(QUICK, market=market, urls=(exchange.ws_url,), **changes)
    return BinanceVenue(plan, random=Random(1))

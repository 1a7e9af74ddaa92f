"""The fault table, everything at once: recorded and even markets in a crash."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from feeds.exchange import Settings, Tape
from feeds.exchange import faults as f
from streams.messages import BookSnapshot, Depth, Trade
from tests.integration.feeds.exchange.desk import Desk, trading
from tests.integration.feeds.exchange.tapes import tape, until

CRASH: list[f.AnyFault] = [
    f.ClockSkew(at=0, for_s=600, by=-1.3),
    f.Latency(at=1.0, for_s=2.5, by=1.5),
    f.Lost(at=1.2, count=12),
    f.Gap(at=1.6, count=30),
    f.InsuranceFund(at=2.0, count=9),
    f.Burst(at=3.0, for_s=0.8),
    f.DepthGap(at=3.2, count=4),
    f.GarbageText(at=4.0, count=5),
    f.UnknownKey(at=4.0, for_s=600),
    f.SlowRest(at=4.0, for_s=3, by=0.3),
    f.Duplicate(at=4.5, count=200),
    f.Gap(at=5.0, count=20),
    f.ReconnectStorm(at=6.0, for_s=0.5),
    f.Lost(at=8.0, count=3),
]


def book_at_the_end(desk: Desk) -> tuple[int, dict[Decimal, Decimal], dict[Decimal, Decimal]]:
    """What a reader of the stream alone makes of the book: the last snapshot and the changes behind it."""
    ticks = [tick for tick in desk.ticks(object) if isinstance(tick, BookSnapshot | Depth)]
    last = max(index for index, tick in enumerate(ticks) if isinstance(tick, BookSnapshot))
    start = ticks[last]
    bids, asks, id = dict(start.bids), dict(start.asks), start.last_id
    for change in ticks[last + 1 :]:
        if isinstance(change, Depth) and change.last_id > id:
            for side, levels in ((bids, change.bids), (asks, change.asks)):
                side.update(levels)
            id = change.last_id
    bids, asks = ({price: size for price, size in side.items() if size} for side in (bids, asks))
    return id, bids, asks


@pytest.mark.parametrize(
    ("name", "venue"),
    [
        ("binance-spot-btcusdt-20240808.jsonl.gz", "binance"),
        ("binance-usdm-btcusdt-20240718.jsonl.gz", "binance-usdm"),
    ],
)
async def test_in_a_crash_everything_is_published_or_named(
    redis_url: str, recordings: Path, name: str, venue: str
) -> None:
    of = Tape.of_recordings([recordings / name])
    async with trading(redis_url, CRASH, of=of, venue=venue, settings=Settings(speed=2)) as desk:
        exchange = desk.exchange
        await until(lambda: len(exchange.withheld_ids["BTCUSDT"]) >= 65, "the crash is over", seconds=60)
        await desk.trades_on(30)
        await until(lambda: desk.gauge("refilling") == 0 and desk.gauge("books_in_sync") == 1, "all is mended")
        ids, named = desk.ids, set(desk.missing)
        assert ids == sorted(set(ids))
        listed = exchange.market.trades if venue == "binance" else exchange.market.aggregates
        known = {trade.get("a", trade.get("t")) for trade in listed("BTCUSDT", limit=1_000_000)}
        held = set(range(ids[0], ids[-1] + 1)).difference(ids)
        assert not held & known, "what REST has was refilled"
        assert len(held - named) <= desk.counter("passed:not_market"), "what is missing is named, or is no price"
        assert held & named, "and something was lost"
        assert all(trade.price > 55_000 for trade in desk.live(Trade))


async def test_the_book_that_readers_have_is_that_of_the_exchange(redis_url: str) -> None:
    script: list[f.AnyFault] = [
        f.DepthGap(at=1, count=5),
        f.Crossed(at=2.5, count=4),
        f.Drop(at=4),
        f.Reorder(at=5, count=3, scope="@depth"),
        f.Silence(at=6, for_s=0.5, scope="@depth"),
    ]
    async with trading(redis_url, script, of=tape(seconds=9)) as desk:
        await until(lambda: desk.exchange.ended, "everything was played")
        book = desk.exchange.market.books["BTCUSDT"]
        await until(lambda: book_at_the_end(desk)[0] == book.last_id, "the feed is at the end too")
        bids, asks = book.levels(1_000)
        _, read_bids, read_asks = book_at_the_end(desk)
        assert read_bids == {Decimal(price): Decimal(size) for price, size in bids}
        assert read_asks == {Decimal(price): Decimal(size) for price, size in asks}
        assert desk.counter("resyncs") >= 2

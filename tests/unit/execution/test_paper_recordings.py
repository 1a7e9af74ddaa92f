"""The paper venue on recorded markets: fills are never better than what was there."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from execution.domain.order import Order
from execution.domain.venue import NoOffer
from execution.venues.paper import PaperVenue
from feeds.intake import Counts
from govsite.backtest import published
from govsite.seed import known_instrument
from market.domain.mark import Prices
from streams.events import BookTerms
from streams.messages import Depth, Quote, Side, Tick, Trade

BTC = known_instrument("BTCUSDT")
TERMS = BookTerms()
HIGHEST, LOWEST = Decimal(10**9), BTC.tick_size


def of(side: Side, quantity: str, limit: Decimal, name: str) -> Order:
    return Order(
        order_id=name,
        decision_id="decision",
        instrument=BTC.symbol,
        side=side,
        quantity=Decimal(quantity),
        limit=limit,
    )


def test_orders_of_a_recorded_minute_pay_the_spread_and_walk_the_book(recordings: Path) -> None:
    """Recorded quotes and depth of one venue: the best execution is at the last quote, whichever tells it."""
    prices = Prices()
    venue = PaperVenue(prices)
    walked = deep = 0
    for number, tick in enumerate(_ticks(recordings / "binance-spot-btcusdt-20240808.jsonl.gz", 20_000)):
        prices.observe(tick)
        venue.observe(tick)
        if number < 1_000 or not isinstance(tick, Quote) or number % 7:
            continue
        large, small = of("buy", "20", HIGHEST, "large"), of("sell", "0.001", LOWEST, "small")
        bought, sold = venue.take(large, BTC, TERMS), venue.take(small, BTC, TERMS)
        assert not isinstance(bought, NoOffer)
        assert not isinstance(sold, NoOffer)
        assert bought[0].price == tick.ask
        assert sold[0].price == tick.bid
        assert bought[0].tick_id == sold[0].tick_id == tick.id
        assert bought[0].quantity == min(large.quantity, tick.ask_size)
        assert [part.price for part in bought] == sorted({part.price for part in bought})
        walked += 1
        deep += len(bought) > 3
    assert walked > 1_000
    assert deep > walked * 0.9


def test_resting_orders_fill_only_where_the_recorded_market_came_to_them(recordings: Path) -> None:
    """A buy and a sell at the best price, renewed as they fill: never filled before a trade or quote reached them."""
    prices = Prices()
    venue = PaperVenue(prices)
    working: dict[Side, Order] = {}
    fills = 0
    for number, tick in enumerate(_ticks(recordings / "binance-spot-btcusdt-20240809.jsonl.gz", 20_000)):
        prices.observe(tick)
        venue.observe(tick)
        quote = prices.fresh_quote(BTC.symbol)
        for side, order in list(working.items()):
            for execution in venue.due(order.order_id):
                assert execution.price == order.limit
                assert _reaches(tick, order), (tick, order)
                fills += 1
                venue.forget(order.order_id)
                working.pop(side, None)
        if quote is not None:
            for side, limit in (("buy", quote.bid), ("sell", quote.ask)):
                if side not in working:
                    working[side] = of(side, "0.01", limit, f"{side} {number}")
                    venue.rest(working[side], BTC, TERMS)
    assert fills > 20


def _ticks(recording: Path, most: int) -> list[Tick]:
    ticks: list[Tick] = []
    for item in published([recording], Counts()):
        if isinstance(item, Tick):
            ticks.append(item)
        if len(ticks) == most:
            break
    return ticks


def _reaches(tick: Tick, order: Order) -> bool:
    """Whether the tick traded at the order's price or better for it, or offers it."""
    if isinstance(tick, Trade):
        return tick.price <= order.limit if order.side == "buy" else tick.price >= order.limit
    if isinstance(tick, Quote):
        return tick.ask <= order.limit if order.side == "buy" else tick.bid >= order.limit
    return isinstance(tick, Depth)

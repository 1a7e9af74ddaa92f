"""P and the market clock."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from market.domain.mark import QUOTE_FRESH_NS, Prices
from streams.messages import Depth, Quote, Tick, Trade

SECOND = 1_000_000_000


def a_trade(at: int, price: str = "99", **changes: Any) -> Trade:
    values = {"instrument": "BTCUSDT", "trade_id": at, "aggressor": "buy", **changes}
    return Trade(market_at=at, received_at=at, price=Decimal(price), quantity=Decimal(1), **values)


def a_quote(at: int, bid: str = "100", ask: str = "102", **changes: Any) -> Quote:
    sizes = {"bid_size": Decimal(1), "ask_size": Decimal(1), **changes}
    return Quote(
        instrument="BTCUSDT", market_at=at, received_at=at, update_id=at, bid=Decimal(bid), ask=Decimal(ask), **sizes
    )


def prices(*ticks: Tick) -> Prices:
    seen = Prices()
    for tick in ticks:
        seen.observe(tick)
    return seen


def test_without_ticks_there_is_no_price() -> None:
    seen = prices()
    assert (seen.view("BTCUSDT"), seen.age_ns("BTCUSDT"), seen.source("BTCUSDT"), seen.now) == (None, None, None, 0)


def test_a_fresh_quote_gives_its_middle_and_spread() -> None:
    view = prices(a_trade(1), a_quote(2)).view("BTCUSDT")
    assert view is not None
    assert (view.price, view.spread, view.tick_id) == (Decimal(101), Decimal(2), "binance:BTCUSDT:q2")


def test_a_quote_of_exactly_one_second_is_fresh_and_an_older_one_gives_way_to_the_last_trade() -> None:
    seen = prices(a_trade(1), a_quote(2), a_trade(2 + QUOTE_FRESH_NS, instrument="ETHUSDT"))
    assert seen.fresh_quote("BTCUSDT") is not None
    seen.observe(a_trade(3 + QUOTE_FRESH_NS, instrument="ETHUSDT"))
    assert seen.fresh_quote("BTCUSDT") is None
    view = seen.view("BTCUSDT")
    assert view is not None
    assert (view.price, view.spread, view.tick_id) == (Decimal(99), Decimal(0), "binance:BTCUSDT:t1")


def test_a_stale_quote_alone_is_no_price() -> None:
    seen = prices(a_quote(1), a_trade(2 * SECOND, instrument="ETHUSDT"))
    assert seen.view("BTCUSDT") is None


def test_a_one_sided_quote_is_passed_over() -> None:
    seen = prices(a_quote(1), a_quote(2, ask="0", ask_size=Decimal(0)))
    quote = seen.fresh_quote("BTCUSDT")
    assert quote is not None
    assert quote.update_id == 1


def test_depth_moves_the_clock_and_no_price() -> None:
    seen = prices(a_trade(1), Depth(instrument="BTCUSDT", market_at=9, received_at=9, first_id=1, last_id=1))
    assert (seen.now, seen.age_ns("BTCUSDT")) == (9, 8)


def test_the_clock_never_goes_back() -> None:
    seen = prices(a_trade(9), a_trade(5))
    assert seen.now == 9


def test_the_source_is_that_of_the_younger_tick() -> None:
    seen = prices(a_quote(1, source="live"), a_trade(2, source="synthetic"))
    assert seen.source("BTCUSDT") == "synthetic"
    assert seen.markets["BTCUSDT"].latest == a_trade(2, source="synthetic")


def test_the_lag_is_what_the_last_trade_took_longer_than_the_fastest() -> None:
    in_time = a_trade(9 * SECOND, event_at=9 * SECOND - 40_000_000)
    late = a_trade(17 * SECOND, event_at=9 * SECOND)
    assert prices(in_time).lag_ns("BTCUSDT") == 0
    assert prices(in_time, late).lag_ns("BTCUSDT") == 8 * SECOND - 40_000_000
    assert prices(in_time, late, a_quote(18 * SECOND)).frozen().lag_ns("BTCUSDT") == 8 * SECOND - 40_000_000
    assert prices(late, in_time).lag_ns("BTCUSDT") == 0


@pytest.mark.parametrize("offset", [-3_600 * SECOND, 3_600 * SECOND])
def test_a_venue_whose_clock_is_off_is_not_late(offset: int) -> None:
    start = 10_000 * SECOND
    seen = prices(a_trade(start, event_at=start + offset), a_trade(start + SECOND, event_at=start + SECOND + offset))
    assert seen.lag_ns("BTCUSDT") == 0
    seen.observe(a_trade(start + 10 * SECOND, event_at=start + 2 * SECOND + offset))
    assert seen.lag_ns("BTCUSDT") == 8 * SECOND


def test_a_clock_that_was_set_is_believed_after_ten_minutes() -> None:
    start = 10_000 * SECOND
    seen = prices(a_trade(start, event_at=start))
    for minute in range(1, 12):
        at = start + 60 * minute * SECOND
        seen.observe(a_trade(at, event_at=at - 5 * SECOND))
    assert seen.lag_ns("BTCUSDT") == 0


def test_who_does_not_say_when_it_happened_has_no_lag() -> None:
    assert prices(a_trade(SECOND)).lag_ns("BTCUSDT") is None
    assert prices(a_quote(SECOND, event_at=1)).lag_ns("BTCUSDT") is None
    assert prices().lag_ns("BTCUSDT") is None

"""What an order gets at once on paper."""

from __future__ import annotations

from decimal import Decimal

import pytest

from execution.domain.venue import Execution
from execution.venues.paper import PaperVenue
from market.domain.mark import Prices
from streams.events import BookTerms
from streams.messages import Code
from tests.unit.execution.market import MS, T0
from tests.unit.execution.paper import COIN, Scene, order

BIDS = (("99.9", "1"), ("99.8", "2"), ("99.5", "4"))
ASKS = (("100", "1"), ("100.1", "2"), ("100.5", "4"))


def test_an_order_walks_the_book_level_by_level() -> None:
    scene = Scene()
    told = scene.book(BIDS, ASKS)
    executions = scene.venue.take(order("buy", "2.5"), COIN, scene.terms)
    assert executions == (
        Execution(Decimal(1), Decimal(100), told.id),
        Execution(Decimal("1.5"), Decimal("100.1"), told.id),
    )
    assert scene.take(order("sell", "4")) == [("1", "99.9"), ("2", "99.8"), ("1", "99.5")]


def test_nothing_is_taken_beyond_the_limit_and_the_reason_is_told() -> None:
    scene = Scene()
    scene.book(BIDS, ASKS)
    assert scene.exhausted(order("buy", "3", "100.1")) is None
    assert scene.exhausted(order("buy", "3.01", "100.1")) == Code.LIMIT
    assert scene.take(order("buy", "3.01", "100.1")) == [("1", "100"), ("2", "100.1")]
    assert scene.take(order("buy", "1", "99.9")) == []
    assert scene.take(order("sell", "99")) == [("1", "99.9"), ("2", "99.8"), ("4", "99.5")]
    assert scene.exhausted(order("sell", "99")) == Code.NO_LIQUIDITY


def test_looking_takes_nothing_and_a_draft_neither() -> None:
    scene = Scene()
    scene.book(BIDS, ASKS)
    draft = scene.venue.draft()
    assert scene.take(order("buy", "2"), draft) == [("1", "100"), ("1", "100.1")]
    assert scene.take(order("buy", "2"), draft) == [("1", "100.1"), ("1", "100.5")]
    assert scene.take(order("buy", "2")) == [("1", "100"), ("1", "100.1")]


def test_a_taken_level_comes_back_when_the_book_tells_another_size_of_it_or_lost_it() -> None:
    scene = Scene()
    scene.book(BIDS, ASKS)
    assert scene.take(order("buy", "1.5")) == [("1", "100"), ("0.5", "100.1")]
    scene.diff(asks=(("100", "1"), ("100.5", "5")))
    assert scene.take(order("buy", "1")) == [("1", "100.1")], "the same size is the same offer"
    scene.diff(asks=(("100", "0.9"),))
    assert scene.take(order("buy", "1")) == [("0.9", "100"), ("0.1", "100.1")]
    scene.diff(asks=(("100.1", "0"),))
    scene.diff(asks=(("100.1", "2"),))
    assert scene.take(order("buy", "1")) == [("1", "100.1")]


def test_a_taken_quote_comes_back_when_its_size_changes_or_it_was_gone() -> None:
    scene = Scene()
    scene.quote("99.9", "100")
    assert scene.take(order("buy", "4")) == [("4", "100")]
    scene.quote("99.8", "100")
    assert scene.take(order("buy", "4")) == [("1", "100")]
    scene.quote("99.8", "100")
    assert scene.refused(order("buy", "4")) == Code.NO_LIQUIDITY
    scene.quote("99.8", "100", ask_size="2")
    assert scene.take(order("buy", "4")) == [("2", "100")]
    scene.quote("99.8", "100.1", ask_size="2")
    scene.quote("99.8", "100", ask_size="2")
    assert scene.take(order("buy", "4")) == [("2", "100")]


def test_what_was_taken_from_the_quote_is_not_in_the_book_again() -> None:
    scene = Scene()
    scene.book(BIDS, ASKS)
    scene.quote("99.9", "100", ask_size="1")
    assert scene.take(order("buy", "1")) == [("1", "100")]
    scene.diff(bids=(("99.9", "2"),))
    assert scene.take(order("buy", "1")) == [("1", "100.1")]


def test_a_younger_quote_corrects_the_book() -> None:
    scene = Scene()
    told = scene.book(BIDS, ASKS)
    quote = scene.quote("99.9", "100.1", ask_size="0.5")
    assert scene.venue.take(order("buy", "2"), COIN, scene.terms) == (
        Execution(Decimal("0.5"), Decimal("100.1"), quote.id),
        Execution(Decimal("1.5"), Decimal("100.5"), told.id),
    )
    scene.quote("99.9", "99.95", ask_size="0.5")
    assert scene.take(order("buy", "2")) == [("0.5", "100"), ("1", "100"), ("0.5", "100.1")]
    scene.diff(asks=(("100", "3"),))
    assert scene.take(order("buy", "2")) == [("2", "100")], "the book is younger again"


def test_a_quote_of_another_venue_has_nothing_behind_it() -> None:
    scene = Scene()
    scene.book(BIDS, ASKS)
    scene.quote("99.9", "100", ask_size="1", venue="kraken")
    assert scene.take(order("buy", "2")) == [("1", "100")]
    assert scene.exhausted(order("buy", "2")) == Code.NO_LIQUIDITY


def test_where_nobody_offers_there_is_no_liquidity() -> None:
    scene = Scene()
    scene.quote("99.9", "0", ask_size="0")
    assert scene.refused(order("buy")) == Code.NO_LIQUIDITY
    assert scene.take(order("sell")) == [("1", "99.9")]
    scene.book(BIDS, ())
    assert scene.refused(order("buy")) == Code.NO_LIQUIDITY


def test_a_book_that_lost_an_update_is_not_used() -> None:
    scene = Scene()
    scene.book(BIDS, ASKS)
    scene.quote("99.9", "100", ask_size="0.2")
    scene.diff(asks=(("100", "9"),), skip=5)
    assert scene.take(order("buy", "2")) == [("0.2", "100")]


def test_old_prices_are_no_prices() -> None:
    scene = Scene(terms=BookTerms(quote_max_age_ms=100, trade_max_age_ms=300))
    assert scene.refused(order()) == Code.NO_PRICE
    scene.trade("101", "0.01")
    scene.book(BIDS, ASKS)
    scene.quote("99.9", "100")
    scene.prices.now += 101 * MS
    trade = scene.venue.take(order("buy", "7"), COIN, scene.terms)
    assert trade == (Execution(Decimal(7), Decimal(101), "binance:BTCUSDT:t1"),), "a trade has no size for us"
    scene.prices.now += 200 * MS
    assert scene.refused(order()) == Code.STALE_DATA
    why = scene.venue.exhausted(order(), COIN, scene.terms)
    assert why is not None
    assert why.detail == "the last quote is 301 ms old, the last trade is 321 ms old"


def test_depth_share_and_slippage_worsen_what_is_shown() -> None:
    scene = Scene(terms=BookTerms(paper_depth_share=Decimal("0.333"), slippage_bp=Decimal(10)))
    scene.book(BIDS, ASKS)
    assert scene.take(order("buy", "0.5")) == [("0.33", "100.1"), ("0.17", "100.3")]
    assert scene.take(order("buy", "1", "100.3")) == [("0.49", "100.3")]
    assert scene.exhausted(order("buy", "1", "100.3")) == Code.LIMIT
    assert scene.take(order("sell", "0.34")) == [("0.33", "99.8"), ("0.01", "99.7")]


def test_levels_that_slippage_rounds_to_one_price_are_used_one_after_the_other() -> None:
    scene = Scene()
    scene.book((), (("100.01", "1"), ("100.02", "1"), ("100.03", "1")))
    assert scene.take(order("buy", "1.5")) == [("1", "100.1"), ("0.5", "100.1")]
    assert scene.take(order("buy", "2")) == [("0.5", "100.1"), ("1", "100.1")]


def test_a_sale_whose_price_rounds_to_nothing_has_no_price() -> None:
    scene = Scene()
    scene.quote("0.05", "100")
    assert scene.refused(order("sell", "1", "0.01")) == Code.NO_PRICE


def test_the_way_takes_the_latency_and_a_seeded_jitter() -> None:
    venue = PaperVenue(Prices())
    assert venue.arrives_after_ns("a", BookTerms()) == 0
    assert venue.arrives_after_ns("a", BookTerms(paper_latency_ms=7)) == 7 * MS
    terms = BookTerms(paper_latency_ms=7, paper_jitter_ms=5, paper_seed=3)
    ways = [venue.arrives_after_ns(f"order-{number}", terms) for number in range(1000)]
    assert ways == [venue.arrives_after_ns(f"order-{number}", terms) for number in range(1000)]
    assert 7 * MS <= min(ways) < 8 * MS
    assert 11 * MS < max(ways) <= 12 * MS
    assert sum(ways) / 1000 == pytest.approx(9.5 * MS, rel=0.02)
    other = BookTerms(paper_latency_ms=7, paper_jitter_ms=5, paper_seed=4)
    assert ways != [venue.arrives_after_ns(f"order-{number}", other) for number in range(1000)]


def test_levels_that_are_no_numbers_do_no_harm() -> None:
    scene = Scene()
    scene.book(BIDS, ASKS)
    scene.take(order("buy", "0.5"))
    scene.rest(order("buy", "1", "99.9", name="2"))
    for wrong in ("NaN", "sNaN", "Infinity", "-1"):
        scene.diff(asks=((wrong, "0"), ("100", wrong)), bids=((wrong, wrong),))
        scene.book(((wrong, "1"),), (("100", wrong),))
    scene.quote("99.9", "100.2", ask_size="1")
    assert scene.now > T0
    assert scene.take(order("buy", "1")) == [("1", "100.2")]

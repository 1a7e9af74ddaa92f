"""What an order earns that rests on paper."""

from __future__ import annotations

from decimal import Decimal

from execution.domain.venue import Execution
from streams.events import BookTerms
from tests.unit.execution.paper import Scene, order

BIDS = (("99.9", "1"), ("99.8", "2"), ("99.5", "4"))
ASKS = (("100", "1"), ("100.1", "2"), ("100.5", "4"))


def scene_of(terms: BookTerms | None = None) -> Scene:
    scene = Scene(terms=terms or BookTerms())
    scene.book(BIDS, ASKS)
    return scene


def test_trades_at_the_price_work_off_the_queue_first() -> None:
    scene = scene_of()
    mine = scene.rest(order("buy", "3", "99.8"))
    scene.trade("99.8", "1.5")
    assert scene.due(mine) == []
    first = scene.trade("99.8", "1")
    assert scene.venue.due(mine.order_id) == (Execution(Decimal("0.5"), Decimal("99.8"), first.id, "maker"),)
    scene.trade("99.9", "9")
    scene.trade("99.8", "9")
    assert scene.due(mine) == [("0.5", "99.8"), ("2.5", "99.8")]


def test_a_trade_through_the_price_fills_whatever_stood_before() -> None:
    scene = scene_of()
    mine = scene.rest(order("sell", "3", "100.1"))
    scene.trade("100.5", "0.7", "buy")
    assert scene.due(mine) == [("0.7", "100.1")]
    scene.trade("100.1", "0.5", "buy")
    assert scene.due(mine) == [("0.7", "100.1"), ("0.5", "100.1")]


def test_an_order_better_than_all_has_nobody_before_it() -> None:
    scene = scene_of()
    mine = scene.rest(order("buy", "1", "99.95"))
    scene.trade("99.95", "0.4")
    assert scene.due(mine) == [("0.4", "99.95")]


def test_a_shrinking_level_shortens_the_queue_and_a_growing_one_does_not() -> None:
    scene = scene_of()
    mine = scene.rest(order("buy", "1", "99.8"))
    scene.diff(bids=(("99.8", "0.5"),))
    scene.diff(bids=(("99.8", "50"),))
    scene.trade("99.8", "0.75")
    assert scene.due(mine) == [("0.25", "99.8")]


def test_where_the_price_was_not_shown_only_a_trade_through_it_fills_until_it_is() -> None:
    scene = Scene()
    scene.quote("99.9", "100", bid_size="1")
    mine = scene.rest(order("buy", "3", "99.8"))
    scene.trade("99.8", "5")
    assert scene.due(mine) == []
    scene.trade("99.7", "0.5")
    assert scene.due(mine) == [("0.5", "99.8")]
    scene.venue.forget(mine.order_id)
    later = scene.rest(order("buy", "3", "99.5", name="2"))
    scene.quote("99.5", "100", bid_size="2")
    scene.trade("99.5", "2.25")
    assert scene.due(later) == [("0.25", "99.5")]


def test_behind_the_levels_that_are_known_the_queue_is_not_known() -> None:
    scene = Scene()
    scene.book(BIDS, ASKS, limit=3)
    mine = scene.rest(order("buy", "1", "99.4"))
    scene.trade("99.4", "5")
    assert scene.due(mine) == []
    scene = scene_of()
    mine = scene.rest(order("buy", "1", "99.4"))
    scene.trade("99.4", "5")
    assert scene.due(mine) == [("1", "99.4")], "all levels were shown, and there was nobody"


def test_quotes_and_books_that_cross_fill_with_what_they_offer_once() -> None:
    scene = scene_of()
    mine = scene.rest(order("buy", "3", "99.9"))
    scene.quote("99.7", "99.8", ask_size="1")
    assert scene.due(mine) == [("1", "99.9")]
    scene.quote("99.7", "99.8", ask_size="1")
    scene.diff(bids=(("99.9", "0"), ("99.8", "0")), asks=(("99.8", "1"),))
    assert scene.due(mine) == [("1", "99.9")]
    scene.diff(asks=(("99.8", "0.5"), ("99.9", "0.25")))
    assert scene.due(mine) == [("1", "99.9"), ("0.5", "99.9"), ("0.25", "99.9")]
    assert scene.take(order("buy", "1")) == [("1", "100")], "the offers are used up for everybody"


def test_price_then_time_decides_who_is_served_first() -> None:
    scene = scene_of()
    first = scene.rest(order("sell", "1", "100.3", name="first"))
    second = scene.rest(order("sell", "1", "100.3", name="second"))
    best = scene.rest(order("sell", "1", "100.2", name="best"))
    scene.trade("100.4", "2.5", "buy")
    assert scene.due(best) == [("1", "100.2")]
    assert scene.due(first) == [("1", "100.3")]
    assert scene.due(second) == [("0.5", "100.3")]
    assert scene.venue.earned() == [best.order_id, first.order_id, second.order_id]


def test_a_share_of_the_depth_is_to_be_had_in_whole_lots() -> None:
    scene = scene_of(BookTerms(paper_depth_share=Decimal("0.1")))
    mine = scene.rest(order("buy", "3", "99.95"))
    scene.trade("99.95", "0.99")
    scene.trade("99.95", "0.01")
    scene.trade("99.95", "1.99")
    assert scene.due(mine) == [("0.09", "99.95"), ("0.19", "99.95")]


def test_what_is_booked_is_not_due_again_and_what_is_forgotten_earns_nothing() -> None:
    scene = scene_of()
    mine = scene.rest(order("buy", "3", "99.95"))
    scene.trade("99.95", "1")
    scene.trade("99.95", "1")
    one, two = scene.venue.due(mine.order_id)
    draft = scene.venue.draft()
    draft.booked(mine.order_id, one)
    draft.forget(mine.order_id)
    assert draft.due(mine.order_id) == ()
    assert scene.venue.due(mine.order_id) == (one, two)
    scene.venue.booked(mine.order_id, one)
    assert scene.venue.due(mine.order_id) == (two,)
    scene.venue.booked(mine.order_id, two)
    assert scene.venue.earned() == []
    scene.trade("99.95", "0.5")
    assert scene.due(mine) == [("0.5", "99.95")]
    scene.venue.forget(mine.order_id)
    scene.venue.forget("never heard of")
    scene.trade("99.95", "0.5")
    assert scene.due(mine) == []


def test_a_fill_that_the_log_tells_leaves_less_to_rest() -> None:
    scene = scene_of()
    mine = scene.rest(order("buy", "3", "99.95"))
    scene.venue.booked(mine.order_id, Execution(Decimal(2), Decimal("99.95"), "told", "maker"))
    scene.trade("99.9", "9")
    assert scene.due(mine) == [("1", "99.95")]


def test_an_order_that_rests_again_begins_at_the_back() -> None:
    scene = Scene()
    mine = scene.rest(order("buy", "1", "99.8"))
    scene.book(BIDS, ASKS)
    scene.trade("99.8", "2.25")
    assert scene.due(mine) == [("0.25", "99.8")]

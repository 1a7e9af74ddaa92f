"""Order books of a feed: resync, gaps that heal, and what late readers are told."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds import books as module
from feeds.books import SECOND, Books
from feeds.intake import Item
from market.domain.orderbook import OrderBook
from streams.messages import BookSnapshot, ChangeFeedSource, Depth, Quote
from tests.unit.feeds.clock import StillClock
from tests.unit.feeds.desk import Desk, diff, gap, in_sync, quote, snapshot
from tests.unit.market.trading import BTC, CUTS, KINDS, START, UPDATES, Venue, assert_right

# --- resync ---------------------------------------------------------------------------------------------


def test_a_snapshot_is_asked_for_with_the_first_change_and_what_came_meanwhile_is_kept() -> None:
    desk = Desk()
    first = diff(10, bids=[(97, 1)])
    assert desk.give(quote(1), first) == [quote(1), first]
    assert len(desk.wanted) == 1
    desk.give(diff(11, bids=[(99, 5)]))
    [shown] = desk.give(snapshot(9))
    assert isinstance(shown, BookSnapshot)
    assert (shown.last_id, shown.bids[0], len(shown.bids)) == (11, (99, 5), 3)
    assert desk.books.figures == {"books": 1, "books_in_sync": 1}
    assert desk.books.counters["resyncs"] == 0


def test_a_snapshot_that_came_too_soon_is_asked_for_again_and_again_but_not_all_the_time() -> None:
    desk = Desk()
    desk.give(quote(1), diff(10))
    assert desk.give(snapshot(5)) == []
    asked = [0]
    for tenth in range(1, 3_000):
        desk.wait(100)
        if len(desk.wanted) > len(asked):
            asked.append(tenth)
    pauses = [later - sooner for sooner, later in pairwise(asked)]
    assert pauses == [10, 20, 40, 80, 160, 300, 300, 300, 300, 300, 300, 300, 300]


def test_a_snapshot_that_helped_makes_the_next_one_come_soon() -> None:
    """Also when the price runs away from every one of them."""
    desk = Desk()
    desk.give(quote(1), diff(10))
    for _ in range(100):
        desk.wait(100)
    assert len(desk.wanted) == 4
    desk.give(snapshot(10))
    for number in range(20, 100, 10):
        desk.wait(1_000)
        asked = len(desk.wanted)
        desk.give(diff(number))
        assert len(desk.wanted) == asked + 1
        desk.give(snapshot(number))


def test_a_venue_that_tells_few_levels_is_not_asked_for_more_all_the_time() -> None:
    desk = Desk()
    few = [(2_000 - price, 1) for price in range(20)]
    desk.give(quote(10), snapshot(10, bids=few, asks=[(2_001, 1)]))
    for number in range(11, 611):
        desk.wait(100)
        asked = len(desk.wanted)
        desk.give(quote(number), diff(number))
        if len(desk.wanted) > asked:
            desk.give(snapshot(number, bids=few, asks=[(2_001, 1)]))
    assert len(desk.wanted) == 6


def test_a_gap_that_a_snapshot_heals_is_not_reported() -> None:
    desk = in_sync()
    later = diff(14, 15)
    assert desk.give(gap(11, 13), later) == [later]
    assert desk.books.figures["books_in_sync"] == 0
    desk.wait(500)
    [shown] = desk.give(snapshot(13))
    assert isinstance(shown, BookSnapshot)
    assert shown.last_id == 15
    desk.wait(5_000)
    assert (desk.gaps, desk.books.counters["healed_gaps"], desk.books.counters["resyncs"]) == ([], 1, 1)


def test_a_gap_that_no_snapshot_heals_is_reported_after_two_seconds() -> None:
    desk = in_sync()
    desk.give(gap(11, 13), diff(14, 15))
    desk.give(snapshot(12))
    desk.wait(1_999)
    assert desk.gaps == []
    assert desk.wait(1) == [gap(11, 13)]
    assert len(desk.wanted) > 1
    desk.give(snapshot(14))
    desk.wait(10_000)
    assert desk.gaps == [gap(11, 13)]
    assert desk.books.figures["books_in_sync"] == 1


def test_where_no_snapshot_can_be_had_a_gap_is_reported_at_once() -> None:
    desk = in_sync(snapshots=False)
    items: list[Item] = [gap(11, 13), diff(14, 15)]
    assert desk.give(*items) == items
    assert desk.give(diff(16), quote(16)) == [diff(16), quote(16)]
    assert desk.books.figures["books_in_sync"] == 0
    [shown] = desk.give(snapshot(16))
    assert isinstance(shown, BookSnapshot)
    assert desk.books.figures["books_in_sync"] == 1


def test_gaps_among_trades_are_none_of_its_business() -> None:
    desk = in_sync()
    assert desk.give(gap(1, 2, "trade")) == [gap(1, 2, "trade")]
    assert desk.wanted == []


def test_gaps_of_two_venues_are_not_mixed_up() -> None:
    desk = in_sync()
    desk.give(quote(1, venue="other"), diff(900, venue="other"), snapshot(900, venue="other"))
    desk.give(gap(11, 13), diff(14))
    desk.give(snapshot(901, venue="other"))
    desk.wait(2_000)
    assert desk.gaps == [gap(11, 13)]


def test_a_gap_is_not_healed_by_a_snapshot_from_before_its_end() -> None:
    desk = in_sync()
    desk.give(gap(11, 13))
    desk.give(snapshot(12))
    assert desk.books.figures["books_in_sync"] == 1
    desk.wait(2_000)
    assert desk.gaps == [gap(11, 13)]


def test_gaps_that_follow_each_other_are_held_as_one_and_can_be_released() -> None:
    desk = in_sync()
    for number in (20, 30, 40):
        desk.give(gap(number - 5, number - 1), diff(number))
    assert desk.gaps == []
    assert desk.books.release() == [gap(15, 39)]
    assert desk.books.release() == []


def test_where_no_snapshot_can_be_had_gaps_are_told_once_a_second() -> None:
    desk = in_sync(snapshots=False)
    for number in (20, 30, 40):
        desk.give(gap(number - 5, number - 1), diff(number))
    assert desk.gaps == [gap(15, 19)]
    desk.wait(1_000)
    assert desk.gaps == [gap(15, 19), gap(25, 39)]


def test_with_another_source_everything_begins_anew() -> None:
    desk = in_sync()
    desk.give(gap(11, 13), diff(14))
    change = ChangeFeedSource(origin="live", to="replay", reason="")
    assert desk.give(change) == [gap(11, 13), change]
    assert desk.books.figures == {"books": 0, "books_in_sync": 0}
    desk.give(diff(3, source="replay"), snapshot(3, source="replay"))
    assert (desk.shown[-1].last_id, desk.quotes) == (3, [(3, 99, 101)])


def test_a_recording_that_begins_again_is_out_of_sync_until_its_next_snapshot() -> None:
    """Ids of the next round lie far above."""
    desk = in_sync(snapshots=False)
    more = 10_000_000_000_000
    desk.give(diff(11), diff(more + 10))
    assert desk.books.figures["books_in_sync"] == 0
    desk.give(snapshot(more + 10))
    assert desk.books.figures["books_in_sync"] == 1
    assert desk.gaps == []


def test_books_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BOOKS", 1)
    desk = in_sync()
    other = diff(1, venue="other")
    assert desk.give(other, snapshot(1, venue="other")) == [other]
    assert (desk.books.figures["books"], desk.books.counters["without_book"]) == (1, 2)


# --- late readers ---------------------------------------------------------------------------------------


def test_the_best_levels_are_shown_again_every_ten_seconds_of_market_time() -> None:
    desk = in_sync()
    for number in range(11, 400):
        desk.give(quote(number, at=(number - 10) * 100), diff(number, at=(number - 10) * 100))
    assert [(shown.last_id, shown.market_at) for shown in desk.shown] == [
        (110, START + 10 * SECOND),
        (210, START + 20 * SECOND),
        (310, START + 30 * SECOND),
    ]


def test_at_most_a_hundred_levels_of_a_side_are_shown() -> None:
    desk = Desk()
    desk.give(
        snapshot(10, bids=[(2_000 - price, 1) for price in range(999)], asks=[(2_001 + price, 1) for price in range(5)])
    )
    [shown] = desk.shown
    assert (len(shown.bids), shown.bids[0][0], shown.bids[-1][0], len(shown.asks)) == (100, 2_000, 1_901, 5)


def test_when_the_price_leaves_what_was_shown_more_is_shown() -> None:
    desk = Desk()
    bids = [(2_000 - price, 1) for price in range(900)]
    desk.give(quote(10), snapshot(10, bids=bids, asks=[(2_001, 1)]))
    reader = OrderBook(BTC)
    reader.load(desk.shown[0])
    crash = diff(11, bids=[(price, 0) for price, _ in bids[:150]])
    assert reader.apply(crash) == "out_of_sync"
    assert [type(item) for item in desk.give(crash)] == [Depth, BookSnapshot]
    assert reader.load(desk.shown[1]) == "applied"
    assert reader.best() == (1_850, 1, 2_001, 1)


def test_a_snapshot_is_wanted_before_the_known_levels_are_used_up() -> None:
    desk = Desk()
    bids = [(2_000 - price, 1) for price in range(500)]
    desk.give(quote(10), snapshot(10, bids=bids, asks=[(2_001, 1)]))
    desk.give(diff(11, bids=[(price, 0) for price, _ in bids[:400]]))
    assert desk.wanted == []
    desk.give(diff(12, bids=[(1_600, 0)]), diff(13))
    assert len(desk.wanted) == 1
    desk.out.clear()
    desk.give(snapshot(12, bids=[(1_599 - price, 1) for price in range(500)], asks=[(2_001, 1)]))
    assert desk.out == []
    desk.wait(60_000)
    desk.give(diff(14))
    assert len(desk.wanted) == 1


@given(KINDS, UPDATES, CUTS, st.sets(st.integers(0, 120)), st.sets(st.integers(0, 120)), st.integers(0, 60))
def test_who_follows_what_comes_out_has_the_right_book_or_none(
    kind: Any, updates: Any, cuts: list[int], lost: set[int], snapshots: set[int], joins: int
) -> None:
    """Whatever is lost on the way in, and whenever one begins to read."""
    venue = Venue(kind, updates)
    books = Books(lambda _: True, clock=StillClock())
    out: list[Item] = []
    for number, each in enumerate(venue.diffs(cuts)):
        if number not in lost:
            out += books.take([each])
        if number in snapshots:
            out += books.take([venue.snapshot((each.last_id - venue.id(0)) // (venue.id(1) - venue.id(0)), 10)])
    reader = OrderBook(BTC)
    update_id = -1
    for item in out[joins:]:
        if isinstance(item, Depth):
            reader.apply(item)
        elif isinstance(item, BookSnapshot):
            reader.load(item)
            assert reader.synced
        elif isinstance(item, Quote):
            assert item.update_id > update_id
            update_id = item.update_id
            truth = venue.book_at(update_id)
            assert (item.bid, item.ask) == tuple(side[0][0] if side else 0 for side in truth)
        assert_right(reader, venue)

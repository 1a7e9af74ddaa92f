"""The order book: right after every update that a venue tells in whatever pieces, else out of sync."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.domain import orderbook
from market.domain.orderbook import RESTART_AFTER, Best, OrderBook, Taken
from streams.messages import BookSnapshot, Depth
from tests.unit.market.trading import BTC, CUTS, KINDS, LIMITS, START, UPDATES, Venue, assert_right


def levels(*pairs: tuple[object, object]) -> tuple[tuple[Decimal, Decimal], ...]:
    return tuple((Decimal(str(price)), Decimal(str(size))) for price, size in pairs)


def snapshot(
    last_id: int, bids: Any = ((99, 1), (98, 2)), asks: Any = ((101, 1), (102, 3)), **more: Any
) -> BookSnapshot:
    return BookSnapshot(
        instrument=BTC,
        market_at=START,
        received_at=START,
        last_id=last_id,
        bids=levels(*bids),
        asks=levels(*asks),
        **more,
    )


def diff(first: int, last: int, bids: Any = (), asks: Any = (), previous: int = 0, **more: Any) -> Depth:
    return Depth(
        instrument=BTC,
        market_at=START + last,
        received_at=START + last,
        first_id=first,
        last_id=last,
        previous_id=previous,
        bids=levels(*bids),
        asks=levels(*asks),
        **more,
    )


def loaded(last_id: int = 10, **more: Any) -> OrderBook:
    book = OrderBook(BTC)
    assert book.load(snapshot(last_id, **more)) == "applied"
    return book


# --- properties -----------------------------------------------------------------------------------------


@given(KINDS, UPDATES, CUTS, st.data())
def test_a_snapshot_and_what_came_after_it_is_the_book_of_all_diffs(
    kind: Any, updates: Any, cuts: list[int], data: st.DataObject
) -> None:
    """Whenever the snapshot arrives, and whichever frames came before it."""
    venue = Venue(kind, updates)
    diffs = venue.diffs(cuts)
    from_start = OrderBook(BTC)
    from_start.load(venue.snapshot(0))
    for each in diffs:
        assert from_start.apply(each) == "applied"
        assert_right(from_start, venue)

    taken = data.draw(st.integers(0, venue.last))
    heard_from = data.draw(st.integers(0, sum(each.last_id <= venue.id(taken) for each in diffs)))
    arrives_after = data.draw(st.integers(heard_from, len(diffs)))
    book = OrderBook(BTC)
    for each in diffs[heard_from:arrives_after]:
        assert book.apply(each) == "buffered"
    snapshot = venue.snapshot(taken)
    book.load(snapshot)
    for each in diffs[arrives_after:]:
        book.apply(each)
    assert_right(book, venue)
    if not {len(snapshot.bids), len(snapshot.asks)} & set(orderbook.CUT_AT):
        assert book.synced
        assert book.best() == from_start.best()


@settings(max_examples=300)
@given(KINDS, UPDATES, CUTS, LIMITS, st.data())
def test_what_is_lost_doubled_or_swapped_never_makes_a_wrong_book(
    kind: Any, updates: Any, cuts: list[int], limit: int, data: st.DataObject
) -> None:
    venue = Venue(kind, updates)
    stream: list[Depth | BookSnapshot] = list(venue.diffs(cuts))
    for number in data.draw(st.lists(st.integers(0, venue.last), max_size=4)):
        at = data.draw(st.integers(0, len(stream)))
        stream.insert(at, venue.snapshot(number, limit))
    for fault, anywhere in data.draw(
        st.lists(st.tuples(st.sampled_from(["lost", "doubled", "swapped"]), st.integers(0, 200)))
    ):
        at = anywhere % len(stream)
        if fault == "doubled":
            stream.insert(data.draw(st.integers(at, len(stream))), stream[at])
        elif fault == "swapped":
            stream[at - 1], stream[at] = stream[at], stream[at - 1]
        elif len(stream) > 1:
            del stream[at]
    book = OrderBook(BTC)
    for message in stream:
        book.load(message) if isinstance(message, BookSnapshot) else book.apply(message)
        assert_right(book, venue)
    book.load(venue.snapshot(venue.last))
    assert_right(book, venue)


@given(KINDS, UPDATES, CUTS, LIMITS, st.data())
def test_who_joins_late_sees_what_the_others_see(
    kind: Any, updates: Any, cuts: list[int], count: int, data: st.DataObject
) -> None:
    venue = Venue(kind, updates)
    diffs = venue.diffs(cuts)
    book, reader = OrderBook(BTC), OrderBook(BTC)
    book.load(venue.snapshot(0))
    joins = data.draw(st.sets(st.integers(0, len(diffs))))
    for number, each in enumerate(diffs):
        reader.apply(each)
        book.apply(each)
        shown = book.snapshot(count, market_at=START, received_at=START)
        if number in joins and shown is not None:
            reader.load(shown)
            assert reader.synced
            assert reader.best() == book.best()
        assert_right(reader, venue)


# --- the venue's rules ----------------------------------------------------------------------------------


def test_spot_begins_with_the_diff_that_holds_the_update_after_the_snapshot() -> None:
    book = OrderBook(BTC)
    outcomes = [book.apply(each) for each in (diff(5, 8), diff(9, 10), diff(11, 13, bids=[(99, 7)]), diff(14, 14))]
    assert outcomes == ["buffered"] * 4
    assert book.load(snapshot(11)) == "applied"
    assert (book.last_id, book.at) == (14, START + 14)
    assert book.best() == Best(Decimal(99), Decimal(7), Decimal(101), Decimal(1))


def test_spot_begins_right_behind_the_snapshot() -> None:
    book = loaded(10)
    assert [book.apply(diff(9, 10)), book.apply(diff(11, 12)), book.apply(diff(11, 12))] == ["old", "applied", "old"]
    assert book.apply(diff(14, 15)) == "out_of_sync"
    assert (book.synced, book.last_id, book.best(), book.mid()) == (False, -1, None, None)
    assert book.levels("bids", 10) == []


def test_futures_follow_by_the_id_before() -> None:
    book = loaded(100)
    assert book.apply(diff(60, 100, previous=55)) == "old"
    assert book.apply(diff(130, 160, previous=100)) == "applied"
    assert book.apply(diff(190, 200, previous=161)) == "out_of_sync"

    inside = loaded(100)
    assert inside.apply(diff(90, 160, previous=80, bids=[(99, 4)])) == "applied"
    assert inside.levels("bids", 1) == [(Decimal(99), Decimal(4))]


def test_a_snapshot_from_before_a_gap_does_not_help() -> None:
    book = loaded(10)
    book.apply(diff(13, 14))
    book.apply(diff(15, 16))
    assert [book.load(snapshot(11)), book.load(snapshot(12)), book.synced, book.last_id] == [
        "out_of_sync",
        "applied",
        True,
        16,
    ]


def test_a_gap_among_what_is_kept_starts_it_anew() -> None:
    book = OrderBook(BTC)
    for each in (diff(1, 2), diff(3, 4), diff(8, 9), diff(10, 11)):
        book.apply(each)
    assert book.load(snapshot(4)) == "out_of_sync"
    assert book.load(snapshot(7)) == "applied"
    assert book.last_id == 11


# --- what cannot be --------------------------------------------------------------------------------------


def test_a_level_that_is_not_there_can_go() -> None:
    book = loaded()
    assert book.apply(diff(11, 11, bids=[(50, 0)], asks=[(101, 0), (500, 0)])) == "applied"
    assert book.levels("asks", 5) == [(Decimal(102), Decimal(3))]


@pytest.mark.parametrize("bid", [101, 102, 5_000])
def test_a_crossed_book_is_not_shown_and_only_a_later_snapshot_helps(bid: int) -> None:
    book = loaded()
    assert book.apply(diff(11, 11, bids=[(bid, 1)])) == "out_of_sync"
    assert book.load(snapshot(10)) == "out_of_sync"
    assert book.apply(diff(12, 12)) == "buffered"
    assert book.load(snapshot(11, bids=[(100, 1)])) == "applied"
    assert book.best() == (100, 1, 101, 1)


def test_a_crossed_snapshot_is_not_shown() -> None:
    book = OrderBook(BTC)
    assert book.load(snapshot(10, bids=[(101, 1)])) == "out_of_sync"
    assert book.best() is None


@pytest.mark.parametrize("bad", ["NaN", "sNaN", "Infinity", "-1", "1e30"])
@pytest.mark.parametrize("where", ["price", "size"])
@pytest.mark.parametrize("known", [(), ((99, 1), (98, 2))])
def test_what_is_no_level_is_not_believed(bad: str, where: str, known: Any) -> None:
    level = (bad, 1) if where == "price" else (97, bad)
    book = loaded(bids=known)
    assert book.apply(diff(11, 11, bids=[level])) == "out_of_sync"
    fresh = OrderBook(BTC)
    assert fresh.load(snapshot(10, bids=[level])) == "out_of_sync"
    assert fresh.load(snapshot(10, bids=[level, (1, 1)])) == "out_of_sync"


@given(st.lists(st.tuples(*[st.integers(-3, 60)] * 3, st.sampled_from(["live", "replay"]), st.booleans())))
def test_ids_of_any_kind_raise_nothing(messages: list[Any]) -> None:
    book = OrderBook(BTC)
    for first, last, previous, source, whole in messages:
        book.load(snapshot(last, source=source)) if whole else book.apply(
            diff(first, last, previous=previous, source=source)
        )
        assert book.synced == (book.best() is not None)


def test_ids_that_begin_anew_are_noticed() -> None:
    book = loaded(1_000_000)
    book.apply(diff(1_000_001, 1_000_002))
    outcomes = [book.apply(diff(number, number)) for number in range(1, RESTART_AFTER + 1)]
    assert outcomes == ["old"] * (RESTART_AFTER - 1) + ["out_of_sync"]
    book.apply(diff(RESTART_AFTER + 1, RESTART_AFTER + 1))
    assert book.load(snapshot(RESTART_AFTER)) == "applied"
    assert book.last_id == RESTART_AFTER + 1


def test_another_source_or_venue_begins_the_book_anew() -> None:
    others: list[dict[str, Any]] = [{"source": "replay"}, {"venue": "binance-usdm"}]
    for other in others:
        book = loaded()
        assert book.apply(diff(11, 11, **other)) == "buffered"
        assert not book.synced
        book = loaded()
        assert book.load(snapshot(3, bids=[(90, 1)], **other)) == "applied"
        assert (book.last_id, book.best()) == (3, (90, 1, 101, 1))


# --- what is known ---------------------------------------------------------------------------------------


def cut_off(bids: int = 5, asks: int = 5) -> OrderBook:
    return loaded(
        bids=[(100 - number, 1) for number in range(1, bids + 1)],
        asks=[(100 + number, 2) for number in range(1, asks + 1)],
    )


def test_nothing_is_said_of_what_lies_behind_a_cut() -> None:
    book = cut_off()
    assert (book.complete_to("bids"), book.complete_to("asks")) == (95, 105)
    book.apply(diff(11, 11, bids=[(94, 9), (95, 0)]))
    assert [price for price, _ in book.levels("bids", 100)] == [99, 98, 97, 96]
    assert book.complete_to("bids") == 95
    assert (book.thin(5), book.thin(4)) == (True, False)


def test_a_price_beyond_what_is_known_puts_the_book_out_of_sync_until_more_is_told() -> None:
    book = cut_off()
    gone = [(price, 0) for price in range(95, 100)]
    assert book.apply(diff(11, 12, bids=[*gone, (94, 9)])) == "out_of_sync"
    assert book.apply(diff(13, 13, asks=[(101, 5)])) == "buffered"
    assert book.load(snapshot(11, bids=[(94, 1), (93, 1)])) == "applied"
    assert book.best() == (94, 9, 101, 5)


def test_a_side_that_was_whole_can_be_empty() -> None:
    book = loaded()
    assert book.apply(diff(11, 11, bids=[(99, 0), (98, 0)])) == "applied"
    assert book.best() == (0, 0, 101, 1)
    assert (book.mid(), book.vwap("sell", Decimal(1))) == (None, None)


def test_a_snapshot_adds_to_a_book_in_sync_only_what_it_did_not_know() -> None:
    book = cut_off()
    book.apply(diff(11, 11, bids=[(99, 7)]))
    assert book.load(snapshot(10, bids=[(99, 1), (98, 1)], asks=[(101, 2)] * 5)) == "applied"
    assert book.best() == (99, 7, 101, 2)
    assert (book.complete_to("bids"), book.complete_to("asks")) == (None, 105)
    assert book.load(snapshot(10)) == "applied"
    assert book.complete_to("asks") is None
    assert book.load(snapshot(10)) == "old"


def test_each_side_stays_as_deep_as_it_was() -> None:
    book = cut_off(bids=10)
    assert book.load(snapshot(10, bids=[(99 - number, 1) for number in range(5)])) == "applied"
    assert (book.complete_to("bids"), book.complete_to("asks")) == (90, None)


def test_diffs_from_before_a_snapshot_are_not_joined_to_those_behind_it() -> None:
    book = cut_off()
    book.apply(diff(11, 12))
    book.load(snapshot(20, bids=[(99 - number, 1) for number in range(5)]))
    book.apply(diff(21, 21))
    assert book.load(snapshot(11)) == "old"
    assert (book.last_id, book.complete_to("bids")) == (21, 95)


def test_a_book_never_goes_back() -> None:
    book = cut_off()
    assert book.load(snapshot(9)) == "old"
    assert (book.last_id, book.complete_to("bids")) == (10, 95)


def test_the_worst_of_very_many_levels_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orderbook, "MOST_LEVELS", 8)
    book = loaded(bids=[(price, 1) for price in range(1, 15)], asks=[(price, 1) for price in range(20, 23)])
    assert ([price for price, _ in book.levels("bids", 99)], book.complete_to("bids")) == ([*range(14, 6, -1)], 7)
    book.apply(diff(11, 11, asks=[(price, 1) for price in range(23, 40)]))
    assert ([price for price, _ in book.levels("asks", 99)], book.complete_to("asks")) == ([*range(20, 28)], 27)


def test_what_is_kept_for_a_snapshot_is_bounded() -> None:
    book = OrderBook(BTC)
    for number in range(2 * orderbook.MOST_RECENT):
        book.apply(diff(number, number))
    assert book.load(snapshot(orderbook.MOST_RECENT - 2)) == "out_of_sync"
    assert book.load(snapshot(orderbook.MOST_RECENT - 1)) == "applied"


def test_what_a_market_order_would_pay() -> None:
    book = loaded(bids=[(99, 1), (98, 2)], asks=[(101, 1), (102, 3)])
    assert book.vwap("buy", Decimal("0.5")) == Taken(Decimal(101), Decimal("0.5"))
    assert book.vwap("buy", Decimal(2)) == Taken(Decimal("101.5"), Decimal(2))
    assert book.vwap("sell", Decimal(9)) == Taken(Decimal(295) / 3, Decimal(3))
    assert OrderBook(BTC).vwap("buy", Decimal(1)) is None


def test_depth_near_the_mid() -> None:
    book = cut_off()
    assert book.mid() == 100
    assert book.depth_within(Decimal(200)) == (2, 4)
    assert book.depth_within(Decimal(500)) == (5, 10)
    assert book.depth_within(Decimal(501)) is None
    assert OrderBook(BTC).depth_within(Decimal(1)) is None


def test_a_snapshot_for_others_says_by_its_length_whether_it_is_cut_off() -> None:
    book = cut_off(bids=20, asks=3)
    shown = book.snapshot(100, market_at=1, received_at=2)
    assert shown is not None
    assert (len(shown.bids), len(shown.asks), shown.last_id, shown.market_at, shown.received_at) == (20, 3, 10, 1, 2)
    book.apply(diff(11, 11, bids=[(99, 0)]))
    shown = book.snapshot(100, market_at=1, received_at=2)
    assert shown is not None
    assert [price for price, _ in shown.bids] == [*range(98, 88, -1)]
    book.apply(diff(12, 12, bids=[(price, 0) for price in range(84, 99)]))
    assert book.synced
    assert book.snapshot(100, market_at=1, received_at=2) is None


def test_a_side_with_fewer_levels_than_were_asked_for_has_no_more() -> None:
    bids = [(99 - number, 1) for number in range(5)]
    book = OrderBook("BTCUSDT")
    assert book.load(snapshot(10, bids=bids)) == "applied"
    assert book.complete_to("bids") == 95, "five levels are as many as some venues give"
    asked = OrderBook("BTCUSDT")
    assert asked.load(msgspec.structs.replace(snapshot(10, bids=bids), limit=1_000)) == "applied"
    assert (asked.complete_to("bids"), asked.thin(100)) == (None, False)
    cut = OrderBook("BTCUSDT")
    assert cut.load(msgspec.structs.replace(snapshot(10, bids=bids[:4]), limit=4)) == "applied"
    assert cut.complete_to("bids") == 96
    shown = asked.snapshot(100, market_at=1, received_at=1)
    assert shown is not None
    assert shown.limit == 100

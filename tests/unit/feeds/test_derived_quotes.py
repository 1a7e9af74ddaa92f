"""Quotes that no venue gives, from order books; and books against the quotes that were recorded beside them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from feeds.books import SAID_AGAIN_NS, SECOND, Books
from feeds.recordings import read_ticks
from market.domain.orderbook import OrderBook
from streams.messages import BookSnapshot, Depth, Quote
from tests.unit.feeds.desk import MS, Desk, diff, in_sync, quote, snapshot
from tests.unit.market.trading import START

RECORDINGS = Path(__file__).resolve().parents[4] / "shared" / "market"


def test_where_a_venue_quotes_nothing_the_book_does_when_its_best_changes() -> None:
    desk = Desk()
    desk.give(diff(10), snapshot(10))
    desk.give(diff(11, at=100, bids=[(98, 9)]))
    [*_, derived] = desk.give(diff(12, at=200, bids=[(99, 3)]))
    assert desk.quotes == [(10, 99, 101), (12, 99, 101)]
    assert isinstance(derived, Quote)
    assert (derived.bid_size, derived.ask_size, derived.event_at, derived.market_at) == (3, 1, 7, START + 200 * MS)
    assert derived.venue == "binance"
    assert desk.books.counters["derived_quotes"] == 2


def test_a_best_that_stays_is_said_again_twice_a_second() -> None:
    desk = Desk()
    desk.give(snapshot(10))
    for number in range(11, 42):
        desk.give(diff(number, at=(number - 10) * 100))
    assert [update_id for update_id, _, _ in desk.quotes] == [10, 15, 20, 25, 30, 35, 40]
    assert SAID_AGAIN_NS == SECOND // 2


def test_nothing_is_derived_beside_quotes_of_the_venue() -> None:
    desk = in_sync()
    for number in range(11, 300):
        desk.give(quote(2 * number, at=number * 100), diff(number, at=number * 100, bids=[(99, number)]))
    assert desk.books.counters["derived_quotes"] == 0


def test_quotes_that_fall_silent_are_replaced_after_five_seconds_and_take_over_again() -> None:
    desk = in_sync()
    desk.give(diff(11, at=5_000, bids=[(99, 3)]))
    assert desk.quotes == []
    desk.give(diff(12, at=5_001))
    assert desk.quotes == [(12, 99, 101)]
    desk.give(quote(12, at=5_050, bid=98), quote(11, at=5_060, bid=98))
    assert desk.quotes == [(12, 99, 101)]
    assert desk.books.counters["quotes_behind"] == 2
    desk.give(quote(13, at=5_070, bid=98), diff(13, at=5_100, bids=[(99, 0)]))
    assert desk.quotes == [(12, 99, 101), (13, 98, 101)]


@pytest.mark.parametrize("lost", [True, False])
def test_quotes_behind_are_better_than_a_book_that_is_lost_or_silent(lost: bool) -> None:
    desk = Desk()
    desk.give(diff(10), snapshot(10))
    if lost:
        desk.give(diff(14))
    assert desk.give(quote(9, at=100 if lost else 5_001))


def test_ids_that_begin_anew_do_not_silence_the_book() -> None:
    desk = Desk()
    desk.give(snapshot(1_000_000), diff(1_000_001))
    for number in range(1, 30):
        desk.give(diff(number))
    desk.give(snapshot(25, at=1_000))
    desk.give(diff(30, at=2_000, bids=[(99, 7)]))
    assert [update_id for update_id, _, _ in desk.quotes] == [1_000_000, 29, 30]


def test_one_sided_books_are_quoted_as_such_and_empty_ones_not_at_all() -> None:
    desk = Desk()
    desk.give(snapshot(10))
    desk.give(diff(11, bids=[(99, 0), (98, 0)]))
    desk.give(diff(12, asks=[(101, 0), (102, 0)]))
    desk.give(diff(13, asks=[(101, 2)]))
    assert desk.quotes == [(10, 99, 101), (11, 0, 101), (13, 0, 101)]


# --- recordings -----------------------------------------------------------------------------------------


def recording(name: str) -> Path:
    path = RECORDINGS / name
    if not path.is_file():
        pytest.skip(f"the recordings are not there: {path}")
    return path


@pytest.mark.parametrize(
    ("name", "known", "compared"),
    [
        ("binance-spot-btcusdt-20240808.jsonl.gz", 2_592, 169),
        ("binance-spot-ethusdt-20240808.jsonl.gz", 3_431, 500),
        ("binance-usdm-btcusdt-20240718.jsonl.gz", 3_319, 190),
    ],
)
def test_books_of_recordings_agree_with_the_quotes_that_were_recorded(name: str, known: int, compared: int) -> None:
    """At equal update ids, and at each depth update with the last quote up to its id."""
    books = Books(lambda _: False)
    book = OrderBook("BTCUSDT")
    quotes: dict[int, tuple[Decimal, ...]] = {}
    best: dict[int, tuple[Decimal, ...]] = {}
    for item in read_ticks([recording(name)]):
        for out in books.take([item]):
            if isinstance(out, Depth):
                book.apply(out)
            elif isinstance(out, BookSnapshot):
                book.load(out)
            elif isinstance(out, Quote):
                quotes[out.update_id] = (out.bid, out.bid_size, out.ask, out.ask_size)
        if isinstance(item, Depth) and (shown := book.best()) is not None:
            best[book.last_id] = shown
    assert books.counters["derived_quotes"] == 0
    assert len(best) >= known
    assert len(best.keys() & quotes.keys()) >= compared
    assert [update_id for update_id in best.keys() & quotes.keys() if best[update_id] != quotes[update_id]] == []
    both = sorted([*((id, 1, at) for id, at in best.items()), *((id, 0, at) for id, at in quotes.items())])
    quoted: tuple[Decimal, ...] | None = None
    for _, is_best, told in both:
        if not is_best:
            quoted = told
        assert quoted in (None, told)

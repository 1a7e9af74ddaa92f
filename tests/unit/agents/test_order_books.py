"""Order books as agents see them: in sync or not at all, and kept only where an agent reads them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from agents.agent import Agent, View
from market.domain.orderbook import Best
from streams.messages import BookSnapshot, Depth, Tick
from tests.unit.agents.market import BTC, SECOND, START, Market, quote


class Reader(Agent):
    """Notes the best prices of the book whenever it changes."""

    wants = (Depth, BookSnapshot)
    every_ms = 0
    reads_book: ClassVar[bool] = True

    def __init__(self) -> None:
        self.seen: list[Best | None] = []

    def on_tick(self, tick: Tick, view: View) -> tuple[()]:
        book = view.order_book(tick.instrument)
        self.seen.append(book.best() if book else None)
        return ()


class Deaf(Agent):
    wants = ()


def level(price: int, size: int) -> tuple[tuple[Decimal, Decimal], ...]:
    return ((Decimal(price), Decimal(size)),)


def diff(first: int, *, at: int = START, **sides: Any) -> Depth:
    return Depth(instrument=BTC, market_at=at, received_at=at, first_id=first, last_id=first, **sides)


def snapshot(last_id: int, *, at: int = START) -> BookSnapshot:
    return BookSnapshot(
        instrument=BTC, market_at=at, received_at=at, last_id=last_id, bids=level(99, 1), asks=level(101, 1)
    )


def test_who_begins_late_sees_the_book_with_the_next_snapshot_and_none_while_something_is_missing() -> None:
    reader = Reader()
    market = Market(Deaf(), reader)
    for tick in (diff(4), diff(5, bids=level(99, 7)), snapshot(4), diff(6, asks=level(101, 3)), diff(8), snapshot(8)):
        market.see(tick)
    assert reader.seen == [None, None, (99, 7, 101, 1), (99, 7, 101, 3), None, (99, 1, 101, 1)]
    assert market.council.errors == 0


def test_a_book_that_is_not_updated_any_more_is_not_shown() -> None:
    market = Market(Reader())
    market.see(snapshot(4))
    market.see(quote(100, START + 5 * SECOND))
    assert market.view.order_book(BTC) is not None
    market.see(quote(100, START + 5 * SECOND + 1, number=2))
    assert market.view.order_book(BTC) is None
    market.see(diff(5, at=START + 6 * SECOND))
    assert market.view.order_book(BTC) is not None


def test_a_book_of_another_source_begins_anew() -> None:
    market = Market(Reader())
    market.see(snapshot(4))
    at = START + 1
    market.see(Depth(instrument=BTC, market_at=at, received_at=at, source="replay", first_id=5, last_id=5))
    assert market.view.order_book(BTC) is None


def test_nobody_keeps_books_that_nobody_reads() -> None:
    for agents, kept in (((Deaf(),), False), ((Deaf(), Reader()), True)):
        market = Market(*agents)
        market.see(snapshot(4))
        assert (market.view.order_book(BTC) is not None) == kept


def test_the_best_bid_and_ask_are_there_for_a_second() -> None:
    market = Market(Deaf())
    told = quote(100, START)
    market.see(told)
    assert market.view.quote(BTC) == told
    market.see(diff(4, at=START + SECOND))
    assert market.view.quote(BTC) == told
    market.see(diff(5, at=START + SECOND + 1))
    assert market.view.quote(BTC) is None
    assert market.view.quote("ETHUSDT") is None

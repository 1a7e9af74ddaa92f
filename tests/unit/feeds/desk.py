"""Order books with a source that has snapshots or not, and what such a source brings."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from feeds.books import Books
from feeds.intake import Item
from streams.messages import BookSnapshot, Depth, Quote, ReportFeedGap
from tests.unit.feeds.clock import StillClock
from tests.unit.market.trading import BTC, START

MS = 1_000_000


class Desk:
    """Books with a source that has snapshots or not, and what came out of them."""

    def __init__(self, *, snapshots: bool = True) -> None:
        self.clock = StillClock()
        self.snapshots = snapshots
        self.wanted: list[int] = []
        self.books = Books(self.want_snapshot, clock=self.clock)
        self.now = START
        self.out: list[Item] = []

    def want_snapshot(self, instrument: str) -> bool:
        assert instrument == BTC
        self.wanted.append(self.clock.now)
        return self.snapshots

    def give(self, *items: Item) -> Sequence[Item]:
        out = self.books.take(items)
        self.out += out
        return out

    def wait(self, milliseconds: int) -> Sequence[Item]:
        self.clock.now += milliseconds * MS
        return self.give()

    @property
    def quotes(self) -> list[tuple[int, Decimal, Decimal]]:
        return [(quote.update_id, quote.bid, quote.ask) for quote in self.out if isinstance(quote, Quote)]

    @property
    def shown(self) -> list[BookSnapshot]:
        return [item for item in self.out if isinstance(item, BookSnapshot)]

    @property
    def gaps(self) -> list[ReportFeedGap]:
        return [item for item in self.out if isinstance(item, ReportFeedGap)]


def levels(*pairs: tuple[Any, Any]) -> tuple[tuple[Decimal, Decimal], ...]:
    return tuple((Decimal(price), Decimal(size)) for price, size in pairs)


def diff(first: int, last: int | None = None, *, at: int = 0, bids: Any = (), asks: Any = (), **more: Any) -> Depth:
    """`at` in ms."""
    market_at = START + at * MS
    return Depth(
        instrument=BTC,
        market_at=market_at,
        received_at=market_at,
        event_at=7,
        first_id=first,
        last_id=last or first,
        bids=levels(*bids),
        asks=levels(*asks),
        **more,
    )


def snapshot(
    last_id: int, *, at: int = 0, bids: Any = ((99, 1), (98, 2)), asks: Any = ((101, 1), (102, 2)), **more: Any
) -> BookSnapshot:
    market_at = START + at * MS
    return BookSnapshot(
        instrument=BTC,
        market_at=market_at,
        received_at=market_at,
        last_id=last_id,
        bids=levels(*bids),
        asks=levels(*asks),
        **more,
    )


def quote(update_id: int, *, at: int = 0, bid: Any = 99, ask: Any = 101, **more: Any) -> Quote:
    market_at = START + at * MS
    one = Decimal(1)
    return Quote(
        instrument=BTC,
        market_at=market_at,
        received_at=market_at,
        update_id=update_id,
        bid=Decimal(bid),
        bid_size=one,
        ask=Decimal(ask),
        ask_size=one,
        **more,
    )


def gap(first: int, last: int, kind: Any = "depth") -> ReportFeedGap:
    return ReportFeedGap(instrument=BTC, kind=kind, first=first, last=last, market_at=START)


def in_sync(*, snapshots: bool = True) -> Desk:
    """At update 10, with a quote so that none is derived."""
    desk = Desk(snapshots=snapshots)
    desk.give(quote(5), diff(10), snapshot(10))
    assert desk.books.figures == {"books": 1, "books_in_sync": 1}
    desk.out.clear()
    desk.wanted.clear()
    return desk

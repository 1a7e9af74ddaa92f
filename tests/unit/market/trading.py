"""A market whose order book is known after every update, and what a venue tells of it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal, NamedTuple

from hypothesis import strategies as st

from market.domain.orderbook import Level, OrderBook
from streams.messages import BookSnapshot, Depth, Source

BTC = "BTCUSDT"
START = 1_723_161_254_000_000_000
MS = 1_000_000
Kind = Literal["spot", "futures"]
STRIDE = 7  # ids of futures are shared with other instruments


class Truth(NamedTuple):
    """All levels of a book, best first."""

    bids: tuple[Level, ...] = ()
    asks: tuple[Level, ...] = ()


class Venue:
    """`books[n]` is the book after update n; it begins with a dozen levels on each side. Updates that would cross it
    change nothing."""

    def __init__(self, kind: Kind, updates: Sequence[tuple[bool, int, int]], *, source: Source = "live") -> None:
        self.kind = kind
        self.source: Source = source
        self.changes: list[tuple[bool, Level] | None] = [None]
        bids = {Decimal(price): Decimal(1) for price in range(19, 7, -1)}
        asks = {Decimal(price): Decimal(1) for price in range(21, 33)}
        self.books = [Truth(tuple(bids.items()), tuple(asks.items()))]
        for buys, price, size in updates:
            crosses = (asks and price >= min(asks)) if buys else (bids and price <= max(bids))
            change = None if crosses else (buys, (Decimal(price), Decimal(size)))
            if change:
                side = bids if buys else asks
                side[Decimal(price)] = Decimal(size)
                if not size:
                    del side[Decimal(price)]
            self.changes.append(change)
            self.books.append(Truth(tuple(sorted(bids.items(), reverse=True)), tuple(sorted(asks.items()))))

    @property
    def last(self) -> int:
        return len(self.books) - 1

    def id(self, number: int) -> int:
        return 1_000 + number * (STRIDE if self.kind == "futures" else 1)

    def book_at(self, id: int) -> Truth:
        number, rest = divmod(id - 1_000, STRIDE if self.kind == "futures" else 1)
        assert not rest
        return self.books[number]

    def diff(self, first: int, last: int) -> Depth:
        """The updates `first` to `last` in one frame, as of the last one."""
        touched = {(buys, level[0]): level for buys, level in filter(None, self.changes[first : last + 1])}
        futures = self.kind == "futures"
        return Depth(
            instrument=BTC,
            market_at=START + last * MS,
            received_at=START + last * MS,
            source=self.source,
            first_id=self.id(first) - (STRIDE - 2 if futures else 0),
            last_id=self.id(last),
            previous_id=self.id(first - 1) if futures else 0,
            bids=tuple(level for (buys, _), level in touched.items() if buys),
            asks=tuple(level for (buys, _), level in touched.items() if not buys),
        )

    def diffs(self, cuts: Sequence[int]) -> list[Depth]:
        """All updates, in frames that end at these."""
        ends = [*sorted({cut for cut in cuts if 0 < cut < self.last}), self.last]
        return [self.diff(first, last) for first, last in zip([1, *(end + 1 for end in ends)], ends, strict=False)]

    def snapshot(self, number: int, limit: int = 1_000) -> BookSnapshot:
        return BookSnapshot(
            instrument=BTC,
            market_at=START + number * MS,
            received_at=START + number * MS,
            source=self.source,
            last_id=self.id(number),
            bids=self.books[number].bids[:limit],
            asks=self.books[number].asks[:limit],
        )


UPDATES = st.lists(st.tuples(st.booleans(), st.integers(1, 40), st.integers(0, 3)), min_size=1, max_size=120)
KINDS = st.sampled_from(["spot", "futures"])
CUTS = st.lists(st.integers(1, 120), max_size=120)
LIMITS = st.sampled_from([5, 10, 20, 1_000])


def assert_right(book: OrderBook, venue: Venue) -> None:
    """What the book shows is so, and it shows everything up to where it says."""
    if not book.synced:
        assert book.best() is None
        return
    truth = venue.book_at(book.last_id)
    low, high = book.complete_to("bids"), book.complete_to("asks")
    assert book.levels("bids", 1_000) == [level for level in truth.bids if low is None or level[0] >= low]
    assert book.levels("asks", 1_000) == [level for level in truth.asks if high is None or level[0] <= high]
    nothing = (Decimal(0), Decimal(0))
    assert book.best() == (*(truth.bids or [nothing])[0], *(truth.asks or [nothing])[0])

"""What the market shows of one instrument: its order book as far as it is known, and the last quote."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import NamedTuple, cast

from market.domain.orderbook import OrderBook, Rank
from streams.messages import BookSnapshot, Depth, Quote

ZERO = Decimal(0)
FIRST_LEVELS, MORE_LEVELS = 16, 8


class Level(NamedTuple):
    """A price, the quantity shown there, and the tick that says so."""

    price: Decimal
    size: Decimal
    tick_id: str


class Shown:
    """Ticks go in by `quoted` and `deepened`; ages are by the market clock (ns). A quote that is younger than the book
    corrects it: what the book has at better prices is gone, and the best size is the quote's."""

    __slots__ = ("book", "quote", "told")

    def __init__(self, instrument: str) -> None:
        self.book = OrderBook(instrument)
        self.told: Depth | BookSnapshot | None = None
        self.quote: Quote | None = None

    def quoted(self, quote: Quote) -> None:
        self.quote = quote

    def deepened(self, tick: Depth | BookSnapshot) -> bool:
        """Whether the book is in sync and has learned from it; else its levels mean nothing."""
        outcome = self.book.apply(tick) if type(tick) is Depth else self.book.load(cast(BookSnapshot, tick))
        if outcome == "applied":
            self.told = tick
        return outcome == "applied"

    def sizes(self, rank: Rank, prices: Collection[Decimal]) -> dict[Decimal, Decimal]:
        """What the book has at these prices, 0 where it has nothing; without those of which it knows nothing."""
        return {price: size for price in prices if (size := self.book.size_at(rank, price)) is not None}

    def is_fresh(self, since: int) -> bool:
        """Whether anything was shown at `since` or later."""
        return self._fresh_book(since) is not None or self._fresh_quote(since) is not None

    def levels(self, rank: Rank, since: int) -> Iterator[Level]:
        """Best first, of what was shown at `since` or later; nothing where a fresh quote says that nobody is there."""
        book, quote = self._fresh_book(since), self._fresh_quote(since)
        if quote is None or (book is not None and quote.market_at < book.at):
            return self._booked(book, rank, None) if book else iter(())
        return self._quoted(quote, book, rank)

    def ahead(self, rank: Rank, price: Decimal, since: int) -> Decimal | None:
        """The quantity that stands at this price, 0 where nobody does; None where nothing is known of the price."""
        book = self._fresh_book(since)
        edge = book.complete_to(rank) if book else None
        if book and edge is not None and is_worse(price, edge, rank):
            return None
        found = False
        for level in self.levels(rank, since):
            found = True
            if level.price == price:
                return level.size
            if is_worse(level.price, price, rank):
                return ZERO
        return ZERO if found and book else None

    def _quoted(self, quote: Quote, book: OrderBook | None, rank: Rank) -> Iterator[Level]:
        best, size = (quote.bid, quote.bid_size) if rank == "bids" else (quote.ask, quote.ask_size)
        if not (best and size):
            return
        yield Level(best, size, quote.id)
        told = self.told
        if book and told and (told.venue, told.source) == (quote.venue, quote.source):
            yield from self._booked(book, rank, best)

    def _booked(self, book: OrderBook, rank: Rank, beyond: Decimal | None) -> Iterator[Level]:
        tick_id = self.told.id if self.told else ""
        at, count = 0, FIRST_LEVELS
        while len(levels := book.levels(rank, count)) > at:
            for price, size in levels[at:]:
                if beyond is None or is_worse(price, beyond, rank):
                    yield Level(price, size, tick_id)
            at, count = count, count * MORE_LEVELS

    def _fresh_book(self, since: int) -> OrderBook | None:
        return self.book if self.book.synced and self.book.at >= since else None

    def _fresh_quote(self, since: int) -> Quote | None:
        return self.quote if self.quote is not None and self.quote.market_at >= since else None


def is_worse(price: Decimal, other: Decimal, rank: Rank) -> bool:
    """Whether the first price stands behind the other on its side of the book."""
    return price < other if rank == "bids" else price > other

"""The order book of one instrument, folded from snapshots and diffs; it is never shown where it is not known.

A diff tells the new quantities of the levels that changed after one update id up to another. Whatever lies at the ids
in between is therefore right once a diff was applied to a book that stood anywhere inside its range. The venue's rules
are cases of this one: a diff of spot begins at `U` - 1, one of futures at `pu`; it follows on a book at id L when it
begins at or before L and ends behind it, it is old when it ends at or before L, and else something is missing.

A snapshot holds the best levels only. What lies behind the worst of them is not known and nothing is said of it; when
the price gets there the book is out of sync.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Literal, NamedTuple

from streams.messages import LARGEST, ZERO, BookSnapshot, Depth, Side, Source

MOST_LEVELS = 5_000
MOST_RECENT = 500
CUT_AT = (5, 10, 20, 50, 100, 500, 1_000, 5_000)
RESTART_AFTER = 20
BEHIND_SNAPSHOT = 300
TWO = Decimal(2)
BASIS_POINTS = Decimal(10_000)

Outcome = Literal["applied", "buffered", "old", "out_of_sync"]
Rank = Literal["bids", "asks"]
Level = tuple[Decimal, Decimal]


class Best(NamedTuple):
    """A side without an offer has price 0 and size 0."""

    bid: Decimal
    bid_size: Decimal
    ask: Decimal
    ask_size: Decimal


class Taken(NamedTuple):
    """What a market order would get: the average price, and how much of it finds an offer."""

    price: Decimal
    filled: Decimal


class _Levels:
    """One side by rising price. All prices up to `edge` are known; None: there is nothing behind the last one, which is
    so when there are fewer levels than were asked for, or, where nobody knows how many that were, not just as many as
    venues cut off at. Raises as `change` does."""

    __slots__ = ("_buys", "edge", "prices", "sizes")

    def __init__(self, levels: Sequence[Level], *, buys: bool, limit: int = 0) -> None:
        self._buys = buys
        self.edge: Decimal | None = None
        self.prices: list[Decimal] = []
        self.sizes: list[Decimal] = []
        self.change(sorted(levels))
        cut_off = len(levels) >= limit if limit else len(levels) in CUT_AT
        if cut_off and self.prices:
            self.edge = self.worst

    @property
    def worst(self) -> Decimal:
        return self.prices[0 if self._buys else -1]

    @property
    def best(self) -> Level:
        if not self.prices:
            return ZERO, ZERO
        at = -1 if self._buys else 0
        return self.prices[at], self.sizes[at]

    @property
    def exhausted(self) -> bool:
        """Whether all that was known is gone, and more may be there."""
        return not self.prices and self.edge is not None

    def beyond(self, price: Decimal) -> bool:
        """Whether nothing is known of this price."""
        return self.edge is not None and (price < self.edge if self._buys else price > self.edge)

    def deeper_than(self, other: _Levels) -> bool:
        return other.edge is not None and (self.edge is None or other.beyond(self.edge))

    def change(self, levels: Sequence[Level]) -> None:
        """Sets the quantities of levels, 0 removes one. Raises ValueError or InvalidOperation for what is no level."""
        prices, sizes = self.prices, self.sizes
        for price, size in levels:
            at = bisect_left(prices, price)
            there = at < len(prices) and prices[at] == price
            if not size:
                if there:
                    del prices[at], sizes[at]
            elif not ZERO < size <= LARGEST or not ZERO < price <= LARGEST:
                raise ValueError(f"{size} at {price} is no level")
            elif there:
                sizes[at] = size
            elif not self.beyond(price):
                prices.insert(at, price)
                sizes.insert(at, size)
        if len(prices) > MOST_LEVELS:
            self._cut()

    def ranked(self, count: int) -> list[Level]:
        """The best levels, best first."""
        return list(islice(self.walk(), count))

    def walk(self) -> Iterator[Level]:
        """All levels, best first."""
        if self._buys:
            return zip(reversed(self.prices), reversed(self.sizes), strict=True)
        return zip(self.prices, self.sizes, strict=True)

    def _cut(self) -> None:
        """The worst levels are forgotten and with them that nothing else is there."""
        beyond = slice(None, -MOST_LEVELS) if self._buys else slice(MOST_LEVELS, None)
        del self.prices[beyond], self.sizes[beyond]
        self.edge = self.worst


class OrderBook:
    """`load` and `apply` take whatever comes, in any order, and never raise for it. `synced`: the book is that of
    update `last_id`, as it was at `at` (market clock, ns). Diffs of another venue or source begin the book anew."""

    def __init__(self, instrument: str) -> None:
        self.instrument = instrument
        self.synced = False
        self.at = 0
        self._bids, self._asks = _nothing()
        self._begin("", "live")

    def _begin(self, venue: str, source: Source) -> None:
        self._venue = venue
        self._source = source
        self._recent: deque[Depth] = deque(maxlen=MOST_RECENT)
        self._newest = -1
        self._olds = 0
        self._most_olds = RESTART_AFTER
        self._lose()

    @property
    def last_id(self) -> int:
        """The update up to which this book goes; -1 where nothing is known."""
        return self._newest if self.synced else -1

    # --- what comes -----------------------------------------------------------------------------------

    def load(self, snapshot: BookSnapshot) -> Outcome:
        """Takes a snapshot and what came after it. A book in sync only learns from it what it does not know yet;
        "old": it knew everything. "out_of_sync": between the snapshot and the diffs known something is missing."""
        if (snapshot.venue, snapshot.source) != (self._venue, self._source):
            self._begin(snapshot.venue, snapshot.source)
        later = self._later_than(snapshot.last_id)
        if later is None:
            return "old" if self.synced else "out_of_sync"
        try:
            bids = _Levels(snapshot.bids, buys=True, limit=snapshot.limit)
            asks = _Levels(snapshot.asks, buys=False, limit=snapshot.limit)
            for diff in later:
                bids.change(diff.bids)
                asks.change(diff.asks)
        except (ValueError, InvalidOperation):
            self._distrust()
            return "out_of_sync"
        if self.synced and snapshot.last_id <= self._newest:
            if not (bids.deeper_than(self._bids) or asks.deeper_than(self._asks)):
                return "old"
            bids = bids if bids.deeper_than(self._bids) else self._bids
            asks = asks if asks.deeper_than(self._asks) else self._asks
        self._bids, self._asks, self.synced = bids, asks, True
        if not later and snapshot.last_id > self._newest:
            self._recent.clear()
            self._newest, self._olds, self._most_olds = snapshot.last_id, 0, BEHIND_SNAPSHOT
        self.at = max(self.at, snapshot.market_at, *(diff.market_at for diff in later))
        return self._checked()

    def apply(self, diff: Depth) -> Outcome:
        """ "buffered": not in sync, but kept for the next snapshot. "out_of_sync": it was in sync until now."""
        if diff.source != self._source or diff.venue != self._venue:
            self._begin(diff.venue, diff.source)
        if not _start(diff) <= self._newest < diff.last_id:
            return self._astray(diff)
        self._recent.append(diff)
        self._newest, self._olds, self._most_olds = diff.last_id, 0, RESTART_AFTER
        if not self.synced:
            return "buffered"
        try:
            self._bids.change(diff.bids)
            self._asks.change(diff.asks)
        except (ValueError, InvalidOperation):
            return self._distrust()
        self.at = diff.market_at
        return self._checked()

    def _astray(self, diff: Depth) -> Outcome:
        """A diff that does not follow. Many old ones in a row mean that the ids have begun anew."""
        if diff.last_id <= self._newest:
            self._olds += 1
            if self._olds < self._most_olds:
                return "old"
        self._recent.clear()
        self._recent.append(diff)
        self._newest, self._olds, self._most_olds = diff.last_id, 0, RESTART_AFTER
        return self._lose()

    def _later_than(self, id: int) -> list[Depth] | None:
        """The diffs that a snapshot of this id has to be followed by; None where some are missing."""
        if id >= self._newest:
            return []
        later = [diff for diff in self._recent if diff.last_id > id]
        return later if later and _start(later[0]) <= id else None

    def _checked(self) -> Outcome:
        bids, asks = self._bids, self._asks
        if bids.prices and asks.prices and bids.prices[-1] >= asks.prices[0]:
            return self._distrust()
        return self._lose() if bids.exhausted or asks.exhausted else "applied"

    def _distrust(self) -> Outcome:
        """Something that was told is wrong: only a snapshot of a later time can help."""
        self._recent.clear()
        return self._lose()

    def _lose(self) -> Outcome:
        known, self.synced = self.synced, False
        self._bids, self._asks = _nothing()
        return "out_of_sync" if known else "buffered"

    # --- what is known --------------------------------------------------------------------------------

    def best(self) -> Best | None:
        """None where the book is not in sync."""
        return Best(*self._bids.best, *self._asks.best) if self.synced else None

    def mid(self) -> Decimal | None:
        """None where the book is not in sync or a side is empty."""
        if not (self.synced and self._bids.prices and self._asks.prices):
            return None
        return (self._bids.prices[-1] + self._asks.prices[0]) / TWO

    def levels(self, rank: Rank, count: int) -> list[Level]:
        """Prices and quantities, best first; fewer where there are no more or no more are known."""
        return self._side(rank).ranked(count)

    def complete_to(self, rank: Rank) -> Decimal | None:
        """The worst price up to which all levels are known; None where there is nothing behind the last one."""
        return self._side(rank).edge

    def thin(self, count: int) -> bool:
        """Whether a side may have more levels than are known, and fewer than `count` are."""
        return any(side.edge is not None and len(side.prices) < count for side in (self._bids, self._asks))

    def depth_within(self, bp: Decimal) -> tuple[Decimal, Decimal] | None:
        """The quantities bid and asked at most `bp` basis points from the mid; None where not all of it is known."""
        mid = self.mid()
        if mid is None:
            return None
        low, high = mid * (1 - bp / BASIS_POINTS), mid * (1 + bp / BASIS_POINTS)
        if self._bids.beyond(low) or self._asks.beyond(high):
            return None
        bids, asks = self._bids, self._asks
        return (
            sum(bids.sizes[bisect_left(bids.prices, low) :], ZERO),
            sum(asks.sizes[: bisect_right(asks.prices, high)], ZERO),
        )

    def size_at(self, rank: Rank, price: Decimal) -> Decimal | None:
        """The quantity at this price, 0 where nothing is; None where nothing is known of the price."""
        side = self._side(rank)
        if not self.synced or side.beyond(price):
            return None
        at = bisect_left(side.prices, price)
        return side.sizes[at] if at < len(side.prices) and side.prices[at] == price else ZERO

    def vwap(self, side: Side, quantity: Decimal) -> Taken | None:
        """What a market order of this side and size would get; None where it would get nothing."""
        left, value = quantity, ZERO
        for price, size in self._side("asks" if side == "buy" else "bids").walk():
            taken = min(left, size)
            value += taken * price
            left -= taken
            if not left:
                break
        filled = quantity - left
        return Taken(value / filled, filled) if filled else None

    def snapshot(self, count: int, *, market_at: int, received_at: int) -> BookSnapshot | None:
        """The best levels for somebody who has nothing yet: at most `count` a side (one of `CUT_AT`), so many that a
        side with more behind it is seen to be cut off. None where that cannot be."""
        bids, asks = self._shown("bids", count), self._shown("asks", count)
        if not self.synced or bids is None or asks is None:
            return None
        return BookSnapshot(
            instrument=self.instrument,
            market_at=market_at,
            received_at=received_at,
            venue=self._venue,
            source=self._source,
            last_id=self._newest,
            limit=0 if self.thin(count) else count,
            bids=bids,
            asks=asks,
        )

    def _shown(self, rank: Rank, count: int) -> tuple[Level, ...] | None:
        levels = self.levels(rank, count)
        if self.complete_to(rank) is not None and len(levels) < count:
            cuts = [cut for cut in CUT_AT if cut <= len(levels)]
            return tuple(levels[: cuts[-1]]) if cuts else None
        return tuple(levels)

    def _side(self, rank: Rank) -> _Levels:
        return self._bids if rank == "bids" else self._asks


def _nothing() -> tuple[_Levels, _Levels]:
    return _Levels((), buys=True), _Levels((), buys=False)


def _start(diff: Depth) -> int:
    """The id of the state that the diff changes."""
    return diff.previous_id or diff.first_id - 1

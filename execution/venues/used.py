"""The liquidity that own orders have taken, until the market shows its levels anew."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from execution.venues.shown import Shown, is_worse
from market.domain.instrument import to_lot
from market.domain.orderbook import Rank
from streams.events import InstrumentTerms
from streams.messages import Quote

ZERO = Decimal(0)
MOST_LEVELS = 1_000
RANKS: tuple[Rank, ...] = ("bids", "asks")
Key = tuple[str, Rank]


class _Used(NamedTuple):
    """What was taken of a level, and the size that it showed then."""

    quantity: Decimal
    size: Decimal


class UsedLiquidity:
    """A level is shown anew when the market tells another size of it, or was without it in between."""

    def __init__(self) -> None:
        self._used: dict[Key, dict[Decimal, _Used]] = {}

    def copy(self) -> UsedLiquidity:
        copy = UsedLiquidity()
        copy._used = {key: dict(levels) for key, levels in self._used.items()}
        return copy

    def available(self, listing: InstrumentTerms, rank: Rank, price: Decimal, size: Decimal) -> Decimal:
        """What is left of `size` at this price, in whole lots."""
        levels = self._used.get((listing.symbol, rank)) if self._used else None
        used = levels.get(price) if levels else None
        return to_lot(size - used.quantity if used else size, listing.lot_size)

    def use(self, instrument: str, rank: Rank, price: Decimal, size: Decimal, quantity: Decimal) -> None:
        levels = self._used.setdefault((instrument, rank), {})
        used = levels.get(price)
        levels[price] = _Used(used.quantity + quantity if used else quantity, size)
        if len(levels) > MOST_LEVELS:
            del levels[next(iter(levels))]

    def quoted(self, quote: Quote) -> None:
        if self._used:
            self._best(quote.instrument, "bids", quote.bid, quote.bid_size)
            self._best(quote.instrument, "asks", quote.ask, quote.ask_size)

    def deepened(self, instrument: str, shown: Shown) -> None:
        """The book of the instrument has changed."""
        for rank in RANKS if self._used else ():
            if levels := self._used.get((instrument, rank)):
                for price, size in shown.sizes(rank, levels).items():
                    if size != levels[price].size:
                        del levels[price]

    def _best(self, instrument: str, rank: Rank, best: Decimal, size: Decimal) -> None:
        """The level there is told, and all better ones are gone; without a size all are."""
        levels = self._used.get((instrument, rank), {})
        for price, used in list(levels.items()):
            if not size or is_worse(best, price, rank) or (price == best and size != used.size):
                del levels[price]

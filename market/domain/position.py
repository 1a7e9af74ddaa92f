"""What is held of one instrument and what it cost, at average cost."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal, localcontext

from msgspec import Struct

ZERO = Decimal(0)
SMALLEST_AMOUNT = Decimal("1e-8")
LARGE, WIDE = Decimal("1e12"), 80  # above that, 28 digits do not reach to the smallest amount


def exact(*amounts: Decimal) -> AbstractContextManager[object]:
    """For sums of such amounts: with more digits where one of them is so large that the usual 28 may not do."""
    return localcontext(prec=WIDE) if any(abs(amount) >= LARGE for amount in amounts) else nullcontext()


class Position(Struct):
    """A signed quantity and what it cost; a short's cost is negative (what it brought in).

    The total is kept and not the average, because a total needs no division when a position grows."""

    quantity: Decimal = ZERO
    cost: Decimal = ZERO

    @property
    def average(self) -> Decimal:
        return self.cost / self.quantity if self.quantity else ZERO

    def trade(self, signed: Decimal, price: Decimal) -> Decimal:
        """Adds `signed` at `price` and returns the profit realised; crossing zero closes, then opens at the price."""
        with exact(self.cost, signed * price):
            return self._trade(signed, price)

    def _trade(self, signed: Decimal, price: Decimal) -> Decimal:
        if self.quantity * signed >= ZERO:
            self._open(signed, price)
            return ZERO
        closed = self.quantity if abs(signed) > abs(self.quantity) else -signed
        released = self._cost_of(closed)
        self.quantity -= closed
        self.cost -= released
        self._open(signed + closed, price)
        return closed * price - released

    def _open(self, signed: Decimal, price: Decimal) -> None:
        self.quantity += signed
        self.cost += signed * price

    def _cost_of(self, closed: Decimal) -> Decimal:
        """The share of the cost that leaves with `closed`, to 1e-8; what rounding leaves stays in the position."""
        if closed == self.quantity:
            return self.cost
        return (self.cost * closed / self.quantity).quantize(SMALLEST_AMOUNT)

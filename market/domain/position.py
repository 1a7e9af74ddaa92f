"""What is held of one instrument and what it cost, at average cost."""

from __future__ import annotations

from decimal import Decimal, localcontext

from msgspec import Struct

ZERO = Decimal(0)
SMALLEST_AMOUNT = Decimal("1e-8")
LARGE, WIDE = Decimal("1e12"), 80  # above that, 28 digits do not reach to the smallest amount


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
        if abs(self.cost) < LARGE:
            return (self.cost * closed / self.quantity).quantize(SMALLEST_AMOUNT)
        with localcontext(prec=WIDE):
            return (self.cost * closed / self.quantity).quantize(SMALLEST_AMOUNT)

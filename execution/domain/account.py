"""The money of a book: cash, positions at average cost, fees and realised profit, all folded from events."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct, field

from streams.events import BookOpened, CashMoved, Event, Fill, OrderFilled, OrderPartiallyFilled

ZERO = Decimal(0)
SMALLEST_AMOUNT = Decimal("1e-8")


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
        return (self.cost * closed / self.quantity).quantize(SMALLEST_AMOUNT)


class Account(Struct):
    """Amounts are in the quote currency and exact: quantity x price is not rounded, a fee comes rounded to 1e-8.

    equity = cash + sum(position x P); net = realised + unrealised - fees = equity - deposits, to the last digit."""

    book: str = ""
    quote: str = ""
    cash: Decimal = ZERO
    deposits: Decimal = ZERO
    fees: Decimal = ZERO
    realised: Decimal = ZERO
    positions: dict[str, Position] = field(default_factory=dict)

    def apply(self, event: Event) -> None:
        match event:
            case BookOpened():
                self.book, self.quote = event.book, event.quote
                self._deposit(event.cash)
            case CashMoved():
                self._deposit(event.amount)
            case OrderFilled() | OrderPartiallyFilled():
                self._settle(event)

    def _deposit(self, amount: Decimal) -> None:
        self.cash += amount
        self.deposits += amount

    def _settle(self, fill: Fill) -> None:
        signed = fill.quantity if fill.side == "buy" else -fill.quantity
        position = self.positions.setdefault(fill.instrument, Position())
        self.realised += position.trade(signed, fill.price)
        self.cash -= signed * fill.price + fill.fee
        self.fees += fill.fee

    def held(self, instrument: str) -> Decimal:
        """The signed quantity, 0 where nothing is held."""
        position = self.positions.get(instrument)
        return position.quantity if position else ZERO

    def equity(self, prices: Mapping[str, Decimal]) -> Decimal:
        """KeyError if an instrument that is held has no price."""
        return self.cash + sum((p.quantity * prices[name] for name, p in self._open_positions()), ZERO)

    def unrealised(self, prices: Mapping[str, Decimal]) -> Decimal:
        return sum((p.quantity * prices[name] - p.cost for name, p in self._open_positions()), ZERO)

    def net(self, prices: Mapping[str, Decimal]) -> Decimal:
        """Profit since the first deposit, after fees."""
        return self.realised + self.unrealised(prices) - self.fees

    def _open_positions(self) -> list[tuple[str, Position]]:
        return [(name, position) for name, position in self.positions.items() if position.quantity]

    def copy(self) -> Account:
        return Account(
            book=self.book,
            quote=self.quote,
            cash=self.cash,
            deposits=self.deposits,
            fees=self.fees,
            realised=self.realised,
            positions={name: Position(p.quantity, p.cost) for name, p in self.positions.items()},
        )

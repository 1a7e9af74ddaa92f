"""The money of a book: cash, positions at average cost, fees and realised profit, all folded from events."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct, field

from market.domain.position import SMALLEST_AMOUNT as SMALLEST_AMOUNT
from market.domain.position import ZERO as ZERO
from market.domain.position import Position as Position
from streams.events import BookOpened, CashMoved, Event, Fill, OrderFilled, OrderPartiallyFilled


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

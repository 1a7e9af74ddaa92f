"""The money of a book: cash, positions at average cost, fees and realised profit, all folded from events."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct, field

from market.domain.position import SMALLEST_AMOUNT as SMALLEST_AMOUNT
from market.domain.position import ZERO as ZERO
from market.domain.position import Position as Position
from market.domain.position import exact as exact
from streams.events import (
    BookOpened,
    CashMoved,
    Event,
    Fill,
    OrderFilled,
    OrderPartiallyFilled,
    PositionAdjusted,
)


class Exposure(Struct, frozen=True):
    """`gross` is the sum of |position| x P, `net` that of position x P, in the quote currency."""

    gross: Decimal
    net: Decimal


class Account(Struct):
    """Amounts are in the quote currency and exact: quantity x price is not rounded, a fee comes rounded to 1e-8.

    equity = cash + sum(position x P); net = realised + unrealised - fees = equity - deposits, to the last digit. Prices
    by instrument are P; KeyError where an instrument that is held has none."""

    book: str = ""
    quote: str = ""
    cash: Decimal = ZERO
    deposits: Decimal = ZERO
    fees: Decimal = ZERO
    realised: Decimal = ZERO
    positions: dict[str, Position] = field(default_factory=dict)

    def apply(self, event: Event) -> None:
        with exact(self.cash, self.deposits, self.realised, _value_of(event)):
            self._fold(event)

    def _fold(self, event: Event) -> None:
        match event:
            case BookOpened():
                self.book, self.quote = event.book, event.quote
                self._deposit(event.cash)
            case CashMoved():
                self._deposit(event.amount)
            case PositionAdjusted():
                self._adjust(event)
            case OrderFilled() | OrderPartiallyFilled():
                self._settle(event)

    def _deposit(self, amount: Decimal) -> None:
        self.cash += amount
        self.deposits += amount

    def _adjust(self, moved: PositionAdjusted) -> None:
        """A deposit or a withdrawal in kind: what goes out has gained or lost until then."""
        self._trade(moved.instrument, moved.quantity, moved.price)
        self.deposits += moved.quantity * moved.price

    def _settle(self, fill: Fill) -> None:
        """A fee in kind leaves the position at the price of the fill, and no cash for that part."""
        signed = fill.quantity if fill.side == "buy" else -fill.quantity
        self._trade(fill.instrument, signed, fill.price)
        paid = fill.fee
        if fill.fee_base:
            self._trade(fill.instrument, -fill.fee_base, fill.price)
            paid -= fill.fee_base * fill.price
        self.cash -= signed * fill.price + paid
        self.fees += fill.fee

    def _trade(self, instrument: str, signed: Decimal, price: Decimal) -> None:
        self.realised += self.positions.setdefault(instrument, Position()).trade(signed, price)

    def held(self, instrument: str) -> Decimal:
        """The signed quantity, 0 where nothing is held."""
        position = self.positions.get(instrument)
        return position.quantity if position else ZERO

    def equity(self, prices: Mapping[str, Decimal]) -> Decimal:
        net = self.exposure(prices).net
        with exact(self.cash, net):
            return self.cash + net

    def unrealised(self, prices: Mapping[str, Decimal]) -> Decimal:
        exposure, costs = self.exposure(prices), [position.cost for _, position in self._open_positions()]
        with exact(exposure.gross, *costs):
            return exposure.net - sum(costs, ZERO)

    def net(self, prices: Mapping[str, Decimal]) -> Decimal:
        """Profit since the first deposit, after fees."""
        unrealised = self.unrealised(prices)
        with exact(self.realised, unrealised, self.fees):
            return self.realised + unrealised - self.fees

    def exposure(self, prices: Mapping[str, Decimal]) -> Exposure:
        with exact(*(position.quantity * prices[name] for name, position in self._open_positions())):
            values = [position.quantity * prices[name] for name, position in self._open_positions()]
            return Exposure(gross=sum(map(abs, values), ZERO), net=sum(values, ZERO))

    def drawdown(self, peak: Decimal, prices: Mapping[str, Decimal]) -> Decimal:
        """The share of the peak that is lost, 0 at a new one. ValueError where the peak is not above zero."""
        if peak <= ZERO:
            raise ValueError(f"a drawdown is measured from an equity above zero, not from {peak}")
        return max(ZERO, (peak - self.equity(prices)) / peak)

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


def _value_of(event: Event) -> Decimal:
    """What of the account an event moves, about."""
    match event:
        case BookOpened(cash=amount) | CashMoved(amount=amount):
            return amount
        case PositionAdjusted() | OrderFilled() | OrderPartiallyFilled():
            return event.quantity * event.price
        case _:
            return ZERO

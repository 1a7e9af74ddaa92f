"""What comes into a book and goes out of it beside its trades: neither profit nor loss."""

from __future__ import annotations

from decimal import Decimal

from market.domain.position import ZERO
from streams.events import CashMoved, CashMoveOrdered, DomainEvent, EquityMarked, PositionAdjusted


class Capital:
    """`since_marked` are the values that moved after the marks of equity were last recorded, by version of the account.
    A mark says in its cause up to which of them it is, so both logs may be folded one after the other. `ordered` are
    the moves of cash that the executor has not booked yet; it books them in their order, so what it could not book is
    known to be over with the next one that it does."""

    def __init__(self, book: str) -> None:
        self.book = book
        self.since_marked: dict[int, Decimal] = {}
        self.ordered: list[Decimal] = []
        self._marked = 0

    @property
    def moved(self) -> Decimal:
        """Since the marks; in quote currency."""
        return sum(self.since_marked.values(), ZERO)

    @property
    def leaving(self) -> Decimal:
        """Withdrawals that are ordered and not booked."""
        return -sum((amount for amount in self.ordered if amount < ZERO), ZERO)

    @property
    def cause(self) -> str:
        """What causes the next mark: the last of the moves. Empty where nothing moved."""
        return f"{self._prefix}{next(reversed(self.since_marked))}" if self.since_marked else ""

    @property
    def _prefix(self) -> str:
        return f"account:{self.book}:"

    def apply(self, event: DomainEvent) -> None:
        match event.body:
            case CashMoveOrdered(amount=amount):
                self.ordered.append(amount)
            case CashMoved(amount=amount):
                if amount in self.ordered:
                    del self.ordered[: self.ordered.index(amount) + 1]
                self._move(event.originator_version, amount)
            case PositionAdjusted(quantity=quantity, price=price):
                self._move(event.originator_version, quantity * price)
            case EquityMarked() if event.causation_id.startswith(self._prefix):
                self._marked = int(event.causation_id.removeprefix(self._prefix))
                self.since_marked = {v: value for v, value in self.since_marked.items() if v > self._marked}

    def _move(self, version: int, value: Decimal) -> None:
        if version > self._marked:
            self.since_marked[version] = value

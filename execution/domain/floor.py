"""The trading floor: the desks of all books of a partition, which read the same prices."""

from __future__ import annotations

from execution.domain.account import Account
from execution.domain.desk import Desk
from market.domain.mark import Prices
from streams.events import DomainEvent
from streams.messages import Tick


class Floor:
    def __init__(self) -> None:
        self.prices = Prices()
        self.desks: dict[str, Desk] = {}

    def observe(self, tick: Tick) -> None:
        self.prices.observe(tick)

    def desk(self, book: str) -> Desk:
        """The book's desk; one without terms where the book is not founded yet."""
        desk = self.desks.get(book)
        if desk is None:
            desk = self.desks[book] = Desk(Account(book=book), None, {}, prices=self.prices)
        return desk

    def apply(self, event: DomainEvent) -> None:
        """Folds an event of either log."""
        self.desk(event.book).apply(event)

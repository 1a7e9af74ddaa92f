"""The trading floor: the desks of all books of a partition, which share one market."""

from __future__ import annotations

from execution.domain.account import Account
from execution.domain.desk import Desk
from execution.venues.paper import PaperVenue
from market.domain.mark import Prices
from streams.events import DomainEvent
from streams.messages import Tick


class Floor:
    """Begins closed: events are folded and ticks observed, until `begin` says that recovery is over. `remote` is the
    name of the real venue that is configured, "" where there is none."""

    def __init__(self, remote: str = "") -> None:
        self.prices = Prices()
        self.paper = PaperVenue(self.prices)
        self.desks: dict[str, Desk] = {}
        self.remote = remote
        self._is_open = False

    def observe(self, tick: Tick) -> None:
        self.prices.observe(tick)
        self.paper.observe(tick)

    def begin(self) -> None:
        """What works on paper rests from now on."""
        self._is_open = True
        for desk in self.desks.values():
            desk.begin()

    def desk(self, book: str) -> Desk:
        """The book's desk; one without terms where the book is not founded yet."""
        desk = self.desks.get(book)
        if desk is None:
            desk = self.desks[book] = Desk(
                Account(book=book),
                None,
                {},
                prices=self.prices,
                venue=self.paper,
                remote=self.remote,
                is_open=self._is_open,
            )
        return desk

    def apply(self, event: DomainEvent) -> None:
        """Folds an event of either log."""
        self.desk(event.book).apply(event)

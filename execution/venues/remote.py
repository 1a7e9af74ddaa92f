"""A real venue as the executor sees it: calls that block, that may fail, and whose outcome may stay unknown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from execution.domain.order import Order
from execution.domain.venue import Holdings, Report
from streams.events import InstrumentTerms


class VenueError(Exception):
    """The venue, or the way to it, did not do what was asked; the text says what it said."""


class Refused(VenueError):
    """The venue has said no: the order does not exist there and never will."""


class Unreachable(VenueError):
    """The call certainly did not get through: no connection could be made, or the venue turned it away unread."""


class OutcomeUnknown(VenueError):
    """The call may have got through: what became of it is asked by the client order id, never by sending again."""


class RemoteVenue(Protocol):
    """Every method blocks and is called from threads. `name` stands in events. `settles_within_s`: an order that was
    sent longer ago and that the venue does not know will never come to be (its time window has closed)."""

    @property
    def name(self) -> str: ...

    @property
    def settles_within_s(self) -> float: ...

    def open(self, listings: Sequence[InstrumentTerms]) -> None:
        """Connects and checks the key, the clock and the venue's filters against the listings. Raises VenueError."""

    def send(self, order: Order) -> Report:
        """Sends the order under its id as client order id, in a way that the venue itself refuses what comes later
        than `settles_within_s` after `sent_at`: whoever was stopped before this call may wake up at any time. Raises
        Refused, Unreachable or OutcomeUnknown."""

    def look(self, order: Order) -> Report | None:
        """The order with all its executions; None where the venue knows no such order. Raises VenueError."""

    def cancel(self, order: Order) -> None:
        """Asks for the cancellation; that it is done is for `look` to say. Raises VenueError."""

    def holdings(self, quote: str, instruments: Sequence[str]) -> Holdings:
        """Raises VenueError."""

    def close(self) -> None: ...

"""Where a desk meets the paper venue: it looks there what it may take, and tells it what is committed."""

from __future__ import annotations

from execution.domain.order import Order
from execution.domain.venue import Execution, NoOffer
from execution.venues.paper import PaperVenue
from streams.events import BookTerms, Fill, InstrumentTerms

Offered = tuple[Execution, ...] | NoOffer


class Counter:
    """While it is not open the venue is told nothing: what is folded from the log was long ago, and the ticks of a
    warm-up are from before the orders that work.

    When an order arrives is a plan and no fact, shared with drafts: a desk that starts again has forgotten it, and the
    order arrives at once."""

    def __init__(self, venue: PaperVenue, *, is_open: bool = True) -> None:
        self.venue = venue
        self.is_open = is_open
        self._arrivals: dict[str, int] = {}
        self._is_draft = False

    def draft(self) -> Counter:
        """To try on: sees the same market, and what is told there is not told here."""
        draft = Counter(self.venue.draft(), is_open=self.is_open)
        draft._arrivals, draft._is_draft = self._arrivals, True
        return draft

    # --- the way to the venue -------------------------------------------------------------------------

    def expect(self, order_id: str, arrives_at: int) -> None:
        self._arrivals[order_id] = arrives_at

    def arrives_at(self, order_id: str) -> int:
        """Process clock, ns; 0 where nobody knows any more."""
        return self._arrivals.get(order_id, 0)

    # --- what is committed ----------------------------------------------------------------------------

    def book(self, order: Order, fill: Fill, listing: InstrumentTerms, terms: BookTerms) -> None:
        if not self.is_open:
            return
        execution = Execution(fill.quantity, fill.price, fill.tick_id, fill.liquidity)
        if fill.liquidity == "maker":
            self.venue.booked(order.order_id, execution)
        else:
            self.venue.taken(order, execution, listing, terms)

    def rest(self, order: Order, listing: InstrumentTerms, terms: BookTerms) -> None:
        if self.is_open:
            self._arrived(order.order_id)
            self.venue.rest(order, listing, terms)

    def forget(self, order_id: str) -> None:
        self._arrived(order_id)
        self.venue.forget(order_id)

    def _arrived(self, order_id: str) -> None:
        if not self._is_draft:
            self._arrivals.pop(order_id, None)

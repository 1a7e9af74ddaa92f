"""The desk of one book: takes the orders of a decision to exactly one final state each."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from execution.domain.account import SMALLEST_AMOUNT, ZERO, Account
from execution.domain.order import Order, OrderEvent, Orders
from execution.domain.venue import NoOffer, Offer, Venue
from execution.venues.paper import BASIS_POINTS, PaperVenue
from market.domain.instrument import to_lot
from market.domain.mark import Prices
from streams.events import (
    BookFounded,
    BookTerms,
    DecisionReached,
    DomainEvent,
    InstrumentListed,
    InstrumentTerms,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderTicket,
    aggregate_id,
)
from streams.messages import Code, Mode, Tick

ACTOR = "executor"
NS_PER_MS = 1_000_000
Ending = type[OrderRejected] | type[OrderCancelled] | type[OrderExpired]


class Refusal(NamedTuple):
    """How an order ends without a fill."""

    ending: Ending
    code: Code
    detail: str


class Desk:
    """Executes decisions against the market as it is, immediate or cancel: nothing of an order is left working,
    so no two orders of an account can meet each other (self-trade prevention needs nothing more on paper).

    `execute` only decides: its events change the desk when they are handed to `apply`, after their commit.
    A book that is not founded yet has no terms (None); its orders are rejected."""

    def __init__(
        self,
        account: Account,
        terms: BookTerms | None,
        instruments: dict[str, InstrumentTerms],
        *,
        prices: Prices | None = None,
        venue: Venue | None = None,
        orders: Orders | None = None,
    ) -> None:
        self.account = account
        self.terms = terms
        self.instruments = instruments
        self.prices = prices or Prices()
        self.venue = venue or PaperVenue()
        self.orders = orders or Orders()

    def observe(self, tick: Tick) -> None:
        self.prices.observe(tick)

    def draft(self) -> Desk:
        """A desk to try events on: sees the same market and orders, changes nothing here."""
        return Desk(
            self.account.copy(),
            self.terms,
            self.instruments,
            prices=self.prices,
            venue=self.venue,
            orders=Orders(self.orders),
        )

    def apply(self, event: DomainEvent) -> None:
        """Folds one recorded event; IllegalTransition if it cannot follow what was folded before."""
        match event.body:
            case BookFounded() as founded:
                self.terms = founded.terms
                self.instruments = {terms.symbol: terms for terms in founded.instruments}
            case InstrumentListed(terms=listed):
                self.instruments = {**self.instruments, listed.symbol: listed}
            case body:
                if isinstance(body, OrderEvent):
                    self.orders.apply(body, event.originator_version)
                self.account.apply(body)

    def execute(
        self,
        decision: DecisionReached,
        *,
        committed_at: int,
        cause_id: str,
        correlation: str,
        now: int,
        mode: Mode,
    ) -> list[DomainEvent]:
        """The events of every order of the decision: `OrderAccepted` and one final state, in the tickets' order.

        An order that is finished already gives nothing. `committed_at` and `now` are of the process clock (ns)."""
        draft = self.draft()
        late_ns = now - committed_at - decision.ttl_ms * NS_PER_MS
        events: list[DomainEvent] = []
        for ticket in decision.orders:
            for body in draft._bodies(decision, ticket, late_ns, mode):
                event = DomainEvent(
                    originator_id=aggregate_id("Order", ticket.order_id),
                    originator_version=draft._next_version(ticket.order_id),
                    body=body,
                    correlation_id=correlation,
                    causation_id=cause_id,
                    actor=ACTOR,
                    book=draft.account.book,
                )
                draft.apply(event)
                events.append(event)
        return events

    def _next_version(self, order_id: str) -> int:
        order = self.orders.open(order_id)
        return order.version + 1 if order else 1

    def _bodies(self, decision: DecisionReached, ticket: OrderTicket, late_ns: int, mode: Mode) -> Iterator[OrderEvent]:
        """The caller applies each event before it asks for the next."""
        if self.orders.is_finished(ticket.order_id):
            return
        if self.orders.open(ticket.order_id) is None:
            yield OrderAccepted(
                order_id=ticket.order_id,
                decision_id=decision.decision_id,
                instrument=ticket.instrument,
                side=ticket.side,
                quantity=ticket.quantity,
                limit=ticket.limit,
            )
        order = self.orders.open(ticket.order_id)
        assert order is not None
        refusal = _gone(late_ns, mode) or self._forbidden(order, mode, reduce_only=ticket.reduce_only)
        yield _ended(order, refusal) if refusal else self._traded(order, decision.trigger.received_at)

    def _forbidden(self, order: Order, mode: Mode, *, reduce_only: bool) -> Refusal | None:
        """What is wrong with an order whatever the market says."""
        if self.terms is None:
            return Refusal(OrderRejected, Code.UNKNOWN_BOOK, f"the book {self.account.book!r} is not founded")
        listing = self.instruments.get(order.instrument)
        if listing is None:
            return Refusal(OrderRejected, Code.UNKNOWN_INSTRUMENT, f"{order.instrument} is not listed in this book")
        if not _sound(order, listing):
            return Refusal(
                OrderRejected,
                Code.INVALID,
                f"quantity {order.quantity} (lot {listing.lot_size}) or limit {order.limit} cannot be traded",
            )
        if self._reduces(order):
            return None
        held = self.account.held(order.instrument)
        detail = f"{order.side} {order.leaves} does not only shrink the position of {held}"
        if mode == "REDUCE_ONLY":
            return Refusal(OrderRejected, Code.MODE, f"{detail}; the book may only reduce")
        if reduce_only:
            return Refusal(OrderRejected, Code.REDUCE_ONLY, f"{detail}; the order was decided as a reduction")
        if not listing.min_position <= held + order.signed_leaves <= listing.max_position:
            return Refusal(
                OrderRejected,
                Code.POSITION_LIMIT,
                f"{held + order.signed_leaves} would be outside {listing.min_position} to {listing.max_position}",
            )
        return None

    def _traded(self, order: Order, received_at: int) -> OrderEvent:
        """The fill, or the end that the market brings."""
        terms, listing = self.terms, self.instruments[order.instrument]
        assert terms is not None
        offer = self.venue.offer(self.prices, listing, order.side, terms)
        if isinstance(offer, NoOffer):
            return _ended(order, Refusal(OrderRejected, offer.code, offer.detail))
        fee = (order.leaves * offer.price * terms.fee_bp / BASIS_POINTS).quantize(SMALLEST_AMOUNT, ROUND_CEILING)
        if refusal := self._unaffordable(order, offer, fee, listing):
            return _ended(order, refusal)
        return OrderFilled(
            order_id=order.order_id,
            decision_id=order.decision_id,
            venue=self.venue.name,
            instrument=order.instrument,
            side=order.side,
            quantity=order.leaves,
            leaves=ZERO,
            price=offer.price,
            fee=fee,
            tick_id=offer.tick_id,
            received_at=received_at,
        )

    def _unaffordable(self, order: Order, offer: Offer, fee: Decimal, listing: InstrumentTerms) -> Refusal | None:
        """Unfilled because of the price; only the limit is a cancellation: in FIX the remainder of an
        immediate-or-cancel order that nobody meets is canceled, not rejected."""
        if offer.price > order.limit if order.side == "buy" else offer.price < order.limit:
            return Refusal(OrderCancelled, Code.LIMIT, f"{offer.price} is worse than the limit {order.limit}")
        value = order.leaves * offer.price
        if value < listing.min_notional:
            return Refusal(
                OrderRejected, Code.BELOW_MINIMUM, f"{value} is below the venue's minimum {listing.min_notional}"
            )
        if order.side == "buy" and self.account.cash < value + fee and not self._reduces(order):
            return Refusal(OrderRejected, Code.NO_CASH, f"{value + fee} is needed, {self.account.cash} is there")
        return None

    def _reduces(self, order: Order) -> bool:
        """Whether it shrinks |position| without crossing zero."""
        held, signed = self.account.held(order.instrument), order.signed_leaves
        return held * signed < ZERO and abs(signed) <= abs(held)


def _gone(late_ns: int, mode: Mode) -> Refusal | None:
    if mode == "HALTED":
        return Refusal(OrderCancelled, Code.HALTED, "trading was halted before the order was executed")
    if late_ns > 0:
        return Refusal(OrderExpired, Code.TTL, f"{late_ns / NS_PER_MS:.1f} ms after the decision's time to live")
    return None


def _sound(order: Order, listing: InstrumentTerms) -> bool:
    if not (order.leaves.is_finite() and order.limit.is_finite()):
        return False
    return order.leaves > ZERO and order.limit > ZERO and to_lot(order.leaves, listing.lot_size) == order.leaves


def _ended(order: Order, refusal: Refusal) -> OrderEvent:
    """An order that is filled in part cannot be rejected any more: its rest is canceled."""
    ending = OrderCancelled if order.filled and refusal.ending is OrderRejected else refusal.ending
    return ending(order_id=order.order_id, decision_id=order.decision_id, reason=refusal.code, detail=refusal.detail)

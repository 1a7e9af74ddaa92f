"""The events of the execution log: a public interface; a changed field is a new version with an upcaster."""

from __future__ import annotations

from decimal import Decimal

from streams.parts import Event
from streams.vocabulary import Side


class BookOpened(Event, frozen=True, kw_only=True):
    book: str
    quote: str
    cash: Decimal


class CashMoved(Event, frozen=True, kw_only=True):
    amount: Decimal
    reason: str


class OrderAccepted(Event, frozen=True, kw_only=True):
    order_id: str
    decision_id: str
    instrument: str
    side: Side
    quantity: Decimal
    limit: Decimal


class OrderSent(Event, frozen=True, kw_only=True):
    order_id: str
    decision_id: str
    venue: str


class OrderRejected(Event, frozen=True, kw_only=True):
    order_id: str
    decision_id: str
    reason: str
    detail: str = ""


class OrderCancelled(Event, frozen=True, kw_only=True):
    order_id: str
    decision_id: str
    reason: str
    detail: str = ""


class OrderExpired(Event, frozen=True, kw_only=True):
    order_id: str
    decision_id: str
    reason: str
    detail: str = ""


class OrderPartiallyFilled(Event, frozen=True, kw_only=True):
    order_id: str
    decision_id: str
    venue: str
    instrument: str
    side: Side
    quantity: Decimal
    leaves: Decimal
    price: Decimal
    fee: Decimal
    tick_id: str
    received_at: int
    after_halt: bool = False


class OrderFilled(Event, frozen=True, kw_only=True):
    order_id: str
    decision_id: str
    venue: str
    instrument: str
    side: Side
    quantity: Decimal
    leaves: Decimal
    price: Decimal
    fee: Decimal
    tick_id: str
    received_at: int
    after_halt: bool = False


class BookReconciled(Event, frozen=True, kw_only=True):
    venue: str
    instruments: tuple[str, ...]


class ReconciliationFailed(Event, frozen=True, kw_only=True):
    """What the book and the venue say of one instrument, in base units."""

    venue: str
    instrument: str
    book_quantity: Decimal
    venue_quantity: Decimal

"""The events of the execution log: a public interface; a changed field is a new version with an upcaster."""

from __future__ import annotations

from decimal import Decimal

from streams.parts import Event
from streams.vocabulary import Liquidity, OrderType, Side, TimeInForce


class BookOpened(Event, frozen=True, kw_only=True):
    book: str
    quote: str
    cash: Decimal


class CashMoved(Event, frozen=True, kw_only=True):
    amount: Decimal
    reason: str


class PositionAdjusted(Event, frozen=True, kw_only=True):
    """A person brings the book level with what is really held: `quantity` (signed) comes in or goes out at `price`,
    as a transfer in kind: deposits move by its value."""

    instrument: str
    quantity: Decimal
    price: Decimal
    who: str
    reason: str


class OrderAccepted(Event, frozen=True, kw_only=True):
    """`expires_at` (process clock, ns) ends a GTD order, and the wait of one that does not rest for its way to a real
    venue; 0 is never. `received_at` is that of the tick that started it all."""

    order_id: str
    decision_id: str
    instrument: str
    side: Side
    quantity: Decimal
    limit: Decimal
    type: OrderType = "market"
    time_in_force: TimeInForce = "IOC"
    reduce_only: bool = False
    expires_at: int = 0
    group: str = ""
    received_at: int = 0


class OrderSent(Event, frozen=True, kw_only=True):
    """Committed before the call to a venue is made (`sent_at`, process clock, ns): whether the call got through is for
    the venue to say, by the client order id."""

    order_id: str
    decision_id: str
    venue: str
    client_order_id: str = ""
    sent_at: int = 0


class OrderWorking(Event, frozen=True, kw_only=True):
    """The venue has the order in its book (FIX New)."""

    order_id: str
    decision_id: str
    venue: str
    venue_order_id: str = ""


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
    """One execution. `fee` is its value in quote; `fee_base` the part of it that the venue took in base units, which
    leaves the position at this price. `trade_id` is the venue's own."""

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
    trade_id: str = ""
    liquidity: Liquidity = "taker"
    fee_base: Decimal = Decimal(0)


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
    trade_id: str = ""
    liquidity: Liquidity = "taker"
    fee_base: Decimal = Decimal(0)


class BookReconciled(Event, frozen=True, kw_only=True):
    venue: str
    instruments: tuple[str, ...]


class ReconciliationFailed(Event, frozen=True, kw_only=True):
    """What the book and the venue say of one instrument, in base units."""

    venue: str
    instrument: str
    book_quantity: Decimal
    venue_quantity: Decimal

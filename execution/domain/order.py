"""The life of an order in FIX's words: which event may follow which, and what an order has become."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from copy import copy
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from streams.events import (
    Event,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderPartiallyFilled,
    OrderRejected,
    OrderSent,
    OrderWorking,
)
from streams.messages import OrderType, Side, TimeInForce

ZERO = Decimal(0)
REMEMBERED = 100_000


class Status(StrEnum):
    """FIX OrdStatus (39). Pending new: the desk has it, and no venue has said that it works there."""

    PENDING_NEW = "PENDING_NEW"
    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


_UNFILLED = (Status.PENDING_NEW, Status.NEW)
_OPEN = (*_UNFILLED, Status.PARTIALLY_FILLED)
TRANSITIONS: dict[tuple[Status, type[Event]], Status] = {
    (Status.PENDING_NEW, OrderSent): Status.PENDING_NEW,
    (Status.PENDING_NEW, OrderWorking): Status.NEW,
    (Status.PARTIALLY_FILLED, OrderWorking): Status.PARTIALLY_FILLED,
    **{(status, OrderRejected): Status.REJECTED for status in _UNFILLED},
    **{(status, OrderPartiallyFilled): Status.PARTIALLY_FILLED for status in _OPEN},
    **{(status, OrderFilled): Status.FILLED for status in _OPEN},
    **{(status, OrderCancelled): Status.CANCELED for status in _OPEN},
    **{(status, OrderExpired): Status.EXPIRED for status in _OPEN},
}
OrderEvent = (
    OrderAccepted
    | OrderSent
    | OrderWorking
    | OrderRejected
    | OrderCancelled
    | OrderExpired
    | OrderPartiallyFilled
    | OrderFilled
)
FINAL_STATUSES = frozenset({Status.FILLED, Status.CANCELED, Status.REJECTED, Status.EXPIRED})


class IllegalTransition(ValueError):
    """An event that cannot follow what the order already is: the log or the code is wrong."""


class Order(Struct):
    """An order in hand; `version` is that of its last event. `order_id` is the client order id at a venue. `sent_at`
    (process clock, ns) is not 0 once it was handed to a real venue, `working` once it is in a venue's book;
    `trades` are the venue's executions that are booked. `expires_at` is 0 for an order that has no end; of one
    that does not rest it ends the wait for its way to a real venue."""

    order_id: str
    decision_id: str
    instrument: str
    side: Side
    quantity: Decimal
    limit: Decimal
    filled: Decimal = ZERO
    status: Status = Status.PENDING_NEW
    version: int = 1
    type: OrderType = "market"
    time_in_force: TimeInForce = "IOC"
    reduce_only: bool = False
    expires_at: int = 0
    group: str = ""
    received_at: int = 0
    venue: str = ""
    sent_at: int = 0
    working: bool = False
    venue_order_id: str = ""
    trades: tuple[str, ...] = ()
    correlation_id: str = ""
    causation_id: str = ""

    @classmethod
    def of(cls, accepted: OrderAccepted, *, correlation_id: str = "", causation_id: str = "") -> Order:
        return cls(
            order_id=accepted.order_id,
            decision_id=accepted.decision_id,
            instrument=accepted.instrument,
            side=accepted.side,
            quantity=accepted.quantity,
            limit=accepted.limit,
            type=accepted.type,
            time_in_force=accepted.time_in_force,
            reduce_only=accepted.reduce_only,
            expires_at=accepted.expires_at,
            group=accepted.group,
            received_at=accepted.received_at,
            correlation_id=correlation_id,
            causation_id=causation_id,
        )

    @property
    def leaves(self) -> Decimal:
        """What is not filled yet (FIX LeavesQty)."""
        return self.quantity - self.filled

    @property
    def signed_leaves(self) -> Decimal:
        return self.leaves if self.side == "buy" else -self.leaves

    @property
    def is_final(self) -> bool:
        return self.status in FINAL_STATUSES

    @property
    def may_rest(self) -> bool:
        """Whether what is not filled at once works on in the venue's book."""
        return self.type == "limit" and self.time_in_force in ("GTC", "GTD") and not self.group

    def belongs_with(self, other: Order) -> bool:
        """Whether it is the same order, or a leg of the same group."""
        grouped = self.group != "" and (self.decision_id, self.group) == (other.decision_id, other.group)
        return grouped or self.order_id == other.order_id

    def crosses(self, other: Order) -> bool:
        """Whether the two could trade with each other by their limits."""
        if self.instrument != other.instrument or self.side == other.side:
            return False
        buy, sell = (self, other) if self.side == "buy" else (other, self)
        return buy.limit >= sell.limit

    def apply(self, event: Event, version: int) -> None:
        status = TRANSITIONS.get((self.status, type(event)))
        if status is None or version != self.version + 1:
            raise IllegalTransition(
                f"order {self.order_id} is {self.status} at version {self.version}: "
                f"{type(event).__name__} cannot be version {version}"
            )
        match event:
            case OrderFilled() | OrderPartiallyFilled():
                self._fill(event)
            case OrderSent():
                self.venue, self.sent_at = event.venue, event.sent_at
            case OrderWorking():
                self.venue, self.venue_order_id, self.working = event.venue, event.venue_order_id, True
        self.status, self.version = status, version

    def _fill(self, fill: OrderFilled | OrderPartiallyFilled) -> None:
        if fill.quantity > self.leaves or fill.leaves != self.leaves - fill.quantity:
            raise IllegalTransition(f"order {self.order_id} leaves {self.leaves}, not {fill.quantity} to fill")
        self.filled += fill.quantity
        if fill.trade_id:
            self.trades = (*self.trades, fill.trade_id)


class Orders:
    """The orders in hand, and which ones are finished.

    Of the finished only the last 100,000 are remembered, so that memory stays flat: older ones cannot come
    again, because the mark in the log has passed their decision and their versions are taken in the table."""

    def __init__(self, parent: Orders | None = None) -> None:
        self._parent = parent
        self._open: dict[str, Order] = {}
        self._finished: OrderedDict[str, None] = OrderedDict()

    def __iter__(self) -> Iterator[Order]:
        """All orders in hand, in the order of their acceptance; none may be applied to meanwhile."""
        for order_id in self._ids():
            order = self.open(order_id)
            assert order is not None
            yield order

    def __bool__(self) -> bool:
        return bool(self._open) if self._parent is None else bool(self._ids())

    def is_finished(self, order_id: str) -> bool:
        if order_id in self._finished:
            return True
        return self._parent is not None and self._parent.is_finished(order_id)

    def open(self, order_id: str) -> Order | None:
        order = self._open.get(order_id)
        if order is not None or self._parent is None or order_id in self._finished:
            return order
        inherited = self._parent.open(order_id)
        if inherited is None:
            return None
        order = self._open[order_id] = copy(inherited)  # a draft must not touch what its parent holds
        return order

    def glance(self) -> Iterator[Order]:
        """As iteration, for who only reads: a draft copies nothing for it."""
        if self._parent is None:
            return iter(tuple(self._open.values()))
        return (order for order_id in self._ids() if (order := self._seen(order_id)) is not None)

    def has(self, order_id: str) -> bool:
        """Whether it is in hand; a draft copies nothing for it."""
        return not self.is_finished(order_id) and self._seen(order_id) is not None

    def _seen(self, order_id: str) -> Order | None:
        order = self._open.get(order_id)
        return order if order is not None or self._parent is None else self._parent._seen(order_id)

    def apply(self, event: OrderEvent, version: int, *, correlation_id: str = "", causation_id: str = "") -> None:
        if isinstance(event, OrderAccepted):
            self._accept(event, version, correlation_id, causation_id)
            return
        order = self.open(event.order_id)
        if order is None:
            raise IllegalTransition(f"order {event.order_id} is not in hand: {type(event).__name__}")
        order.apply(event, version)
        if order.is_final:
            self._finish(event.order_id)

    def _ids(self) -> list[str]:
        if self._parent is None:
            return list(self._open)
        inherited = [order_id for order_id in self._parent._ids() if order_id not in self._finished]
        known = set(inherited)
        return [*inherited, *(order_id for order_id in self._open if order_id not in known)]

    def _accept(self, event: OrderAccepted, version: int, correlation_id: str, causation_id: str) -> None:
        if version != 1 or self.open(event.order_id) is not None or self.is_finished(event.order_id):
            raise IllegalTransition(f"order {event.order_id} was accepted before")
        self._open[event.order_id] = Order.of(event, correlation_id=correlation_id, causation_id=causation_id)

    def _finish(self, order_id: str) -> None:
        del self._open[order_id]
        self._finished[order_id] = None
        if len(self._finished) > REMEMBERED:
            self._finished.popitem(last=False)

"""The life of an order in FIX's words: which event may follow which, and what an order has become."""

from __future__ import annotations

from collections import OrderedDict
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
)
from streams.messages import Side

ZERO = Decimal(0)
REMEMBERED = 100_000


class Status(StrEnum):
    """FIX OrdStatus (39)."""

    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


TRANSITIONS: dict[tuple[Status, type[Event]], Status] = {
    (Status.NEW, OrderSent): Status.NEW,
    (Status.NEW, OrderPartiallyFilled): Status.PARTIALLY_FILLED,
    (Status.NEW, OrderFilled): Status.FILLED,
    (Status.NEW, OrderCancelled): Status.CANCELED,
    (Status.NEW, OrderRejected): Status.REJECTED,
    (Status.NEW, OrderExpired): Status.EXPIRED,
    (Status.PARTIALLY_FILLED, OrderPartiallyFilled): Status.PARTIALLY_FILLED,
    (Status.PARTIALLY_FILLED, OrderFilled): Status.FILLED,
    (Status.PARTIALLY_FILLED, OrderCancelled): Status.CANCELED,
    (Status.PARTIALLY_FILLED, OrderExpired): Status.EXPIRED,
}
OrderEvent = (
    OrderAccepted | OrderSent | OrderRejected | OrderCancelled | OrderExpired | OrderPartiallyFilled | OrderFilled
)
FINAL_STATUSES = frozenset({Status.FILLED, Status.CANCELED, Status.REJECTED, Status.EXPIRED})


class IllegalTransition(ValueError):
    """An event that cannot follow what the order already is: the log or the code is wrong."""


class Order(Struct):
    """An order in hand; `version` is that of its last event."""

    order_id: str
    decision_id: str
    instrument: str
    side: Side
    quantity: Decimal
    limit: Decimal
    filled: Decimal = ZERO
    status: Status = Status.NEW
    version: int = 1

    @classmethod
    def of(cls, accepted: OrderAccepted) -> Order:
        return cls(
            order_id=accepted.order_id,
            decision_id=accepted.decision_id,
            instrument=accepted.instrument,
            side=accepted.side,
            quantity=accepted.quantity,
            limit=accepted.limit,
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

    def apply(self, event: Event, version: int) -> None:
        status = TRANSITIONS.get((self.status, type(event)))
        if status is None or version != self.version + 1:
            raise IllegalTransition(
                f"order {self.order_id} is {self.status} at version {self.version}: "
                f"{type(event).__name__} cannot be version {version}"
            )
        if isinstance(event, OrderFilled | OrderPartiallyFilled):
            if event.quantity > self.leaves or event.leaves != self.leaves - event.quantity:
                raise IllegalTransition(f"order {self.order_id} leaves {self.leaves}, not {event.quantity} to fill")
            self.filled += event.quantity
        self.status, self.version = status, version


class Orders:
    """The orders in hand, and which ones are finished.

    Of the finished only the last 100,000 are remembered, so that memory stays flat: older ones cannot come
    again, because the mark in the log has passed their decision and their versions are taken in the table."""

    def __init__(self, parent: Orders | None = None) -> None:
        self._parent = parent
        self._open: dict[str, Order] = {}
        self._finished: OrderedDict[str, None] = OrderedDict()

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

    def apply(self, event: OrderEvent, version: int) -> None:
        if isinstance(event, OrderAccepted):
            self._accept(event, version)
            return
        order = self.open(event.order_id)
        if order is None:
            raise IllegalTransition(f"order {event.order_id} is not in hand: {type(event).__name__}")
        order.apply(event, version)
        if order.is_final:
            self._finish(event.order_id)

    def _accept(self, event: OrderAccepted, version: int) -> None:
        if version != 1 or self.open(event.order_id) is not None or self.is_finished(event.order_id):
            raise IllegalTransition(f"order {event.order_id} was accepted before")
        self._open[event.order_id] = Order.of(event)

    def _finish(self, order_id: str) -> None:
        del self._open[order_id]
        self._finished[order_id] = None
        if len(self._finished) > REMEMBERED:
            self._finished.popitem(last=False)

"""When a desk has something to do: now, at a later time, or not before something happens."""

from __future__ import annotations

from execution.domain import dispatching
from execution.domain.blotter import Blotter
from execution.domain.counter import Counter
from execution.domain.order import Order
from execution.domain.refusals import withdrawn
from streams.messages import Mode


def has_work(blotter: Blotter, counter: Counter, remote: str, now: int, mode: Mode) -> bool:
    """Whether anything becomes of the orders in hand, looked at without a draft: a desk is asked a hundred times a
    second, and nearly always nothing does."""
    orders = blotter.orders
    if any(orders.has(order_id) for order_id in counter.venue.earned()):
        return True
    real = blotter.real
    calm = mode == "NORMAL" and not (real or blotter.suspended or blotter.to_be_cancelled)
    for order in orders.glance():
        if order.sent_at:
            continue
        if (order.reduce_only or not calm) and withdrawn(blotter, order, mode):
            return True  # where all is calm only what has nothing left to reduce may not stay
        if order.working:
            if 0 < order.expires_at <= now:
                return True
        elif _sets_out(blotter, counter, order, remote, now, mode):
            return True
    return False


def _sets_out(blotter: Blotter, counter: Counter, order: Order, remote: str, now: int, mode: Mode) -> bool:
    if blotter.real:
        return dispatching.dispatch(blotter, order, remote, now, mode) is not None
    return counter.arrives_at(order.order_id) <= now


def next_due(blotter: Blotter, counter: Counter) -> int | None:
    """The first time at which there is work even if no tick comes; 0 is at once, None not before something happens."""
    times = [at for order in blotter.orders.glance() if (at := _due_at(blotter, counter, order)) is not None]
    return min(times, default=None)


def _due_at(blotter: Blotter, counter: Counter, order: Order) -> int | None:
    if order.sent_at:
        return None
    if withdrawn(blotter, order, "NORMAL"):
        return 0
    if order.working:
        return order.expires_at or None
    if not blotter.real:
        return counter.arrives_at(order.order_id)
    if next(blotter.opposite(order), None) is None:
        return 0
    return order.expires_at or (None if order.may_rest else 0)

"""Why an order ends without a fill, or with less than it wanted."""

from __future__ import annotations

from typing import NamedTuple

from execution.domain.account import ZERO
from execution.domain.blotter import Blotter
from execution.domain.order import Order, OrderEvent
from market.domain.instrument import to_lot, to_tick
from streams.events import InstrumentTerms, OrderCancelled, OrderExpired, OrderRejected
from streams.messages import Code, Mode

NS_PER_MS = 1_000_000
GOVERNOR = "governor: "  # cancels what works against a reduction
Ending = type[OrderRejected] | type[OrderCancelled] | type[OrderExpired]


class Refusal(NamedTuple):
    ending: Ending
    code: Code
    detail: str


def rejected(code: Code, detail: str) -> Refusal:
    return Refusal(OrderRejected, code, detail)


def cancelled(code: Code, detail: str) -> Refusal:
    return Refusal(OrderCancelled, code, detail)


def ended(order: Order, refusal: Refusal) -> OrderEvent:
    """An order that is filled in part cannot be rejected any more: its rest is canceled."""
    ending = OrderCancelled if order.filled and refusal.ending is OrderRejected else refusal.ending
    return ending(order_id=order.order_id, decision_id=order.decision_id, reason=refusal.code, detail=refusal.detail)


def gone(late_ns: int, mode: Mode) -> Refusal | None:
    """Whether the time for a new order is over, whatever it is."""
    if mode == "HALTED":
        return cancelled(Code.HALTED, "trading was halted before the order was executed")
    if late_ns > 0:
        return Refusal(OrderExpired, Code.TTL, f"{late_ns / NS_PER_MS:.1f} ms after the decision's time to live")
    return None


def forbidden(blotter: Blotter, order: Order, mode: Mode) -> Refusal | None:
    """What is wrong with a new order whatever the market says."""
    if blotter.terms is None:
        return rejected(Code.UNKNOWN_BOOK, f"the book {blotter.account.book!r} is not founded")
    listing = blotter.instruments.get(order.instrument)
    if listing is None:
        return rejected(Code.UNKNOWN_INSTRUMENT, f"{order.instrument} is not listed in this book")
    if not _sound(order, listing):
        return rejected(
            Code.INVALID,
            f"quantity {order.quantity} (lot {listing.lot_size}) or limit {order.limit} "
            f"(tick {listing.tick_size}) cannot be traded",
        )
    if order.reduce_only:
        if blotter.tradable(order, mode):
            return None
        return rejected(Code.REDUCE_ONLY, f"{_growing(blotter, order)}; the order was decided as a reduction")
    return _beyond(blotter, order, listing, mode)


def _beyond(blotter: Blotter, order: Order, listing: InstrumentTerms, mode: Mode) -> Refusal | None:
    """Reductions are always allowed; what else works on the same side counts as if it had been traded."""
    beside = blotter.beside(order)
    if blotter.reduces(order, beside=beside):
        return None
    if mode == "REDUCE_ONLY":
        return rejected(Code.MODE, f"{_growing(blotter, order)}; the book may only reduce")
    if order.instrument in blotter.suspended:
        return rejected(Code.SUSPENDED, f"{_growing(blotter, order)}; {order.instrument} is suspended")
    then = blotter.account.held(order.instrument) + beside + order.signed_leaves
    if not listing.min_position <= then <= listing.max_position:
        return rejected(
            Code.POSITION_LIMIT, f"{then} would be outside {listing.min_position} to {listing.max_position}"
        )
    return None


def withdrawn(blotter: Blotter, order: Order, mode: Mode) -> Refusal | None:
    """Why an order may not work any longer."""
    if mode == "HALTED":
        return cancelled(Code.HALTED, "trading was halted before the order was done")
    if (who := blotter.to_be_cancelled.get(order.order_id)) is not None:
        by_governor = who.startswith(GOVERNOR)
        return cancelled(Code.REDUCE_ONLY if by_governor else Code.BY_OPERATOR, who)
    if order.working and not order.sent_at and blotter.terms is not None and blotter.terms.real_venue:
        return cancelled(Code.MODE, "the book trades at a real venue now, and this order rests on paper")
    if not (order.working or order.sent_at):
        return None
    if order.reduce_only:
        if blotter.tradable(order, mode):
            return None
        return cancelled(Code.REDUCE_ONLY, f"{_growing(blotter, order)}; there is nothing left to reduce")
    if not blotter.only_reduces(order.instrument, mode) or blotter.reduces(order, beside=blotter.beside(order)):
        return None
    if mode == "REDUCE_ONLY":
        return cancelled(Code.MODE, f"{_growing(blotter, order)}; the book may only reduce")
    return cancelled(Code.SUSPENDED, f"{_growing(blotter, order)}; {order.instrument} is suspended")


def lapsed(order: Order, now: int) -> Refusal | None:
    """Whether its own time is over (GTD); that of what does not rest is its wait for a venue."""
    if not (order.expires_at and order.time_in_force == "GTD") or now < order.expires_at:
        return None
    return Refusal(OrderExpired, Code.EXPIRED, "the time that the order was good for is over")


def _growing(blotter: Blotter, order: Order) -> str:
    held = blotter.account.held(order.instrument)
    return f"{order.side} {order.leaves} does not only shrink the position of {held}"


def _sound(order: Order, listing: InstrumentTerms) -> bool:
    """A market order's limit only protects, so that it may lie between two ticks."""
    if not (order.leaves.is_finite() and order.limit.is_finite() and order.leaves > ZERO and order.limit > ZERO):
        return False
    if order.type == "limit" and to_tick(order.limit, listing.tick_size, order.side) != order.limit:
        return False
    return to_lot(order.leaves, listing.lot_size) == order.leaves

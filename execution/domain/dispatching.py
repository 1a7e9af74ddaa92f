"""Orders of a real venue: when one may be sent, which must be cancelled, and what the venue's word makes of one."""

from __future__ import annotations

from collections.abc import Iterator

from execution.domain.blotter import Blotter
from execution.domain.order import IllegalTransition, Order, OrderEvent
from execution.domain.refusals import Refusal, cancelled, ended, forbidden, lapsed, rejected, withdrawn
from execution.domain.venue import Report, VenueFill
from streams.events import OrderExpired, OrderFilled, OrderPartiallyFilled, OrderSent, OrderWorking
from streams.messages import Code, Mode

LONGEST_WAIT_NS = 1_000_000_000  # of an order that does not rest: later the market is another than it was decided for


def dispatch(blotter: Blotter, order: Order, remote: str, now: int, mode: Mode) -> OrderEvent | None:
    """`OrderSent`, or why it is not sent; None while an own order that it could trade with is not final there."""
    if refusal := _unfit(blotter, order, remote, now, mode):
        return ended(order, refusal)
    opposite = next(blotter.opposite(order), None)
    if refusal := waited_too_long(order, opposite, now):
        return ended(order, refusal)
    if opposite is not None:
        return None
    return OrderSent(
        order_id=order.order_id,
        decision_id=order.decision_id,
        venue=remote,
        client_order_id=order.order_id,
        sent_at=now,
    )


def _unfit(blotter: Blotter, order: Order, remote: str, now: int, mode: Mode) -> Refusal | None:
    if order.group:
        return rejected(Code.NOT_SUPPORTED, "no venue executes several orders all or none")
    if not remote:
        return rejected(Code.NO_VENUE, "the book trades at a real venue, and the executor has none configured")
    if refusal := forbidden(blotter, order, mode) or lapsed(order, now):
        return refusal
    if blotter.tradable(order, mode) < order.leaves:
        held = blotter.account.held(order.instrument)
        return rejected(Code.REDUCE_ONLY, f"{order.side} {order.leaves} is more than the position of {held} by now")
    value = order.leaves * order.limit
    minimum = blotter.instruments[order.instrument].min_notional
    if value < minimum:
        return rejected(Code.BELOW_MINIMUM, f"{value} is below the venue's minimum {minimum}")
    if order.side == "sell" or blotter.reduces(order):
        return None
    cost, free = value + blotter.fee(value), blotter.account.cash - blotter.reserved_beside(order)
    return rejected(Code.NO_CASH, f"{cost} is needed, {free} is there") if free < cost else None


def waited_too_long(order: Order, opposite: Order | None, now: int) -> Refusal | None:
    """What rests may wait for its own time. What does not, and has no time that it was accepted for (it was to be
    executed on paper), does not wait at all."""
    if order.may_rest or now < order.expires_at:
        return None
    if opposite is not None:
        what = f"the order {opposite.order_id} ({opposite.side} {opposite.leaves} at {opposite.limit})"
        return Refusal(OrderExpired, Code.TTL, f"it waited for {what}, with which it could have traded, too long")
    if order.expires_at:
        return Refusal(OrderExpired, Code.TTL, "it was not sent within a second of its acceptance")
    return None


def to_cancel(blotter: Blotter, order: Order, now: int, mode: Mode) -> Code | None:
    """Why an order that was sent must be cancelled at its venue."""
    if refusal := withdrawn(blotter, order, mode) or lapsed(order, now):
        return refusal.code
    if blotter.terms is not None and not blotter.terms.real_venue:
        return Code.MODE  # the book trades on paper now
    waiting = (each for each in blotter.orders if not each.sent_at and not each.working)
    if any(order in blotter.opposite(each) for each in waiting):
        return Code.SELF_TRADE
    return None


def reported(order: Order, report: Report, *, now: int, why: Code | None, after_halt: bool) -> Iterator[OrderEvent]:
    """The executions that are not booked yet, then what the venue says that the order is. `why`: what we would have it
    cancelled for. The caller folds each event before it asks for the next; IllegalTransition where the venue tells
    more than was ordered."""
    for fill in report.fills:
        if fill.trade_id not in order.trades:
            if fill.quantity > order.leaves:
                raise IllegalTransition(
                    f"{order.venue} tells of {fill.quantity} in trade {fill.trade_id}, and order {order.order_id} "
                    f"leaves only {order.leaves}: compare the account there with the book"
                )
            yield _filled(order, fill, after_halt=after_halt)
    if order.is_final:
        return
    match report.state:
        case "working" if not order.working:
            yield OrderWorking(
                order_id=order.order_id,
                decision_id=order.decision_id,
                venue=order.venue,
                venue_order_id=report.venue_order_id,
            )
        case "rejected":
            yield ended(order, rejected(Code.VENUE_REFUSED, report.detail or f"{order.venue} refused the order"))
        case "cancelled" | "expired":
            yield ended(order, _ending(order, report, now, why))


def _filled(order: Order, fill: VenueFill, *, after_halt: bool) -> OrderEvent:
    leaves = order.leaves - fill.quantity
    kind = OrderPartiallyFilled if leaves else OrderFilled
    return kind(
        order_id=order.order_id,
        decision_id=order.decision_id,
        venue=order.venue,
        instrument=order.instrument,
        side=order.side,
        quantity=fill.quantity,
        leaves=leaves,
        price=fill.price,
        fee=fill.fee,
        tick_id="",
        received_at=order.received_at,
        after_halt=after_halt,
        trade_id=fill.trade_id,
        liquidity=fill.liquidity,
        fee_base=fill.fee_base,
    )


def _ending(order: Order, report: Report, now: int, why: Code | None) -> Refusal:
    """Venues say "expired" also of the remainder of an immediate order."""
    detail = report.detail or f"{order.venue} says: {report.state}"
    if lapsed(order, now) and why in (None, Code.EXPIRED):
        return Refusal(OrderExpired, Code.EXPIRED, detail)
    if why is not None:
        return cancelled(why, detail)
    if order.time_in_force == "FOK":
        return cancelled(Code.UNFILLABLE, f"{detail}; not all of it was to be had at once")
    if order.time_in_force == "IOC" or order.type == "market":
        return cancelled(Code.LIMIT, f"{detail}; no more was to be had within the limit {order.limit}")
    return cancelled(Code.VENUE_CANCELLED, detail)

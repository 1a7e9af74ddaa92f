"""The fold of the execution log into its read models."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from execution.domain import account as money
from execution.models import Account, Fill, Order, Position
from ledger.readmodel import ReadModel, Rows, Told, exact, key_of, moment
from streams import events as e
from streams.messages import Log

READ_MODELS: tuple[type[ReadModel], ...] = (Account, Fill, Order, Position)
ZERO = Decimal(0)
ENDS: dict[type[e.Event], str] = {
    e.OrderRejected: "rejected",
    e.OrderCancelled: "cancelled",
    e.OrderExpired: "expired",
}
GOING_ON = e.OrderSent | e.OrderWorking | e.OrderRejected | e.OrderCancelled | e.OrderExpired | e.Fill
ACCEPTED = (*("order_id", "decision_id", "instrument", "side", "type", "time_in_force", "reduce_only", "group"),)
FILLED = (
    *("order_id", "decision_id", "instrument", "side", "venue", "tick_id", "received_at", "after_halt"),
    *("liquidity", "trade_id"),
)
PASSED_OVER: frozenset[type[e.Event]] = frozenset((e.BookReconciled, e.ReconciliationFailed))
"""How the book compares with its venue: a difference suspends the instrument, which governance tells."""


class ExecutionProjection:
    """Keeps the read models of the execution log level with it."""

    name: str = "execution"
    log: Log = "execution"
    models: Sequence[type[ReadModel]] = READ_MODELS
    passed_over: frozenset[str] = frozenset(e.TOPICS[event] for event in PASSED_OVER)

    def fold(self, rows: Rows, events: Sequence[Told]) -> None:
        fold(rows, events)


PROJECTION = ExecutionProjection()


def fold(rows: Rows, batch: Sequence[Told]) -> None:
    """Applies events in the order of the log."""
    _load(rows, batch)
    for event in batch:
        _apply(rows, event)


def _load(rows: Rows, batch: Sequence[Told]) -> None:
    """The orders that the batch goes on with, fetched at once."""
    begun = {r.body.order_id for r in batch if isinstance(r.body, e.OrderAccepted)}
    touched = {r.body.order_id for r in batch if isinstance(r.body, GOING_ON)}
    rows.load(Order, sorted(touched - begun))


def _apply(rows: Rows, recorded: Told) -> None:
    match recorded.body:
        case e.BookOpened() as opened:
            rows.add(_opened(recorded, opened))
        case e.CashMoved() | e.PositionAdjusted():
            _booked(rows, recorded)
        case e.OrderAccepted() as accepted:
            rows.add(_accepted(recorded, accepted))
        case e.OrderFilled() | e.OrderPartiallyFilled() as fill:
            rows.add(_fill(recorded, fill))
            _booked(rows, recorded)
            _order(rows, recorded)
        case e.OrderSent() | e.OrderWorking() | e.OrderRejected() | e.OrderCancelled() | e.OrderExpired():
            _order(rows, recorded)


def _order(rows: Rows, recorded: Told) -> None:
    """What happens to an order after its acceptance."""
    body: Any = recorded.body
    order = rows.change(Order, body.order_id, recorded.position)
    if order is None:
        return
    match body:
        case e.OrderSent():
            order.state, order.venue, order.client_order_id = "sent", body.venue, body.client_order_id
        case e.OrderWorking():
            order.venue, order.venue_order_id = body.venue, body.venue_order_id
            order.state = "partially_filled" if order.filled else "working"
        case e.OrderRejected() | e.OrderCancelled() | e.OrderExpired():
            order.state, order.reason, order.detail = ENDS[type(body)], body.reason, body.detail
            order.finished_at = moment(recorded.recorded_at)
        case e.OrderFilled() | e.OrderPartiallyFilled():
            order.filled = exact(order.filled + body.quantity)
            order.value = exact(order.value + body.quantity * body.price)
            order.fee = exact(order.fee + body.fee)
            order.venue, order.state = body.venue, "partially_filled"
            if isinstance(body, e.OrderFilled):
                order.state, order.finished_at = "filled", moment(recorded.recorded_at)


def _opened(recorded: Told, body: e.BookOpened) -> Account:
    return Account.told(
        book=body.book,
        quote=body.quote,
        cash=exact(body.cash),
        deposits=exact(body.cash),
        realised=ZERO,
        fees=ZERO,
        opened_at=moment(recorded.recorded_at),
        ledger_position=recorded.position,
    )


def _accepted(recorded: Told, body: e.OrderAccepted) -> Order:
    copied = {name: getattr(body, name) for name in ACCEPTED}
    return Order.told(
        book=recorded.book,
        quantity=exact(body.quantity),
        limit=exact(body.limit),
        expires_at=moment(body.expires_at) if body.expires_at else None,
        state="accepted",
        filled=ZERO,
        value=ZERO,
        fee=ZERO,
        recorded_at=moment(recorded.recorded_at),
        correlation_id=recorded.correlation_id,
        ledger_position=recorded.position,
        **copied,
    )


def _fill(recorded: Told, fill: e.Fill) -> Fill:
    copied = {name: getattr(fill, name) for name in FILLED}
    return Fill.told(
        event_id=recorded.event_id,
        book=recorded.book,
        quantity=exact(fill.quantity),
        price=exact(fill.price),
        fee=exact(fill.fee),
        fee_base=exact(fill.fee_base),
        filled_at=moment(recorded.recorded_at),
        correlation_id=recorded.correlation_id,
        ledger_position=recorded.position,
        **copied,
    )


def _booked(rows: Rows, recorded: Told) -> None:
    """The account and the position that an event moves, booked as the desk books them."""
    body: Any = recorded.body
    row = rows.change(Account, recorded.book, recorded.position)
    if row is None:
        return
    booked = money.Account(cash=row.cash, deposits=row.deposits, fees=row.fees, realised=row.realised)
    if isinstance(body, e.CashMoved):
        booked.apply(body)
    else:
        held = _position(rows, recorded, body.instrument)
        booked.positions[body.instrument] = money.Position(held.quantity, held.cost)
        booked.apply(body)
        now = booked.positions[body.instrument]
        held.quantity, held.cost = exact(now.quantity), exact(now.cost)
        held.realised = exact(held.realised + booked.realised - row.realised)
        held.fees = exact(held.fees + booked.fees - row.fees)
        held.changed_at = moment(recorded.recorded_at)
    row.cash, row.deposits = exact(booked.cash), exact(booked.deposits)
    row.fees, row.realised = exact(booked.fees), exact(booked.realised)


def _position(rows: Rows, recorded: Told, instrument: str) -> Position:
    """The row to change; a new one where nothing was ever held."""
    key = key_of("position", recorded.book, instrument)
    row = rows.change(Position, key, recorded.position)
    return row or rows.add(
        Position.told(
            position_id=key,
            book=recorded.book,
            instrument=instrument,
            quantity=ZERO,
            cost=ZERO,
            realised=ZERO,
            fees=ZERO,
            ledger_position=recorded.position,
        )
    )

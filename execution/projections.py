"""The fold of the execution log into its read models."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from execution.domain import account as money
from execution.models import Account, Fill, Order, Position
from ledger.readmodel import ReadModel, Rows, exact, moment
from ledger.records import RecordedEvent
from streams import events as e
from streams.envelope import derived_id
from streams.messages import Log

READ_MODELS: tuple[type[ReadModel], ...] = (Account, Fill, Order, Position)
ZERO = Decimal(0)
ENDS: dict[type[e.Event], str] = {
    e.OrderRejected: "rejected",
    e.OrderCancelled: "cancelled",
    e.OrderExpired: "expired",
}


class ExecutionProjection:
    """Keeps the read models of the execution log level with it."""

    name: str = "execution"
    log: Log = "execution"

    def apply(self, events: Sequence[RecordedEvent], cursor: Any) -> None:
        rows = Rows()
        fold(rows, events)
        rows.save()

    def clear(self, cursor: Any) -> None:
        """Empties the read models and begins again at the first event, in the caller's transaction."""
        tables = ", ".join(model._meta.db_table for model in READ_MODELS)
        cursor.execute(f"TRUNCATE {tables}")
        cursor.execute("DELETE FROM projection WHERE name = %s", (self.name,))


def fold(rows: Rows, recorded: Iterable[RecordedEvent]) -> None:
    """Applies events in the order of the log."""
    batch = list(recorded)
    _load(rows, batch)
    for event in batch:
        _apply(rows, event)


def _load(rows: Rows, batch: Sequence[RecordedEvent]) -> None:
    """The orders that the batch goes on with, fetched at once."""
    begun = {r.event.body.order_id for r in batch if isinstance(r.event.body, e.OrderAccepted)}
    touched = {
        r.event.body.order_id
        for r in batch
        if isinstance(r.event.body, e.OrderSent | e.OrderRejected | e.OrderCancelled | e.OrderExpired | e.Fill)
    }
    rows.load(Order, sorted(touched - begun))


def _apply(rows: Rows, recorded: RecordedEvent) -> None:
    match recorded.event.body:
        case e.BookOpened() as opened:
            rows.add(_opened(recorded, opened))
        case e.CashMoved(amount=amount):
            if account := rows.change(Account, recorded.event.book, recorded.position):
                account.cash = exact(account.cash + amount)
                account.deposits = exact(account.deposits + amount)
        case e.OrderAccepted() as accepted:
            rows.add(_accepted(recorded, accepted))
        case e.OrderSent(order_id=order_id, venue=venue):
            if order := rows.change(Order, order_id, recorded.position):
                order.state, order.venue = "sent", venue
        case e.OrderRejected() | e.OrderCancelled() | e.OrderExpired() as ended:
            if order := rows.change(Order, ended.order_id, recorded.position):
                order.state, order.reason, order.detail = ENDS[type(ended)], ended.reason, ended.detail
                order.finished_at = moment(recorded.recorded_at)
        case e.OrderFilled() | e.OrderPartiallyFilled() as fill:
            _filled(rows, recorded, fill)


def _opened(recorded: RecordedEvent, body: e.BookOpened) -> Account:
    return Account(
        book=body.book,
        quote=body.quote,
        cash=exact(body.cash),
        deposits=exact(body.cash),
        realised=ZERO,
        fees=ZERO,
        opened_at=moment(recorded.recorded_at),
        ledger_position=recorded.position,
    )


def _accepted(recorded: RecordedEvent, body: e.OrderAccepted) -> Order:
    return Order(
        order_id=body.order_id,
        decision_id=body.decision_id,
        book=recorded.event.book,
        instrument=body.instrument,
        side=body.side,
        quantity=exact(body.quantity),
        limit=exact(body.limit),
        state="accepted",
        filled=ZERO,
        value=ZERO,
        fee=ZERO,
        recorded_at=moment(recorded.recorded_at),
        correlation_id=recorded.event.correlation_id,
        ledger_position=recorded.position,
    )


def _filled(rows: Rows, recorded: RecordedEvent, fill: e.Fill) -> None:
    order = rows.change(Order, fill.order_id, recorded.position)
    if order is not None:
        order.filled = exact(order.filled + fill.quantity)
        order.value = exact(order.value + fill.quantity * fill.price)
        order.fee = exact(order.fee + fill.fee)
        order.venue = fill.venue
        order.state = "partially_filled"
        if isinstance(fill, e.OrderFilled):
            order.state, order.finished_at = "filled", moment(recorded.recorded_at)
    rows.add(_fill(recorded, fill))
    realised = _settle_position(rows, recorded, fill)
    _settle_account(rows, recorded, fill, realised)


def _fill(recorded: RecordedEvent, fill: e.Fill) -> Fill:
    copied: dict[str, Any] = {
        name: getattr(fill, name)
        for name in ("order_id", "decision_id", "instrument", "side", "venue", "tick_id", "received_at", "after_halt")
    }
    return Fill(
        event_id=UUID(recorded.event_id),
        book=recorded.event.book,
        quantity=exact(fill.quantity),
        price=exact(fill.price),
        fee=exact(fill.fee),
        filled_at=moment(recorded.recorded_at),
        correlation_id=recorded.event.correlation_id,
        ledger_position=recorded.position,
        **copied,
    )


def _settle_position(rows: Rows, recorded: RecordedEvent, fill: e.Fill) -> Decimal:
    """Moves the position at average cost; the profit that this realised."""
    key = UUID(derived_id("position", recorded.event.book, fill.instrument))
    if rows.find(Position, key) is None:
        rows.add(
            Position(
                position_id=key,
                book=recorded.event.book,
                instrument=fill.instrument,
                quantity=ZERO,
                cost=ZERO,
                realised=ZERO,
                fees=ZERO,
                ledger_position=recorded.position - 1,
            )
        )
    row = rows.change(Position, key, recorded.position)
    if row is None:
        return ZERO
    held = money.Position(row.quantity, row.cost)
    realised = held.trade(_signed(fill), fill.price)
    row.quantity, row.cost = exact(held.quantity), exact(held.cost)
    row.realised = exact(row.realised + realised)
    row.fees = exact(row.fees + fill.fee)
    row.changed_at = moment(recorded.recorded_at)
    return realised


def _settle_account(rows: Rows, recorded: RecordedEvent, fill: e.Fill, realised: Decimal) -> None:
    account = rows.change(Account, recorded.event.book, recorded.position)
    if account is not None:
        account.cash = exact(account.cash - _signed(fill) * fill.price - fill.fee)
        account.realised = exact(account.realised + realised)
        account.fees = exact(account.fees + fill.fee)


def _signed(fill: e.Fill) -> Decimal:
    return fill.quantity if fill.side == "buy" else -fill.quantity

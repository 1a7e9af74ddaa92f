"""What a desk takes on: a ticket of a decision as an accepted order, and which tickets belong together."""

from __future__ import annotations

from collections.abc import Iterable

from execution.domain.order import Order
from streams.events import DecisionReached, OrderAccepted, OrderTicket


def acceptance(decision: DecisionReached, ticket: OrderTicket, expires_at: int = 0) -> OrderAccepted:
    return OrderAccepted(
        order_id=ticket.order_id,
        decision_id=decision.decision_id,
        instrument=ticket.instrument,
        side=ticket.side,
        quantity=ticket.quantity,
        limit=ticket.limit,
        type=ticket.type,
        time_in_force=ticket.time_in_force,
        reduce_only=ticket.reduce_only,
        expires_at=expires_at,
        group=ticket.group,
        received_at=decision.trigger.received_at,
    )


def units(tickets: Iterable[OrderTicket]) -> list[list[OrderTicket]]:
    """Each ticket by itself, or with its group."""
    found: dict[str, list[OrderTicket]] = {}
    for number, ticket in enumerate(tickets):
        found.setdefault(f"group {ticket.group}" if ticket.group else str(number), []).append(ticket)
    return list(found.values())


def together(orders: Iterable[Order]) -> list[list[Order]]:
    """Each order by itself, or with the legs of its group."""
    found: dict[tuple[str, str], list[Order]] = {}
    for order in orders:
        found.setdefault((order.decision_id, order.group) if order.group else (order.order_id, ""), []).append(order)
    return list(found.values())

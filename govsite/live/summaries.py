"""What the live page shows of a decision, in the shape that it folds from events itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from execution.models import Order
from governance.models import Decision, Proposal
from govsite.ops.standing import milliseconds


def summaries(decisions: Iterable[Decision]) -> list[dict[str, Any]]:
    """In the order given; three queries whatever their number."""
    wanted = list(decisions)
    proposals: dict[Any, list[Proposal]] = defaultdict(list)
    for proposal in Proposal.objects.filter(deliberation_id__in=[d.deliberation_id for d in wanted]).order_by(
        "recorded_at", "agent"
    ):
        proposals[proposal.deliberation_id].append(proposal)
    orders = {order.order_id: order for order in Order.objects.filter(decision_id__in=[d.pk for d in wanted])}
    return [_summary(decision, proposals[decision.deliberation_id], orders) for decision in wanted]


def _summary(decision: Decision, proposals: list[Proposal], orders: dict[str, Order]) -> dict[str, Any]:
    return {
        "decision_id": decision.decision_id,
        "at": milliseconds(decision.decided_at),
        "outcome": decision.outcome,
        "track": decision.track,
        "instrument": decision.instrument,
        "proposals": [_proposal(proposal) for proposal in proposals],
        "orders": [_order(ticket, orders.get(ticket["order_id"])) for ticket in decision.orders],
    }


def _proposal(proposal: Proposal) -> dict[str, Any]:
    names = ("proposal_id", "agent", "action", "instrument", "amends", "why", "state", "reason", "by", "detail")
    return {**{name: getattr(proposal, name) for name in names}, "target": plain(proposal.target)}


def _order(ticket: dict[str, Any], order: Order | None) -> dict[str, Any]:
    """The ticket as decided, with what the executor has told of it so far."""
    told: dict[str, Any] = {"state": "decided", "reason": "", "detail": "", "filled": "0", "average": None, "fee": "0"}
    if order is not None:
        average = order.average_price
        told = {
            "state": order.state,
            "reason": order.reason,
            "detail": order.detail,
            "filled": plain(order.filled),
            "average": None if average is None else plain(average),
            "fee": plain(order.fee),
        }
    return {**ticket, **told}


def plain(value: Decimal) -> str:
    """Without an exponent and without zeros that say nothing."""
    return f"{value.normalize():f}"

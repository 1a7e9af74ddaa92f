"""A decision's story as spans: every time in it is one that the ledger has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

from msgspec import Struct

from ledger.audit import Story
from ledger.records import RecordedEvent
from streams import events as e

SCORES = (e.OutcomesRecorded, e.CouncilScored)  # come a horizon later, and belong to a bucket rather than to a decision


class Note(Struct, frozen=True):
    """Something that happened within a span, at a time in ns."""

    name: str
    at: int
    attributes: dict[str, str | int | bool]


class Span(Struct, frozen=True, kw_only=True):
    """`begun` and `ended` in ns since 1970; `parent` is None for the root."""

    name: str
    span_id: int
    parent: int | None
    begun: int
    ended: int
    attributes: dict[str, str | int | bool]
    notes: tuple[Note, ...] = ()


def trace_id(decision_id: str) -> int:
    """The first 16 bytes of the SHA-256 of the decision's id: whoever has the decision finds the trace."""
    return int.from_bytes(sha256(decision_id.encode()).digest()[:16], "big")


def spans(story: Story) -> list[Span]:
    """The root first: from the tick that set it off to the last event of its orders; [] without a decision."""
    told = [one for one in story.events if not isinstance(one.event.body, SCORES)]
    reached = next((one for one in told if isinstance(one.event.body, e.DecisionReached)), None)
    opened = next((one.event.body for one in told if isinstance(one.event.body, e.DeliberationOpened)), None)
    if reached is None or opened is None or not isinstance(reached.event.body, e.DecisionReached):
        return []
    decision, ledger = reached.event.body, reached.recorded_at
    root = Span(
        name=f"decision {opened.instrument} {decision.outcome}",
        span_id=_id(decision.decision_id, "root"),
        parent=None,
        begun=min(decision.trigger.received_at, opened.opened_at),
        ended=max(one.recorded_at for one in told),
        attributes=_about(reached, decision, opened),
        notes=tuple(_lost(decision, ledger)),
    )
    closed = next(
        (one.event.body.closed_at for one in told if isinstance(one.event.body, e.DeliberationClosed)), ledger
    )
    stages = [
        ("ingestion and agents", root.begun, opened.opened_at),
        ("deliberation", opened.opened_at, closed),
        ("resolution and commit", closed, ledger),
    ]
    children = [
        Span(
            name=name,
            span_id=_id(decision.decision_id, name),
            parent=root.span_id,
            begun=begun,
            ended=max(begun, ended),
            attributes={},
        )
        for name, begun, ended in stages
    ]
    return [root, *children, *_orders(decision, ledger, root, told)]


def _about(
    reached: RecordedEvent, decision: e.DecisionReached, opened: e.DeliberationOpened
) -> dict[str, str | int | bool]:
    return {
        "govsite.decision_id": decision.decision_id,
        "govsite.deliberation_id": decision.deliberation_id,
        "govsite.correlation_id": reached.event.correlation_id,
        "govsite.book": reached.event.book,
        "govsite.instrument": opened.instrument,
        "govsite.track": opened.track,
        "govsite.outcome": decision.outcome,
        "govsite.released": decision.released,
        "govsite.ledger_position": reached.position,
    }


def _lost(decision: e.DecisionReached, at: int) -> Iterable[Note]:
    for each in decision.reasons:
        said: dict[str, str | int | bool] = {"proposal_id": each.proposal_id, "reason": each.reason, "by": each.by}
        yield Note(f"proposal {each.state}", at, said)


def _orders(decision: e.DecisionReached, ledger: int, root: Span, told: Sequence[RecordedEvent]) -> Iterable[Span]:
    """One for each order: from the commit of the decision to the order's last event."""
    for ticket in decision.orders:
        mine = [one for one in told if getattr(one.event.body, "order_id", None) == ticket.order_id]
        notes = [
            Note(type(one.event.body).__name__, one.recorded_at, {"govsite.ledger_position": one.position})
            for one in mine
            if one.log == "execution"
        ]
        if notes:
            yield Span(
                name=f"order {ticket.instrument} {ticket.side}",
                span_id=_id(decision.decision_id, ticket.order_id),
                parent=root.span_id,
                begun=ledger,
                ended=max(ledger, *(note.at for note in notes)),
                attributes={"govsite.order_id": ticket.order_id, "govsite.quantity": str(ticket.quantity)},
                notes=tuple(notes),
            )


def _id(decision_id: str, name: str) -> int:
    return int.from_bytes(sha256(f"{decision_id}\x1f{name}".encode()).digest()[:8], "big")

"""The causal story of a decision as one document: the numbers it rests on, who lost to what, what it was worth."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from governance.domain.scoring import AskedLeg, named
from ledger.audit import Story
from ledger.narrative import named as named_rival
from ledger.narrative import sentence
from ledger.records import RecordedEvent
from streams import events as e

BP = Decimal(10_000)
ZERO = Decimal(0)
Document = dict[str, Any]
Kind = TypeVar("Kind", bound=e.Event)


def document(story: Story) -> Document:
    """Amounts in the quote currency, quantities in base units; `since_ms` counts from the receipt of the tick."""
    bodies = [one.event.body for one in story.events]
    opened, decision = _first(bodies, e.DeliberationOpened), _first(bodies, e.DecisionReached)
    situation = _first(bodies, e.SituationRecorded)
    authors = _authors(bodies)
    return {
        "decision_id": story.decision_id,
        "deliberation_id": opened.deliberation_id if opened else decision.deliberation_id if decision else "",
        "book": story.events[0].event.book,
        "outcome": story.outcome,
        "trigger": decision.trigger if decision else None,
        "opened": opened,
        "proposals": _proposals(bodies, authors),
        "situation": situation,
        "arbitrated": _first(bodies, e.ProposalsArbitrated),
        "rules": _all(bodies, e.RulesEvaluated),
        "held": _all(bodies, e.DecisionHeld) + _all(bodies, e.DecisionReleased) + _all(bodies, e.HoldRefused),
        "orders": _orders(bodies),
        "worth": _worth(bodies),
        "events": [_told(one, story.events[0], decision, authors) for one in story.events],
    }


def _first(bodies: list[e.Event], kind: type[Kind]) -> Kind | None:
    return next((body for body in bodies if isinstance(body, kind)), None)


def _all(bodies: list[e.Event], kind: type[Kind]) -> list[Kind]:
    return [body for body in bodies if isinstance(body, kind)]


def _told(
    one: RecordedEvent, first: RecordedEvent, decision: e.DecisionReached | None, authors: dict[str, str]
) -> Document:
    began = decision.trigger.received_at if decision and decision.trigger.received_at else first.recorded_at
    return {
        "log": one.log,
        "position": one.position,
        "event_id": one.event_id,
        "recorded_at": one.recorded_at,
        "since_ms": round((one.recorded_at - began) / 1e6, 3),
        "event": one.topic,
        "actor": one.event.actor,
        "correlation_id": one.event.correlation_id,
        "causation_id": one.event.causation_id,
        "text": sentence(one, authors),
        "payload": one.event.body,
    }


# --- proposals --------------------------------------------------------------------------------


def _authors(bodies: list[e.Event]) -> dict[str, str]:
    """The agents of proposals and amendments by their ids."""
    return {
        body.proposal_id: body.agent for body in bodies if isinstance(body, e.ProposalAdmitted | e.AmendmentOffered)
    }


def _proposals(bodies: list[e.Event], authors: dict[str, str]) -> list[Document]:
    """Each with its ballots, its tally, what became of it and what beat it, and how the market answered it."""
    admitted = {one.proposal_id: one for one in _all(bodies, e.ProposalAdmitted)}
    amended = {one.proposal_id: one for one in _all(bodies, e.AmendmentOffered)}
    results = _results(bodies)
    tallies = {one.proposal_id: one for one in _all(bodies, e.ProposalTallied)}
    outcomes = _outcomes(bodies)
    told = []
    for proposal_id in [*admitted, *amended]:
        original = _original(proposal_id, admitted, amended)
        outcome = outcomes.get(_question(original)) if original else None
        result = results.get(proposal_id)
        told.append(
            {
                "proposal_id": proposal_id,
                "agent": authors[proposal_id],
                "proposed": admitted.get(proposal_id) or amended[proposal_id],
                "ballots": [_ballot(one, outcome) for one in bodies if _is_ballot(one, proposal_id)],
                "tally": tallies.get(proposal_id),
                "state": result.state if result else "",
                "reason": result.reason if result else "",
                "detail": result.detail if result else "",
                "lost_to": named_rival(result.by, authors) if result else "",
                "outcome": outcome,
            }
        )
    return told


def _results(bodies: list[e.Event]) -> dict[str, e.ProposalResult]:
    """What arbitration said, and over it what the decision says in the end."""
    arbitrated, decision = _first(bodies, e.ProposalsArbitrated), _first(bodies, e.DecisionReached)
    told = (*(arbitrated.results if arbitrated else ()), *(decision.reasons if decision else ()))
    return {one.proposal_id: one for one in told}


def _original(
    proposal_id: str, admitted: dict[str, e.ProposalAdmitted], amended: dict[str, e.AmendmentOffered]
) -> e.ProposalAdmitted | None:
    """An amendment asks the question of what it amends."""
    while proposal_id in amended:
        proposal_id = amended[proposal_id].amends
    return admitted.get(proposal_id)


def _question(proposal: e.ProposalAdmitted) -> str:
    """The question that the market answers, by the name under which its outcome is recorded."""
    parts = [
        (proposal.instrument, proposal.target - proposal.held),
        *((x.instrument, x.target - x.held) for x in proposal.legs),
    ]
    return named(
        AskedLeg(instrument=name, side="buy" if change > 0 else "sell", price=ZERO, spread=ZERO, value=ZERO)
        for name, change in sorted(parts)
        if change
    )


def _is_ballot(body: e.Event, proposal_id: str) -> bool:
    return isinstance(body, e.BallotCast | e.BallotLate) and body.proposal_id == proposal_id


def _ballot(body: Any, outcome: e.ObservedOutcome | None) -> Document:
    """`brier` is (q − y)², what this forecast alone cost its agent."""
    forecast, y = body.probability, outcome.y if outcome else None
    known = forecast is not None and y is not None and body.stance != "abstain"
    return {
        **msgspec.structs.asdict(body),
        "late": isinstance(body, e.BallotLate),
        "brier": round((forecast - y) ** 2, 9) if known else None,
    }


# --- orders -----------------------------------------------------------------------------------


def _orders(bodies: list[e.Event]) -> list[Document]:
    decision = _first(bodies, e.DecisionReached)
    return [_order(ticket, bodies) for ticket in decision.orders] if decision else []


def _order(ticket: e.OrderTicket, bodies: list[e.Event]) -> Document:
    """`slippage_bp`: how much worse than the price that the decision rests on; `at_horizon`: what the fills had gained
    or lost after fees, at the price that the outcome was measured with."""
    mine = [body for body in bodies if getattr(body, "order_id", None) == ticket.order_id]
    fills = [body for body in mine if isinstance(body, e.OrderFilled | e.OrderPartiallyFilled)]
    quantity = sum((fill.quantity for fill in fills), ZERO)
    value = sum((fill.quantity * fill.price for fill in fills), ZERO)
    fees = sum((fill.fee for fill in fills), ZERO)
    decided, end = _decided_at(bodies, ticket.instrument), _end_of(bodies, ticket.instrument)
    sign = 1 if ticket.side == "buy" else -1
    average = value / quantity if quantity else None
    return {
        "ticket": ticket,
        "state": _state(mine),
        "reason": next(
            (
                f"{x.reason} {x.detail}".strip()
                for x in mine
                if isinstance(x, e.OrderRejected | e.OrderCancelled | e.OrderExpired)
            ),
            "",
        ),
        "fills": fills,
        "filled": quantity,
        "average_price": average,
        "value": value,
        "fees": fees,
        "decided_at_price": decided,
        "slippage_bp": None if average is None or not decided else round(sign * (average / decided - 1) * BP, 4),
        "price_at_horizon": end,
        "at_horizon": None if end is None or not quantity else sign * (quantity * end - value) - fees,
    }


def _state(mine: list[e.Event]) -> str:
    """By the FIX names; an order that the executor has not accepted yet is only decided."""
    names: tuple[tuple[type[e.Event], str], ...] = (
        (e.OrderFilled, "FILLED"),
        (e.OrderRejected, "REJECTED"),
        (e.OrderCancelled, "CANCELLED"),
        (e.OrderExpired, "EXPIRED"),
        (e.OrderPartiallyFilled, "PARTIALLY_FILLED"),
        (e.OrderWorking, "NEW"),
        (e.OrderAccepted, "PENDING_NEW"),
    )
    return next((name for kind, name in names if any(isinstance(body, kind) for body in mine)), "DECIDED")


def _decided_at(bodies: list[e.Event], instrument: str) -> Decimal | None:
    situation = _first(bodies, e.SituationRecorded)
    if situation and instrument in situation.markets:
        return situation.markets[instrument].price
    opened = _first(bodies, e.DeliberationOpened)
    return opened.market.price if opened and opened.instrument == instrument else None


# --- what it was worth ------------------------------------------------------------------------


def _deliberation(bodies: list[e.Event]) -> str:
    opened = _first(bodies, e.DeliberationOpened)
    return opened.deliberation_id if opened else ""


def _outcomes(bodies: list[e.Event]) -> dict[str, e.ObservedOutcome]:
    """This round's questions as the market answered them, by name."""
    mine = _deliberation(bodies)
    return {
        outcome.question: outcome
        for recorded in _all(bodies, e.OutcomesRecorded)
        for outcome in recorded.outcomes
        if outcome.deliberation_id == mine
    }


def _end_of(bodies: list[e.Event], instrument: str) -> Decimal | None:
    ends = (leg.end for outcome in _outcomes(bodies).values() for leg in outcome.legs if leg.instrument == instrument)
    return next((end for end in ends if end is not None), None)


def _worth(bodies: list[e.Event]) -> Document:
    """`gain` is side·return − cost; y is None for VOID. `scores` are of the whole bucket that the round was in."""
    recorded, scored = _first(bodies, e.OutcomesRecorded), _first(bodies, e.CouncilScored)
    return {
        "known": recorded is not None,
        "horizon_s": recorded.horizon if recorded else None,
        "bucket": recorded.bucket if recorded else None,
        "outcomes": list(_outcomes(bodies).values()),
        "scores": list(scored.seats) if scored else [],
        "mix_loss": scored.mix_loss if scored else None,
    }

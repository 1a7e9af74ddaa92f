"""Events of rounds into rows: proposals, ballots, tallies, holds, decisions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from governance.models import Ballot, Decision, Deliberation, Hold, Proposal
from ledger.readmodel import Rows, Told, exact, moment
from streams import events as e


def proposal(rows: Rows, recorded: Told) -> None:
    body = recorded.body
    assert isinstance(body, e.ProposalRefused | e.ProposalAdmitted | e.AmendmentOffered)
    common: dict[str, Any] = {
        "proposal_id": body.proposal_id,
        "book": recorded.book,
        "agent": body.agent,
        "target": exact(body.target),
        "correlation_id": recorded.correlation_id,
        "recorded_at": moment(recorded.recorded_at),
        "ledger_position": recorded.position,
    }
    match body:
        case e.ProposalRefused(action=action, instrument=instrument, reason=reason, detail=detail):
            if rows.find(Proposal, body.proposal_id) is None:
                rows.add(
                    Proposal.told(
                        action=action, instrument=instrument, state="REFUSED", reason=reason, detail=detail, **common
                    )
                )
        case e.ProposalAdmitted():
            rows.add(_admitted(recorded, body, common))
        case e.AmendmentOffered(amends=amends, why=why):
            rows.add(_amendment(recorded, rows.find(Proposal, amends), amends, why, common))


def _admitted(recorded: Told, body: e.ProposalAdmitted, common: dict[str, Any]) -> Proposal:
    return Proposal.told(
        deliberation_id=recorded.aggregate_id,
        action=body.action,
        instrument=body.instrument,
        probability=body.probability,
        held=exact(body.held),
        price=exact(body.price),
        market=body.market,
        evidence=body.evidence,
        legs=body.legs,
        ttl_ms=body.ttl_ms,
        why=body.why,
        state="ADMITTED",
        **common,
    )


def _amendment(recorded: Told, original: Proposal | None, amends: str, why: str, common: dict[str, Any]) -> Proposal:
    """Shares forecast, prices and instrument with what it amends."""
    shared = ("action", "instrument", "probability", "held", "price", "market", "ttl_ms", "legs")
    copied = {name: getattr(original, name) for name in shared} if original else {"action": "", "instrument": ""}
    return Proposal.told(
        deliberation_id=recorded.aggregate_id, amends=amends, why=why, state="ADMITTED", **copied, **common
    )


BALLOT = (
    *("event_id", "ledger_position", "deliberation_id", "late"),
    *("proposal_id", "agent", "stance", "probability", "weight_ppm", "size_limit", "veto", "reason"),
)


def ballot(rows: Rows, recorded: Told) -> None:
    """More than every second event is a ballot, so this is as short as can be."""
    body: Any = recorded.body
    limit = None if body.size_limit is None else exact(body.size_limit)
    place = recorded.event_id, recorded.position, recorded.aggregate_id, type(body) is e.BallotLate
    vote = body.proposal_id, body.agent, body.stance, body.probability, body.weight_ppm, limit, body.veto, body.reason
    rows.append(Ballot, BALLOT, place + vote)


def deliberation(rows: Rows, recorded: Told) -> None:
    body = recorded.body
    if isinstance(body, e.DeliberationOpened):
        rows.add(_opened(recorded, body))
        return
    row = rows.change(Deliberation, recorded.aggregate_id, recorded.position)
    if row is None:
        return
    assert isinstance(body, e.DeliberationClosed)
    row.close_reason, row.closed_at = body.reason, moment(body.closed_at)


def _opened(recorded: Told, body: e.DeliberationOpened) -> Deliberation:
    return Deliberation.told(
        aggregate_id=recorded.aggregate_id,
        deliberation_id=body.deliberation_id,
        book=recorded.book,
        track=body.track,
        instrument=body.instrument,
        opened_at=moment(body.opened_at),
        deadline=moment(body.deadline),
        total_ppm=body.total_ppm,
        weights_version=body.weights_version,
        rulebook_version=body.rulebook_version,
        market=body.market,
        correlation_id=recorded.correlation_id,
        recorded_at=moment(recorded.recorded_at),
        ledger_position=recorded.position,
    )


def tally(rows: Rows, recorded: Told) -> None:
    body = recorded.body
    if isinstance(body, e.ProposalTallied):
        row = rows.change(Proposal, body.proposal_id, recorded.position)
        if row is not None:
            row.yes_ppm, row.no_ppm = body.yes_ppm, body.no_ppm
            row.missing_ppm, row.total_ppm = body.missing_ppm, body.total_ppm
            row.forecast = body.forecast
            row.tally, row.tally_reason, row.tally_by = body.state, body.reason, body.by
            row.state, row.reason, row.by = body.state, body.reason, body.by
    elif isinstance(body, e.ProposalsArbitrated):
        round_ = rows.change(Deliberation, recorded.aggregate_id, recorded.position)
        if round_ is not None:
            round_.targets = body.targets
        _results(rows, recorded, body.results)


def _results(rows: Rows, recorded: Told, results: Iterable[e.ProposalResult]) -> None:
    for result in results:
        row = rows.change(Proposal, result.proposal_id, recorded.position)
        if row is not None:
            row.state, row.reason = result.state, result.reason
            row.by, row.detail = result.by, result.detail


def held(rows: Rows, recorded: Told) -> None:
    body = recorded.body
    assert isinstance(body, e.DecisionHeld)
    round_ = rows.find(Deliberation, recorded.aggregate_id)
    rows.add(
        Hold.told(
            decision_id=body.decision_id,
            deliberation_id=recorded.aggregate_id,
            book=recorded.book,
            instrument=round_.instrument if round_ else "",
            track=body.track,
            rules=body.rules,
            orders=body.orders,
            held=body.held,
            held_at=moment(body.at),
            until=moment(body.until),
            ledger_position=recorded.position,
        )
    )
    _results(rows, recorded, body.reasons)


def hold(rows: Rows, recorded: Told) -> None:
    body = recorded.body
    assert isinstance(body, e.DecisionReleased | e.HoldRefused)
    row = rows.change(Hold, body.decision_id, recorded.position)
    if row is not None:
        row.status = "released" if isinstance(body, e.DecisionReleased) else "refused"
        row.who, row.why, row.ended_at = body.operator, body.reason, moment(recorded.recorded_at)


def decision(rows: Rows, recorded: Told) -> None:
    body = recorded.body
    assert isinstance(body, e.DecisionReached)
    round_ = rows.change(Deliberation, recorded.aggregate_id, recorded.position)
    if round_ is not None:
        round_.outcome = body.outcome
    hold = rows.change(Hold, body.decision_id, recorded.position)
    if hold is not None:
        _ended(hold, recorded, body)
    rows.add(
        Decision.told(
            decision_id=body.decision_id,
            deliberation_id=recorded.aggregate_id,
            event_id=recorded.event_id,
            book=recorded.book,
            track=round_.track if round_ else "",
            instrument=round_.instrument if round_ else "",
            outcome=body.outcome,
            held=hold is not None,
            orders=body.orders,
            reasons=body.reasons,
            trigger_tick=body.trigger.tick_id,
            trigger_received_at=body.trigger.received_at,
            ttl_ms=body.ttl_ms,
            correlation_id=recorded.correlation_id,
            decided_at=moment(recorded.recorded_at),
            ledger_position=recorded.position,
        )
    )
    _results(rows, recorded, body.reasons)


def _ended(hold: Hold, recorded: Told, body: e.DecisionReached) -> None:
    """A decision that nobody released or refused ran out of time, or something ended it before (a halt)."""
    hold.outcome = body.outcome
    if hold.status == "held":
        hold.ended_at = moment(recorded.recorded_at)
        hold.status = "lapsed" if hold.ended_at >= hold.until else "ended"

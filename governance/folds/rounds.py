"""Events of rounds into rows: proposals, ballots, tallies, holds, decisions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from governance.models import Ballot, Decision, Deliberation, Hold, Proposal
from ledger.readmodel import Rows, exact, key_of, moment
from ledger.records import RecordedEvent
from streams import events as e
from streams.envelope import to_builtins


def proposal(rows: Rows, recorded: RecordedEvent) -> None:
    body = recorded.event.body
    assert isinstance(body, e.ProposalRefused | e.ProposalAdmitted | e.AmendmentOffered)
    common: dict[str, Any] = {
        "proposal_id": body.proposal_id,
        "book": recorded.event.book,
        "agent": body.agent,
        "target": exact(body.target),
        "correlation_id": recorded.event.correlation_id,
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


def _admitted(recorded: RecordedEvent, body: e.ProposalAdmitted, common: dict[str, Any]) -> Proposal:
    return Proposal.told(
        deliberation_id=recorded.event.originator_id,
        action=body.action,
        instrument=body.instrument,
        probability=body.probability,
        held=exact(body.held),
        price=exact(body.price),
        market=to_builtins(body.market),
        evidence=list(body.evidence),
        legs=[to_builtins(leg) for leg in body.legs],
        ttl_ms=body.ttl_ms,
        why=body.why,
        state="ADMITTED",
        **common,
    )


def _amendment(
    recorded: RecordedEvent, original: Proposal | None, amends: str, why: str, common: dict[str, Any]
) -> Proposal:
    """Shares forecast, prices and instrument with what it amends."""
    shared = ("action", "instrument", "probability", "held", "price", "market", "ttl_ms", "legs")
    copied = {name: getattr(original, name) for name in shared} if original else {"action": "", "instrument": ""}
    return Proposal.told(
        deliberation_id=recorded.event.originator_id, amends=amends, why=why, state="ADMITTED", **copied, **common
    )


def ballot(rows: Rows, recorded: RecordedEvent) -> None:
    body = recorded.event.body
    assert isinstance(body, e.BallotCast | e.BallotLate)
    late = isinstance(body, e.BallotLate)
    rows.add(
        Ballot.told(
            ballot_id=key_of("ballot", body.proposal_id, body.agent, late),
            deliberation_id=recorded.event.originator_id,
            proposal_id=body.proposal_id,
            agent=body.agent,
            stance=body.stance,
            probability=body.probability,
            weight_ppm=body.weight_ppm,
            size_limit=None if body.size_limit is None else exact(body.size_limit),
            veto=body.veto,
            late=late,
            reason=body.reason,
            ledger_position=recorded.position,
        )
    )


def deliberation(rows: Rows, recorded: RecordedEvent) -> None:
    body = recorded.event.body
    if isinstance(body, e.DeliberationOpened):
        rows.add(_opened(recorded, body))
        return
    row = rows.change(Deliberation, recorded.event.originator_id, recorded.position)
    if row is None:
        return
    match body:
        case e.DeliberationClosed(reason=reason, closed_at=closed_at):
            row.close_reason, row.closed_at = reason, moment(closed_at)
        case e.RulesEvaluated(rulebook_version=version, traces=traces):
            row.rulebook_version = version
            row.traces = [to_builtins(trace) for trace in traces]


def _opened(recorded: RecordedEvent, body: e.DeliberationOpened) -> Deliberation:
    return Deliberation.told(
        aggregate_id=recorded.event.originator_id,
        deliberation_id=body.deliberation_id,
        book=recorded.event.book,
        track=body.track,
        instrument=body.instrument,
        opened_at=moment(body.opened_at),
        deadline=moment(body.deadline),
        total_ppm=body.total_ppm,
        weights_version=body.weights_version,
        rulebook_version=body.rulebook_version,
        market=to_builtins(body.market),
        correlation_id=recorded.event.correlation_id,
        recorded_at=moment(recorded.recorded_at),
        ledger_position=recorded.position,
    )


def tally(rows: Rows, recorded: RecordedEvent) -> None:
    body = recorded.event.body
    if isinstance(body, e.ProposalTallied):
        row = rows.change(Proposal, body.proposal_id, recorded.position)
        if row is not None:
            row.yes_ppm, row.no_ppm = body.yes_ppm, body.no_ppm
            row.missing_ppm, row.total_ppm = body.missing_ppm, body.total_ppm
            row.forecast = body.forecast
            row.tally, row.tally_reason, row.tally_by = body.state, body.reason, body.by
            row.state, row.reason, row.by = body.state, body.reason, body.by
    elif isinstance(body, e.ProposalsArbitrated):
        round_ = rows.change(Deliberation, recorded.event.originator_id, recorded.position)
        if round_ is not None:
            round_.targets = to_builtins(body.targets)
        _results(rows, recorded, body.results)


def _results(rows: Rows, recorded: RecordedEvent, results: Iterable[e.ProposalResult]) -> None:
    for result in results:
        row = rows.change(Proposal, result.proposal_id, recorded.position)
        if row is not None:
            row.state, row.reason = result.state, result.reason
            row.by, row.detail = result.by, result.detail


def held(rows: Rows, recorded: RecordedEvent) -> None:
    body = recorded.event.body
    assert isinstance(body, e.DecisionHeld)
    round_ = rows.find(Deliberation, recorded.event.originator_id)
    rows.add(
        Hold.told(
            decision_id=body.decision_id,
            deliberation_id=recorded.event.originator_id,
            book=recorded.event.book,
            instrument=round_.instrument if round_ else "",
            track=body.track,
            rules=list(body.rules),
            orders=[to_builtins(ticket) for ticket in body.orders],
            held=[to_builtins(order) for order in body.held],
            held_at=moment(body.at),
            until=moment(body.until),
            ledger_position=recorded.position,
        )
    )
    _results(rows, recorded, body.reasons)


def hold(rows: Rows, recorded: RecordedEvent) -> None:
    body = recorded.event.body
    assert isinstance(body, e.DecisionReleased | e.HoldRefused)
    row = rows.change(Hold, body.decision_id, recorded.position)
    if row is not None:
        row.status = "released" if isinstance(body, e.DecisionReleased) else "refused"
        row.who, row.why, row.ended_at = body.operator, body.reason, moment(recorded.recorded_at)


def decision(rows: Rows, recorded: RecordedEvent) -> None:
    body = recorded.event.body
    assert isinstance(body, e.DecisionReached)
    round_ = rows.change(Deliberation, recorded.event.originator_id, recorded.position)
    if round_ is not None:
        round_.outcome = body.outcome
    hold = rows.change(Hold, body.decision_id, recorded.position)
    if hold is not None:
        _ended(hold, recorded, body)
    rows.add(
        Decision.told(
            decision_id=body.decision_id,
            deliberation_id=recorded.event.originator_id,
            event_id=UUID(recorded.event_id),
            book=recorded.event.book,
            track=round_.track if round_ else "",
            instrument=round_.instrument if round_ else "",
            outcome=body.outcome,
            held=hold is not None,
            orders=[to_builtins(ticket) for ticket in body.orders],
            reasons=[to_builtins(result) for result in body.reasons],
            trigger_tick=body.trigger.tick_id,
            trigger_received_at=body.trigger.received_at,
            ttl_ms=body.ttl_ms,
            correlation_id=recorded.event.correlation_id,
            decided_at=moment(recorded.recorded_at),
            ledger_position=recorded.position,
        )
    )
    _results(rows, recorded, body.reasons)


def _ended(hold: Hold, recorded: RecordedEvent, body: e.DecisionReached) -> None:
    """A decision that nobody released or refused ran out of time, or something ended it before (a halt)."""
    hold.outcome = body.outcome
    if hold.status == "held":
        hold.ended_at = moment(recorded.recorded_at)
        hold.status = "lapsed" if hold.ended_at >= hold.until else "ended"

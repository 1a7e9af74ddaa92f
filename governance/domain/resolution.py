"""From the closed ballots of a round to its decision: tally, arbitration, rules, outcome; a pure function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from governance.domain.arbitration import Arbitration, arbitrate
from governance.domain.clearing import Clearing, clear
from governance.domain.council import Weights
from governance.domain.deliberation import Candidate, Round
from governance.domain.release import HALTED_BY, hold
from governance.domain.results import after_rules, not_passed
from governance.domain.rulebook import Rulebook
from governance.domain.situation import Situation
from governance.domain.tracks import Rule
from governance.domain.voting import passing
from streams.envelope import derived_id
from streams.events import (
    DecisionReached,
    Event,
    OrderTicket,
    Outcome,
    ProposalResult,
    ProposalsArbitrated,
    ProposalTallied,
    RulesEvaluated,
    Trigger,
)
from streams.messages import Code, SubmitProposal

State = Literal["PASSED", "DEFEATED", "INQUORATE", "VETOED", "HALTED"]


class Tallied(Struct, frozen=True):
    """The event, and whether the mass alone would have passed it (a veto or a silent guard aside)."""

    event: ProposalTallied
    by_mass: bool


def resolve(round_: Round, situation: Situation, rulebook: Rulebook) -> tuple[Event, ...]:
    """The events after DeliberationClosed, the decision last: the same for the same proposals, ballots, weights and
    situation, in whatever order they came."""
    candidates = round_.sorted()
    decision_id = derived_id("decision", round_.deliberation_id)
    halted = situation.mode == "HALTED"
    tallied = [tally(c, round_.rule, round_.weights, halted) for c in candidates]
    passed = {t.event.proposal_id for t in tallied if t.event.state == "PASSED"}
    arbitration = arbitrate(candidates, passed, round_.weights, situation)
    clearing = clear(arbitration.survivors, situation, rulebook, decision_id, round_.terms.track)
    reasons = _reasons(tallied, arbitration, clearing)
    orders = tuple(each.ticket for each in clearing.cleared if each.ticket is not None)
    ttl_ms = _ttl_ms(candidates, orders, clearing, situation)
    reached = DecisionReached(
        decision_id=decision_id,
        deliberation_id=round_.deliberation_id,
        outcome=outcome(orders, clearing, tallied),
        orders=orders,
        reasons=reasons,
        trigger=trigger_of(round_),
        ttl_ms=ttl_ms,
    )
    decision = hold(reached, round_.terms.track, clearing, situation) if orders and clearing.holds else reached
    events: list[Event] = [t.event for t in tallied]
    if passed:
        targets = {s.instrument: s.target for s in arbitration.survivors}
        events.append(ProposalsArbitrated(results=arbitration.results, targets=targets))
    if arbitration.survivors:
        events.append(RulesEvaluated(rulebook_version=rulebook.version, traces=clearing.traces))
    return (*events, decision)


def restarted(round_: Round) -> tuple[Event, ...]:
    """The decision of a round that a crash cut off."""
    decision = DecisionReached(
        decision_id=derived_id("decision", round_.deliberation_id),
        deliberation_id=round_.deliberation_id,
        outcome="expired",
        orders=(),
        reasons=tuple(
            ProposalResult(proposal_id=c.proposal_id, state="EXPIRED", reason=Code.RESTARTED, by="restart")
            for c in round_.sorted()
        ),
        trigger=trigger_of(round_),
        ttl_ms=round_.first.ttl_ms,
    )
    return (decision,)


def trigger_of(round_: Round) -> Trigger:
    """The tick that the first proposal rests on."""
    body = round_.first.submitted
    assert isinstance(body, SubmitProposal), "a round opens with a proposal"
    tick_id = body.evidence[0] if body.evidence else round_.first.market.tick_id
    return Trigger(tick_id=tick_id, received_at=body.evidence_received_at)


def tally(candidate: Candidate, rule: Rule, weights: Weights, halted: bool) -> Tallied:
    """The passing rule, then what beats it: the halt, a veto, a required guard that said nothing."""
    sums = candidate.tally
    state: State = "PASSED" if candidate.unvoted else passing(rule, sums)
    by_mass = state == "PASSED"
    reason, by = ("", "") if by_mass else (str(Code[state]), _beaten_by(candidate, rule))
    if halted:
        state, reason, by = "HALTED", Code.HALTED, HALTED_BY
    elif by_mass and rule.vetoable:
        silent = sorted(weights.required - sums.ballots.keys())
        if vetoes := sums.vetoes():
            state, reason, by = "VETOED", Code.VETOED, vetoes[0]
        elif silent:
            state, reason, by = "DEFEATED", Code.GUARD_SILENT, silent[0]
    event = ProposalTallied(
        proposal_id=candidate.proposal_id,
        yes_ppm=sums.yes,
        no_ppm=sums.no,
        missing_ppm=sums.missing,
        total_ppm=sums.total,
        forecast=sums.forecast if rule.forecast else None,
        state=state,
        reason=reason,
        by=by,
    )
    return Tallied(event, by_mass)


def _beaten_by(candidate: Candidate, rule: Rule) -> str:
    """The heaviest seat that rejected; the forecast where the mass agreed; the quorum where nobody objected."""
    sums = candidate.tally
    if passing(rule, sums) == "INQUORATE":
        return "quorum"
    if sums.yes * rule.threshold.denominator > rule.threshold.numerator * sums.voted:
        return "forecast"
    against = sorted(agent for agent, ballot in sums.ballots.items() if ballot.cast.stance == "reject")
    return max(against, key=lambda agent: sums.ballots[agent].weight_ppm, default="quorum")


def outcome(orders: Sequence[OrderTicket], clearing: Clearing, tallied: Sequence[Tallied]) -> Outcome:
    """The first that fits: granted or reduced, vetoed, refused (expired is for rounds that a crash cut off)."""
    if orders:
        cut = any(each.ticket and (each.cut or each.survivor.cuts) for each in clearing.cleared)
        return "reduced" if cut else "granted"
    would = [t for t in tallied if t.by_mass]
    return "vetoed" if would and all(t.event.state == "VETOED" for t in would) else "refused"


def _reasons(tallied: Sequence[Tallied], arbitration: Arbitration, clearing: Clearing) -> tuple[ProposalResult, ...]:
    """One for each proposal, in the order of the tallies: what became of it and what beat it."""
    results = {result.proposal_id: result for result in arbitration.results}
    cleared = {name: each for each in clearing.cleared for name in each.survivor.winners}
    reasons: list[ProposalResult] = []
    for each in tallied:
        event = each.event
        if event.proposal_id in cleared:
            reasons.append(after_rules(event.proposal_id, cleared[event.proposal_id], results[event.proposal_id]))
        elif event.proposal_id in results:
            reasons.append(results[event.proposal_id])
        else:
            reasons.append(not_passed(event))
    return tuple(reasons)


def _ttl_ms(
    candidates: Sequence[Candidate], orders: Sequence[OrderTicket], clearing: Clearing, situation: Situation
) -> int:
    """The shortest life of the proposals that became orders, at most the book's."""
    named = {name for each in clearing.cleared if each.ticket for name in each.survivor.winners} if orders else set()
    lives = [c.ttl_ms for c in candidates if c.proposal_id in named]
    return min([situation.terms.decision_ttl_ms, *lives])

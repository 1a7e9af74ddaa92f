"""Events with their place and cause: what the chamber did, in the order in which it is recorded."""

from __future__ import annotations

from uuid import UUID

from governance.domain.council import recorded
from governance.domain.deliberation import Candidate, Round
from governance.domain.state import BookState
from streams.envelope import Envelope
from streams.events import (
    AmendmentOffered,
    BallotCast,
    BallotLate,
    CloseReason,
    DeliberationClosed,
    DeliberationOpened,
    DomainEvent,
    Event,
    ProposalAdmitted,
    ProposalRefused,
    aggregate_id,
)
from streams.messages import CastBallot, Code, OfferAmendment, SubmitProposal

GOVERNOR = "governor"


class Chronicle:
    """Appends to one aggregate from `version` on; what nobody commanded is the governor's, without a command id."""

    def __init__(self, book: str, originator: UUID, cause: Envelope, version: int = 0) -> None:
        self.book = book
        self.originator = originator
        self.cause = cause
        self.version = version
        self.events: list[DomainEvent] = []

    def add(self, body: Event, command: Envelope | None = None, correlation: str = "") -> None:
        """`command` is the message that asked for exactly this event."""
        self.version += 1
        cause = command or self.cause
        self.events.append(
            DomainEvent(
                originator_id=self.originator,
                originator_version=self.version,
                body=body,
                correlation_id=correlation or cause.root,
                causation_id=cause.id,
                actor=GOVERNOR if command is None else command.actor,
                book=self.book,
                command_id=None if command is None else command.id,
            )
        )


def of_deliberation(
    round_: Round, reason: CloseReason, closed_at: int, last: Envelope, rest: tuple[Event, ...], state: BookState
) -> list[DomainEvent]:
    """The whole round, committed at its close; `last` is the message that closed it, or its first proposal."""
    first = round_.first
    root = first.command.root
    aggregate = aggregate_id("Deliberation", round_.deliberation_id)
    chronicle = Chronicle(state.book, aggregate, first.command)
    chronicle.add(_opened(round_, state))
    candidates = round_.candidates.values()
    for candidate in candidates:
        if isinstance(candidate.submitted, SubmitProposal):
            chronicle.add(_admitted(candidate, candidate.submitted), candidate.command)
    for candidate in candidates:
        if isinstance(candidate.submitted, OfferAmendment):
            chronicle.add(_amended(candidate, candidate.submitted), candidate.command, root)
    for _, ballot in round_.ballots:
        chronicle.add(cast_event(ballot.cast, ballot.agent, ballot.weight_ppm), ballot.command, root)
    chronicle.cause = last
    chronicle.add(DeliberationClosed(reason=reason, closed_at=closed_at), None, root)
    for event in rest:
        chronicle.add(event, None, root)
    return chronicle.events


def cast_event(cast: CastBallot, agent: str, weight_ppm: int) -> BallotCast:
    return BallotCast(
        proposal_id=cast.proposal_id,
        agent=agent,
        stance=cast.stance,
        probability=cast.probability,
        weight_ppm=weight_ppm,
        size_limit=cast.size_limit,
        veto=cast.veto,
        reason=cast.reason,
    )


def late_event(cast: CastBallot, agent: str, weight_ppm: int) -> BallotLate:
    return BallotLate(
        proposal_id=cast.proposal_id,
        agent=agent,
        stance=cast.stance,
        probability=cast.probability,
        weight_ppm=weight_ppm,
        size_limit=cast.size_limit,
        veto=cast.veto,
        reason=cast.reason,
    )


def _opened(round_: Round, state: BookState) -> DeliberationOpened:
    first = round_.first
    return DeliberationOpened(
        deliberation_id=round_.deliberation_id,
        instrument=first.instrument,
        track=round_.terms.track,
        opened_at=round_.opened_at,
        deadline=round_.opened_at + round_.terms.window_ns,
        weights_version=round_.weights.version,
        total_ppm=round_.weights.total_ppm,
        rulebook_version=state.rulebook_version,
        market=first.market,
        market_opened_at=round_.opening.now,
        seats=recorded(round_.weights),
    )


def _admitted(candidate: Candidate, body: SubmitProposal) -> ProposalAdmitted:
    return ProposalAdmitted(
        proposal_id=candidate.proposal_id,
        agent=candidate.author,
        action=body.action,
        instrument=body.instrument,
        target=body.target,
        probability=body.probability,
        held=candidate.held,
        price=body.price,
        market=candidate.market,
        evidence=body.evidence,
        ttl_ms=body.ttl_ms,
        why=body.reason,
        evidence_received_at=body.evidence_received_at,
        legs=candidate.parts[1:],
        limit=body.limit,
        time_in_force=body.time_in_force,
        good_for_ms=body.good_for_ms,
    )


def _amended(candidate: Candidate, body: OfferAmendment) -> AmendmentOffered:
    return AmendmentOffered(
        proposal_id=candidate.proposal_id,
        amends=body.amends,
        agent=candidate.author,
        target=body.target,
        why=body.reason,
    )


def refusal_event(
    command: Envelope,
    body: SubmitProposal | OfferAmendment,
    original: Candidate | None,
    code: Code,
    detail: str,
    book: str,
) -> DomainEvent:
    """A refused command is an aggregate of its own: a proposal id may be claimed again by whoever likes."""
    if isinstance(body, SubmitProposal):
        action, instrument = body.action, body.instrument
    else:
        action, instrument = (original.action, original.instrument) if original else ("trade", "")
    refused = ProposalRefused(
        proposal_id=body.proposal_id,
        agent=command.actor,
        action=action,
        instrument=instrument,
        target=body.target,
        reason=code,
        detail=detail,
    )
    chronicle = Chronicle(book, aggregate_id("Proposal", f"{body.proposal_id}\x1f{command.id}"), command)
    chronicle.add(refused, command)
    return chronicle.events[0]

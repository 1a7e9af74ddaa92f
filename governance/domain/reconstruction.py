"""From the recorded events of a deliberation back to the round as it stood when it closed."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from msgspec import Struct

from governance.domain.council import Weights, weights_of
from governance.domain.deliberation import Candidate, Round
from governance.domain.operators import is_operator
from governance.domain.tracks import Terms
from governance.domain.voting import Ballot
from streams.envelope import Envelope
from streams.events import (
    AmendmentOffered,
    BallotCast,
    DeliberationClosed,
    DeliberationOpened,
    Event,
    ProposalAdmitted,
    SituationRecorded,
    decode_event,
)
from streams.messages import CastBallot, Leg, OfferAmendment, SubmitProposal


class Contradiction(ValueError):
    """Events of one deliberation that no chamber can have recorded together; the text says which."""


class Row(NamedTuple):
    """An event as it is stored; `state` are the bytes that were hashed."""

    position: int
    book: str
    originator: UUID
    version: int
    topic: str
    state: bytes

    @property
    def event(self) -> str:
        return self.topic.partition(".")[2]


class Recorded(Struct):
    """One deliberation: what went into its decision, decoded, and the rows that followed from it, as stored."""

    opened: DeliberationOpened
    admitted: list[ProposalAdmitted]
    amended: list[AmendmentOffered]
    ballots: list[BallotCast]
    closed: DeliberationClosed
    situation: SituationRecorded | None
    first: Row
    results: list[Row]


def recorded_of(rows: list[Row]) -> Recorded:
    """`rows` are those of one deliberation up to its decision or hold, in the order of the log.
    Raises `Contradiction`, and `msgspec.MsgspecError` or `ArithmeticError` for what does not decode."""
    found: dict[str, list[Any]] = {}
    results: list[Row] = []
    place = 0
    for row in rows:
        before, place = place, _ORDER.get(row.topic, len(_ORDER))
        if place < before:
            raise Contradiction(f"{row.event} at position {row.position} comes too late")
        if row.topic in _ORDER:
            found.setdefault(row.topic, []).append(decode_event(row.topic, row.state))
        else:
            results.append(row)
    return Recorded(
        opened=_only(DeliberationOpened, found),
        admitted=_all(ProposalAdmitted, found),
        amended=_all(AmendmentOffered, found),
        ballots=_all(BallotCast, found),
        closed=_only(DeliberationClosed, found),
        situation=_only(SituationRecorded, found) if _TOPIC[SituationRecorded] in found else None,
        first=rows[0],
        results=results,
    )


_TOPIC: dict[type[Event], str] = {
    event: f"Deliberation.{event.__name__}"
    for event in (
        DeliberationOpened,
        ProposalAdmitted,
        AmendmentOffered,
        BallotCast,
        DeliberationClosed,
        SituationRecorded,
    )
}
_ORDER = {topic: place for place, topic in enumerate(_TOPIC.values())}


def _all(kind: type[Event], found: dict[str, list[Any]]) -> list[Any]:
    return found.get(_TOPIC[kind], [])


def _only(kind: type[Event], found: dict[str, list[Any]]) -> Any:
    events = _all(kind, found)
    if len(events) != 1:
        raise Contradiction(f"{kind.__name__} is there {len(events)} times")
    return events[0]


def rebuilt(recorded: Recorded, terms: Terms) -> Round:
    """The round with its candidates and ballots; `terms` are those of its track when it opened. Of the commands only
    the actor is known, which is all that a decision looks at. Raises `Contradiction`."""
    opened = recorded.opened
    if opened.seats is None:
        raise Contradiction("the round has no snapshot of its council")
    weights = weights_of(opened.seats, opened.weights_version)
    round_ = Round(opened.deliberation_id, terms, weights, opened.opened_at)
    for admitted in recorded.admitted:
        _place(round_, _proposal(admitted, weights, unvoted=terms.track == "REDUCE"))
    for amended in recorded.amended:
        _place(round_, _amendment(amended, round_))
    if not round_.candidates:
        raise Contradiction("nothing was proposed")
    for cast in recorded.ballots:
        _cast(round_, cast)
    return round_


def _place(round_: Round, candidate: Candidate) -> None:
    if candidate.proposal_id in round_.candidates:
        raise Contradiction(f"proposal {candidate.proposal_id} is there twice")
    round_.candidates[candidate.proposal_id] = candidate


def _proposal(admitted: ProposalAdmitted, weights: Weights, unvoted: bool) -> Candidate:
    body = SubmitProposal(
        proposal_id=admitted.proposal_id,
        action=admitted.action,
        instrument=admitted.instrument,
        target=admitted.target,
        probability=admitted.probability,
        price=admitted.price,
        evidence=admitted.evidence,
        evidence_received_at=admitted.evidence_received_at,
        ttl_ms=admitted.ttl_ms,
        reason=admitted.why,
        legs=tuple(Leg(instrument=leg.instrument, target=leg.target, price=leg.price) for leg in admitted.legs),
        limit=admitted.limit,
        time_in_force=admitted.time_in_force,
        good_for_ms=admitted.good_for_ms,
    )
    return Candidate(
        _command(admitted.proposal_id, body, admitted.agent),
        "",
        body,
        None,
        admitted.held,
        admitted.market,
        weights.total_ppm,
        unvoted and (admitted.agent in weights.guards or is_operator(admitted.agent)),
        admitted.legs,
    )


def _amendment(amended: AmendmentOffered, round_: Round) -> Candidate:
    original = round_.candidates.get(amended.amends)
    if original is None:
        raise Contradiction(f"{amended.proposal_id} amends {amended.amends}, which nobody proposed")
    body = OfferAmendment(
        proposal_id=amended.proposal_id, amends=amended.amends, target=amended.target, reason=amended.why
    )
    command = _command(amended.proposal_id, body, amended.agent)
    return Candidate(command, "", body, original, original.held, original.market, round_.weights.total_ppm)


def _cast(round_: Round, cast: BallotCast) -> None:
    candidate, weights = round_.candidates.get(cast.proposal_id), round_.weights
    if candidate is None:
        raise Contradiction(f"{cast.agent} votes on {cast.proposal_id}, which nobody proposed")
    if cast.agent in candidate.tally.ballots:
        raise Contradiction(f"{cast.agent} votes twice on {cast.proposal_id}")
    if cast.agent not in weights.able and cast.agent not in weights.shadows:
        raise Contradiction(f"{cast.agent} votes and has no seat in the snapshot")
    if cast.weight_ppm != weights.of(cast.agent):
        raise Contradiction(
            f"the ballot of {cast.agent} weighs {cast.weight_ppm} ppm, by the snapshot {weights.of(cast.agent)}"
        )
    body = CastBallot(
        proposal_id=cast.proposal_id,
        stance=cast.stance,
        probability=cast.probability,
        size_limit=cast.size_limit,
        veto=cast.veto,
        reason=cast.reason,
    )
    candidate.tally.add(Ballot(cast.agent, cast.weight_ppm, body, candidate.command, ""))


def _command(key: str, body: SubmitProposal | OfferAmendment, actor: str) -> Envelope:
    return Envelope(id=key, body=body, actor=actor, sent_at=0)

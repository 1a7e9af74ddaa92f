"""The shell of one agent: messages in, commands out, with ids derived from their cause; pure."""

from __future__ import annotations

import logging
from collections import Counter
from decimal import Decimal

import msgspec

from agents.agent import Agent, Idea, Opinion, View, side_of
from market.domain.instrument import to_lot
from streams.envelope import Envelope, derived_id
from streams.messages import (
    AgentCommand,
    AnyTick,
    CastBallot,
    Leg,
    OfferAmendment,
    ProposalAnnounced,
    SubmitProposal,
    Tick,
)

log = logging.getLogger(__name__)

OLDEST_EVIDENCE_NS = 300_000_000
UNDER_WAY_NS = 1_000_000_000
REMEMBERED = 256
LONGEST_REASON = 500
AGENT_ERROR = "AGENT_ERROR"


class Forecasts(dict[object, float]):
    """The last few forecasts by what they were about; the oldest make room."""

    def __setitem__(self, key: object, value: float) -> None:
        super().__setitem__(key, value)
        if len(self) > REMEMBERED:
            del self[next(iter(self))]


class Seat:
    """Speaks for `agent` under its name. Whoever owns the view (a council) folds every message into it first.
    `errors` counts what the agent raised, `dropped` the ideas that were not sent and why."""

    def __init__(self, name: str, agent: Agent, view: View) -> None:
        self.name = name
        self.agent = agent
        self.view = view
        self.errors = 0
        self.dropped: Counter[str] = Counter()
        self._asked: dict[str, tuple[str, bool, Decimal]] = {}
        self._calms_until: dict[str, int] = {}
        self._own = Forecasts()
        self._given = Forecasts()
        self._latest: dict[tuple[str, int | None], tuple[float, int]] = {}

    def handle(self, message: Envelope, now: int) -> list[Envelope]:
        """Ticks may give proposals; every announcement gives exactly one ballot; the rest gives nothing."""
        body = message.body
        if isinstance(body, Tick):
            return self.on_tick(message, body, now)
        if isinstance(body, ProposalAnnounced):
            return self.on_announced(message, body, now)
        return []

    def on_tick(self, message: Envelope, tick: AnyTick, now: int) -> list[Envelope]:
        try:
            ideas = self.agent.on_tick(tick, self.view)
            if not ideas:
                return []
            proposals = [self._propose(idea, message, tick, now) for idea in ideas]
        except Exception:  # noqa: BLE001 (an agent may do anything; it is logged and counted)
            self.failed(message.id)
            return []
        return [proposal for proposal in proposals if proposal is not None]

    def on_announced(self, message: Envelope, announced: ProposalAnnounced, now: int) -> list[Envelope]:
        try:
            opinion = self._consistent(self._opinion(announced), announced, now)
        except Exception:  # noqa: BLE001 (the same)
            self.failed(message.id)
            opinion = Opinion(reason=AGENT_ERROR)
        ballot = self._ballot(opinion, message, announced, now)
        if opinion.amend_to is None or announced.amends is not None or now >= announced.joins_until:
            return [ballot]
        return [self._amendment(opinion.amend_to, opinion.reason, message, announced, now), ballot]

    def _propose(self, idea: Idea, message: Envelope, tick: AnyTick, now: int) -> Envelope | None:
        view = self.view
        if view.now < self._pauses(idea).get(idea.instrument, 0):
            return None
        target, mark = self._target(idea), view.prices.view(idea.instrument)
        if target is None or mark is None:
            return None
        if (legs := self._legs(idea)) is None:
            self.dropped["no_price"] += 1
            return None
        if now - tick.received_at > OLDEST_EVIDENCE_NS:
            self.dropped["old_evidence"] += 1
            return None
        self._rest(idea, target)
        cause = (view.book, self.name, tick.id, tick.received_at)
        proposal = SubmitProposal(
            proposal_id=derived_id("proposal", *cause, idea.action, idea.instrument),
            action=idea.action,
            instrument=idea.instrument,
            target=target,
            probability=idea.probability,
            horizon_s=view.terms.horizon_s,
            price=mark.price,
            evidence=tuple(dict.fromkeys((tick.id, mark.tick_id))),
            evidence_received_at=tick.received_at,
            evidence_published_at=message.sent_at,
            ttl_ms=view.terms.decision_ttl_ms,
            reason=_text(idea.reason),
            legs=legs,
            limit=idea.limit,
            time_in_force=idea.time_in_force,
            good_for_ms=idea.good_for_ms,
        )
        self._remember(idea, proposal, now)
        return self._command(message, proposal, proposal.proposal_id, now)

    def _remember(self, idea: Idea, proposal: SubmitProposal, now: int) -> None:
        """Its forecast for the side that it proposes, for its own ballot; a reduce is approved without one."""
        if idea.action != "trade" or idea.probability is None:
            self._own[proposal.proposal_id, None] = 1.0
            return
        held = self.view.expected(idea.instrument)
        side = (proposal.target > held) - (proposal.target < held)
        self._own[proposal.proposal_id, side] = idea.probability
        if not idea.legs:
            self._latest[idea.instrument, side] = (idea.probability, now)

    def _rest(self, idea: Idea, target: Decimal) -> None:
        """Sets when it may propose again: later where it asks for what it has just asked for in vain."""
        view, instrument = self.view, idea.instrument
        held = view.expected(instrument)
        asked = (idea.action, target > held, held)
        pace = self.agent.cooldown_ms * 1_000_000 * len(view.prices.markets)
        in_vain = asked == self._asked.get(instrument)
        self._asked[instrument] = asked
        self._pauses(idea)[instrument] = view.now + (2 * pace if in_vain else pace)

    def _pauses(self, idea: Idea) -> dict[str, int]:
        """A trade that was proposed just now must not keep the same seat from asking for less."""
        return self.agent.rests_until if idea.action == "trade" else self._calms_until

    def _target(self, idea: Idea) -> Decimal | None:
        """The target in whole lots inside the instrument's limits; None where there is nothing to do or it may not
        be done in this mode."""
        view = self.view
        terms = view.instruments.get(idea.instrument)
        if terms is None or view.mode == "HALTED":
            return None
        if idea.action == "trade" and self.name in view.newcomers:
            return None
        if idea.action != "trade":
            return to_lot(idea.target, terms.lot_size)
        target = to_lot(min(max(idea.target, terms.min_position), terms.max_position), terms.lot_size)
        held = view.expected(idea.instrument)
        only_less = view.mode == "REDUCE_ONLY" or idea.instrument in view.suspended
        if target == held or (only_less and not _shrinks(held, target)):
            return None
        return target

    def _legs(self, idea: Idea) -> tuple[Leg, ...] | None:
        """The further legs in whole lots; None where one has no price or no terms."""
        legs: list[Leg] = []
        for instrument, target in idea.legs:
            terms, mark = self.view.instruments.get(instrument), self.view.prices.view(instrument)
            if terms is None or mark is None:
                return None
            legs.append(Leg(instrument=instrument, target=to_lot(target, terms.lot_size), price=mark.price))
        return tuple(legs)

    def _consistent(self, opinion: Opinion, announced: ProposalAnnounced, now: int) -> Opinion:
        """What was forecast before on the same question is said again: one forecast per round, instrument and side."""
        trade = announced.action == "trade"
        side = side_of(announced) if trade else None
        further = tuple((leg.instrument, leg.target > leg.held) for leg in announced.legs)
        question = (announced.deliberation_id, announced.instrument, side, further)
        known = self._given.get(question) if trade else None
        if known is None:
            known = self._own.get((announced.proposal_id, side))
        if known is None and trade and not further:
            known = self._asked_just_now(announced.instrument, side, now)
        if known is not None:
            opinion = msgspec.structs.replace(opinion, probability=known)
        if opinion.probability is not None:
            self._given[question] = opinion.probability
        return opinion

    def _asked_just_now(self, instrument: str, side: int | None, now: int) -> float | None:
        """The forecast of an own proposal that is under way: it may join the same round and ask the same."""
        known = self._latest.get((instrument, side))
        return known[0] if known and now - known[1] <= UNDER_WAY_NS else None

    def _opinion(self, announced: ProposalAnnounced) -> Opinion:
        ask = self.agent.on_legs if announced.legs else self.agent.on_deliberation
        return ask(announced, self.view)

    def _amendment(
        self, target: Decimal, reason: str, message: Envelope, announced: ProposalAnnounced, now: int
    ) -> Envelope:
        amendment = OfferAmendment(
            proposal_id=derived_id("amendment", self.view.book, self.name, announced.proposal_id),
            amends=announced.proposal_id,
            target=target,
            reason=_text(reason),
        )
        return self._command(message, amendment, amendment.proposal_id, now)

    def _ballot(self, opinion: Opinion, message: Envelope, announced: ProposalAnnounced, now: int) -> Envelope:
        ballot = CastBallot(
            proposal_id=announced.proposal_id,
            stance=opinion.stance,
            probability=opinion.probability,
            size_limit=opinion.size_limit,
            veto=opinion.veto,
            reason=_text(opinion.reason),
        )
        return self._command(message, ballot, announced.proposal_id, now)

    def _command(self, cause: Envelope, body: AgentCommand, about: str, now: int) -> Envelope:
        command_id = derived_id(type(body).__name__, self.view.book, self.name, about)
        return cause.follow(body, id=command_id, actor=self.name, sent_at=now, book=self.view.book)

    def failed(self, where: str) -> None:
        """Every error is counted; the 1st, 2nd, 4th, 8th … is written down, so that a broken agent fills no disk."""
        self.errors += 1
        if self.errors & (self.errors - 1) == 0:
            log.exception("agent %s raised on %s (error %d of this seat)", self.name, where, self.errors)


def _text(reason: str) -> str:
    """What an agent wrote, as the wire takes it: short, without NUL or lone surrogates."""
    return reason[:LONGEST_REASON].encode("utf-8", "replace").decode().replace("\0", " ")


def _shrinks(held: Decimal, target: Decimal) -> bool:
    """Whether going to `target` brings the position nearer to zero without crossing it."""
    return abs(target) < abs(held) and target * held >= 0

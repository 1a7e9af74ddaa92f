"""The open rounds of a book: they open, are joined and voted on, and close into decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from decimal import Decimal

from governance.domain import council, tracks
from governance.domain.assessment import NOTHING, assess
from governance.domain.chronicle import GOVERNOR, Chronicle, of_deliberation
from governance.domain.council import Weights
from governance.domain.deliberation import Candidate, Round
from governance.domain.docket import Docket, Waiting
from governance.domain.operators import is_operator
from governance.domain.resolution import resolve, restarted
from governance.domain.rulebook import Rulebook
from governance.domain.scoring import bucket_of
from governance.domain.setting_aside import set_aside
from governance.domain.situation import Situation, equity_of
from governance.domain.situation_record import recorded
from governance.domain.state import ZERO, BookState
from governance.domain.step import Answer, Step
from governance.domain.surveillance import Surveillance
from governance.domain.voting import Ballot
from market.domain.mark import Prices
from streams.envelope import Envelope, derived_id
from streams.events import (
    AdmittedLeg,
    BookTerms,
    CancelOrdered,
    CloseReason,
    DecisionReached,
    Event,
    MarketView,
    ProposalTallied,
    aggregate_id,
)
from streams.messages import (
    AnnouncedLeg,
    AnyMessage,
    DeliberationResolved,
    Leg,
    MassCounted,
    ProposalAnnounced,
    SubmitProposal,
    Track,
)

FRESH_HEARTBEAT_NS = 5_000_000_000
COUNT_AFTER_NS = 1_000_000
ACCEPTED = "accepted"
Readmit = Callable[[Waiting, int, Step], None]


class Rounds:
    """`heard` is when each agent's last command came in (process clock, ns); `readmit` takes what waited."""

    def __init__(
        self, state: BookState, prices: Prices, surveillance: Surveillance, docket: Docket, readmit: Readmit
    ) -> None:
        self.state = state
        self.prices = prices
        self.surveillance = surveillance
        self.docket = docket
        self.readmit = readmit
        self.heard: dict[str, int] = {}
        self._terms: tuple[BookTerms, dict[Track, tracks.Terms]] | None = None
        self._rulebook: Rulebook | None = None
        self._weights: tuple[int, int, BookTerms, Weights] | None = None

    def open(self, track: Track, proposal_id: str, now: int) -> Round:
        round_ = self.docket.rounds[track] = self._round(track, proposal_id, now)
        return round_

    def _round(self, track: Track, proposal_id: str, now: int) -> Round:
        deliberation_id = derived_id("deliberation", self.state.book, track, proposal_id, now)
        return Round(deliberation_id, self._track(track), self._snapshot(), now, self.prices.frozen())

    def _snapshot(self) -> Weights:
        """Weights are a snapshot of before the opening; so is who may vote. Their version is book and bucket."""
        state = self.state
        bucket = bucket_of(self.prices.now, state.terms.horizon_s)
        known = self._weights
        if known is None or known[:2] != (state.council_version, bucket) or known[2] is not state.terms:
            seats = state.seats.values()
            ppm = state.reputation.ppm(bucket, {seat.agent for seat in seats if len(seat.suspended_by) > 1})
            weights = council.snapshot(seats, ppm, f"{state.book}:{bucket}")
            known = self._weights = (state.council_version, bucket, state.terms, weights)
        return known[3]

    def join(self, round_: Round, candidate: Candidate, now: int, step: Step) -> None:
        round_.join(candidate)
        if not candidate.unvoted:
            self._announce(round_, candidate, now, step)
        self._close_if_certain(round_, candidate.command, now, step)

    def join_unvoted(self, round_: Round, candidates: Sequence[Candidate], now: int, step: Step) -> None:
        """All of them before anybody looks whether the round is certain: one command, one decision."""
        for candidate in candidates:
            round_.join(candidate)
        self._close_if_certain(round_, candidates[-1].command, now, step)

    def cast(self, round_: Round, candidate: Candidate, ballot: Ballot, now: int, step: Step) -> None:
        round_.cast(candidate, ballot)
        if not self._close_if_certain(round_, ballot.command, now, step) and round_.count_due is None:
            round_.count_due = now + COUNT_AFTER_NS

    def deadline(self) -> int | None:
        """When time alone will do something: close or extend a round, or tell how much mass has voted."""
        times = [round_.deadline for round_ in self.docket.rounds.values()]
        times += [round_.count_due for round_ in self.docket.rounds.values() if round_.count_due is not None]
        return min(times, default=None)

    def pass_time(self, now: int, step: Step) -> None:
        """Closes what is due, or extends it once where a missing seat that is alive could change the result."""
        for round_ in sorted(self.docket.rounds.values(), key=lambda each: (each.deadline, each.deliberation_id)):
            if now >= round_.deadline:
                if not self._worth_extending(round_, now):
                    self.close(round_, "deadline", round_.first.command, now, step)
                    continue
                round_.extend()
                round_.count_due = now
            if round_.count_due is not None and now >= round_.count_due:
                self._count(round_, now, step)

    def close_all(self, reason: CloseReason, cause: Envelope, now: int, step: Step) -> None:
        for round_ in sorted(self.docket.rounds.values(), key=lambda each: each.deliberation_id):
            self.close(round_, reason, cause, now, step)

    def close(self, round_: Round, reason: CloseReason, last: Envelope, now: int, step: Step) -> None:
        """The whole round becomes events; what waited for it may then open the next one."""
        track = round_.terms.track
        aside = self._aside(round_)
        found = self.situation(round_.instruments(), now, aside)
        bodies = resolve(round_, found, self.rulebook())
        if passed := {b.proposal_id for b in bodies if isinstance(b, ProposalTallied) and b.state == "PASSED"}:
            bodies = (recorded(found), *bodies)
            self._cancel(round_, passed, aside, last, step)
        self._record(round_, reason, last, bodies, now, ACCEPTED, step)
        del self.docket.rounds[track]
        waiting, self.docket.waiting[track] = self.docket.waiting[track], []
        for each in waiting:
            self.readmit(each, now, step)

    def situation(self, concerned: Iterable[str], now: int, aside: Set[str] = NOTHING) -> Situation:
        return assess(self.state, self.prices, self.surveillance, concerned, now, aside)

    def _aside(self, round_: Round) -> frozenset[str]:
        """The orders that a reduction does not count on."""
        if round_.terms.track != "REDUCE":
            return NOTHING
        flat = {c.instrument for c in round_.candidates.values() if is_operator(c.author)}
        return self.aside(round_.instruments(), flat)

    def aside(self, instruments: Iterable[str], flat: Set[str]) -> frozenset[str]:
        """Of reductions on `instruments`; those in `flat` an operator flattens."""
        return frozenset(order for name in instruments for order in set_aside(self.state, name, flat=name in flat))

    def _cancel(self, round_: Round, passed: Set[str], aside: Set[str], cause: Envelope, step: Step) -> None:
        """What works against a passed reduction is cancelled first: the executor reads in this order."""
        book = aggregate_id("Book", self.state.book)
        reduced = {c.instrument: c.proposal_id for c in round_.candidates.values() if c.proposal_id in passed}
        for order_id in sorted(aside & self.state.working):
            if (by := reduced.get(self.state.reserved[order_id][0])) is not None:
                chronicle = Chronicle(self.state.book, book, cause, self.state.version(book))
                chronicle.add(CancelOrdered(order_id=order_id, who=GOVERNOR, why=f"the reduction {by} passed"))
                self.state.apply(chronicle.events[0])
                step.events += chronicle.events

    def expire(self, command: Envelope, body: SubmitProposal, entry_id: str, now: int, step: Step) -> None:
        """A proposal whose round a crash cut off: recorded as expired, never voted. Without a price since the restart
        it is recorded with the price that its agent saw."""
        round_ = self._round(tracks.track_of(body.action), body.proposal_id, now)
        held, total = self.state.held(body.instrument), round_.weights.total_ppm
        market = self._market(body, body.instrument, body.price)
        legs = tuple(self._leg(body, leg) for leg in body.legs)
        round_.candidates[body.proposal_id] = Candidate(command, entry_id, body, None, held, market, total, legs=legs)
        self._record(round_, "restarted", command, restarted(round_), now, "expired:RESTARTED", step)

    def _leg(self, body: SubmitProposal, leg: Leg) -> AdmittedLeg:
        return AdmittedLeg(
            instrument=leg.instrument,
            target=leg.target,
            held=self.state.held(leg.instrument),
            price=leg.price,
            market=self._market(body, leg.instrument, leg.price),
        )

    def _market(self, body: SubmitProposal, instrument: str, seen: Decimal) -> MarketView:
        return self.prices.view(instrument) or MarketView(
            price=seen,
            spread=ZERO,
            tick_id=body.evidence[0] if body.evidence else "",
            source=self.prices.source(instrument) or self.state.source or "live",
            market_at=self.prices.now,
        )

    def _track(self, track: Track) -> tracks.Terms:
        if self._terms is None or self._terms[0] is not self.state.terms:
            self._terms = (self.state.terms, tracks.terms_of(self.state.terms))
        return self._terms[1][track]

    def rulebook(self) -> Rulebook:
        if self._rulebook is None or self._rulebook.version != self.state.rulebook_version:
            self._rulebook = Rulebook(self.state.rules.values(), self.state.rulebook_version)
        return self._rulebook

    def _close_if_certain(self, round_: Round, last: Envelope, now: int, step: Step) -> bool:
        if round_.all_voted():
            self.close(round_, "all_voted" if round_.ballots else "unflippable", last, now, step)
        elif round_.fixed():
            self.close(round_, "unflippable", last, now, step)
        else:
            return False
        return True

    def _worth_extending(self, round_: Round, now: int) -> bool:
        if round_.extended or not round_.terms.extendable or now >= round_.deadline + round_.terms.window_ns:
            return False
        never = -FRESH_HEARTBEAT_NS - 1
        asleep = {a for a in round_.missing_seats() if now - self.heard.get(a, now + never) > FRESH_HEARTBEAT_NS}
        return not round_.fixed_without(asleep)

    def _record(
        self,
        round_: Round,
        reason: CloseReason,
        last: Envelope,
        bodies: tuple[Event, ...],
        now: int,
        result: str,
        step: Step,
    ) -> None:
        events = of_deliberation(round_, reason, now, last, bodies, self.state)
        for event in events:
            self.state.apply(event)
        step.events += events
        commands = {c.command.id: c.entry_id for c in round_.candidates.values()}
        step.answers += [Answer(command_id, entry_id, result) for command_id, entry_id in commands.items()]
        step.answers += [Answer(ballot.command.id, ballot.entry_id, result) for _, ballot in round_.ballots]
        decision, outcome = bodies[-1], "held"
        if isinstance(decision, DecisionReached):
            outcome = decision.outcome
            self.surveillance.decided(decision, now)
        resolved = DeliberationResolved(deliberation_id=round_.deliberation_id, outcome=outcome, position=0)
        step.resolved.append(self._say(round_.first, resolved, now, "resolved", round_.deliberation_id))
        self.docket.remember(round_, events[-1].originator_version)

    def _announce(self, round_: Round, candidate: Candidate, now: int, step: Step) -> None:
        announced = ProposalAnnounced(
            deliberation_id=round_.deliberation_id,
            proposal_id=candidate.proposal_id,
            author=candidate.author,
            track=round_.terms.track,
            action=candidate.action,
            instrument=candidate.instrument,
            target=candidate.target,
            held=candidate.held,
            price=candidate.market.price,
            spread=candidate.market.spread,
            equity=self._equity(),
            joins_until=round_.joins_until,
            deadline=round_.deadline,
            amends=candidate.original.proposal_id if candidate.original else None,
            legs=tuple(_announced(part) for part in candidate.parts[1:]),
        )
        said = self._say(candidate, announced, now, "announced", round_.deliberation_id, candidate.proposal_id)
        step.announcements.append(said)

    def _equity(self) -> Decimal:
        equity = equity_of(self.state, self.prices)
        assert equity is not None, "admission asks for the prices of all positions"
        return equity

    def _count(self, round_: Round, now: int, step: Step) -> None:
        round_.count_due = None
        counted = MassCounted(
            deliberation_id=round_.deliberation_id,
            voted_ppm=round_.voted_ppm(),
            total_ppm=round_.weights.total_ppm,
        )
        step.announcements.append(self._say(round_.first, counted, now, "counted", round_.deliberation_id, now))

    def _say(self, about: Candidate, body: AnyMessage, now: int, *cause: object) -> Envelope:
        return about.command.follow(body, id=derived_id(*cause), actor=GOVERNOR, sent_at=now, book=self.state.book)


def _announced(part: AdmittedLeg) -> AnnouncedLeg:
    return AnnouncedLeg(
        instrument=part.instrument,
        target=part.target,
        held=part.held,
        price=part.market.price,
        spread=part.market.spread,
    )

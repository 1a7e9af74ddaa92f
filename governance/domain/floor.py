"""The floor of the chamber: what seats bring in is admitted to a round, or refused with a code."""

from __future__ import annotations

from governance.domain import tracks
from governance.domain.admission import Admission, MessageRate, Refused, came_at
from governance.domain.chronicle import Chronicle, late_event, refusal_event
from governance.domain.council import Seat
from governance.domain.deliberation import Candidate, Round
from governance.domain.docket import Closed, Docket, Waiting
from governance.domain.rounds import ACCEPTED, Rounds
from governance.domain.state import ZERO, BookState
from governance.domain.step import Answer, Halt, Refusal, Step
from governance.domain.strikes import Strikes
from governance.domain.surveillance import Surveillance
from governance.domain.voting import Ballot
from market.domain.mark import Prices
from streams.envelope import Envelope, derived_id
from streams.events import AdmittedLeg, MarketView, aggregate_id
from streams.messages import CastBallot, Code, Flatten, Leg, OfferAmendment, SubmitProposal

TOO_FAST: Refused = (Code.MESSAGE_RATE, "proposals and amendments come too fast")


class Floor:
    def __init__(self, state: BookState, prices: Prices, surveillance: Surveillance) -> None:
        self.state = state
        self.prices = prices
        self.docket = Docket()
        self.admission = Admission(state, prices, self.docket)
        self.rounds = Rounds(state, prices, surveillance, self.docket, self._readmit)
        self.rate = MessageRate()
        self.strikes = Strikes()

    def propose(self, command: Envelope, body: SubmitProposal, seat: Seat, entry_id: str, now: int, step: Step) -> None:
        if body.action == "trade" and not self.rate.take(seat.agent, came_at(entry_id, now), self.state.terms):
            self._turn_away(command, entry_id, TOO_FAST, now, step)
        elif body.action == "trade" and (silenced := self._silenced(seat.agent, now)):
            self.turn_away(command, entry_id, silenced, step)
        elif self.docket.knows(body.proposal_id):
            self._turn_away(command, entry_id, _taken(body.proposal_id), now, step)
        elif refused := self.admission.proposal(seat, body):
            self._refuse(command, body, None, entry_id, refused, now, step)
        elif body.action == "halt":
            step.halts.append(Halt(book=self.state.book, who=seat.agent, why=body.reason, command_id=command.id))
            step.answers.append(Answer(command.id, entry_id, ACCEPTED))
        else:
            self._seek_round(command, body, entry_id, now, step)

    def _seek_round(self, command: Envelope, body: SubmitProposal, entry_id: str, now: int, step: Step) -> None:
        """The first opens a round, others join in the first half of its window, later ones wait for the next."""
        track = tracks.track_of(body.action)
        round_ = self.docket.rounds.get(track)
        if round_ is not None and now > round_.joins_until:
            self.docket.waiting[track].append(Waiting(command, entry_id, body.proposal_id))
            return
        if refused := self.admission.moment(body, now):
            self._refuse(command, body, None, entry_id, refused, now, step)
            return
        if round_ is None:
            round_ = self.rounds.open(track, body.proposal_id, now)
        unvoted = track == "REDUCE" and command.actor in round_.weights.guards
        candidate = self._candidate(command, body, None, entry_id, round_, unvoted)
        self.rounds.join(round_, candidate, now, step)

    def flatten(self, command: Envelope, body: Flatten, entry_id: str, now: int, step: Step) -> None:
        """An operator's reductions to nothing, unvoted and of one decision. They take part in rounds like any other, so
        they may wait for the next one."""
        bodies = self._reductions(command, body, now)
        if isinstance(bodies, tuple):
            self.turn_away(command, entry_id, bodies, step)
            return
        round_ = self.docket.rounds.get("REDUCE")
        if round_ is not None and now > round_.joins_until:
            self.docket.waiting["REDUCE"].append(Waiting(command, entry_id, bodies[0].proposal_id))
            return
        if round_ is None:
            round_ = self.rounds.open("REDUCE", bodies[0].proposal_id, now)
        candidates = [self._candidate(command, each, None, entry_id, round_, unvoted=True) for each in bodies]
        self.rounds.join_unvoted(round_, candidates, now, step)

    def _reductions(self, command: Envelope, body: Flatten, now: int) -> list[SubmitProposal] | Refused:
        """One for each instrument on which something is held or granted."""
        state = self.state
        if state.mode == "HALTED":
            return Code.MODE, "the book is HALTED: nothing is sent"
        if body.instrument is not None and body.instrument not in state.instruments:
            return Code.UNKNOWN_INSTRUMENT, body.instrument
        concerned = {name for name, quantity in state.positions.items() if quantity} | state.reserved_in.keys()
        concerned |= {state.reserved[order][0] for order in state.working}
        names = sorted(concerned if body.instrument is None else concerned & {body.instrument})
        if not names:
            return Code.NO_CHANGE, f"nothing is held of {body.instrument or 'anything'}, and nothing works"
        held = {name for name, quantity in state.positions.items() if quantity}
        views = {name: self.prices.view(name) for name in {*names, *held}}
        if unpriced := sorted(name for name, view in views.items() if view is None):
            return Code.NO_PRICE, f"{', '.join(unpriced)}: without a price there is no protective limit and no equity"
        return [_reduction(command, body, name, view, now) for name in names if (view := views[name]) is not None]

    def _candidate(
        self,
        command: Envelope,
        body: SubmitProposal | OfferAmendment,
        original: Candidate | None,
        entry_id: str,
        round_: Round,
        unvoted: bool = False,
    ) -> Candidate:
        instrument = original.instrument if original else submitted(body).instrument
        legs = tuple(self._leg(round_, leg) for leg in submitted(body).legs) if original is None else ()
        market = self._opened_at(round_, instrument)
        held = original.held if original else self.state.held(instrument)
        total = round_.weights.total_ppm
        return Candidate(command, entry_id, body, original, held, market, total, unvoted, legs=legs)

    def _leg(self, round_: Round, leg: Leg) -> AdmittedLeg:
        return AdmittedLeg(
            instrument=leg.instrument,
            target=leg.target,
            held=self.state.held(leg.instrument),
            price=leg.price,
            market=self._opened_at(round_, leg.instrument),
        )

    def _opened_at(self, round_: Round, instrument: str) -> MarketView:
        """P at the opening, from which the forecasts of the round are judged."""
        market = round_.opening.view(instrument) or self.prices.view(instrument)
        assert market is not None, "admission asks for a price"
        return market

    def _readmit(self, waiting: Waiting, now: int, step: Step) -> None:
        """What waited is looked at again: the mode, the market and the age of its evidence have moved on."""
        body = waiting.command.body
        if isinstance(body, Flatten):
            self.flatten(waiting.command, body, waiting.entry_id, now, step)
            return
        assert isinstance(body, SubmitProposal)
        if refused := self.admission.proposal(self.state.seats[waiting.command.actor], body):
            self._refuse(waiting.command, body, None, waiting.entry_id, refused, now, step)
        else:
            self._seek_round(waiting.command, body, waiting.entry_id, now, step)

    def amend(self, command: Envelope, body: OfferAmendment, seat: Seat, entry_id: str, now: int, step: Step) -> None:
        found = self.docket.open_candidate(body.amends)
        original = found[1] if found else None
        trade = original is None or original.action == "trade"
        if trade and not self.rate.take(seat.agent, came_at(entry_id, now), self.state.terms):
            self._turn_away(command, entry_id, TOO_FAST, now, step)
        elif trade and (silenced := self._silenced(seat.agent, now)):
            self.turn_away(command, entry_id, silenced, step)
        elif self.docket.knows(body.proposal_id):
            self._turn_away(command, entry_id, _taken(body.proposal_id), now, step)
        elif refused := self.admission.amendment(seat, body, found, now):
            self._refuse(command, body, found[1] if found else None, entry_id, refused, now, step)
        elif found is not None:
            round_, original = found
            candidate = self._candidate(command, body, original, entry_id, round_)
            self.rounds.join(round_, candidate, now, step)

    def ballot(self, command: Envelope, cast: CastBallot, seat: Seat, entry_id: str, now: int, step: Step) -> None:
        found = self.docket.open_candidate(cast.proposal_id)
        if found is None:
            closed = self.docket.closed_round(cast.proposal_id)
            if closed is None:
                self._turn_away(command, entry_id, (Code.UNKNOWN_PROPOSAL, cast.proposal_id), now, step)
            else:
                self._late(command, cast, seat, closed, entry_id, now, step)
            return
        round_, candidate = found
        if refused := self.admission.ballot(seat, round_, candidate, cast):
            self._turn_away(command, entry_id, refused, now, step)
            return
        ballot = Ballot(seat.agent, round_.weights.of(seat.agent), cast, command, entry_id)
        self.rounds.cast(round_, candidate, ballot, now, step)

    def _late(
        self, command: Envelope, cast: CastBallot, seat: Seat, closed: Closed, entry_id: str, now: int, step: Step
    ) -> None:
        """Recorded on its round, without effect."""
        if seat.agent in closed.voted[cast.proposal_id]:
            self._turn_away(command, entry_id, (Code.ALREADY_VOTED, "a ballot is immutable"), now, step)
            return
        closed.voted[cast.proposal_id].add(seat.agent)
        aggregate = aggregate_id("Deliberation", closed.deliberation_id)
        chronicle = Chronicle(self.state.book, aggregate, command, closed.version)
        chronicle.add(late_event(cast, seat.agent, closed.weights.of(seat.agent)), command)
        closed.version = chronicle.version
        self.state.apply(chronicle.events[0])
        step.events += chronicle.events
        step.answers.append(Answer(command.id, entry_id, "late"))

    def turn_away(self, command: Envelope, entry_id: str, refused: Refused, step: Step) -> None:
        """At the door: answered and for dead.letters, but no event."""
        code, detail = refused
        step.refusals.append(Refusal(entry_id, code, detail, command.id))
        step.answers.append(Answer(command.id, entry_id, f"refused:{code}"))

    def _refuse(
        self,
        command: Envelope,
        body: SubmitProposal | OfferAmendment,
        original: Candidate | None,
        entry_id: str,
        refused: Refused,
        now: int,
        step: Step,
    ) -> None:
        """With an event: everybody can see what was proposed and why it was not admitted."""
        code, detail = refused
        step.events.append(refusal_event(command, body, original, code, detail, self.state.book))
        step.answers.append(Answer(command.id, entry_id, f"refused:{code}"))
        self._strike(command, code, now, step)

    def _turn_away(self, command: Envelope, entry_id: str, refused: Refused, now: int, step: Step) -> None:
        """An agent at the door: what it could have known of is a strike."""
        self.turn_away(command, entry_id, refused, step)
        self._strike(command, refused[0], now, step)

    def _strike(self, command: Envelope, code: Code, now: int, step: Step) -> None:
        suspension = self.strikes.strike(command.actor, code, now, self.state.terms)
        if suspension is not None and self._silenced(command.actor, now) is None:
            council_id = aggregate_id("Council", self.state.book)
            chronicle = Chronicle(self.state.book, council_id, command, self.state.version(council_id))
            chronicle.add(suspension)
            self.state.apply(chronicle.events[0])
            step.events += chronicle.events

    def _silenced(self, agent: str, now: int) -> Refused | None:
        until = self.state.silenced_until.get(agent, 0)
        return (Code.STRUCK, f"{agent} may not propose for {(until - now) / 1e9:.0f} s") if now < until else None


def submitted(body: SubmitProposal | OfferAmendment) -> SubmitProposal:
    assert isinstance(body, SubmitProposal), "an amendment has an original"
    return body


def _reduction(command: Envelope, body: Flatten, instrument: str, view: MarketView, now: int) -> SubmitProposal:
    return SubmitProposal(
        proposal_id=derived_id("flatten", command.id, instrument),
        action="reduce",
        instrument=instrument,
        target=ZERO,
        price=view.price,
        evidence=(view.tick_id,),
        evidence_received_at=now,
        reason=body.reason,
    )


def _taken(proposal_id: str) -> Refused:
    return Code.DUPLICATE, f"proposal {proposal_id} was there before"

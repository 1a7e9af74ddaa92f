"""The floor of the chamber: what seats bring in is admitted to a round, or refused with a code."""

from __future__ import annotations

from governance.domain import council, tracks
from governance.domain.admission import Admission, MessageRate, Refused
from governance.domain.chronicle import Chronicle, late_event, refusal_event
from governance.domain.council import Seat
from governance.domain.deliberation import Candidate
from governance.domain.docket import Closed, Docket, Waiting
from governance.domain.rounds import ACCEPTED, Rounds
from governance.domain.state import BookState
from governance.domain.step import Answer, Halt, Refusal, Step
from governance.domain.voting import Ballot
from market.domain.mark import Prices
from streams.envelope import Envelope
from streams.events import aggregate_id
from streams.messages import CastBallot, Code, OfferAmendment, SubmitProposal

TOO_FAST: Refused = (Code.MESSAGE_RATE, "proposals and amendments come too fast")


class Floor:
    def __init__(self, state: BookState, prices: Prices) -> None:
        self.state = state
        self.prices = prices
        self.docket = Docket()
        self.admission = Admission(state, prices, self.docket)
        self.rounds = Rounds(state, prices, self.docket, self._readmit)
        self.rate = MessageRate()

    def propose(self, command: Envelope, body: SubmitProposal, seat: Seat, entry_id: str, now: int, step: Step) -> None:
        if body.action == "trade" and not self.rate.take(seat.agent, now, self.state.terms):
            self.turn_away(command, entry_id, TOO_FAST, step)
        elif self.docket.knows(body.proposal_id):
            self.turn_away(command, entry_id, (Code.DUPLICATE, f"proposal {body.proposal_id} was there before"), step)
        elif refused := self.admission.proposal(seat, body):
            self._refuse(command, body, None, entry_id, refused, step)
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
            self._refuse(command, body, None, entry_id, refused, step)
            return
        if round_ is None:
            round_ = self.rounds.open(track, body.proposal_id, now)
        unvoted = track == "REDUCE" and self.state.seats[command.actor].role in council.GUARDS
        candidate = self._candidate(command, body, None, entry_id, round_.weights.total_ppm, unvoted)
        self.rounds.join(round_, candidate, now, step)

    def _candidate(
        self,
        command: Envelope,
        body: SubmitProposal | OfferAmendment,
        original: Candidate | None,
        entry_id: str,
        total_ppm: int,
        unvoted: bool = False,
    ) -> Candidate:
        instrument = body.instrument if isinstance(body, SubmitProposal) else ""
        instrument = original.instrument if original else instrument
        market = self.prices.view(instrument)
        assert market is not None, "admission asks for a price"
        held = self.state.held(instrument)
        return Candidate(command, entry_id, body, original, held, market, total_ppm, unvoted)

    def _readmit(self, waiting: Waiting, now: int, step: Step) -> None:
        """What waited is looked at again: the mode, the market and the age of its evidence have moved on."""
        body = waiting.command.body
        assert isinstance(body, SubmitProposal)
        if refused := self.admission.proposal(self.state.seats[waiting.command.actor], body):
            self._refuse(waiting.command, body, None, waiting.entry_id, refused, step)
        else:
            self._seek_round(waiting.command, body, waiting.entry_id, now, step)

    def amend(self, command: Envelope, body: OfferAmendment, seat: Seat, entry_id: str, now: int, step: Step) -> None:
        found = self.docket.open_candidate(body.amends)
        if not self.rate.take(seat.agent, now, self.state.terms):
            self.turn_away(command, entry_id, TOO_FAST, step)
        elif self.docket.knows(body.proposal_id):
            self.turn_away(command, entry_id, (Code.DUPLICATE, f"proposal {body.proposal_id} was there before"), step)
        elif refused := self.admission.amendment(seat, body, found, now):
            self._refuse(command, body, found[1] if found else None, entry_id, refused, step)
        elif found is not None:
            round_, original = found
            candidate = self._candidate(command, body, original, entry_id, round_.weights.total_ppm)
            self.rounds.join(round_, candidate, now, step)

    def ballot(self, command: Envelope, cast: CastBallot, seat: Seat, entry_id: str, now: int, step: Step) -> None:
        found = self.docket.open_candidate(cast.proposal_id)
        if found is None:
            closed = self.docket.closed_round(cast.proposal_id)
            if closed is None:
                self.turn_away(command, entry_id, (Code.UNKNOWN_PROPOSAL, cast.proposal_id), step)
            else:
                self._late(command, cast, seat, closed, entry_id, step)
            return
        round_, candidate = found
        if refused := self.admission.ballot(seat, round_, candidate, cast):
            self.turn_away(command, entry_id, refused, step)
            return
        ballot = Ballot(seat.agent, round_.weights.of(seat.agent), cast, command, entry_id)
        self.rounds.cast(round_, candidate, ballot, now, step)

    def _late(self, command: Envelope, cast: CastBallot, seat: Seat, closed: Closed, entry_id: str, step: Step) -> None:
        """Recorded on its round, without effect."""
        if seat.agent in closed.voted[cast.proposal_id]:
            self.turn_away(command, entry_id, (Code.ALREADY_VOTED, "a ballot is immutable"), step)
            return
        closed.voted[cast.proposal_id].add(seat.agent)
        aggregate = aggregate_id("Deliberation", closed.deliberation_id)
        chronicle = Chronicle(self.state.book, aggregate, command, closed.version)
        chronicle.add(late_event(cast, seat.agent, closed.weights.of(seat.agent)), command)
        closed.version = chronicle.version
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
        step: Step,
    ) -> None:
        """With an event: everybody can see what was proposed and why it was not admitted."""
        code, detail = refused
        step.events.append(refusal_event(command, body, original, code, detail, self.state.book))
        step.answers.append(Answer(command.id, entry_id, f"refused:{code}"))

"""Held decisions go on when an operator releases or refuses them, or when their time is over."""

from __future__ import annotations

from collections.abc import Sequence

from governance.domain.chronicle import GOVERNOR, Chronicle
from governance.domain.floor import Floor
from governance.domain.holds import Held
from governance.domain.operators import is_operator
from governance.domain.release import ended, released
from governance.domain.situation_record import recorded
from governance.domain.state import BookState
from governance.domain.step import Answer, Step
from streams.envelope import Envelope, derived_id
from streams.events import DecisionReached, DecisionReleased, Event, HoldRefused
from streams.messages import ClockAdvanced, Code, DeliberationResolved, HoldCommand, ReleaseHold


class Holding:
    def __init__(self, state: BookState, floor: Floor) -> None:
        self.state = state
        self.floor = floor

    def handle(self, message: Envelope, body: HoldCommand, entry_id: str, now: int, step: Step) -> None:
        held = self.state.holds.open.get(body.decision_id)
        if not is_operator(message.actor):
            self.floor.turn_away(message, entry_id, (Code.NOT_ENTITLED, "only operators answer holds"), step)
        elif held is None:
            detail = f"{body.decision_id} is not held (any more)"
            self.floor.turn_away(message, entry_id, (Code.UNKNOWN_DECISION, detail), step)
        else:
            answer = self._release if isinstance(body, ReleaseHold) else self._refuse
            self._record(held, message, answer(held, message, body.reason, now), now, step)
            step.answers.append(Answer(message.id, entry_id, "accepted"))

    def pass_time(self, now: int, step: Step) -> None:
        """What nobody answered in time is over."""
        lapse = self.state.holds.first_lapse()
        if lapse is None or now < lapse:
            return
        for held in [each for each in self.state.holds.open.values() if each.event.until <= now]:
            detail = f"nobody answered within {self.state.terms.hold_ttl_s} s"
            over = ended(held.event, "expired", Code.HOLD_LAPSED, held.event.rules[0], detail)
            timer = Envelope(id=held.correlation, body=ClockAdvanced(), actor=GOVERNOR, sent_at=now)
            self._record(held, timer, [over], now, step, commanded=False)

    def deadline(self) -> int | None:
        return self.state.holds.first_lapse()

    def _release(self, held: Held, message: Envelope, reason: str, now: int) -> Sequence[Event]:
        """Prices and rules are checked again, in the book as it is now."""
        event = held.event
        rounds, instruments = self.floor.rounds, [order.instrument for order in event.held]
        flat = {order.instrument for order in event.held if any(map(is_operator, order.agents))}
        aside = rounds.aside(instruments, flat) if event.track == "REDUCE" else frozenset[str]()
        found = rounds.situation(instruments, now, aside)
        said = DecisionReleased(
            decision_id=event.decision_id, rule=", ".join(event.rules), operator=message.actor, reason=reason
        )
        return [said, recorded(found), *released(event, found, rounds.rulebook())]

    def _refuse(self, held: Held, message: Envelope, reason: str, now: int) -> Sequence[Event]:
        event = held.event
        said = HoldRefused(
            decision_id=event.decision_id, rule=", ".join(event.rules), operator=message.actor, reason=reason
        )
        return [said, ended(event, "refused", Code.HOLD_REFUSED, message.actor, reason)]

    def _record(
        self, held: Held, cause: Envelope, bodies: Sequence[Event], now: int, step: Step, *, commanded: bool = True
    ) -> None:
        chronicle = Chronicle(self.state.book, held.aggregate, cause, held.version)
        for number, body in enumerate(bodies):
            chronicle.add(body, cause if commanded and not number else None, held.correlation)
        for event in chronicle.events:
            self.state.apply(event)
        step.events += chronicle.events
        self.floor.docket.appended(held.event.deliberation_id, chronicle.version)
        decision = bodies[-1]
        assert isinstance(decision, DecisionReached), "a hold ends with its decision"
        self.floor.rounds.surveillance.decided(decision, now)
        resolved = DeliberationResolved(
            deliberation_id=held.event.deliberation_id, outcome=decision.outcome, position=0
        )
        message_id = derived_id("resolved", held.event.deliberation_id, chronicle.version)
        step.resolved.append(cause.follow(resolved, id=message_id, actor=GOVERNOR, sent_at=now, book=self.state.book))

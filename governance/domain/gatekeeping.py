"""Modes and breakers: what the gate says is recorded and obeyed, breakers shut it, operators open it again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from governance.domain.breakers import Breakers, explanation
from governance.domain.chronicle import GOVERNOR, Chronicle
from governance.domain.floor import Floor
from governance.domain.operators import OPERATOR, is_operator
from governance.domain.safety import CASH, LATCHED, RECONCILIATION, REFUSED, SOURCE_SWITCH
from governance.domain.scoreboard import SCORER
from governance.domain.state import BookState
from governance.domain.step import Answer, GateSetting, Halt, Step
from governance.domain.surveillance import NS_PER_MS, NS_PER_S, Surveillance
from market.domain.suspension import BREAKER, STALE_FEED
from streams.envelope import Envelope, derived_id
from streams.events import (
    AlarmAcknowledged,
    Breaker,
    BreakerCleared,
    BreakerTripped,
    Event,
    SuspensionLifted,
    TradingHalted,
    TradingReduced,
    TradingResumed,
    TradingStatusChanged,
    TradingSuspended,
    aggregate_id,
)
from streams.messages import (
    AcknowledgeAlarm,
    ClearBreaker,
    ClockAdvanced,
    Code,
    GateObserved,
    LiftSuspension,
    Mode,
    ModeChanged,
    ReportTradingStatus,
    ResumeTrading,
    SenderDoubted,
    SuspendInstrument,
)

FEED = "feed"
CHECK_EVERY_NS = 100 * NS_PER_MS
STREAM = "stream"
SIGNED = "every command carries the signature of who sends it"
UNTOUCHED = "nobody takes entries out of a stream, or dates them ahead"
OFFICES = (OPERATOR, FEED, SCORER, STREAM)
BY_A_PERSON: tuple[Breaker, ...] = ("reconciliation", "identity")
LONG_SILENCE = 1_000  # looks, 100 s: by then a dead feed has tripped all that it trips
TRUSTED_AFTER_NS = 30 * NS_PER_S
OF_THE_DAY: tuple[Breaker, ...] = ("drawdown", "daily_loss")
OF_A_WINDOW: tuple[Breaker, ...] = ("reject_rate", "repeated_execution")


class Gatekeeper:
    """The gate in the database is the truth; the book's mode is what was last seen of it, or set from here.
    `check_at`: when the breakers look again (process clock, ns)."""

    def __init__(self, state: BookState, floor: Floor, surveillance: Surveillance) -> None:
        self.state = state
        self.floor = floor
        self.surveillance = surveillance
        self.breakers = Breakers(state, surveillance)
        self.check_at = 0
        self._checked_market = 0
        self._silent = 0
        self._marked_second = -1
        self._set_at = -1
        self._halting = False
        self._live_since: int | None = None

    # --- what the gate says -----------------------------------------------------------------------

    def observed(self, message: Envelope, gate: GateObserved, now: int, step: Step) -> None:
        """A gate that was read before our own setting was committed is a thing of the past."""
        state = self.state
        if gate.mode == state.mode or self._outdated(gate):
            return
        if gate.mode == "HALTED":
            self._halting = False
            self._mode(message, TradingHalted(who=gate.who, why=gate.why, gate_at=gate.gate_at), now, step)
            self.floor.rounds.close_all("halted", message, now, step)
        elif gate.mode == "REDUCE_ONLY" and state.mode == "NORMAL":
            self._mode(message, TradingReduced(who=gate.who, why=gate.why, gate_at=gate.gate_at), now, step)
        else:
            resumed = TradingResumed(who=gate.who, why=gate.why, origin=state.mode, to=gate.mode)
            self._mode(message, resumed, now, step)
            self._begin_anew(message, resumed, now, step)

    def _outdated(self, gate: GateObserved) -> bool:
        if gate.mode == "HALTED":
            return gate.gate_at == self.state.gate_at
        return gate.gate_at <= self._set_at

    # --- commands ---------------------------------------------------------------------------------

    def handle(self, message: Envelope, body: Any, entry_id: str, now: int, step: Step) -> None:
        """One of `COMMANDS`: of operators, or of a feed."""
        role = FEED if isinstance(body, ReportTradingStatus) else OPERATOR
        entitled = is_operator(message.actor) if role == OPERATOR else message.actor.partition(":")[0] == FEED
        if not entitled:
            detail = f"{type(body).__name__} is for {role}s, not for {message.actor}"
            self.floor.turn_away(message, entry_id, (Code.NOT_ENTITLED, detail), step)
        else:
            COMMANDS[type(body)](self, message, body, entry_id, now, step)

    def resume(self, message: Envelope, body: ResumeTrading, entry_id: str, now: int, step: Step) -> None:
        """HALTED → REDUCE_ONLY by one operator; → NORMAL by another than the one who ended the halt."""
        state = self.state
        if not is_operator(message.actor):
            self.floor.turn_away(message, entry_id, (Code.NOT_ENTITLED, "only operators resume trading"), step)
            return
        if state.mode == "NORMAL":
            self.floor.turn_away(message, entry_id, (Code.NO_CHANGE, "the book trades"), step)
            return
        if state.mode == "REDUCE_ONLY" and state.resumed_by == message.actor:
            detail = f"{message.actor} ended the halt: another operator lets all trades in again"
            self.floor.turn_away(message, entry_id, (Code.NOT_ENTITLED, detail), step)
            return
        to: Mode = "REDUCE_ONLY" if state.mode == "HALTED" else "NORMAL"
        self._set_gate(to, message.actor, body.reason, message.id, now, step)
        resumed = TradingResumed(who=message.actor, why=body.reason, origin=state.mode, to=to)
        self._mode(message, resumed, now, step, command=message)
        self._begin_anew(message, resumed, now, step)
        step.answers.append(Answer(message.id, entry_id, "accepted"))

    def _suspend(self, message: Envelope, body: SuspendInstrument, entry_id: str, now: int, step: Step) -> None:
        instrument = body.instrument
        if self._unknown(message, instrument, entry_id, step):
            return
        if any(not who.startswith(BREAKER) for who in self.state.safety.suspended.get(instrument, ())):
            self._no_change(message, entry_id, f"{instrument} is suspended by an operator", step)
            return
        event = TradingSuspended(instrument=instrument, who=message.actor, why=body.reason)
        self._accept(message, entry_id, step, event)

    def _lift(self, message: Envelope, body: LiftSuspension, entry_id: str, now: int, step: Step) -> None:
        causes = self.state.safety.suspended.get(body.instrument, set())
        if not causes:
            self._no_change(message, entry_id, f"{body.instrument} is not suspended", step)
            return
        if causes == {STALE_FEED}:
            detail = f"{body.instrument} has no fresh prices: it is let in again by 5 s of clean data"
            self.floor.turn_away(message, entry_id, (Code.STALE_DATA, detail), step)
            return
        if CASH in causes:
            detail = f"{body.instrument} waits for the cash: {self._cash_words()}"
            self.floor.turn_away(message, entry_id, (Code.SUSPENDED, detail), step)
            return
        events: list[Event] = [SuspensionLifted(instrument=body.instrument, who=message.actor, why=body.reason)]
        if RECONCILIATION in causes:
            events.append(self._clearance("reconciliation", body.instrument, message.actor, body.reason))
        self._accept(message, entry_id, step, *events)

    def _clear(self, message: Envelope, body: ClearBreaker, entry_id: str, now: int, step: Step) -> None:
        """What no recovery clears: a latch, and a difference to the venue."""
        effects = self.state.safety.tripped.get((body.breaker, body.subject), set())
        if LATCHED not in effects and not (effects and body.breaker in BY_A_PERSON):
            detail = "it waits for no person" if effects else "it is not tripped"
            self._no_change(message, entry_id, f"{body.breaker} of {body.subject}: {detail}", step)
            return
        events: list[Event] = [self._clearance(body.breaker, body.subject, message.actor, body.reason)]
        if LATCHED in effects:
            agent, _, instrument = body.subject.rpartition(":")
            self.surveillance.forget_fills(agent, instrument)
        elif self.state.safety.suspended.get(body.subject) == {RECONCILIATION}:
            events.append(SuspensionLifted(instrument=body.subject, who=message.actor, why=body.reason))
        if self._is_cash(body.breaker, body.subject):
            suspended = [name for name, causes in self.state.safety.suspended.items() if CASH in causes]
            events += [SuspensionLifted(instrument=name, who=CASH, why=body.reason) for name in sorted(suspended)]
        self._accept(message, entry_id, step, *events)

    def doubted(self, message: Envelope, body: SenderDoubted, now: int, step: Step) -> None:
        """Somebody spoke in a name that is not theirs, or tampered with a stream: one alarm a name, until a person
        clears it."""
        subject = self._name(body.claimed)
        if ("identity", subject) in self.state.safety.tripped:
            return
        trip = BreakerTripped(
            alarm_id=derived_id("alarm", self.state.book, "identity", subject, now),
            breaker="identity",
            subject=subject,
            effect=REFUSED,
            level=1.0,
            formula=UNTOUCHED if subject == STREAM else SIGNED,
            inputs={"sender": body.claimed, "reason": str(body.code), "detail": body.detail},
        )
        self._add(message, trip, step)

    def _name(self, claimed: str) -> str:
        """All strangers are one: names can be made up by the million."""
        office = claimed.partition(":")[0]
        if claimed in self.state.seats:
            return claimed
        return office if office in OFFICES else "stranger"

    def _acknowledge(self, message: Envelope, body: AcknowledgeAlarm, entry_id: str, now: int, step: Step) -> None:
        if body.alarm_id not in self.state.safety.standing:
            self._no_change(message, entry_id, f"no alarm {body.alarm_id} is standing", step)
            return
        event = AlarmAcknowledged(alarm_id=body.alarm_id, who=message.actor, why=body.reason)
        self._accept(message, entry_id, step, event)

    def _report(self, message: Envelope, body: ReportTradingStatus, entry_id: str, now: int, step: Step) -> None:
        known = self.state.safety.untradable.get(body.instrument)
        if self._unknown(message, body.instrument, entry_id, step):
            return
        if known == (None if body.tradable else body.status):
            step.answers.append(Answer(message.id, entry_id, "accepted"))  # a feed that starts says what is so
            return
        event = TradingStatusChanged(
            instrument=body.instrument, tradable=body.tradable, status=body.status, market_at=body.market_at
        )
        self._accept(message, entry_id, step, event)

    def _unknown(self, message: Envelope, instrument: str, entry_id: str, step: Step) -> bool:
        if instrument in self.state.instruments:
            return False
        self.floor.turn_away(message, entry_id, (Code.UNKNOWN_INSTRUMENT, instrument), step)
        return True

    def _no_change(self, message: Envelope, entry_id: str, detail: str, step: Step) -> None:
        self.floor.turn_away(message, entry_id, (Code.NO_CHANGE, detail), step)

    def _accept(self, message: Envelope, entry_id: str, step: Step, *events: Event) -> None:
        for event in events:
            self._add(message, event, step, command=message)
        step.answers.append(Answer(message.id, entry_id, "accepted"))

    # --- time -------------------------------------------------------------------------------------

    def pass_time(self, now: int, step: Step) -> None:
        """Lets the breakers look: after executions, and every 100 ms of either clock."""
        surveillance = self.surveillance
        due = now >= self.check_at or surveillance.prices.now >= self._checked_market + CHECK_EVERY_NS
        if surveillance.touched_at is not None or (due and surveillance.watches):
            self._check(now, step)

    def deadline(self) -> int | None:
        """When to look again, so that a feed that dies is noticed (process clock, ns); None before the first price."""
        surveillance = self.surveillance
        if surveillance.touched_at is not None:
            return surveillance.touched_at
        if self.check_at or not surveillance.watches:
            return self.check_at or None
        return min(watch.heard_at for watch in surveillance.watches.values())

    def _check(self, now: int, step: Step) -> None:
        surveillance, market_now = self.surveillance, self.surveillance.prices.now
        surveillance.sample(now)
        if surveillance.touched_at is not None or market_now // NS_PER_S != self._marked_second:
            self._mark_equity(None, now, step)
        surveillance.touched_at = None
        self.check_at, self._checked_market = now + self._pause(market_now), market_now
        for event in self.breakers.check(now):
            cause = self._look(now)
            self._add(cause, event, step)
            if isinstance(event, BreakerTripped):
                self._take_effect(event, cause, now, step)
            elif isinstance(event, BreakerCleared) and event.breaker == "stale_feed":
                self._lift_stale(event, cause, step)
        self._suspend_for_cash(now, step)
        self._follow_source(now, step)

    def _pause(self, market_now: int) -> int:
        """A market that has been silent for long is looked at less often."""
        self._silent = self._silent + 1 if market_now == self._checked_market else 0
        return CHECK_EVERY_NS if self._silent < LONG_SILENCE else NS_PER_S

    def _look(self, now: int) -> Envelope:
        """The cause of what no message caused: a look at the market."""
        look_id = derived_id("look", self.state.book, now)
        return Envelope(id=look_id, body=ClockAdvanced(), actor=GOVERNOR, sent_at=now, book=self.state.book)

    def _mark_equity(self, cause: Envelope | None, now: int, step: Step) -> None:
        self._marked_second = self.surveillance.prices.now // NS_PER_S
        if (marked := self.surveillance.marks.update()) is not None:
            self._add(self._moved(now) or cause or self._look(now), marked, step)

    def _moved(self, now: int) -> Envelope | None:
        """What came in or went out causes the mark that counts it in."""
        cause = self.state.capital.cause
        if not cause:
            return None
        return Envelope(id=cause, body=ClockAdvanced(), actor=GOVERNOR, sent_at=now, book=self.state.book)

    def _take_effect(self, trip: BreakerTripped, cause: Envelope, now: int, step: Step) -> None:
        who, why, mode = f"{BREAKER}{trip.breaker}", explanation(trip), self.state.mode
        if trip.effect == "HALTED" and mode != "HALTED":
            self._halting = True
            step.halts.append(Halt(book=self.state.book, who=who, why=why, command_id=trip.alarm_id))
        elif trip.effect == "REDUCE_ONLY":
            self._reduce(who, why, trip.alarm_id, cause, now, step)
        elif trip.effect == "SUSPENDED" and not self._is_cash(trip.breaker, trip.subject):
            suspended = TradingSuspended(
                instrument=trip.subject, who=who, why=why, formula=trip.formula, inputs=trip.inputs
            )
            self._add(cause, suspended, step)

    def _reduce(self, who: str, why: str, command_id: str, cause: Envelope, now: int, step: Step) -> None:
        """Only out of NORMAL, and never after a halt was asked for: it would open what is about to be shut."""
        if self.state.mode != "NORMAL" or self._halting or step.halts:
            return
        self._set_gate("REDUCE_ONLY", who, why, command_id, now, step)
        self._mode(cause, TradingReduced(who=who, why=why, gate_at=now), now, step)

    def _suspend_for_cash(self, now: int, step: Step) -> None:
        """Every instrument settles in the cash that differs; what is listed meanwhile is suspended too."""
        safety, quote = self.state.safety, self.state.quote
        if "SUSPENDED" not in safety.tripped.get(("reconciliation", quote), ()):
            return
        for instrument in sorted(self.state.instruments):
            if CASH not in safety.suspended.get(instrument, ()):
                suspended = TradingSuspended(instrument=instrument, who=CASH, why=self._cash_words())
                self._add(self._look(now), suspended, step)

    def _cash_words(self) -> str:
        quote = self.state.quote
        return f"the {quote} of the book differs from its venue; to clear reconciliation of {quote} lifts it everywhere"

    def _is_cash(self, breaker: Breaker, subject: str) -> bool:
        return breaker == "reconciliation" and subject == self.state.quote

    def _lift_stale(self, cleared: BreakerCleared, cause: Envelope, step: Step) -> None:
        if STALE_FEED in self.state.safety.suspended.get(cleared.subject, ()):
            lifted = SuspensionLifted(instrument=cleared.subject, who=STALE_FEED, why="5 s of clean data")
            self._add(cause, lifted, step)

    def _follow_source(self, now: int, step: Step) -> None:
        """What stands in for live data may only reduce what was bought on it; 30 s of live data end that."""
        safety = self.state.safety
        if safety.switched_from == "live" and (safety.had_live or self.surveillance.seen_live):
            why = f"the feed went from live to {safety.source}"
            cause = self._look(now)
            self._reduce(SOURCE_SWITCH, why, cause.id, cause, now, step)
        if safety.reduced_by != SOURCE_SWITCH or safety.source != "live" or self._reduced_otherwise():
            self._live_since = None
            return
        market_now = self.surveillance.prices.now
        if self._live_since is None:
            self._live_since = market_now
        elif market_now - self._live_since >= TRUSTED_AFTER_NS and self.state.mode == "REDUCE_ONLY":
            why, cause = "30 s of live data", self._look(now)
            self._set_gate("NORMAL", SOURCE_SWITCH, why, cause.id, now, step)
            resumed = TradingResumed(who=SOURCE_SWITCH, why=why, origin="REDUCE_ONLY", to="NORMAL")
            self._mode(cause, resumed, now, step)

    def _reduced_otherwise(self) -> bool:
        return any(effects & {"REDUCE_ONLY", "HALTED"} for effects in self.state.safety.tripped.values())

    # --- recording --------------------------------------------------------------------------------

    def _begin_anew(self, cause: Envelope, resumed: TradingResumed, now: int, step: Step) -> None:
        """A person has looked: windows are emptied; two people's resume also measures losses from now on."""
        self.surveillance.resumed()
        over = OF_A_WINDOW if self.state.safety.marks is not None else (*OF_A_WINDOW, *OF_THE_DAY)
        for breaker, subject in list(self.state.safety.tripped):
            if breaker in over and subject == self.state.book:
                self._add(cause, self._clearance(breaker, subject, resumed.who, resumed.why), step)
        self._mark_equity(cause, now, step)

    def _clearance(self, breaker: Breaker, subject: str, who: str, why: str) -> BreakerCleared:
        return BreakerCleared(breaker=breaker, subject=subject, who=who, why=why)

    def _set_gate(self, mode: Mode, who: str, why: str, command_id: str, now: int, step: Step) -> None:
        step.gate = GateSetting(
            book=self.state.book, origin=self.state.mode, mode=mode, who=who, why=why, command_id=command_id
        )
        self._set_at = now

    def _add(self, cause: Envelope, event: Event, step: Step, command: Envelope | None = None) -> int:
        """Records one event of the book and gives its version."""
        book = aggregate_id("Book", self.state.book)
        chronicle = Chronicle(self.state.book, book, cause, self.state.version(book))
        chronicle.add(event, command)
        self.state.apply(chronicle.events[0])
        step.events += chronicle.events
        return chronicle.version

    def _mode(
        self,
        cause: Envelope,
        event: TradingHalted | TradingReduced | TradingResumed,
        now: int,
        step: Step,
        command: Envelope | None = None,
    ) -> None:
        version = self._add(cause, event, step, command)
        changed = ModeChanged(mode=self.state.mode, reason=event.why)
        message_id = derived_id("mode", self.state.book, version)
        step.resolved.append(cause.follow(changed, id=message_id, actor=GOVERNOR, sent_at=now, book=self.state.book))


COMMANDS: dict[type[Any], Callable[..., None]] = {
    ResumeTrading: Gatekeeper.resume,
    SuspendInstrument: Gatekeeper._suspend,
    LiftSuspension: Gatekeeper._lift,
    ClearBreaker: Gatekeeper._clear,
    AcknowledgeAlarm: Gatekeeper._acknowledge,
    ReportTradingStatus: Gatekeeper._report,
}

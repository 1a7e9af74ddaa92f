"""Modes: what the gate says is recorded and obeyed, and operators open it again."""

from __future__ import annotations

from governance.domain.chronicle import GOVERNOR, Chronicle
from governance.domain.floor import Floor
from governance.domain.state import BookState
from governance.domain.step import Answer, GateSetting, Step
from streams.envelope import Envelope, derived_id
from streams.events import TradingHalted, TradingReduced, TradingResumed, aggregate_id
from streams.messages import Code, GateObserved, Mode, ModeChanged, ResumeTrading

OPERATOR = "operator"


class Gatekeeper:
    """The gate in the database is the truth; the book's mode is what was last seen of it, or set by a resume."""

    def __init__(self, state: BookState, floor: Floor) -> None:
        self.state = state
        self.floor = floor
        self._set_at = -1

    def observed(self, message: Envelope, gate: GateObserved, now: int, step: Step) -> None:
        """A gate that was read before our own resume was committed is a thing of the past."""
        state = self.state
        if gate.mode == state.mode or self._outdated(gate):
            return
        if gate.mode == "HALTED":
            self._record(message, TradingHalted(who=gate.who, why=gate.why, gate_at=gate.gate_at), now, step)
            self.floor.rounds.close_all("halted", message, now, step)
        elif gate.mode == "REDUCE_ONLY" and state.mode == "NORMAL":
            self._record(message, TradingReduced(who=gate.who, why=gate.why, gate_at=gate.gate_at), now, step)
        else:
            resumed = TradingResumed(who=gate.who, why=gate.why, origin=state.mode, to=gate.mode)
            self._record(message, resumed, now, step)

    def _outdated(self, gate: GateObserved) -> bool:
        if gate.mode == "HALTED":
            return gate.gate_at == self.state.gate_at
        return gate.gate_at <= self._set_at

    def resume(self, message: Envelope, body: ResumeTrading, entry_id: str, now: int, step: Step) -> None:
        """HALTED → REDUCE_ONLY by one operator; → NORMAL by another than the one who ended the halt."""
        state = self.state
        if message.actor.partition(":")[0] != OPERATOR:
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
        step.gate = GateSetting(book=state.book, mode=to, who=message.actor, why=body.reason, command_id=message.id)
        self._set_at = now
        resumed = TradingResumed(who=message.actor, why=body.reason, origin=state.mode, to=to)
        self._record(message, resumed, now, step, command=message)
        step.answers.append(Answer(message.id, entry_id, "accepted"))

    def _record(
        self,
        cause: Envelope,
        event: TradingHalted | TradingReduced | TradingResumed,
        now: int,
        step: Step,
        command: Envelope | None = None,
    ) -> None:
        state = self.state
        book = aggregate_id("Book", state.book)
        chronicle = Chronicle(state.book, book, cause, state.version(book))
        chronicle.add(event, command)
        state.apply(chronicle.events[0])
        step.events += chronicle.events
        changed = ModeChanged(mode=state.mode, reason=event.why)
        message_id = derived_id("mode", state.book, chronicle.version)
        step.resolved.append(cause.follow(changed, id=message_id, actor=GOVERNOR, sent_at=now, book=state.book))

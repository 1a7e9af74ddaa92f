"""The shadow replay of a change: the last decisions made again as if it had held, on what they found then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec
from msgspec import Struct

from governance.domain import tracks
from governance.domain.deliberation import Round
from governance.domain.derivation import FOLDED, situation
from governance.domain.history import Ended, History
from governance.domain.reconstruction import Recorded, Row, rebuilt, recorded_of
from governance.domain.resolution import resolve, tally
from governance.domain.rulebook import Rulebook, compiled
from governance.domain.tracks import Rule
from market.domain.terms import with_term
from streams.changes import ActivateRule, Change, RetireRule, SetTerm
from streams.events import (
    BookTerms,
    DecisionDifference,
    DecisionHeld,
    DecisionReached,
    Event,
    InstrumentTerms,
    OrderTicket,
    Outcome,
    Preview,
    RuleActivated,
    decode_event,
)

SHADOW = "shadow"
SHOWN = 50
LONGEST = 500
UNKNOWN = "the mass would pass it; what guards, arbitration and rules would make of it was not recorded"

Decision = DecisionReached | DecisionHeld


class Changed(Struct, frozen=True):
    """A book as it would be with the change."""

    terms: BookTerms
    instruments: Mapping[str, InstrumentTerms]
    rulebook: Rulebook


def replayable(change: Change) -> bool:
    """Whether the change could make another decision of the same inputs; seats and weights are inputs."""
    return isinstance(change, ActivateRule | RetireRule | SetTerm)


class Previewing:
    """One book's rows in order; decisions from the position `first` on are made again. Each is taken by itself: what a
    different decision would have done to the book afterwards is not followed, and a hold is taken to lapse.
    Raises `RuleRefused` for a rule that does not compile, ValueError for a parameter that there is not."""

    def __init__(self, book: str, change: Change, first: int) -> None:
        self.history = History(book)
        self.change = change
        self.first = first
        self._decisions = 0
        self._different: list[DecisionDifference] = []
        self._changed: tuple[object, Changed] | None = None
        if isinstance(change, ActivateRule):
            compiled(_activated(change, 1))

    def take(self, row: Row) -> None:
        if row.topic.startswith("Deliberation."):
            done = self.history.deliberate(row)
            if done is not None and done.held is None and row.position >= self.first:
                self._decided(done)
        elif row.topic.partition(".")[0] in FOLDED:
            self.history.change(row, decode_event(row.topic, row.state))

    def preview(self) -> Preview:
        return Preview(
            decisions=self._decisions, different=len(self._different), differences=tuple(self._different[:SHOWN])
        )

    def _decided(self, done: Ended) -> None:
        recorded = recorded_of(done.rows)
        if recorded.opened.seats is None:
            return
        self._decisions += 1
        before = decode_event(done.row.topic, done.row.state)
        assert isinstance(before, Decision)
        if recorded.closed.reason == "restarted" or not replayable(self.change):
            return
        if (different := self._compared(before, recorded)) is not None:
            self._different.append(different)

    def _compared(self, before: Decision, recorded: Recorded) -> DecisionDifference | None:
        changed = self.changed()
        round_ = rebuilt(recorded, tracks.terms_of(changed.terms)[recorded.opened.track])
        then = msgspec.structs.replace(
            situation(recorded, self.history.state), terms=changed.terms, instruments=dict(changed.instruments)
        )
        if recorded.situation is None:
            track, halted = recorded.opened.track, then.mode == "HALTED"
            if not _newly_passes(round_, self.history.now.tracks[track].rule, halted):
                return None
            return DecisionDifference(
                decision_id=before.decision_id, before=_outcome(before), after="granted", detail=UNKNOWN
            )
        return difference(before, resolve(round_, then, changed.rulebook)[-1])

    def changed(self) -> Changed:
        """The book as it stands in the fold, with the change; made again only where the book has moved."""
        state = self.history.state
        key = (state.terms, state.rulebook_version, id(state.instruments))
        if self._changed is None or self._changed[0] != key:
            self._changed = (key, self._with_change())
        return self._changed[1]

    def _with_change(self) -> Changed:
        state, change = self.history.state, self.change
        terms, instruments, rules = state.terms, dict(state.instruments), dict(state.rules)
        match change:
            case ActivateRule():
                rules[change.rule] = _activated(change, state.changes.rule_versions.get(change.rule, 0) + 1)
            case RetireRule():
                rules.pop(change.rule, None)
            case SetTerm() if change.instrument in instruments:
                instruments[change.instrument] = with_term(instruments[change.instrument], change.name, change.value)
            case SetTerm() if not change.instrument:
                terms = with_term(terms, change.name, change.value)
        return Changed(terms, instruments, Rulebook(rules.values(), state.rulebook_version))


def _newly_passes(round_: Round, before: Rule, halted: bool) -> bool:
    """Whether the mass passes something that it did not pass; a silent guard may have been spared an early close."""
    for candidate in round_.sorted():
        now = tally(candidate, round_.rule, round_.weights, halted)
        then = tally(candidate, before, round_.weights, halted)
        if now.by_mass and not then.by_mass and now.event.state in ("PASSED", "DEFEATED"):
            return True
    return False


def _activated(change: ActivateRule, version: int) -> RuleActivated:
    return RuleActivated(**msgspec.structs.asdict(change), version=version, who=SHADOW, why=SHADOW)


def difference(before: Decision, after: Event) -> DecisionDifference | None:
    """None where both grant, or hold, the same orders."""
    assert isinstance(after, Decision)
    told = [*_moved(before.orders, after.orders)]
    if type(before) is type(after) and _outcome(before) == _outcome(after) and not told:
        return None
    if isinstance(before, DecisionHeld):
        told.insert(0, f"was held by {', '.join(before.rules)}")
    if isinstance(after, DecisionHeld):
        told.insert(0, f"held by {', '.join(after.rules)} until an operator releases it")
    elif not after.orders:
        told += [f"{r.proposal_id}: {r.reason} {r.by} {r.detail}".rstrip() for r in after.reasons if r.reason]
    return DecisionDifference(
        decision_id=before.decision_id,
        before=_outcome(before),
        after=_outcome(after),
        detail="; ".join(told)[:LONGEST],
    )


def _outcome(decision: Decision) -> Outcome:
    """A hold that nobody answers lapses."""
    return decision.outcome if isinstance(decision, DecisionReached) else "expired"


def _moved(before: Iterable[OrderTicket], after: Iterable[OrderTicket]) -> Iterable[str]:
    """The instruments whose order is another, as signed quantities at their limits."""
    then, now = ({ticket.instrument: ticket for ticket in tickets} for tickets in (before, after))
    for instrument in sorted({*then, *now}):
        one, other = then.get(instrument), now.get(instrument)
        if _alone(one) != _alone(other):
            yield f"{instrument} {_told(one)} -> {_told(other)}"


def _alone(ticket: OrderTicket | None) -> OrderTicket | None:
    """Without its group, which earlier releases did not write down."""
    return None if ticket is None else msgspec.structs.replace(ticket, group="")


def _told(ticket: OrderTicket | None) -> str:
    return "nothing" if ticket is None else f"{ticket.side} {_plain(ticket.quantity)} at {_plain(ticket.limit)}"


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"

"""Changes of a book: those that wait, and whether a change tightens or loosens.

Only adding a deny, clip or hold, and moving a parameter in its declared safe direction, is known to take away
without giving. Whatever is not known to tighten loosens.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from governance.domain.council import GUARDS
from governance.domain.parameters import Refused, setting, wrong_without
from streams import events as e
from streams.changes import (
    ActivateRule,
    AdjustReputation,
    Change,
    GrantSeat,
    IssueSeatKey,
    ReinstateSeat,
    Restrict,
    RetireRule,
    RevokeSeatKey,
    SetTerm,
    SuspendSeat,
    Unrestrict,
)
from streams.messages import Code

if TYPE_CHECKING:
    from governance.domain.state import BookState

REMEMBERED = 10_000
SEAT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
MOST_RULES = 200
DENYING = ("deny", "clip", "hold")


class Judgement(Struct, frozen=True):
    loosens: bool
    why: str


class OpenChange(Struct, frozen=True, kw_only=True):
    """A change that waits: for an approval while `enacts_at` is None, then for that time (process clock, ns).
    `timelock_s` is the one of its request; `version` the last one of its aggregate."""

    change_id: str
    change: Change
    loosens: bool
    proposer: str
    why: str
    requested_at: int
    timelock_s: int
    base: str
    aggregate: UUID
    version: int = 1
    approved_by: str = ""
    enacts_at: int | None = None


class Changes:
    """Folded from Change events, and from what shows the rules' versions, the restricted list and the timelock."""

    def __init__(self) -> None:
        self.open: dict[str, OpenChange] = {}
        self.closed: dict[str, str] = {}
        self.rule_versions: dict[str, int] = {}
        self.restrictions: dict[str, e.InstrumentRestricted] = {}
        self.timelock_s = e.BookTerms().timelock_s

    def knows(self, change_id: str) -> bool:
        return change_id in self.open or change_id in self.closed

    def _requested(self, event: e.ChangeRequested, originator: UUID) -> None:
        self.open[event.change_id] = OpenChange(
            change_id=event.change_id,
            change=event.change,
            loosens=event.loosens,
            proposer=event.who,
            why=event.why,
            requested_at=event.requested_at,
            timelock_s=self.timelock_s,
            base=event.base,
            aggregate=originator,
        )

    def _approved(self, event: e.ChangeApproved, _: UUID) -> None:
        waiting = self.open[event.change_id]
        self.open[event.change_id] = replace(
            waiting, version=waiting.version + 1, approved_by=event.who, enacts_at=event.enacts_at
        )

    def _refused(self, event: e.ChangeRefused, _: UUID) -> None:
        self._close(event.change_id, f"refused by {event.who}")

    def _enacted(self, event: e.ChangeEnacted, _: UUID) -> None:
        self._close(event.change_id, "enacted")

    def _close(self, change_id: str, how: str) -> None:
        self.open.pop(change_id, None)
        self.closed[change_id] = how
        if len(self.closed) > REMEMBERED:
            del self.closed[next(iter(self.closed))]

    def _activated(self, event: e.RuleActivated, _: UUID) -> None:
        self.rule_versions[event.rule] = event.version

    def _restricted(self, event: e.InstrumentRestricted, _: UUID) -> None:
        self.restrictions[event.instrument] = event

    def _lifted(self, event: e.RestrictionLifted, _: UUID) -> None:
        self.restrictions.pop(event.instrument, None)

    def _founded(self, event: e.BookFounded, _: UUID) -> None:
        self.timelock_s = event.terms.timelock_s

    def _term(self, event: e.TermChanged, _: UUID) -> None:
        if event.name == "timelock_s" and not event.instrument:
            self.timelock_s = int(event.to)


FOLDS: dict[type[e.Event], Callable[[Changes, Any, UUID], None]] = {
    e.ChangeRequested: Changes._requested,
    e.ChangeApproved: Changes._approved,
    e.ChangeRefused: Changes._refused,
    e.ChangeEnacted: Changes._enacted,
    e.RuleActivated: Changes._activated,
    e.InstrumentRestricted: Changes._restricted,
    e.RestrictionLifted: Changes._lifted,
    e.BookFounded: Changes._founded,
    e.TermChanged: Changes._term,
}


def judge(change: Change, state: BookState, *, who: str, market_now: int = 0) -> Judgement | Refused:
    """Whether the change tightens or loosens the book as it is, or why it cannot be made: a code, and a text that
    begins with the field that is wrong. `who` asks; `market_now` (ns) tells which restrictions have ended."""
    match change:
        case ActivateRule():
            return _activation(change, state)
        case RetireRule(rule=rule):
            if rule not in state.rules:
                return Code.INVALID, f"rule: no rule {rule} is active"
            return Judgement(True, f"{rule} no longer applies")
        case SetTerm():
            return _setting(change, state)
        case Restrict():
            return _restriction(change, state, market_now)
        case Unrestrict(instrument=instrument):
            if instrument not in state.instruments:
                return Code.UNKNOWN_INSTRUMENT, f"instrument: {instrument} is not listed"
            if instrument not in state.changes.restrictions:
                return Code.NO_CHANGE, f"instrument: {instrument} is not restricted"
            return Judgement(True, f"{instrument} may be traded again")
        case GrantSeat():
            return _grant(change, state)
        case SuspendSeat() | ReinstateSeat() | AdjustReputation():
            return _seat(change, state, who)
        case IssueSeatKey() | RevokeSeatKey():
            return _key(change, state)


def _activation(change: ActivateRule, state: BookState) -> Judgement | Refused:
    active = state.rules.get(change.rule)
    denies = change.effect in DENYING and not change.shadow
    if active is None:
        if len(state.rules) >= MOST_RULES:
            return Code.INVALID, f"rule: {MOST_RULES} rules are active, retire one first"
        if denies:
            return Judgement(False, f"a new rule that can only {change.effect}")
        return Judgement(True, "a new rule that takes nothing away (warn or shadow) is not known to tighten")
    if _same(change, active, ("title", "effect", "shadow", "examples", *_TEXTS)):
        return Code.NO_CHANGE, f"rule: {change.rule} v{active.version} says this already"
    if denies and (active.shadow or active.effect not in DENYING) and _same(change, active, _TEXTS):
        return Judgement(False, f"{change.rule} v{active.version} denied nothing, its text now can {change.effect}")
    return Judgement(True, f"it replaces {change.rule} v{active.version}")


_TEXTS = ("clauses", "clip_to", "exempt_risk_reducing")


def _same(change: ActivateRule, active: e.RuleActivated, names: tuple[str, ...]) -> bool:
    return all(getattr(change, name) == getattr(active, name) for name in names)


def _setting(change: SetTerm, state: BookState) -> Judgement | Refused:
    found = setting(change.name, change.value, change.instrument, state.terms, state.instruments, state.seats)
    return found if isinstance(found, tuple) else Judgement(found.loosens, found.why)


def _restriction(change: Restrict, state: BookState, market_now: int) -> Judgement | Refused:
    symbol = change.instrument
    if symbol not in state.instruments:
        return Code.UNKNOWN_INSTRUMENT, f"instrument: {symbol} is not listed"
    if change.until is not None and change.until <= change.since:
        return Code.INVALID, "until: the restriction would end before it begins"
    known = state.changes.restrictions.get(symbol)
    if known is None or (known.until is not None and known.until <= market_now):
        return Judgement(False, f"{symbol} comes on the restricted list")
    if (known.since, known.until, known.hard) == (change.since, change.until, change.hard):
        return Code.NO_CHANGE, f"instrument: {symbol} is restricted so already"
    shorter = change.until is not None and (known.until is None or change.until < known.until)
    if change.since > known.since or shorter or (known.hard and not change.hard):
        return Judgement(True, f"it weakens the restriction of {symbol}")
    return Judgement(False, f"the restriction of {symbol} becomes stricter")


def _grant(change: GrantSeat, state: BookState) -> Judgement | Refused:
    guard = change.role in GUARDS
    if change.agent in state.seats:
        return Code.DUPLICATE, f"agent: {change.agent} has a seat"
    if not SEAT_NAME.fullmatch(change.agent):
        return Code.INVALID, "agent: a name is of letters, digits, dots, dashes and underscores"
    if change.role == "rule" and not change.signals:
        return Code.INVALID, "signals: a rule seat is declared by its signals"
    if (change.veto or change.required) and not guard:
        return Code.INVALID, "veto, required: only for risk and compliance seats, which hold no mass"
    if change.signals and change.role != "rule":
        return Code.INVALID, "signals: only a rule seat is declared by signals"
    names = [signal.name for signal in change.signals]
    if len(set(names)) < len(names):
        return Code.INVALID, "signals: two have the same name"
    return Judgement(True, f"{change.agent} gets a seat")


def _seat(change: SuspendSeat | ReinstateSeat | AdjustReputation, state: BookState, who: str) -> Judgement | Refused:
    seat = state.seats.get(change.agent)
    if seat is None:
        return Code.UNKNOWN_AGENT, f"agent: {change.agent} has no seat"
    match change:
        case SuspendSeat():
            if who in seat.suspended_by:
                return Code.SAME_PERSON, f"agent: {who} suspended {seat.agent}; another operator confirms"
            if len(seat.suspended_by) > 1:
                return Code.NO_CHANGE, f"agent: the suspension of {seat.agent} is confirmed"
            if seat.suspended and (wrong := wrong_without(seat.agent, state.terms, state.seats)):
                return Code.INVALID, f"agent: {wrong}"
            if seat.veto and not seat.required and not seat.suspended:
                return Judgement(True, f"without {seat.agent} nobody is asked for its veto")
            return Judgement(False, f"{seat.agent} may no longer act")
        case ReinstateSeat():
            if not seat.suspended:
                return Code.NO_CHANGE, f"agent: {seat.agent} is not suspended"
            return Judgement(True, f"{seat.agent} may act again")
        case AdjustReputation(weight=weight):
            try:
                state.reputation.adjust(seat.agent, weight, who, "")
            except ValueError as error:
                return Code.INVALID, f"agent: {error}"
            return Judgement(True, "an edit of a reputation always waits")


def _key(change: IssueSeatKey | RevokeSeatKey, state: BookState) -> Judgement | Refused:
    """The house changing its own key takes from whoever has a copy of the last one, and gives nobody anything."""
    seat = state.seats.get(change.agent)
    if seat is None:
        return Code.UNKNOWN_AGENT, f"agent: {change.agent} has no seat"
    if isinstance(change, RevokeSeatKey):
        if seat.key.revoked:
            return Code.NO_CHANGE, f"agent: the key of {seat.agent} is revoked"
        if seat.veto and not seat.required:
            return Judgement(True, f"without {seat.agent} nobody is asked for its veto")
        return Judgement(False, f"nothing that {seat.agent} says is taken any more")
    if change.public and change.public == seat.key.public and not seat.key.revoked:
        return Code.NO_CHANGE, f"public: {seat.agent} signs with this key already"
    if change.public or seat.key.public:
        return Judgement(True, f"who speaks for {seat.agent} changes")
    if seat.key.revoked:
        return Judgement(True, f"{seat.agent} may speak again")
    return Judgement(False, f"the house's key {seat.key.number} of {seat.agent} gives way to another")

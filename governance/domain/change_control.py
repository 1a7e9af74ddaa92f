"""Change control: tightening takes hold at once, loosening after another operator's approval and the timelock."""

from __future__ import annotations

from uuid import UUID

import msgspec

from governance.domain.changes import Judgement, OpenChange, judge
from governance.domain.chronicle import GOVERNOR, Chronicle
from governance.domain.council import GUARDS
from governance.domain.floor import Floor
from governance.domain.operators import is_operator
from governance.domain.parameters import Refused, setting
from governance.domain.rulebook import RuleRefused, checked
from governance.domain.state import BookState
from governance.domain.step import Answer, Step
from rules.engine import TextRefused
from rules.signals import check_signals
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
from streams.envelope import Envelope, derived_id
from streams.messages import ApproveChange, ClockAdvanced, Code, ConfigCommand, RefuseChange, RequestChange

MOST_OPEN = 100
REPLAYED = (ActivateRule, RetireRule, SetTerm)
LARGEST_CHANGE = 48 * 1024  # its event must fit into one entry of the ledger's stream
NS_PER_S = 1_000_000_000


class ChangeControl:
    """Everything it knows is in the ledger: a timelock that ran out while nobody governed is enacted at the start."""

    def __init__(self, state: BookState, floor: Floor) -> None:
        self.state = state
        self.floor = floor

    def handle(self, message: Envelope, body: ConfigCommand, entry_id: str, now: int, step: Step) -> None:
        refused: Refused | None
        if not is_operator(message.actor):
            refused = Code.NOT_ENTITLED, f"only operators change a book, {message.actor} is none"
        elif isinstance(body, RequestChange):
            refused = self._request(message, body, now, step)
        elif isinstance(body, ApproveChange):
            refused = self._approve(message, body, now, step)
        else:
            refused = self._refuse(message, body, step)
        if refused:
            self.floor.turn_away(message, entry_id, refused, step)
        else:
            step.answers.append(Answer(message.id, entry_id, "accepted"))

    def deadline(self) -> int | None:
        """When the next timelock runs out (process clock, ns)."""
        waiting = self.state.changes.open.values()
        return min((change.enacts_at for change in waiting if change.enacts_at is not None), default=None)

    def pass_time(self, now: int, step: Step) -> None:
        """Enacts what is due, in the order of the timelocks; what has become impossible is refused."""
        due = [c for c in self.state.changes.open.values() if c.enacts_at is not None and c.enacts_at <= now]
        for change in sorted(due, key=lambda change: (change.enacts_at, change.change_id)):
            self._enact_due(change, now, step)

    # --- commands -----------------------------------------------------------------------------------

    def _request(self, message: Envelope, body: RequestChange, now: int, step: Step) -> Refused | None:
        changes, who = self.state.changes, message.actor
        if not body.change_id.isprintable():
            return Code.INVALID, "change_id: it has a character that cannot be printed"
        if (size := len(msgspec.json.encode(body))) > LARGEST_CHANGE:
            return Code.TOO_LARGE, f"the change has {size} bytes, at most {LARGEST_CHANGE} are taken"
        if changes.knows(body.change_id):
            return Code.DUPLICATE, f"change_id: {body.change_id} was there before"
        judged = self._judge(body.change, who)
        if isinstance(judged, tuple):
            return judged
        if refused := self._text_refused(body.change, who, body.reason):
            return refused
        if judged.loosens and isinstance(body.change, REPLAYED) and body.preview is None:
            return Code.NO_PREVIEW, "preview: a rule or a parameter that loosens carries its shadow replay"
        if judged.loosens and len(changes.open) >= MOST_OPEN:
            return Code.MESSAGE_RATE, f"{MOST_OPEN} changes wait: approve or refuse some of them first"
        requested = e.ChangeRequested(
            change_id=body.change_id,
            change=body.change,
            loosens=judged.loosens,
            why_loosens=judged.why,
            who=who,
            why=body.reason,
            requested_at=now,
            preview=body.preview,
            base=self._base(body.change),
        )
        aggregate = e.aggregate_id("Change", f"{body.change_id}\x1f{message.id}")
        self._record(aggregate, 0, requested, message, message, body.change_id, step)
        if not judged.loosens:
            self._enact(changes.open[body.change_id], message, message, now, step)
        return None

    def _approve(self, message: Envelope, body: ApproveChange, now: int, step: Step) -> Refused | None:
        waiting = self.state.changes.open.get(body.change_id)
        if waiting is None:
            return self._not_open(body.change_id)
        if waiting.enacts_at is not None:
            return Code.NO_CHANGE, f"change_id: {waiting.approved_by} has approved it, it waits for its timelock"
        if waiting.proposer == message.actor:
            return Code.SAME_PERSON, f"change_id: {message.actor} asked for it, another operator approves"
        timelock_s = max(waiting.timelock_s, self.state.terms.timelock_s)
        approved = e.ChangeApproved(
            change_id=body.change_id, who=message.actor, why=body.reason, enacts_at=now + timelock_s * NS_PER_S
        )
        self._record(waiting.aggregate, waiting.version, approved, message, message, body.change_id, step)
        return None

    def _refuse(self, message: Envelope, body: RefuseChange, step: Step) -> Refused | None:
        waiting = self.state.changes.open.get(body.change_id)
        if waiting is None:
            return self._not_open(body.change_id)
        refused = e.ChangeRefused(change_id=body.change_id, who=message.actor, why=body.reason)
        self._record(waiting.aggregate, waiting.version, refused, message, message, body.change_id, step)
        return None

    def _not_open(self, change_id: str) -> Refused:
        how = self.state.changes.closed.get(change_id)
        return Code.UNKNOWN_CHANGE, f"change_id: {change_id} was {how}" if how else f"change_id: no change {change_id}"

    # --- checks -------------------------------------------------------------------------------------

    def _judge(self, change: Change, who: str) -> Judgement | Refused:
        return judge(change, self.state, who=who, market_now=self.floor.prices.now)

    def _text_refused(self, change: Change, who: str, why: str) -> Refused | None:
        """CEL texts are compiled against their facts, and a rule must say of its examples what they say."""
        try:
            if isinstance(change, ActivateRule):
                checked(self._activated(change, who, why))
            elif isinstance(change, GrantSeat):
                check_signals(change.signals)
        except (RuleRefused, TextRefused) as error:
            return Code.RULE_REFUSED, str(error)
        return None

    def _base(self, change: Change) -> str:
        """What it would change, as it is now."""
        match change:
            case ActivateRule(rule=rule) | RetireRule(rule=rule):
                active = self.state.rules.get(rule)
                return f"v{active.version}" if active else ""
            case SetTerm(name=name, instrument=instrument):
                terms = self.state.instruments[instrument] if instrument else self.state.terms
                return str(getattr(terms, name))
            case IssueSeatKey(agent=agent) | RevokeSeatKey(agent=agent):
                return f"key {self.state.seats[agent].key.number}"
        return ""

    # --- enactment ----------------------------------------------------------------------------------

    def _enact_due(self, waiting: OpenChange, now: int, step: Step) -> None:
        """Looked at again with the book as it is now. Nobody commands it: its cause is the timelock of the change."""
        cause = Envelope(
            id=derived_id("timelock", waiting.change_id, waiting.enacts_at),
            body=ClockAdvanced(),
            actor=GOVERNOR,
            sent_at=now,
            correlation=waiting.change_id,
            book=self.state.book,
        )
        judged = self._judge(waiting.change, waiting.proposer)
        refused = judged if isinstance(judged, tuple) else None
        if refused is None and (base := self._base(waiting.change)) != waiting.base:
            refused = (
                Code.NO_CHANGE,
                f"it was asked for against {waiting.base or 'none'}, by now there is {base or 'none'}",
            )
        refused = refused or self._text_refused(waiting.change, waiting.proposer, waiting.why)
        if refused is None:
            self._enact(waiting, cause, None, now, step)
            return
        code, detail = refused
        event = e.ChangeRefused(change_id=waiting.change_id, who=GOVERNOR, why=f"{code}: {detail}")
        self._record(waiting.aggregate, waiting.version, event, cause, None, waiting.change_id, step)

    def _enact(self, waiting: OpenChange, cause: Envelope, command: Envelope | None, now: int, step: Step) -> None:
        effect = self._effect(waiting.change, waiting.proposer, waiting.why, now)
        enacted = e.ChangeEnacted(change_id=waiting.change_id, who=waiting.proposer, approved_by=waiting.approved_by)
        self._record(waiting.aggregate, waiting.version, enacted, cause, command, waiting.change_id, step)
        kind = e.TOPICS[type(effect)].partition(".")[0]
        aggregate = e.aggregate_id(kind, self.state.book)
        version = self.state.version(aggregate)
        self._record(aggregate, version, effect, cause, command, waiting.change_id, step)

    def _effect(self, change: Change, who: str, why: str, now: int) -> e.Event:
        """The event that makes a judged change true."""
        state = self.state
        match change:
            case ActivateRule():
                return self._activated(change, who, why)
            case RetireRule(rule=rule):
                return e.RuleRetired(rule=rule, version=state.rules[rule].version, who=who, why=why)
            case SetTerm(name=name, value=value, instrument=instrument):
                found = setting(name, value, instrument, state.terms, state.instruments, state.seats)
                assert not isinstance(found, tuple), "judged before"
                return e.TermChanged(
                    name=name, instrument=instrument, origin=found.origin, to=found.to, who=who, why=why
                )
            case Restrict(instrument=instrument, since=since, until=until, hard=hard):
                return e.InstrumentRestricted(
                    instrument=instrument, since=since, until=until, hard=hard, who=who, why=why
                )
            case Unrestrict(instrument=instrument):
                return e.RestrictionLifted(instrument=instrument, who=who, why=why)
            case GrantSeat():
                return _granted(change, who, why)
            case SuspendSeat(agent=agent):
                return e.SeatSuspended(agent=agent, who=who, why=why)
            case ReinstateSeat(agent=agent):
                return e.SeatReinstated(agent=agent, who=who, why=why)
            case IssueSeatKey(agent=agent, public=public):
                number = state.seats[agent].key.number + 1
                return e.SeatKeyIssued(agent=agent, number=number, public=public, issued_at=now, who=who, why=why)
            case RevokeSeatKey(agent=agent):
                return e.SeatKeyRevoked(agent=agent, number=state.seats[agent].key.number, who=who, why=why)
            case AdjustReputation(agent=agent, weight=weight):
                return state.reputation.adjust(agent, weight, who, why)

    def _activated(self, change: ActivateRule, who: str, why: str) -> e.RuleActivated:
        return e.RuleActivated(
            rule=change.rule,
            version=self.state.changes.rule_versions.get(change.rule, 0) + 1,
            title=change.title,
            effect=change.effect,
            clauses=change.clauses,
            clip_to=change.clip_to,
            exempt_risk_reducing=change.exempt_risk_reducing,
            shadow=change.shadow,
            examples=change.examples,
            who=who,
            why=why,
        )

    def _record(
        self,
        aggregate: UUID,
        version: int,
        body: e.Event,
        cause: Envelope,
        command: Envelope | None,
        change_id: str,
        step: Step,
    ) -> None:
        """Everything that a change leads to has its id as correlation."""
        chronicle = Chronicle(self.state.book, aggregate, cause, version)
        chronicle.add(body, command, correlation=change_id)
        self.state.apply(chronicle.events[0])
        step.events += chronicle.events


def _granted(change: GrantSeat, who: str, why: str) -> e.SeatGranted:
    """Guards may veto at once; whoever is to hold mass is scored in shadow first."""
    guard = change.role in GUARDS
    return e.SeatGranted(
        agent=change.agent,
        role=change.role,
        owner=change.owner,
        prior_ppm=0,
        veto=guard,
        required=guard and change.required,
        shadow=not guard,
        signals=change.signals,
        who=who,
        why=why,
    )

"""A decision that rules hold: what waits for an operator, and what becomes of it when it is released or is not."""

from __future__ import annotations

import msgspec

from governance.domain.arbitration import Survivor
from governance.domain.clearing import Clearing, clear
from governance.domain.results import after_rules, denied
from governance.domain.rulebook import Denial, Rulebook
from governance.domain.situation import Situation
from streams.events import DecisionHeld, DecisionReached, Event, HeldOrder, Outcome, RulesEvaluated
from streams.messages import Code, Track

HALTED_BY = "gate"
NS_PER_S = 1_000_000_000


def hold(reached: DecisionReached, track: Track, clearing: Clearing, situation: Situation) -> DecisionHeld:
    """What the decision would be, for an operator to look at, and what it takes to judge it again."""
    waiting = [each.survivor for each in clearing.cleared if each.ticket is not None]
    return DecisionHeld(
        decision_id=reached.decision_id,
        deliberation_id=reached.deliberation_id,
        track=track,
        rules=clearing.holds,
        orders=reached.orders,
        held=tuple(_waiting(survivor) for survivor in waiting),
        reasons=reached.reasons,
        trigger=reached.trigger,
        ttl_ms=reached.ttl_ms,
        at=situation.now,
        until=situation.now + situation.terms.hold_ttl_s * NS_PER_S,
    )


def _waiting(survivor: Survivor) -> HeldOrder:
    return HeldOrder(
        instrument=survivor.instrument,
        hash=survivor.hash,
        target=survivor.target,
        quantity=survivor.quantity,
        support_ppm=survivor.support_ppm,
        winners=survivor.winners,
        agents=survivor.agents,
        group=survivor.group,
        seen=survivor.seen,
        evidence_at=survivor.evidence_at,
    )


def released(event: DecisionHeld, situation: Situation, rulebook: Rulebook) -> tuple[Event, ...]:
    """A held decision that an operator has released: each order no larger than it was and no farther than its target,
    judged again by all rules; the hold has not aged its evidence."""
    survivors, lost = _still_wanted(event, situation)
    clearing = clear(survivors, situation, rulebook, event.decision_id, event.track)
    orders = tuple(each.ticket for each in clearing.cleared if each.ticket is not None)
    if orders and (others := sorted({*clearing.holds} - {*event.rules})):
        denial = Denial(others[0], Code.HELD, "another rule holds it now")
        clearing = Clearing(
            tuple(
                msgspec.structs.replace(each, ticket=None, denial=each.denial or denial) for each in clearing.cleared
            ),
            clearing.traces,
        )
        orders = ()
    results = {result.proposal_id: result for result in event.reasons}
    for name, denial in lost.items():
        results[name] = denied(name, denial)
    for each in clearing.cleared:
        for name in each.survivor.winners:
            results[name] = after_rules(name, each, results[name])
    cut = any(result.state == "REDUCED" for result in results.values()) or any(
        abs(each.survivor.quantity) < abs(order.quantity)
        for each in clearing.cleared
        for order in event.held
        if order.instrument == each.survivor.instrument
    )
    decision = DecisionReached(
        decision_id=event.decision_id,
        deliberation_id=event.deliberation_id,
        outcome="refused" if not orders else "reduced" if cut else "granted",
        orders=orders,
        reasons=tuple(results.values()),
        trigger=event.trigger,
        ttl_ms=event.ttl_ms,
        released=True,
    )
    if not survivors:
        return (decision,)
    return RulesEvaluated(rulebook_version=rulebook.version, traces=clearing.traces), decision


def _still_wanted(event: DecisionHeld, situation: Situation) -> tuple[list[Survivor], dict[str, Denial]]:
    """What of the held orders may be judged again, and what stands against the others; legs stand or fall together."""
    survivors: list[Survivor] = []
    against: dict[str, Denial] = {}
    for order in event.held:
        denial, survivor = _again(order, event, situation)
        if denial is not None:
            against.update(dict.fromkeys(order.winners, denial))
        else:
            survivors.append(survivor)
    return [survivor for survivor in survivors if not against.keys() & {*survivor.winners}], against


def _again(order: HeldOrder, event: DecisionHeld, situation: Situation) -> tuple[Denial | None, Survivor]:
    held = situation.held[order.instrument]
    wanted = order.target - held
    size = min(abs(wanted), abs(order.quantity))
    survivor = Survivor(
        instrument=order.instrument,
        hash=order.hash,
        held=held,
        target=held + (size if order.quantity > 0 else -size),
        support_ppm=order.support_ppm,
        winners=order.winners,
        group=order.group,
        seen=order.seen,
        evidence_at=order.evidence_at and order.evidence_at + situation.now - event.at,
        agents=order.agents,
    )
    if situation.mode == "HALTED":
        return Denial(HALTED_BY, Code.HALTED, "the book is halted"), survivor
    if wanted * order.quantity <= 0:
        return Denial(order.instrument, Code.NO_CHANGE, f"{held} is held, it goes to {order.target}"), survivor
    if situation.mode == "REDUCE_ONLY" and not survivor.reducing:
        return Denial(situation.mode, Code.MODE, "only risk-reducing orders"), survivor
    return None, survivor


def ended(event: DecisionHeld, outcome: Outcome, code: Code, by: str, detail: str) -> DecisionReached:
    """A held decision that nobody released: what waited is lost, the rest stays as it was."""
    waiting = {name for order in event.held for name in order.winners}
    denial = Denial(by, code, detail)
    return DecisionReached(
        decision_id=event.decision_id,
        deliberation_id=event.deliberation_id,
        outcome=outcome,
        orders=(),
        reasons=tuple(denied(r.proposal_id, denial) if r.proposal_id in waiting else r for r in event.reasons),
        trigger=event.trigger,
        ttl_ms=event.ttl_ms,
    )

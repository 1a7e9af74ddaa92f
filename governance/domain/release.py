"""A decision that rules hold: what waits for an operator, and what becomes of it when it is released or is not."""

from __future__ import annotations

import msgspec

from governance.domain.arbitration import Survivor, afford, toward
from governance.domain.clearing import Clearing, clear
from governance.domain.manner import MARKET, Manner
from governance.domain.results import after_rules, denied
from governance.domain.rulebook import Denial, Rulebook
from governance.domain.situation import Situation
from market.domain.instrument import to_lot
from streams.events import (
    DecisionHeld,
    DecisionReached,
    Event,
    HeldOrder,
    Outcome,
    ProposalResult,
    RulesEvaluated,
)
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
    results = {result.proposal_id: result for result in event.reasons} | lost
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


def _still_wanted(event: DecisionHeld, situation: Situation) -> tuple[list[Survivor], dict[str, ProposalResult]]:
    """What of the held orders may be judged again, and what became of the proposals of the others: what stands
    against one leg takes the whole group, and the budget is looked at again."""
    units: dict[str, list[Survivor]] = {}
    fallen: dict[str, tuple[str, Denial]] = {}
    lost: dict[str, ProposalResult] = {}
    for order in event.held:
        group = order.group or order.instrument
        denial, survivor = _again(order, event, situation)
        units.setdefault(group, []).append(survivor)
        if denial is not None:
            fallen.setdefault(group, (order.instrument, denial))
            lost |= {name: denied(name, denial) for name in order.winners}
    for group, (instrument, denial) in fallen.items():
        gone = Denial(f"{instrument}/{denial.rule}", Code.LEG_LOST, denial.detail)
        for survivor in units.pop(group):
            lost = {name: denied(name, gone) for name in survivor.winners} | lost
    affordable, dropped = afford([tuple(unit) for unit in units.values()], situation)
    lost |= {result.proposal_id: result for result in dropped}
    return [survivor for unit in affordable for survivor in unit], lost


def _again(order: HeldOrder, event: DecisionHeld, situation: Situation) -> tuple[Denial | None, Survivor]:
    """The order from what is held now, no larger than it was, no farther than its target or a cap that is in force."""
    instrument, held = order.instrument, situation.held[order.instrument]
    lot = situation.instruments[instrument].lot_size
    cap = situation.caps.get(instrument)
    wanted = order.target - held
    size = min(abs(wanted), abs(order.quantity))
    target = held + (size if order.quantity > 0 else -size)
    capped = target if cap is None else held + to_lot(toward(held, target, cap.limit) - held, lot)
    survivor = Survivor(
        instrument=instrument,
        hash=order.hash,
        held=held,
        target=capped,
        support_ppm=order.support_ppm,
        winners=order.winners,
        group=order.group,
        seen=order.seen,
        evidence_at=order.evidence_at and order.evidence_at + situation.now - event.at,
        agents=order.agents,
        manner=_manner(order.instrument, event),
    )
    if situation.mode == "HALTED":
        return Denial(HALTED_BY, Code.HALTED, "the book is halted"), survivor
    if wanted * order.quantity <= 0:
        return Denial(instrument, Code.NO_CHANGE, f"{held} is held, it goes to {order.target}"), survivor
    if cap is not None and capped == held:
        return Denial(cap.proposal_id, Code.CAPPED, f"{instrument}: a cap of {cap.limit} is in force"), survivor
    if situation.mode == "REDUCE_ONLY" and not survivor.reducing:
        return Denial(situation.mode, Code.MODE, "only risk-reducing orders"), survivor
    return None, survivor


def _manner(instrument: str, event: DecisionHeld) -> Manner:
    """As its ticket has it: a limit is then no worse than it was."""
    for ticket in event.orders:
        if ticket.instrument == instrument:
            limit = ticket.limit if ticket.type == "limit" else None
            return Manner(limit, ticket.time_in_force, ticket.good_for_ms)
    return MARKET


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

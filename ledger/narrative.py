"""Events as sentences, for people who ask why."""

from __future__ import annotations

from decimal import Decimal

from ledger.records import RecordedEvent
from streams import events as e


def sentence(recorded: RecordedEvent) -> str:
    """What happened, in plain English."""
    body = recorded.event.body
    match body:
        case e.DeliberationOpened():
            return (
                f"Opened on {body.instrument} ({body.track}) at price {_number(body.market.price)} from tick "
                f"{body.market.tick_id} ({body.market.source}); rulebook {body.rulebook_version}"
            )
        case e.ProposalAdmitted():
            return (
                f"{body.agent} proposes to {body.action} {body.instrument} to {_number(body.target)} (held "
                f"{_number(body.held)}){_chance(body.probability)}: {body.why or 'no reason given'}"
            )
        case e.ProposalRefused():
            return f"{body.agent}'s proposal on {body.instrument} is refused: {_reason(body.reason, body.detail)}"
        case e.AmendmentOffered():
            return f"{body.agent} offers {_number(body.target)} instead: {body.why or 'no reason given'}"
        case e.BallotCast() | e.BallotLate():
            return _ballot(body)
        case e.DeliberationClosed():
            return f"Closed: {body.reason.replace('_', ' ')}"
        case e.ProposalTallied():
            return (
                f"Tally: yes {_share(body.yes_ppm)}, no {_share(body.no_ppm)}, missing {_share(body.missing_ppm)} of "
                f"{_share(body.total_ppm)} → {body.state} ({_by(body.reason, body.by)})"
            )
        case e.ProposalsArbitrated():
            targets = ", ".join(f"{name} {_number(target)}" for name, target in body.targets.items())
            return f"Arbitrated to {targets or 'nothing'}{_results(body.results)}"
        case e.RulesEvaluated():
            return _rules(body)
        case e.DecisionReached():
            orders = ", ".join(_ticket(ticket) for ticket in body.orders)
            return f"Decision: {body.outcome.upper()}{': ' + orders if orders else ''}{_results(body.reasons)}"
        case e.OrderAccepted():
            return (
                f"Order accepted: {body.side} {_number(body.quantity)} {body.instrument}, limit {_number(body.limit)}"
            )
        case e.OrderSent():
            return f"Order sent to {body.venue}"
        case e.OrderRejected() | e.OrderCancelled() | e.OrderExpired():
            return f"Order {type(body).__name__[5:].lower()}: {_reason(body.reason, body.detail)}"
        case e.OrderFilled() | e.OrderPartiallyFilled():
            return _fill(body)
        case _:
            return type(body).__name__


def _ballot(body: e.BallotCast | e.BallotLate) -> str:
    late = "" if isinstance(body, e.BallotCast) else " too late"
    limit = "" if body.size_limit is None else f", at most {_number(body.size_limit)}"
    veto = ", VETO" if body.veto else ""
    why = f": {body.reason}" if body.reason else ""
    mass = f"{_share(body.weight_ppm)}{_chance(body.probability)}"
    return f"{body.agent} votes {body.stance}{late} with {mass}{limit}{veto}{why}"


def _rules(body: e.RulesEvaluated) -> str:
    failed = [trace for trace in body.traces if trace.value is not True]
    if not failed:
        return f"Rules: all {len(body.traces)} clauses hold (rulebook {body.rulebook_version})"
    named = "; ".join(f"{trace.rule}.{trace.clause} {trace.effect} ({trace.value})" for trace in failed)
    return f"Rules: {len(failed)} of {len(body.traces)} clauses do not hold: {named}"


def _fill(body: e.Fill) -> str:
    partly = "" if isinstance(body, e.OrderFilled) else f" partly, {_number(body.leaves)} left"
    after_halt = " AFTER A HALT" if body.after_halt else ""
    return (
        f"Filled{partly}: {body.side} {_number(body.quantity)} {body.instrument} at {_number(body.price)} on "
        f"{body.venue}, fee {_number(body.fee)}{after_halt}"
    )


def _ticket(ticket: e.OrderTicket) -> str:
    return f"{ticket.side} {_number(ticket.quantity)} {ticket.instrument}"


def _results(results: tuple[e.ProposalResult, ...]) -> str:
    told = (f"{result.state} ({_by(_reason(result.reason, result.detail), result.by)})" for result in results)
    text = "; ".join(told)
    return f" — {text}" if text else ""


def _by(reason: str, by: str) -> str:
    return f"{reason} by {by}" if by else reason


def _reason(reason: str, detail: str) -> str:
    return f"{reason}, {detail}" if detail else reason


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _share(ppm: int) -> str:
    return f"{ppm / 10_000:.1f} %"


def _chance(probability: float | None) -> str:
    return "" if probability is None else f", p = {probability:.3f}"

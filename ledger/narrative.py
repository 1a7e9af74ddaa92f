"""Events as sentences, for people who ask why."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from ledger.records import RecordedEvent
from streams import events as e


def sentence(recorded: RecordedEvent, authors: Mapping[str, str] | None = None) -> str:
    """What happened, in plain English; `authors` names the agents of proposals by their ids, as far as they are
    known."""
    body, known = recorded.event.body, authors or {}
    for tell in (_order, _book, _council, _change):
        if (told := tell(body)) is not None:
            return told
    for tell_of in (_round, _decision):
        if (told := tell_of(body, known)) is not None:
            return told
    raise TypeError(f"nobody tells of {type(body).__name__}")


def _round(body: e.Event, authors: Mapping[str, str]) -> str | None:
    match body:
        case e.DeliberationOpened():
            return (
                f"Opened on {body.instrument} ({body.track}) at price {_number(body.market.price)} from tick "
                f"{body.market.tick_id} ({body.market.source}); rulebook {body.rulebook_version}"
            )
        case e.ProposalAdmitted():
            return (
                f"{body.agent} proposes to {body.action} {body.instrument} to {_number(body.target)} (held "
                f"{_number(body.held)}){_limit(body)}{_chance(body.probability)}: {body.why or 'no reason given'}"
            )
        case e.ProposalRefused():
            return f"{body.agent}'s proposal on {body.instrument} is refused: {_reason(body.reason, body.detail)}"
        case e.AmendmentOffered():
            return f"{body.agent} offers {_number(body.target)} instead: {body.why or 'no reason given'}"
        case e.BallotCast() | e.BallotLate():
            return _ballot(body)
        case e.DeliberationClosed():
            return f"Closed: {body.reason.replace('_', ' ')}"
        case e.SituationRecorded():
            prices = ", ".join(f"{name} at {_number(view.price)}" for name, view in body.markets.items())
            return f"Found: {body.mode}, cash {_number(body.cash)}, {prices}"
        case e.ProposalTallied():
            return (
                f"Tally: yes {_share(body.yes_ppm)}, no {_share(body.no_ppm)}, missing {_share(body.missing_ppm)} of "
                f"{_share(body.total_ppm)} → {body.state}{_because(body.reason, named(body.by, authors))}"
            )
        case e.ProposalsArbitrated():
            targets = ", ".join(f"{name} {_number(target)}" for name, target in body.targets.items())
            return f"Arbitrated to {targets or 'nothing'}{_results(body.results, authors)}"
        case e.RulesEvaluated():
            return _rules(body)
    return None


def _decision(body: e.Event, authors: Mapping[str, str]) -> str | None:
    match body:
        case e.DecisionHeld():
            orders = ", ".join(_ticket(ticket) for ticket in body.orders)
            return f"Held by {', '.join(body.rules)} for an operator: {orders}"
        case e.DecisionReleased():
            return f"{body.operator} releases what {body.rule} held: {body.reason}"
        case e.HoldRefused():
            return f"{body.operator} refuses what {body.rule} held: {body.reason}"
        case e.DecisionReached():
            orders = ", ".join(_ticket(ticket) for ticket in body.orders)
            return f"Decision: {body.outcome.upper()}{': ' + orders if orders else ''}{_results(body.reasons, authors)}"
    return None


def _order(body: e.Event) -> str | None:
    match body:
        case e.OrderAccepted():
            return (
                f"Order accepted: {body.side} {_number(body.quantity)} {body.instrument}, limit "
                f"{_number(body.limit)}{_manner(body)}"
            )
        case e.OrderSent():
            return f"Order sent to {body.venue}"
        case e.OrderWorking():
            return f"Order working on {body.venue}"
        case e.OrderRejected() | e.OrderCancelled() | e.OrderExpired():
            return f"Order {type(body).__name__[5:].lower()}: {_reason(body.reason, body.detail)}"
        case e.OrderFilled() | e.OrderPartiallyFilled():
            return _fill(body)
        case e.BookOpened():
            return f"Book {body.book} opened with {_number(body.cash)} {body.quote}"
        case e.CashMoved():
            return f"Cash moved: {_number(body.amount)}, {body.reason}"
        case e.PositionAdjusted():
            return (
                f"{body.who} adjusts {body.instrument} by {_number(body.quantity)} at {_number(body.price)}: "
                f"{body.reason}"
            )
        case e.BookReconciled():
            return f"{body.venue} agrees with the book on {', '.join(body.instruments)}"
        case e.ReconciliationFailed():
            return (
                f"{body.venue} has {_number(body.venue_quantity)} {body.instrument}, the book "
                f"{_number(body.book_quantity)}"
            )
    return None


def _book(body: e.Event) -> str | None:
    match body:
        case e.BookFounded():
            return f"{body.who} founds the book {body.book}: {body.why}"
        case e.InstrumentListed():
            return f"{body.who} lists {body.terms.symbol}: {body.why}"
        case e.TermChanged():
            where = f" of {body.instrument}" if body.instrument else ""
            return f"{body.who} sets {body.name}{where} from {_number(body.origin)} to {_number(body.to)}: {body.why}"
        case e.InstrumentRestricted():
            kind = "not even reductions" if body.hard else "reductions only"
            return f"{body.who} puts {body.instrument} on the restricted list ({kind}): {body.why}"
        case e.RestrictionLifted():
            return f"{body.who} takes {body.instrument} off the restricted list: {body.why}"
        case e.FeedSourceChanged():
            return f"The feed goes from {body.origin} to {body.to}: {body.why}"
        case e.FeedGap():
            return f"{body.instrument}: {body.kind}s {body.first} to {body.last} could not be had"
        case e.TradingStatusChanged():
            return f"The venue says of {body.instrument}: {body.status}"
        case e.EquityMarked():
            return (
                f"Equity {_number(body.equity)}, peak {_number(body.peak)}, day open {_number(body.day_open)} "
                f"({body.day})"
            )
    return _desk(body) or _mode(body)


def _desk(body: e.Event) -> str | None:
    match body:
        case e.CancelOrdered():
            return f"{body.who} has the order {body.order_id} cancelled: {body.why}"
        case e.CashMoveOrdered():
            return f"{body.who} moves cash, {_number(body.amount)}: {body.why}"
        case e.PositionAdjustmentOrdered():
            return f"{body.who} adjusts {body.instrument} by {_number(body.quantity)}: {body.why}"
        case e.ReconciliationOrdered():
            return f"{body.who} has the book compared with its venue: {body.why}"
    return None


def _mode(body: e.Event) -> str | None:
    match body:
        case e.TradingHalted():
            return f"HALTED by {body.who}: {body.why}"
        case e.TradingReduced():
            return f"REDUCE_ONLY by {body.who}: {body.why}"
        case e.TradingResumed():
            return f"{body.who} goes from {body.origin} to {body.to}: {body.why}"
        case e.TradingSuspended():
            return f"{body.instrument} SUSPENDED by {body.who}: {body.why}"
        case e.SuspensionLifted():
            return f"{body.who} lets {body.instrument} trade again: {body.why}"
        case e.BreakerWarned():
            return f"Warning, {body.breaker} of {body.subject} at {body.level:.0%} of its limit: {_measured(body)}"
        case e.BreakerTripped():
            return f"ALARM, {body.breaker} of {body.subject} trips: {body.effect}; {_measured(body)}"
        case e.BreakerCleared():
            return f"{body.who} clears {body.breaker} of {body.subject}: {body.why}"
        case e.AlarmAcknowledged():
            return f"{body.who} acknowledges the alarm {body.alarm_id}: {body.why}"
    return None


def _council(body: e.Event) -> str | None:
    match body:
        case e.SeatGranted():
            shadow = " in shadow" if body.shadow else ""
            return f"{body.who} grants {body.agent} of {body.owner} a {body.role} seat{shadow}: {body.why}"
        case e.SeatEntered():
            return f"{body.agent} enters the vote with {body.weight:.1%} after {body.events} scored forecasts"
        case e.SeatSuspended():
            return f"{body.who} suspends {body.agent}: {body.why}"
        case e.SeatReinstated():
            return f"{body.who} reinstates {body.agent}: {body.why}"
        case e.SeatKeyIssued():
            whose = "of the party that holds it" if body.public else "of the house"
            return f"{body.who} gives {body.agent} key {body.number}, {whose}: {body.why}"
        case e.SeatKeyRevoked():
            return f"{body.who} revokes key {body.number} of {body.agent}: {body.why}"
        case e.ProposingSuspended():
            return f"{body.agent} may not propose for a while: {body.why}"
        case e.OutcomesRecorded():
            paid, lost, void = ([outcome.y for outcome in body.outcomes].count(y) for y in (True, False, None))
            return f"Bucket {body.bucket}: {paid} paid, {lost} did not, {void} void"
        case e.CouncilScored():
            return f"Bucket {body.bucket} scored on {body.questions} questions, mix loss {body.mix_loss:.4f}"
        case e.ReputationAdjusted():
            return f"{body.who} sets {body.agent} from {body.origin:.2%} to {body.to:.2%}: {body.why}"
        case e.RuleActivated():
            shadow = " in shadow" if body.shadow else ""
            return f"{body.who} activates {body.rule} v{body.version} ({body.effect}{shadow}): {body.why}"
        case e.RuleRetired():
            return f"{body.who} retires {body.rule} v{body.version}: {body.why}"
    return None


def _change(body: e.Event) -> str | None:
    match body:
        case e.ChangeRequested():
            kind = "loosens" if body.loosens else "tightens"
            return f"{body.who} asks for {type(body.change).__name__}, which {kind} ({body.why_loosens}): {body.why}"
        case e.ChangeApproved():
            return f"{body.who} approves the change {body.change_id}: {body.why}"
        case e.ChangeRefused():
            return f"{body.who} refuses the change {body.change_id}: {body.why}"
        case e.ChangeEnacted():
            approved = f", approved by {body.approved_by}" if body.approved_by else ""
            return f"The change {body.change_id} of {body.who} takes hold{approved}"
    return None


def _measured(body: e.BreakerWarned | e.BreakerTripped) -> str:
    return f"{body.formula} ({', '.join(f'{name} {value}' for name, value in body.inputs.items())})"


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
    in_kind = f" ({_number(body.fee_base)} of it in {body.instrument})" if body.fee_base else ""
    maker = ", as maker" if body.liquidity == "maker" else ""
    after_halt = " AFTER A HALT" if body.after_halt else ""
    return (
        f"Filled{partly}: {body.side} {_number(body.quantity)} {body.instrument} at {_number(body.price)} on "
        f"{body.venue}, fee {_number(body.fee)}{in_kind}{maker}{after_halt}"
    )


def _ticket(ticket: e.OrderTicket) -> str:
    limit = f" at {_number(ticket.limit)}" if ticket.type == "limit" else ""
    return f"{ticket.side} {_number(ticket.quantity)} {ticket.instrument}{limit}{_manner(ticket)}"


def _manner(order: e.OrderTicket | e.OrderAccepted) -> str:
    """How an order is to be executed, where that is not as a market order's."""
    told: list[str] = [order.time_in_force] if order.type == "limit" else []
    if order.reduce_only:
        told.append("reduce only")
    if order.group:
        told.append("all legs or none")
    return f" ({', '.join(told)})" if told else ""


def _limit(body: e.ProposalAdmitted) -> str:
    return "" if body.limit is None else f", at {_number(body.limit)} or better ({body.time_in_force})"


def _results(results: tuple[e.ProposalResult, ...], authors: Mapping[str, str]) -> str:
    """`fast-momentum GRANTED; carry SUPERSEDED (NET_OF_OPPOSED by p-1 of fast-momentum)`."""
    text = "; ".join(_result(result, authors) for result in results)
    return f" — {text}" if text else ""


def _result(result: e.ProposalResult, authors: Mapping[str, str]) -> str:
    whose = authors.get(result.proposal_id, "")
    because = _because(_reason(result.reason, result.detail), named(result.by, authors))
    return f"{whose} {result.state}{because}".lstrip()


def named(by: str, authors: Mapping[str, str]) -> str:
    """What beat a proposal: a rival with its agent, else the seat or the rule as it is."""
    return f"{by} of {authors[by]}" if by in authors else by


def _by(reason: str, by: str) -> str:
    return f"{reason} by {by}".lstrip() if by else reason


def _because(reason: str, by: str) -> str:
    told = _by(reason, by)
    return f" ({told})" if told else ""


def _reason(reason: str, detail: str) -> str:
    return f"{reason}, {detail}" if detail else reason


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _share(ppm: int) -> str:
    return f"{ppm / 10_000:.1f} %"


def _chance(probability: float | None) -> str:
    return "" if probability is None else f", p = {probability:.3f}"

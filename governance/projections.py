"""The fold of the governance log into its read models."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from governance.models import Ballot, Book, Decision, Deliberation, FeedGap, Proposal, Rule, Seat
from ledger.readmodel import ReadModel, Rows, exact, moment
from ledger.records import RecordedEvent
from streams import events as e
from streams.envelope import derived_id, to_builtins
from streams.messages import Log

READ_MODELS: tuple[type[ReadModel], ...] = (Ballot, Book, Decision, Deliberation, FeedGap, Proposal, Rule, Seat)


class GovernanceProjection:
    """Keeps the read models of the governance log level with it."""

    name: str = "governance"
    log: Log = "governance"

    def apply(self, events: Sequence[RecordedEvent], cursor: Any) -> None:
        rows = Rows()
        fold(rows, events)
        rows.save()

    def clear(self, cursor: Any) -> None:
        """Empties the read models and begins again at the first event, in the caller's transaction."""
        tables = ", ".join(model._meta.db_table for model in READ_MODELS)
        cursor.execute(f"TRUNCATE {tables}")
        cursor.execute("DELETE FROM projection WHERE name = %s", (self.name,))


def fold(rows: Rows, recorded: Iterable[RecordedEvent]) -> None:
    """Applies events in the order of the log."""
    batch = list(recorded)
    _load(rows, batch)
    for event in batch:
        _apply(rows, event)


def _load(rows: Rows, batch: Sequence[RecordedEvent]) -> None:
    """What the batch touches but does not itself begin, fetched at once."""
    begun = {r.event.originator_id for r in batch if isinstance(r.event.body, e.DeliberationOpened)}
    rounds = {r.event.originator_id for r in batch if isinstance(r.event.body, e.AGGREGATES["Deliberation"])}
    rows.load(Deliberation, sorted(rounds - begun))
    rows.load(Proposal, [r.event.body.proposal_id for r in batch if isinstance(r.event.body, e.ProposalRefused)])


def _apply(rows: Rows, recorded: RecordedEvent) -> None:
    match recorded.event.body:
        case (
            e.BookFounded()
            | e.InstrumentListed()
            | e.TradingHalted()
            | e.TradingReduced()
            | e.TradingResumed()
            | e.FeedSourceChanged()
            | e.FeedGap()
        ):
            _book(rows, recorded)
        case e.SeatGranted() | e.SeatSuspended() | e.SeatReinstated():
            _seat(rows, recorded)
        case e.RuleActivated() | e.RuleRetired():
            _rule(rows, recorded)
        case e.ProposalRefused() | e.ProposalAdmitted() | e.AmendmentOffered():
            _proposal(rows, recorded)
        case e.BallotCast() | e.BallotLate() as ballot:
            _ballot(rows, recorded, ballot)
        case e.DeliberationOpened() | e.DeliberationClosed() | e.RulesEvaluated():
            _deliberation(rows, recorded)
        case e.ProposalTallied() | e.ProposalsArbitrated():
            _tally(rows, recorded)
        case e.DecisionReached() as decision:
            _decision(rows, recorded, decision)


def _book(rows: Rows, recorded: RecordedEvent) -> None:
    body, at = recorded.event.body, moment(recorded.recorded_at)
    if isinstance(body, e.BookFounded):
        rows.add(_founded(recorded, body))
        return
    book = rows.change(Book, recorded.event.book, recorded.position)
    if book is None:
        return
    match body:
        case e.InstrumentListed(terms=terms):
            others = [kept for kept in book.instruments if kept["symbol"] != terms.symbol]
            book.instruments = [*others, to_builtins(terms)]
        case e.TradingHalted(who=who, why=why):
            book.mode, book.mode_who, book.mode_why, book.mode_at = "HALTED", who, why, at
        case e.TradingReduced(who=who, why=why):
            book.mode, book.mode_who, book.mode_why, book.mode_at = "REDUCE_ONLY", who, why, at
        case e.TradingResumed(who=who, why=why, to=to):
            book.mode, book.mode_who, book.mode_why, book.mode_at = to, who, why, at
        case e.FeedSourceChanged(to=source, why=why):
            book.source, book.source_why, book.source_at = source, why, at
        case e.FeedGap():
            rows.add(_gap(recorded, body))


def _founded(recorded: RecordedEvent, body: e.BookFounded) -> Book:
    return Book(
        book=body.book,
        quote=body.quote,
        instruments=[to_builtins(terms) for terms in body.instruments],
        terms=to_builtins(body.terms),
        founded_by=body.who,
        founded_why=body.why,
        founded_at=moment(recorded.recorded_at),
        ledger_position=recorded.position,
    )


def _gap(recorded: RecordedEvent, body: e.FeedGap) -> FeedGap:
    return FeedGap(
        event_id=UUID(recorded.event_id),
        book=recorded.event.book,
        instrument=body.instrument,
        kind=body.kind,
        first=body.first,
        last=body.last,
        recorded_at=moment(recorded.recorded_at),
        ledger_position=recorded.position,
    )


def _seat(rows: Rows, recorded: RecordedEvent) -> None:
    body, book, at = recorded.event.body, recorded.event.book, moment(recorded.recorded_at)
    assert isinstance(body, e.SeatGranted | e.SeatSuspended | e.SeatReinstated)
    key = UUID(derived_id("seat", book, body.agent))
    if isinstance(body, e.SeatGranted):
        granted = to_builtins(body)
        rows.add(
            Seat(
                seat_id=key,
                book=book,
                weight_ppm=body.prior_ppm,
                changed_at=at,
                ledger_position=recorded.position,
                **granted,
            )
        )
        return
    seat = rows.change(Seat, key, recorded.position)
    if seat is not None:
        seat.status = "suspended" if isinstance(body, e.SeatSuspended) else "seated"
        seat.who, seat.why, seat.changed_at = body.who, body.why, at


def _rule(rows: Rows, recorded: RecordedEvent) -> None:
    body, book, at = recorded.event.body, recorded.event.book, moment(recorded.recorded_at)
    assert isinstance(body, e.RuleActivated | e.RuleRetired)
    key = UUID(derived_id("rule", book, body.rule))
    if isinstance(body, e.RuleActivated):
        rows.add(Rule(rule_id=key, book=book, changed_at=at, ledger_position=recorded.position, **to_builtins(body)))
        return
    rule = rows.change(Rule, key, recorded.position)
    if rule is not None:
        rule.status, rule.who, rule.why, rule.changed_at = "retired", body.who, body.why, at


def _proposal(rows: Rows, recorded: RecordedEvent) -> None:
    body = recorded.event.body
    assert isinstance(body, e.ProposalRefused | e.ProposalAdmitted | e.AmendmentOffered)
    common: dict[str, Any] = {
        "proposal_id": body.proposal_id,
        "book": recorded.event.book,
        "agent": body.agent,
        "target": exact(body.target),
        "correlation_id": recorded.event.correlation_id,
        "recorded_at": moment(recorded.recorded_at),
        "ledger_position": recorded.position,
    }
    match body:
        case e.ProposalRefused(action=action, instrument=instrument, reason=reason, detail=detail):
            if rows.find(Proposal, body.proposal_id) is None:
                rows.add(
                    Proposal(
                        action=action, instrument=instrument, state="REFUSED", reason=reason, detail=detail, **common
                    )
                )
        case e.ProposalAdmitted():
            rows.add(_admitted(recorded, body, common))
        case e.AmendmentOffered(amends=amends, why=why):
            rows.add(_amendment(recorded, rows.find(Proposal, amends), amends, why, common))


def _admitted(recorded: RecordedEvent, body: e.ProposalAdmitted, common: dict[str, Any]) -> Proposal:
    return Proposal(
        deliberation_id=recorded.event.originator_id,
        action=body.action,
        instrument=body.instrument,
        probability=body.probability,
        held=exact(body.held),
        price=exact(body.price),
        market=to_builtins(body.market),
        evidence=list(body.evidence),
        ttl_ms=body.ttl_ms,
        why=body.why,
        state="ADMITTED",
        **common,
    )


def _amendment(
    recorded: RecordedEvent, original: Proposal | None, amends: str, why: str, common: dict[str, Any]
) -> Proposal:
    """Shares forecast, prices and instrument with what it amends."""
    shared = ("action", "instrument", "probability", "held", "price", "market", "ttl_ms")
    copied = {name: getattr(original, name) for name in shared} if original else {"action": "", "instrument": ""}
    return Proposal(
        deliberation_id=recorded.event.originator_id, amends=amends, why=why, state="ADMITTED", **copied, **common
    )


def _ballot(rows: Rows, recorded: RecordedEvent, body: e.BallotCast | e.BallotLate) -> None:
    late = isinstance(body, e.BallotLate)
    rows.add(
        Ballot(
            ballot_id=UUID(derived_id("ballot", body.proposal_id, body.agent, late)),
            deliberation_id=recorded.event.originator_id,
            proposal_id=body.proposal_id,
            agent=body.agent,
            stance=body.stance,
            probability=body.probability,
            weight_ppm=body.weight_ppm,
            size_limit=None if body.size_limit is None else exact(body.size_limit),
            veto=body.veto,
            late=late,
            reason=body.reason,
            ledger_position=recorded.position,
        )
    )


def _deliberation(rows: Rows, recorded: RecordedEvent) -> None:
    body = recorded.event.body
    if isinstance(body, e.DeliberationOpened):
        rows.add(_opened(recorded, body))
        return
    deliberation = rows.change(Deliberation, recorded.event.originator_id, recorded.position)
    if deliberation is None:
        return
    match body:
        case e.DeliberationClosed(reason=reason, closed_at=closed_at):
            deliberation.close_reason, deliberation.closed_at = reason, moment(closed_at)
        case e.RulesEvaluated(rulebook_version=version, traces=traces):
            deliberation.rulebook_version = version
            deliberation.traces = [to_builtins(trace) for trace in traces]


def _opened(recorded: RecordedEvent, body: e.DeliberationOpened) -> Deliberation:
    return Deliberation(
        aggregate_id=recorded.event.originator_id,
        deliberation_id=body.deliberation_id,
        book=recorded.event.book,
        track=body.track,
        instrument=body.instrument,
        opened_at=moment(body.opened_at),
        deadline=moment(body.deadline),
        total_ppm=body.total_ppm,
        weights_version=body.weights_version,
        rulebook_version=body.rulebook_version,
        market=to_builtins(body.market),
        correlation_id=recorded.event.correlation_id,
        recorded_at=moment(recorded.recorded_at),
        ledger_position=recorded.position,
    )


def _tally(rows: Rows, recorded: RecordedEvent) -> None:
    body = recorded.event.body
    if isinstance(body, e.ProposalTallied):
        proposal = rows.change(Proposal, body.proposal_id, recorded.position)
        if proposal is not None:
            proposal.yes_ppm, proposal.no_ppm = body.yes_ppm, body.no_ppm
            proposal.missing_ppm, proposal.total_ppm = body.missing_ppm, body.total_ppm
            proposal.forecast = body.forecast
            proposal.tally, proposal.tally_reason, proposal.tally_by = body.state, body.reason, body.by
            proposal.state, proposal.reason, proposal.by = body.state, body.reason, body.by
    elif isinstance(body, e.ProposalsArbitrated):
        deliberation = rows.change(Deliberation, recorded.event.originator_id, recorded.position)
        if deliberation is not None:
            deliberation.targets = to_builtins(body.targets)
        _results(rows, recorded, body.results)


def _results(rows: Rows, recorded: RecordedEvent, results: Iterable[e.ProposalResult]) -> None:
    for result in results:
        proposal = rows.change(Proposal, result.proposal_id, recorded.position)
        if proposal is not None:
            proposal.state, proposal.reason = result.state, result.reason
            proposal.by, proposal.detail = result.by, result.detail


def _decision(rows: Rows, recorded: RecordedEvent, body: e.DecisionReached) -> None:
    deliberation = rows.change(Deliberation, recorded.event.originator_id, recorded.position)
    if deliberation is not None:
        deliberation.outcome = body.outcome
    rows.add(
        Decision(
            decision_id=body.decision_id,
            deliberation_id=recorded.event.originator_id,
            event_id=UUID(recorded.event_id),
            book=recorded.event.book,
            track=deliberation.track if deliberation else "",
            instrument=deliberation.instrument if deliberation else "",
            outcome=body.outcome,
            orders=[to_builtins(ticket) for ticket in body.orders],
            reasons=[to_builtins(result) for result in body.reasons],
            trigger_tick=body.trigger.tick_id,
            trigger_received_at=body.trigger.received_at,
            ttl_ms=body.ttl_ms,
            correlation_id=recorded.event.correlation_id,
            decided_at=moment(recorded.recorded_at),
            ledger_position=recorded.position,
        )
    )
    _results(rows, recorded, body.reasons)

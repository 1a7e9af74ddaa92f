"""Events of a book into rows: its terms and mode, its instruments, breakers with their alarms, gaps."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from governance.models import Alarm, Book, BreakerState, FeedGap, InstrumentState
from ledger.readmodel import Rows, Told, exact, key_of, moment
from market.domain.suspension import left_after
from streams import events as e
from streams.envelope import to_builtins

MODE_EVENTS = e.TradingHalted | e.TradingReduced | e.TradingResumed


def book(rows: Rows, recorded: Told) -> None:
    body, at = recorded.body, moment(recorded.recorded_at)
    if isinstance(body, e.BookFounded):
        rows.add(_founded(recorded, body))
        for terms in body.instruments:
            rows.add(_instrument(recorded, terms.symbol))
        return
    row = rows.change(Book, recorded.book, recorded.position)
    if row is None:
        return
    match body:
        case e.InstrumentListed(terms=terms):
            others = [kept for kept in row.instruments if kept["symbol"] != terms.symbol]
            row.instruments = [*others, to_builtins(terms)]
            rows.add(_instrument(recorded, terms.symbol))
        case e.TermChanged():
            _term(row, body)
        case e.TradingHalted() | e.TradingReduced() | e.TradingResumed():
            row.mode, row.mode_who, row.mode_why, row.mode_at = _mode(body), body.who, body.why, at
        case e.FeedSourceChanged(to=source, why=why):
            row.source, row.source_why, row.source_at = source, why, at
        case e.EquityMarked():
            row.equity, row.peak, row.day_open = exact(body.equity), exact(body.peak), exact(body.day_open)
            row.day = body.day


def _founded(recorded: Told, body: e.BookFounded) -> Book:
    return Book.told(
        book=body.book,
        quote=body.quote,
        instruments=[to_builtins(terms) for terms in body.instruments],
        terms=to_builtins(body.terms),
        founded_by=body.who,
        founded_why=body.why,
        founded_at=moment(recorded.recorded_at),
        ledger_position=recorded.position,
    )


def _mode(body: MODE_EVENTS) -> str:
    if isinstance(body, e.TradingResumed):
        return body.to
    return "HALTED" if isinstance(body, e.TradingHalted) else "REDUCE_ONLY"


def _term(row: Book, body: e.TermChanged) -> None:
    """Numbers stay written as the founding wrote them: decimals as text, whole numbers and flags as themselves."""
    if body.instrument:
        row.instruments = [
            {**terms, body.name: str(body.to)} if terms["symbol"] == body.instrument else terms
            for terms in row.instruments
        ]
    else:
        row.terms = {**row.terms, body.name: _like(row.terms.get(body.name), body.to)}


def _like(known: Any, value: Decimal) -> Any:
    if isinstance(known, bool):
        return bool(value)
    return int(value) if isinstance(known, int) else str(value)


def instrument_key(book: str, instrument: str) -> str:
    return key_of("instrument", book, instrument)


def _instrument(recorded: Told, symbol: str) -> InstrumentState:
    name = recorded.book
    return InstrumentState.told(
        instrument_id=instrument_key(name, symbol), book=name, instrument=symbol, ledger_position=recorded.position
    )


def instrument(rows: Rows, recorded: Told) -> None:
    body: Any = recorded.body
    row = rows.change(InstrumentState, instrument_key(recorded.book, body.instrument), recorded.position)
    if row is None:
        return
    match body:
        case e.TradingSuspended():
            cause = {"why": body.why, "at": recorded.recorded_at, "formula": body.formula, "inputs": dict(body.inputs)}
            row.causes = {**row.causes, body.who: cause}
            _suspended(row)
        case e.SuspensionLifted():
            left = left_after(row.causes.keys(), body.who)
            row.causes = {who: cause for who, cause in row.causes.items() if who in left}
            row.suspended, row.suspended_by, row.suspended_why = False, body.who, body.why
            row.suspended_at, row.formula, row.inputs = None, "", {}
            _suspended(row)
        case e.InstrumentRestricted():
            row.restricted, row.restricted_by, row.restricted_why = "hard" if body.hard else "soft", body.who, body.why
            row.restricted_since, row.restricted_until = body.since, body.until
        case e.RestrictionLifted():
            row.restricted, row.restricted_by, row.restricted_why = "", body.who, body.why
            row.restricted_since = row.restricted_until = None
        case e.TradingStatusChanged():
            row.tradable, row.venue_status = body.tradable, body.status


def _suspended(row: InstrumentState) -> None:
    """The newest of the causes that are left."""
    if not row.causes:
        return
    who, cause = max(row.causes.items(), key=lambda each: (each[1]["at"], each[0]))
    row.suspended, row.suspended_by, row.suspended_why = True, who, cause["why"]
    row.suspended_at, row.formula, row.inputs = moment(cause["at"]), cause["formula"], cause["inputs"]


def gap(rows: Rows, recorded: Told) -> None:
    body = recorded.body
    assert isinstance(body, e.FeedGap)
    rows.add(
        FeedGap.told(
            event_id=recorded.event_id,
            book=recorded.book,
            instrument=body.instrument,
            kind=body.kind,
            first=body.first,
            last=body.last,
            recorded_at=moment(recorded.recorded_at),
            ledger_position=recorded.position,
        )
    )


def breaker_key(book: str, breaker: str, subject: str) -> str:
    return key_of("breaker", book, breaker, subject)


def breaker(rows: Rows, recorded: Told) -> None:
    body = recorded.body
    assert isinstance(body, e.BreakerWarned | e.BreakerTripped | e.BreakerCleared)
    key = breaker_key(recorded.book, body.breaker, body.subject)
    if isinstance(body, e.BreakerCleared):
        _cleared(rows, recorded, rows.change(BreakerState, key, recorded.position), body)
        return
    tripped = isinstance(body, e.BreakerTripped)
    told = {
        "book": recorded.book,
        "breaker": body.breaker,
        "subject": body.subject,
        "effect": body.effect if isinstance(body, e.BreakerTripped) else "",
        "level": body.level,
        "formula": body.formula,
        "inputs": dict(body.inputs),
        "alarm_id": body.alarm_id if isinstance(body, e.BreakerTripped) else "",
        "ledger_position": recorded.position,
    }
    at = moment(recorded.recorded_at)
    rows.add(BreakerState.told(breaker_id=key, state="tripped" if tripped else "warned", changed_at=at, **told))
    if tripped:
        rows.add(Alarm.told(raised_at=at, **told))


def _cleared(rows: Rows, recorded: Told, row: BreakerState | None, body: e.BreakerCleared) -> None:
    if row is None:
        return
    at = moment(recorded.recorded_at)
    row.state, row.effect, row.who, row.why, row.changed_at = "cleared", "", body.who, body.why, at
    alarm = rows.change(Alarm, row.alarm_id, recorded.position)
    if alarm is not None:
        alarm.cleared_by, alarm.cleared_why, alarm.cleared_at = body.who, body.why, at


def acknowledged(rows: Rows, recorded: Told) -> None:
    body = recorded.body
    assert isinstance(body, e.AlarmAcknowledged)
    alarm = rows.change(Alarm, body.alarm_id, recorded.position)
    if alarm is not None:
        alarm.acknowledged_by, alarm.acknowledged_why = body.who, body.why
        alarm.acknowledged_at = moment(recorded.recorded_at)

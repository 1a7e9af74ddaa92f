"""Headroom: every limit and breaker of the book, what went in, how far it is, and how old that is."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import redis
from django.conf import settings
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from msgspec import Struct

from governance import readings
from governance.domain.controls import CONTROLS, Control
from governance.domain.headroom import Headroom, Readings
from governance.models import Book, BreakerState, Rule
from govsite.ops import alarm_words, positions
from govsite.ops.frame import page_context
from govsite.ops.limit_words import EFFECTS, FRACTIONS, LIMITS, MEASURED, PARAMETERS, STATES, TITLES, UNITS, State
from govsite.ops.market import REDIS_PATIENCE_S
from govsite.ops.positions import Holding, Money
from ledger.readmodel import moment
from streams.client import connect

FRESH_NS = 5_000_000_000
WARN_AT = Decimal("0.8")
ZERO = Decimal(0)
NAMED = 3


class Row(Struct, frozen=True, kw_only=True):
    """One limit against its value. `level` is in units of the limit, None where it cannot be told; `measured_at` is
    when that was so. `then`: what happens at the limit."""

    key: str
    title: str
    subject: str
    measures: str
    formula: str
    then: str
    inputs: Mapping[str, str]
    value: str
    limit: str
    level: Decimal | None
    state: str
    measured_at: datetime | None
    note: str = ""

    @property
    def shown(self) -> State:
        return STATES[self.state]

    @property
    def age_ms(self) -> float | None:
        return None if self.measured_at is None else (timezone.now() - self.measured_at).total_seconds() * 1000


@require_GET
@never_cache
@login_required
@permission_required("governance.view_breakerstate", raise_exception=True)
def page(request: HttpRequest) -> HttpResponse:
    """The worst first. What is old or missing is never shown as fine."""
    context = page_context(request, "limits")
    book = Book.objects.filter(book=context["book"]).first()
    told, trouble = last_readings(context["book"])
    breakers = sorted(breaker_rows(book, told), key=_worst_first) if book else []
    limits = sorted(limit_rows(book), key=_worst_first) if book else []
    return render(
        request,
        "site/limits.html",
        {
            **context,
            "known": book is not None,
            "trouble": silence(told, trouble),
            "measured_at": None if told is None else moment(told.at),
            "breakers": breakers,
            "limits": limits,
            "controls": list(controls(book)) if book else [],
        },
    )


def _worst_first(row: Row) -> tuple[int, Decimal, str, str]:
    level = ZERO if row.level is None else row.level
    return -row.shown.rank, -level, row.title, row.subject


# --- breakers ---------------------------------------------------------------------------------------


def last_readings(book: str) -> tuple[Readings | None, str]:
    """What the governor measured last, and what is in the way of reading it."""
    try:
        with connect(settings.REDIS_URL, timeout_s=REDIS_PATIENCE_S) as connected:
            return readings.read(connected, book), ""
    except (redis.RedisError, ValueError):
        return None, "Redis does not answer"
    except msgspec.DecodeError:
        return None, "The readings were written by another release"


def is_fresh(told: Readings | None) -> bool:
    return told is not None and time.time_ns() - told.at <= FRESH_NS


def silence(told: Readings | None, trouble: str) -> str:
    """Why nobody can say how the breakers are; empty where it can be said."""
    if trouble:
        return f"{trouble}: how far the breakers are is not known now."
    if told is None:
        return "The governor has measured nothing within the last day: how far the breakers are is not known."
    if not is_fresh(told):
        return f"The governor has measured nothing since {moment(told.at):%Y-%m-%d %H:%M:%S} UTC: values are as then."
    return ""


def breaker_rows(book: Book, told: Readings | None) -> Iterator[Row]:
    """Each reading; what the ledger knows to be tripped is so whatever is measured, or not measured."""
    tripped = {
        (row.breaker, row.subject, row.effect): row
        for row in BreakerState.objects.filter(book=book.book, state="tripped")
    }
    for reading in told.readings if told else ():
        kept = tripped.pop((reading.breaker, reading.subject, reading.effect), None)
        yield _reading_row(reading, told, kept)
    for row in tripped.values():
        yield _tripped_row(row)
    yield from _unpriced(book, told)


def _reading_row(reading: Headroom, told: Readings | None, kept: BreakerState | None) -> Row:
    state: str = reading.state
    if kept is not None and state in ("ok", "warned"):
        state = "latched" if kept.effect == "LATCHED" else "tripped"
    elif not is_fresh(told) and state in ("ok", "warned"):
        state = "unknown"
    return Row(
        **_named(reading.breaker, reading.subject, reading.effect),
        formula=reading.formula,
        inputs=reading.inputs,
        value=_number(reading.breaker, reading.value),
        limit=_number(reading.breaker, reading.limit),
        level=Decimal(str(reading.level)),
        state=state,
        measured_at=None if told is None else moment(told.at),
    )


def _tripped_row(row: BreakerState) -> Row:
    return Row(
        **_named(row.breaker, row.subject, row.effect),
        formula=row.formula,
        inputs={str(name): str(value) for name, value in row.inputs.items()},
        value="",
        limit="",
        level=Decimal(str(row.level)),
        state="latched" if row.effect == "LATCHED" else "tripped",
        measured_at=row.changed_at,
        note="As it was when it tripped: it is not measured now.",
    )


def _unpriced(book: Book, told: Readings | None) -> Iterator[Row]:
    """Without a price there is nothing to measure, which is not the same as nothing to fear."""
    heard = {reading.subject for reading in told.readings if reading.breaker == "stale_feed"} if told else set()
    if told is None:
        return
    note = "No price has come since the governor started: nothing of this instrument is measured."
    if heard:
        note += f" Of {_some(sorted(heard))} prices came: the feed does not carry this one, or not yet."
    for symbol in sorted({str(each["symbol"]) for each in book.instruments} - heard):
        yield Row(
            **_named("stale_feed", symbol, "SUSPENDED"),
            formula=f"age of the last tick > {book.terms.get('stale_suspend_s', '?')} s",
            inputs={},
            value="",
            limit="",
            level=None,
            state="unknown",
            measured_at=moment(told.at),
            note=note,
        )


def _named(breaker: str, subject: str, effect: str) -> dict[str, str]:
    return {
        "key": f"{breaker} {subject} {effect}",
        "title": TITLES.get(breaker) or alarm_words.title_words(breaker),
        "subject": subject,
        "measures": MEASURED.get(breaker, ""),
        "then": EFFECTS.get(effect, effect),
    }


def _number(breaker: str, value: Decimal) -> str:
    if breaker in FRACTIONS:
        return f"{value * 100:.2f} %"
    text = f"{value.normalize():f}" if value == value.to_integral() else f"{value:.3f}"
    return f"{text}{UNITS.get(breaker, '')}"


# --- limits -----------------------------------------------------------------------------------------


def limit_rows(book: Book) -> Iterator[Row]:
    """What the terms allow to be held, against what is held at the marks of now."""
    money, holdings = positions.standing(book)
    if money is None:
        return
    old = tuple(held.instrument for held in holdings if held.stale and held.quantity)
    yield _of_book("gross", book, money, (money.gross, money.of_gross), old)
    yield _of_book("net", book, money, (abs(money.net), money.of_net), old)
    for held in holdings:
        yield _of_position(held)
        yield _concentration(book, money, held)


def _of_book(name: str, book: Book, money: Money, measured: tuple[Decimal, Decimal | None], old: Sequence[str]) -> Row:
    """`measured`: the exposure, and its share of the limit."""
    exposure, share = measured
    title, formula, then = LIMITS[name]
    most = Decimal(str(book.terms.get(f"max_{name}", 0)))
    note = _doubts(money.unpriced, old)
    if share is None:
        note = note or "Equity is not above zero, so no share of it can be told."
    return Row(
        key=name,
        title=title,
        subject=book.book,
        measures="",
        formula=formula.format(limit=_fraction(most)),
        then=then,
        inputs={"exposure": f"{exposure:,.2f}", "equity": f"{money.equity:,.2f}"},
        value=f"{exposure:,.2f} {money.quote}",
        limit=f"{money.equity * most:,.2f} {money.quote}",
        level=share,
        state=_state(share, doubted=bool(note)),
        measured_at=timezone.now(),
        note=note,
    )


def _of_position(held: Holding) -> Row:
    title, formula, then = LIMITS["position"]
    side = (ZERO, held.limit) if held.quantity >= ZERO else (-held.limit, ZERO)
    return Row(
        key=f"position {held.instrument}",
        title=title,
        subject=held.instrument,
        measures="",
        formula=formula.format(low=_exact(side[0]), high=_exact(side[1])),
        then=then,
        inputs={"position": _exact(held.quantity)},
        value=_exact(held.quantity),
        limit=_exact(side[1] if held.quantity >= ZERO else side[0]),
        level=held.of_position if held.limit else (None if held.quantity else ZERO),
        state=_state(held.of_position if held.limit else (Decimal(1) if held.quantity else ZERO), doubted=False),
        measured_at=timezone.now(),
    )


def _concentration(book: Book, money: Money, held: Holding) -> Row:
    title, formula, then = LIMITS["concentration"]
    most = Decimal(str(book.terms.get("max_concentration", 0)))
    note = _doubts((held.instrument,) if held.mark is None and held.quantity else (), ())
    if not note and held.stale and held.quantity:
        note = f"The price is old: of {held.marked_at:%Y-%m-%d %H:%M:%S} UTC."
    return Row(
        key=f"concentration {held.instrument}",
        title=title,
        subject=held.instrument,
        measures="",
        formula=formula.format(limit=_fraction(most)),
        then=then,
        inputs={"exposure": f"{held.exposure:,.2f}", "equity": f"{money.equity:,.2f}"},
        value=f"{held.exposure:,.2f} {money.quote}",
        limit=f"{money.equity * most:,.2f} {money.quote}",
        level=held.of_concentration,
        state=_state(held.of_concentration, doubted=bool(note)),
        measured_at=None if note else timezone.now(),
        note=note,
    )


def _doubts(unpriced: Sequence[str], old: Sequence[str]) -> str:
    if unpriced:
        return f"No price is known of {_some(unpriced)}: it counts with what it cost."
    return f"The price of {_some(old)} is old." if old else ""


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"


def _state(share: Decimal | None, *, doubted: bool) -> str:
    """At the limit is at the limit, also at a price that is old; below it, only a price of now says so."""
    if share is not None and share >= 1:
        return "over"
    if share is None or doubted:
        return "unknown"
    return "warned" if share >= WARN_AT else "ok"


def _fraction(value: Decimal) -> str:
    return f"{value * 100:.0f} %"


def _exact(value: Decimal) -> str:
    return f"{value.normalize():f}" if value else "0"


# --- controls ---------------------------------------------------------------------------------------


def controls(book: Book) -> Iterator[dict[str, Any]]:
    """The 23 controls with the book's own parameters, and whether the rule that enforces each is in force."""
    rules = {row.rule: row for row in Rule.objects.filter(book=book.book)}
    for control in CONTROLS:
        yield {
            "control": control,
            "parameters": [_parameter(book, name) for name in control.parameters],
            **_force(control, rules.get(control.rule)),
        }


def _parameter(book: Book, name: str) -> dict[str, str]:
    """In words and with its unit; `name` is what the terms call it, the words themselves where no term holds it."""
    words, unit = PARAMETERS.get(name, (name, ""))
    unit = unit.format(quote=book.quote)
    place, dot, term = name.partition(".")
    if not dot:
        value = "" if place not in book.terms else _with_unit(book.terms[place], unit)
        return {"name": name, "words": words, "value": value}
    each = [
        f"{listed['symbol']} {_with_unit(listed[term], unit) if term in listed else '?'}" for listed in book.instruments
    ]
    more = f" and {len(each) - NAMED} more" if len(each) > NAMED else ""
    return {"name": term, "words": words, "value": f"{', '.join(each[:NAMED])}{more}"}


def _with_unit(value: Any, unit: str) -> str:
    """A number as the terms keep it, fractions as percent."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    number = Decimal(str(value)) * (100 if unit.startswith("%") else 1)
    return f"{_exact(number)} {unit}".strip()


def _force(control: Control, rule: Rule | None) -> dict[str, str]:
    if control.where != "rule":
        return {"force": f"built in: {control.where}", "look": "good", "icon": "granted"}
    if rule is None or rule.status != "active":
        what = "not in the rulebook" if rule is None else "retired"
        return {"force": f"{what}: nothing checks it", "look": "warn", "icon": "late"}
    if rule.shadow:
        return {"force": f"in shadow, v{rule.version}: told, not enforced", "look": "warn", "icon": "late"}
    return {"force": f"in force, v{rule.version}", "look": "good", "icon": "granted"}

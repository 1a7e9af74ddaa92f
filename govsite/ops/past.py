"""Time travel: the book as it was at a time or after an event, with steps to the moments around it, against now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import msgspec
import psycopg
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from execution.models import FINAL, Account, Order, Position
from governance.models import Book, ChangeRequest, Hold, InstrumentState, Rule
from govsite.access import roles
from govsite.auditing import as_of
from govsite.auditing.executed import Place
from govsite.auditing.past import Past, past
from govsite.ops.frame import page_context
from govsite.ops.reading import reading
from ledger import audit
from ledger.audit import LOGS, Connection
from ledger.errors import LedgerError
from streams.partitions import split

STEPS = 1000
PATIENCE_S = 30
AROUND = {"a day": timedelta(days=1), "an hour": timedelta(hours=1), "a minute": timedelta(minutes=1)}
NO_TIME = "at: {} is neither a time nor a position; write 2026-01-31T09:30Z, or governance:120"
Document = dict[str, Any]


class Misused(ValueError):
    """What the address asks for cannot be shown; says why."""


@require_GET
@login_required
@permission_required(roles.EXPLORE, raise_exception=True)
def page(request: HttpRequest) -> HttpResponse:
    """`?at=` is a time (ISO 8601, UTC unless it says so) or a position (`governance:120`: as that commit left it);
    `?step=` is a thousandth of the book's life, from the slider."""
    context = page_context(request, "past")
    book, asked = context["book"], request.GET.get("at", "").strip()
    problem, shown, life = "", {}, None
    try:
        with reading(PATIENCE_S) as connection:
            life = _life(connection, book)
            if life and (step := request.GET.get("step", "")) and "go" in request.GET:
                return redirect(_address(_at_step(life, step)))
            if asked:
                shown = _shown(connection, book, _moment(connection, asked), life)
    except (Misused, LedgerError) as error:
        problem = str(error)
    except psycopg.errors.QueryCanceled:
        problem = f"This took longer than {PATIENCE_S} s: the ledger is busy, try again."
    now = timezone.now()
    context |= {
        "problem": problem,
        "asked": asked[:100],
        "life": life if not problem else None,
        "ago": [(name, _address(now - by)) for name, by in AROUND.items() if life and now - by >= life[0]],
        "step": _step_of(life, shown.get("at")) if life else 0,
        "steps": STEPS,
        **shown,
    }
    return render(request, "site/past.html", context, status=400 if problem else 200)


def _moment(connection: Connection, text: str) -> datetime:
    """The time that is meant. Raises Misused, in words."""
    log, colon, position = text.partition(":")
    if colon and split(log)[0] in LOGS:
        if not position.isdecimal() or len(position) > 18:
            raise Misused(f"at: {position[:40]!r} is no position; write {log}:120")
        query = "SELECT recorded_at FROM event_log WHERE log = %s AND partition = %s AND position = %s"
        row = connection.execute(query, [*split(log), int(position)]).fetchone()
        if row is None:
            last = connection.execute(
                "SELECT position FROM head WHERE log = %s AND partition = %s", split(log)
            ).fetchone()
            raise Misused(f"at: the {log} log has no position {position}; its last is {last[0] if last else 0}")
        recorded_at: datetime = row[0]
        return recorded_at.astimezone(UTC)
    try:
        at = audit.at(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Misused(NO_TIME.format(repr(text[:60]))) from None
    if ahead := as_of.ahead(connection, at):
        raise Misused(f"at: {ahead}")
    return at


def _life(connection: Connection, book: str) -> tuple[datetime, datetime] | None:
    """From the founding of the book to the last event of its log."""
    founded = connection.execute(
        """SELECT partition, recorded_at FROM event_log
        WHERE log = 'governance' AND split_part(topic, '.', 2) = 'BookFounded' AND book = %s LIMIT 1""",
        [book],
    ).fetchone()
    if founded is None:
        return None
    query = (
        "SELECT recorded_at FROM event_log WHERE log = 'governance' AND partition = %s ORDER BY position DESC LIMIT 1"
    )
    last = _one(connection, query, founded[0])
    return founded[1], last or founded[1]


def _at_step(life: tuple[datetime, datetime], text: str) -> datetime:
    if not text.isdecimal() or len(text) > 6:
        raise Misused(f"step: {text[:40]!r} is not a number from 0 to {STEPS}")
    return life[0] + (life[1] - life[0]) * min(int(text), STEPS) / STEPS


def _step_of(life: tuple[datetime, datetime], at: datetime | None) -> int:
    whole = life[1] - life[0]
    if at is None or not whole:
        return STEPS
    return max(0, min(STEPS, round((at - life[0]) / whole * STEPS)))


def _address(at: datetime) -> str:
    return f"{reverse('past')}?at={quote(text_of(at))}"


def text_of(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


# --- the book then ------------------------------------------------------------------------------------


def _shown(connection: Connection, book: str, at: datetime, life: tuple[datetime, datetime] | None) -> Document:
    found = past(connection, book, at)
    if found is None:
        raise Misused(as_of.no_book(connection, book, at))
    told = as_of.document(found)
    places = told["positions_in_log"]
    return {
        "at": at,
        "at_text": text_of(at),
        "told": told,
        "positions_in_log": sorted(places.items(), reverse=True),
        "money": [(name.replace("_", " "), value) for name, value in told["money"].items() if name != "quote"],
        "terms": sorted(msgspec.structs.asdict(told["terms"]).items()),
        "around": _around(connection, found, life),
        "differences": _differences(book, told),
    }


def _around(connection: Connection, found: Past, life: tuple[datetime, datetime] | None) -> list[tuple[str, str]]:
    """Where to go from here: to the events before and after, and by the minute and the hour."""
    at = found.at
    steps: list[tuple[str, datetime | None]] = [
        ("previous event", _event_before(connection, found)),
        ("next event", _event_after(connection, found)),
    ]
    now = timezone.now()
    for name, by in reversed(AROUND.items()):
        steps += [(f"{name} earlier", at - by if life and at - by >= life[0] else None)]
        steps += [(f"{name} later", at + by if at + by <= now else None)]
    return [(name, _address(moment)) for name, moment in steps if moment is not None]


def _event_before(connection: Connection, found: Past) -> datetime | None:
    """The commit before the one that this state comes from."""
    query = f"""SELECT recorded_at FROM event_log WHERE {OF_BOOK} AND position <= %s AND recorded_at < %s
        ORDER BY position DESC LIMIT 1"""
    beyond = found.at + timedelta(microseconds=1)
    last = [_one(connection, query, *_place(found.book, place), beyond) for place in _places(found)]
    newest = max((moment for moment in last if moment), default=found.at)
    earlier = [_one(connection, query, *_place(found.book, place), newest) for place in _places(found)]
    return max((moment for moment in earlier if moment), default=None)


def _event_after(connection: Connection, found: Past) -> datetime | None:
    query = f"SELECT recorded_at FROM event_log WHERE {OF_BOOK} AND position > %s ORDER BY position LIMIT 1"
    later = [_one(connection, query, *_place(found.book, place)) for place in _places(found)]
    return min((moment for moment in later if moment), default=None)


OF_BOOK = "book = %s AND log = %s AND partition = %s"


def _places(found: Past) -> tuple[Place, Place]:
    return found.governance, found.execution


def _place(book: str, place: Place) -> tuple[str, str, int, int]:
    return book, place.log, place.partition, place.position


def _one(connection: Connection, query: str, *values: object) -> datetime | None:
    row = connection.execute(query, values).fetchone()
    return row[0] if row else None


# --- against now --------------------------------------------------------------------------------------


def _differences(book: str, told: Document) -> list[Document]:
    """What is another now, as the read models have it; None is what there was or is not."""
    then, now = _facts_then(told), _facts_now(book)
    return [
        {"what": what, "then": plain(then.get(what)), "now": plain(now.get(what))}
        for what in sorted(then.keys() | now.keys())
        if plain(then.get(what)) != plain(now.get(what))
    ]


def plain(value: object) -> str:
    """Numbers by their value, however they are written."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return "" if value is None else str(value)


def _facts_then(told: Document) -> dict[str, object]:
    money = told["money"]
    return {
        "mode": told["mode"]["mode"],
        "feed": told["source"],
        **{name: money[name] for name in ("cash", "realised", "fees")},
        **{f"position {one['instrument']}": one["quantity"] for one in told["positions"]},
        **{f"rule {rule.rule}": f"version {rule.version}" for rule in told["rules"]},
        **{f"suspended {name}": "yes" for name in told["suspended"]},
        "open orders": len(told["orders"]),
        "open holds": len(told["holds"]),
        "open changes": len(told["changes"]),
        **{f"term {name}": value for name, value in msgspec.to_builtins(told["terms"], enc_hook=str).items()},
    }


def _facts_now(name: str) -> dict[str, object]:
    book, account = Book.objects.filter(book=name).first(), Account.objects.filter(book=name).first()
    money = {key: getattr(account, key) for key in ("cash", "realised", "fees")} if account else {}
    held = Position.objects.filter(book=name).exclude(quantity=0)
    return {
        "mode": book.mode if book else None,
        "feed": book.source if book else None,
        **money,
        **{f"position {one.instrument}": one.quantity for one in held},
        **{f"rule {one.rule}": f"version {one.version}" for one in Rule.objects.filter(book=name, status="active")},
        **{f"suspended {one.instrument}": "yes" for one in InstrumentState.objects.filter(book=name, suspended=True)},
        "open orders": Order.objects.filter(book=name).exclude(state__in=FINAL).count(),
        "open holds": Hold.objects.filter(book=name, status="held").count(),
        "open changes": ChangeRequest.objects.filter(book=name, status__in=("requested", "approved")).count(),
        **{f"term {key}": value for key, value in (book.terms if book else {}).items()},
    }

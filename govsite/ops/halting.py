"""What stands in the way of trading, for the top of every page: halts, reductions, suspensions, and who ends them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from msgspec import Struct, to_builtins

from governance.models import Alarm, Book, InstrumentState
from govsite.ops import standing
from govsite.ops.words import MODES
from ledger.gate import ALL_BOOKS
from ledger.models import GateMode, LedgerEvent

BREAKER = "breaker:"
OPERATOR = "operator:"
SOURCE_SWITCH = "breaker:source_switch"
STALE_FEED = "breaker:stale_feed"
RANK = {"NORMAL": 0, "REDUCE_ONLY": 1, "HALTED": 2}
NAMED = 3


class Banner(Struct, frozen=True):
    """`bad` ones interrupt a reader, `warn` ones wait for a pause."""

    key: str
    look: str
    icon: str
    text: str


class Gate(Struct, frozen=True, kw_only=True):
    """A gate that is not open. `subject`: what the breaker that shut it watches, where one did."""

    book: str
    mode: str
    who: str
    why: str
    at: datetime
    subject: str = ""


class Suspension(Struct, frozen=True, kw_only=True):
    book: str
    instrument: str
    who: str
    why: str
    at: datetime | None


# --- words ------------------------------------------------------------------------------------------


def gate_words(gate: Gate, me: str) -> str:
    """Which book, since when, by whom, why, what that means and who ends it. `me` is who reads it."""
    title = standing.LOOKS[gate.mode][0]
    since = f"{gate.at:%Y-%m-%d %H:%M:%S} UTC"
    why = f": “{gate.why}”" if gate.why else ""
    words = f"{named(gate.book)}: {title} since {since} by {by_words(gate.who, gate.subject)}{why}."
    return f"{words} {MODES[gate.mode]} {next_words(gate, me)}"


def named(book: str) -> str:
    return "All books" if book == ALL_BOOKS else f"Book {book}"


def by_words(who: str, subject: str) -> str:
    if not who.startswith(BREAKER):
        return who
    return f"the breaker {who.removeprefix(BREAKER)}{f' on {subject}' if subject else ''}"


def next_words(gate: Gate, me: str) -> str:
    """Who has to do what so that the book trades again."""
    if gate.mode == "HALTED":
        return "To trade again: one operator resumes it to reduce-only, then another operator to normal."
    if gate.who == SOURCE_SWITCH:
        return "It ends by itself after 30 s of live data, or one operator resumes it."
    if gate.who.startswith(BREAKER):
        return "To trade again: one operator resumes it, once the cause is understood."
    if gate.who == me:
        return "You ended the halt: another operator than you resumes it to normal."
    return f"To trade again: another operator than {gate.who.removeprefix(OPERATOR)} resumes it to normal."


def suspension_words(suspended: Suspension) -> str:
    since = f" since {suspended.at:%Y-%m-%d %H:%M:%S} UTC" if suspended.at else ""
    why = f": “{suspended.why}”" if suspended.why else ""
    by = by_words(suspended.who, "")
    what = f"{suspended.instrument} of book {suspended.book}: Suspended{since} by {by}{why}."
    return f"{what} Only orders that shrink its position are sent. {lifting_words(suspended.who)}"


def lifting_words(who: str) -> str:
    if who == STALE_FEED:
        return "It is lifted by itself after 5 s of clean data."
    if who.startswith(BREAKER):
        return "An operator lifts it when the difference is explained."
    return "One operator lifts it, under HALT."


def banners(
    book: str, gates: Sequence[Gate], suspensions: Sequence[Suspension], me: str
) -> tuple[Gate | None, list[Banner]]:
    """The gate that holds for the book (the strictest, the older of two), and all else that is to be said."""
    own = (gate for gate in gates if gate.book in (book, ALL_BOOKS))
    holds = min(own, key=lambda gate: (-RANK[gate.mode], gate.at), default=None)
    others = [_gate_banner(gate, me) for gate in gates if gate is not holds]
    return holds, [*others, *_suspension_banners(suspensions)]


def _gate_banner(gate: Gate, me: str) -> Banner:
    _, icon, look = standing.LOOKS[gate.mode]
    return Banner(f"gate {gate.book}", look, icon, gate_words(gate, me))


def _suspension_banners(suspensions: Sequence[Suspension]) -> list[Banner]:
    said = [
        Banner(f"suspended {each.book} {each.instrument}", "warn", "reduce-only", suspension_words(each))
        for each in suspensions[:NAMED]
    ]
    if left := [f"{each.instrument} of {each.book}" for each in suspensions[NAMED:]]:
        said.append(Banner("suspended more", "warn", "reduce-only", f"Suspended too: {', '.join(left)}."))
    return said


# --- what is known ----------------------------------------------------------------------------------


def page_state(request: HttpRequest, book: str) -> dict[str, Any]:
    """`mode` (as templates show it), `banners` beside it, and how many `alarms` of the book wait for a person: from
    PostgreSQL only, so that it holds whatever else is down."""
    return _state(book, shut_gates(), suspensions(), f"{OPERATOR}{request.user.get_username()}")


def browser_state(request: HttpRequest, book: str) -> dict[str, Any]:
    """The same for scripts."""
    return _plain(page_state(request, book))


def of_book(book: str) -> dict[str, Any]:
    """The same as `browser_state`, for nobody in particular."""
    return _plain(_state(book, shut_gates(), suspensions(), ""))


def everywhere() -> dict[str, dict[str, Any]]:
    """The same of every book: what the live connection tells."""
    gates, suspended = shut_gates(), suspensions()
    books = Book.objects.order_by("book").values_list("book", flat=True)
    return {book: _plain(_state(book, gates, suspended, "")) for book in books}


def _state(book: str, gates: Sequence[Gate], suspended: Sequence[Suspension], me: str) -> dict[str, Any]:
    holds, said = banners(book, gates, suspended, me)
    return {"mode": mode(holds, me), "banners": said, "alarms": open_alarms(book)}


def _plain(state: Mapping[str, Any]) -> dict[str, Any]:
    shown, at = state["mode"], state["mode"]["at"]
    milliseconds = None if at is None else int(at.timestamp() * 1000)
    return {**state, "mode": {**shown, "at": milliseconds}, "banners": to_builtins(state["banners"])}


def mode(holds: Gate | None, me: str) -> dict[str, Any]:
    name = holds.mode if holds else "NORMAL"
    title, icon, look = standing.LOOKS[name]
    return {
        "mode": name,
        "book": holds.book if holds else "",
        "who": holds.who if holds else "",
        "why": holds.why if holds else "",
        "at": holds.at if holds else None,
        "words": MODES[name],
        "text": gate_words(holds, me) if holds else "",
        "next": next_words(holds, me) if holds else "",
        "title": title,
        "icon": icon,
        "look": look,
    }


def shut_gates() -> list[Gate]:
    rows = list(GateMode.objects.exclude(mode="NORMAL").order_by("book"))
    by_breaker = [row.command_id for row in rows if row.who.startswith(BREAKER)]
    subjects = dict(Alarm.objects.filter(alarm_id__in=by_breaker).values_list("alarm_id", "subject"))
    return [
        Gate(
            book=row.book,
            mode=row.mode,
            who=row.who,
            why=row.why,
            at=row.gate_at,
            subject="" if subjects.get(row.command_id) == row.book else subjects.get(row.command_id, ""),
        )
        for row in rows
    ]


def suspensions(book: str = "") -> list[Suspension]:
    found = InstrumentState.objects.filter(suspended=True).order_by("book", "instrument")
    return [
        Suspension(
            book=row.book,
            instrument=row.instrument,
            who=row.suspended_by,
            why=row.suspended_why,
            at=row.suspended_at,
        )
        for row in (found.filter(book=book) if book else found)
    ]


def open_alarms(book: str) -> int:
    return Alarm.objects.filter(book=book, acknowledged_at=None).count()


def is_known(book: str) -> bool:
    """A slip of the pen must not look like a halt. Where no book is known at all (nothing is projected yet) nobody is
    kept from halting."""
    if book == ALL_BOOKS or not Book.objects.exists():
        return True
    return LedgerEvent.objects.filter(book=book).exists()

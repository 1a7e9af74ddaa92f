"""What is not in tables of their own: instruments with their state, processes, the feed, dead letters."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from governance.models import Book, InstrumentState
from govsite.api import columns, problems, tokens
from govsite.api.answers import ERRORS, asks_only, entitled, fresh, told
from govsite.api.paging import MISUSED
from govsite.api.reading import OPTIONS, Asked, check_book, parameters
from govsite.auditing import output
from govsite.live.status import PROCESSES
from streams import telemetry
from streams.client import DEAD_LETTERS, FIELD, connect
from streams.envelope import Refused, decode
from streams.messages import DeadLetter

PATIENCE_S = 0.5
ENTRY = re.compile(r"\d{1,15}-\d{1,15}")

router = Router(tags=["Machine"])


class Instrument(Schema):
    """An instrument that a book lists: its terms there, and what stands in the way of trading it."""

    book: str
    instrument: str
    terms: dict[str, Any] = Field(description="lot size, limits, fees, …: amounts are decimal strings")
    state: columns.shape(InstrumentState, "InstrumentState") | None = Field(  # type: ignore[valid-type]
        description="null where nothing ever stood in the way"
    )


class InstrumentsPage(Schema):
    instruments: list[Instrument]
    next: str | None


class AskedInstruments(Asked):
    book: str | None = Field(None, max_length=200, description="only of this book")


class Process(Schema):
    """What a process said last; `state` is `unheard` where it has said nothing for 5 s."""

    name: str
    state: str
    at: columns.Time | None
    at_ns: columns.Exact | None
    report: dict[str, Any] | None = Field(description="counters, gauges, positions, latency in ms")


class Processes(Schema):
    processes: list[Process]


class Letter(Schema):
    """A message that was refused; `raw` is base64 of its bytes as they came."""

    id: str
    code: str
    detail: str
    stream: str
    entry_id: str
    origin: str
    at: columns.Time | None
    at_ns: columns.Exact | None
    raw: str


class LettersPage(Schema):
    letters: list[Letter]
    next: str | None


@router.get("/instruments", response={200: InstrumentsPage, **ERRORS}, summary="What books may trade", **OPTIONS)
def instruments(request: HttpRequest, asked: Query[AskedInstruments]) -> HttpResponse:
    entitled(request, tokens.READ, "governance.view_instrumentstate")
    entitled(request, tokens.READ, "governance.view_book")
    asks_only(request, *parameters(AskedInstruments))
    books = Book.objects.order_by("book")
    if asked.book is not None:
        check_book(asked.book)
        books = books.filter(book=asked.book)
    listed = sorted((row.book, str(terms["symbol"]), terms) for row in books for terms in row.instruments)
    after = tuple(asked.cursor.split(" ", 1)) if asked.cursor else ("", "")
    if len(after) != 2:
        raise problems.bad(MISUSED)
    page = [each for each in listed if each[:2] > after][: asked.limit + 1]
    shown = page[: asked.limit]
    names = columns.names_of(InstrumentState)
    states = InstrumentState.objects.filter(book__in={each[0] for each in shown}).values(*names.values())
    by_name = {(row["book"], row["instrument"]): columns.given([row], InstrumentState)[0] for row in states}
    rows = [
        {"book": book, "instrument": symbol, "terms": terms, "state": by_name.get((book, symbol))}
        for book, symbol, terms in shown
    ]
    following = f"{shown[-1][0]} {shown[-1][1]}" if len(page) > asked.limit else None
    return told(request, {"instruments": rows, "next": following})


@router.get("/processes", response={200: Processes, **ERRORS}, summary="What the processes say of themselves")
def processes(request: HttpRequest) -> HttpResponse:
    entitled(request, tokens.READ, "governance.view_book")
    asks_only(request)
    heard = _heard()
    names = [*PROCESSES, *sorted(set(heard) - set(PROCESSES))]
    return _now({"processes": [_process(name, heard.get(name)) for name in names]})


@router.get("/feed", response={200: Process, **ERRORS}, summary="Where prices come from, and how the feed fares")
def feed(request: HttpRequest) -> HttpResponse:
    entitled(request, tokens.READ, "governance.view_book")
    asks_only(request)
    return _now(_process("feed", _heard().get("feed")))


def _heard() -> dict[str, dict[str, Any]]:
    try:
        with connect(settings.REDIS_URL, timeout_s=PATIENCE_S) as connected:
            return dict(telemetry.processes(connected))
    except (redis.RedisError, ValueError):
        raise problems.Problem(HTTPStatus.SERVICE_UNAVAILABLE, "Redis does not answer; try again in a moment") from None


def _process(name: str, report: dict[str, Any] | None) -> dict[str, Any]:
    if report is None:
        return {"name": name, "state": "unheard", "at": None, "at_ns": None, "report": None}
    said = {key: value for key, value in report.items() if key not in ("process", "state", "at")}
    return {"name": name, "state": report["state"], **columns.shown("at", report["at"]), "report": said}


def _now(body: Any) -> HttpResponse:
    response = HttpResponse(output.encode(body), content_type="application/json")
    fresh(response)
    return response


@router.get("/dead-letters", response={200: LettersPage, **ERRORS}, summary="Messages that were refused", **OPTIONS)
def dead_letters(request: HttpRequest, asked: Query[Asked]) -> HttpResponse:
    """The newest first."""
    entitled(request, tokens.READ, "governance.view_decision")
    asks_only(request, *parameters(Asked))
    if asked.cursor and not ENTRY.fullmatch(asked.cursor):
        raise problems.bad(MISUSED)
    try:
        with connect(settings.REDIS_URL, timeout_s=PATIENCE_S) as connected:
            newest = f"({asked.cursor}" if asked.cursor else "+"
            entries: Any = connected.xrevrange(DEAD_LETTERS, max=newest, count=asked.limit + 1)
    except (redis.RedisError, ValueError):
        raise problems.Problem(HTTPStatus.SERVICE_UNAVAILABLE, "Redis does not answer; try again in a moment") from None
    page = entries[: asked.limit]
    letters = [_letter(entry_id.decode(), fields.get(FIELD, b"")) for entry_id, fields in page]
    return told(request, {"letters": letters, "next": letters[-1]["id"] if len(entries) > asked.limit else None})


def _letter(entry_id: str, raw: bytes) -> dict[str, Any]:
    """A letter; one that cannot be read itself is given as its bytes."""
    try:
        body = decode(raw, limit=4 * len(raw) + 1).body
        detail = "not a dead letter"
    except Refused as refusal:
        body, detail = None, refusal.detail
    if not isinstance(body, DeadLetter):
        unknown = dict.fromkeys(("stream", "entry_id", "origin"), "")
        return {
            "id": entry_id,
            "code": "UNDECODABLE",
            "detail": detail,
            **unknown,
            "at": None,
            "at_ns": None,
            "raw": raw,
        }
    told_ = {name: getattr(body, name) for name in ("detail", "stream", "entry_id", "origin", "raw")}
    return {"id": entry_id, "code": str(body.code), **told_, **columns.shown("at", body.at)}

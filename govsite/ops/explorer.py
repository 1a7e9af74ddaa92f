"""The ledger: events by filter with the way to their causes and effects, one event, and files of what was found."""

from __future__ import annotations

import json
import tempfile
from datetime import timedelta
from io import TextIOWrapper
from typing import Any, cast
from uuid import UUID

import psycopg
from django import forms
from django.contrib.auth.decorators import login_required, permission_required
from django.core.management import CommandError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from msgspec.structs import replace
from psycopg.rows import dict_row

from govsite.access import roles
from govsite.auditing import names, query
from govsite.ops import searching, verifying
from govsite.ops.frame import page_context
from govsite.ops.reading import reading
from govsite.ops.searching import CHANGES, FILLS
from ledger import audit
from ledger.audit import LOGS, Question
from ledger.errors import LedgerError
from ledger.mapper import LedgerMapper
from ledger.narrative import sentence
from ledger.records import RecordedEvent
from streams.messages import Log

PAGE, RELATED, EXPORTED = 50, 100, 100_000
EXPORT_PATIENCE_S = 120
LATELY = timedelta(days=7)
FORMATS = {"csv": "text/csv", "jsonl": "application/x-ndjson"}
TIMES = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d %H:%M", "%Y-%m-%d"]
NO_TIME = "this is no time; give it as 2026-01-31T15:00, in UTC"
PRESETS = {"changes": CHANGES, "fills": FILLS}
MAPPER = LedgerMapper()
Row = dict[str, Any]


class Wanted(forms.Form):
    """Which events are looked for. Errors name the value and say what there is."""

    preset = forms.CharField(max_length=20, required=False)
    log = forms.CharField(max_length=20, required=False)
    event = forms.CharField(max_length=200, required=False)
    aggregate = forms.CharField(max_length=100, required=False)
    actor = forms.CharField(max_length=200, required=False)
    book_only = forms.CharField(max_length=100, required=False)
    correlation = forms.CharField(max_length=300, required=False)
    command = forms.CharField(max_length=300, required=False)
    position = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    since = forms.DateTimeField(required=False, input_formats=TIMES, error_messages={"invalid": NO_TIME})
    until = forms.DateTimeField(required=False, input_formats=TIMES, error_messages={"invalid": NO_TIME})
    before = forms.CharField(max_length=400, required=False)
    after = forms.CharField(max_length=400, required=False)

    def clean(self) -> dict[str, Any]:
        said = dict(super().clean() or {})
        kind = said.get("aggregate")
        for name, fault in (
            ("preset", _slip("preset", said.get("preset"), list(PRESETS))),
            ("log", _slip("log", said.get("log"), list(LOGS))),
            ("event", _slip("event", said.get("event"), list(audit.LOG_OF))),
            ("aggregate", names.no_aggregate(kind) if kind else ""),
            ("before", searching.misused(said.get("before", ""))),
            ("after", searching.misused(said.get("after", ""))),
        ):
            if fault:
                self.add_error(name, fault)
        return said

    def problems(self) -> list[str]:
        return [f"{name}: {message}" for name, messages in self.errors.items() for message in map(str, messages)]

    def question(self) -> Question:
        """What was said, in the terms of the ledger."""
        said = self.cleaned_data
        since, preset = said["since"], said["preset"]
        if preset == "changes" and since is None and not said["until"]:
            since = timezone.now() - LATELY
        return Question(
            log=cast("Log", said["log"]) or None,
            events=(said["event"],) if said["event"] else PRESETS.get(preset, ()),
            aggregate=said["aggregate"] or None,
            actor=said["actor"] or None,
            book=said["book_only"] or None,
            correlation=said["correlation"] or None,
            command=said["command"] or None,
            since=since,
            until=said["until"],
        )


def _slip(what: str, value: str | None, known: list[str]) -> str:
    return names.slip(what, value, known) if value else ""


# --- the list -----------------------------------------------------------------------------------------


@require_GET
@never_cache
@login_required
@permission_required(roles.EXPLORE, raise_exception=True)
def listed(request: HttpRequest) -> HttpResponse:
    """Events of both logs by filter, the newest first, a page at a time in both directions."""
    wanted = Wanted(request.GET)
    problems, found = wanted.problems(), searching.Found()
    if not problems:
        said = wanted.cleaned_data
        if said["position"]:
            return redirect("ledger-event", said["log"] or "governance", 0, said["position"])
        found, problems = _search(wanted)
    query_ = request.GET.copy()
    for name in ("before", "after"):
        query_.pop(name, None)
    context = {
        **page_context(request, "ledger"),
        "wanted": wanted,
        "problems": problems,
        "rows": [told(row) for row in found.rows],
        "looked_back": found.looked_back,
        "older": f"?{_with(query_, before=found.older)}" if found.older else "",
        "newer": f"?{_with(query_, after=found.newer)}" if found.newer else "",
        "newest": f"?{query_.urlencode()}" if wanted.data.get("before") or wanted.data.get("after") else "",
        "known": {"logs": LOGS, "events": sorted(audit.LOG_OF), "kinds": names.KINDS},
        "filtered": [(n, v) for n, v in query_.items() if n in wanted.fields and v],
        "exports": [(name, f"?{_with(query_, format=name)}") for name in FORMATS],
        "exported": EXPORTED,
        "verified": verifying.last(),
        "lately": not problems and wanted.cleaned_data["preset"] == "changes" and not wanted.cleaned_data["since"],
    }
    return render(request, "site/ledger.html", context, status=400 if problems else 200)


def _with(query_: QueryDict, **values: str) -> str:
    changed = query_.copy()
    for name, value in values.items():
        changed[name] = value
    return changed.urlencode()


def _search(wanted: Wanted) -> tuple[searching.Found, list[str]]:
    asked, said = wanted.question(), wanted.cleaned_data
    try:
        with reading() as connection:
            found = searching.search(connection, asked, said["before"], said["after"], PAGE)
            if not found.rows and not found.looked_back and (fault := searching.unknown(connection, asked)):
                return found, [fault]
            return found, []
    except psycopg.errors.QueryCanceled:
        return searching.Found(), ["This took too long: give a time, an event, a correlation or an aggregate's id."]
    except LedgerError as error:
        return searching.Found(), [str(error)]


def told(row: Row) -> Row:
    """A row of the view with what happened in words and where to go from it."""
    payload = row["payload"]
    keys = (payload.get(name, "") for name in ("decision_id", "deliberation_id", "order_id", "proposal_id"))
    return {**row, "text": _sentence(row), "why": next(filter(None, keys), ""), "caused": _uuid(row["causation_id"])}


def _sentence(row: Row) -> str:
    """A payload that somebody edited may be none of this event: then it is shown as it is."""
    try:
        state = query.payload(row)
        topic = f"{row['aggregate']}.{row['event']}"
        place = (row["aggregate_id"], row["version"], topic, state)
        event = MAPPER.event(
            *place, row["correlation_id"], row["causation_id"], row["actor"], row["book"], row["command_id"]
        )
    except (LedgerError, ValueError) as error:
        return f"This payload is none of a {row['event']}: {error}"
    recorded_at = int(row["recorded_at"].timestamp() * 1_000_000) * 1000
    return sentence(
        RecordedEvent(
            log=row["log"],
            partition=row["partition"],
            position=row["position"],
            event_id=str(row["event_id"]),
            recorded_at=recorded_at,
            event=event,
        )
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


# --- one event ----------------------------------------------------------------------------------------


@require_GET
@login_required
@permission_required(roles.EXPLORE, raise_exception=True)
def event(request: HttpRequest, log: str, partition: int, position: int) -> HttpResponse:
    """One event: its payload, its hashes, what caused it and what it caused."""
    if log not in LOGS or position >= 2**63 or partition >= 2**31:
        raise Http404(f"There is no log {log}: there are {' and '.join(LOGS)}.")
    with reading() as connection:
        rows = _rows(connection, "log = %s AND partition = %s AND position = %s", log, partition, position)
        if not rows:
            raise Http404(f"The {log} log has no position {position}.")
        row = rows[0]
        cause = _rows(connection, "event_id = %s", caused) if (caused := _uuid(row["causation_id"])) else []
        same = "correlation_id = %s AND causation_id = %s AND event_id <> %s"
        effects = _rows(connection, same, row["correlation_id"], str(row["event_id"]), row["event_id"])
        before = "log = %s AND partition = %s AND aggregate_id = %s AND version < %s"
        place = (log, partition, row["aggregate_id"], row["version"])
        earlier = _rows(connection, before, *place, order="version DESC", limit=1)
        later = _rows(connection, before.replace("<", ">"), *place, order="version", limit=1)
        following = _rows(connection, "log = %s AND partition = %s AND position = %s", log, partition, position + 1)
    context = {
        **page_context(request, "ledger"),
        "row": told(row),
        "pretty": _pretty(row),
        "causes": list(map(told, cause)),
        "effects": list(map(told, effects)),
        "earlier": earlier[0] if earlier else None,
        "later": later[0] if later else None,
        "previous": position - 1,
        "next": position + 1 if following else 0,
        "shown": RELATED,
    }
    return render(request, "site/ledger_event.html", context)


def _rows(
    connection: audit.Connection, condition: str, *values: Any, order: str = "log DESC, position", limit: int = RELATED
) -> list[Row]:
    """`condition` and `order` are of this module, never of a request."""
    asked = f"WITH chosen AS MATERIALIZED (SELECT * FROM ledger WHERE {condition} LIMIT {limit}) SELECT * FROM chosen"
    if limit == 1:
        asked = f"SELECT * FROM ledger WHERE {condition} ORDER BY {order} LIMIT 1"
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(asked.encode(), values).fetchall()
    return found if limit == 1 else sorted(found, key=audit.order_of)


def _pretty(row: Row) -> str:
    return json.dumps(row["payload"], indent=2, ensure_ascii=False, sort_keys=True)


# --- files --------------------------------------------------------------------------------------------


@require_GET
@never_cache
@login_required
@permission_required(roles.EXPLORE, raise_exception=True)
def export(request: HttpRequest) -> HttpResponseBase:
    """What was found as CSV or JSON lines, as `audit query` writes it; at most `EXPORTED` events, the newest first."""
    wanted, kind = Wanted(request.GET), request.GET.get("format", "csv")
    problems = wanted.problems()
    if fault := names.slip("format", kind, list(FORMATS)):
        problems.append(f"format: {fault}")
    if problems:
        return HttpResponse("\n".join(problems), status=400, content_type="text/plain; charset=utf-8")
    asked = replace(wanted.question(), limit=EXPORTED, newest=True)
    options = {name: getattr(asked, name) for name in asked.__struct_fields__}
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    out = TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    try:
        with reading(EXPORT_PATIENCE_S) as connection:
            query.run(connection, {**options, "format": kind, "archive": None}, out)
    except (CommandError, psycopg.errors.QueryCanceled) as error:
        out.close()
        return HttpResponse(f"{error}", status=400, content_type="text/plain; charset=utf-8")
    out.detach()
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"ledger.{kind}", content_type=FORMATS[kind])

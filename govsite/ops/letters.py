"""Dead letters: what was refused at a stream, why, what was in it, and what to do about it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import redis
from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from msgspec import Struct

from govsite.access.names import PREFIX
from govsite.ops import letter_words
from govsite.ops.frame import page_context
from govsite.ops.market import REDIS_PATIENCE_S
from govsite.ops.words import reason_words
from ledger.readmodel import moment
from streams import client
from streams.client import DEAD_LETTERS, FIELD, connect
from streams.envelope import LARGEST_ENTRY, Refused, decode
from streams.messages import Code, DeadLetter

PAGE = 50
CHUNK = 100
SCANNED = 1000  # of letters of up to 90 KiB, what one page may look through
EXCERPT = 2000
OTHERS_SHOWN = 20
CUT_AT = LARGEST_ENTRY // 2
ENTRY = re.compile(r"\A\d{1,15}-\d{1,15}\Z")
MISUSED = "before: give it as the page before had it"
TIMES = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"]
NO_TIME = "this is no time; give it as 2026-01-31T15:00, in UTC"
STREAMS = (client.TICKS, client.COMMANDS, client.DELIBERATIONS, client.LEDGER_GOVERNANCE, client.LEDGER_EXECUTION)


class Letter(Struct, frozen=True, kw_only=True):
    """An entry of the stream of dead letters; one that is no letter itself is shown with what it holds."""

    id: str
    code: str
    detail: str
    stream: str = ""
    entry_id: str = ""
    origin: str = ""
    at: datetime | None = None
    raw: bytes

    @property
    def words(self) -> str:
        return reason_words(self.code)

    @property
    def is_cut(self) -> bool:
        return len(self.raw) >= CUT_AT

    @property
    def excerpt(self) -> str:
        return letter_words.as_text(self.raw[:EXCERPT])

    @property
    def has_more(self) -> bool:
        return len(self.raw) > EXCERPT


class Folded(Struct, kw_only=True):
    """Letters that say the same of the same sender: the newest, and of the others how many and since when."""

    letter: Letter
    actor: str
    count: int = 1
    first_at: datetime | None = None
    others: list[tuple[str, datetime | None]] = []

    def add(self, letter: Letter) -> None:
        self.count += 1
        self.first_at = letter.at
        if len(self.others) < OTHERS_SHOWN:
            self.others.append((letter.id, letter.at))


class Wanted(forms.Form):
    """Which letters are looked for. Errors name the value and say what there is."""

    stream = forms.CharField(max_length=200, required=False)
    origin = forms.CharField(max_length=200, required=False)
    code = forms.CharField(max_length=64, required=False)
    since = forms.DateTimeField(required=False, input_formats=TIMES, error_messages={"invalid": NO_TIME})
    until = forms.DateTimeField(required=False, input_formats=TIMES, error_messages={"invalid": NO_TIME})
    each = forms.BooleanField(required=False)
    before = forms.RegexField(ENTRY, required=False, max_length=31, error_messages={"invalid": MISUSED})

    def clean_code(self) -> str:
        name = str(self.cleaned_data["code"])
        known = sorted(map(str, Code))
        if name and name not in known:
            raise forms.ValidationError(f"there is no {name}; there are: {', '.join(known)}")
        return name

    def problems(self) -> list[str]:
        return [
            message if message.startswith(f"{name}:") else f"{name}: {message}"
            for name, messages in self.errors.items()
            for message in map(str, messages)
        ]

    def takes(self, letter: Letter) -> bool:
        said = self.cleaned_data
        return all(said[name] in ("", getattr(letter, name)) for name in ("stream", "origin", "code"))


# --- the list ---------------------------------------------------------------------------------------


@require_GET
@never_cache
@login_required
@permission_required("governance.view_decision", raise_exception=True)
def listed(request: HttpRequest) -> HttpResponse:
    """The newest first, by filter; `?before=` goes on."""
    wanted = Wanted(request.GET)
    problems, trouble = wanted.problems(), ""
    folded: list[Folded] = []
    after, total = "", 0
    if not problems:
        try:
            with connect(settings.REDIS_URL, timeout_s=REDIS_PATIENCE_S) as connected:
                folded, after = search(connected, wanted)
                total = connected.xlen(DEAD_LETTERS)
        except (redis.RedisError, ValueError):
            trouble = "Redis does not answer"
    return render(
        request,
        "site/dead_letters.html",
        {
            **page_context(request, "dead-letters"),
            "wanted": wanted,
            "problems": problems,
            "trouble": trouble,
            "folded": folded,
            "total": total,
            "page_size": PAGE,
            "streams": STREAMS,
            "codes": sorted(map(str, Code)),
            "filtered": any(request.GET.get(name) for name in ("stream", "origin", "code", "since", "until")),
            "next": f"?{_with(request.GET, after)}" if after else "",
            "first": f"?{_with(request.GET, '')}" if request.GET.get("before") else "",
        },
        status=400 if problems else 200,
    )


def _with(query: QueryDict, before: str) -> str:
    kept = {name: value for name, value in query.items() if name not in ("before", "book") and value}
    return urlencode({**kept, "before": before} if before else kept)


def search(connected: redis.Redis, wanted: Wanted) -> tuple[list[Folded], str]:
    """A page of letters, those that say the same folded into one unless each is wanted, and where the next page begins
    ("" at the end). It looks through so many at most: a page may hold fewer than fit, and still go on."""
    said = wanted.cleaned_data
    low = _id_of(said["since"]) if said["since"] else "-"
    high = f"({said['before']}" if said["before"] else _last_of(said["until"]) if said["until"] else "+"
    found: dict[tuple[str, ...], Folded] = {}
    last = ""
    for _ in range(SCANNED // CHUNK):
        entries: Any = connected.xrevrange(DEAD_LETTERS, max=high, min=low, count=CHUNK)
        for entry_id, fields in entries:
            letter = letter_of(entry_id.decode(), fields.get(FIELD, b""))
            if wanted.takes(letter):
                actor = sender(letter)
                key = _alike(letter, "" if said["each"] else actor)
                if key in found:
                    found[key].add(letter)
                elif len(found) == PAGE:
                    return [*found.values()], last
                else:
                    found[key] = Folded(letter=letter, actor=actor, first_at=letter.at)
            last = letter.id
        if len(entries) < CHUNK:
            return [*found.values()], ""
        high = f"({entries[-1][0].decode()}"
    return [*found.values()], last


def sender(letter: Letter) -> str:
    """Who sent the message that was refused, "" where it cannot be read."""
    try:
        return decode(letter.raw, limit=len(letter.raw) + 1).actor
    except Refused:
        return ""


def _alike(letter: Letter, actor: str) -> tuple[str, ...]:
    """A program that is refused goes on sending; what a person sent, or nobody can read, stands for itself."""
    if not actor or actor.startswith(PREFIX):
        return (letter.id,)
    return (letter.code, letter.stream, letter.origin, actor)


def _id_of(at: datetime) -> str:
    return f"{max(0, int(at.timestamp() * 1000))}-0"


def _last_of(at: datetime) -> str:
    return f"({max(0, int(at.timestamp() * 1000))}-0"


def letter_of(entry_id: str, raw: bytes) -> Letter:
    try:
        body = decode(raw, limit=4 * len(raw) + 1).body
    except Refused as refusal:
        return Letter(id=entry_id, code="UNDECODABLE", detail=refusal.detail, raw=raw)
    if not isinstance(body, DeadLetter):
        return Letter(id=entry_id, code="UNDECODABLE", detail="this is no dead letter", raw=raw)
    return Letter(
        id=entry_id,
        code=str(body.code),
        detail=body.detail,
        stream=body.stream,
        entry_id=body.entry_id,
        origin=body.origin,
        at=moment(body.at),
        raw=body.raw,
    )


# --- one letter -------------------------------------------------------------------------------------


def read(entry_id: str) -> Letter:
    """Raises Http404 where it is not kept any more, redis.RedisError where nobody can say."""
    if not ENTRY.fullmatch(entry_id):
        raise Http404("There is no such dead letter.")
    with connect(settings.REDIS_URL, timeout_s=REDIS_PATIENCE_S) as connected:
        entries: Any = connected.xrange(DEAD_LETTERS, min=entry_id, max=entry_id)
    if not entries:
        raise Http404("There is no such dead letter: only the newest 10,000 are kept.")
    return letter_of(entry_id, entries[0][1].get(FIELD, b""))

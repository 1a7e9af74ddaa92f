"""Two pages of the site: live, and dead letters."""

from __future__ import annotations

import base64
import time
from typing import Any

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from govsite.live.snapshot import snapshot
from govsite.ops.frame import page_context
from govsite.ops.market import REDIS_PATIENCE_S
from govsite.ops.words import for_browser, reason_words
from ledger.readmodel import moment
from streams.client import DEAD_LETTERS, FIELD, connect
from streams.envelope import Refused, decode
from streams.messages import DeadLetter

LETTERS = 200
RAW_SHOWN = 4000


@require_GET
@login_required
def live(request: HttpRequest) -> HttpResponse:
    return render(request, "site/live.html", {**page_context(request, "live"), "words": for_browser()})


@require_GET
@login_required
def live_snapshot(request: HttpRequest) -> HttpResponse:
    """The snapshot of the live socket by HTTP, from PostgreSQL alone: for when there is no socket."""
    return JsonResponse(snapshot(request.GET.get("book", "")))


@require_GET
@login_required
@permission_required("governance.view_decision", raise_exception=True)
def dead_letters(request: HttpRequest) -> HttpResponse:
    """The newest refused messages, with the bytes as they came; `?code=` picks one reason."""
    code = request.GET.get("code", "")
    try:
        letters, total = _newest_letters()
        trouble = ""
    except redis.RedisError as error:
        letters, total, trouble = [], 0, str(error)
    codes = sorted({letter["code"] for letter in letters})
    shown = [letter for letter in letters if code in ("", letter["code"])]
    context = {"letters": shown, "codes": codes, "code": code, "total": total, "trouble": trouble}
    return render(request, "site/dead_letters.html", {**page_context(request, "dead-letters"), **context})


def _newest_letters() -> tuple[list[dict[str, Any]], int]:
    with connect(settings.REDIS_URL, timeout_s=REDIS_PATIENCE_S) as connected:
        entries: Any = connected.xrevrange(DEAD_LETTERS, count=LETTERS)
        total: Any = connected.xlen(DEAD_LETTERS)
    return [_letter(entry_id.decode(), fields.get(FIELD, b"")) for entry_id, fields in entries], int(total)


def _letter(entry_id: str, raw: bytes) -> dict[str, Any]:
    """A letter as it is shown; one that cannot be read itself is shown as its bytes."""
    try:
        body = decode(raw, limit=4 * len(raw) + 1).body
    except Refused as refusal:
        body = None
        problem = refusal.detail
    if not isinstance(body, DeadLetter):
        detail = problem if body is None else "not a dead letter"
        return {"id": entry_id, "code": "UNDECODABLE", "detail": detail, "raw": _readable(raw), "words": ""}
    return {
        "id": entry_id,
        "code": str(body.code),
        "words": reason_words(str(body.code)),
        "detail": body.detail,
        "stream": body.stream,
        "entry_id": body.entry_id,
        "origin": body.origin,
        "at": moment(body.at),
        "age_s": (time.time_ns() - body.at) / 1e9,
        "raw": _readable(body.raw),
        "cut": len(body.raw) > RAW_SHOWN,
    }


def _readable(raw: bytes) -> str:
    """Text where it is text, else base64."""
    try:
        return raw[:RAW_SHOWN].decode("utf-8")
    except UnicodeDecodeError:
        return base64.b64encode(raw[:RAW_SHOWN]).decode()

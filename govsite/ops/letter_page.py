"""One dead letter, and sending it again: an operator's command only, under its own id, by who sends it now."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, get_args
from urllib.parse import urlencode

import msgspec
import redis
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from msgspec import Struct

from governance.models import Book
from govsite.ops import letter_words, letters, sending
from govsite.ops.frame import page_context
from govsite.ops.letters import Letter
from govsite.ops.posting import by_form
from govsite.ops.words import reason_words
from ledger import outbox
from ledger.models import InboxCommand
from streams import messages as m
from streams.client import COMMANDS
from streams.commands import FeedCommand, OperatorCommand
from streams.envelope import Envelope, Refused, decode, encode
from streams.partitions import plain

LONGEST_REASON = 500
ANSWERS = {"DUPLICATE": "it was consumed before"}
RIGHTS: dict[type[Any], str] = {
    m.ResumeTrading: "governance.resume_trading",
    m.RequestChange: "governance.request_change",
    m.ApproveChange: "governance.approve_change",
    m.RefuseChange: "governance.approve_change",
    m.ReleaseHold: "governance.decide_hold",
    m.RefuseHold: "governance.decide_hold",
    m.SuspendInstrument: "governance.suspend_instrument",
    m.LiftSuspension: "governance.suspend_instrument",
    m.ClearBreaker: "governance.acknowledge_alarm",
    m.AcknowledgeAlarm: "governance.acknowledge_alarm",
    m.Flatten: "execution.flatten_book",
    m.CancelOrder: "execution.cancel_order",
    m.MoveCash: "execution.move_cash",
    m.AdjustPosition: "execution.move_cash",
    m.Reconcile: "execution.reconcile_book",
}
"""Who sends a command again needs the right that the command itself needs."""

log = logging.getLogger("govsite.security")


class Verdict(Struct, frozen=True):
    """Whether a letter can be sent again; `words` say what it is, or why not."""

    envelope: Envelope | None
    words: str


@require_GET
@never_cache
@login_required
@permission_required("governance.view_decision", raise_exception=True)
def letter(request: HttpRequest, entry_id: str) -> HttpResponse:
    """What was in it, decoded where it can be, and what to do."""
    context = page_context(request, "dead-letters")
    try:
        found = letters.read(entry_id)
    except (redis.RedisError, ValueError):
        trouble = {"trouble": "Redis does not answer", "entry_id": entry_id}
        return render(request, "site/dead_letter.html", {**context, **trouble}, status=503)
    content = letter_words.content(found.raw)
    return render(
        request,
        "site/dead_letter.html",
        {
            **context,
            **sending.told(request, ANSWERS),
            "letter": found,
            "content": content,
            "next": letter_words.what_next(found.code),
            "age_ms": None if found.at is None else (timezone.now() - found.at).total_seconds() * 1000,
            "verdict": verdict(found),
            "may": request.user.has_perm("ledger.resubmit_letter"),
            "back": reverse("dead-letters"),
            "around": list(_around(found)),
        },
    )


def _around(found: Letter) -> Iterator[tuple[str, str]]:
    """Letters like it."""
    for name in ("code", "stream", "origin"):
        if value := getattr(found, name):
            yield f"{name} {value}", urlencode({name: value})


# --- sending it again -------------------------------------------------------------------------------


def verdict(letter: Letter) -> Verdict:
    if letter.is_cut:
        return Verdict(None, f"Only its first {letters.CUT_AT // 1024} KiB were kept, so it is not whole.")
    if plain(letter.stream) != COMMANDS:
        return Verdict(None, f"It came by {letter.stream or 'no known stream'}: only commands are sent again.")
    try:
        envelope = decode(letter.raw)
    except Refused as refusal:
        return Verdict(None, f"It cannot be read as a command ({refusal.code}), so it would be refused again.")
    return _command(envelope)


def _command(envelope: Envelope) -> Verdict:
    kind = type(envelope.body)
    if kind in get_args(m.AgentCommand):
        return Verdict(None, "It is an agent's: what it saw then has passed, and only the agent speaks for its seat.")
    if kind in get_args(FeedCommand):
        return Verdict(None, "It is the feed's, which tells anew whatever still holds.")
    if kind not in get_args(OperatorCommand):
        return Verdict(None, f"{kind.__name__} is no operator's command: who made it makes it anew.")
    if not Book.objects.filter(book=envelope.book).exists():
        named = f"There is no book {envelope.book}" if envelope.book else "It names no book"
        return Verdict(None, f"{named}: the governor would refuse it again, for ever.")
    if answered := InboxCommand.objects.filter(command_id=envelope.id).first():
        return Verdict(None, f"The governor has answered it ({_spoken(answered.result)}): give a new command instead.")
    status = outbox.status(connection, envelope.id)
    if status == outbox.WAITING:
        return Verdict(None, "The outbox holds it and sends it by itself every 2 s until the governor has answered.")
    if status is not None:
        return Verdict(None, f"It was answered ({_spoken(status)}): give a new command instead.")
    return Verdict(envelope, f"{kind.__name__} for book {envelope.book}, first sent by {envelope.actor}.")


def _spoken(result: str) -> str:
    verdict, _, code = result.partition(":")
    return f"{verdict}: {reason_words(code)}" if code else verdict


@by_form("dead-letters")
def resubmit(request: HttpRequest, entry_id: str) -> HttpResponse:
    """In the name of who asks, who needs the right to send letters again and the right of that command. The same id
    makes it one command, whoever else sends it, and however often."""
    sending.may(request, "ledger.resubmit_letter", "send dead letters again")
    back = reverse("dead-letter", args=[entry_id])
    try:
        judged = verdict(letters.read(entry_id))
    except (redis.RedisError, ValueError):
        return _refused(request, back, "Redis does not answer, so the letter cannot be read: nothing was sent.", 503)
    envelope = judged.envelope
    if envelope is None:
        return _refused(request, back, f"It was not sent again. {judged.words}", 409)
    right = RIGHTS.get(type(envelope.body))
    if right is None or not request.user.has_perm(right):
        log.warning("%s may not send %s again", request.user.get_username(), type(envelope.body).__name__)
        raise PermissionDenied(f"You may not give this command: it needs the right {right or 'to do it'}.")
    form = sending.ReasonForm(request.POST)
    if not sending.in_order(request, form):
        errors = " ".join(str(error) for found in form.errors.values() for error in found)
        return _refused(request, back, errors, 400)
    body = _with_reason(envelope.body, form.cleaned_data["reason"])
    try:
        decode(encode(msgspec.structs.replace(envelope, body=body, actor=sending.actor(request))))
    except Refused as refusal:
        return _refused(request, back, f"It was not sent again: {refusal.detail}.", 409)
    sending.enqueue(request, envelope.book, body, command_id=envelope.id)
    sending.wait(envelope.id)
    return redirect(f"{back}?command={envelope.id}")


def _with_reason(body: Any, reason: str) -> Any:
    """The reason of now, and after it the first one: both are kept in the ledger."""
    first = f" (a dead letter sent again; its reason was: {body.reason})"
    return msgspec.structs.replace(body, reason=f"{reason}{first}"[:LONGEST_REASON])


def _refused(request: HttpRequest, back: str, why: str, status: int) -> HttpResponse:
    context = {**page_context(request, "dead-letters"), "back": back, "errors": [why]}
    return render(request, "site/not_decided.html", context, status=status)

"""An operator's command from a page: a permission, a reason, the outbox, and what the governor answered."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from django import forms
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from govsite.access import roles, second_factor
from govsite.access.names import LONGEST_ACTOR as LONGEST_ACTOR
from govsite.access.names import PREFIX
from govsite.ops import catching_up
from govsite.ops.frame import page_context
from govsite.ops.words import reason_words
from ledger import outbox
from streams.envelope import Envelope
from streams.messages import Command

PATIENCE_S = 1.0
UNSEEN = "Accepted; this page still shows the state before it."

log = logging.getLogger("govsite.security")


class ReasonForm(forms.Form):
    """Every command has a reason; forms with more to say extend it. The same `token` with the same contents is one
    command however often the form is sent. A form without one, which no page has, is a command each time."""

    token = forms.UUIDField(required=False, widget=forms.HiddenInput)
    reason = forms.CharField(
        max_length=500, strip=True, error_messages={"required": "A reason is needed: it is kept in the ledger."}
    )


def actor(request: HttpRequest) -> str:
    return f"{PREFIX}{request.user.get_username()}"


def may(request: HttpRequest, permission: str, what: str) -> None:
    """Raises PermissionDenied, in words, for who may not do it; SecondFactorNeeded, which leads there, for who has yet
    to prove that it is them. Halting needs no such proof: stopping comes first."""
    if not request.user.has_perm(permission):
        log.warning("%s may not %s", request.user.get_username(), what)
        raise PermissionDenied(f"You may not {what}.")
    if permission != roles.HALT:
        second_factor.require(request)


def send(
    request: HttpRequest, page: str, back: str, book: str, body: Callable[[dict[str, Any]], Command], form: forms.Form
) -> HttpResponse:
    """Keeps the command that `body` makes of the cleaned form, waits a moment for its answer, and goes `back` (an
    address) where `told` says what is known of it. A form that is not in order is said with status 400."""
    if not in_order(request, form):
        errors = [str(error) for messages in form.errors.values() for error in messages]
        context = {**page_context(request, page), "back": back, "errors": errors}
        return render(request, "site/not_decided.html", context, status=400)
    command, token = body(form.cleaned_data), form.cleaned_data.get("token")
    said = f"{actor(request)}\x1f{book}\x1f{msgspec.json.encode(command).decode()}"
    command_id = enqueue(request, book, command, str(uuid.uuid5(token, said)) if token else "")
    wait(command_id)
    return redirect(f"{back}{'&' if '?' in back else '?'}command={command_id}")


def in_order(request: HttpRequest, form: forms.Form) -> bool:
    """Whether the form and the name of who sends it can go into the ledger; the form says what cannot."""
    if form.is_valid() and len(actor(request)) > LONGEST_ACTOR:
        form.add_error(None, f"Your name in the ledger would be longer than {LONGEST_ACTOR} characters.")
    return form.is_valid()


def enqueue(request: HttpRequest, book: str, body: Command, command_id: str = "") -> str:
    """The id of the command, now in the outbox: the relay sends it until the governor's inbox has it. The same
    `command_id` twice is one command; without one it gets a new one."""
    command_id = command_id or str(uuid.uuid4())
    envelope = Envelope(id=command_id, body=body, actor=actor(request), sent_at=time.time_ns(), book=book)
    outbox.enqueue(connection, envelope)
    return envelope.id


def wait(command_id: str) -> str | None:
    """What the governor answered, as `ledger.outbox` says it; WAITING when it has not within the time. What is left of
    the time the read models have to catch up with it, so that the page that follows shows it."""
    deadline = time.monotonic() + PATIENCE_S
    result = outbox.wait(connection, command_id, PATIENCE_S)
    if result != outbox.WAITING:
        catching_up.wait(command_id, deadline)
    return result


def told(request: HttpRequest, answers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What became of the command that this page was sent to from; `answers` are words for codes on this page. Asked
    before the page reads what it shows, for a page must not claim to show what it read too early."""
    command_id = request.GET.get("command", "").replace("\0", "")  # PostgreSQL takes no such text
    result = outbox.status(connection, command_id) if command_id else None
    if result is None:
        return {}
    if result == outbox.WAITING:
        return {"told": "The governor has not answered yet; it will, when it runs.", "told_look": ""}
    verdict, _, code = result.partition(":")
    if not code:
        if catching_up.is_unseen(command_id):
            return {"told": UNSEEN, "told_look": "warn", "told_again": request.get_full_path()}
        return {"told": "Accepted.", "told_look": ""}
    words = (answers or {}).get(code) or reason_words(code)
    return {"told": f"{verdict.capitalize()}: {words}.", "told_look": "error"}

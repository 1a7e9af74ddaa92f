"""A form that asks for a change of a book: checked, tried on the last decisions, sent once, never over another's."""

from __future__ import annotations

import time
import uuid
from typing import Any, cast

import msgspec
from django import forms
from django.contrib import admin
from django.db.models import Max
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render

from governance.models import ChangeRequest
from govsite.govern import lists
from govsite.govern.trying import NotTried, Unsound, previewed
from govsite.ops import sending
from govsite.ops.claiming import claim, sender
from streams.changes import Change
from streams.envelope import Envelope, Refused, decode, encode
from streams.messages import RequestChange

OPEN = ("requested", "approved")
SHOWN = 10
SENT, CONFLICT = 302, 409
ANSWERS = {
    "NO_CHANGE": "it is so already",
    "INVALID": "as the book is now this cannot be",
    "DUPLICATE": "there is one of this name already",
    "UNKNOWN_AGENT": "there is no such seat by now",
    "NOT_ENTITLED": "only operators may do this",
}


class ChangeForm(sending.ReasonForm):
    """`opened_at` is what the form was filled in against, `token` makes the same form sent twice one command."""

    opened_at = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    token = forms.UUIDField(widget=forms.HiddenInput)


class Asked(msgspec.Struct, frozen=True):
    """`status` of the page that follows: 200 checked, 302 sent as `command_id`, 400 and 503 with the errors at the
    form, 409 where the book moved since the form was opened."""

    status: int
    command_id: str = ""
    preview: tuple[str, ...] = ()

    def back(self, address: str) -> HttpResponse:
        return redirect(f"{address}{'&' if '?' in address else '?'}command={self.command_id}")


def opened(position: int) -> dict[str, Any]:
    """What the hidden fields of a form begin with."""
    return {"opened_at": position, "token": uuid.uuid4()}


def ask(request: HttpRequest, book: str, form: ChangeForm, change: Change, now_at: int) -> Asked:
    """Asks for the change that a valid form says; `now_at` is what `opened_at` would be by now. With `check` in what
    was sent it is only tried."""
    if not sending.in_order(request, form):
        return Asked(400)
    checks = "check" in request.POST
    if not checks and (command_id := sent_as(request, book, form, change)):
        return Asked(SENT, command_id)
    if not checks and form.cleaned_data["opened_at"] != now_at:
        return Asked(CONFLICT)
    try:
        found = previewed(book, change)
    except Unsound as error:
        form.add_error(None, str(error))
        return Asked(400)
    except NotTried as error:
        form.add_error(None, str(error))
        return Asked(503)
    if checks:
        return Asked(200, preview=tuple(lists.preview(found)) if found else ())
    reason = form.cleaned_data["reason"]
    body = RequestChange(change_id=_id(request, form, change), change=change, reason=reason, preview=found)
    return _sent(request, book, form, body)


def posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def page(request: HttpRequest, name: str, context: dict[str, Any], asked: Asked) -> HttpResponse:
    """`context` has the heading, and the address that the form is sent to."""
    shared = {**admin.site.each_context(request), **sending.told(request, ANSWERS), "title": context["heading"]}
    came = {"preview": asked.preview, "conflict": asked.status == CONFLICT}
    return render(request, f"admin/governance/{name}.html", {**shared, **came, **context}, status=asked.status)


def _sent(request: HttpRequest, book: str, form: ChangeForm, body: RequestChange) -> Asked:
    command_id = claim(book, body.change, form.cleaned_data["opened_at"], body.change_id)
    if not command_id:
        return Asked(CONFLICT)
    envelope = Envelope(id=command_id, body=body, actor=sending.actor(request), sent_at=time.time_ns(), book=book)
    try:
        decode(encode(envelope))
    except Refused as refusal:  # what cannot be read gets no answer
        form.add_error(None, f"{refusal.code}: {refusal.detail}")
        return Asked(400)
    sending.enqueue(request, book, body, command_id)
    if sender(command_id) != body.change_id:
        return Asked(CONFLICT)
    sending.wait(command_id)
    return Asked(SENT, command_id)


def sent_as(request: HttpRequest, book: str, form: ChangeForm, change: Change) -> str:
    """The id of the command that this form was sent as, "" when it has not been."""
    change_id = _id(request, form, change)
    command_id = claim(book, change, form.cleaned_data["opened_at"], change_id)
    return command_id if command_id and sender(command_id) == change_id else ""


def _id(request: HttpRequest, form: ChangeForm, change: Change) -> str:
    """Of the request: the same form sent twice is the same one; with other contents it is another."""
    said = msgspec.json.encode([sending.actor(request), form.cleaned_data["reason"], change]).decode()
    return str(uuid.uuid5(form.cleaned_data["token"], said))


def pending(book: str, **about: str) -> list[ChangeRequest]:
    """The newest changes that wait and say `about`, for example of a rule or of an agent."""
    found = ChangeRequest.objects.filter(book=book, status__in=OPEN, **_said(about))
    return list(found.order_by("-requested_at")[:SHOWN])


def moved_at(book: str, position: int, **about: str) -> int:
    """Grows with every change of a row at the ledger position `position` and every request about it."""
    newest = ChangeRequest.objects.filter(book=book, **_said(about)).aggregate(at=Max("ledger_position"))["at"]
    return max(position, cast(int, newest or 0))


def _said(about: dict[str, str]) -> dict[str, str]:
    return {f"change__{name}": value for name, value in about.items()}

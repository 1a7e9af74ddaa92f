"""One request for a change in the admin: what it is, who asked, its clock, and another operator's answer."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from governance.models import Book, ChangeRequest
from govsite.govern.words import change_words
from govsite.ops import sending
from govsite.ops.change_asking import CONFLICT, OPEN, ChangeForm, opened
from ledger import outbox
from streams.messages import ApproveChange, RefuseChange

RIGHT, WORDS = "governance.approve_change", "approve or refuse changes"
ANSWERS = {
    "NO_CHANGE": "somebody has approved it already",
    "SAME_PERSON": "you asked for it, so another operator approves it",
    "UNKNOWN_CHANGE": "it no longer waits",
    "NOT_ENTITLED": "only operators may do this",
}
KINDS: dict[str, type[ApproveChange | RefuseChange]] = {"approve": ApproveChange, "refuse": RefuseChange}


class VerdictForm(ChangeForm):
    verdict = forms.ChoiceField(choices=[(name, name) for name in KINDS])


def page(request: HttpRequest, aggregate_id: uuid.UUID) -> HttpResponse:
    if not request.user.has_perm("governance.view_changerequest"):
        raise PermissionDenied("You may not see changes.")
    row = get_object_or_404(ChangeRequest, aggregate_id=aggregate_id)
    form = VerdictForm(initial=opened(row.ledger_position))
    status = 200
    if request.method == "POST":
        sending.may(request, RIGHT, WORDS)
        form = VerdictForm(request.POST)
        if not sending.in_order(request, form):
            status = 400
        elif command_id := _decided(request, form, row):
            return redirect(f"{reverse('change-page', args=[row.aggregate_id])}?command={command_id}")
        else:
            status = CONFLICT
    return render(request, "admin/governance/change.html", _shown(request, row, form, status), status=status)


def _decided(request: HttpRequest, form: VerdictForm, row: ChangeRequest) -> str:
    """The id of the command, the same for the same form sent twice; "" where the request moved on since it was
    opened. That nobody approves what they asked for is the governor's to say: it is asked all the same."""
    said = form.cleaned_data
    command_id = str(uuid.uuid5(said["token"], f"{said['verdict']}\x1f{sending.actor(request)}\x1f{said['reason']}"))
    if outbox.status(connection, command_id):
        return command_id
    if said["opened_at"] != row.ledger_position:
        return ""
    body = KINDS[said["verdict"]](change_id=row.change_id, reason=said["reason"])
    sending.enqueue(request, row.book, body, command_id)
    sending.wait(command_id)
    return command_id


def _shown(request: HttpRequest, row: ChangeRequest, form: VerdictForm, status: int) -> dict[str, Any]:
    own = row.who == sending.actor(request)
    waits, may = row.status in OPEN, request.user.has_perm(RIGHT)
    book = Book.objects.filter(book=row.book).first()
    return {
        **admin.site.each_context(request),
        **sending.told(request, ANSWERS),
        "title": f"Change: {change_words(row.change)}",
        "row": row,
        "form": form,
        "own": own,
        "conflict": status == CONFLICT,
        "address": reverse("change-page", args=[row.aggregate_id]),
        "waits": waits,
        "may_approve": waits and may and not own and row.status == "requested",
        "may_refuse": waits and may,
        "timelock_s": book.terms.get("timelock_s") if book else None,
    }

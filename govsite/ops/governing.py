"""Pages of governing: agents with their record, changes and holds that wait, and the operators' decisions on them."""

from __future__ import annotations

import time
import uuid
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from governance.domain import performance as measures
from governance.models import ChangeRequest, Hold, Seat
from govsite.govern.words import change_words
from govsite.ops import performance, plots
from govsite.ops.commanding import LONGEST_ACTOR
from govsite.ops.pages import page_context
from govsite.ops.words import reason_words
from ledger import outbox
from streams.envelope import Envelope
from streams.messages import ApproveChange, Command, RefuseChange, RefuseHold, ReleaseHold

CLOSED_SHOWN = 30
PATIENCE_S = 1.0
POLL_S = 0.02
SEAT_LOOKS = {"seated": "good", "shadow": "accent", "suspended": "bad"}
CHANGE_LOOKS = {"requested": "accent", "approved": "warn", "enacted": "good", "refused": "bad"}
HOLD_LOOKS = {"held": "warn", "released": "good", "refused": "bad"}
DECIDING = {
    "NO_CHANGE": "somebody has approved it already",
    "NOT_ENTITLED": "only operators may do this",
}
_scored = performance.Scored()


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=500, strip=True, error_messages={"required": "A reason is needed: it is kept in the ledger."}
    )


# --- agents -----------------------------------------------------------------------------------------


@require_GET
@login_required
@permission_required("governance.view_seat", raise_exception=True)
def agents(request: HttpRequest) -> HttpResponse:
    """The council with each seat's standing, and the council's regret with its bound."""
    context = page_context("agents")
    seats = Seat.objects.filter(book=context["book"]).order_by("-weight_ppm", "agent")
    rows = [{"row": seat, "look": SEAT_LOOKS.get(seat.status, "")} for seat in seats]
    return render(request, "site/agents.html", {**context, "seats": rows, "regret": _scored.regret(context["book"])})


@require_GET
@login_required
@permission_required("governance.view_seat", raise_exception=True)
def agent(request: HttpRequest, name: str) -> HttpResponse:
    """One agent: weight over time, Brier, calibration, its vetoes' worth, its proposals with their outcome."""
    if "\0" in name:  # PostgreSQL takes no such text
        raise Http404("There is no such agent.")
    context = page_context("agents")
    book = context["book"]
    seat = get_object_or_404(Seat, book=book, agent=name)
    rows, given = performance.weights(book, name), performance.forecasts(book, name)
    bins = measures.calibration(given)
    return render(
        request,
        "site/agent.html",
        {
            **context,
            "seat": seat,
            "look": SEAT_LOOKS.get(seat.status, ""),
            "weights": plots.weight_plot(rows),
            "forecasts": len(given),
            "brier": measures.brier(given),
            "bins": bins,
            "calibration": plots.calibration_plot(bins),
            "regret": _scored.regret(book),
            "vetoes": performance.vetoes(book, name) if seat.veto else None,
            "proposals": performance.proposals_of(book, name),
        },
    )


# --- changes and holds ------------------------------------------------------------------------------


@require_GET
@login_required
@permission_required("governance.view_changerequest", raise_exception=True)
def changes(request: HttpRequest) -> HttpResponse:
    context = page_context("changes")
    found = ChangeRequest.objects.filter(book=context["book"])
    rows = [*found.filter(status__in=("requested", "approved")).order_by("requested_at")]
    closed = found.exclude(status__in=("requested", "approved")).order_by("-closed_at")[:CLOSED_SHOWN]
    me = f"operator:{request.user.get_username()}"
    return render(
        request,
        "site/changes.html",
        {
            **context,
            **_told(request),
            "may": request.user.has_perm("governance.approve_change"),
            "open": [{**_shown(row), "own": row.who == me} for row in rows],
            "closed": [_shown(row) for row in closed],
        },
    )


def _shown(row: ChangeRequest) -> dict[str, Any]:
    return {"row": row, "look": CHANGE_LOOKS[row.status], "words": change_words(row.change)}


@require_GET
@login_required
@permission_required("governance.view_hold", raise_exception=True)
def holds(request: HttpRequest) -> HttpResponse:
    context = page_context("holds")
    found = Hold.objects.filter(book=context["book"])
    return render(
        request,
        "site/holds.html",
        {
            **context,
            **_told(request),
            "may": request.user.has_perm("governance.decide_hold"),
            "open": found.filter(status="held").order_by("until"),
            "closed": [
                {"row": row, "look": HOLD_LOOKS.get(row.status, "")}
                for row in found.exclude(status="held").order_by("-ended_at")[:CLOSED_SHOWN]
            ],
        },
    )


@require_POST
@login_required
def decide_change(request: HttpRequest, change_id: str, verdict: str) -> HttpResponse:
    """`verdict`: approve or refuse."""
    _may(request, "governance.approve_change", "approve or refuse changes")
    change = get_object_or_404(ChangeRequest.objects.order_by("-requested_at"), change_id=change_id)
    kind = {"approve": ApproveChange, "refuse": RefuseChange}[verdict]
    return _decide(request, "changes", change.book, lambda reason: kind(change_id=change_id, reason=reason))


@require_POST
@login_required
def decide_hold(request: HttpRequest, decision_id: str, verdict: str) -> HttpResponse:
    """`verdict`: release or refuse."""
    _may(request, "governance.decide_hold", "release or refuse held decisions")
    hold = get_object_or_404(Hold, pk=decision_id)
    kind = {"release": ReleaseHold, "refuse": RefuseHold}[verdict]
    return _decide(request, "holds", hold.book, lambda reason: kind(decision_id=decision_id, reason=reason))


def _decide(request: HttpRequest, page: str, book: str, command: Any) -> HttpResponse:
    """Keeps the command, waits a moment for its answer, and shows the page with what is known of it."""
    form = ReasonForm(request.POST)
    actor = f"operator:{request.user.get_username()}"
    if form.is_valid() and len(actor) > LONGEST_ACTOR:
        form.add_error(None, f"Your name in the ledger would be longer than {LONGEST_ACTOR} characters.")
    if not form.is_valid():
        errors = [str(error) for messages in form.errors.values() for error in messages]
        context = {**page_context(page), "back": reverse(page), "errors": errors}
        return render(request, "site/not_decided.html", context, status=400)
    body: Command = command(form.cleaned_data["reason"])
    envelope = Envelope(id=str(uuid.uuid4()), body=body, actor=actor, sent_at=time.time_ns(), book=book)
    outbox.enqueue(connection, envelope)
    deadline = time.monotonic() + PATIENCE_S
    while outbox.status(connection, envelope.id) == outbox.WAITING and time.monotonic() < deadline:
        time.sleep(POLL_S)
    return redirect(f"{reverse(page)}?command={envelope.id}")


def _told(request: HttpRequest) -> dict[str, Any]:
    """What became of the command that this page was sent to from."""
    command_id = request.GET.get("command", "")
    result = outbox.status(connection, command_id) if command_id else None
    if result is None:
        return {}
    if result == outbox.WAITING:
        return {"told": "The governor has not answered yet; it will, when it runs.", "told_look": ""}
    verdict, _, code = result.partition(":")
    if not code:
        return {"told": "Accepted.", "told_look": ""}
    return {"told": f"{verdict.capitalize()}: {DECIDING.get(code) or reason_words(code)}.", "told_look": "error"}


def _may(request: HttpRequest, permission: str, what: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied(f"You may not {what}.")

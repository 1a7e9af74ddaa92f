"""Pages of governing: agents with their record, changes and holds that wait, and the operators' decisions on them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from governance.domain import performance as measures
from governance.models import ChangeRequest, Hold, Seat
from govsite.govern.words import change_words
from govsite.ops import performance, plots
from govsite.ops.frame import page_context
from govsite.ops.posting import by_form
from govsite.ops.sending import ReasonForm, actor, may, send, told
from streams.messages import ApproveChange, RefuseChange, RefuseHold, ReleaseHold

CLOSED_SHOWN = 30
SEAT_LOOKS = {"seated": "good", "shadow": "accent", "suspended": "bad"}
CHANGE_LOOKS = {"requested": "accent", "approved": "warn", "enacted": "good", "refused": "bad"}
HOLD_LOOKS = {"held": "warn", "released": "good", "refused": "bad"}
DECIDING = {
    "NO_CHANGE": "somebody has approved it already",
    "NOT_ENTITLED": "only operators may do this",
}
_scored = performance.Scored()


def may_ask(request: HttpRequest) -> bool:
    """Whether the forms of the admin, which is for staff, take a request for a change."""
    return bool(request.user.is_staff and request.user.has_perm("governance.request_change"))


# --- agents -----------------------------------------------------------------------------------------


@require_GET
@login_required
@permission_required("governance.view_seat", raise_exception=True)
def agents(request: HttpRequest) -> HttpResponse:
    """The council with each seat's standing, and the council's regret with its bound."""
    context = page_context(request, "agents")
    seats = Seat.objects.filter(book=context["book"]).order_by("-weight_ppm", "agent")
    rows = [{"row": seat, "look": SEAT_LOOKS.get(seat.status, "")} for seat in seats]
    return render(
        request,
        "site/agents.html",
        {**context, "may_ask": may_ask(request), "seats": rows, "regret": _scored.regret(context["book"])},
    )


@require_GET
@login_required
@permission_required("governance.view_seat", raise_exception=True)
def agent(request: HttpRequest, name: str) -> HttpResponse:
    """One agent: weight over time, Brier, calibration, its vetoes' worth, its proposals with their outcome."""
    if "\0" in name:  # PostgreSQL takes no such text
        raise Http404("There is no such agent.")
    context = page_context(request, "agents")
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
            "may_ask": may_ask(request),
            "own": actor(request) in seat.suspended_by,
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
    context = {**page_context(request, "changes"), **told(request, DECIDING)}
    found = ChangeRequest.objects.filter(book=context["book"])
    rows = [*found.filter(status__in=("requested", "approved")).order_by("requested_at")]
    closed = found.exclude(status__in=("requested", "approved")).order_by("-closed_at")[:CLOSED_SHOWN]
    me = actor(request)
    return render(
        request,
        "site/changes.html",
        {
            **context,
            "may": request.user.has_perm("governance.approve_change"),
            "may_ask": may_ask(request),
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
    context = {**page_context(request, "holds"), **told(request, DECIDING)}
    found = Hold.objects.filter(book=context["book"])
    return render(
        request,
        "site/holds.html",
        {
            **context,
            "may": request.user.has_perm("governance.decide_hold"),
            "open": found.filter(status="held").order_by("until"),
            "closed": [
                {"row": row, "look": HOLD_LOOKS.get(row.status, "")}
                for row in found.exclude(status="held").order_by("-ended_at")[:CLOSED_SHOWN]
            ],
        },
    )


@by_form("changes")
def decide_change(request: HttpRequest, change_id: str, verdict: str) -> HttpResponse:
    """`verdict`: approve or refuse."""
    may(request, "governance.approve_change", "approve or refuse changes")
    change = get_object_or_404(ChangeRequest.objects.order_by("-requested_at"), change_id=change_id)
    kind = ApproveChange if verdict == "approve" else RefuseChange
    return send(
        request,
        "changes",
        reverse("changes"),
        change.book,
        lambda said: kind(change_id=change_id, reason=said["reason"]),
        ReasonForm(request.POST),
    )


@by_form("holds")
def decide_hold(request: HttpRequest, decision_id: str, verdict: str) -> HttpResponse:
    """`verdict`: release or refuse."""
    may(request, "governance.decide_hold", "release or refuse held decisions")
    hold = get_object_or_404(Hold, pk=decision_id)
    kind = ReleaseHold if verdict == "release" else RefuseHold
    return send(
        request,
        "holds",
        reverse("holds"),
        hold.book,
        lambda said: kind(decision_id=decision_id, reason=said["reason"]),
        ReasonForm(request.POST),
    )

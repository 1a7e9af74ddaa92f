"""Alarms: what tripped and by which formula, who has seen it, whether the webhook was told, and what clears it."""

from __future__ import annotations

from typing import Any, get_args

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from governance.models import Alarm, BreakerState
from govsite import alerting
from govsite.models import AlarmDelivery
from govsite.ops import keyset
from govsite.ops.alarm_words import severity, title_words, what_next
from govsite.ops.desk import posted_book
from govsite.ops.frame import chosen_book, page_context
from govsite.ops.posting import by_form
from govsite.ops.sending import ReasonForm, may, send, told
from govsite.ops.standing import books
from streams.messages import AcknowledgeAlarm, ClearBreaker
from streams.parts import Breaker

PAGE = 50
OPEN_SHOWN = 8
SHOWS = {"open": "Not acknowledged", "all": "All"}
BY_A_PERSON = ("reconciliation", "identity")
ANSWERS = {"NO_CHANGE": "somebody has acknowledged or cleared it already, or it waits for no person"}


@require_GET
@never_cache
@login_required
@permission_required("governance.view_alarm", raise_exception=True)
def page(request: HttpRequest) -> HttpResponse:
    """`?show=open` (default) or `all`; the newest first, `?before=` goes on."""
    context = {**page_context(request, "alarms"), **told(request, ANSWERS)}
    show, problems = request.GET.get("show", "open"), []
    if show not in SHOWS:
        problems.append(f"show: there is no {show[:40]}; there are: {', '.join(SHOWS)}")
        show = "open"
    found = Alarm.objects.filter(book=context["book"])
    found = found.filter(acknowledged_at=None) if show == "open" else found
    try:
        rows, after = keyset.page(found, "raised_at", "alarm_id", request.GET.get("before", ""), PAGE)
    except ValueError as error:
        rows, after = [], ""
        problems.append(str(error))
    return render(
        request,
        "site/alarms.html",
        {
            **context,
            "show": show,
            "shows": SHOWS.items(),
            "problems": problems,
            "rows": _described(context["book"], rows),
            "next": f"?show={show}&before={after}" if after else "",
            "first": f"?show={show}" if request.GET.get("before") else "",
            "may": request.user.has_perm("governance.acknowledge_alarm"),
            "webhook": webhook(),
        },
        status=400 if problems else 200,
    )


@require_GET
@never_cache
@login_required
@permission_required("governance.view_alarm", raise_exception=True)
def open_panel(request: HttpRequest) -> HttpResponse:
    """What the live page shows of them: the newest that nobody has acknowledged."""
    book = chosen_book(request, books())
    found = Alarm.objects.filter(book=book, acknowledged_at=None).order_by("-raised_at", "-alarm_id")
    rows = list(found[: OPEN_SHOWN + 1])
    described = _described(book, rows[:OPEN_SHOWN])
    return render(request, "site/open_alarms.html", {"alarms": described, "more": len(rows) > OPEN_SHOWN, "book": book})


def _described(book: str, rows: list[Alarm]) -> list[dict[str, Any]]:
    deliveries = AlarmDelivery.objects.in_bulk([row.alarm_id for row in rows])
    tripped = set(
        BreakerState.objects.filter(book=book, state="tripped", alarm_id__in=[row.alarm_id for row in rows])
        .order_by()
        .values_list("alarm_id", flat=True)
    )
    return [
        {
            "row": row,
            "title": title_words(row.breaker, row.subject),
            "subject": "the book" if row.subject == row.book else row.subject,
            "severity": severity(row.effect),
            "next": what_next(row.breaker, row.effect, tripped=row.alarm_id in tripped),
            "tripped": row.alarm_id in tripped,
            "clearable": row.alarm_id in tripped and (row.effect == "LATCHED" or row.breaker in BY_A_PERSON),
            "delivery": deliveries.get(row.alarm_id),
        }
        for row in rows
    ]


def webhook() -> dict[str, Any]:
    """How the webhook is; `trouble` is what stands in the way now."""
    waiting = AlarmDelivery.objects.filter(delivered_at=None).order_by("position")
    last = AlarmDelivery.objects.exclude(delivered_at=None).order_by("-delivered_at").first()
    failing = waiting.exclude(trouble="").first()
    return {
        "configured": bool(settings.ALARM_WEBHOOK),
        "problem": alerting.problem_of(settings.ALARM_WEBHOOK, settings.ALARM_WEBHOOK_SECRET),
        "waiting": waiting.count(),
        "last": last,
        "failing": failing,
        "next_in_ms": None if failing is None else (failing.next_at - timezone.now()).total_seconds() * 1000,
    }


@by_form("alarms")
def acknowledge(request: HttpRequest, alarm_id: str) -> HttpResponse:
    may(request, "governance.acknowledge_alarm", "acknowledge alarms")
    if "\0" in alarm_id:
        raise Http404("There is no such alarm.")
    alarm = get_object_or_404(Alarm, pk=alarm_id)
    return send(
        request,
        "alarms",
        reverse("alarms"),
        alarm.book,
        lambda said: AcknowledgeAlarm(alarm_id=alarm_id, reason=said["reason"]),
        ReasonForm(request.POST),
    )


class ClearForm(ReasonForm):
    breaker = forms.CharField(max_length=64)
    subject = forms.CharField(max_length=200)

    def clean_breaker(self) -> str:
        name = str(self.cleaned_data["breaker"])
        if name not in get_args(Breaker):
            raise forms.ValidationError(f"There is no breaker {name}; there are: {', '.join(get_args(Breaker))}.")
        return name


@by_form("alarms")
def clear(request: HttpRequest) -> HttpResponse:
    may(request, "governance.acknowledge_alarm", "clear breakers")
    return send(
        request,
        "alarms",
        reverse("alarms"),
        posted_book(request).book,
        lambda said: ClearBreaker(breaker=said["breaker"], subject=said["subject"], reason=said["reason"]),
        ClearForm(request.POST),
    )

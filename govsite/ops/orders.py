"""Orders, fills and positions of the book: what is held and works now, and what was, by filter."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required, permission_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from execution.models import FINAL, Fill, Order
from governance.models import Book
from govsite.govern.desk import outcome_of
from govsite.ops import keyset, positions
from govsite.ops.frame import page_context
from govsite.ops.sending import told
from govsite.ops.words import STATES, reason_words, state_words
from ledger import outbox

PAGE = 50
WORKING_SHOWN = 200
ORDER_STATES = ("accepted", "sent", "working", "partially_filled", *FINAL)
LOOKS = {"filled": "good", "rejected": "bad", "cancelled": "", "expired": "", "partially_filled": "accent"}
ANSWERS = {
    "UNKNOWN_ORDER": "the order is not under way any more: it was filled, cancelled or lost meanwhile",
    "NO_CASH": "more is asked for than is free: part of the cash is promised to orders or ordered out already",
    "NO_PRICE": "there is no price for something that is held, so nobody can say what it would be sold for",
    "MODE": "nothing is sent while the book is halted",
    "NO_CHANGE": "nothing would move",
}


class Wanted(forms.Form):
    """Which orders or fills are looked for. Errors name the value and say what there is."""

    instrument = forms.CharField(max_length=32, required=False)
    state = forms.CharField(max_length=32, required=False)
    decision = forms.CharField(max_length=200, required=False)
    since = forms.DateTimeField(
        required=False,
        error_messages={"invalid": "since: this is no time; give it as 2026-01-31T15:00, in UTC"},
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"],
    )
    before = forms.CharField(max_length=keyset.LONGEST, required=False)

    def __init__(self, *args: Any, instruments: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.instruments = instruments

    def clean_instrument(self) -> str:
        name = str(self.cleaned_data["instrument"])
        if name and name not in self.instruments:
            there = ", ".join(self.instruments) or "none"
            raise forms.ValidationError(f"instrument: {name} is not listed in this book; there are: {there}")
        return name

    def clean_state(self) -> str:
        name = str(self.cleaned_data["state"])
        if name and name not in ORDER_STATES:
            raise forms.ValidationError(f"state: there is no {name}; there are: {', '.join(ORDER_STATES)}")
        return name

    def problems(self) -> list[str]:
        return [
            message if message.startswith(name) else f"{name}: {message}"
            for name, messages in self.errors.items()
            for message in map(str, messages)
        ]


# --- pages ------------------------------------------------------------------------------------------


@require_GET
@never_cache
@login_required
@permission_required("execution.view_order", raise_exception=True)
def page(request: HttpRequest) -> HttpResponse:
    """Positions, what works, and the newest orders or fills (`?show=fills`) by filter; `?part=now` gives what changes
    by itself, to be put in the place of what is there."""
    context = {**page_context(request, "orders"), **told(request, ANSWERS)}
    book = Book.objects.filter(book=context["book"]).first()
    now = {**_now(book), "rights": _rights(request), "book": context["book"], "mode": context["mode"]}
    if request.GET.get("part") == "now":
        return render(request, "site/orders_now.html", now)
    wanted = Wanted(request.GET, instruments=listed_in(book))
    problems, after = wanted.problems(), ""
    listed: list[dict[str, Any]] = []
    shown = {"fills" if request.GET.get("show") == "fills" else "orders": True}
    if not problems:
        try:
            listed, after = _listed(context["book"], wanted, fills="fills" in shown)
        except ValueError as error:  # a cursor that is none
            problems = [str(error)]
    query = request.GET.copy()
    for name in ("before", "command", "part"):
        query.pop(name, None)
    return render(
        request,
        "site/orders.html",
        {
            **context,
            **now,
            **shown,
            "outcome": _outcome(request.GET.get("command", "")),
            "wanted": wanted,
            "problems": problems,
            "instruments": wanted.instruments,
            "states": [(name, state_words(name)) for name in ORDER_STATES],
            "listed": listed,
            "next": f"?{_with(query, before=after)}" if after else "",
            "first": f"?{query.urlencode()}" if request.GET.get("before") else "",
            "as_orders": f"?{_with(query, show='orders')}",
            "as_fills": f"?{_with(query, show='fills')}",
        },
        status=400 if problems else 200,
    )


def _with(query: Any, **values: str) -> str:
    changed = query.copy()
    for name, value in values.items():
        changed[name] = value
    return str(changed.urlencode())


def listed_in(book: Book | None) -> list[str]:
    return sorted(str(each["symbol"]) for each in book.instruments) if book else []


def _rights(request: HttpRequest) -> dict[str, bool]:
    names = ("cancel_order", "flatten_book", "reconcile_book", "move_cash")
    return {name: request.user.has_perm(f"execution.{name}") for name in names}


def _now(book: Book | None) -> dict[str, Any]:
    money, holdings = positions.standing(book)
    working = Order.objects.filter(book=book.book if book else "").exclude(state__in=FINAL).order_by("recorded_at")
    rows = list(working[: WORKING_SHOWN + 1])
    return {
        "money": money,
        "holdings": holdings,
        "working": [described(row) for row in rows[:WORKING_SHOWN]],
        "more_working": len(rows) > WORKING_SHOWN,
        "read_at": timezone.now(),
    }


def described(row: Order) -> dict[str, Any]:
    rest = row.quantity - row.filled if row.quantity is not None else None
    return {
        "row": row,
        "rest": rest,
        "state_words": STATES.get(row.state, row.state),
        "look": LOOKS.get(row.state, "warn"),
        "why": reason_words(row.reason) if row.reason else "",
        "age_ms": (timezone.now() - row.recorded_at).total_seconds() * 1000,
    }


def _listed(book: str, wanted: Wanted, *, fills: bool) -> tuple[list[dict[str, Any]], str]:
    said = wanted.cleaned_data
    at = "filled_at" if fills else "recorded_at"
    conditions: dict[str, Any] = {"book": book}
    for name, column in (("instrument", "instrument"), ("decision", "decision_id"), ("since", f"{at}__gte")):
        if said[name]:
            conditions[column] = said[name]
    if said["state"]:
        conditions["order__state" if fills else "state"] = said["state"]
    if fills:
        found, after = keyset.page(Fill.objects.filter(**conditions), at, "event_id", said["before"], PAGE)
        return [{"row": row, "value": row.quantity * row.price} for row in found], after
    rows, after = keyset.page(Order.objects.filter(**conditions), at, "order_id", said["before"], PAGE)
    return [described(row) for row in rows], after


def _outcome(command_id: str) -> list[str]:
    """What a flattening led to, once the governor has accepted it."""
    if not command_id or "\0" in command_id or outbox.status(connection, command_id) != "accepted":
        return []
    return list(outcome_of(command_id))

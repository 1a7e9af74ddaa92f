"""Why nothing is traded, or that it is: the answer in one sentence, then what was found, each with where to act."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from execution.models import Fill
from governance.models import Book
from govsite.ops import blockers, denials
from govsite.ops.frame import page_context
from govsite.ops.standstill import answer


@require_GET
@never_cache
@login_required
@permission_required("governance.view_decision", raise_exception=True)
def page(request: HttpRequest) -> HttpResponse:
    context = page_context(request, "why")
    book = Book.objects.filter(book=context["book"]).first()
    if book is None:
        return render(request, "site/why.html", context)
    return render(request, "site/why.html", {**context, **_found(book, context["mode"])})


def _found(book: Book, mode: dict[str, Any]) -> dict[str, Any]:
    machine, lately = blockers.machine(), denials.lately(book.book)
    found = blockers.findings(book, mode, machine, lately)
    fill = Fill.objects.filter(book=book.book).order_by("-filled_at").first()
    return {
        "answer": answer(found, None if fill is None else _ago_ms(fill.filled_at) / 1000),
        "findings": [{"finding": each, "link": blockers.link(book.book, each, reverse(each.page))} for each in found],
        "lately": lately,
        "fill": fill,
        "fill_age_ms": None if fill is None else _ago_ms(fill.filled_at),
        "decided_age_ms": None if lately.last is None else _ago_ms(lately.last.decided_at),
        "machine": machine,
        "processes": [
            {**each, "age_ms": None if each["at"] is None else max(0.0, timezone.now().timestamp() * 1000 - each["at"])}
            for each in machine.processes
        ],
    }


def _ago_ms(at: datetime) -> float:
    return (timezone.now() - at).total_seconds() * 1000

"""The live page, and its snapshot for when there is no socket."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from govsite.live.requests import PERMISSIONS
from govsite.live.snapshot import NoSuchBook, snapshot
from govsite.ops.frame import page_context
from govsite.ops.words import for_browser


@require_GET
@login_required
def live(request: HttpRequest) -> HttpResponse:
    context = page_context(request, "live")
    return render(request, "site/live.html", {**context, "words": for_browser(), "topics": " ".join(_topics(request))})


@require_GET
@login_required
def live_snapshot(request: HttpRequest) -> HttpResponse:
    """The snapshot of the live socket by HTTP, from PostgreSQL alone: for when there is no socket."""
    try:
        return JsonResponse(snapshot(request.GET.get("book", ""), frozenset(_topics(request))))
    except NoSuchBook as error:
        raise Http404(str(error)) from error


def _topics(request: HttpRequest) -> list[str]:
    """Of the live socket, those that this person may subscribe to."""
    return [topic for topic, right in PERMISSIONS.items() if request.user.has_perm(right)]

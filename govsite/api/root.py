"""The API under /api/v1/: who may come in, and the addresses that there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.urls import URLPattern
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.security import django_auth

from govsite.api import auditing, commands, machine, performance, person, problems, reading, rule_activity
from govsite.api.answers import asks_only, told
from govsite.api.document import document
from govsite.api.tokens import BearerToken

View = Callable[..., HttpResponseBase]
ABOUT = (
    "Read models, the ledger, and commands of the governed market. Amounts are decimal strings; times are ISO 8601 in "
    "UTC, with exact nanoseconds beside them where there are any. Lists are pages: give `next` as `cursor`. Every GET "
    "is a HEAD as well. Errors are problem+json (RFC 9457)."
)

api = NinjaAPI(
    title="The governed market",
    version="1",
    description=ABOUT,
    urls_namespace="api-1",
    auth=[BearerToken(), django_auth],
    docs_url=None,
    openapi_url=None,
)
problems.handle(api)
for _router in (
    auditing.router,
    commands.router,
    machine.router,
    performance.router,
    person.router,
    rule_activity.router,
    reading.router,
):  # the longer paths come first
    api.add_router("", _router)


@api.get("/openapi.json", include_in_schema=False)
def openapi(request: HttpRequest) -> HttpResponse:
    """For whoever may ask anything here."""
    asks_only(request)
    return told(request, document(api))


def headed(view: View) -> View:
    """HEAD is GET without the body."""

    @csrf_exempt  # sessions that write are checked where they come in
    def answer(request: HttpRequest, *args: Any, **options: Any) -> HttpResponseBase:
        if request.method != "HEAD":
            return _named(view(request, *args, **options))
        request.method = "GET"
        try:
            found = _named(view(request, *args, **options))
        finally:
            request.method = "HEAD"
        if isinstance(found, HttpResponse):
            length = len(found.content)
            found.content = b""
            found.headers["Content-Length"] = str(length)
            return found
        empty = HttpResponse(status=found.status_code, headers=dict(found.headers))
        found.close()
        return empty

    return answer


def _named(response: HttpResponseBase) -> HttpResponseBase:
    if isinstance(response, HttpResponseNotAllowed) and "GET" in response.headers["Allow"]:
        response.headers["Allow"] += ", HEAD"
    return response


def _with_head() -> Any:
    patterns, app, name = api.urls
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            pattern.callback = headed(pattern.callback)
    return patterns, app, name


urls = _with_head()

"""How the API answers: who may ask, which parameters there are, content with its ETag."""

from __future__ import annotations

from contextlib import AbstractContextManager
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag

from govsite.access import roles
from govsite.api import problems, tokens
from govsite.api.shapes import ProblemBody
from govsite.auditing import output
from govsite.ops.reading import reading
from ledger.audit import Connection

PATIENCE_S = 30
ERRORS = dict.fromkeys((400, 401, 403, 404, 405, 422, 429, 500, 503), ProblemBody)
REPEATED = {"event", "part"}
NUL = "\0"


def database(seconds: int = PATIENCE_S) -> AbstractContextManager[Connection]:
    return reading(seconds, "api")


def allowed(request: HttpRequest, *known: str) -> None:
    """Raises a problem for who may not see the ledger, and for other parameters than the known ones."""
    entitled(request, tokens.AUDIT, roles.EXPLORE)
    asks_only(request, *known)


def entitled(request: HttpRequest, scope: str, permission: str) -> None:
    """Raises a problem unless the token has the scope, and its owner (or the session's person) the permission."""
    tokens.scoped(request, scope)
    if not request.user.has_perm(permission):
        raise problems.Problem(HTTPStatus.FORBIDDEN, f"your account lacks the permission {permission}")


def asks_only(request: HttpRequest, *known: str) -> None:
    """Raises a problem for parameters other than the known ones: passed over, the answer would look like one to what
    was meant."""
    if unknown := sorted(request.GET.keys() - set(known)):
        there_are = f"only {', '.join(sorted(known))}" if known else "none is known here"
        raise problems.bad(f"{', '.join(unknown)}: there is no such parameter, {there_are}")
    for name in sorted(known):
        given = request.GET.getlist(name)
        if name not in REPEATED and len(given) > 1:
            raise problems.bad(f"{name}: it is given more than once")
        if any(NUL in one for one in given):
            raise problems.bad(f"{name}: a NUL character cannot be stored as text")


def path_text(name: str, text: str) -> str:
    """Part of a path that is looked up. Raises a problem for what no row can have."""
    if NUL in text or len(text) > 200:
        raise problems.missing(f"{name}: there is none of that name")
    return text


def told(request: HttpRequest, body: Any) -> HttpResponse:
    return tagged(request, HttpResponse(output.encode(body), content_type="application/json"))


def tagged(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """With an ETag of what it says: the same positions give the same bytes, and an edited row gives others. 304 for who
    has them already."""
    response.headers["Cache-Control"] = "private, no-cache"
    etag = quote_etag(sha256(response.content).hexdigest())
    response.headers["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=response) or response


def fresh(response: HttpResponseBase) -> HttpResponseBase:
    """What was made for this request alone is nobody's to keep."""
    response.headers["Cache-Control"] = "no-store"
    return response

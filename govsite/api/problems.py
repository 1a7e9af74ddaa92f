"""Errors of the API as problem+json (RFC 9457): what was wrong and what to do about it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
import psycopg
from django import db
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from govsite.access.second_factor import SecondFactorNeeded
from ledger.errors import LedgerError

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
UNEXPECTED = "an error of ours; the log of the web server has it"
DETAILS = {
    400: "the request cannot be read as it is written; is its Host one of ours?",
    403: "this request is not allowed",
    404: "there is nothing at this address: /api/v1/openapi.json describes what there is",
    405: "this method is not possible here: the header Allow names what is",
    413: "the request is larger than any question or command of ours",
    415: "the body of a command is application/json",
    429: "too many requests: wait a moment",
    500: UNEXPECTED,
}
STRANGER = "give a token (Authorization: Bearer …), or log in at /admin/login/ first and send the session's cookie"
UNPROVED = (
    "nothing was done: show your second factor at /second-factor/ first, or use a token that was issued by somebody "
    "who had shown it"
)
FORGED = "a session writes only with the header X-CSRFToken, the value of the CSRF cookie; a token needs none"


class Problem(Exception):
    """An answer that is an error; `detail` tells a person what to do."""

    def __init__(self, status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers


def bad(detail: str) -> Problem:
    """The question was understood, but cannot be answered as it is."""
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)


def missing(detail: str) -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, detail)


def answer(status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None) -> HttpResponse:
    body = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
    content = msgspec.json.encode(body)
    return HttpResponse(content, status=status.value, content_type=CONTENT_TYPE, headers=dict(headers or {}))


class EveryErrorIsAProblem(MiddlewareMixin):
    """What Django itself answers under /api/ (no such address, another method, a foreign host) as problem+json."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.status_code < 400 or not f"{request.path_info}/".startswith("/api/"):
            return response
        if response.headers.get("Content-Type") == CONTENT_TYPE:
            return response
        status = HTTPStatus(response.status_code)
        told = answer(status, DETAILS.get(status.value, status.phrase))
        for name, value in response.headers.items():
            told.headers.setdefault(name, value)
        told.headers["Content-Length"] = str(len(told.content))
        told.cookies = response.cookies
        return told


def handle(api: NinjaAPI) -> None:
    """Gives the API an answer to every kind of error."""

    @api.exception_handler(Problem)
    def _problem(request: HttpRequest, problem: Problem) -> HttpResponse:
        return answer(problem.status, problem.detail, problem.headers)

    @api.exception_handler(AuthenticationError)
    def _stranger(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        return answer(HTTPStatus.UNAUTHORIZED, STRANGER, {"WWW-Authenticate": 'Bearer realm="api"'})

    @api.exception_handler(SecondFactorNeeded)
    def _unproved(request: HttpRequest, error: SecondFactorNeeded) -> HttpResponse:
        return answer(HTTPStatus.FORBIDDEN, UNPROVED)

    @api.exception_handler(PermissionDenied)
    def _denied(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
        return answer(HTTPStatus.FORBIDDEN, str(error) or DETAILS[403])

    @api.exception_handler(HttpError)
    def _refused(request: HttpRequest, error: HttpError) -> HttpResponse:
        """Ninja's own: a session that writes without showing that the browser meant it."""
        status = HTTPStatus(error.status_code)
        return answer(status, FORGED if "CSRF" in str(error) else DETAILS.get(status.value, status.phrase))

    @api.exception_handler(ValidationError)
    def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        return answer(HTTPStatus.UNPROCESSABLE_ENTITY, "; ".join(_fault(request, one) for one in error.errors))

    @api.exception_handler(Http404)
    def _nowhere(request: HttpRequest, error: Http404) -> HttpResponse:
        return answer(HTTPStatus.NOT_FOUND, DETAILS[404])

    @api.exception_handler(db.OperationalError)
    @api.exception_handler(psycopg.OperationalError)
    def _no_database(request: HttpRequest, error: Exception) -> HttpResponse:
        log.error("the database did not answer %s: %s", request.path, error)
        return answer(HTTPStatus.SERVICE_UNAVAILABLE, "the database does not answer; try again in a moment")

    @api.exception_handler(db.DataError)
    @api.exception_handler(psycopg.DataError)
    def _no_such_value(request: HttpRequest, error: Exception) -> HttpResponse:
        return answer(HTTPStatus.UNPROCESSABLE_ENTITY, f"a condition is no value that the ledger can hold: {error}")

    @api.exception_handler(LedgerError)
    def _broken(request: HttpRequest, error: LedgerError) -> HttpResponse:
        log.error("the ledger does not hold, asked for %s: %s", request.path, error)
        return answer(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))

    @api.exception_handler(Exception)
    def _unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
        log.error("the API failed at %s", request.path, exc_info=error)
        return answer(HTTPStatus.INTERNAL_SERVER_ERROR, UNEXPECTED)


def _fault(request: HttpRequest, error: dict[str, Any]) -> str:
    """`part: 'nope' does not fit: input should be 'chain' or …`; a list is named by its parameter, not its index."""
    name = next((str(one) for one in reversed(error["loc"]) if isinstance(one, str)), "request")
    given = ", ".join(map(repr, request.GET.getlist(name)))
    reason = f"{error['msg'][:1].lower()}{error['msg'][1:]}"
    return f"{name}: {given} does not fit: {reason}" if given else f"{name}: {reason}"

"""Errors of the API as problem+json (RFC 9457): what was wrong and what to do about it."""

from __future__ import annotations

import logging
from http import HTTPStatus

import msgspec
import psycopg
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, ValidationError

from ledger.errors import LedgerError

log = logging.getLogger(__name__)


class Problem(Exception):
    """An answer that is an error; `detail` tells a person what to do."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


def bad(detail: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, detail)


def missing(detail: str) -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, detail)


def answer(status: HTTPStatus, detail: str) -> HttpResponse:
    body = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
    return HttpResponse(msgspec.json.encode(body), status=status.value, content_type="application/problem+json")


def handle(api: NinjaAPI) -> None:
    """Gives the API an answer to every kind of error."""

    @api.exception_handler(Problem)
    def _problem(request: HttpRequest, problem: Problem) -> HttpResponse:
        return answer(problem.status, problem.detail)

    @api.exception_handler(AuthenticationError)
    def _stranger(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        return answer(HTTPStatus.UNAUTHORIZED, "log in at /admin/login/ first: the API takes the session's cookie")

    @api.exception_handler(ValidationError)
    def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        told = "; ".join(f"{_field(one['loc'])}: {one['msg']}" for one in error.errors)
        return answer(HTTPStatus.BAD_REQUEST, told)

    @api.exception_handler(Http404)
    def _nowhere(request: HttpRequest, error: Http404) -> HttpResponse:
        return answer(HTTPStatus.NOT_FOUND, str(error))

    @api.exception_handler(psycopg.OperationalError)
    def _no_database(request: HttpRequest, error: psycopg.OperationalError) -> HttpResponse:
        log.error("the database did not answer %s: %s", request.path, error)
        return answer(HTTPStatus.SERVICE_UNAVAILABLE, "the database does not answer; try again in a moment")

    @api.exception_handler(psycopg.DataError)
    def _no_such_value(request: HttpRequest, error: psycopg.DataError) -> HttpResponse:
        return answer(HTTPStatus.BAD_REQUEST, f"a condition is no value that the ledger can hold: {error}")

    @api.exception_handler(LedgerError)
    def _broken(request: HttpRequest, error: LedgerError) -> HttpResponse:
        log.error("the ledger does not hold, asked for %s: %s", request.path, error)
        return answer(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))

    @api.exception_handler(Exception)
    def _unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
        log.error("the API failed at %s", request.path, exc_info=error)
        return answer(HTTPStatus.INTERNAL_SERVER_ERROR, "an error of ours; the log of the web server has it")


def _field(where: tuple[str | int, ...]) -> str:
    return str(where[-1]) if where else "request"

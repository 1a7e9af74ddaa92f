"""The API under /api/v1/: the auditors' questions over HTTP, for who is logged in and may see the ledger."""

from __future__ import annotations

import logging
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any, Literal
from zipfile import ZipFile

import psycopg
from django.conf import settings
from django.core.management import CommandError
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import NinjaAPI, Query
from ninja.security import django_auth

from govsite.api import problems
from govsite.api.paging import cursor_of, seen_of
from govsite.api.shapes import BookAsOf, Checkpoints, Conditions, LedgerPage, Paged, ProblemBody, Story, Verdict
from govsite.auditing import as_of as as_of_
from govsite.auditing import output
from govsite.auditing import verify as verify_
from govsite.auditing.checkpoint import configured_key, has_key, public_key_file
from govsite.auditing.past import past
from govsite.auditing.query import exported
from govsite.auditing.story import document
from ledger import audit
from ledger import export as export_
from ledger.audit import LOGS, Connection, Question
from ledger.checkpoints import as_json, read
from ledger.signing import SigningKey
from streams.messages import Log

log = logging.getLogger(__name__)

PATIENCE_S = 30
ERRORS = {400: ProblemBody, 401: ProblemBody, 403: ProblemBody, 404: ProblemBody, 503: ProblemBody}
MAY_SEE = "ledger.view_ledgerevent"

api = NinjaAPI(title="The ledger", version="1", urls_namespace="api-1", auth=django_auth, docs_url=None)
problems.handle(api)


@contextmanager
def database(seconds: int = PATIENCE_S) -> Iterator[Connection]:
    """A connection that can change nothing; a statement may take so many seconds, 0 is as long as it takes."""
    options = f"-c default_transaction_read_only=on -c statement_timeout={seconds * 1000}"
    with psycopg.connect(settings.DATABASE_URL, autocommit=True, application_name="api", options=options) as connection:
        yield connection


def allowed(request: HttpRequest) -> None:
    """Raises a problem for who may not see the ledger."""
    if not request.user.has_perm(MAY_SEE):
        raise problems.Problem(HTTPStatus.FORBIDDEN, f"your account lacks the permission {MAY_SEE}")


def told(body: Any) -> HttpResponse:
    return HttpResponse(output.encode(body), content_type="application/json")


@api.get("/ledger", response={200: LedgerPage, **ERRORS}, summary="Events, a page at a time", by_alias=True)
def ledger(request: HttpRequest, asked: Query[Paged]) -> HttpResponse:
    allowed(request)
    known_only(request, Paged)
    with database() as connection:
        wanted = question(asked, limit=asked.limit + 1, newest=asked.newest, seen=seen_of(asked.cursor))
        rows = list(audit.ask(connection, wanted))
    page, more = rows[: asked.limit], len(rows) > asked.limit
    cursor = cursor_of(asked.cursor, page) if more else None
    return told({"events": [exported(row) for row in page], "next": cursor})


@api.get("/decisions/{path:decision_id}/explain", response={200: Story, **ERRORS}, summary="How a decision came about")
def explain(request: HttpRequest, decision_id: str) -> HttpResponse:
    """The id of a decision, of its deliberation or of one of its orders."""
    allowed(request)
    with database() as connection:
        story = audit.explain(connection, decision_id)
    if story is None:
        raise problems.missing(f"there is no decision, deliberation or order {decision_id!r} in the ledger")
    return told(document(story))


@api.get("/books/{book}/as-of", response={200: BookAsOf, **ERRORS}, summary="A book as it was at a time")
def as_of(request: HttpRequest, book: str, at: str) -> HttpResponse:
    allowed(request)
    moment = time_of("at", at)
    with database() as connection:
        found = past(connection, book, moment)
    if found is None:
        raise problems.missing(f"the ledger knows no book {book!r} at {moment.isoformat()}")
    return told(as_of_.document(found))


Part = Literal["chain", "checkpoints", "archive", "decisions"]


@api.get("/ledger/verify", response={200: Verdict, **ERRORS}, summary="Whether the ledger is whole")
def verify(request: HttpRequest, part: Query[list[Part]] = []) -> HttpResponse:  # noqa: B006 - ninja copies it
    """Chains and checkpoints where no part is named. Read models are compared with `audit verify --read-models`."""
    allowed(request)
    parser = ArgumentParser()
    verify_.add_arguments(parser)
    options = vars(parser.parse_args([f"--{name}" for name in part or ("chain", "checkpoints")]))
    report = StringIO()
    with database(seconds=0) as connection, alone(connection):
        whole = verify_.run(connection, options, report)
    return told({"whole": whole, "report": report.getvalue().splitlines()})


@api.get("/ledger/export", summary="Events with a signed manifest, as a zip file", response=ERRORS)
def export(request: HttpRequest, asked: Query[Conditions]) -> HttpResponseBase:
    """What `audit export` writes: `docs/verify_offline.py` verifies it with the public key."""
    allowed(request)
    known_only(request, Conditions)
    wanted, signing = question(asked), key()
    with TemporaryDirectory() as directory, database(seconds=0) as connection, alone(connection):
        export_.export(connection, wanted, Path(directory), signing)
        archive = TemporaryFile()  # noqa: SIM115 - the response closes it
        with ZipFile(archive, "w") as packed:
            for path in sorted(Path(directory).iterdir()):
                packed.write(path, path.name)
    archive.seek(0)
    return FileResponse(archive, as_attachment=True, filename="export.zip", content_type="application/zip")


@api.get("/checkpoints", response={200: Checkpoints, **ERRORS}, summary="Signed checkpoints of the hash chains")
def checkpoints(request: HttpRequest, log: Log | None = None, partition: int = 0, after: int = 0) -> HttpResponse:
    """Those of positions after `after`, of one log or of all."""
    allowed(request)
    with database() as connection:
        logs = [log] if log else LOGS
        found = [as_json(one) for name in logs for one in read(connection, name, partition, after)]
    file = public_key_file()
    return told({"public_key": file.read_text() if file.exists() else "", "checkpoints": found})


@contextmanager
def alone(connection: Connection) -> Iterator[None]:
    """What reads the whole ledger is done for one at a time, whatever process serves it; the lock ends with the
    connection."""
    row = connection.execute("SELECT pg_try_advisory_lock(hashtextextended('api whole ledger', 0))").fetchone()
    if not row or not row[0]:
        detail = "another verification or export is under way; try again when it is done"
        raise problems.Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail)
    yield


def key() -> SigningKey:
    """The key that there is: to ask makes none. Where it lies is nobody's business but the operator's."""
    try:
        if not has_key():
            raise CommandError("there is none yet")
        return configured_key()
    except CommandError as error:
        log.error("nothing can be exported: %s", error)
        detail = "the server has no key to sign with: an operator makes one with `manage.py audit checkpoint`"
        raise problems.Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail) from error


def question(asked: Conditions, **more: Any) -> Question:
    """What is asked, in the terms of the ledger. Raises a problem for what cannot be."""
    for name in asked.event:
        if name not in audit.LOG_OF:
            raise problems.bad(f"event: there is no event {name!r}")
    return Question(
        log=asked.log,
        events=asked.event,
        aggregate=asked.aggregate,
        actor=asked.actor,
        book=asked.book,
        correlation=asked.correlation,
        command=asked.command,
        since=None if asked.since is None else time_of("from", asked.since),
        until=None if asked.until is None else time_of("to", asked.until),
        after=asked.after,
        **more,
    )


def time_of(name: str, text: str) -> datetime:
    try:
        return audit.at(text)
    except ValueError:
        raise problems.bad(f"{name}: {text!r} is no time, write it like 2026-01-31T09:00Z") from None


def known_only(request: HttpRequest, shape: type[Conditions], *more: str) -> None:
    """A mistyped condition would be passed over, and the answer would look like one to what was meant."""
    known = {field.alias or name for name, field in shape.model_fields.items()} | set(more)
    if unknown := sorted(request.GET.keys() - known):
        raise problems.bad(f"{', '.join(unknown)}: there is no such condition, only {', '.join(sorted(known))}")

"""The auditors' questions over HTTP: for who may see the ledger."""

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

from django.core.management import CommandError
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Query, Router

from govsite.api import problems
from govsite.api.answers import ERRORS, allowed, database, fresh, path_text, told
from govsite.api.paging import cursor_of, seen_of
from govsite.api.shapes import BookAsOf, Checkpoints, Conditions, LedgerPage, Paged, Story, Verdict
from govsite.auditing import as_of as as_of_
from govsite.auditing import names, output
from govsite.auditing import verify as verify_
from govsite.auditing.checkpoint import configured_key, has_key, public_key_file
from govsite.auditing.names import unknown
from govsite.auditing.past import past
from govsite.auditing.query import exported
from govsite.auditing.story import document
from ledger import audit
from ledger import export as export_
from ledger.audit import LOGS, Connection, Question
from ledger.checkpoints import as_json, read
from ledger.signing import SigningKey
from ledger.work import alone
from streams.messages import Log

log = logging.getLogger(__name__)

router = Router(tags=["Audit"])


@router.get("/ledger", response={200: LedgerPage, **ERRORS}, summary="Events, a page at a time", by_alias=True)
def ledger(request: HttpRequest, asked: Query[Paged]) -> HttpResponse:
    allowed(request, *names_of(Paged))
    with database() as connection:
        wanted = question(asked, limit=asked.limit + 1, newest=asked.newest, seen=seen_of(asked.cursor))
        rows = list(audit.ask(connection, wanted))
        if not rows and (slip := unknown(connection, wanted)):
            raise problems.bad(slip)
    page, more = rows[: asked.limit], len(rows) > asked.limit
    cursor = cursor_of(asked.cursor, page) if more else None
    return told(request, {"events": [exported(row) for row in page], "next": cursor})


@router.get(
    "/decisions/{path:decision_id}/explain", response={200: Story, **ERRORS}, summary="How a decision came about"
)
def explain(request: HttpRequest, decision_id: str) -> HttpResponse:
    """The id of a decision, of its deliberation or of one of its orders."""
    allowed(request)
    with database() as connection:
        story = audit.explain(connection, path_text("decision_id", decision_id))
    if story is None:
        raise problems.missing(f"there is no decision, deliberation or order {decision_id!r} in the ledger")
    return told(request, document(story))


@router.get("/books/{book}/as-of", response={200: BookAsOf, **ERRORS}, summary="A book as it was at a time")
def as_of(request: HttpRequest, book: str, at: str) -> HttpResponse:
    allowed(request, "at")
    moment, book = time_of("at", at), path_text("book", book)
    with database() as connection:
        if ahead := as_of_.ahead(connection, moment):
            raise problems.bad(f"at: {ahead}")
        found = past(connection, book, moment)
        if found is None:
            raise problems.missing(as_of_.no_book(connection, book, moment))
    return told(request, as_of_.document(found))


Part = Literal["chain", "checkpoints", "archive", "decisions"]


@router.get("/ledger/verify", response={200: Verdict, **ERRORS}, summary="Whether the ledger is whole")
def verify(request: HttpRequest, part: Query[list[Part]] = []) -> HttpResponseBase:  # noqa: B006 - ninja copies it
    """Chains and checkpoints where no part is named. Read models are compared with `audit verify --read-models`."""
    allowed(request, "part")
    parser = ArgumentParser()
    verify_.add_arguments(parser)
    options = vars(parser.parse_args([f"--{name}" for name in part or ("chain", "checkpoints")]))
    report = StringIO()
    with database(seconds=0) as connection, one_at_a_time(connection):
        whole = verify_.run(connection, options, report)
    body = {"whole": whole, "report": report.getvalue().splitlines()}
    return fresh(HttpResponse(output.encode(body), content_type="application/json"))


@router.get(
    "/ledger/export",
    summary="Events with a signed manifest, as a zip file",
    response=ERRORS,
    openapi_extra={
        "responses": {200: {"description": "OK", "content": {"application/zip": {"schema": {"type": "string"}}}}}
    },
)
def export(request: HttpRequest, asked: Query[Conditions]) -> HttpResponseBase:
    """What `audit export` writes: `docs/verify_offline.py` verifies it with the public key."""
    allowed(request, *names_of(Conditions))
    wanted, signing = question(asked), key()
    with TemporaryDirectory() as directory, database(seconds=0) as connection, one_at_a_time(connection):
        if slip := unknown(connection, wanted):
            raise problems.bad(slip)
        export_.export(connection, wanted, Path(directory), signing)
        archive = TemporaryFile()  # noqa: SIM115 - the response closes it
        with ZipFile(archive, "w") as packed:
            for path in sorted(Path(directory).iterdir()):
                packed.write(path, path.name)
    archive.seek(0)
    return fresh(FileResponse(archive, as_attachment=True, filename="export.zip", content_type="application/zip"))


@router.get("/checkpoints", response={200: Checkpoints, **ERRORS}, summary="Signed checkpoints of the hash chains")
def checkpoints(request: HttpRequest, log: Log | None = None, partition: int = 0, after: int = 0) -> HttpResponse:
    """Those of positions after `after`, of one log or of all."""
    allowed(request, "log", "partition", "after")
    with database() as connection:
        logs = [log] if log else LOGS
        found = [as_json(one) for name in logs for one in read(connection, name, partition, after)]
    file = public_key_file()
    return told(request, {"public_key": file.read_text() if file.exists() else "", "checkpoints": found})


@contextmanager
def one_at_a_time(connection: Connection) -> Iterator[None]:
    """What reads the whole ledger is done for one at a time, whatever process serves it."""
    with alone(connection, "ledger") as ours:
        if not ours:
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
        if slip := names.slip("event", name, audit.LOG_OF):
            raise problems.bad(f"event: {slip}")
    if asked.aggregate is not None and (slip := names.no_aggregate(asked.aggregate)):
        raise problems.bad(f"aggregate: {slip}")
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


def names_of(shape: type[Conditions]) -> set[str]:
    return {field.alias or name for name, field in shape.model_fields.items()}

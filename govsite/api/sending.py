"""Commands over HTTP: into the outbox exactly once, and what became of them."""

from __future__ import annotations

import time
import uuid
from http import HTTPStatus
from typing import Any, Literal

import msgspec
from django.db import connection
from django.http import HttpRequest, HttpResponse
from ninja import Field, Schema

from govsite.api import bodies, problems, tokens
from govsite.api.answers import ERRORS, asks_only, fresh
from govsite.api.columns import Exact, Time, time_of
from govsite.api.shapes import ProblemBody
from govsite.auditing import output
from govsite.govern.asking import wait_for
from govsite.ops import sending
from govsite.ops.words import reason_words
from ledger import outbox
from ledger.models import InboxCommand, OutboxCommand
from streams.commands import Command, RequestChange
from streams.envelope import Envelope, Refused, decode, encode

LONGEST_WAIT_S = 1.0
HERE = "/api/v1/commands/"
KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "format": "uuid"},
    "description": "a random UUID: the id of the command. The same key again is that command again",
    "example": "5f0c1f5e-7f7e-4c5f-9d53-6a1f0f3f6f11",
}
WRITING = dict.fromkeys((409, 413, 415), ProblemBody)


class CommandState(Schema):
    """Where a command stands. `waiting`: it is kept, and will be sent when relay and governor run."""

    command_id: str
    kind: str = Field(examples=["CancelOrder"])
    book: str
    actor: str
    sent_at: Time
    sent_at_ns: Exact
    state: Literal["waiting", "accepted", "refused"]
    code: str = Field(description="why it was refused; empty otherwise", examples=["UNKNOWN_ORDER"])
    words: str = Field(description="the same for people")


def posts(scope: str, body: type[Any], summary: str, example: dict[str, Any], **options: Any) -> dict[str, Any]:
    """What the document says of an address that takes a command."""
    content = {"schema": {"$ref": bodies.REF.format(name=body.__name__)}, "example": example}
    extra = {
        "requestBody": {"required": True, "content": {"application/json": content}},
        "parameters": [] if options.get("response") else [KEY],
        "x-scope": scope,
    }
    response = options.pop("response", {202: CommandState})
    return {"response": {**response, **ERRORS, **WRITING}, "summary": summary, "openapi_extra": extra, **options}


def may(request: HttpRequest, scope: str, permission: str, words: str) -> None:
    """Raises a problem, or what `govsite.ops.sending.may` raises. No parameter but `wait` is known."""
    tokens.scoped(request, scope)
    sending.may(request, permission, words)
    asks_only(request, "wait")


def asked(
    request: HttpRequest, book: str, body: Command, wait_s: float, *, actor: str = "", command_id: str = ""
) -> HttpResponse:
    """Keeps the command under the id that the request gave it, waits a moment for its answer, tells what is known."""
    command_id = command_id or id_of(request)
    who = actor or sending.actor(request)
    envelope = Envelope(id=command_id, body=body, actor=who, sent_at=time.time_ns(), book=book)
    try:
        sound = decode(encode(envelope))
    except Refused as refusal:  # what cannot be read gets no answer
        raise problems.bad(f"{refusal.code}: {refusal.detail}") from None
    keep(sound)
    result = wait_for(command_id, min(max(wait_s, 0.0), LONGEST_WAIT_S))
    return state(envelope_of(command_id), result, HTTPStatus.ACCEPTED)


def keep(envelope: Envelope) -> None:
    """Raises a problem where the id is another command's."""
    kept = OutboxCommand.objects.filter(command_id=envelope.id).exists()
    if not kept and InboxCommand.objects.filter(command_id=envelope.id).exists():
        raise _taken(envelope.id)
    outbox.enqueue(connection, envelope)
    if not same(envelope_of(envelope.id), envelope):
        raise _taken(envelope.id)


def same(kept: Envelope, envelope: Envelope) -> bool:
    """Whether it is the same command again: the replay that a change carries is made anew every time."""
    told = (kept.actor, kept.book, _said(kept.body))
    return told == (envelope.actor, envelope.book, _said(envelope.body))


def _said(body: Any) -> Any:
    return msgspec.structs.replace(body, preview=None) if isinstance(body, RequestChange) else body


def id_of(request: HttpRequest) -> str:
    """The id of the command: the header's, or a new one. The same for all of a request."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return str(uuid.uuid4())
    try:
        given = uuid.UUID(key)
    except ValueError:
        given = uuid.UUID(int=0)
    if given.version not in (4, 7) or str(given) != key.lower():
        raise problems.bad(f"Idempotency-Key: {key[:60]!r} is no random UUID (version 4 or 7)")
    return str(given)


def find(command_id: str) -> Envelope | None:
    """The command as it is kept in the outbox."""
    if "\0" in command_id:
        return None
    row = OutboxCommand.objects.filter(command_id=command_id).first()
    return None if row is None else decode(bytes(row.raw))


def envelope_of(command_id: str) -> Envelope:
    found = find(command_id)
    assert found is not None, "the outbox forgets nothing"
    return found


def state(envelope: Envelope, result: str, status: HTTPStatus = HTTPStatus.OK) -> HttpResponse:
    verdict, _, code = result.partition(":")
    waits = result == outbox.WAITING
    body = {
        "command_id": envelope.id,
        "kind": type(envelope.body).__name__,
        "book": envelope.book,
        "actor": envelope.actor,
        "sent_at": time_of(envelope.sent_at),
        "sent_at_ns": envelope.sent_at,
        "state": "waiting" if waits else "refused" if code else verdict,
        "code": code,
        "words": "the governor has not answered yet" if waits else reason_words(code) if code else verdict,
    }
    response = HttpResponse(output.encode(body), status=status.value, content_type="application/json")
    response.headers["Location"] = f"{HERE}{envelope.id}"
    fresh(response)
    return response


def _taken(command_id: str) -> problems.Problem:
    detail = f"Idempotency-Key: {command_id} was given to another command; give this one a new key"
    return problems.Problem(HTTPStatus.CONFLICT, detail)

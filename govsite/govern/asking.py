"""An operator's command from the shell: kept in the outbox, sent by the relay, answered by the governor."""

from __future__ import annotations

import time
import uuid
from typing import Any

import redis
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import CommandError
from django.db import connection
from msgspec import Struct

from governance.models import Book
from govsite.ops.words import reason_words
from ledger import outbox
from ledger.models import LedgerEvent
from streams.client import DEAD_LETTERS, FIELD, connect
from streams.envelope import Envelope, Refused, decode, encode
from streams.messages import AnyMessage, DeadLetter

LETTERS = 500
LONGEST_NAME = 64 - len("operator:")
PERMISSIONS = {
    "request": "governance.request_change",
    "approve": "governance.approve_change",
    "hold": "governance.decide_hold",
    "alarm": "governance.acknowledge_alarm",
    "suspend": "governance.suspend_instrument",
    "cancel": "execution.cancel_order",
    "flatten": "execution.flatten_book",
    "cash": "execution.move_cash",
    "reconcile": "execution.reconcile_book",
}


class Operator(Struct, frozen=True):
    """Who asks, of which book, and how long the answer may take (s)."""

    name: str
    book: str
    patience_s: float

    @property
    def actor(self) -> str:
        return f"operator:{self.name}"


def operator(name: str, book: str, patience_s: float, right: str) -> Operator:
    """Raises CommandError unless there is such a person who may do this: two operators must be two people."""
    found = get_user_model()._default_manager.filter(username=name, is_active=True).first()
    if found is None:
        raise CommandError(f"--as: there is no active user {name}; the site's users are the operators.")
    if len(name) > LONGEST_NAME:
        raise CommandError(f"--as: a name in the ledger has at most {LONGEST_NAME} characters.")
    permission = PERMISSIONS[right]
    if not found.has_perm(permission):
        raise CommandError(f"--as: {name} may not do this: it needs the permission {permission}.")
    known = list(Book.objects.values_list("book", flat=True))
    if known and book not in known:
        raise CommandError(f"--book: there is no book {book}; there are {', '.join(known)}.")
    return Operator(name, book, patience_s)


def ask(who: Operator, body: AnyMessage, *, command_id: str = "") -> str:
    """The id of the accepted command. Raises CommandError with the governor's reason, or when it does not answer."""
    envelope = Envelope(
        id=command_id or str(uuid.uuid4()), body=body, actor=who.actor, sent_at=time.time_ns(), book=who.book
    )
    try:
        decode(encode(envelope))
    except Refused as refusal:  # what cannot be read gets no answer
        raise CommandError(f"{refusal.code}: {refusal.detail}") from refusal
    outbox.enqueue(connection, envelope)
    result = wait_for(envelope.id, who.patience_s)
    if result == outbox.WAITING:
        raise CommandError(
            f"No answer after {who.patience_s:g} s. The command is kept and will be sent when governor and relay run; "
            f"what became of it: manage.py govern answer {envelope.id}"
        )
    if result != "accepted":
        raise CommandError(told(envelope.id, result))
    return envelope.id


def wait_for(command_id: str, patience_s: float) -> str:
    result = outbox.wait(connection, command_id, patience_s)
    if result is None:
        raise CommandError(f"There is no command {command_id}.")
    return result


def told(command_id: str, result: str) -> str:
    """The answer in words, with what the governor wrote beside it."""
    verdict, _, code = result.partition(":")
    if not code:
        return verdict.capitalize()
    detail = _detail(command_id)
    return f"{verdict.capitalize()}: {code}, {detail or reason_words(code)}"


def _detail(command_id: str) -> str:
    """What stands in the dead letters about it: the newest of them, where Redis answers."""
    try:
        with connect(settings.REDIS_URL) as connected:
            entries: Any = connected.xrevrange(DEAD_LETTERS, count=LETTERS)
    except (redis.RedisError, ValueError):
        return ""
    for _, fields in entries:
        try:
            letter = decode(fields.get(FIELD, b""), limit=2**20).body
            if isinstance(letter, DeadLetter) and decode(letter.raw).id == command_id:
                return letter.detail
        except Refused:
            continue
    return ""


def events_of(change_id: str) -> dict[str, dict[str, Any]]:
    """What the ledger has of a change, by event: everything that it led to carries its id as correlation."""
    found = LedgerEvent.objects.filter(correlation_id=change_id).order_by("position")
    return {event.event: event.payload for event in found}

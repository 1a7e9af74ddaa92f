"""Two people who change the same thing at once: the first one's request goes out, the second one sees the conflict.

Until a request is in the read models the page looks as before to everybody. So what a form was opened against, which no
accepted request leaves as it is, gives the command's id: the first one to send takes it."""

from __future__ import annotations

import itertools
import uuid
from typing import Any

import msgspec
from django.db import connection

from ledger import outbox
from ledger.models import OutboxCommand
from streams.changes import Change, SuspendSeat
from streams.envelope import decode

NAMESPACE = uuid.UUID("5f0c9f0e-7f0b-4c6b-9a55-6a4f2f0f1d53")
SUBJECTS = ("rule", "agent", "name", "instrument")


def claim(book: str, change: Change, opened_at: int, change_id: str) -> str:
    """The id of the command that `change_id` goes out as, or went: "" where another request took it and was
    not refused. Two operators who suspend a seat do not wait for each other: each has an id."""
    if isinstance(change, SuspendSeat):
        return change_id
    about = [getattr(change, name, "") for name in SUBJECTS]
    for attempt in itertools.count():
        said = msgspec.json.encode([book, about, opened_at, attempt]).decode()
        command_id = str(uuid.uuid5(NAMESPACE, said))
        if sender(command_id) in ("", change_id):
            return command_id
        if not (outbox.status(connection, command_id) or "").startswith("refused"):
            return ""
    raise AssertionError("an endless count ended")


def sender(command_id: str) -> str:
    """The id of the request that was sent as this command, "" while nothing was."""
    raw = OutboxCommand.objects.filter(pk=command_id).values_list("raw", flat=True).first()
    if raw is None:
        return ""
    body: Any = decode(bytes(raw)).body
    return str(body.change_id)

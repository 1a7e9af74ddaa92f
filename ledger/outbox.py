"""Operators' commands: kept in PostgreSQL first, then sent until the inbox shows that they were consumed."""

from __future__ import annotations

import time

import redis

from ledger.gate import Connection
from ledger.partitioning import count_of
from ledger.session import Session
from streams.client import COMMANDS, words
from streams.envelope import Envelope, encode
from streams.partitions import partition_of, suffixed
from streams.signing import Signer

WAITING = "waiting"
POLL_S = 0.02

_ENQUEUE = "INSERT INTO outbox (command_id, stream, raw, signature) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"
_STATUS = """SELECT coalesce(outbox.result, inbox.result, %s) FROM outbox LEFT JOIN inbox USING (command_id)
    WHERE command_id = %s"""
_ANSWERED = """UPDATE outbox SET result = inbox.result FROM inbox
    WHERE outbox.command_id = inbox.command_id AND outbox.result IS NULL"""
_DUE = """SELECT command_id, stream, raw, signature FROM outbox
    WHERE result IS NULL AND (sent_at IS NULL
        OR sent_at < clock_timestamp() - greatest(interval '2 seconds', (clock_timestamp() - created_at) / 10))
      AND NOT EXISTS (SELECT FROM inbox WHERE inbox.command_id = outbox.command_id)
    ORDER BY created_at LIMIT 100"""
_SENT = "UPDATE outbox SET sent_at = clock_timestamp() WHERE command_id = ANY(%s)"


def enqueue(connection: Connection, envelope: Envelope, signer: Signer | None = None) -> None:
    """Keeps a command, signed (with the secrets of this process, unless others are given), in the caller's transaction
    (psycopg's or Django's). The same id twice is one. Raises `NoKey`."""
    stream = suffixed(COMMANDS, partition_of(envelope.book, count_of(connection)))
    raw = encode(envelope)
    with connection.cursor() as cursor:
        cursor.execute(_ENQUEUE, (envelope.id, stream, raw, (signer or Signer.of()).sign(envelope, raw)))


def status(connection: Connection, command_id: str) -> str | None:
    """The command's answer, "waiting" while there is none, None where there is no such command."""
    with connection.cursor() as cursor:
        cursor.execute(_STATUS, (WAITING, command_id))
        row = cursor.fetchone()
    return None if row is None else row[0]


def wait(connection: Connection, command_id: str, patience_s: float) -> str | None:
    """The same, after it was answered or the time is over (s)."""
    deadline = time.monotonic() + patience_s
    while (result := status(connection, command_id)) == WAITING and time.monotonic() < deadline:
        time.sleep(POLL_S)
    return result


def send_due(session: Session, connection: redis.Redis) -> int:
    """Sends what was not sent yet, or 2 s ago and is still not in the inbox; the longer it waits, the more seldom.
    Returns how many it sent."""
    waiting = session.run("SELECT EXISTS (SELECT FROM outbox WHERE result IS NULL)", prepare=True)
    if waiting == [(False,)]:
        return 0
    session.run(_ANSWERED, prepare=True)
    due = session.run(_DUE, prepare=True)
    if not due:
        return 0
    with connection.pipeline(transaction=True) as pipe:
        for _, stream, raw, signature in due:
            pipe.execute_command(*words(stream, raw, signature or b""))  # type: ignore[no-untyped-call]
        pipe.execute()
    session.run(_SENT, ([command_id for command_id, *_ in due],), prepare=True)
    return len(due)

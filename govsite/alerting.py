"""Alarms to a webhook: found in the governance log, signed, and sent until the receiver has taken each at least once.

How far the log was read is a row of `projection` that moves with what was found, so that a restart loses nothing."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import psycopg
from msgspec import Struct

from govsite.ops.alarm_words import severity
from ledger.partitioning import count_of
from ledger.work import alone

log = logging.getLogger(__name__)

NAME = "alarm-webhook"
LONGEST_POST_S = 3.0
LONGEST_TURN_S = 6.0
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 300.0
LONGEST_TROUBLE = 300

_PLACE = "SELECT position FROM projection WHERE name = %s AND log = 'governance' AND partition = %s"
_BEGIN = """
    SELECT least(
        coalesce((SELECT position FROM projection
            WHERE name = 'governance' AND log = 'governance' AND partition = %s), 0),
        (SELECT min(ledger.position) - 1 FROM ledger
            JOIN governance_alarm ON governance_alarm.alarm_id = ledger.payload ->> 'alarm_id'
            WHERE ledger.log = 'governance' AND ledger.partition = %s AND ledger.event = 'BreakerTripped'
              AND governance_alarm.acknowledged_at IS NULL))"""
_HEAD = "SELECT position FROM head WHERE log = 'governance' AND partition = %s"
_RAISED = """
    SELECT position, recorded_at, book, payload FROM ledger
    WHERE log = 'governance' AND partition = %s AND event = 'BreakerTripped' AND position > %s AND position <= %s
    ORDER BY position"""
_KEEP = """
    INSERT INTO govsite_alarmdelivery (alarm_id, position, body, attempts, next_at, trouble)
    VALUES (%s, %s, %s, 0, now(), '') ON CONFLICT DO NOTHING"""
_MOVE = "SELECT projection_move(%s, 'governance', %s, %s)"
_DUE = """
    SELECT alarm_id, body, attempts FROM govsite_alarmdelivery
    WHERE delivered_at IS NULL AND next_at <= now() ORDER BY position LIMIT 1"""
_DELIVERED = """
    UPDATE govsite_alarmdelivery SET delivered_at = now(), attempts = attempts + 1, trouble = '' WHERE alarm_id = %s"""
_FAILED = """
    UPDATE govsite_alarmdelivery SET attempts = attempts + 1, trouble = %s,
        next_at = now() + make_interval(secs => %s) WHERE alarm_id = %s"""
_ALL_WAIT = """
    UPDATE govsite_alarmdelivery SET next_at = greatest(next_at, now() + make_interval(secs => %s))
    WHERE delivered_at IS NULL"""


class Webhook(Struct, frozen=True):
    url: str
    secret: str


class Unsent(Exception):
    """The receiver did not take it. `heard`: it answered, so that others may still be told."""

    def __init__(self, text: str, *, heard: bool) -> None:
        super().__init__(text)
        self.heard = heard


def tell_alarms(database_url: str, webhook: Webhook) -> int:
    """Sends what is due, in the order of the log; gives how many were taken. Raises psycopg.Error."""
    with (
        psycopg.connect(database_url, connect_timeout=5, autocommit=True) as connection,
        alone(connection, "alarms") as ours,
    ):
        if not ours:
            return 0  # one worker at a time talks to the receiver
        find(connection)
        return _send(connection, webhook)


# --- what there is to tell --------------------------------------------------------------------------


def find(connection: psycopg.Connection[Any]) -> int:
    """Keeps every alarm since the last look; gives how many. The first look begins with those that nobody has
    acknowledged."""
    return sum(_find(connection, partition) for partition in range(count_of(connection)))


def _find(connection: psycopg.Connection[Any], partition: int) -> int:
    with connection.transaction():
        place = connection.execute(_PLACE, [NAME, partition]).fetchone()
        if place is None:
            place = connection.execute(_BEGIN, [partition, partition]).fetchone()
            assert place is not None
            connection.execute(_MOVE, [NAME, partition, place[0]])
        head = connection.execute(_HEAD, [partition]).fetchone()
        if head is None or head[0] <= place[0]:
            return 0
        rows = connection.execute(_RAISED, [partition, place[0], head[0]]).fetchall()
        for position, recorded_at, book, payload in rows:
            body = body_of(position, recorded_at, book, payload)
            connection.execute(_KEEP, [payload["alarm_id"], position, body])
        connection.execute(_MOVE, [NAME, partition, head[0]])
    return len(rows)


def body_of(position: int, recorded_at: datetime, book: str, payload: dict[str, Any]) -> str:
    """What is posted: JSON, the same at every attempt."""
    told = {
        "type": "alarm",
        "alarm_id": payload["alarm_id"],
        "book": book,
        "severity": severity(payload["effect"]).name,
        **{name: payload[name] for name in ("breaker", "subject", "effect", "level", "formula", "inputs")},
        "raised_at": recorded_at.astimezone(UTC).isoformat(),
        "position": position,
    }
    return json.dumps(told, sort_keys=True)


# --- sending ----------------------------------------------------------------------------------------


def _send(connection: psycopg.Connection[Any], webhook: Webhook) -> int:
    """One after the other until none is due or the time is up. A receiver that does not answer is left alone for a
    while with all of them, one that refuses an alarm with that one."""
    sent, until = 0, time.monotonic() + LONGEST_TURN_S
    while time.monotonic() < until and (due := connection.execute(_DUE).fetchone()):
        alarm_id, body, attempts = due
        try:
            asyncio.run(post(webhook, alarm_id, body))
        except Unsent as problem:
            wait_s = pause_s(attempts + 1)
            connection.execute(_FAILED, [str(problem)[:LONGEST_TROUBLE], wait_s, alarm_id])
            log.warning("alarm %s was not taken by the webhook (attempt %d): %s", alarm_id, attempts + 1, problem)
            if not problem.heard:
                connection.execute(_ALL_WAIT, [wait_s])
                break
        else:
            connection.execute(_DELIVERED, [alarm_id])
            sent += 1
    return sent


def pause_s(attempts: int) -> float:
    """1, 2, 4 … 300 s after the first, second, third … failure; never given up."""
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(attempts - 1, 20))


def signature(secret: str, timestamp: str, body: str) -> str:
    """HMAC-SHA256 over `timestamp.body`, in hex."""
    return hmac.new(secret.encode(), f"{timestamp}.{body}".encode(), hashlib.sha256).hexdigest()


async def post(webhook: Webhook, alarm_id: str, body: str) -> None:
    """Returns when the receiver has answered 2xx. Raises `Unsent`. Redirections are not followed: what is signed for
    one place is not for another."""
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "X-Govsite-Alarm": alarm_id,
        "X-Govsite-Timestamp": timestamp,
        "X-Govsite-Signature": f"sha256={signature(webhook.secret, timestamp, body)}",
    }
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=LONGEST_POST_S)) as session,
            session.post(webhook.url, data=body.encode(), headers=headers, allow_redirects=False) as answer,
        ):
            if not 200 <= answer.status < 300:
                raise Unsent(f"the receiver answered {answer.status}", heard=True)
    except TimeoutError as error:
        raise Unsent(f"the receiver did not answer within {LONGEST_POST_S:g} s", heard=False) from error
    except (aiohttp.ClientError, ValueError, OSError) as error:
        raise Unsent(f"the receiver cannot be reached: {error or type(error).__name__}", heard=False) from error


def problem_of(url: str, secret: str) -> str:
    """What is wrong with the settings; "" where nothing is."""
    if not url:
        return ""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "GOVSITE_ALARM_WEBHOOK is no http(s) address: alarms are sent nowhere."
    if not secret:
        return "GOVSITE_ALARM_WEBHOOK_SECRET is not set: an alarm that is not signed is not sent."
    return ""

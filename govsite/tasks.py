"""What the worker does by the clock: score, tell alarms, verify and sign chains, keep copies, forget."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import Literal

import msgspec
import psycopg
import redis
from django.conf import settings
from msgspec import Struct

from govsite import alerting
from govsite.celery import app
from govsite.outcomes import NotFollowed, Sweeper
from ledger.chain import Broken, ChainRow, verify
from ledger.checkpoints import sign_due
from ledger.records import GENESIS
from ledger.signing import signing_key
from market import bars
from market.domain.bars import MINUTE_S
from market.marks import forget, market_clock
from streams.client import connect
from streams.partitions import log_names, split

log = logging.getLogger(__name__)

BATCH = 2000
KEPT_BEYOND_MARK_MS = 3_600_000
ROWS_A_TIME = 5_000
LONGEST_FORGETTING_S = 5.0
ROWS = f"""
    SELECT {", ".join(ChainRow._fields)} FROM event_log WHERE log = %s AND partition = %s AND position > %s
    ORDER BY position LIMIT {BATCH}"""
FORGET_VISITS = "SELECT forget_visits(%(days)s) + forget_commands(%(days)s)"


class Verified(Struct, frozen=True):
    """How far a log's chain holds; kept in Redis as `verified:<log>`. `at` in ns, `reason` only when it is broken."""

    position: int = 0
    hash: bytes = GENESIS
    at: int = 0
    state: Literal["whole", "broken"] = "whole"
    reason: str = ""


@app.task
def verify_chains() -> None:
    """Checks what was appended since the last time, in both logs of every partition."""
    with psycopg.connect(settings.DATABASE_URL, connect_timeout=5) as connection, connect(settings.REDIS_URL) as kept:
        for name in log_names(settings.PARTITIONS):
            verdict = verify_on(connection, name, last_verdict(kept, name))
            kept.set(f"verified:{name}", msgspec.json.encode(verdict))
            if verdict.state == "broken":
                log.error("the %s log is broken after position %d: %s", name, verdict.position, verdict.reason)


@app.task
def trim_inbox() -> int:
    """Forgets answers to commands an hour older than what the governor has consumed; gives how many."""
    with psycopg.connect(settings.DATABASE_URL, connect_timeout=5) as connection:
        return _count(connection.execute("SELECT forget_answers(%s)", [KEPT_BEYOND_MARK_MS]))


@app.task
def sign_checkpoints() -> int:
    """Signs a checkpoint of every `CHECKPOINT_EVERY` events of each log that have come since; gives how many."""
    key = signing_key(os.environ, settings.DATA_DIR)
    with psycopg.connect(settings.DATABASE_URL, connect_timeout=5, autocommit=True) as connection:
        return sign_due(connection, key, settings.CHECKPOINT_EVERY, settings.ARCHIVE_DIR)


@app.task
def copy_old_events() -> int:
    """Copies events older than `PARQUET_AFTER_DAYS` into Parquet files; the logs stay as they are."""
    from ledger.parquet import copy_old  # takes 100 MB, which only those who copy should pay

    before = datetime.now(UTC) - timedelta(days=settings.PARQUET_AFTER_DAYS)
    with psycopg.connect(settings.DATABASE_URL, connect_timeout=5, autocommit=True) as connection:
        return copy_old(connection, settings.PARQUET_DIR, before)


@app.task
def score_outcomes() -> int:
    """Sends the outcomes of every bucket that is due; gives how many commands that were."""
    return sum(one.sweep() for one in sweepers())


@app.task
def tell_alarms() -> int:
    """Posts alarms to the webhook, where there is one; gives how many its receiver has taken."""
    url, secret = settings.ALARM_WEBHOOK, settings.ALARM_WEBHOOK_SECRET
    if not url or alerting.problem_of(url, secret):  # the page of alarms says what is wrong
        return 0
    return alerting.tell_alarms(settings.DATABASE_URL, alerting.Webhook(url, secret))


@app.task
def forget_marks() -> int:
    """Deletes marks older than `MARKS_KEPT_S` of market time, but none that an unanswered question needs."""
    with psycopg.connect(settings.DATABASE_URL, connect_timeout=5, autocommit=True) as connection:
        clock = market_clock(connection)
        try:
            needed = min((at for one in sweepers() if (at := one.needed_from()) is not None), default=None)
        except NotFollowed:
            return 0
        if clock is None:
            return 0
        before = clock - settings.MARKS_KEPT_S * 1_000_000_000
        before = before if needed is None else min(before, needed)
        return _forget(lambda: forget(connection, before, ROWS_A_TIME))


@app.task
def forget_visits() -> int:
    """Deletes sessions that are over, and logins and answered commands older than `VISITS_KEPT_DAYS`: what people did
    is in the ledger."""
    with psycopg.connect(settings.DATABASE_URL, connect_timeout=5) as connection:
        return _count(connection.execute(FORGET_VISITS, {"days": settings.VISITS_KEPT_DAYS}))


@app.task
def forget_bars() -> int:
    """Deletes bars older than `BARS_1S_KEPT_S` and `BARS_1M_KEPT_S` of market time."""
    with psycopg.connect(settings.DATABASE_URL, connect_timeout=5, autocommit=True) as connection:
        clock = market_clock(connection)
        if clock is None:
            return 0
        kept = {1: settings.BARS_1S_KEPT_S, MINUTE_S: settings.BARS_1M_KEPT_S}
        return sum(
            _forget(partial(bars.forget, connection, width_s, clock - kept_s * 1_000_000_000, ROWS_A_TIME))
            for width_s, kept_s in kept.items()
        )


def _count(cursor: psycopg.Cursor[tuple[int]]) -> int:
    row = cursor.fetchone()
    return 0 if row is None else row[0]


def _forget(some_of_it: Callable[[], int]) -> int:
    """Again and again while there is something and time; what is left waits for the next turn."""
    deleted, until = 0, time.monotonic() + LONGEST_FORGETTING_S
    while (some := some_of_it()) and time.monotonic() < until:
        deleted += some
    return deleted + some


@cache
def sweeper(database_url: str, redis_url: str, partition: int = 0) -> Sweeper:
    """The worker's own: it remembers how far it has read."""
    return Sweeper(database_url, redis_url, partition)


def sweepers() -> list[Sweeper]:
    """One a partition."""
    urls = settings.DATABASE_URL, settings.REDIS_URL
    return [sweeper(*urls, *([partition] if partition else [])) for partition in range(settings.PARTITIONS)]


def last_verdict(kept: redis.Redis, name: str) -> Verified:
    """What the last check found; a log that was never checked is checked from its first row."""
    raw = kept.get(f"verified:{name}")
    return msgspec.json.decode(raw, type=Verified) if isinstance(raw, bytes) else Verified()


def verify_on(connection: psycopg.Connection, name: str, last: Verified) -> Verified:
    """Goes on from where the chain held the last time, so that a log which was cut or rewritten since is noticed."""
    position, previous = last.position, last.hash
    row = connection.execute("SELECT position FROM head WHERE log = %s AND partition = %s", split(name)).fetchone()
    if (end := row[0] if row else 0) < position:
        return _broken(position, previous, f"the log ends at {end} but was longer")
    for found in verify(_rows(connection, name, position), after=position, previous=previous):
        if isinstance(found, Broken):
            return _broken(position, previous, found.reason)
        position, previous = found.position, found.hash
    return Verified(position, previous, time.time_ns())


def _broken(position: int, previous: bytes, reason: str) -> Verified:
    return Verified(position, previous, time.time_ns(), "broken", reason)


def _rows(connection: psycopg.Connection, name: str, after: int) -> Iterator[ChainRow]:
    while rows := connection.execute(ROWS, [*split(name), after]).fetchall():
        yield from map(ChainRow._make, rows)
        after = rows[-1][2]

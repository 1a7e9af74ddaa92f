"""The worker's tasks: how far the chains hold, and which answers are forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
import redis
from pytest_django import Settings

from govsite.celery import app
from govsite.tasks import Verified, forget_visits, last_verdict, trim_inbox, verify_chains
from ledger.application import InboxEntry, LedgerApplication
from streams.client import COMMANDS
from streams.messages import Log
from tests.integration.ledger.events import book_opened, cash_moved

HOUR_MS = 3_600_000


@pytest.fixture
def writer(ledger_url: str, redis_url: str, settings: Settings) -> Iterator[LedgerApplication]:
    settings.DATABASE_URL = ledger_url
    writer = LedgerApplication(ledger_url, "execution")
    writer.acquire()
    yield writer
    writer.close()


def verdict(url: str, log: Log = "execution") -> Verified:
    verify_chains()
    with redis.Redis.from_url(url) as kept:
        return last_verdict(kept, log)


def rewrite(url: str, statement: str) -> None:
    """What a superuser could do, and what the chain is there to show."""
    with psycopg.connect(url) as connection:
        connection.execute("ALTER TABLE event_log DISABLE TRIGGER ALL")
        connection.execute(statement.encode())
        connection.execute("ALTER TABLE event_log ENABLE ALWAYS TRIGGER append_only")


def test_each_check_goes_on_from_the_last_one(writer: LedgerApplication, redis_url: str) -> None:
    writer.commit([book_opened()])
    first = verdict(redis_url)
    writer.commit([cash_moved(2), cash_moved(3)])
    second = verdict(redis_url)
    assert [(found.state, found.position) for found in (first, second)] == [("whole", 1), ("whole", 3)]
    assert second.hash == writer.acquire().hash
    assert verdict(redis_url, "governance").position == 0


def test_a_row_that_was_changed_breaks_the_chain(writer: LedgerApplication, ledger_url: str, redis_url: str) -> None:
    writer.commit([book_opened(), cash_moved(2), cash_moved(3)])
    rewrite(ledger_url, "UPDATE event_log SET actor = 'nobody' WHERE position = 2")
    found = verdict(redis_url)
    assert (found.state, found.position) == ("broken", 1)
    assert found.reason == "its hash does not fit what it says"
    assert verdict(redis_url).state == "broken"


def test_a_log_that_was_cut_after_the_last_check_is_noticed(
    writer: LedgerApplication, ledger_url: str, redis_url: str
) -> None:
    writer.commit([book_opened(), cash_moved(2)])
    assert verdict(redis_url).position == 2
    rewrite(ledger_url, "DELETE FROM event_log WHERE position = 2")
    with psycopg.connect(ledger_url) as connection:
        connection.execute("UPDATE head SET position = 1 WHERE log = 'execution'")
    assert verdict(redis_url).reason == "the log ends at 1 but was longer"


def test_answers_an_hour_behind_the_mark_are_forgotten(
    writer: LedgerApplication, ledger_url: str, settings: Settings
) -> None:
    mark = 10 * HOUR_MS
    governor = LedgerApplication(ledger_url, "governance")
    governor.acquire()
    entries = {"old": mark - HOUR_MS - 1, "young": mark - HOUR_MS, "new": mark}
    governor.commit(
        [],
        mark=f"{mark}-0",
        inbox=[
            InboxEntry(command_id=name, entry_id=f"{at}-7", result="accepted", book="demo")
            for name, at in entries.items()
        ],
    )
    assert trim_inbox() == 1
    assert governor.answered(list(entries)).keys() == {"young", "new"}
    governor.close()


def test_sessions_that_are_over_and_old_visits_are_forgotten(writer: LedgerApplication, ledger_url: str) -> None:
    log = "INSERT INTO axes_accesslog (user_agent, username, http_accept, path_info, attempt_time, session_hash)"
    with psycopg.connect(ledger_url) as connection:
        for days in (1, 89, 91):
            at = datetime.now(UTC) - timedelta(days=days)
            over = at + timedelta(days=2)
            connection.execute("INSERT INTO django_session VALUES (%s, '', %s)", [f"k{days}", over])
            connection.execute(f"{log} VALUES ('', 'ann', '', '', %s, '')".encode(), [at])
            for name, result in (("answered", "accepted"), ("waiting", None)):
                row = [f"{name} {days}", COMMANDS, b"", at, result]
                connection.execute(
                    "INSERT INTO outbox (command_id, stream, raw, created_at, result) VALUES (%s, %s, %s, %s, %s)", row
                )
    assert forget_visits() == 4
    with psycopg.connect(ledger_url) as connection:
        kept = connection.execute("SELECT session_key FROM django_session").fetchall()
        commands = connection.execute("SELECT command_id FROM outbox ORDER BY 1").fetchall()
    assert kept == [("k1",)]
    assert [name for (name,) in commands] == ["answered 1", "answered 89", "waiting 1", "waiting 89", "waiting 91"]
    assert forget_visits() == 0


def test_the_schedule_names_tasks_that_there_are() -> None:
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= app.tasks.keys()

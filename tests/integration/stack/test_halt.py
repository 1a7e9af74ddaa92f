"""`manage.py halt`: trading stops with PostgreSQL alone."""

from __future__ import annotations

import io

import psycopg
import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from ledger import gate
from ledger.application import LedgerApplication
from tests.integration.ledger.events import book_opened
from tests.integration.ledger.held import held


@pytest.fixture
def founded(ledger_url: str, settings: Settings) -> str:
    settings.DATABASE_URL = ledger_url
    settings.REDIS_URL = "redis://127.0.0.1:1"
    writer = LedgerApplication(ledger_url, "execution")
    writer.acquire()
    writer.commit([book_opened()])
    writer.close()
    return ledger_url


def halt(*arguments: str) -> str:
    out = io.StringIO()
    call_command("halt", *arguments, stdout=out)
    return out.getvalue()


def test_a_book_is_halted_with_who_and_why(founded: str) -> None:
    said = halt("--book", "demo", "--reason", "prices look wrong", "--actor", "operator:ann")
    assert said.strip() == "Book demo is halted by operator:ann: prices look wrong"
    with psycopg.connect(founded) as connection:
        found = gate.read(connection, "demo")
        assert (found.mode, found.who, found.why) == ("HALTED", "operator:ann", "prices look wrong")
        assert gate.read(connection, "other").mode == "NORMAL"


def test_all_books_are_halted(founded: str) -> None:
    halt("--all", "--reason", "unplugging")
    with psycopg.connect(founded) as connection:
        assert gate.read(connection, "any other").mode == "HALTED"


def test_a_book_that_does_not_exist_is_not_taken_for_halted(founded: str) -> None:
    with pytest.raises(CommandError, match="There is no book dmeo in the ledger: nothing was halted"):
        halt("--book", "dmeo", "--reason", "a slip of the pen")


def test_who_holds_it_up_is_named(founded: str) -> None:
    with (
        held(founded, "demo"),
        pytest.raises(CommandError, match=r"\(stuck\) holds it; as a superuser:"),
    ):
        halt("--reason", "now")


def test_without_postgres_it_says_that_nothing_was_halted(settings: Settings) -> None:
    settings.DATABASE_URL = "postgresql://127.0.0.1:1/nowhere"
    with pytest.raises(CommandError, match="PostgreSQL does not answer, nothing was halted"):
        halt("--reason", "too late")

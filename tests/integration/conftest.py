"""The database that tests of the ledger write to: migrated once, emptied before each test."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from govsite.accounts.passwords import access_key, derived
from govsite.accounts.postgres import provision
from govsite.accounts.table import ACCOUNTS
from govsite.stack.embedded import create_database, logged_in
from tests.servers import wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
APPEND_ONLY = ("event_log", "checkpoint")
KEPT = ("django_migrations", "django_content_type", "auth_permission", "auth_group", "auth_group_permissions")


def empty(url: str) -> None:
    """Empties every table and drops the replication slots of a database that no relay reads any more."""
    with psycopg.connect(url, autocommit=True) as connection:
        wait_until(lambda: not _slots(connection, active=True), "no relay reads the database of the last test")
        for name in _slots(connection, active=False):
            connection.execute("SELECT pg_drop_replication_slot(%s)", [name])
        tables = connection.execute(
            "SELECT relname FROM pg_stat_user_tables WHERE schemaname = 'public' AND NOT relname = ANY(%s)",
            [list(KEPT)],
        ).fetchall()
        used = [name for (name,) in tables if connection.execute(_any_row(name)).fetchone()]
        with connection.transaction():
            connection.execute("SET LOCAL session_replication_role = replica")  # rows go in any order
            for table in APPEND_ONLY:
                connection.execute(SQL("ALTER TABLE {} DISABLE TRIGGER append_only").format(Identifier(table)))
            for table in used:  # to truncate so few rows takes three times as long
                connection.execute(SQL("DELETE FROM {}").format(Identifier(table)))
            for table in APPEND_ONLY:
                connection.execute(SQL("ALTER TABLE {} ENABLE ALWAYS TRIGGER append_only").format(Identifier(table)))


def _any_row(table: str) -> psycopg.sql.Composed:
    return SQL("SELECT 1 FROM {} LIMIT 1").format(Identifier(table))


def _slots(connection: psycopg.Connection, *, active: bool) -> list[str]:
    rows = connection.execute(
        "SELECT slot_name FROM pg_replication_slots WHERE database = current_database() AND active = %s", [active]
    )
    return [name for (name,) in rows]


@pytest.fixture(scope="session")
def migrated_url() -> str:
    """A database of its own with all migrations applied."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path="/ledger_tests").geturl()
    create_database(url)
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--no-input", "--skip-checks", "--verbosity", "0"],
        env={**os.environ, "DATABASE_URL": url},
        cwd=ROOT,
        check=True,
    )
    return url


@pytest.fixture
def ledger_url(migrated_url: str) -> str:
    """The URL of a migrated and empty database. Close what you open before the test ends."""
    empty(migrated_url)
    return migrated_url


def password(account: str) -> str:
    return derived(access_key(Path(os.environ["GOVSITE_DATA_DIR"])), account)


@pytest.fixture(scope="session")
def database_as(migrated_url: str) -> Callable[[str], str]:
    """The URL of the migrated database for the account of a process."""
    with psycopg.connect(migrated_url, autocommit=True) as owner:
        provision(owner, {name: password(name) for name in ACCOUNTS})
    return lambda account: logged_in(migrated_url, account, password(account))


@pytest.fixture
def relay_without_wal(database_as: Callable[[str], str], migrated_url: str) -> Iterator[str]:
    """The relay's URL on a server that does not let it decode the WAL."""
    with psycopg.connect(migrated_url, autocommit=True) as owner:
        owner.execute("ALTER ROLE gov_relay NOREPLICATION")
        yield database_as("relay")
        owner.execute("ALTER ROLE gov_relay REPLICATION")

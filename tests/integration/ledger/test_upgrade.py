"""A database of the first release, brought up to today, has the functions, triggers and grants of a fresh one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from govsite.stack.embedded import create_database

ROOT = Path(__file__).resolve().parent.parent.parent.parent
FIRST = Path(__file__).parent / "first_release"
NOW = ("append_events", "gate_pass")
OBJECTS = (
    """SELECT oid::regprocedure::text, md5(prosrc), prosecdef, proconfig,
        array(SELECT unnest(coalesce(proacl, acldefault('f', proowner)))::text ORDER BY 1)
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1""",
    """SELECT tgrelid::regclass::text, tgname, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger
    WHERE NOT tgisinternal ORDER BY 1, 2""",
    """SELECT relname, relkind, array(SELECT unnest(coalesce(relacl, acldefault('r', relowner)))::text ORDER BY 1)
    FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v') ORDER BY 1""",
    "SELECT viewname, definition FROM pg_views WHERE schemaname = 'public' ORDER BY 1",
)


def migrate(url: str, *arguments: str) -> None:
    command = [sys.executable, "manage.py", "migrate", *arguments, "--no-input", "--skip-checks", "--verbosity", "0"]
    subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, cwd=ROOT, check=True)


def objects(url: str) -> list[list[tuple[Any, ...]]]:
    with psycopg.connect(url) as connection:
        return [connection.execute(query).fetchall() for query in OBJECTS]


@pytest.fixture
def first_release() -> str:
    """As the first release left it: its functions under its signatures, and none of today's."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path="/first_release_tests").geturl()
    create_database(url)
    migrate(url, "ledger", "0002_models")
    with psycopg.connect(url) as connection:
        for name in NOW:
            query = "SELECT oid::regprocedure::text FROM pg_proc WHERE proname = %s"
            for (function,) in connection.execute(query, [name]).fetchall():
                connection.execute(sql.SQL("DROP FUNCTION {}").format(sql.SQL(function)))
        for name in (*NOW, "service_role"):
            connection.execute((FIRST / f"{name}.sql").read_bytes())
    return url


def test_a_database_of_the_first_release_becomes_what_a_fresh_one_is(first_release: str, migrated_url: str) -> None:
    before = objects(first_release)[0]
    assert any(signature == "gate_pass(text)" for signature, *_ in before)
    migrate(first_release)
    assert objects(first_release) == objects(migrated_url)

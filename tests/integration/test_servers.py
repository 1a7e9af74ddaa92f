"""The embedded servers that everything else is tested on."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from govsite.stack.embedded import prepare_postgres
from streams.client import Streams


@pytest.mark.parametrize(("setting", "value"), [("wal_level", "logical"), ("server_encoding", "UTF8")])
def test_postgres_is_set_up_for_a_ledger(setting: str, value: str) -> None:
    with psycopg.connect(settings.DATABASE_URL) as connection:
        row = connection.execute("SELECT current_setting(%s)", [setting]).fetchone()
    assert row == (value,)


def test_only_the_tests_turn_syncing_off(tmp_path: Path) -> None:
    """PostgreSQL as a stack starts it: nothing in its command or its files takes durability away."""
    server = prepare_postgres(tmp_path)
    written = [file.read_text() for file in (tmp_path / "postgres").glob("*.conf")]
    lines = [line.strip() for text in written for line in text.splitlines() if not line.lstrip().startswith("#")]
    told = " ".join(server.command) + "\n" + "\n".join(lines)
    assert written
    assert not re.search(r"fsync|full_page_writes|synchronous_commit", told)


def test_valkey_never_evicts(redis_url: str) -> None:
    assert Streams(redis_url).redis.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}

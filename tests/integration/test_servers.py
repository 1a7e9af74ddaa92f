"""The embedded servers that everything else is tested on."""

from __future__ import annotations

import psycopg
import pytest
from django.conf import settings

from streams.client import Streams


@pytest.mark.parametrize(("setting", "value"), [("wal_level", "logical"), ("fsync", "on"), ("server_encoding", "UTF8")])
def test_postgres_is_set_up_for_a_ledger(setting: str, value: str) -> None:
    with psycopg.connect(settings.DATABASE_URL) as connection:
        row = connection.execute("SELECT current_setting(%s)", [setting]).fetchone()
    assert row == (value,)


def test_valkey_never_evicts(redis_url: str) -> None:
    assert Streams(redis_url).redis.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}

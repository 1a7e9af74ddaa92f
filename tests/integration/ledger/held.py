"""A gate that somebody holds, in a database whose owner may not end the sessions of others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from ledger.schema import sql

ENDS = "PERFORM pg_terminate_backend(holder.pid);"


@contextmanager
def held(url: str, book: str) -> Iterator[None]:
    function = sql("gate_clear")
    assert ENDS in function
    with (
        psycopg.connect(url, autocommit=True) as owner,
        psycopg.connect(url, application_name="stuck") as holder,
    ):
        owner.execute(function.replace(ENDS, "RAISE insufficient_privilege;").encode())
        try:
            holder.execute("SELECT gate_pass(%s, 'NORMAL')", [book])
            yield
        finally:
            owner.execute(function.encode())

"""Work that one at a time does, in whatever process; each kind is of certain accounts (schema/work_begin.sql)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

Connection = psycopg.Connection[Any]


@contextmanager
def alone(connection: Connection, work: str, *, wait: bool = False) -> Iterator[bool]:
    """Whether the work is ours until the end of the block; false where another does it, unless told to `wait`. The
    connection is in no transaction. Raises psycopg.errors.InsufficientPrivilege."""
    row = connection.execute("SELECT work_begin(%s, %s)", (work, wait)).fetchone()
    ours = row == (True,)
    try:
        yield ours
    finally:
        if ours and not connection.closed:
            connection.execute("SELECT work_end(%s)", (work,))

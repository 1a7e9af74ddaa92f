"""The gate that stops trading without governor and Redis: one row a book in PostgreSQL, and `*` for all books.

`connection` may be psycopg's or Django's; what is done takes hold when its transaction commits.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, Protocol

import psycopg

from ledger.errors import translated
from ledger.records import Gate, GateChange

__all__ = ["ALL_BOOKS", "Connection", "Gate", "GateChange", "halt", "read"]

ALL_BOOKS = "*"
HELD = "LG005"


class Connection(Protocol):
    """What psycopg's and Django's connections have in common."""

    def cursor(self) -> AbstractContextManager[Any]: ...


def halt(connection: Connection, book: str, *, who: str, why: str, command_id: str) -> Gate:
    """Shuts the gate of a book, or of all with "*"; returns after every transaction that was through it has ended.
    A book that is halted already stays halted by whom it was. Sessions that hold the gate for seconds are ended; raises
    `GateHeld` where the owner of the database may not end them."""
    with connection.cursor() as cursor:
        try:
            cursor.execute("SELECT gate_halt(%s, %s, %s, %s)", (book, who, why, command_id))
        except Exception as error:  # psycopg's, or Django's around it
            cause = error if isinstance(error, psycopg.Error) else error.__cause__
            if isinstance(cause, psycopg.Error) and cause.sqlstate == HELD:
                raise translated(cause) from error
            raise
        cursor.execute("SELECT book, mode, who, why, command_id, gate_at FROM gate WHERE book = %s", (book,))
        return _gate(cursor.fetchone())


def read(connection: Connection, book: str) -> Gate:
    """The mode that holds for the book: the strictest of its own row and that of all books."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT book, mode, who, why, command_id, gate_at FROM gate_read(%s)", (book,))
        row = cursor.fetchone()
    return Gate(book=book) if row is None else _gate(row)


def _gate(row: tuple[str, Any, str, str, str, datetime]) -> Gate:
    book, mode, who, why, command_id, gate_at = row
    since = gate_at - datetime(1970, 1, 1, tzinfo=UTC)
    nanoseconds = ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1000
    return Gate(book=book, mode=mode, who=who, why=why, command_id=command_id, gate_at=nanoseconds)

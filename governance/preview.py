"""The shadow replay of a change over the last decisions of a book, read from its ledger."""

from __future__ import annotations

import psycopg

from governance.audit import Connection, Scope, first_positions, rows
from governance.domain.previewing import Previewing
from streams.changes import Change
from streams.events import Preview

LAST = 200
PATIENCE_S = 10


def preview(database_url: str, book: str, change: Change, last: int = LAST) -> Preview:
    """What the change would have made of the last `last` decisions of the book, each by itself. A rule's texts have
    been through the sandbox before. Raises `RuleRefused` for a rule that does not compile, AttributeError for a
    parameter that there is not, psycopg.OperationalError where the ledger does not answer a question in time."""
    options = f"-c statement_timeout={PATIENCE_S * 1000}"
    with psycopg.connect(
        database_url, autocommit=True, application_name="preview", options=options, connect_timeout=PATIENCE_S
    ) as connection:
        return replayed(connection, book, change, last)


def replayed(connection: Connection, book: str, change: Change, last: int) -> Preview:
    """The same on a connection that is open; the partition of the book is the one that has its decisions."""
    scope = Scope(book=book, last=last)
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        partition = _partition_of(connection, book)
        first, begin = first_positions(connection, partition, scope)
        previewing = Previewing(book, change, first)
        for row in rows(connection, partition, begin, book):
            previewing.take(row)
    return previewing.preview()


def _partition_of(connection: Connection, book: str) -> int:
    query = "SELECT partition FROM event_log WHERE log = 'governance' AND book = %s ORDER BY position DESC LIMIT 1"
    found = connection.execute(query, [book]).fetchone()
    return found[0] if found else 0

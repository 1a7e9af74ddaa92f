"""A ledger with checkpoints and an archive, and an owner who gets past every trigger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

from ledger.application import LedgerApplication
from ledger.archive_writer import ArchiveRow, ArchiveWriter
from ledger.entries import COLUMNS, table_row
from tests.integration.ledger.events import cancelled

EVERY = 10
# The hash as the append function makes it, in SQL.
HASH = """sha256(prev_hash || convert_to(concat_ws(E'\\x1f', log, partition, position, {event_id}, originator_id,
    originator_version, topic, to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), correlation_id,
    causation_id, coalesce(command_id, ''), {actor}, book, ''), 'UTF8') || state)"""
Connection = psycopg.Connection


@contextmanager
def connected(ledger_url: str) -> Iterator[Connection]:
    """A connection to a ledger whose checkpoints are forgotten at the end."""
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        try:
            yield connection
        finally:
            forge(connection, "TRUNCATE checkpoint")


def forge(connection: Connection, change: str) -> None:
    """Changes what no trigger lets anybody change."""
    tables = [Identifier(name) for name in ("event_log", "checkpoint")]
    with connection.transaction():
        for table in tables:
            connection.execute(SQL("ALTER TABLE {} DISABLE TRIGGER append_only").format(table))
        connection.execute(change.encode())
        for table in tables:
            connection.execute(SQL("ALTER TABLE {} ENABLE ALWAYS TRIGGER append_only").format(table))


def commit(ledger_url: str, count: int, first: int = 1) -> None:
    """Events of the execution log, 25 in a transaction."""
    application = LedgerApplication(ledger_url, "execution")
    application.acquire()
    numbers = range(first, first + count)
    for begin in range(0, count, 25):
        application.commit([cancelled(number) for number in numbers[begin : begin + 25]])
    application.recorder.release()
    application.close()


def archived(connection: Connection, directory: Path) -> Path:
    """Archives the execution log; gives its one file."""
    query = f"SELECT {COLUMNS}, prev_hash, hash FROM event_log WHERE log = 'execution' ORDER BY position"
    rows = []
    for *columns, prev_hash, hash_ in connection.execute(query):
        _, _, recorded_at, row = table_row(tuple(columns))
        rows.append(ArchiveRow(recorded_at, row, prev_hash, hash_))
    writer = ArchiveWriter(directory, ("execution", 0), lambda text: None)
    writer.append(rows)
    writer.close()
    return max((directory / "execution-0").glob("*.jsonl.gz"))

"""Into how many partitions a ledger is divided: told once, by a head row for each, before anything is written."""

from __future__ import annotations

import psycopg

from ledger.errors import LedgerError
from ledger.gate import Connection

_COUNT = "SELECT count(*) FROM head WHERE log = 'governance'"
_DIVIDE = """INSERT INTO head (log, partition)
    SELECT log, partition FROM unnest('{governance,execution}'::text[]) AS log, generate_series(0, %s - 1) AS partition
    ON CONFLICT DO NOTHING"""


class OtherPartitions(LedgerError):
    """The ledger is divided otherwise than this process was told; the message says what to do."""


def count_of(connection: Connection) -> int:
    """How many partitions there are; a ledger that nobody has written yet has one."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT)
        row = cursor.fetchone()
    return max(1, int(row[0]) if row else 1)


def agree(connection: psycopg.Connection, count: int) -> None:
    """Raises `OtherPartitions` where the ledger was written with another number of partitions. One that has none yet
    is divided by `divide`, and may be waited for."""
    with connection.cursor() as cursor:
        found = cursor.execute(_COUNT).fetchone()
    written = int(found[0]) if found else 0
    if written not in (0, count):
        raise OtherPartitions(
            f"GOVSITE_PARTITIONS is {count}, but the ledger was written with {written}: set"
            f" GOVSITE_PARTITIONS={written}; a ledger keeps its partitions, so another number needs a new database."
        )


def divide(connection: psycopg.Connection, count: int) -> None:
    """Makes the heads of all partitions of a new ledger. Raises `OtherPartitions`."""
    with connection.transaction():
        connection.execute("LOCK TABLE head IN SHARE ROW EXCLUSIVE MODE")
        agree(connection, count)
        connection.execute(_DIVIDE, [count])

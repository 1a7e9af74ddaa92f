"""The decoder of the WAL: what PostgreSQL really sends for every kind of change, nulls and large values included."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import psycopg
import pytest

from ledger.wal import PgOutput, Transaction, WalStream
from tests.servers import wait_until

SLOT = "test_wal"


@pytest.fixture
def owner(ledger_url: str) -> Iterator[psycopg.Connection]:
    """With a table of its own, published, and a slot."""
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE wal_sample (id integer PRIMARY KEY, large text, last text)")
        connection.execute("CREATE PUBLICATION wal_sample FOR TABLE wal_sample")
        connection.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", [SLOT])
        yield connection
        free = "FROM pg_replication_slots WHERE slot_name = %s AND NOT active"
        drop = f"SELECT pg_drop_replication_slot(slot_name) {free}"
        wait_until(lambda: connection.execute(drop, [SLOT]).fetchone(), "the slot is dropped")
        connection.execute("DROP PUBLICATION wal_sample")
        connection.execute("DROP TABLE wal_sample")


@pytest.fixture
def stream(ledger_url: str, owner: psycopg.Connection) -> Iterator[WalStream]:
    stream = WalStream(ledger_url, SLOT, publication="wal_sample")
    yield stream
    stream.close()


def read(stream: WalStream, count: int) -> list[Transaction]:
    found: list[Transaction] = []

    def enough() -> bool:
        found.extend(stream.read(0.1))
        return len(found) >= count

    wait_until(enough, f"{count} transactions")
    return found


def test_every_kind_of_change_is_decoded(owner: psycopg.Connection, stream: WalStream) -> None:
    large = "é" * 100_000
    owner.execute("INSERT INTO wal_sample VALUES (1, %s, NULL), (2, NULL, 'z'), (-3, '', NULL)", [large])
    owner.execute("UPDATE wal_sample SET last = 'y' WHERE id = 1")
    owner.execute("DELETE FROM wal_sample WHERE id > 1")
    owner.execute("TRUNCATE wal_sample")
    inserted, *others = read(stream, 4)
    assert [change.values for change in inserted.changes] == [
        {"id": struct.pack(">i", 1), "large": large.encode(), "last": None},
        {"id": struct.pack(">i", 2), "large": None, "last": b"z"},
        {"id": struct.pack(">i", -3), "large": b"", "last": None},
    ]
    assert [[change.kind for change in one.changes] for one in others] == [["update"], ["delete"], ["truncate"]]
    assert {change.table for one in others for change in one.changes} == {"wal_sample"}
    ends = [one.end for one in (inserted, *others)]
    assert ends == sorted(ends)
    assert stream.position >= ends[-1]


def test_what_was_rolled_back_is_never_seen(owner: psycopg.Connection, stream: WalStream) -> None:
    with owner.transaction(force_rollback=True):
        owner.execute("INSERT INTO wal_sample VALUES (1)")
    owner.execute("INSERT INTO wal_sample VALUES (2)")
    (found,) = read(stream, 1)
    assert [change.values["id"] for change in found.changes] == [struct.pack(">i", 2)]


def test_what_is_not_acknowledged_comes_again(ledger_url: str, owner: psycopg.Connection, stream: WalStream) -> None:
    owner.execute("INSERT INTO wal_sample VALUES (1)")
    owner.execute("INSERT INTO wal_sample VALUES (2)")
    first, second = read(stream, 2)
    stream.acknowledge(first.end, force=True)
    stream.acknowledge(0, force=True)
    confirmed = "SELECT (confirmed_flush_lsn - '0/0')::bigint FROM pg_replication_slots WHERE slot_name = %s"
    wait_until(lambda: owner.execute(confirmed, [SLOT]).fetchone() == (first.end,), "the first is acknowledged")
    stream.close()
    active = "SELECT active FROM pg_replication_slots WHERE slot_name = %s"
    wait_until(lambda: owner.execute(active, [SLOT]).fetchone() == (False,), "the slot is free")
    again = WalStream(ledger_url, SLOT, publication="wal_sample")
    assert read(again, 1) == [second]
    again.close()


def test_a_change_outside_of_a_transaction_is_not_taken() -> None:
    decoder = PgOutput()
    assert decoder.feed(b"I" + bytes(20)) is None
    assert decoder.between_transactions

"""Reads committed changes out of PostgreSQL's write-ahead log: a replication connection and a pgoutput decoder."""

from __future__ import annotations

import select
import struct
import time
from collections.abc import Iterator
from typing import Literal, NamedTuple

import psycopg
from psycopg.sql import SQL, Identifier
from psycopg.sql import Literal as Quoted

from ledger.session import PATIENCE

Kind = Literal["insert", "update", "delete", "truncate"]
Values = dict[str, bytes | None]

PUBLICATION = "ledger"
POSTGRES_EPOCH_US = 946_684_800_000_000
STATUS_EVERY_S = 0.5
BATCH = 500
_COUNT = struct.Struct(">H").unpack_from
_LENGTH = struct.Struct(">I").unpack_from


class Change(NamedTuple):
    """One row that was written; the values (only of an insert) are as PostgreSQL sends them in binary."""

    kind: Kind
    table: str
    values: Values


class Transaction(NamedTuple):
    end: int
    changes: list[Change]


class PgOutput:
    """Decodes protocol version 1: message by message, a transaction when it is whole."""

    def __init__(self) -> None:
        self._tables: dict[int, tuple[str, list[str]]] = {}
        self._changes: list[Change] | None = None

    @property
    def between_transactions(self) -> bool:
        return self._changes is None

    def feed(self, message: bytes) -> Transaction | None:
        kind = message[:1]
        if kind == b"B":
            self._changes = []
        elif kind == b"C":
            changes, self._changes = self._changes or [], None
            return Transaction(struct.unpack_from(">Q", message, 10)[0], changes)
        elif kind == b"R":
            self._learn(message)
        elif kind in b"IUDT" and self._changes is not None:
            self._changes.extend(self._written(kind, message))
        return None

    def _written(self, kind: bytes, message: bytes) -> Iterator[Change]:
        if kind == b"T":
            count: int = struct.unpack_from(">I", message, 1)[0]
            for relation in struct.unpack_from(f">{count}I", message, 6):
                yield Change("truncate", self._tables[relation][0], {})
            return
        table, columns = self._tables[struct.unpack_from(">I", message, 1)[0]]
        if kind == b"I":
            yield Change("insert", table, dict(zip(columns, _tuple(message, 6), strict=True)))
        else:
            yield Change("update" if kind == b"U" else "delete", table, {})

    def _learn(self, message: bytes) -> None:
        """A table's name and columns, sent before its first change."""
        relation: int = struct.unpack_from(">I", message, 1)[0]
        _, name, rest = message[5:].split(b"\0", 2)
        count: int = struct.unpack_from(">H", rest, 1)[0]
        columns, offset = [], 3
        for _ in range(count):
            end = rest.index(b"\0", offset + 1)
            columns.append(rest[offset + 1 : end].decode())
            offset = end + 9
        self._tables[relation] = (name.decode(), columns)


def _tuple(message: bytes, offset: int) -> list[bytes | None]:
    """The values of a row; None for a null, and for a large value that an update left as it was."""
    count: int = _COUNT(message, offset)[0]
    offset += 2
    values: list[bytes | None] = []
    for _ in range(count):
        if message[offset] in b"nu":
            values.append(None)
            offset += 1
        else:
            end = offset + 5 + _LENGTH(message, offset + 1)[0]
            values.append(message[offset + 5 : end])
            offset = end
    return values


class WalStream:
    """Raises `psycopg.OperationalError` when the connection is lost, or while another holds the slot."""

    def __init__(self, database_url: str, slot: str, publication: str = PUBLICATION) -> None:
        self._connection = psycopg.connect(
            database_url, replication="database", autocommit=True, application_name="relay wal", **PATIENCE
        )
        self._decoder = PgOutput()
        self._read = self._acknowledged = 0
        self._status_at = 0.0
        try:
            self._connection.execute(
                SQL(
                    "START_REPLICATION SLOT {} LOGICAL 0/0 (proto_version '1', publication_names {}, binary 'true')"
                ).format(Identifier(slot), Quoted(publication))
            )
        except psycopg.Error:
            self._connection.close()
            raise

    def read(self, timeout_s: float) -> list[Transaction]:
        """Transactions that are there, at most 500 or so; waits for the first at most so long."""
        transactions = self._drain()
        if not transactions and timeout_s > 0:
            select.select([self._connection.pgconn.socket], [], [], timeout_s)
            self._connection.pgconn.consume_input()
            transactions = self._drain()
        return transactions

    @property
    def position(self) -> int:
        """The end of what was read: of the last transaction, or of the WAL where nothing in it concerned us."""
        return self._read

    def acknowledge(self, position: int, *, force: bool = False) -> None:
        """Lets PostgreSQL forget the WAL up to there: to be called when it is safe elsewhere. Sent twice a second."""
        self._acknowledged = max(self._acknowledged, position)
        if force or time.monotonic() >= self._status_at:
            self._send_status()

    def _drain(self) -> list[Transaction]:
        transactions: list[Transaction] = []
        pgconn = self._connection.pgconn
        fresh = False
        while len(transactions) < BATCH:
            size, data = pgconn.get_copy_data(1)
            if size > 0:
                transactions += self._take(bytes(data))
            elif size < 0:
                raise psycopg.OperationalError("the server has ended the replication")
            elif fresh:
                break
            else:
                pgconn.consume_input()
                fresh = True
        return transactions

    def _take(self, data: bytes) -> list[Transaction]:
        if data[:1] == b"w":
            transaction = self._decoder.feed(data[25:])
            if transaction is None:
                return []
            self._read = transaction.end
            return [transaction]
        if data[:1] == b"k":
            end, _, reply = struct.unpack_from(">QqB", data, 1)
            if self._decoder.between_transactions:
                # Also what other databases write must be let go of, or the slot would keep it for ever.
                self._read = max(self._read, end)
            if reply:
                self._status_at = 0.0
        return []

    def _send_status(self) -> None:
        now_us = time.time_ns() // 1000 - POSTGRES_EPOCH_US
        safe = self._acknowledged
        pgconn = self._connection.pgconn
        pgconn.put_copy_data(struct.pack(">cQQQqB", b"r", self._read, safe, safe, now_us, 0))
        while pgconn.flush():
            select.select([], [pgconn.socket], [], 1.0)
        self._status_at = time.monotonic() + STATUS_EVERY_S

    def close(self) -> None:
        self._connection.close()

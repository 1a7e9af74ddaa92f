"""Empty copies of tables in a schema of their own, which can take the place of the tables that they were made like."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Composed, Identifier

from ledger.errors import LedgerError
from ledger.work import alone

Connection = psycopg.Connection[Any]

CONSTRAINTS = """SELECT format('ALTER TABLE %%I.%%I ADD CONSTRAINT %%I %%s', %s::text, relname, conname,
        pg_get_constraintdef(c.oid))
    FROM pg_constraint c JOIN pg_class ON pg_class.oid = conrelid
    WHERE conrelid = %s::regclass AND contype IN ('p', 'u')"""
# An index is defined as "CREATE INDEX … ON schema.table …".
INDEXES = """SELECT replace(pg_get_indexdef(indexrelid), format(' ON %%s ', %s::text), format(' ON %%s ', %s::text))
    FROM pg_index WHERE indrelid = %s::regclass
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))"""
GRANTS = """SELECT format('GRANT %%s ON %%I.%%I TO %%s', privilege_type, %s::text, relname,
        CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END)
    FROM pg_class, aclexplode(relacl) WHERE pg_class.oid = %s::regclass AND grantee <> relowner"""


class Busy(LedgerError):
    """Another rebuild or comparison of the same tables is at work, or readers did not let go of them."""


class Shadow:
    """The schema `name` beside that of the tables in use, over a connection that is in no transaction."""

    def __init__(self, connection: Connection, name: str, tables: Sequence[str]) -> None:
        self.connection = connection
        self.name = name
        self.tables = sorted(tables)
        self.home: str = _one(connection, "SELECT current_schema()")

    @contextmanager
    def made(self, *, logged: bool) -> Iterator[None]:
        """Makes the tables without their indexes but for the keys, and drops what is left of them in the end. Raises
        `Busy` while another one has the same schema."""
        with alone(self.connection, f"copies {self.name}") as ours:
            if not ours:
                raise Busy(f"{self.name} is at work already: wait until it has ended")
            try:
                self._drop()  # of one that was killed
                self._run(SQL("CREATE SCHEMA {}").format(Identifier(self.name)))
                for table in (*self.tables, "projection"):
                    self._make(table, logged)
                yield
            finally:
                if not self.connection.closed:
                    self._drop()

    def url(self, database_url: str) -> str:
        """To write to the copies under the names of the tables, without waiting for the disk at each commit."""
        given = conninfo_to_dict(database_url).get("options") or ""
        options = f"{given} -c search_path={self.name},{self.home} -c synchronous_commit=off".strip()
        return make_conninfo(database_url, options=options)

    def finish(self) -> None:
        """Indexes, privileges and statistics as the tables in use have them."""
        for table in self.tables:
            home, copy = (f"{schema}.{table}" for schema in (self.home, self.name))
            self._each(INDEXES, home, copy, home)
            self._each(GRANTS, self.name, home)
            self._run(SQL("ANALYZE {}").format(self._copy(table)))

    def lock(self) -> None:
        """In the caller's transaction: nobody reads or writes the tables in use until it ends."""
        names = SQL(", ").join(map(self._used, self.tables))
        self._run(SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(names))

    def replace(self) -> None:
        """In the caller's transaction: the copies are the tables in use from its end on."""
        self._run(SQL("DROP TABLE {}").format(SQL(", ").join(map(self._used, self.tables))))
        for table in self.tables:
            self._run(SQL("ALTER TABLE {} SET SCHEMA {}").format(self._copy(table), Identifier(self.home)))

    def _make(self, table: str, logged: bool) -> None:
        kind = SQL("TABLE" if logged else "UNLOGGED TABLE")
        like = SQL("CREATE {} {} (LIKE {} INCLUDING ALL EXCLUDING INDEXES)")
        self._run(like.format(kind, self._copy(table), self._used(table)))
        self._each(CONSTRAINTS, self.name, f"{self.home}.{table}")

    def _each(self, query: str, *parameters: str) -> None:
        """Runs the statements that a query makes."""
        for (statement,) in self.connection.execute(query, parameters).fetchall():
            self._run(SQL(statement))

    def _drop(self) -> None:
        self._run(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(self.name)))

    def _run(self, statement: SQL | Composed) -> None:
        self.connection.execute(statement)

    def _copy(self, table: str) -> Identifier:
        return Identifier(self.name, table)

    def _used(self, table: str) -> Identifier:
        return Identifier(self.home, table)


def _one(connection: Connection, query: str, *parameters: str) -> Any:
    row = connection.execute(query, parameters).fetchone()
    assert row is not None
    return row[0]

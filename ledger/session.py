"""One PostgreSQL connection of a process, opened when it is first needed and again after it was lost."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import psycopg

from ledger.errors import translated

Row = tuple[Any, ...]

# A peer that vanished without a word is noticed within some ten seconds.
PATIENCE: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


class Session:
    """Autocommit: every statement is a transaction. Threads may share it; their statements take turns."""

    def __init__(self, database_url: str, name: str = "ledger") -> None:
        self.database_url = database_url
        self.name = name
        self._connection: psycopg.Connection[Row] | None = None
        self._closed = False
        # psycopg does not guard close() against a statement in another thread.
        self._turn = threading.RLock()

    @property
    def connection(self) -> psycopg.Connection[Row]:
        with self._turn:
            if self._closed:
                raise psycopg.InterfaceError(f"the session {self.name!r} is closed")
            if self._connection is None or self._connection.closed:
                self._connection = psycopg.connect(
                    self.database_url, autocommit=True, application_name=self.name, **PATIENCE
                )
            return self._connection

    def run(self, query: str, parameters: Sequence[Any] = (), *, prepare: bool | None = None) -> list[Row]:
        """One statement in one round trip. Raises the ledger's errors, or `psycopg.OperationalError`."""
        with self._turn:
            try:
                with self.connection.cursor(binary=True) as cursor:
                    cursor.execute(query, parameters, prepare=prepare)
                    return cursor.fetchall() if cursor.description else []
            except psycopg.Error as error:
                raise translated(error) from error

    def close(self) -> None:
        with self._turn:
            self._closed = True
            if self._connection is not None:
                self._connection.close()

"""A connection for the auditors' questions of a page or of the API: it changes nothing and gives up in time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.conf import settings

from ledger.audit import Connection

PATIENCE_S = 10


@contextmanager
def reading(seconds: int = PATIENCE_S, name: str = "pages") -> Iterator[Connection]:
    """A statement may take so many seconds, 0 is as long as it takes. psycopg.errors.QueryCanceled for one that takes
    longer."""
    options = f"-c default_transaction_read_only=on -c statement_timeout={seconds * 1000}"
    with psycopg.connect(settings.DATABASE_URL, autocommit=True, application_name=name, options=options) as found:
        yield found

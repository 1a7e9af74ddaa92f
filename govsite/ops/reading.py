"""A connection for the auditors' questions of a page: it changes nothing and gives up in time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.conf import settings

from ledger.audit import Connection

PATIENCE_S = 10


@contextmanager
def reading(seconds: int = PATIENCE_S) -> Iterator[Connection]:
    """A statement may take so many seconds; psycopg.errors.QueryCanceled for one that takes longer."""
    options = f"-c default_transaction_read_only=on -c statement_timeout={seconds * 1000}"
    with psycopg.connect(settings.DATABASE_URL, autocommit=True, application_name="pages", options=options) as found:
        yield found

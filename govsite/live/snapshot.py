"""The state of a book at one position of each log: what a browser begins with."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction

from governance.models import Book, Decision
from govsite.live.summaries import summaries
from govsite.ops import standing

DECISIONS = 60


def snapshot(book: str = "") -> dict[str, Any]:
    """Read in one repeatable-read transaction, so that all of it is of the same position."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return {"type": "snapshot", "positions": positions(), **_book(book)}


def positions() -> dict[str, int]:
    """How far the read models have got in each log."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT log, position FROM projection WHERE name = log AND partition = 0")
        return {"governance": 0, "execution": 0, **dict(cursor.fetchall())}


def _book(name: str) -> dict[str, Any]:
    found = Book.objects.filter(book=name).first() if name else standing.first_book()
    if found is None:
        return {"book": None, "standing": {}, "decisions": []}
    decided = Decision.objects.filter(book=found.book).order_by("-ledger_position")[:DECISIONS]
    return {
        "book": {
            "book": found.book,
            "quote": found.quote,
            "source": found.source,
            "seats": standing.council(found.book),
        },
        "standing": {
            "mode": standing.mode_for_browser(found.book),
            "portfolio": standing.portfolio(found.book, {}),
            "outcomes": standing.Outcomes().of(found.book),
        },
        "decisions": summaries(decided),
    }

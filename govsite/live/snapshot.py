"""The state of a book at one position of each log: what a browser begins with."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction

from governance.models import Book, Decision
from govsite.live.summaries import summaries
from govsite.ops import halting, standing
from ledger.rebuild import projections
from streams.partitions import suffixed

DECISIONS = 60


class NoSuchBook(Exception):
    """The text names the books that there are."""


def snapshot(book: str, parts: frozenset[str]) -> dict[str, Any]:
    """Read in one repeatable-read transaction, so that all of it is of the same position. `parts`: `status` for how
    the book stands, `deliberations` for its last decisions. Without a name it is the book founded first;
    `name` says which one it is. Raises `NoSuchBook`."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute(f"LOCK TABLE {_tables()} IN ACCESS SHARE MODE")
        return {"type": "snapshot", "positions": positions(), **_book(book, parts)}


def _tables() -> str:
    """All read models: a rebuild that swapped them after our first look would show them empty; to lock is no look."""
    models = (model for projection in projections() for model in projection.models)
    return ", ".join(connection.ops.quote_name(model._meta.db_table) for model in models)


def positions() -> dict[str, int]:
    """How far the read models have got in each log."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT log, partition, position FROM projection WHERE name = log")
        reached = {suffixed(log, partition): position for log, partition, position in cursor.fetchall()}
        return {"governance": 0, "execution": 0, **reached}


def _book(name: str, parts: frozenset[str]) -> dict[str, Any]:
    sound = "\0" not in name  # PostgreSQL takes no such text
    found = (Book.objects.filter(book=name).first() if sound else None) if name else standing.first_book()
    if found is None and name:
        raise NoSuchBook(f"There is no book {name}; there are: {', '.join(standing.books()) or 'none yet'}.")
    told: dict[str, Any] = {"name": found.book if found else "", "book": None, "standing": {}, "decisions": []}
    if found is not None and "status" in parts:
        told["book"] = described(found)
        told["standing"] = {
            **halting.of_book(found.book),
            "portfolio": standing.portfolio(found.book, {}),
            "outcomes": standing.Outcomes().of(found.book),
        }
    if found is not None and "deliberations" in parts:
        decided = Decision.objects.filter(book=found.book).order_by("-ledger_position")[:DECISIONS]
        told["decisions"] = summaries(decided)
    return told


def described(book: Book) -> dict[str, Any]:
    return {
        "book": book.book,
        "quote": book.quote,
        "source": book.source,
        "symbols": sorted(terms["symbol"] for terms in book.instruments),
        "seats": standing.council(book.book),
    }

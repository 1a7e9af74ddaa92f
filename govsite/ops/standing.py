"""How a book stands now: its mode from the gate, its money at given prices, its council; read from PostgreSQL only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max

from execution.models import Account, Position
from governance.models import Book, Decision, Seat

LOOKS = {
    "NORMAL": ("Normal", "normal", "good"),
    "REDUCE_ONLY": ("Reduce only", "reduce-only", "warn"),
    "HALTED": ("Halted", "halted", "bad"),
}
ZERO = Decimal(0)


def books() -> list[str]:
    """Their names, the one founded first first."""
    return list(Book.objects.order_by("founded_at", "book").values_list("book", flat=True))


def first_book() -> Book | None:
    return Book.objects.order_by("founded_at", "book").first()


def council(book: str) -> list[dict[str, Any]]:
    seats = Seat.objects.filter(book=book).order_by("-weight_ppm", "agent")
    names = ("agent", "role", "owner", "weight_ppm", "veto", "required", "status")
    return [{name: getattr(seat, name) for name in names} for seat in seats]


class Outcomes:
    """How many decisions of a book had which outcome; asked again, only what is new is counted."""

    def __init__(self) -> None:
        self._book = ""
        self._upto = 0
        self._counts: Counter[str] = Counter()

    def of(self, book: str) -> dict[str, int]:
        decided = Decision.objects.filter(book=book)
        last = decided.aggregate(Max("ledger_position"))["ledger_position__max"] or 0
        if book != self._book or last < self._upto:
            self._book, self._upto, self._counts = book, 0, Counter()
        new = decided.filter(ledger_position__gt=self._upto, ledger_position__lte=last)
        for outcome, number in new.values_list("outcome").annotate(Count("pk")):
            self._counts[outcome] += number
        self._upto = last
        return dict(self._counts)


def portfolio(book: str, prices: Mapping[str, Decimal], stale: frozenset[str] = frozenset()) -> dict[str, Any] | None:
    """equity = cash + Σ position x P; unrealised = position x (P - average). None where the account is not opened.
    What has no price is valued at its cost and named in `unpriced`."""
    account = Account.objects.filter(book=book).first()
    if account is None:
        return None
    unrealised, value, unpriced, rows = ZERO, ZERO, [], []
    for held in Position.objects.filter(book=book).order_by("instrument"):
        mark = prices.get(held.instrument)
        worth = held.cost if mark is None else held.quantity * mark
        if mark is None and held.quantity:
            unpriced.append(held.instrument)
        unrealised += worth - held.cost
        value += worth
        rows.append(
            {
                "instrument": held.instrument,
                "quantity": _text(held.quantity),
                "average": _text(held.average),
                "mark": None if mark is None else _text(mark),
                "stale": held.instrument in stale,
                "unrealised": _text(worth - held.cost),
                "realised": _text(held.realised),
                "fees": _text(held.fees),
            }
        )
    equity = account.cash + value
    return {
        "cash": _text(account.cash),
        "deposits": _text(account.deposits),
        "fees": _text(account.fees),
        "realised": _text(account.realised),
        "unrealised": _text(unrealised),
        "equity": _text(equity),
        "net": _text(equity - account.deposits),
        "unpriced": unpriced,
        "positions": rows,
    }


def milliseconds(at: datetime | None) -> int | None:
    return None if at is None else int(at.astimezone(UTC).timestamp() * 1000)


def _text(value: Decimal) -> str:
    return f"{value.normalize():f}"

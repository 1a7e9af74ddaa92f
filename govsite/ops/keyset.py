"""Where a page of rows ended, newest first: the time and the key of its last row, as text for an address."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LONGEST = 300
MISUSED = "before: give it as the page before had it"

Row = TypeVar("Row", bound=Model)


def cursor_of(at: datetime, key: object) -> str:
    return f"{(at - EPOCH) // MICROSECOND}.{key}"


def place_of(cursor: str) -> tuple[datetime, str]:
    """Raises ValueError for what `cursor_of` did not make."""
    microseconds, dot, key = cursor.partition(".")
    if not dot or not key or "\0" in key or len(cursor) > LONGEST:
        raise ValueError(MISUSED)
    try:
        return EPOCH + int(microseconds) * MICROSECOND, key
    except (ValueError, OverflowError):
        raise ValueError(MISUSED) from None


def page(rows: QuerySet[Row], at: str, key: str, before: str, size: int) -> tuple[list[Row], str]:
    """At most `size` rows that are older than `before`, and the cursor of the next page ("" where there is none).
    `at` and `key` name the columns. Raises ValueError for a cursor that is none."""
    if before:
        time, last = place_of(before)
        try:  # the bound on the time alone is what an index can use
            rows = rows.filter(Q(**{f"{at}__lte": time}) & (Q(**{f"{at}__lt": time}) | Q(**{f"{key}__lt": last})))
        except ValidationError:  # keys are UUIDs, and this is none
            raise ValueError(MISUSED) from None
    found = list(rows.order_by(f"-{at}", f"-{key}")[: size + 1])
    if len(found) <= size:
        return found, ""
    shown = found[:size]
    return shown, cursor_of(getattr(shown[-1], at), getattr(shown[-1], key))

"""Pages: where one of events ended (the last position given of every log), and where one of rows did."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

from govsite.api import problems
from ledger.audit import LOGS

MISUSED = "cursor: give `next` of the page before as it was"
LARGEST = 2**63


def cursor_of(before: str, rows: Iterable[dict[str, Any]]) -> str:
    """`governance.0:120,execution.0:44`; a log of which this page has nothing stays where it was."""
    seen = seen_of(before)
    seen |= {f"{row['log']}.{row['partition']}": row["position"] for row in rows}
    return ",".join(f"{name}:{position}" for name, position in sorted(seen.items()))


def seen_of(cursor: str) -> dict[str, int]:
    """Raises a problem for what `cursor_of` did not make."""
    if not cursor:
        return {}
    try:
        pairs = [one.rsplit(":", 1) for one in cursor.split(",")]
        seen = {name: int(position) for name, position in pairs}
    except ValueError:
        raise problems.bad(MISUSED) from None
    if any(name.partition(".")[0] not in LOGS or position < 0 for name, position in seen.items()):
        raise problems.bad(MISUSED)
    return seen


# --- read models ------------------------------------------------------------------------------------


def page_of(
    rows: QuerySet[Any], columns: tuple[str, ...], cursor: str, size: int, *, newest: bool, names: Iterable[str]
) -> tuple[list[dict[str, Any]], str | None]:
    """At most `size` rows as dictionaries of `names`, in the order of `columns` (the last of which is unique), and the
    cursor of the next page. Raises a problem for a cursor that is none."""
    if cursor:
        rows = rows.filter(_beyond(columns, _place_of(cursor, rows.model, columns), "lt" if newest else "gt"))
    sign = "-" if newest else ""
    found = list(rows.order_by(*(f"{sign}{name}" for name in columns)).values(*{*names, *columns})[: size + 1])
    if len(found) <= size:
        return found, None
    last = found[size - 1]
    return found[:size], _written([last[name] for name in columns])


def _beyond(columns: tuple[str, ...], place: list[Any], side: str) -> Q:
    """Lexicographically beyond a place; the bound on the first column alone is what an index can use."""
    alternatives, same = Q(), Q()
    for name, value in zip(columns, place, strict=True):
        alternatives |= same & Q(**{f"{name}__{side}": value})
        same &= Q(**{name: value})
    return Q(**{f"{columns[0]}__{side}e": place[0]}) & alternatives


def _written(values: list[Any]) -> str:
    return urlsafe_b64encode(msgspec.json.encode(values)).decode().rstrip("=")


def _place_of(cursor: str, model: type[Model], columns: tuple[str, ...]) -> list[Any]:
    try:
        values = msgspec.json.decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=list[str | int])
        if len(values) != len(columns):
            raise ValueError
        fields: list[Any] = [model._meta.get_field(name) for name in columns]
        place = [field.to_python(value) for field, value in zip(fields, values, strict=True)]
    except (ValueError, ValidationError, msgspec.DecodeError, OverflowError):
        raise problems.bad(MISUSED) from None
    for value in place:
        if value is None or (isinstance(value, int) and abs(value) >= LARGEST):
            raise problems.bad(MISUSED)
        if (isinstance(value, str) and "\0" in value) or (isinstance(value, datetime) and value.tzinfo is None):
            raise problems.bad(MISUSED)
    return place

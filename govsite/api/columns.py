"""What a row of a read model looks like over the API: its columns as JSON, and their schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any
from uuid import UUID

from django.db import models
from ninja import Field, Schema
from pydantic import create_model

from ledger.readmodel import moment

NS = frozenset({"received_at", "trigger_received_at", "restricted_since", "restricted_until", "at"})
"""Columns of integer nanoseconds: given as a time, and exactly as `…_ns`."""

FIRST_NS, LAST_NS = -62_135_596_800 * 10**9, 253_402_300_799 * 10**9
Number = Annotated[str, Field(pattern=r"^-?\d+(\.\d+)?$", description="an exact decimal number", examples=["0.05"])]
Time = Annotated[datetime, Field(description="ISO 8601, UTC", examples=["2026-01-31T09:00:00.123456Z"])]
Exact = Annotated[int, Field(description="nanoseconds since 1970, UTC", examples=[1_767_225_600_123_456_789])]
TYPES: Mapping[type[models.Field[Any, Any]], Any] = {
    models.DecimalField: Number,
    models.DateTimeField: Time,
    models.UUIDField: UUID,
    models.BooleanField: bool,
    models.FloatField: float,
    models.IntegerField: int,
    models.JSONField: Any,
    models.TextField: str,
}
WORDS = {
    "ledger_position": "position of the last event that touched the row, in its log",
    "book": "the book it belongs to",
    "correlation_id": "what started it all, usually a tick",
    "why": "the reason that was given",
    "who": "who did it: operator:NAME, an agent, governor, …",
    "weight_ppm": "share of the council's mass, in millionths",
    "prior_ppm": "share of the mass at the grant, in millionths",
    "state": "where it stands now",
    "status": "where it stands now",
    "instrument": "symbol, e.g. BTCUSDT",
    "probability": "P(y = 1) at the book's horizon",
    "legs": "further legs of an all-or-none trade",
    "orders": "the orders that were granted; amounts are decimal strings",
    "after_halt": "filled after a halt that the order could not be stopped by",
    "tick_id": "the tick that the price came from",
    "formula": "what is compared with what, as it tripped",
    "inputs": "the values that the formula was given",
}


def names_of(model: type[models.Model]) -> dict[str, str]:
    """Names over the API of the columns of a model, each with where Django finds it. A round is named by its public
    id, not by the key of its row."""
    found = {}
    for field in model._meta.concrete_fields:
        name = str(field.attname)
        round_ = name == "deliberation_id" and field.is_relation
        found[name] = "deliberation__deliberation_id" if round_ else name
    return found


def given(rows: Iterable[Mapping[str, Any]], model: type[models.Model]) -> list[dict[str, Any]]:
    """Rows of `values(*names_of(model).values())` as they are answered."""
    names = names_of(model)
    return [
        {key: value for name, source in names.items() for key, value in shown(name, row[source]).items()}
        for row in rows
    ]


def shown(name: str, value: Any) -> dict[str, Any]:
    """A column as it is answered: two of them for a time in ns."""
    if name in NS and isinstance(value, int | None):
        return {name: None if value is None else time_of(value), f"{name}_ns": value}
    return {name: plain(value)}


def plain(value: Any) -> Any:
    """Exact numbers as people write them; everything else as it is."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


def time_of(nanoseconds: int) -> datetime | None:
    """None for what no calendar has."""
    return moment(nanoseconds).astimezone(UTC) if FIRST_NS <= nanoseconds <= LAST_NS else None


@cache
def shape(model: type[models.Model], name: str) -> type[Schema]:
    """The schema of what `given` makes of a row, with the model's words."""
    fields: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        column = str(field.attname)
        words = Field(description=WORDS.get(column))
        if column in NS and isinstance(field, models.BigIntegerField):
            fields[column] = (Time | None, words)
            fields[f"{column}_ns"] = (Exact | None if field.null else Exact, words)
            continue
        kind = next((made for type_, made in TYPES.items() if isinstance(field, type_)), str)
        if column == "deliberation_id":
            kind = str
        loose = field.null or column == "deliberation_id"
        safe = f"{column}_" if hasattr(Schema, column) else column  # `copy` is a method of every schema
        words = Field(description=WORDS.get(column), alias=column)
        fields[safe] = (kind | None if loose and kind is not Any else kind, words)
    return create_model(name, __base__=Schema, __doc__=model.__doc__, **fields)

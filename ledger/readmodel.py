"""What read models are made of: the row, its exact numbers and times, the rows that a batch of events touches."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import psycopg
from django.db import connection, models

PLACES = Decimal("1e-18")
WIDE = Context(prec=60)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ReadModel(models.Model):
    """A row that the ledger told; `ledger_position` is the last event that touched it."""

    ledger_position = models.BigIntegerField()

    class Meta:
        abstract = True
        default_permissions = ("view",)


Row = TypeVar("Row", bound=ReadModel)
Loader = Callable[[type[ReadModel], list[Any]], dict[Any, ReadModel]]


if TYPE_CHECKING:
    DecimalField = models.DecimalField[Any, Any]
else:
    DecimalField = models.DecimalField  # takes no type parameters when it runs


class ExactField(DecimalField):
    """Prices, quantities and values: up to 30 digits before the point and 18 behind it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_digits": 48, "decimal_places": 18, **options})


def exact(value: Decimal) -> Decimal:
    """The value as a column keeps it, so that a fold gives the same whether or not it went through the database."""
    return value.quantize(PLACES, context=WIDE)


def moment(nanoseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=nanoseconds // 1000)


def from_database(model: type[ReadModel], keys: list[Any]) -> dict[Any, ReadModel]:
    return dict(model._default_manager.in_bulk(keys))


class Rows:
    """Loaded once, changed in memory, written once. A row that is as new as an event is not changed by it again."""

    def __init__(self, load: Loader = from_database) -> None:
        self._load = load
        self._rows: dict[type[ReadModel], dict[Any, ReadModel | None]] = {}
        self._changed: dict[type[ReadModel], dict[Any, ReadModel]] = {}

    def load(self, model: type[ReadModel], keys: Iterable[Any]) -> None:
        """Fetches many at once; what is not there is remembered as missing."""
        known = self._rows.setdefault(model, {})
        wanted = [key for key in dict.fromkeys(keys) if key not in known]
        if wanted:
            found = self._load(model, wanted)
            known.update({key: found.get(key) for key in wanted})

    def find(self, model: type[Row], key: Any) -> Row | None:
        self.load(model, [key])
        return self._rows[model][key]  # type: ignore[return-value]

    def change(self, model: type[Row], key: Any, position: int) -> Row | None:
        """The row to change at this position; None where there is none or it already knows this event."""
        row = self.find(model, key)
        if row is None or row.ledger_position >= position:
            return None
        row.ledger_position = position
        self._changed.setdefault(model, {})[key] = row
        return row

    def add(self, row: Row) -> Row:
        model = type(row)
        self._rows.setdefault(model, {})[row.pk] = row
        self._changed.setdefault(model, {})[row.pk] = row
        return row

    def changed(self, model: type[Row]) -> list[Row]:
        return list(self._changed.get(model, {}).values())  # type: ignore[arg-type]

    def save(self) -> None:
        """One upsert for each model that changed, in the transaction that Django's connection is in."""
        connection.ensure_connection()
        with connection.connection.pipeline():
            for model, rows in self._changed.items():
                _upsert(model, list(rows.values()))
        self._changed.clear()


@cache
def _upsert_of(model: type[ReadModel]) -> tuple[str, tuple[tuple[str, bool], ...]]:
    """The statement and its parameters: attributes, and whether each is JSON. Arrays, one a column, cost a
    fifth of what Django's `bulk_create` does, and the projector shares the machine with those who are in a hurry."""
    fields = model._meta.concrete_fields
    key = model._meta.pk.column
    columns = ", ".join(f'"{field.column}"' for field in fields)
    arrays = ", ".join(f"%s::{_type_of(field)}[]" for field in fields)
    changes = ", ".join(f'"{field.column}" = excluded."{field.column}"' for field in fields if not field.primary_key)
    statement = (
        f'INSERT INTO "{model._meta.db_table}" ({columns}) SELECT * FROM unnest({arrays}) '
        f'ON CONFLICT ("{key}") DO UPDATE SET {changes}'
    )
    return statement, tuple((field.attname, isinstance(field, models.JSONField)) for field in fields)


def _type_of(field: models.Field[Any, Any]) -> str:
    return str(field.db_type(connection))


def _upsert(model: type[ReadModel], rows: list[ReadModel]) -> None:
    statement, attributes = _upsert_of(model)
    values = [
        [msgspec.json.encode(getattr(row, name)).decode() if is_json else getattr(row, name) for row in rows]
        for name, is_json in attributes
    ]
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(statement, values)

"""What read models are made of: the row, its exact numbers and times, the rows that a batch of events touches."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models

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
        """One upsert for each model that changed."""
        for model, rows in self._changed.items():
            key = model._meta.pk.name
            columns = [field.name for field in model._meta.concrete_fields if not field.primary_key]
            model._default_manager.bulk_create(
                rows.values(), update_conflicts=True, unique_fields=[key], update_fields=columns
            )
        self._changed.clear()

"""What read models are made of: the row, its exact numbers and times, the rows that a batch of events touches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from functools import cache, lru_cache
from hashlib import sha1
from typing import TYPE_CHECKING, Any, Self, TypeVar
from uuid import UUID

from django.db import models
from django.db.models.base import ModelState

from streams.envelope import NAMESPACE

PLACES = Decimal("1e-18")
WIDE = Context(prec=60)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAMESPACE = NAMESPACE.bytes
_VERSION_BITS = 0xF000 << 64 | 0xC000 << 48
_VERSION_5 = 5 << 76 | 0x8000 << 48


class ReadModel(models.Model):
    """A row that the ledger told; `ledger_position` is the last event that touched it."""

    ledger_position = models.BigIntegerField()

    class Meta:
        abstract = True
        default_permissions = ("view",)

    @classmethod
    def told(cls, **values: Any) -> Self:
        """A row by the names of its columns. Django's own constructor takes more time than all the rest of a fold."""
        fixed, made = _defaults(cls)
        row = cls.__new__(cls)
        columns = {**fixed, **values}
        for name, make in made.items():
            if name not in values:
                columns[name] = make()
        if len(columns) != len(fixed) + len(made):
            raise TypeError(f"{cls.__name__} has no columns {sorted(values.keys() - fixed.keys() - made.keys())}")
        row.__dict__ = columns
        row._state = ModelState()
        return row


@cache
def _defaults(model: type[ReadModel]) -> tuple[dict[str, Any], dict[str, Callable[[], Any]]]:
    """What a column is unless told: values, and how those are made that no two rows may share."""
    fields = model._meta.concrete_fields
    made = {field.attname: field.get_default for field in fields if field.has_default() and callable(field.default)}
    fixed = {field.attname: field.get_default() for field in fields if field.attname not in made}
    return fixed, made


Row = TypeVar("Row", bound=ReadModel)
Keyed = Mapping[Any, ReadModel]
Loader = Callable[[type[ReadModel], list[Any]], Keyed]


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


@lru_cache(maxsize=256)
def moment(nanoseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=nanoseconds // 1000)


def key_of(*cause: object) -> UUID:
    """The key of a row: `streams.envelope.derived_id` of its cause, several times as fast."""
    name = "\x1f".join(map(str, cause)).encode()
    number = int.from_bytes(sha1(_NAMESPACE + name, usedforsecurity=False).digest()[:16], "big")
    return UUID(int=number & ~_VERSION_BITS | _VERSION_5)


class Rows:
    """Loaded once, changed in memory, written once. A row that is as new as an event is not changed by it again."""

    def __init__(self, load: Loader, ahead: Mapping[type[ReadModel], Keyed] | None = None) -> None:
        """`ahead`: rows of the batch before, which `load` may not find in the tables yet."""
        self._load = load
        self._rows: dict[type[ReadModel], dict[Any, ReadModel | None]] = {
            model: dict(rows) for model, rows in (ahead or {}).items()
        }
        self._changed: dict[type[ReadModel], dict[Any, ReadModel]] = {}

    def load(self, model: type[ReadModel], keys: Iterable[Any]) -> None:
        """Fetches many at once; what is not there is remembered as missing."""
        known = self._rows.setdefault(model, {})
        wanted = [key for key in dict.fromkeys(keys) if key not in known]
        if wanted:
            found = self._load(model, wanted)
            known.update({key: found.get(key) for key in wanted})

    def find(self, model: type[Row], key: Any) -> Row | None:
        known = self._rows.get(model)
        if known is None or key not in known:
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
        model, key = type(row), row.pk
        self._rows.setdefault(model, {})[key] = row
        self._changed.setdefault(model, {})[key] = row
        return row

    def changed(self, model: type[Row]) -> list[Row]:
        return list(self._changed.get(model, {}).values())  # type: ignore[arg-type]

    @property
    def written(self) -> Mapping[type[ReadModel], Keyed]:
        """Every row that is new or was changed, by model and key."""
        return self._changed

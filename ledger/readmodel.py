"""What read models are made of: the row, its exact numbers and times, the rows that a batch of events touches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from functools import cache, lru_cache
from hashlib import sha1
from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.db import models
from msgspec import Struct

from ledger.records import RecordedEvent
from streams.envelope import NAMESPACE
from streams.events import Event

PLACES = Decimal("1e-18")
WIDE = Context(prec=60)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAMESPACE = NAMESPACE.bytes
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


class Told(Struct, frozen=True):
    """What a fold reads of an event. Ids are texts, `recorded_at` is in ns."""

    position: int
    event_id: str
    recorded_at: int
    aggregate_id: str
    correlation_id: str
    book: str
    body: Event

    @classmethod
    def of(cls, recorded: RecordedEvent) -> Told:
        event = recorded.event
        place = recorded.position, recorded.event_id, recorded.recorded_at
        return cls(*place, str(event.originator_id), event.correlation_id, event.book, event.body)


class ReadModel(models.Model):
    """A row that the ledger told; `ledger_position` is the last event that touched it. While it is folded, its UUIDs
    are texts, and what its JSON columns were told is anything that msgspec writes as JSON."""

    ledger_position = models.BigIntegerField()

    class Meta:
        abstract = True
        default_permissions = ("view",)

    @classmethod
    def told(cls, **values: Any) -> Self:
        """A row by the names of its columns. Django's own constructor takes more time than all the rest of a fold."""
        fixed, made = _defaults(cls)
        row = cls.__new__(cls)
        columns = fixed | values
        for name, make in made:
            if name not in values:
                columns[name] = make()
        if len(columns) != len(fixed) + len(made):
            raise TypeError(f"{cls.__name__} has no columns {sorted(values.keys() - fixed.keys() - dict(made).keys())}")
        row.__dict__ = columns
        return row


@cache
def _defaults(model: type[ReadModel]) -> tuple[dict[str, Any], tuple[tuple[str, Callable[[], Any]], ...]]:
    """What a column is unless told: values, and how those are made that no two rows may share."""
    fields = model._meta.concrete_fields
    made = {field.attname: field.get_default for field in fields if field.has_default() and callable(field.default)}
    fixed = {field.attname: field.get_default() for field in fields if field.attname not in made}
    return fixed, tuple(made.items())


@cache
def _key_name(model: type[ReadModel]) -> str:
    return str(model._meta.pk.attname)


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


@lru_cache(maxsize=4096)
def exact(value: Decimal) -> Decimal:
    """The value as a column keeps it, so that a fold gives the same whether or not it went through the database."""
    return value.quantize(PLACES, context=WIDE)


@lru_cache(maxsize=256)
def moment(nanoseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=nanoseconds // 1000)


def key_of(*cause: object) -> str:
    """The key of a row: `streams.envelope.derived_id` of its cause, several times as fast."""
    name = "\x1f".join(map(str, cause)).encode()
    text = sha1(_NAMESPACE + name, usedforsecurity=False).hexdigest()
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{_VARIANT[text[16]]}{text[17:20]}-{text[20:32]}"


class Appended:
    """Rows of one model that no later event touches: only their values, in the order of `names`."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.rows: list[tuple[Any, ...]] = []

    def columns(self) -> dict[str, tuple[Any, ...]]:
        return dict(zip(self.names, zip(*self.rows, strict=True), strict=True))


class Rows:
    """Loaded once, changed in memory, written once. A row that is as new as an event is not changed by it again."""

    def __init__(self, load: Loader, ahead: Mapping[type[ReadModel], Keyed] | None = None) -> None:
        """`ahead`: rows of the batch before, which `load` may not find in the tables yet."""
        self._load = load
        self._rows: dict[type[ReadModel], dict[Any, ReadModel | None]] = {
            model: dict(rows) for model, rows in (ahead or {}).items()
        }
        self._changed: dict[type[ReadModel], dict[Any, ReadModel]] = {}
        self.appended: dict[type[ReadModel], Appended] = {}

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
        self._mark(model, key, row)
        return row

    def add(self, row: Row) -> Row:
        model = type(row)
        key = row.__dict__[_key_name(model)]
        if (known := self._rows.get(model)) is None:
            known = self._rows[model] = {}
        known[key] = row
        self._mark(model, key, row)
        return row

    def _mark(self, model: type[ReadModel], key: Any, row: ReadModel) -> None:
        if (changed := self._changed.get(model)) is None:
            changed = self._changed[model] = {}
        changed[key] = row

    def append(self, model: type[ReadModel], names: tuple[str, ...], values: tuple[Any, ...]) -> None:
        """A new row of a model whose rows no fold finds or changes; it has every column. Costs a tenth of `add`."""
        appended = self.appended.get(model)
        if appended is None:
            appended = self.appended[model] = Appended(names)
        appended.rows.append(values)

    def changed(self, model: type[Row]) -> list[Row]:
        """The new and changed rows of a model."""
        changed: list[Any] = list(self._changed.get(model, {}).values())
        if appended := self.appended.get(model):
            changed += [model.told(**dict(zip(appended.names, row, strict=True))) for row in appended.rows]
        return changed

    @property
    def written(self) -> Mapping[type[ReadModel], Keyed]:
        """Every row that is new or was changed, but for those that were appended, by model and key."""
        return self._changed

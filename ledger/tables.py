"""Read models' rows into their tables and out of them: columns as binary arrays, one statement a table, or copied."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

import msgspec
import psycopg
from django.db import connection as dialect

from ledger.arrays import (
    NULL,
    Array,
    BoolArray,
    Float8Array,
    Int4Array,
    Int8Array,
    JsonbArray,
    TextArray,
    TimestamptzArray,
    UuidArray,
    length,
)
from ledger.readmodel import Appended, ReadModel

Connection = psycopg.Connection[Any]
Statement = tuple[str, list[Array]]
Copy = tuple[str, str]  # the statement and the lines

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # PostgreSQL counts its microseconds from here
_INT4, _INT8, _FLOAT8 = struct.Struct(">i").pack, struct.Struct(">q").pack, struct.Struct(">d").pack
_BOOL = struct.Struct(">?").pack
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_NULL = "\\N"
SAMPLE = 64


class Column(NamedTuple):
    """How one type of column goes over the wire. Decimals go as text, which PostgreSQL reads fast. `size` of a value in
    bytes, 0 where values differ; `hashes` where it pays to look whether a value was there before. `line`: as it stands
    in a line that is copied."""

    array: type[Array]
    wire: Callable[[Any], bytes]
    sent_as: str
    size: int = 0
    hashes: bool = True
    line: Callable[[Any], str] = str

    def lines(self, values: Sequence[Any]) -> Iterable[str]:
        if self.size and None not in values:
            return map(self.line, values)
        if self.hashes and _repeated(values):
            return map(Lines(self.line).__getitem__, values)
        return (_NULL if value is None else self.line(value) for value in values)

    def dump(self, values: Sequence[Any]) -> Array:
        if self.size and None not in values:
            return self.array.fixed(map(self.wire, values), self.size)
        if self.hashes and _repeated(values):
            return self.array.joined(list(map(Known(self.wire).__getitem__, values)))
        if None not in values:
            return self.array.present(map(self.wire, values))
        return self.array.of(None if value is None else self.wire(value) for value in values)


def _repeated(values: Sequence[Any]) -> bool:
    """Judged by the first of them."""
    first = values[:SAMPLE]
    return 2 * len(set(first)) < len(first)


class Known(dict[Any, bytes]):
    """The elements of an array by their values."""

    def __init__(self, wire: Callable[[Any], bytes]) -> None:
        self.wire = wire

    def __missing__(self, value: Any) -> bytes:
        if value is None:
            element = NULL
        else:
            raw = self.wire(value)
            element = length(len(raw)) + raw
        self[value] = element
        return element


class Lines(dict[Any, str]):
    """Parts of lines by their values."""

    def __init__(self, line: Callable[[Any], str]) -> None:
        self.line = line

    def __missing__(self, value: Any) -> str:
        part = self[value] = _NULL if value is None else self.line(value)
        return part


def _escaped(text: str) -> str:
    return text if text.isprintable() and "\\" not in text else text.translate(_ESCAPED)


def _json_line(value: Any) -> str:
    """Of what would end a line or a column, JSON has only the backslash."""
    return msgspec.json.encode(value).decode().replace("\\", "\\\\")


def _uuid(text: str) -> bytes:
    return bytes.fromhex(text.replace("-", ""))


def _jsonb(value: Any) -> bytes:
    return b"\x01" + msgspec.json.encode(value)


def _timestamptz(value: datetime) -> bytes:
    since = value - EPOCH
    return _INT8((since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds)


COLUMNS: Mapping[str, Column] = {
    "text": Column(TextArray, str.encode, "text", line=_escaped),
    "uuid": Column(UuidArray, _uuid, "uuid", size=16),
    "bigint": Column(Int8Array, _INT8, "bigint", size=8),
    "integer": Column(Int4Array, _INT4, "integer", size=4),
    "boolean": Column(BoolArray, _BOOL, "boolean", size=1),
    "double precision": Column(Float8Array, _FLOAT8, "double precision", size=8),
    "timestamp with time zone": Column(TimestamptzArray, _timestamptz, "timestamptz"),
    "jsonb": Column(JsonbArray, _jsonb, "jsonb", hashes=False, line=_json_line),
    "numeric": Column(TextArray, lambda value: str(value).encode(), "text"),
}


def upsert(model: type[ReadModel], rows: Sequence[ReadModel]) -> Statement:
    """The statement that makes the table have these rows as they now are; later changes of a row do not matter."""
    text, columns = _upsert(model)
    dicts = [row.__dict__ for row in rows]
    return text, [column.dump([values[name] for values in dicts]) for name, column in columns]


def insert(model: type[ReadModel], appended: Appended) -> Statement:
    """The same for rows that were appended."""
    text, columns = _upsert(model)
    told = appended.columns()
    return text, [column.dump(told[name]) for name, column in columns]


def copy(model: type[ReadModel], appended: Appended) -> Copy:
    """The same rows as lines, which cost PostgreSQL half as much; it refuses them where one is there already."""
    told, columns = appended.columns(), _upsert(model)[1]
    into = ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)
    parts = [column.lines(told[name]) for name, column in columns]
    lines = "\n".join(map("\t".join, zip(*parts, strict=True)))
    return f'COPY "{model._meta.db_table}" ({into}) FROM STDIN', lines + "\n"


@cache
def _upsert(model: type[ReadModel]) -> tuple[str, tuple[tuple[str, Column], ...]]:
    fields = model._meta.concrete_fields
    types = [str(field.db_type(dialect)) for field in fields]
    kinds = [COLUMNS[name.partition("(")[0]] for name in types]
    names = [f'"{field.column}"' for field in fields]
    told = ", ".join(f"told.{name}::{type_}" for name, type_ in zip(names, types, strict=True))
    arrays = ", ".join(f"%s::{kind.sent_as}[]" for kind in kinds)
    changes = ", ".join(
        f"{name} = excluded.{name}" for name, field in zip(names, fields, strict=True) if not field.primary_key
    )
    text = (
        f'INSERT INTO "{model._meta.db_table}" ({", ".join(names)}) SELECT {told} FROM unnest({arrays}) '
        f'AS told ({", ".join(names)}) ON CONFLICT ("{model._meta.pk.column}") DO UPDATE SET {changes}'
    )
    return text, tuple((field.attname, kind) for field, kind in zip(fields, kinds, strict=True))


def write(connection: Connection, statements: Iterable[Statement]) -> None:
    """In the connection's transaction."""
    for text, arrays in statements:
        connection.execute(text, arrays, prepare=True)


def copy_in(connection: Connection, copies: Iterable[Copy]) -> None:
    """In the connection's transaction. Raises `psycopg.errors.UniqueViolation`."""
    for text, lines in copies:
        with connection.cursor() as cursor, cursor.copy(text) as into:
            into.write(lines)


def fetch(connection: Connection, model: type[ReadModel], keys: list[Any]) -> dict[Any, ReadModel]:
    """The rows of these keys, as the folds know them."""
    text, names, key = _select(model)
    with connection.cursor(binary=True) as cursor:
        cursor.execute(text, [keys], prepare=True)
        found = [model.told(**dict(zip(names, row, strict=True))) for row in cursor.fetchall()]
    return {getattr(row, key): row for row in found}


@cache
def _select(model: type[ReadModel]) -> tuple[str, list[str], str]:
    fields, key = model._meta.concrete_fields, model._meta.pk
    columns = ", ".join(
        f'"{field.column}"::text' if field.db_type(dialect) == "uuid" else f'"{field.column}"' for field in fields
    )
    wanted = f'"{key.column}" = ANY(%s::{key.db_type(dialect)}[])'
    return (
        f'SELECT {columns} FROM "{model._meta.db_table}" WHERE {wanted}',
        [field.attname for field in fields],
        key.attname,
    )

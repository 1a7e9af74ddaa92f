"""Columns as PostgreSQL's binary arrays: psycopg's general conversion would cost a small commit 0.1 ms."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

NULL = b"\xff\xff\xff\xff"
_HEADER = struct.Struct(">IIIII").pack  # dimensions, whether there may be nulls, type, how many, the first index
_EMPTY = struct.Struct(">III").pack
_INT8 = struct.Struct(">q").pack
length = struct.Struct(">I").pack
SHORT = [length(size) for size in range(256)]


class Array(bytes):
    """The wire form of a one-dimensional array."""

    element_oid: int
    array_oid: int

    @classmethod
    def of(cls, values: Iterable[bytes | None]) -> Array:
        """From the wire form of the elements; None is null."""
        return cls.joined([NULL if value is None else length(len(value)) + value for value in values])

    @classmethod
    def present(cls, values: Iterable[bytes]) -> Array:
        """From the wire form of elements that are never null: half the time of `of`."""
        return cls.joined([(SHORT[len(value)] if len(value) < 256 else length(len(value))) + value for value in values])

    @classmethod
    def joined(cls, elements: list[bytes]) -> Array:
        """From elements with their lengths before them, or `NULL`."""
        if not elements:
            return cls(_EMPTY(0, 0, cls.element_oid))
        return cls(_HEADER(1, 1, cls.element_oid, len(elements), 1) + b"".join(elements))

    @classmethod
    def fixed(cls, values: Iterable[bytes], size: int) -> Array:
        """From the wire form of elements that are all `size` bytes long and never null."""
        elements, before = list(values), length(size)
        if not elements:
            return cls.joined([])
        return cls(_HEADER(1, 0, cls.element_oid, len(elements), 1) + before + before.join(elements))


class BoolArray(Array):
    element_oid, array_oid = 16, 1000


class ByteaArray(Array):
    element_oid, array_oid = 17, 1001


class Int8Array(Array):
    element_oid, array_oid = 20, 1016


class Int4Array(Array):
    element_oid, array_oid = 23, 1007


class TextArray(Array):
    element_oid, array_oid = 25, 1009


class Float8Array(Array):
    element_oid, array_oid = 701, 1022


class TimestamptzArray(Array):
    element_oid, array_oid = 1184, 1185


class UuidArray(Array):
    element_oid, array_oid = 2950, 2951


class JsonbArray(Array):
    element_oid, array_oid = 3802, 3807


def texts(values: Iterable[str | None]) -> Array:
    return TextArray.of(None if value is None else value.encode() for value in values)


def integers(values: Iterable[int]) -> Array:
    return Int8Array.fixed(map(_INT8, values), 8)


def _dumper(kind: type[Array]) -> type[Dumper]:
    class ArrayDumper(Dumper):
        format = Format.BINARY
        oid = kind.array_oid

        def dump(self, obj: Any) -> bytes:
            return bytes(obj)

    return ArrayDumper


for _kind in Array.__subclasses__():
    psycopg.adapters.register_dumper(_kind, _dumper(_kind))

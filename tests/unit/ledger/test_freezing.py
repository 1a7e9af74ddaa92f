"""Frozen states come back as they were, of known classes only."""

from __future__ import annotations

import sys
from collections import OrderedDict, deque
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from ledger.freezing import FORMAT, Freezer, Unreadable

HERE = sys.modules[__name__]


class Colour(StrEnum):
    RED = "red"


class Leaf(Struct, frozen=True, kw_only=True):
    name: str
    amounts: dict[str, Decimal]


class Slotted:
    __slots__ = ("left", "right")


class Tree:
    def __init__(self, **parts: Any) -> None:
        self.__dict__.update(parts)


FREEZER = Freezer(modules=(HERE,), packages=())
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.decimals(allow_nan=False),
    st.text(),
    st.uuids(),
    st.binary(max_size=8),
    st.just(Colour.RED),
)
KEYS = st.one_of(st.text(), st.integers(-5, 5), st.uuids(), st.tuples(st.text(max_size=3), st.integers(0, 3)))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.lists(inner, max_size=4).map(lambda each: deque(each, maxlen=9)),
        st.dictionaries(KEYS, inner, max_size=4),
        st.dictionaries(KEYS, inner, max_size=4).map(OrderedDict),
        st.sets(KEYS, max_size=4),
        st.frozensets(KEYS, max_size=4),
    ),
    max_leaves=20,
)


def kinds(value: Any) -> Any:
    """The value with the type of everything in it, so that 1, 1.0 and Decimal(1) are told apart."""
    if isinstance(value, dict):
        return (type(value), tuple((kinds(key), kinds(each)) for key, each in value.items()))
    if isinstance(value, list | tuple | deque):
        return (type(value), getattr(value, "maxlen", None), tuple(map(kinds, value)))
    if isinstance(value, set | frozenset):
        return (type(value), frozenset(map(kinds, value)))
    return (type(value), str(value) if isinstance(value, Decimal | float) else value)


@given(value=VALUES)
def test_whatever_a_state_is_made_of_comes_back(value: Any) -> None:
    raw = FREEZER.freeze(value)
    assert kinds(FREEZER.thaw(raw)) == kinds(value)
    assert FREEZER.freeze(FREEZER.thaw(raw)) == raw


def test_objects_come_back_with_what_they_share_and_with_circles() -> None:
    slotted: Any
    tree: Any
    leaf = Leaf(name="a", amounts={"x": Decimal("1.10")})
    slotted = Slotted()
    slotted.left, slotted.right = leaf, [1]
    tree = Tree(first=leaf, second=leaf, slotted=slotted, infinite=float("inf"))
    tree.itself, tree.again = tree, slotted.right
    back = FREEZER.thaw(FREEZER.freeze(tree))
    assert back.itself is back
    assert back.first is back.second is back.slotted.left
    assert back.again is back.slotted.right == [1]
    assert back.first == leaf
    assert back.infinite == float("inf")


def test_a_class_that_is_not_known_is_not_frozen_and_not_thawed() -> None:
    with pytest.raises(TypeError, match=r"pathlib.*is no class that may be part of a snapshot"):
        FREEZER.freeze({"here": Path("x")})
    for name in ("subprocess:Popen", "builtins:eval", f"{__name__}:Nobody"):
        with pytest.raises(Unreadable):
            FREEZER.thaw(msgspec.json.encode([FORMAT, ["c", name, {}]]))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"7",
        b"[1]",
        b"[2,null]",
        b'[1,["x",1]]',
        b'[1,["d","much"]]',
        b'[1,["r",3]]',
        b'[1,["u","1"]]',
        b'[1,["m",[[1]]]]',
    ],
)
def test_what_is_no_frozen_state_is_said_so(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        FREEZER.thaw(raw)


def test_the_fingerprint_is_that_of_the_sources(tmp_path: Path) -> None:
    package = ModuleType("package")
    package.__path__ = [str(tmp_path)]
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "notes.txt").write_text("not code")

    def fingerprint() -> str:
        return Freezer((), (package,)).fingerprint

    before = fingerprint()
    (tmp_path / "notes.txt").write_text("other notes")
    assert fingerprint() == before
    (tmp_path / "a.py").write_text("x = 2\n")
    changed = fingerprint()
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    assert len({before, changed, fingerprint()}) == 3
    assert FREEZER.thaw(FREEZER.freeze(UUID(int=1))) == UUID(int=1)

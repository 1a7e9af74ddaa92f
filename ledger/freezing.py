"""Folded states as JSON and back: typed, of known classes only, with what is shared in them still shared."""

from __future__ import annotations

import inspect
from base64 import b64decode, b64encode
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from enum import Enum
from hashlib import sha256
from math import isfinite
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

FORMAT = 1
PLAIN = (str, int, bool, type(None))
Reference = int


class Unreadable(ValueError):
    """A frozen state that this code cannot thaw."""


class Freezer:
    """Of texts, whole numbers, booleans and None the JSON form is their own; everything else is a list that begins with
    what it is. Lists, sets, dictionaries and objects are numbered as they are met; one that is met again is `["r",
    number]`, so that two names of one thing are so again afterwards.

    The classes are those that the modules define, by module and name. `fingerprint` names the code: the sources of
    the packages and those files (`sources`), since a state is what their folds make of a log."""

    def __init__(
        self, modules: Iterable[ModuleType], packages: Iterable[ModuleType], sources: Iterable[str] = ()
    ) -> None:
        classes = [each for module in modules for _, each in inspect.getmembers(module, inspect.isclass)]
        names = {module.__name__ for module in modules}
        self._classes = {f"{each.__module__}:{each.__qualname__}": each for each in classes if each.__module__ in names}
        self._names = {each: name for name, each in self._classes.items()}
        self.fingerprint = _fingerprint(packages, map(Path, sources))

    def freeze(self, state: object) -> bytes:
        """TypeError for an object of a class that is not known."""
        return msgspec.json.encode([FORMAT, _Freezing(self._names).value(state)])

    def canonical(self, raw: bytes) -> bytes:
        """The same state with its dictionaries in the order of their keys: equal for two states that differ only in
        what was told first. Raises `Unreadable`."""
        return msgspec.json.encode([FORMAT, _Freezing(self._names, ordered=True).value(self.thaw(raw))])

    def thaw(self, raw: bytes) -> Any:
        """Raises `Unreadable`."""
        try:
            form, state = msgspec.json.decode(raw)
            if form != FORMAT:
                raise Unreadable(f"the state is of format {form}, this code reads {FORMAT}")
            return _Thawing(self._classes).value(state)
        except (msgspec.MsgspecError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            raise Unreadable(f"{type(error).__name__}: {error}") from error


class _Freezing:
    def __init__(self, names: dict[type, str], *, ordered: bool = False) -> None:
        self._names = names
        self._in_order = ordered
        self._met: dict[int, Reference] = {}

    def value(self, value: Any) -> Any:
        kind = type(value)
        if kind in PLAIN:
            return value
        if kind is float:
            return value if isfinite(value) else ["f", repr(value)]
        if scalar := _SCALARS.get(kind):
            return [scalar[0], scalar[1](value)]
        if kind is tuple or kind is frozenset:
            return ["t" if kind is tuple else "z", self._each(value if kind is tuple else _ordered(value))]
        if isinstance(value, Enum):
            return ["e", self._name(kind), self.value(value.value)]
        if id(value) in self._met:
            return ["r", self._met[id(value)]]
        self._met[id(value)] = len(self._met)
        return self._container(value, kind)

    def _container(self, value: Any, kind: type) -> list[Any]:
        if kind is list:
            return ["l", self._each(value)]
        if kind is set:
            return ["s", self._each(_ordered(value))]
        if kind is deque:
            return ["q", value.maxlen, self._each(value)]
        if kind is dict or kind is OrderedDict:
            items = value.items()
            if self._in_order and kind is dict:
                items = sorted(items, key=lambda item: repr(item[0]))
            pairs = [[self.value(key), self.value(each)] for key, each in items]
            return ["m" if kind is dict else "o", pairs]
        return ["c", self._name(kind), {name: self.value(getattr(value, name)) for name in _fields(value)}]

    def _each(self, values: Iterable[Any]) -> list[Any]:
        return [self.value(value) for value in values]

    def _name(self, kind: type) -> str:
        name = self._names.get(kind)
        if name is None:
            raise TypeError(f"{kind.__module__}:{kind.__qualname__} is no class that may be part of a snapshot")
        return name


class _Thawing:
    def __init__(self, classes: dict[str, type]) -> None:
        self._classes = classes
        self._met: list[Any] = []

    def value(self, value: Any) -> Any:
        if type(value) is not list:
            return value
        match value:
            case ["f", str(number)]:
                return float(number)
            case ["t", list(parts)]:
                return tuple(self._each(parts))
            case ["z", list(parts)]:
                return frozenset(self._each(parts))
            case ["e", str(name), member]:
                return self._classes[name](self.value(member))
            case ["r", int(number)]:
                return self._met[number]
            case [str(kind), text] if kind in _THAWED:
                return _THAWED[kind](text)
        return self._container(value)

    def _container(self, value: list[Any]) -> Any:
        made: Any
        match value:
            case ["l", list(parts)]:
                made = self._met_now([])
                made.extend(self._each(parts))
            case ["s", list(parts)]:
                made = self._met_now(set())
                made.update(self._each(parts))
            case ["q", maxlen, list(parts)]:
                made = self._met_now(deque(maxlen=maxlen))
                made.extend(self._each(parts))
            case ["m" | "o" as kind, list(pairs)]:
                made = self._met_now({} if kind == "m" else OrderedDict())
                for key, each in pairs:
                    made[self.value(key)] = self.value(each)
            case ["c", str(name), dict(fields)]:
                made = self._object(self._classes[name], fields)
            case _:
                raise Unreadable(f"{str(value)[:80]} is nothing that can be thawed")
        return made

    def _object(self, cls: type, fields: dict[str, Any]) -> Any:
        """A struct is made at once, so nothing inside it may refer to it; other objects are filled as they stand."""
        if issubclass(cls, Struct):
            number = len(self._met)
            self._met_now(None)
            made = self._met[number] = cls(**{name: self.value(each) for name, each in fields.items()})
            return made
        made = self._met_now(cls.__new__(cls))
        for name, each in fields.items():
            setattr(made, name, self.value(each))
        return made

    def _met_now(self, made: Any) -> Any:
        self._met.append(made)
        return made

    def _each(self, parts: Iterable[Any]) -> list[Any]:
        return [self.value(part) for part in parts]


_SCALARS: dict[type, tuple[str, Callable[[Any], str]]] = {
    Decimal: ("d", str),
    UUID: ("u", str),
    bytes: ("b", lambda raw: b64encode(raw).decode()),
}
_THAWED: dict[str, Callable[[str], Any]] = {"d": Decimal, "u": UUID, "b": b64decode}


def _fields(value: object) -> Sequence[str]:
    if isinstance(value, Struct):
        return value.__struct_fields__
    slots = [name for each in type(value).__mro__ for name in getattr(each, "__slots__", ())]
    return [*slots, *getattr(value, "__dict__", {})]


def _ordered(values: Iterable[Any]) -> list[Any]:
    """Sets have no order; their frozen form has one, so that equal states are equal texts."""
    return sorted(values, key=repr)


def _fingerprint(packages: Iterable[ModuleType], sources: Iterable[Path]) -> str:
    """sha256 over the Python sources of the packages, without their subpackages, by name, and of single files."""
    found = sha256(str(FORMAT).encode())
    for package in packages:
        for source in sorted(path for folder in package.__path__ for path in Path(folder).glob("*.py")):
            found.update(f"\n{package.__name__}/{source.name} ".encode() + sha256(source.read_bytes()).digest())
    for source in sources:
        found.update(f"\n{source.parent.name}/{source.name} ".encode() + sha256(source.read_bytes()).digest())
    return found.hexdigest()

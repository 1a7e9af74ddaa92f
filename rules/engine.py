"""CEL in three steps behind one interface: compile a text, bind the facts, evaluate with a trace.

The engine is Google's cel-cpp through `cel-expr-python`. Its run-time errors come back as values and a missing
variable is truthy, so only a BOOL that is exactly true passes: everything else denies with a code. Facts are single
values; the loops of CEL (its macros) and regular expressions are switched off, so that no evaluation takes more steps
than its text and its facts are long.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, Literal

from cel_expr_python import cel
from msgspec import Struct

Fact = bool | int | float | str
Kind = Literal["BOOL", "INT", "DOUBLE", "STRING"]
Schema = Mapping[str, Kind]

LONGEST_TEXT = 2_000
DEEPEST_NESTING = 24
LONGEST_FACT = 1_000
LARGEST_INT = 2**63 - 1

_TYPES: dict[Kind, cel.Type] = {
    "BOOL": cel.Type.BOOL,
    "INT": cel.Type.INT,
    "DOUBLE": cel.Type.DOUBLE,
    "STRING": cel.Type.STRING,
}
_ERROR = cel.Type.ERROR
_SOUND: dict[Kind, Callable[[object], bool]] = {
    "BOOL": lambda value: value is True or value is False,
    "INT": lambda value: type(value) is int and -LARGEST_INT <= value <= LARGEST_INT,
    "STRING": lambda value: type(value) is str and len(value) <= LONGEST_FACT,
}
_BOUNDED = cel.NewEnvConfigFromYaml(
    "name: rules\nstdlib:\n  disable_macros: true\n  exclude_functions:\n    - name: matches\n"
)
_RAW = r"""(?<!\w)[bB]?[rR](?:\"\"\".*?\"\"\"|'''.*?'''|"[^"\r\n]*"|'[^'\r\n]*')"""
_QUOTED = r"""\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''|"(?:\\.|[^"\\\r\n])*"|'(?:\\.|[^'\\\r\n])*'"""
_TOKEN = re.compile(_RAW + "|" + _QUOTED + r"|//[^\n]*|[()\[\]{}]", re.DOTALL)
_POSITION = re.compile(r"<input>:(-?\d+):(-?\d+): (.*)")
_UNDECLARED = re.compile(r"undeclared reference to '(all|exists|exists_one|existsOne|map|filter|has|matches)'")
_UNKNOWN = re.compile(r"undeclared reference to '([^']+)'")
_NO_LISTS = "facts are single values, there is nothing to go through"
_INSTEAD = {"matches": "a pattern of counts can take minutes; use in, startsWith, endsWith or contains"}
_ANY_VALUE, _REFERENCE_MAP, _ENTRY_VALUE, _REFERENCE_NAME, _LENGTH_DELIMITED = 2, 2, 2, 1, 2


class Failure(StrEnum):
    """Why a clause has no value; it stands in the trace in place of the value."""

    ERROR = "ERROR"
    NOT_BOOL = "NOT_BOOL"
    NOT_DOUBLE = "NOT_DOUBLE"
    NOT_FINITE = "NOT_FINITE"


class TextRefused(ValueError):
    """A text that is no clause; `line` and `column` count from 1 and are 0 where the whole text is meant."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(f"{message} (line {line}, column {column})" if line else message)
        self.message = message
        self.line = line
        self.column = column


class FactRefused(ValueError):
    """A fact that is missing, undeclared, of another type or not finite: nothing is evaluated on it."""


class Facts(Struct, frozen=True):
    """Facts that were checked against the schema, with the engine's activation of them: one for many clauses."""

    values: dict[str, Fact]
    activation: Any


class Verdict(Struct, frozen=True):
    """`value` is true or false, a number for a clip, or a `Failure`; `facts` are the ones that the text reads."""

    value: bool | float | Failure
    facts: dict[str, Fact]
    detail: str = ""

    @property
    def passed(self) -> bool:
        return self.value is True


class Clause(Struct, frozen=True):
    """A compiled text and the names of the facts that it reads."""

    text: str
    kind: Kind
    reads: tuple[str, ...]
    expression: Any

    def evaluate(self, facts: Facts) -> Verdict:
        """Never raises on what the text does: a run-time error is a `Failure` with its detail."""
        values = facts.values
        read = {name: values[name] for name in self.reads}
        try:
            result = self.expression.eval(facts.activation)
        except RuntimeError as error:
            return Verdict(Failure.ERROR, read, str(error))
        value = result.value()
        if self.kind == "BOOL":
            if value is True or value is False:  # only a BOOL becomes one: to ask for its type takes half as long again
                return Verdict(value, read)
        elif type(value) is float:
            return Verdict(value, read) if math.isfinite(value) else Verdict(Failure.NOT_FINITE, read, str(value))
        return Verdict(self._failure(result.type()), read, str(value)[:300])

    def _failure(self, kind: Any) -> Failure:
        if kind == _ERROR:
            return Failure.ERROR
        return Failure.NOT_BOOL if self.kind == "BOOL" else Failure.NOT_DOUBLE


class Engine:
    """Compiles texts against one schema of facts: dotted names and their types."""

    def __init__(self, schema: Schema) -> None:
        self.schema = dict(schema)
        self._env = cel.NewEnv(config=_BOUNDED, variables={name: _TYPES[kind] for name, kind in self.schema.items()})
        self._doubles = [name for name, kind in self.schema.items() if kind == "DOUBLE"]
        self._others = [(name, _SOUND[kind], kind) for name, kind in self.schema.items() if kind != "DOUBLE"]

    def compile(self, text: str, kind: Kind = "BOOL") -> Clause:
        """Raises `TextRefused` for a text that is too long, too deep, unsound or of another type than `kind`."""
        _bounded(text)
        try:
            expression = self._env.compile(text)
        except RuntimeError as error:
            raise _refused(str(error), self.schema) from error
        found = expression.return_type()
        if found != _TYPES[kind]:
            raise TextRefused(f"the text gives {found.name()}, it must give {kind}")
        return Clause(text, kind, self._reads(expression), expression)

    def bind(self, values: Mapping[str, Fact], names: Iterable[str] | None = None) -> Facts:
        """Raises `FactRefused` unless every declared fact is there, of its type, and finite. `names` are what the texts
        read that these facts are for, everything if it is not said."""
        if values.keys() != self.schema.keys():
            odd = ", ".join(sorted(self.schema.keys() ^ values.keys()))
            raise FactRefused(f"missing or undeclared: {odd}")
        for name in self._doubles:
            value = values[name]
            if type(value) is not float or value - value != 0.0:
                raise FactRefused(f"{name} is not a sound DOUBLE: {value!r:.100}")
        for name, sound, kind in self._others:
            if not sound(values[name]):
                raise FactRefused(f"{name} is not a sound {kind}: {values[name]!r:.100}")
        known = dict(values)
        return Facts(known, self._env.Activation(known if names is None else {name: known[name] for name in names}))

    def _reads(self, expression: Any) -> tuple[str, ...]:
        """The facts that the type checker resolved: `CheckedExpr.reference_map` of cel/expr/checked.proto."""
        checked = dict(_fields(expression.serialize()))[_ANY_VALUE]
        references = [dict(_fields(entry)) for number, entry in _fields(checked) if number == _REFERENCE_MAP]
        names = {dict(_fields(each[_ENTRY_VALUE])).get(_REFERENCE_NAME, b"").decode() for each in references}
        return tuple(sorted(names & self.schema.keys()))


def _bounded(text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise TextRefused(f"the text has {len(text)} characters, at most {LONGEST_TEXT} are taken")
    if not text.strip():
        raise TextRefused("the text is empty")
    if "`" in text:
        raise TextRefused("a back-quoted name would hide what the text reads")
    if not text.isprintable() and any(not (sign.isprintable() or sign in "\n\t\r") for sign in text):
        raise TextRefused("the text has a character that cannot be printed")
    depth = deepest = 0
    for token in _TOKEN.finditer(text):
        depth += (token[0] in "([{") - (token[0] in ")]}")
        deepest = max(deepest, depth)
    if deepest > DEEPEST_NESTING:
        raise TextRefused(f"the text is nested {deepest} deep, at most {DEEPEST_NESTING} are taken")


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The length-delimited fields of a protobuf message; numbers are passed over."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, at = _varint(message, at)
        if tag & 7 == _LENGTH_DELIMITED:
            yield tag >> 3, message[at : at + number]
            at += number


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while message[at] & 0x80:
        value |= (message[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
    return value | message[at] << shift, at + 1


def _refused(error: str, known_facts: Iterable[str]) -> TextRefused:
    places = [(int(line), int(column), message) for line, column, message in _POSITION.findall(error)]
    known = [(line, column, found[1]) for line, column, message in places if (found := _UNDECLARED.match(message))]
    if known:
        line, column, name = min(known)
        return TextRefused(f"{name}() is not taken: {_INSTEAD.get(name, _NO_LISTS)}", line, column)
    if not places:
        return TextRefused(error[:300])
    line, column, message = places[0]
    if unknown := _UNKNOWN.match(message):
        message = f"{unknown[0]}{_closest(unknown[1], known_facts)}"
    return TextRefused(message[:300], max(line, 0), max(column, 0))


def _closest(name: str, known: Iterable[str]) -> str:
    """The fact that was probably meant: the one spelt most like it, or the one with the same last word."""
    names = sorted(known)
    found = get_close_matches(name, names, 1)
    found += [each for each in names if each.rpartition(".")[2] == name.rpartition(".")[2]]
    return f"; did you mean {found[0]}?" if found else ""

"""CEL in three steps behind one interface: compile a text, bind the facts, evaluate with a trace.

The engine is Google's cel-cpp through `cel-expr-python`. Its run-time errors come back as values and a missing
variable is truthy, so only a BOOL that is exactly true passes: everything else denies with a code.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
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
_BOOL, _DOUBLE, _ERROR = cel.Type.BOOL, cel.Type.DOUBLE, cel.Type.ERROR
_TOKEN = re.compile(
    r"""\"\"\".*?\"\"\"|'''.*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|//[^\n]*|[()\[\]{}]""", re.DOTALL
)
_NAME = re.compile(r"(?<!\w)[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*")
_POSITION = re.compile(r"<input>:(-?\d+):(-?\d+): (.*)")


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
        value, kind = result.value(), result.type()
        if self.kind == "BOOL":
            if (value is True or value is False) and kind == _BOOL:
                return Verdict(value, read)
        elif type(value) is float and kind == _DOUBLE:
            return Verdict(value, read) if math.isfinite(value) else Verdict(Failure.NOT_FINITE, read, str(value))
        return Verdict(self._failure(kind), read, str(value)[:300])

    def _failure(self, kind: Any) -> Failure:
        if kind == _ERROR:
            return Failure.ERROR
        return Failure.NOT_BOOL if self.kind == "BOOL" else Failure.NOT_DOUBLE


class Engine:
    """Compiles texts against one schema of facts: dotted names and their types."""

    def __init__(self, schema: Schema) -> None:
        self.schema = dict(schema)
        self._env = cel.NewEnv(variables={name: _TYPES[kind] for name, kind in self.schema.items()})

    def compile(self, text: str, kind: Kind = "BOOL") -> Clause:
        """Raises `TextRefused` for a text that is too long, too deep, unsound or of another type than `kind`."""
        _bounded(text)
        try:
            expression = self._env.compile(text)
        except RuntimeError as error:
            raise _refused(str(error)) from error
        found = expression.return_type()
        if found != _TYPES[kind]:
            raise TextRefused(f"the text gives {found.name()}, it must give {kind}")
        return Clause(text, kind, self._reads(text), expression)

    def bind(self, values: Mapping[str, Fact]) -> Facts:
        """Raises `FactRefused` unless every declared fact is there, of its type, and finite."""
        schema = self.schema
        if len(values) != len(schema):
            names = ", ".join(sorted(set(schema).symmetric_difference(values)))
            raise FactRefused(f"missing or undeclared: {names}")
        for name, value in values.items():
            kind = schema.get(name)
            if kind is None:
                raise FactRefused(f"undeclared: {name}")
            if not _CHECKS[kind](value):
                raise FactRefused(f"{name} is not a sound {kind}: {value!r:.100}")
        known = dict(values)
        return Facts(known, self._env.Activation(known))

    def _reads(self, text: str) -> tuple[str, ...]:
        """The declared facts whose names stand in the text, strings and comments left out."""
        bare = _TOKEN.sub(lambda token: token[0] if len(token[0]) == 1 else " ", text)
        names: set[str] = set()
        for match in _NAME.finditer(bare):
            parts = re.sub(r"\s", "", match[0]).split(".")
            names.update(name for end in range(1, len(parts) + 1) if (name := ".".join(parts[:end])) in self.schema)
        return tuple(sorted(names))


_CHECKS = {
    "BOOL": lambda value: value is True or value is False,
    "INT": lambda value: type(value) is int and -LARGEST_INT <= value <= LARGEST_INT,
    "DOUBLE": lambda value: type(value) is float and value - value == 0.0,
    "STRING": lambda value: type(value) is str and len(value) <= LONGEST_FACT,
}


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


def _refused(error: str) -> TextRefused:
    match = _POSITION.search(error)
    if match is None:
        return TextRefused(error[:300])
    return TextRefused(match[3][:300], max(int(match[1]), 0), max(int(match[2]), 0))

"""How near a clause is to turning: both sides of its comparison as numbers, where it is no more than one."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from functools import lru_cache

from msgspec import Struct

Facts = Mapping[str, object]
Value = Callable[[Facts], float]
LONGEST = 500
WORDED = {"true", "false", "null", "in"}
ARITHMETIC: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
UPPER, LOWER = (ast.Lt, ast.LtE), (ast.Gt, ast.GtE)


class Margin(Struct, frozen=True):
    """What was `measured` and its `limit`; `used` is the part of the way to it: 1 where the clause turns, negative
    where it points the other way."""

    measured: float
    limit: float
    used: float


class _Unclear(Exception):
    """The text is more than arithmetic, or a fact is no number."""


def margin(cel: str, facts: Facts) -> Margin | None:
    """Of `measured <= limit` or `measured >= limit` (strict ones too), both of facts, numbers and + - * /. None for any
    other clause, where a fact is missing or no number, and where there is no way to go (a limit of zero)."""
    found = _sides(cel)
    if found is None:
        return None
    left, right, upper = found
    try:
        measured, limit = left(facts), right(facts)
        used = measured / limit if upper else limit / measured
    except (_Unclear, ZeroDivisionError, OverflowError):
        return None
    if (limit if upper else measured) < 0:
        return None
    return Margin(measured, limit, used)


@lru_cache(maxsize=1024)
def _sides(cel: str) -> tuple[Value, Value, bool] | None:
    """Arithmetic of CEL reads as that of Python, which parses it; what is anything else is not asked."""
    if len(cel) > LONGEST:
        return None
    try:
        tree = ast.parse(cel.strip(), mode="eval").body
        if not isinstance(tree, ast.Compare) or not isinstance(tree.ops[0], UPPER + LOWER) or len(tree.ops) > 1:
            return None
        return _value(tree.left), _value(tree.comparators[0]), isinstance(tree.ops[0], UPPER)
    except (SyntaxError, ValueError, RecursionError, MemoryError, _Unclear):
        return None


def _value(node: ast.expr) -> Value:
    match node:
        case ast.Constant(value=bool()):
            raise _Unclear
        case ast.Constant(value=int() | float() as number):
            return lambda facts: float(number)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            whole = _value(inner)
            return lambda facts: -whole(facts)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
            does, one, other = ARITHMETIC[type(op)], _value(left), _value(right)
            return lambda facts: does(one(facts), other(facts))
        case ast.Attribute() | ast.Name():
            name = _name(node)
            return lambda facts: _number(facts.get(name))
        case _:
            raise _Unclear


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) if name not in WORDED:
            return name
        case ast.Attribute(value=inner, attr=name):
            return f"{_name(inner)}.{name}"
        case _:
            raise _Unclear


def _number(fact: object) -> float:
    if isinstance(fact, bool) or not isinstance(fact, int | float):
        raise _Unclear
    return float(fact)

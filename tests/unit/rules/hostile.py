"""Texts that want to take all the time or memory there is; each must end soon, with a message or a value."""

from __future__ import annotations

HOSTILE = {
    "a sum of 20,000 terms": " + ".join(["order.notional"] * 20_000) + " > 0.0",
    "the longest sum": " + ".join(["1"] * 499) + " > 0",
    "50 MB": "'" + "x" * 50_000_000 + "' == ''",
    "brackets 100,000 deep": "(" * 100_000 + "true" + ")" * 100_000,
    "brackets as deep as fits": "(" * 990 + "true" + ")" * 990,
    "brackets behind a raw string": r"r'\' == '" + "(" * 900 + "' || true",
    "lists as deep as fits": "[" * 990 + "]" * 990 + " == []",
    "not not not": "!" * 1_990 + "true",
    "minus minus minus": "- " * 990 + "1 < 0",
    "a chain of conditions": "true ? true : " * 140 + "true",
    "a chain of and": "true && " * 249 + "true",
    "a chain of members": "order" + ".a" * 990,
    "a chain of calls": "order.side" + ".contains('')" * 150,
    "quotes that do not end": '\'"""' * 490,
    "repetitions of repetitions": "order.side.matches('" + "(" * 20 + "a" + "{1,999})" * 20 + "')",
    "a regex that backtracks": "order.side.matches('^" + "(x+x+)+" * 200 + "y$')",
    "a regex of stars": "order.side.matches('" + ".*" * 900 + "b')",
    "a regex of counts": "order.side.matches('" + "[xy]{0,999}" * 160 + "b')",
    "a string that grows": "(" + " + ".join(["order.side"] * 30) + ").matches('(x|y)*c')",
    "a string in a string": "(" + " + ".join(["order.side"] * 30) + ").contains(order.side + order.side + 'y')",
    "ten million steps": "[1,2,3,4,5,6,7,8,9,10]" + ".map(a, [1,2,3,4,5,6,7,8,9,10]" * 7 + ")" * 7 + " == []",
}

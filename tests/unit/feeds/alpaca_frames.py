"""Frames as Alpaca sends them, for tests to change."""

from __future__ import annotations

from typing import Any

import msgspec

AT = 1_614_009_105_000_000_000  # 2021-02-22T15:51:45Z, a Monday, 10:51 in New York

TRADE: dict[str, Any] = {
    "T": "t",
    "i": 96921,
    "S": "AAPL",
    "x": "V",
    "p": 126.55,
    "s": 100,
    "t": "2021-02-22T15:51:44.208123456Z",
    "c": ["@", "F"],
    "z": "C",
}
QUOTE: dict[str, Any] = {
    "T": "q",
    "S": "AAPL",
    "bx": "U",
    "bp": 126.5,
    "bs": 1,
    "ax": "Q",
    "ap": 126.6,
    "as": 4,
    "t": "2021-02-22T15:51:44.335689322Z",
    "c": ["R"],
    "z": "C",
}
HALT: dict[str, Any] = {
    "T": "s",
    "S": "AAPL",
    "sc": "H",
    "sm": "Trading Halt",
    "rc": "T12",
    "rm": "Trading Halted; For information requested by NASDAQ",
    "t": "2021-02-22T15:51:44.5Z",
    "z": "C",
}
RESUMED = HALT | {"sc": "T", "sm": "Trading Resumption", "rc": "", "rm": "", "t": "2021-02-22T15:51:44.9Z"}


def frame(*messages: dict[str, Any]) -> bytes:
    return msgspec.json.encode(messages)

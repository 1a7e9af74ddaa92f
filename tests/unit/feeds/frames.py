"""Frames as Binance sends them, for tests to change."""

from __future__ import annotations

from typing import Any

import msgspec

SPOT_TRADE = {
    "e": "trade",
    "E": 1723161255343,
    "s": "BTCUSDT",
    "t": 3735683259,
    "p": "61837.63000000",
    "q": "0.02000000",
    "T": 1723161255342,
    "m": True,
    "M": True,
}
FUTURES_TRADE = {
    "e": "trade",
    "E": 1721347022504,
    "T": 1721347022503,
    "s": "BTCUSDT",
    "t": 5171717171,
    "p": "63944.00",
    "q": "0.095",
    "X": "MARKET",
    "m": False,
}
AGGREGATE = {
    "e": "aggTrade",
    "E": 1617566591307,
    "s": "ETHUSDT",
    "a": 300,
    "p": "2066.03",
    "q": "1.5",
    "f": 500,
    "l": 502,
    "T": 1617566591306,
    "m": False,
    "M": True,
}
SPOT_QUOTE = {
    "u": 50093239212,
    "s": "BTCUSDT",
    "b": "61837.63000000",
    "B": "3.78826000",
    "a": "61837.64000000",
    "A": "1.54698000",
}
FUTURES_QUOTE = {
    "e": "bookTicker",
    "u": 4984028370881,
    "s": "BTCUSDT",
    "b": "63943.90",
    "B": "46.371",
    "a": "63944.00",
    "A": "0.095",
    "T": 1721347022507,
    "E": 1721347022508,
}
SPOT_DEPTH = {
    "e": "depthUpdate",
    "E": 1723161255208,
    "s": "BTCUSDT",
    "U": 100,
    "u": 110,
    "b": [["61737.63000000", "0.00000000"], ["61730.17000000", "1.20000000"]],
    "a": [["61837.64000000", "1.54698000"]],
}
FUTURES_DEPTH = {**SPOT_DEPTH, "U": 205, "u": 230, "pu": 190, "T": 1723161255207}


def raw(frame: dict[str, Any], **changes: Any) -> bytes:
    return msgspec.json.encode({**frame, **changes})


STREAMS = {"trade": "trade", "aggTrade": "aggTrade", "depthUpdate": "depth@100ms"}


def combined(frame: dict[str, Any], **changes: Any) -> bytes:
    stream = f"{str(frame['s']).lower()}@{STREAMS.get(frame.get('e', ''), 'bookTicker')}"
    return msgspec.json.encode({"stream": stream, "data": {**frame, **changes}})


def trade(id: int, symbol: str = "BTCUSDT", **changes: Any) -> bytes:
    return raw(SPOT_TRADE, t=id, s=symbol, **changes)


def quote(id: int, symbol: str = "BTCUSDT", **changes: Any) -> bytes:
    return raw(SPOT_QUOTE, u=id, s=symbol, **changes)


def depth(first: int, last: int, **changes: Any) -> bytes:
    return raw(SPOT_DEPTH, U=first, u=last, **changes)

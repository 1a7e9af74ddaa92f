"""Ticks as frames that Binance could have sent: how a market that has none is put on record."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from streams.messages import AnyTick, BookSnapshot, Depth, Quote, Trade


def framed(tick: AnyTick) -> bytes:
    """Times are in ns, which reading knows by their magnitude, so that nothing is lost; a snapshot of a book is the
    line of an answer over REST."""
    return msgspec.json.encode(_fields(tick))


def _fields(tick: AnyTick) -> dict[str, Any]:
    times = {"E": tick.event_at, "T": tick.event_at}
    match tick:
        case Trade():
            sold = tick.aggressor == "sell"
            numbers = {"p": f"{tick.price:f}", "q": f"{tick.quantity:f}"}
            return {"e": "trade", "s": tick.instrument, "t": tick.trade_id, **numbers, **times, "m": sold}
        case Quote():
            best = {"b": tick.bid, "B": tick.bid_size, "a": tick.ask, "A": tick.ask_size}
            texts = {key: f"{value:f}" for key, value in best.items()}
            return {"e": "bookTicker", "u": tick.update_id, "s": tick.instrument, **texts, **times}
        case Depth():
            ids = {"U": tick.first_id, "u": tick.last_id} | ({"pu": tick.previous_id} if tick.previous_id else {})
            sides = {"b": _levels(tick.bids), "a": _levels(tick.asks)}
            return {"e": "depthUpdate", "s": tick.instrument, **ids, **sides, **times}
        case BookSnapshot():
            sides = {"bids": _levels(tick.bids), "asks": _levels(tick.asks)}
            return {
                "rest": "depth",
                "symbol": tick.instrument,
                "limit": tick.limit,
                "data": {"lastUpdateId": tick.last_id, **sides, **times},
            }


def _levels(levels: Sequence[tuple[Decimal, Decimal]]) -> list[list[str]]:
    return [[f"{price:f}", f"{quantity:f}"] for price, quantity in levels]

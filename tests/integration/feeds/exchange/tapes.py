"""Short tapes and patient waiting, for tests of the local exchange and against it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from itertools import count

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from feeds.exchange import Tape
from feeds.exchange.tape import Event, Market, Snapshot

T0 = 1_723_161_254_000_000_000
DEADLINE_S = 20.0


def tape(
    *,
    seconds: float = 3_600.0,
    per_second: int = 100,
    symbols: tuple[str, ...] = ("BTCUSDT",),
    market: Market = "spot",
) -> Tape:
    """Of each instrument, evenly: a trade, a quote and a change of the book in turn; ids follow each other."""
    return Tape(lambda: _events(round(seconds * per_second), per_second, symbols, market), market, _books(symbols))


def _books(symbols: tuple[str, ...]) -> dict[str, Snapshot]:
    levels = [str(number) for number in range(20)]
    bids = [[f"{100 - int(level) / 100:.2f}", "1.00000000"] for level in levels]
    asks = [[f"{100.01 + int(level) / 100:.2f}", "1.00000000"] for level in levels]
    return {symbol: Snapshot(bids, asks) for symbol in symbols}


def _events(number: int, per_second: int, symbols: tuple[str, ...], market: Market) -> Iterator[Event]:
    for turn, step in zip(range(number), count(), strict=False):
        at = T0 + step * 1_000_000_000 // per_second
        for symbol in symbols:
            yield Event(at, symbol, *_frame(turn, symbol, at // 1_000_000, market))


def _frame(turn: int, symbol: str, at: int, market: Market) -> tuple[str, dict[str, object]]:
    id = turn // 3 + 1
    if turn % 3 == 0:
        outside = {"X": "MARKET"} if market == "usdm" else {"M": True}
        data = {"e": "trade", "E": at, "s": symbol, "t": id, "p": "100.01", "q": "0.50000000", "T": at, "m": False}
        return "trade", data | outside
    if turn % 3 == 1:
        size = f"{1 + id % 7}.00000000"
        data = {"u": id * 10, "s": symbol, "b": "100.00", "B": size, "a": "100.01", "A": "1.00000000"}
        return "bookTicker", data if market == "spot" else {"e": "bookTicker", **data, "T": at, "E": at}
    data = {"e": "depthUpdate", "E": at, "s": symbol, "U": id * 10 - 8, "u": id * 10 + 1}
    follows = {"T": at, "pu": id * 10 - 9} if market == "usdm" else {}
    return "depthUpdate", {
        **data,
        **follows,
        "b": [["99.95", f"{1 + id % 5}.00000000"]],
        "a": [["100.06", "2.00000000"]],
    }


def reader(url: str) -> connect:
    """A client that takes whatever comes, and does not wait long for a farewell."""
    return connect(url, max_size=None, max_queue=None, close_timeout=1)


async def read_to_the_end(client: ClientConnection) -> int:
    """Reads until the connection is closed; the close code."""
    async with asyncio.timeout(DEADLINE_S):
        with contextlib.suppress(ConnectionClosed):
            async for _ in client:
                pass
        await client.wait_closed()
    assert client.close_code is not None
    return client.close_code


async def until(condition: Callable[[], object], what: str, *, seconds: float = DEADLINE_S) -> None:
    """Waits until `condition` gives something true; fails with `what` at the deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"after {seconds} s still not: {what}"
        await asyncio.sleep(0.005)

"""A local server that speaks Binance's protocol, and misbehaves when a test tells it to."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from itertools import count
from types import TracebackType

import msgspec
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.unit.feeds.frames import SPOT_TRADE, combined

Behaviour = Callable[["Venue", ServerConnection], Awaitable[None]]


class Venue:
    """Each connection is served by the next of `behaviours`, the last of them again and again."""

    def __init__(self, *behaviours: Behaviour) -> None:
        self.behaviours = list(behaviours)
        self.paths: list[str] = []
        self.requests: list[dict[str, object]] = []
        self.ids = count(1)
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def __enter__(self) -> Venue:
        self._thread.start()
        assert self._started.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def trade(self, **changes: object) -> bytes:
        return combined({**SPOT_TRADE, "t": next(self.ids)}, **changes)

    def _run(self) -> None:
        with contextlib.closing(self._loop):
            self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        server: Server
        async with serve(self._handle, "127.0.0.1", 0) as server:
            self.port = next(iter(server.sockets)).getsockname()[1]
            self._started.set()
            await self._stop.wait()

    async def _handle(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.paths.append(connection.request.path)
        behaviour = self.behaviours.pop(0) if len(self.behaviours) > 1 else self.behaviours[0]
        with contextlib.suppress(ConnectionClosed):
            request = msgspec.json.decode(await connection.recv())
            self.requests.append(request)
            await behaviour(self, connection)


async def acknowledge(venue: Venue, connection: ServerConnection) -> None:
    await connection.send(msgspec.json.encode({"result": None, "id": venue.requests[-1]["id"]}).decode())


async def keep_trading(venue: Venue, connection: ServerConnection) -> None:
    await acknowledge(venue, connection)
    while True:
        await connection.send(venue.trade().decode())
        await asyncio.sleep(0.02)


async def three_and_drop(venue: Venue, connection: ServerConnection) -> None:
    await acknowledge(venue, connection)
    for _ in range(3):
        await connection.send(venue.trade().decode())
    connection.transport.abort()


async def miss_some_then_keep_trading(venue: Venue, connection: ServerConnection) -> None:
    for _ in range(5):
        next(venue.ids)
    await keep_trading(venue, connection)


async def garbage_then_keep_trading(venue: Venue, connection: ServerConnection) -> None:
    await connection.send("this is not JSON")
    await connection.send(b"\x00\xff")
    await connection.send('{"stream":"btcusdt@trade","data":{"e":"trade"}}')
    await connection.send(venue.trade(p="NaN").decode())
    await keep_trading(venue, connection)


async def stay_silent(venue: Venue, connection: ServerConnection) -> None:
    await acknowledge(venue, connection)
    await connection.wait_closed()


async def only_kline(venue: Venue, connection: ServerConnection) -> None:
    while True:
        await connection.send('{"e":"kline","E":1,"s":"BTCUSDT"}')
        await asyncio.sleep(0.02)


async def refuse_the_subscription(venue: Venue, connection: ServerConnection) -> None:
    await connection.send('{"code":2,"msg":"Invalid request: unknown stream","id":1}')
    await keep_trading(venue, connection)


async def announce_shutdown(venue: Venue, connection: ServerConnection) -> None:
    await connection.send(venue.trade().decode())
    await connection.send('{"e":"serverShutdown","E":1770123456789}')
    await connection.wait_closed()


async def send_too_much(venue: Venue, connection: ServerConnection) -> None:
    await connection.send("x" * (9 * 1024 * 1024))
    await connection.wait_closed()

"""A local server that speaks Alpaca's protocol, and misbehaves as a test's script says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from feeds.intake import Item
from market.domain.listing import Listing

KEY, SECRET = "PKTEST", "secret"


class Conversation:
    """One connection as the server sees it."""

    def __init__(self, server: Server, socket: web.WebSocketResponse) -> None:
        self.server = server
        self._socket = socket

    async def say(self, *messages: Mapping[str, Any]) -> None:
        raw = msgspec.json.encode(messages)
        if self.server.binary:
            await self._socket.send_bytes(raw)
        else:
            await self._socket.send_str(raw.decode())

    async def hear(self) -> dict[str, Any]:
        message = await self._socket.receive()
        if message.type != WSMsgType.TEXT:
            raise ConnectionResetError(f"the client left: {message.type.name}")
        request: dict[str, Any] = msgspec.json.decode(message.data)
        self.server.requests.append(request)
        return request

    async def welcome(self) -> None:
        """Greeting, authentication and the subscription to all that is asked for, in as many requests as it takes."""
        await self.say({"T": "success", "msg": "connected"})
        await self.authenticate()
        await self.subscribe(self.server.symbols)

    async def authenticate(self) -> None:
        asked = await self.hear()
        assert asked == {"action": "auth", "key": KEY, "secret": SECRET}
        await self.say({"T": "success", "msg": "authenticated"})

    async def subscribe(self, most: int) -> None:
        given: list[str] = []
        while len(given) < most:
            asked = await self.hear()
            given += asked["trades"]
            await self.say({"T": "subscription", "trades": given, "quotes": given, "statuses": given, "bars": []})

    async def stay(self) -> None:
        """Until the client leaves."""
        while (await self._socket.receive()).type not in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED):
            pass

    def cut(self) -> None:
        """Ends the connection without a word."""
        transport = self._socket._req.transport if self._socket._req else None
        assert transport is not None
        transport.abort()


Script = Callable[[Conversation], Awaitable[None]]


class Server:
    """Each connection is served by the next script, the last of them again and again."""

    def __init__(self, scripts: Sequence[Script], symbols: int) -> None:
        self.scripts = list(scripts)
        self.symbols = symbols
        self.binary = False
        self.connections = 0
        self.requests: list[dict[str, Any]] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        self.connections += 1
        try:
            await script(Conversation(self, socket))
        except ConnectionResetError:
            return socket  # the client went away, as it may
        return socket


@asynccontextmanager
async def serving(*scripts: Script, symbols: int = 1) -> AsyncIterator[Server]:
    server = Server(scripts, symbols)
    application = web.Application()
    application.router.add_get("/v2/iex", server.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"ws://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()


class Kept:
    """A sink that keeps everything."""

    def __init__(self) -> None:
        self.taken: list[Item] = []
        self.listed: list[Listing] = []
        self.frames: list[tuple[str, int, bytes]] = []

    def items(self, items: Sequence[Item]) -> None:
        self.taken += items

    def listings(self, listings: Sequence[Listing]) -> None:
        self.listed += listings

    def raw(self, venue: str, at: int, frame: bytes) -> None:
        self.frames.append((venue, at, frame))

"""One WebSocket of a local exchange: frames go out in order, pings must be answered, and it breaks on request."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable

from aiohttp import ClientConnectionResetError, WSCloseCode, WSMessage, WSMsgType, web

from feeds.exchange.settings import Settings

Frame = tuple[WSMsgType, bytes]
Spoil = Callable[[bytes], Iterable[Frame]]  # what becomes of a frame on its way to a client
BROKEN = b"\xff\xff\xff\xff\xff\x00" * 4  # reserved bits and an opcode that does not exist
CLOSE_WITHIN_S = 1.0


def as_it_is(frame: bytes) -> Iterable[Frame]:
    return ((WSMsgType.TEXT, frame),)


class Connection:
    """`put` never blocks: a client that takes too little is cut off when `most_waiting` frames wait for it, after
    `on_slow`. `serve` returns when the connection is over."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request, settings: Settings) -> None:
        assert request.transport is not None
        self.opened_at = time.time_ns()
        self.frozen: Callable[[], bool] = lambda: False
        self.on_slow: Callable[[], None] = lambda: None
        self._socket = socket
        self._transport = request.transport
        self._settings = settings
        self._waiting: asyncio.Queue[Frame | int] = asyncio.Queue()
        self._payload = b""
        self._ponged = asyncio.Event()
        self.pongs = 0

    def put(self, data: bytes, type: WSMsgType = WSMsgType.TEXT) -> None:
        if self._waiting.qsize() >= self._settings.most_waiting:
            self.on_slow()
            self.drop()
        elif not self.frozen():
            self._waiting.put_nowait((type, data))

    def close(self, code: int = WSCloseCode.GOING_AWAY) -> None:
        """With a close frame, behind everything that waits."""
        self._waiting.put_nowait(code)

    def drop(self) -> None:
        """Without a word."""
        self._transport.abort()

    def break_protocol(self) -> None:
        self._transport.write(BROKEN)

    async def serve(self, on_text: Callable[[bytes], None]) -> web.WebSocketResponse:
        writing = [asyncio.create_task(work()) for work in (self._write, self._ping, self._age)]
        try:
            while (message := await self._socket.receive()).type not in (
                WSMsgType.CLOSE,
                WSMsgType.CLOSING,
                WSMsgType.CLOSED,
                WSMsgType.ERROR,
            ):
                self._take(message, on_text)
        finally:
            for task in writing:
                task.cancel()
            await asyncio.gather(*writing, return_exceptions=True)
            with contextlib.suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(CLOSE_WITHIN_S):
                    await self._socket.close()
        return self._socket

    def _take(self, message: WSMessage, on_text: Callable[[bytes], None]) -> None:
        if message.type is WSMsgType.PING:
            self.put(bytes(message.data), WSMsgType.PONG)
        elif message.type is WSMsgType.PONG:
            if bytes(message.data) == self._payload:
                self.pongs += 1
                self._ponged.set()
        elif message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            on_text(message.data.encode() if isinstance(message.data, str) else message.data)

    async def _write(self) -> None:
        try:
            while not isinstance(frame := await self._waiting.get(), int):
                await self._socket.send_frame(frame[1], frame[0])
            await self._socket.close(code=frame)
        except ClientConnectionResetError:
            return  # the reading side ends with it

    async def _ping(self) -> None:
        """An unanswered ping ends the connection, as does an answer with another payload."""
        while True:
            await asyncio.sleep(self._settings.ping_every_s)
            self._payload = str(time.time_ns() // 1_000_000).encode()
            self._ponged.clear()
            self.put(self._payload, WSMsgType.PING)
            try:
                async with asyncio.timeout(self._settings.pong_within_s):
                    await self._ponged.wait()
            except TimeoutError:
                self.close(WSCloseCode.POLICY_VIOLATION)
                return

    async def _age(self) -> None:
        await asyncio.sleep(self._settings.life_s)
        self.close(WSCloseCode.GOING_AWAY)

"""A WebSocket as a client of market data needs it: every message goes to a callback in the transport's own data path,
and a connection that ends says why."""

from __future__ import annotations

import asyncio
import contextlib
import socket as sockets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import NoReturn

from msgspec import Struct
from picows import (
    WSAutoPingStrategy,
    WSCloseCode,
    WSError,
    WSFrame,
    WSHandshakeError,
    WSListener,
    WSMsgType,
    WSProtocolError,
    WSTransport,
    ws_connect,
)
from picows.url import WSParsedURL

OnMessage = Callable[[bytes], None]
CONTROL = frozenset({WSMsgType.PING, WSMsgType.PONG, WSMsgType.CLOSE})
TEXT = WSMsgType.TEXT
CONTINUATION = WSMsgType.CONTINUATION


class Patience(Struct, frozen=True, kw_only=True):
    """Seconds. `open_s`: for the connection, and as long again for the handshake of each layer. `ping_s`: a peer that
    sent nothing for so long is asked whether it is there, `pong_s`: and counts as dead without an answer by then.
    `close_s`: how long an orderly end may take."""

    open_s: float = 10.0
    ping_s: float = 20.0
    pong_s: float = 10.0
    close_s: float = 1.0
    largest_message: int = 8 * 1024 * 1024


PATIENT = Patience()


class Closed(ConnectionError):
    """The connection has ended. `code` and `reason` are the peer's; 1006 where it said nothing."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"closed with {code}{': ' if reason else ''}{reason}")
        self.code = code
        self.reason = reason


class Rejected(ConnectionError):
    """The server did not want the connection. `status` is its HTTP status, 0 where it gave none; `retry_after_s` what
    it said of when to come again."""

    def __init__(self, detail: str, status: int = 0, retry_after_s: float = 0.0) -> None:
        super().__init__(detail)
        self.status = status
        self.retry_after_s = retry_after_s


class Socket(WSListener):
    """An open connection; from `open_socket`. An error of the callback, or one given to `end`, ends the connection and
    comes out of `ended`; no message is handed over after it."""

    def __init__(self, on_message: OnMessage, largest_message: int) -> None:
        super().__init__()
        self._on_message = on_message
        self._largest = largest_message
        self._fragments: list[bytes] = []
        self._size = 0
        self._error: BaseException | None = None
        self._over = asyncio.Event()
        self._transport: WSTransport | None = None

    def send(self, message: str | bytes) -> None:
        """A `str` as a text message, `bytes` as a binary one. Into the void when the connection has ended."""
        if self._transport is not None:
            self._transport.send(TEXT if isinstance(message, str) else WSMsgType.BINARY, message)

    def end(self, error: BaseException) -> None:
        """Ends the connection at once, for the reason given; the first reason counts."""
        self._on_message = _drop
        if self._error is None:
            self._error = error
        self._over.set()

    async def ended(self) -> NoReturn:
        """Waits for the end and raises the reason."""
        await self._over.wait()
        assert self._error is not None
        raise self._error

    async def close(self, within_s: float) -> None:
        """Says goodbye and leaves; a peer that does not let go is cut off."""
        self.end(Closed(WSCloseCode.OK.value, "by this client"))
        if self._transport is None:
            return
        self._transport.send_close(WSCloseCode.OK)
        self._transport.disconnect()
        try:
            async with asyncio.timeout(within_s):
                await _disconnected(self._transport)
        except TimeoutError:
            self._transport.disconnect(graceful=False)
            await _disconnected(self._transport)

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        try:
            if frame.fin and not self._fragments and frame.msg_type == TEXT:
                self._on_message(frame.get_payload_as_bytes())
            else:
                self._take_other(transport, frame)
        except Exception as error:  # noqa: BLE001 (it comes out of `ended` as it is)
            self.end(error)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        handshake = transport.close_handshake
        last_words = None if handshake is None else handshake.recv or handshake.sent
        if last_words is None:
            self.end(Closed(WSCloseCode.ABNORMAL_CLOSURE.value, "the connection was lost"))
        else:
            self.end(Closed(last_words.code.value, last_words.reason or ""))

    def pause_writing(self) -> None:
        """What this client sends is little; a peer that does not read it is found by its missing pongs."""

    def resume_writing(self) -> None:
        """See `pause_writing`."""

    def _take_other(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if kind == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()
        elif kind not in CONTROL:
            self._take_fragment(frame, first=kind != CONTINUATION)

    def _take_fragment(self, frame: WSFrame, *, first: bool) -> None:
        if first == bool(self._fragments):
            raise WSProtocolError(WSCloseCode.PROTOCOL_ERROR, "the fragments of a message are not in order")
        self._fragments.append(frame.get_payload_as_bytes())
        self._size += frame.payload_size
        if self._size > self._largest:
            raise WSProtocolError(WSCloseCode.MESSAGE_TOO_BIG, f"a message of more than {self._largest} bytes")
        if frame.fin:
            message = b"".join(self._fragments)
            self._fragments.clear()
            self._size = 0
            self._on_message(message)


@contextlib.asynccontextmanager
async def open_socket(
    url: str, on_message: OnMessage, patience: Patience = PATIENT, headers: Mapping[str, str] | None = None
) -> AsyncIterator[Socket]:
    """Connects to a `ws:` or `wss:` URL; the connection is gone when the context is left, however it is left. Raises
    `Rejected` where the server does not want it, and else an `OSError` or a `TimeoutError`; the body has to wait for
    `Socket.ended`. Pings are answered with their payload."""
    socket = await _connect(url, on_message, patience, headers)
    try:
        yield socket
    finally:
        await socket.close(patience.close_s)


async def _connect(url: str, on_message: OnMessage, patience: Patience, headers: Mapping[str, str] | None) -> Socket:
    reached: list[sockets.socket] = []

    async def reach(where: WSParsedURL) -> sockets.socket:
        reached.append(await _reach(where.host, where.port))
        return reached[0]

    try:
        async with asyncio.timeout(patience.open_s):
            _, socket = await ws_connect(
                lambda: Socket(on_message, patience.largest_message),
                url,
                socket_factory=reach,
                websocket_handshake_timeout=None,
                max_redirects=0,
                max_frame_size=patience.largest_message,
                extra_headers=headers,
                enable_auto_ping=True,
                auto_ping_strategy=WSAutoPingStrategy.PING_WHEN_IDLE,
                auto_ping_idle_timeout=patience.ping_s,
                auto_ping_reply_timeout=min(patience.pong_s, patience.ping_s),
            )
        if isinstance(socket, Socket):
            return socket
        raise Rejected(f"{url}: the connection was closed before the handshake was over")
    except BaseException as error:
        await _hang_up(reached)
        if isinstance(error, WSError):
            raise _rejected(url, error) from error
        raise


async def _reach(host: str, port: int) -> sockets.socket:
    """A TCP connection to the first of the host's addresses that answers."""
    loop = asyncio.get_running_loop()
    failure = OSError(f"{host} has no address")
    for family, kind, protocol, _, address in await loop.getaddrinfo(host, port, type=sockets.SOCK_STREAM):
        connection = sockets.socket(family, kind, protocol)
        connection.setblocking(False)
        try:
            await loop.sock_connect(connection, address)
        except OSError as error:
            connection.close()
            failure = error
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise failure


async def _hang_up(reached: Sequence[sockets.socket]) -> None:
    """Ends a connection whose handshake was given up: the library has its transport and gives no way to it."""
    for connection in reached:
        with contextlib.suppress(OSError):
            connection.shutdown(sockets.SHUT_RDWR)
        for _ in range(100):
            if connection.fileno() == -1:
                return
            await asyncio.sleep(0.001)
        connection.close()


def _rejected(url: str, error: WSError) -> Rejected:
    response = error.response if isinstance(error, WSHandshakeError) else None
    if response is None:
        return Rejected(f"{url}: {error}")
    wait = response.headers.get("Retry-After", "")
    return Rejected(f"{url}: {error}", int(response.status), float(wait) if wait.isdecimal() else 0.0)


async def _disconnected(transport: WSTransport) -> None:
    with contextlib.suppress(WSError):  # a breach of the protocol: `ended` has said so
        await transport.wait_disconnected()


def _drop(message: bytes) -> None:
    """What comes after the end is not looked at."""

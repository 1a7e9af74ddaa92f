"""The WebSocket client against an independent implementation of the protocol."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from picows import WSProtocolError
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Response

from feeds.socket import PATIENT, Closed, Patience, Rejected, Socket, open_socket

Handler = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def serving(handler: Handler, **options: object) -> AsyncIterator[str]:
    async with serve(handler, "127.0.0.1", 0, compression=None, ping_interval=None, **options) as server:  # type: ignore[arg-type]
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/stream?streams=a/b"


async def why_it_ended(url: str, received: list[bytes], patience: Patience = PATIENT) -> Exception:
    async with asyncio.timeout(10), open_socket(url, received.append, patience) as opened:
        try:
            await opened.ended()
        except Exception as error:  # noqa: BLE001
            return error


async def test_messages_come_whole_whatever_their_fragments_and_close_codes_are_said() -> None:
    async def handler(connection: ServerConnection) -> None:
        assert connection.request is not None
        await connection.send(connection.request.path)
        await connection.send(["frag", "men", "ted"])
        await connection.send(b"binary")
        await connection.send([b"x" * 100_000, b"y" * 100_000])
        await connection.close(4001, "enough")

    received: list[bytes] = []
    async with serving(handler) as url:
        error = await why_it_ended(url, received)
    assert received[:3] == [b"/stream?streams=a/b", b"fragmented", b"binary"]
    assert received[3] == b"x" * 100_000 + b"y" * 100_000
    assert isinstance(error, Closed)
    assert (error.code, error.reason) == (4001, "enough")


async def test_it_answers_pings_and_sends_text_and_binary() -> None:
    heard: list[object] = []

    async def handler(connection: ServerConnection) -> None:
        heard.append(await connection.recv())
        heard.append(await connection.recv())
        await (await connection.ping(b"payload 1"))
        heard.append("pong")
        await connection.close(1000)

    async with serving(handler) as url, asyncio.timeout(10), open_socket(url, print) as opened:
        opened.send('{"method":"SUBSCRIBE"}')
        opened.send(b"\x00\x01")
        with pytest.raises(Closed):
            await opened.ended()
    assert heard == ['{"method":"SUBSCRIBE"}', b"\x00\x01", "pong"]


async def test_an_error_of_the_callback_ends_the_connection_and_is_the_reason() -> None:
    seen: list[bytes] = []

    async def handler(connection: ServerConnection) -> None:
        for number in range(100):
            await connection.send(str(number))
        await connection.wait_closed()

    def fail_at_three(message: bytes) -> None:
        seen.append(message)
        if message == b"3":
            raise LookupError("three")

    async with serving(handler) as url, asyncio.timeout(10), open_socket(url, fail_at_three) as opened:
        with pytest.raises(LookupError, match="three"):
            await opened.ended()
    assert seen == [b"0", b"1", b"2", b"3"]


@pytest.mark.parametrize("message", ["x" * 1_001, ["x" * 600, "x" * 600]])
async def test_a_message_beyond_the_limit_ends_the_connection(message: str | list[str]) -> None:
    async def handler(connection: ServerConnection) -> None:
        await connection.send("x" * 1_000)
        await connection.send(message)
        await connection.wait_closed()

    received: list[bytes] = []
    async with serving(handler) as url:
        error = await why_it_ended(url, received, Patience(largest_message=1_000))
    assert isinstance(error, (Closed, WSProtocolError))
    assert "1000" in str(error)


async def test_a_lost_connection_and_a_dead_peer_are_told_from_a_goodbye() -> None:
    async def abort(connection: ServerConnection) -> None:
        connection.transport.abort()

    async def freeze(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await over.wait()
        connection.transport.abort()

    over = asyncio.Event()
    async with serving(abort) as url:
        lost = await why_it_ended(url, [])
    async with serving(freeze) as url:
        dead = await why_it_ended(url, [], Patience(ping_s=0.1, pong_s=0.1, close_s=0.1))
        over.set()
    assert isinstance(lost, Closed)
    assert isinstance(dead, Closed)
    assert (lost.code, dead.code) == (1006, 1001)
    assert "ping" in dead.reason


async def test_a_refused_handshake_says_status_and_when_to_come_again() -> None:
    async def handler(connection: ServerConnection) -> None:
        raise AssertionError

    def too_many(connection: ServerConnection, request: object) -> Response:
        return Response(429, "Too Many Requests", Headers({"Retry-After": "7", "Content-Length": "0"}))

    async with serving(handler, process_request=too_many) as url:
        with pytest.raises(Rejected) as rejected:
            await why_it_ended(url, [])
    assert (rejected.value.status, rejected.value.retry_after_s) == (429, 7.0)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "ws://", "ws://127.0.0.1:1"])
async def test_what_cannot_be_reached_is_an_os_error(url: str) -> None:
    with pytest.raises(OSError):  # noqa: PT011
        await why_it_ended(url, [])


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that never answers the handshake, and what it was sent; it notes when its client has gone."""
    heard: list[bytes] = []

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        heard.append(await reader.read())
        writer.close()

    server = await asyncio.start_server(serve_one, "127.0.0.1", 0)
    async with server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", heard


async def test_a_handshake_given_up_leaves_no_connection_behind() -> None:
    async with listening() as (url, heard):
        opening = asyncio.create_task(why_it_ended(url, []))
        while not heard:
            await asyncio.sleep(0.001)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        async with asyncio.timeout(5):
            while len(heard) < 2:
                await asyncio.sleep(0.001)
    gc.collect()


async def test_a_handshake_without_an_answer_is_given_up_in_time() -> None:
    async with listening() as (url, _):
        with pytest.raises(TimeoutError):
            await why_it_ended(url, [], Patience(open_s=0.1))


async def test_leaving_says_goodbye(caplog: pytest.LogCaptureFixture) -> None:
    codes: list[int | None] = []

    async def handler(connection: ServerConnection) -> None:
        await connection.wait_closed()
        codes.append(connection.close_code)

    with caplog.at_level(logging.WARNING):
        async with serving(handler) as url, open_socket(url, print) as opened:
            assert isinstance(opened, Socket)
    assert codes == [1000]
    assert not caplog.records


async def test_a_server_that_hangs_up_in_the_handshake_is_an_error() -> None:
    server = socket.create_server(("127.0.0.1", 0))

    async def hang_up() -> None:
        connection, _ = await asyncio.get_running_loop().sock_accept(server)
        connection.close()

    server.setblocking(False)
    with server:
        async with asyncio.TaskGroup() as group:
            group.create_task(hang_up())
            with pytest.raises(OSError, match=r"handshake|reset"):
                await why_it_ended(f"ws://127.0.0.1:{server.getsockname()[1]}", [])

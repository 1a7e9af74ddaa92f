"""What floods the live socket of a real web server is stopped with a code and a reason, and harms nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import websockets
from channels_redis.pubsub import RedisPubSubChannelLayer
from websockets.asyncio.client import ClientConnection, connect

from govsite.bench.fanout import SERVERS, web_server
from govsite.live.codes import BAD_REQUEST, LOGGED_OUT, TOO_LARGE, TOO_MANY
from govsite.live.frames import framed

GOOD = 20
Flood = Callable[[ClientConnection], Awaitable[None]]


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def address(database: str, redis_url: str, server: str, tmp_path: Path) -> Iterator[str]:
    environment = {"DATABASE_URL": database, "REDIS_URL": redis_url, "GOVSITE_LIVE_SOCKETS_PER_PERSON": f"{GOOD + 1}"}
    with web_server(tmp_path, {**os.environ, **environment}, server) as (_, address):
        yield address


@asynccontextmanager
async def socket(address: str, cookie: bytes) -> AsyncIterator[ClientConnection]:
    url = address.replace("http", "ws", 1) + "/ws/live/"
    headers = {"Cookie": cookie.decode()}
    origin = websockets.Origin(address)
    async with connect(url, origin=origin, additional_headers=headers, compression=None, open_timeout=30) as opened:
        yield opened


async def _many(socket: ClientConnection) -> None:
    for number in range(20_000):
        await socket.send('{"seen":0}')
        if number % 50 == 0:
            await asyncio.sleep(0)  # to hear what the server says of it


async def _pings(socket: ClientConnection) -> None:
    for number in range(20_000):
        await socket.ping()
        if number % 50 == 0:
            await asyncio.sleep(0)


async def _large(socket: ClientConnection) -> None:
    for _ in range(50):
        await socket.send("x" * 900_000)


async def _fragments(socket: ClientConnection) -> None:
    async def parts() -> AsyncIterator[str]:
        for _ in range(2_000):
            yield "x" * 3000
            await asyncio.sleep(0)

    await socket.send(parts())


FLOODS: dict[str, tuple[Flood | str | bytes, set[int], str]] = {
    "many": (_many, {BAD_REQUEST}, "Too many messages a second."),
    "pings": (_pings, {BAD_REQUEST}, "Too many messages a second."),
    "large": (_large, {BAD_REQUEST, TOO_LARGE}, "At most 4096"),
    "fragments": (_fragments, {TOO_LARGE}, ""),
    "garbage": ("\u2603 not json", {BAD_REQUEST}, "JSON is malformed"),
    "binary": (b"\x00\xff" * 400, {BAD_REQUEST}, "Send text, not bytes."),
    "deep": ('{"after":{"governance":' + "[" * 2000, {BAD_REQUEST}, ""),
    "topics": (json.dumps({"subscribe": ["status"] * 10_000}), {BAD_REQUEST, TOO_LARGE}, "At most 4096"),
    "topics that fit": (json.dumps({"subscribe": ["ticks"] * 400}), {BAD_REQUEST}, "length <= 64"),
}


async def test_floods_end_and_the_others_hear_every_frame(
    server: str, address: str, cookie: bytes, redis_url: str
) -> None:
    async with AsyncExitStack() as stack:
        good = [await stack.enter_async_context(socket(address, cookie)) for _ in range(GOOD)]
        for each in good:
            await each.send('{"subscribe":["ticks"]}')
            assert json.loads(await each.recv())["type"] == "snapshot"
        listening = [asyncio.create_task(_numbers(each)) for each in good]
        over = asyncio.Event()
        publishing = asyncio.create_task(_publish(redis_url, over))
        for kind, (flood, codes, why) in FLOODS.items():
            if (kind, server) != ("pings", "uvicorn"):  # which answers them itself, as fast as it reads
                code, reason = await _flooded(address, cookie, flood)
                rude = {1006} if kind == "fragments" and server == "uvicorn" else set()  # dropped while it still sends
                assert code in codes | rude, kind
                if code == 1006:
                    continue
                assert why in reason, kind
        over.set()
        published = await publishing
        for numbers in await asyncio.wait_for(asyncio.gather(*listening), 20):
            assert numbers == list(range(published))
        stays = await stack.enter_async_context(socket(address, cookie))
        refused = await stack.enter_async_context(socket(address, cookie))
        await asyncio.wait_for(refused.wait_closed(), 20)
        why = f"You have {GOOD + 1} live sockets open; close one (at most {GOOD + 1})."
        assert (refused.close_code, refused.close_reason) == (TOO_MANY, why)
        assert stays.close_code is None
        stranger = await stack.enter_async_context(socket(address, b"sessionid=none"))
        await asyncio.wait_for(stranger.wait_closed(), 20)
        assert (stranger.close_code, stranger.close_reason) == (LOGGED_OUT, "Log in first.")


async def _flooded(address: str, cookie: bytes, flood: Flood | str | bytes) -> tuple[int | None, str]:
    """The code and reason with which the server ended it."""
    async with socket(address, cookie) as hostile:
        try:
            await (hostile.send(flood) if isinstance(flood, str | bytes) else flood(hostile))
            await asyncio.wait_for(hostile.wait_closed(), 20)
        except websockets.ConnectionClosed:
            await asyncio.wait_for(hostile.wait_closed(), 20)
        return hostile.close_code, hostile.close_reason or ""


async def _numbers(socket: ClientConnection) -> list[int]:
    """Until a frame says that it was the last."""
    numbers: list[int] = []
    while (message := json.loads(await socket.recv()))["number"] >= 0:
        numbers.append(message["number"])
        if len(numbers) % 8 == 0:
            await socket.send(f'{{"seen":{len(numbers)}}}')
    return numbers


async def _publish(redis_url: str, over: asyncio.Event) -> int:
    """Ten a second, each under a key of its own so that none may replace another; how many there were."""
    layer, number = RedisPubSubChannelLayer(hosts=[redis_url]), 0
    while not over.is_set():
        await layer.group_send("ticks", framed("ticks", f"{number}", f'{{"number":{number}}}', {}))
        number += 1
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), 0.1)
    await layer.group_send("ticks", framed("ticks", "last", '{"number":-1}', {}))
    await layer.flush()
    return number

"""What a client of Binance's WebSocket gets from the local exchange."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from feeds.exchange import LocalExchange, Settings
from feeds.exchange.faults import Huge
from tests.integration.feeds.exchange.tapes import read_to_the_end, reader, tape, until

STREAMS = "/stream?streams=btcusdt@trade/btcusdt@bookTicker/btcusdt@depth@100ms"


@pytest.fixture
async def exchange() -> AsyncIterator[LocalExchange]:
    async with LocalExchange(tape(symbols=("BTCUSDT", "ETHUSDT"))) as exchange:
        yield exchange


async def receive(client: ClientConnection, wanted: str = "") -> Any:
    """The next frame that has this text in it."""
    async with asyncio.timeout(10):
        while wanted not in (text := str(await client.recv())):
            pass
    return json.loads(text)


async def ask(client: ClientConnection, **request: Any) -> Any:
    await client.send(json.dumps(request))
    return await receive(client, '"id"')


async def test_a_combined_stream_wraps_its_frames_and_ids_follow_each_other(exchange: LocalExchange) -> None:
    async with reader(exchange.ws_url + STREAMS) as client:
        frames = [await receive(client) for _ in range(30)]
    assert {frame["stream"] for frame in frames} == {"btcusdt@trade", "btcusdt@bookTicker", "btcusdt@depth@100ms"}
    trades = [frame["data"]["t"] for frame in frames if frame["data"].get("e") == "trade"]
    assert trades == list(range(1, len(trades) + 1))
    changes = [frame["data"] for frame in frames if frame["data"].get("e") == "depthUpdate"]
    assert all(later["U"] == earlier["u"] + 1 for earlier, later in pairwise(changes))
    assert exchange.sent_ids["BTCUSDT"][: len(trades)] == trades


async def test_a_raw_stream_has_bare_frames(exchange: LocalExchange) -> None:
    async with reader(f"{exchange.ws_url}/ws/ethusdt@trade") as client:
        assert (await receive(client))["s"] == "ETHUSDT"


async def test_trades_also_come_as_aggregates(exchange: LocalExchange) -> None:
    async with reader(f"{exchange.ws_url}/ws/btcusdt@aggTrade") as client:
        first, second = await receive(client), await receive(client)
    assert (first["e"], first["a"], first["f"], first["l"]) == ("aggTrade", 1, 1, 1)
    assert second["a"] == 2


async def test_subscriptions_begin_end_and_are_listed(exchange: LocalExchange) -> None:
    async with reader(f"{exchange.ws_url}/ws") as client:
        assert await ask(client, method="SUBSCRIBE", params=["btcusdt@trade"], id=1) == {"result": None, "id": 1}
        assert (await receive(client, "trade"))["e"] == "trade"
        assert (await ask(client, method="LIST_SUBSCRIPTIONS", id="two")) == {"result": ["btcusdt@trade"], "id": "two"}
        assert (await ask(client, method="UNSUBSCRIBE", params=["btcusdt@trade"], id=3))["result"] is None
        assert (await ask(client, method="LIST_SUBSCRIPTIONS", id=4))["result"] == []
    assert [request["id"] for request in exchange.requests] == [1, "two", 3, 4]


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("{", 3, "Invalid JSON"),
        ("[]", 2, "expected an object"),
        ('{"id":1}', 2, "missing field `method`"),
        ('{"method":"BUY","id":1}', 2, "unknown variant `BUY`"),
        ('{"method":"SUBSCRIBE","params":"x","id":1}', 2, "must be an array"),
        ('{"method":"SUBSCRIBE","params":["btcusdt@nothing"],"id":1}', 2, "unknown stream btcusdt@nothing"),
        ('{"method":"SUBSCRIBE","params":["nobody@trade"],"id":1}', 2, "unknown stream nobody@trade"),
        ('{"method":"SUBSCRIBE","params":["a"],"id":-1}', 2, "unsigned integer"),
        ('{"method":"SET_PROPERTY","params":["combined",3],"id":1}', 1, "expected Boolean"),
    ],
)
async def test_bad_requests_are_answered_as_the_venue_does(
    exchange: LocalExchange, text: str, code: int, says: str
) -> None:
    async with reader(f"{exchange.ws_url}/ws") as client:
        await client.send(text)
        answer = await receive(client)
    assert answer["error"]["code"] == code
    assert says in answer["error"]["msg"]


async def test_more_than_five_requests_a_second_end_the_connection(exchange: LocalExchange) -> None:
    async with reader(f"{exchange.ws_url}/ws") as client:
        for id in range(6):
            await client.send(json.dumps({"method": "LIST_SUBSCRIPTIONS", "id": id}))
        assert await read_to_the_end(client) == 1008


async def test_more_streams_than_a_connection_may_have_are_refused() -> None:
    async with (
        LocalExchange(tape(), settings=Settings(most_streams=1)) as exchange,
        reader(f"{exchange.ws_url}/ws") as client,
    ):
        answer = await ask(client, method="SUBSCRIBE", params=["btcusdt@trade", "btcusdt@depth"], id=1)
    assert "more than 1 streams" in answer["error"]["msg"]


async def test_pings_come_and_their_payload_has_to_come_back() -> None:
    quick = Settings(ping_every_s=0.05, pong_within_s=0.3)
    async with LocalExchange(tape(), settings=quick) as exchange:
        async with reader(exchange.ws_url + STREAMS):
            await until(lambda: exchange.pongs >= 3, "three pings were answered")
        _, writer = await _mute(exchange.port)
        await until(lambda: exchange.open_connections == 1, "the mute client is there")
        await until(lambda: exchange.open_connections == 0, "who does not answer is sent away")
        writer.close()


async def _mute(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A client that answers nothing."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    writer.write(f"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{key}\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def test_a_connection_has_an_end() -> None:
    async with (
        LocalExchange(tape(), settings=Settings(life_s=0.2)) as exchange,
        reader(exchange.ws_url + STREAMS) as client,
    ):
        assert await read_to_the_end(client) == 1001


async def test_who_reads_too_little_is_cut_off() -> None:
    async with (
        LocalExchange(tape(), [Huge(bytes=2_000_000)], settings=Settings(most_waiting=20)) as exchange,
        connect(exchange.ws_url + STREAMS, max_queue=1) as client,
    ):
        await until(lambda: exchange.open_connections == 0, "the slow client is gone")
        client.transport.abort()


async def test_a_loop_goes_on_with_ids_times_and_a_book_that_follows() -> None:
    quick = Settings(loop=True, speed=50, restamp=False)
    for market in ("spot", "usdm"):
        async with (
            LocalExchange(tape(seconds=0.5, market=market), settings=quick) as exchange,
            reader(exchange.ws_url + STREAMS) as client,
        ):
            frames = [(await receive(client))["data"] for _ in range(200)]
        trades = [frame["t"] for frame in frames if frame.get("e") == "trade"]
        assert trades == list(range(1, len(trades) + 1))
        changes = [frame for frame in frames if frame.get("e") == "depthUpdate"]
        for earlier, later in pairwise(changes):
            assert (later["pu"] == earlier["u"]) if market == "usdm" else (later["U"] == earlier["u"] + 1)
        times = [frame["E"] for frame in frames if frame.get("e") == "trade"]
        assert times == sorted(times)
        assert times[-1] > times[0] + 500

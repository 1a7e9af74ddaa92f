"""What a client of Alpaca's stream gets from the local exchange."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from feeds.exchange import LocalExchange, Settings
from feeds.exchange.faults import AlpacaError, Halt
from tests.integration.feeds.exchange.tapes import reader, tape

KEY = {"action": "auth", "key": "local-key", "secret": "local-secret"}


@pytest.fixture
async def exchange() -> AsyncIterator[LocalExchange]:
    async with LocalExchange(tape(symbols=("SPY", "AAPL"))) as exchange:
        yield exchange


async def receive(client: ClientConnection, kind: str = "") -> Any:
    """The next message of a kind; arrays are taken apart."""
    async with asyncio.timeout(10):
        while True:
            for message in json.loads(await client.recv()):
                if kind in ("", message["T"]):
                    return message


async def ask(client: ClientConnection, kind: str, **request: Any) -> Any:
    await client.send(json.dumps(request))
    return await receive(client, kind)


async def test_who_authenticates_and_subscribes_gets_trades_and_quotes(exchange: LocalExchange) -> None:
    async with reader(f"{exchange.ws_url}/v2/iex") as client:
        assert await receive(client) == {"T": "success", "msg": "connected"}
        assert await ask(client, "success", **KEY) == {"T": "success", "msg": "authenticated"}
        confirmed = await ask(client, "subscription", action="subscribe", trades=["SPY"], quotes=["*"])
        assert (confirmed["trades"], confirmed["quotes"], confirmed["bars"]) == (["SPY"], ["*"], [])
        trade, quote = await receive(client, "t"), await receive(client, "q")
        assert (trade["S"], trade["p"], trade["s"], trade["c"]) == ("SPY", 100.01, 0.5, ["@"])
        assert trade["t"].endswith("Z")
        assert (quote["bp"], quote["ap"]) == (100.0, 100.01)
        gone = await ask(client, "subscription", action="unsubscribe", trades=["SPY"])
        assert gone["trades"] == []
    assert "local-secret" not in str(exchange.requests)


@pytest.mark.parametrize(
    ("requests", "code"),
    [
        (["{"], 400),
        (['{"action":"subscribe","trades":["SPY"]}'], 401),
        (['{"action":"auth","key":"x","secret":"y"}'], 402),
        ([json.dumps(KEY), json.dumps(KEY)], 403),
        ([json.dumps(KEY), '{"action":"subscribe","trades":"SPY"}'], 400),
        ([json.dumps(KEY), json.dumps({"action": "subscribe", "trades": [f"S{i}" for i in range(31)]})], 405),
    ],
)
async def test_errors_have_their_codes(exchange: LocalExchange, requests: list[str], code: int) -> None:
    async with reader(f"{exchange.ws_url}/v2/iex") as client:
        for request in requests:
            await client.send(request)
        assert (await receive(client, "error"))["code"] == code


async def test_a_bar_comes_when_its_minute_is_over() -> None:
    quick = Settings(speed=400, restamp=False)
    async with (
        LocalExchange(tape(seconds=200), settings=quick) as exchange,
        reader(f"{exchange.ws_url}/v2/iex") as client,
    ):
        await receive(client)
        await ask(client, "success", **KEY)
        await ask(client, "subscription", action="subscribe", bars=["BTCUSDT"])
        await receive(client, "b")
        bar = await receive(client, "b")
    assert (bar["S"], bar["o"], bar["h"], bar["l"], bar["c"]) == ("BTCUSDT", 100.01, 100.01, 100.01, 100.01)
    assert (bar["n"], bar["v"], round(bar["vw"], 6)) == (2_000, 1_000.0, 100.01)
    assert bar["t"].endswith(":00.000000000Z")


async def test_who_does_not_authenticate_is_sent_away() -> None:
    async with (
        LocalExchange(tape(), settings=Settings(auth_within_s=0.1)) as exchange,
        reader(f"{exchange.ws_url}/v2/sip") as client,
    ):
        assert (await receive(client, "error"))["code"] == 404
        with pytest.raises(ConnectionClosed):
            await receive(client)


async def test_a_second_connection_is_one_too_many(exchange: LocalExchange) -> None:
    async with reader(f"{exchange.ws_url}/v2/iex") as first, reader(f"{exchange.ws_url}/v2/iex") as second:
        await receive(first)
        await ask(first, "success", **KEY)
        await receive(second)
        assert (await ask(second, "error", **KEY))["code"] == 406


async def test_a_halt_and_its_end_are_told(exchange: LocalExchange) -> None:
    async with reader(f"{exchange.ws_url}/v2/iex") as client:
        await receive(client)
        await ask(client, "success", **KEY)
        await ask(client, "subscription", action="subscribe", statuses=["SPY"], trades=["SPY"])
        exchange.inject(Halt(for_s=0.3, scope="SPY", reason="LUDP"))
        halt, end = await receive(client, "s"), await receive(client, "s")
        assert (halt["S"], halt["sc"], halt["rc"]) == ("SPY", "H", "LUDP")
        assert (end["sc"], end["sm"]) == ("T", "Trading Resumption")
        exchange.inject(AlpacaError(code=407))
        assert (await receive(client, "error"))["msg"] == "slow client"

"""What the local exchange answers over REST, and that it agrees with what it sends."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from feeds.exchange import LocalExchange, Settings
from feeds.exchange.tape import Market
from tests.integration.feeds.exchange.tapes import reader, tape, until


@asynccontextmanager
async def played(market: Market = "spot", **settings: Any) -> AsyncIterator[LocalExchange]:
    """An exchange that has come to the end of a short tape."""
    short = tape(seconds=1, per_second=300, market=market)
    async with LocalExchange(short, settings=Settings(waits=False, speed=None, **settings)) as exchange:
        await until(lambda: exchange.ended, "everything was played")
        yield exchange


async def get(exchange: LocalExchange, path: str) -> tuple[int, Any, aiohttp.typedefs.LooseHeaders]:
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(timeout=timeout) as session, session.get(exchange.rest_url + path) as answer:
        return answer.status, json.loads(await answer.read()), answer.headers


async def test_trades_come_by_id() -> None:
    async with played() as exchange:
        _, trades, _ = await get(exchange, "/api/v3/historicalTrades?symbol=BTCUSDT&fromId=7&limit=3")
        assert [trade["id"] for trade in trades] == [7, 8, 9]
        assert trades[0].keys() == {"id", "price", "qty", "quoteQty", "time", "isBuyerMaker", "isBestMatch"}
        _, newest, _ = await get(exchange, "/api/v3/trades?symbol=BTCUSDT&limit=2")
        assert [trade["id"] for trade in newest] == [99, 100]
        _, aggregates, _ = await get(exchange, "/api/v3/aggTrades?symbol=BTCUSDT&fromId=50&limit=2")
        assert [(trade["a"], trade["f"], trade["l"]) for trade in aggregates] == [(50, 50, 50), (51, 51, 51)]
        start, end = aggregates[0]["T"], aggregates[1]["T"]
        _, within, _ = await get(exchange, f"/api/v3/aggTrades?symbol=BTCUSDT&startTime={start}&endTime={end}")
        assert {50, 51} <= {trade["a"] for trade in within}
        assert exchange.rest["aggTrades"] == 2


async def test_instruments_have_their_filters() -> None:
    async with played() as exchange:
        _, answer, _ = await get(exchange, '/api/v3/exchangeInfo?symbols=["BTCUSDT"]')
    (listing,) = answer["symbols"]
    assert (listing["status"], listing["baseAsset"], listing["quoteAsset"]) == ("TRADING", "BTC", "USDT")
    filters = {each["filterType"]: each for each in listing["filters"]}
    assert Decimal(filters["PRICE_FILTER"]["tickSize"]) == Decimal("0.01")
    assert Decimal(filters["LOT_SIZE"]["stepSize"]) == Decimal("0.1")
    assert filters["NOTIONAL"]["minNotional"] == "5.00000000"


async def test_futures_have_addresses_of_their_own() -> None:
    async with played("usdm") as exchange:
        status, answer, _ = await get(exchange, "/fapi/v1/depth?symbol=BTCUSDT&limit=5")
        assert (status, len(answer["bids"])) == (200, 5)
        assert "E" in answer
        async with aiohttp.ClientSession() as session, session.get(f"{exchange.rest_url}/api/v3/ping") as other:
            assert other.status == 404


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("depth?symbol=NOBODY", -1121),
        ("exchangeInfo?symbol=NOBODY", -1121),
        ("depth", -1102),
        ("depth?symbol=BTCUSDT&limit=many", -1100),
        ("exchangeInfo?symbols=BTC", -1100),
    ],
)
async def test_bad_parameters_have_the_codes_of_the_venue(path: str, code: int) -> None:
    async with played() as exchange:
        status, answer, _ = await get(exchange, f"/api/v3/{path}")
    assert (status, answer["code"]) == (400, code)


async def test_requests_have_weights_and_too_many_are_refused_until_the_minute_is_over() -> None:
    async with played(weight_limit=60) as exchange:
        _, _, headers = await get(exchange, "/api/v3/depth?symbol=BTCUSDT&limit=1000")
        assert headers["X-MBX-USED-WEIGHT-1M"] in ("50", "0")  # type: ignore[index]
        refused = [await get(exchange, "/api/v3/historicalTrades?symbol=BTCUSDT") for _ in range(4)]
    status, answer, headers = refused[-1]
    assert (status, answer["code"]) == (429, -1003)
    assert 0 < int(headers["Retry-After"]) <= 60  # type: ignore[index]


@pytest.mark.parametrize("market", ["spot", "usdm"])
async def test_a_snapshot_and_the_changes_after_it_give_the_later_snapshot(market: Market) -> None:
    """The order book that a client has to keep, kept here in the simplest way."""
    path = f"/{'api/v3' if market == 'spot' else 'fapi/v1'}/depth?symbol=BTCUSDT&limit=1000"
    async with LocalExchange(tape(market=market), settings=Settings(speed=5)) as exchange:
        async with reader(f"{exchange.ws_url}/ws/btcusdt@depth@100ms") as client:
            await client.recv()
            _, early, _ = await get(exchange, path)
            await until(lambda: exchange.sent["btcusdt@depthUpdate"] >= 50, "the book has changed")
            _, late, _ = await get(exchange, path)
            bids = dict(early["bids"])
            last = early["lastUpdateId"]
            while last < late["lastUpdateId"]:
                change = json.loads(await client.recv())
                if change["u"] <= last:
                    continue
                assert (change["U"] == last + 1) if market == "spot" else (change["pu"] == last)
                bids |= dict(change["b"])
                last = change["u"]
        assert bids == dict(late["bids"])

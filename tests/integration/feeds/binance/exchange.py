"""A small Binance on a real socket that does what a test tells it to, and a client that reads from it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import msgspec
from aiohttp import WSCloseCode, web

from feeds.binance.client import BinanceVenue
from feeds.binance.plan import BinancePlan
from feeds.intake import Item
from market.domain.listing import Listing
from streams.messages import ReportFeedGap, Trade

Json = dict[str, Any]


async def until(true: Callable[[], object], what: str, within_s: float = 10.0) -> None:
    try:
        async with asyncio.timeout(within_s):
            while not true():
                await asyncio.sleep(0.002)
    except TimeoutError:
        raise AssertionError(f"never: {what}") from None


class Exchange:
    """`refused`: stream names that a SUBSCRIBE must not contain. `lacking`: ids that REST does not have. `plain`: it
    knows `/ws` only, and its frames do not say their stream."""

    def __init__(self) -> None:
        self.open: list[web.WebSocketResponse] = []
        self.opened_at: list[float] = []
        self.streams: list[str] = []
        self.requests: list[Json] = []
        self.asked: list[str] = []
        self.acks = True
        self.drop_at_once = False
        self.refused: set[str] = set()
        self.lacking: set[int] = set()
        self.last = 0
        self.status = 200
        self.headers: dict[str, str] = {}
        self.answers = asyncio.Event()
        self.answers.set()
        self.skew_ms = 0
        self.statuses = {"BTCUSDT": "TRADING", "ETHUSDT": "TRADING"}
        self.snapshot: Any = {"lastUpdateId": 7, "bids": [["100.0", "1"]], "asks": [["101.0", "2"]]}
        self.is_mute = False
        self.plain = False

    async def send(self, frame: Json | bytes) -> None:
        if self.plain and isinstance(frame, dict):
            frame = frame["data"]
        text = frame.decode() if isinstance(frame, bytes) else msgspec.json.encode(frame).decode()
        for connection in list(self.open):
            with contextlib.suppress(ConnectionError):
                await connection.send_str(text)

    async def trade(self, *ids: int, **changes: object) -> None:
        for id in ids:
            self.last = max(self.last, id)
            data = {"e": "trade", "s": "BTCUSDT", "t": id, "p": "100.5", "q": "1", "m": True, "T": self.now_ms()}
            await self.send({"stream": "btcusdt@trade", "data": {**data, **changes}})

    async def quote(self, id: int, symbol: str = "BTCUSDT") -> None:
        data = {"u": id, "s": symbol, "b": "100", "B": "1", "a": "101", "A": "1"}
        await self.send({"stream": f"{symbol.lower()}@bookTicker", "data": data})

    async def flow(self) -> None:
        while True:
            if not self.is_mute:
                await self.trade(self.last + 1)
                await self.quote(self.last)
            await asyncio.sleep(0.002)

    def now_ms(self) -> int:
        return int(time.time() * 1_000) + self.skew_ms

    async def stream(self, request: web.Request) -> web.WebSocketResponse:
        if self.plain and request.path != "/ws":
            raise web.HTTPNotFound
        connection = web.WebSocketResponse()
        await connection.prepare(request)
        self.opened_at.append(time.monotonic())
        self.streams.append(request.query.get("streams", ""))
        if self.drop_at_once:
            await connection.close(code=WSCloseCode.TRY_AGAIN_LATER)
            return connection
        self.open.append(connection)
        try:
            async for message in connection:
                await self.answer(connection, msgspec.json.decode(message.data))
        finally:
            self.open.remove(connection)
        return connection

    async def answer(self, connection: web.WebSocketResponse, request: Json) -> None:
        self.requests.append(request)
        if self.refused & set(request["params"]):
            error = {"code": 2, "msg": "Invalid request: unknown stream", "id": request["id"]}
            await connection.send_str(msgspec.json.encode(error).decode())
        elif self.acks:
            await connection.send_str(msgspec.json.encode({"result": None, "id": request["id"]}).decode())

    async def rest(self, request: web.Request) -> web.Response:
        self.asked.append(request.path_qs)
        await self.answers.wait()
        if self.status != 200:
            return web.json_response({"code": -1, "msg": "no"}, status=self.status, headers=self.headers)
        what = request.path.rpartition("/")[2]
        answer: Any = getattr(self, what)(request.query)
        return answer if isinstance(answer, web.Response) else web.json_response(answer)

    def time(self, query: Any) -> Json:
        return {"serverTime": self.now_ms()}

    def depth(self, query: Any) -> Any:
        return self.snapshot

    def historicalTrades(self, query: Any) -> list[Json]:
        first, limit = int(query["fromId"]), int(query["limit"])
        ids = [id for id in range(first, self.last + 1) if id not in self.lacking][:limit]
        rest = {"price": "100.5", "qty": "1", "time": self.now_ms(), "isBuyerMaker": True}
        return [{"id": id, **rest} for id in ids]

    def aggTrades(self, query: Any) -> list[Json]:
        return [
            {"a": row["id"], "p": "100.5", "q": "1", "T": row["time"], "m": True}
            for row in self.historicalTrades(query)
        ]

    def exchangeInfo(self, query: Any) -> Json | web.Response:
        wanted = msgspec.json.decode(query["symbols"]) if "symbols" in query else list(self.statuses)
        if not set(wanted) <= set(self.statuses):
            return web.json_response({"code": -1121, "msg": "Invalid symbol."}, status=400)
        filters = [
            {"filterType": "PRICE_FILTER", "minPrice": "0.01", "tickSize": "0.01000000"},
            {"filterType": "LOT_SIZE", "stepSize": "0.00001000"},
            {"filterType": "NOTIONAL", "minNotional": "5.00000000", "avgPriceMins": 5},
        ]
        return {
            "symbols": [
                {"symbol": s, "status": self.statuses[s], "baseAsset": s[:3], "quoteAsset": "USDT", "filters": filters}
                for s in wanted
            ]
        }


class Sink:
    """Everything that a client gave."""

    def __init__(self) -> None:
        self.all: list[Item] = []
        self.listed: list[Listing] = []
        self.frames: list[bytes] = []
        self.fails = False

    def items(self, items: Sequence[Item]) -> None:
        if self.fails:
            raise LookupError("the reader has a fault")
        self.all.extend(items)

    def listings(self, listings: Sequence[Listing]) -> None:
        self.listed.extend(listings)

    def raw(self, venue: str, at: int, frame: bytes) -> None:
        self.frames.append(frame)

    @property
    def ids(self) -> list[int]:
        return [item.trade_id for item in self.all if isinstance(item, Trade)]

    @property
    def gaps(self) -> list[tuple[int, int]]:
        return [(item.first, item.last) for item in self.all if isinstance(item, ReportFeedGap)]


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[Exchange, str]]:
    exchange = Exchange()
    app = web.Application()
    app.router.add_get("/stream", exchange.stream)
    app.router.add_get("/ws", exchange.stream)
    app.router.add_get("/api/v3/{what}", exchange.rest)
    app.router.add_get("/fapi/v1/{what}", exchange.rest)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield exchange, f"ws://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        exchange.answers.set()
        await runner.cleanup()


@asynccontextmanager
async def trading(**settings: Any) -> AsyncIterator[tuple[Exchange, BinanceVenue, Sink]]:
    """An exchange and a client that is connected to it; quick to try again."""
    quick = {"first_pause_s": 0.01, "longest_pause_s": 0.1, "watch_s": 0.01, "rotate_jitter_s": 0.0}
    async with serving() as (exchange, url):
        plan = BinancePlan(**{"symbols": ("BTCUSDT",), "urls": (url,), **quick, **settings})
        async with reading(plan) as (venue, sink):
            await until(lambda: exchange.requests, "the client has subscribed")
            yield exchange, venue, sink


@asynccontextmanager
async def reading(plan: BinancePlan) -> AsyncIterator[tuple[BinanceVenue, Sink]]:
    """A client that runs; nothing of it is left afterwards."""
    before = asyncio.all_tasks()
    venue, sink = BinanceVenue(plan, random=Random(1)), Sink()
    running = asyncio.create_task(venue.run(sink))
    try:
        yield venue, sink
    finally:
        assert not running.done(), running
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        ours = {
            task
            for task in asyncio.all_tasks() - before
            if "/feeds/" in str(task.get_stack()) and "tests" not in str(task.get_stack())
        }
        assert not ours
        assert venue.figures["connections"] == 0

"""Binance's REST answers: `/api/v3` for a spot tape, `/fapi/v1` for futures, with weights, errors and faults."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from aiohttp import web

from feeds.exchange.delivery import ActiveFaults
from feeds.exchange.faults import FailingRest, Halt, SlowRest
from feeds.exchange.market import KnownMarket
from feeds.exchange.settings import Settings
from feeds.exchange.tape import Data, Event, Steps

QUOTES = ("USDT", "USDC", "FDUSD", "BUSD", "BTC", "ETH", "EUR", "USD")
LONGEST_HANG_S = 300.0
MOST = {"trades": 1000, "historicalTrades": 1000, "aggTrades": 1000, "depth": 5000}


class BadParameter(Exception):
    """An answer with a code of the venue."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class BinanceRest:
    """`requests` counts by path. `now` gives ns by the exchange's own clock."""

    def __init__(self, market: KnownMarket, faults: ActiveFaults, settings: Settings, now: Callable[[], int]) -> None:
        self.requests: Counter[str] = Counter()
        self._market = market
        self._faults = faults
        self._settings = settings
        self._now = now
        self.used = 0
        self._minute = 0
        self._answers: Mapping[str, Callable[[Mapping[str, str]], Any]] = {
            "ping": lambda _: {},
            "time": lambda _: {"serverTime": self._now() // 1_000_000},
            "exchangeInfo": self._exchange_info,
            "depth": self._depth,
            "trades": self._trades,
            "historicalTrades": self._trades,
            "aggTrades": self._aggregates,
        }

    def routes(self) -> list[web.RouteDef]:
        base = "/api/v3" if self._market.kind == "spot" else "/fapi/v1"
        return [web.get(f"{base}/{name}", self._handler(name)) for name in self._answers]

    def _handler(self, name: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            self.requests[name] += 1
            if (slow := self._faults.take(SlowRest)) is not None:
                await asyncio.sleep(slow.by)
            if (failing := self._faults.take(FailingRest)) is not None:
                return await failure(failing)
            return self._answer(name, request)

        return handle

    def _answer(self, name: str, request: web.Request) -> web.Response:
        try:
            self.pay(_weight(name, request.query, self._market.kind))
            answer, status = self._answers[name](request.query), 200
        except BadParameter as error:
            answer, status = {"code": error.code, "msg": str(error)}, error.status
        return self.respond(answer, status)

    def respond(self, answer: object, status: int = 200) -> web.Response:
        headers = {"X-MBX-USED-WEIGHT-1M": str(self.used)}
        if status == 429:
            headers["Retry-After"] = str(60 - self._now() // 1_000_000_000 % 60)
        return web.Response(
            body=msgspec.json.encode(answer), status=status, headers=headers, content_type="application/json"
        )

    def pay(self, weight: int) -> None:
        """Raises BadParameter (429) for more than a minute may weigh."""
        minute = self._now() // 60_000_000_000
        if minute != self._minute:
            self._minute, self.used = minute, 0
        self.used += weight
        if self.used > self._settings.weight_limit:
            raise BadParameter(-1003, "Too many requests; current request has exceeded the limit.", 429)

    def _symbol(self, query: Mapping[str, str]) -> str:
        symbol = query.get("symbol")
        if not symbol:
            raise BadParameter(-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
        if symbol not in self._market.books:
            raise BadParameter(-1121, "Invalid symbol.")
        return symbol

    def _depth(self, query: Mapping[str, str]) -> Data:
        book = self._market.books[self._symbol(query)]
        bids, asks = book.levels(_number(query, "limit", 100, MOST["depth"]))
        now = self._now() // 1_000_000
        return {
            "lastUpdateId": book.last_id,
            **({"E": now, "T": now} if self._market.kind == "usdm" else {}),
            "bids": bids,
            "asks": asks,
        }

    def _trades(self, query: Mapping[str, str]) -> list[Data]:
        from_id = _number(query, "fromId", -1)
        trades = self._market.trades(
            self._symbol(query), from_id=from_id if from_id >= 0 else None, limit=_number(query, "limit", 500, 1000)
        )
        return [_historical(trade) for trade in trades]

    def _aggregates(self, query: Mapping[str, str]) -> list[Data]:
        from_id = _number(query, "fromId", -1)
        found = self._market.aggregates(
            self._symbol(query),
            from_id=from_id if from_id >= 0 else None,
            start=_number(query, "startTime", 0),
            end=_number(query, "endTime", 2**62) if "endTime" in query else 2**63,
            limit=_number(query, "limit", 500, 1000),
        )
        return [{key: data[key] for key in ("a", "p", "q", "f", "l", "T", "m", "M") if key in data} for data in found]

    def _exchange_info(self, query: Mapping[str, str]) -> Data:
        wanted = [query["symbol"]] if "symbol" in query else list(self._market.books)
        if "symbols" in query:
            try:
                wanted = msgspec.json.decode(query["symbols"], type=list[str])
            except msgspec.MsgspecError as error:
                raise BadParameter(-1100, f"Illegal characters found in parameter 'symbols': {error}") from error
        if any(symbol not in self._market.books for symbol in wanted):
            raise BadParameter(-1121, "Invalid symbol.")
        return {
            "timezone": "UTC",
            "serverTime": self._now() // 1_000_000,
            "rateLimits": [],
            "symbols": [self._listing(symbol) for symbol in wanted],
        }

    def _listing(self, symbol: str) -> Data:
        steps = self._market.steps.get(symbol, Steps())
        asset, quote = assets(symbol)
        halted = self._faults.now(Halt, Event(0, symbol, "trade", {})) is not None
        tick, lot = (f"{10.0**-places:.{max(places, 1)}f}" for places in (steps.price, steps.quantity))
        futures = self._market.kind == "usdm"
        least = {"filterType": "MIN_NOTIONAL", "notional": "5"} if futures else {"filterType": "NOTIONAL"}
        return {
            "symbol": symbol,
            "status": "BREAK" if halted else "TRADING",
            "baseAsset": asset,
            "quoteAsset": quote,
            "orderTypes": ["LIMIT", "MARKET"],
            **({"contractType": "PERPETUAL"} if futures else {"isSpotTradingAllowed": True}),
            "filters": [
                {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "1000000.00", "tickSize": tick},
                {"filterType": "LOT_SIZE", "minQty": lot, "maxQty": "9000.00", "stepSize": lot},
                least if futures else {**least, "minNotional": "5.00000000"},
            ],
        }


def assets(symbol: str) -> tuple[str, str]:
    """What an instrument's quantities and its prices are in; "" where the name does not tell."""
    quote = next((quote for quote in QUOTES if symbol.endswith(quote) and symbol != quote), "")
    return symbol.removesuffix(quote) if quote else symbol, quote


async def failure(fault: FailingRest) -> web.Response:
    if fault.answer == "hang":
        await asyncio.sleep(LONGEST_HANG_S)
    if fault.answer in ("garbage", "truncated"):
        body = b"<html>not what you think</html>" if fault.answer == "garbage" else b'[{"id":1,"pri'
        return web.Response(body=body, content_type="application/json")
    code, headers = (-1000, {}) if fault.answer == "500" else (-1003, {"Retry-After": str(fault.retry_s)})
    body = msgspec.json.encode({"code": code, "msg": "An unknown error occurred while processing the request."})
    status = 500 if fault.answer == "hang" else int(fault.answer)
    return web.Response(body=body, status=status, headers=headers, content_type="application/json")


def _number(query: Mapping[str, str], name: str, default: int, most: int = 2**62) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        raise BadParameter(-1100, f"Illegal characters found in parameter '{name}'; legal range is '^[0-9]{{1,20}}$'.")
    return min(int(text), most)


def _weight(name: str, query: Mapping[str, str], market: str) -> int:
    """What a request costs, by the venue's list."""
    if name == "depth":
        limit = _number(query, "limit", 100, 5000)
        steps = (100, 5), (500, 25), (1000, 50), (5000, 250)
        if market == "usdm":
            steps = (50, 2), (100, 5), (500, 10), (5000, 20)
        return next(weight for most, weight in steps if limit <= most)
    spot = {"ping": 1, "time": 1, "exchangeInfo": 20, "aggTrades": 4, "trades": 25, "historicalTrades": 25}
    return (spot if market == "spot" else {**spot, "exchangeInfo": 1, "aggTrades": 20, "historicalTrades": 20})[name]


def _historical(trade: Data) -> Data:
    return {
        "id": trade["t"],
        "price": trade["p"],
        "qty": trade["q"],
        "quoteQty": f"{float(trade['p']) * float(trade['q']):.8f}",
        "time": trade["T"],
        "isBuyerMaker": trade["m"],
        **({"isBestMatch": True} if "M" in trade else {}),
    }

"""What Binance is asked over REST: missing trades, order books, instruments and the time."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

import aiohttp
import msgspec
from msgspec import Struct

from feeds.binance.frames import decode_rest, decode_snapshot
from feeds.binance.plan import BinancePlan
from feeds.mending import Request
from feeds.source import Clock
from market.domain.listing import Listing
from streams.envelope import Refused
from streams.messages import BookSnapshot, Trade

log = logging.getLogger(__name__)

PAGE = 1_000  # trades
LEVELS = 1_000  # a side
TOO_MANY = frozenset({418, 429})
NO_SUCH_SYMBOL = -1121
Tap = Callable[[bytes], None]
Answer = TypeVar("Answer")


class RestError(Exception):
    """No usable answer came, and a later attempt may bring one."""


class Denied(RestError):
    """The server understood and will not answer this question, however often it is asked."""

    def __init__(self, detail: str, code: int = 0) -> None:
        super().__init__(detail)
        self.code = code


class _Filter(Struct):
    filterType: str
    tickSize: Decimal = Decimal(0)
    stepSize: Decimal = Decimal(0)
    minNotional: Decimal = Decimal(0)
    notional: Decimal = Decimal(0)


class _Instrument(Struct):
    symbol: str
    status: str = ""
    baseAsset: str = ""
    quoteAsset: str = ""
    filters: tuple[_Filter, ...] = ()


class _ExchangeInfo(Struct):
    symbols: tuple[_Instrument, ...]


class _Time(Struct):
    serverTime: int


class _Complaint(Struct):
    code: int = 0
    msg: str = ""


class Rest:
    """One server of a list is asked; when it fails the next one is. After a 429 or 418 nothing is asked of anybody
    until the time is over that the server named. `tap` gets every answer that replaces or completes the streams."""

    def __init__(
        self, session: aiohttp.ClientSession, plan: BinancePlan, clock: Clock, events: Counter[str], tap: Tap
    ) -> None:
        self._session = session
        self._plan = plan
        self._place = plan.place
        self._clock = clock
        self._events = events
        self._tap = tap
        self._server = 0
        self._silent_until = 0.0

    async def trades(self, request: Request) -> list[Trade]:
        """The trades from the first that is wanted, at most a page of them. Raises `RestError`."""
        params = {"symbol": request.instrument, "fromId": str(request.first), "limit": str(PAGE)}
        answer = await self._get(self._place.trades_path, params)
        kind = self._place.trades
        data = self._parsed(answer, Any)
        self._tap(_tapped(kind, request.instrument, answer))
        try:
            return decode_rest(kind, request.instrument, data, request.market_at, self._clock(), venue=self._place.name)
        except Refused as refusal:
            raise self._unusable(f"{kind} of {request.instrument}: {refusal.detail}") from refusal

    async def snapshot(self, instrument: str) -> BookSnapshot:
        """The order book. Raises `RestError`."""
        answer = await self._get("/depth", {"symbol": instrument, "limit": str(LEVELS)})
        data = self._parsed(answer, Any)
        self._tap(_tapped("depth", instrument, answer, LEVELS))
        now = self._clock()
        try:
            return decode_snapshot(instrument, data, now, now, venue=self._place.name, limit=LEVELS)
        except Refused as refusal:
            raise self._unusable(f"depth of {instrument}: {refusal.detail}") from refusal

    async def offset_ns(self) -> int:
        """The server's clock minus ours at the middle of the question, in ns. Raises `RestError`."""
        asked = self._clock()
        answer = await self._get("/time", {})
        return self._parsed(answer, _Time).serverTime * 1_000_000 - (asked + self._clock()) // 2

    async def listings(self) -> list[Listing]:
        """Those of our symbols that the venue knows. Raises `RestError`."""
        symbols = self._plan.symbols
        params = {"symbols": msgspec.json.encode(symbols).decode()} if self._place.listing_by_symbol else {}
        try:
            answer = await self._get("/exchangeInfo", params)
        except Denied as denied:
            if denied.code != NO_SUCH_SYMBOL:
                raise
            answer = await self._get("/exchangeInfo", {})  # which of them it does not know it does not say
        at = self._clock()
        known = self._parsed(answer, _ExchangeInfo).symbols
        return [self._listing(instrument, at) for instrument in known if instrument.symbol in symbols]

    def _listing(self, instrument: _Instrument, at: int) -> Listing:
        filters = {each.filterType: each for each in instrument.filters}
        none = _Filter("")
        notional = filters.get("NOTIONAL") or filters.get("MIN_NOTIONAL") or none
        return Listing(
            symbol=instrument.symbol,
            venue=self._place.name,
            base=instrument.baseAsset,
            quote=instrument.quoteAsset,
            tick_size=filters.get("PRICE_FILTER", none).tickSize,
            lot_size=filters.get("LOT_SIZE", none).stepSize,
            min_notional=notional.minNotional or notional.notional,
            tradable=instrument.status in ("TRADING", ""),
            status=instrument.status,
            at=at,
        )

    async def _get(self, path: str, params: Mapping[str, str]) -> bytes:
        if (wait_s := self._silent_until - time.monotonic()) > 0:
            raise RestError(f"{self._place.name} does not want to be asked for another {wait_s:.0f} s")
        servers = self._plan.rest_endpoints
        failure = RestError("no server is known")
        for _ in servers:
            try:
                return await self._ask(f"{servers[self._server]}{self._place.path}{path}", params)
            except (OSError, TimeoutError, aiohttp.ClientError) as error:
                failure = self._unusable(f"{servers[self._server]}{path}: {type(error).__name__} {error}")
            self._server = (self._server + 1) % len(servers)
        raise failure

    async def _ask(self, url: str, params: Mapping[str, str]) -> bytes:
        async with asyncio.timeout(self._plan.rest_s), self._session.get(url, params=params) as response:
            answer = await response.read()
            if response.status in TOO_MANY:
                wait = response.headers.get("Retry-After", "")
                wait_s = float(wait) if wait.isdecimal() else self._plan.rest_wait_s
                self._silent_until = time.monotonic() + wait_s
                raise self._unusable(f"{url}: {response.status}, nothing is asked for {wait_s:g} s")
            if response.status >= 500:
                raise ConnectionError(f"answered with {response.status}")
            if response.status != 200:
                raise self._denied(url, params, response.status, answer)
            return answer

    def _denied(self, url: str, params: Mapping[str, str], status: int, answer: bytes) -> Denied:
        try:
            complaint = msgspec.json.decode(answer, type=_Complaint)
        except msgspec.MsgspecError:
            complaint = _Complaint(msg=answer[:100].decode(errors="replace"))
        self._events["rest_errors"] += 1
        asked = " ".join(f"{key}={value}" for key, value in params.items())
        log.warning("%s %s: %d, %d %s", url, asked, status, complaint.code, complaint.msg)
        return Denied(f"{url}: {complaint.msg}", complaint.code)

    def _parsed(self, answer: bytes, shape: type[Answer]) -> Answer:
        try:
            return msgspec.json.decode(answer, type=shape)
        except msgspec.MsgspecError as error:
            raise self._unusable(f"{self._place.name}: {error} in {answer[:80]!r}") from error

    def _unusable(self, detail: str) -> RestError:
        self._events["rest_errors"] += 1
        log.warning("REST: %s", detail)
        return RestError(detail)


def _tapped(kind: str, symbol: str, answer: bytes, limit: int = PAGE) -> bytes:
    """The answer as one line that says what was asked."""
    data = msgspec.json.format(answer, indent=-1) if b"\n" in answer else answer
    return b'{"rest":"%s","symbol":"%s","limit":%d,"data":%s}' % (kind.encode(), symbol.encode(), limit, data)

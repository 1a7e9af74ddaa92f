"""Binance's frames, spot and futures, from raw bytes to typed ticks: pure decoding.

A frame of the four kinds that carry prices takes the fast way: its kind is guessed from its first bytes and one typed
decoder reads it. Everything else (keys in another order, spaces, schemas of other years, answers over REST that were
recorded, acks, rubbish) takes the careful way, which says what it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal, NoReturn

import msgspec
from msgspec import Struct

from feeds.binance.numbers import SYMBOL as SYMBOL
from feeds.binance.numbers import symbols
from feeds.binance.shapes import (
    AggregateFrame,
    AggregateRow,
    DepthAnswer,
    DepthFrame,
    DepthIds,
    QuoteFrame,
    TradeFrame,
    TradeRow,
    Wrapped,
)
from feeds.binance.ticks import (
    Decoded,
    Passed,
    Refill,
    TradeKind,
    Unnamed,
    build_depth,
    build_partial_book,
    build_quote,
    build_row,
    build_snapshot,
    build_trade,
)
from streams.envelope import Refused
from streams.messages import BookSnapshot, Code, Source, Trade

LARGEST_UPDATE = 60_000  # as a tick in its envelope it must stay below streams.envelope.LARGEST_ENTRY
LARGEST_FRAME = 4 * 1024 * 1024
LARGEST_ID = 2**62

OTHER_STREAMS = re.compile(
    "(continuous_)?kline|(24hr|1h|4h|1d)(Mini)?Ticker|avgPrice|(mark|index)PriceUpdate|forceOrder|compositeIndex"
    "|contractInfo|assetIndexUpdate|openInterest|referencePrice|tradingSession|rpiDepthUpdate"
    "|executionReport|outboundAccountPosition|outboundAccountInfo|balanceUpdate|listStatus|externalLockUpdate"
    "|eventStreamTerminated|listenKeyExpired|MARGIN_CALL|TRADE_LITE|[A-Z_]+_UPDATE"
)
PARTIAL_BOOK = re.compile(r"[^@]+@depth(5|10|20)(@.*)?")
BOOK = ("bids", "asks")
PRICES: Mapping[str, Collection[str]] = {"trade": "pq", "aggTrade": "pq", "bookTicker": "bBaA", "depthUpdate": "ba"}
FAILURES = (msgspec.MsgspecError, UnicodeDecodeError, ValueError, ArithmeticError, RecursionError)

Build = Callable[[Any, int, int, Source, str], Decoded]
Shapes = Mapping[str, tuple[type[Struct], Build]]
SHAPES: Shapes = {
    "trade": (TradeFrame, build_trade),
    "aggTrade": (AggregateFrame, build_trade),
    "bookTicker": (QuoteFrame, build_quote),
    "depthUpdate": (DepthFrame, build_depth),
}
STREAMS = {"trade": "trade", "aggTrade": "aggTrade", "bookTicker": "bookTicker", "depth": "depthUpdate"}
ROWS: Mapping[str, tuple[TradeKind, type[TradeRow | AggregateRow]]] = {
    "trades": ("trade", TradeRow),
    "historicalTrades": ("trade", TradeRow),
    "aggTrades": ("aggTrade", AggregateRow),
}
MOST_ROUTES = 10_000
Route = tuple[Callable[[bytes], Any], bool, Build]


class RefusedTrade(Refused):
    """A trade that is no sound one and yet says whose and which it is: the venue did not leave its id out."""

    def __init__(self, code: Code, detail: str, *, kind: TradeKind, instrument: str, id: int) -> None:
        super().__init__(code, detail)
        self.kind: TradeKind = kind
        self.instrument = instrument
        self.id = id


class Routes(dict[bytes, Route]):
    """Which decoder a frame most likely needs, by the second quoted text in it: `{"stream":"btcusdt@trade",…`,
    `{"e":"trade",…` or, for a quote of spot, `{"u":1,"s":…`. A wrong guess costs time, nothing else."""

    def __init__(self, shapes: Shapes) -> None:
        bare = {kind.encode(): (msgspec.json.Decoder(shape).decode, False, f) for kind, (shape, f) in shapes.items()}
        super().__init__({**bare, b"s": bare[b"bookTicker"]})
        self._wrapped: dict[str, Route] = {
            kind: (msgspec.json.Decoder(Wrapped[shape]).decode, True, build)  # type: ignore[valid-type]
            for kind, (shape, build) in shapes.items()
        }

    def __missing__(self, text: bytes) -> Route:
        """Raises KeyError where only the careful way is left."""
        name, _, stream = text.decode("latin-1").partition("@")
        kind = "bookTicker" if name == "!bookTicker" else STREAMS[stream.partition("@")[0]]
        if len(self) >= MOST_ROUTES:
            raise KeyError(text)
        self[text] = self._wrapped[kind]
        return self[text]


WHOLE = Routes(SHAPES)
WITHOUT_LEVELS = Routes({**SHAPES, "depthUpdate": (DepthIds, build_depth)})

_untyped = msgspec.json.Decoder(float_hook=str)


def decode(
    raw: bytes,
    market_at: int,
    received_at: int,
    source: Source = "live",
    routes: Routes = WHOLE,
    venue: str = "binance",
) -> Decoded:
    """The frame's kind and its tick, or what was passed over. Raises `Refused`, never anything else.

    With the routes `WITHOUT_LEVELS` a `Depth` has its ids and times only: its levels are most of the work."""
    if len(raw) <= LARGEST_UPDATE:
        try:
            read, wrapped, build = routes[raw.split(b'"', 4)[3]]
            frame = read(raw)
            return build(frame.data if wrapped else frame, market_at, received_at, source, venue)
        except (*FAILURES, LookupError):
            pass  # the careful way tells what is wrong, if anything is
    try:
        return _by_content(raw, market_at, received_at, source, venue)
    except FAILURES as error:
        _refuse(error)


def decode_rest(
    kind: Literal["trades", "aggTrades", "historicalTrades"],
    symbol: str,
    data: Any,
    market_at: int,
    received_at: int,
    source: Source = "live",
    venue: str = "binance",
) -> list[Trade]:
    """The trades of an answer over REST (`data` as parsed from JSON), in the order of their ids, which are of the same
    sequence as those of the stream. Rows of quantity 0 are trades that were taken back, and are left out.
    Raises `Refused` if any other row is not sound, never anything else."""
    try:
        rows = msgspec.convert(data, list[ROWS[kind][1]])  # type: ignore[misc]
        rows = sorted((row for row in rows if row.q.strip("0.")), key=lambda row: row.t)
        return [build_row(row, symbol, market_at, received_at, source, venue) for row in rows]
    except FAILURES as error:
        _refuse(error)


def decode_snapshot(
    symbol: str,
    data: Any,
    market_at: int,
    received_at: int,
    source: Source = "live",
    venue: str = "binance",
    limit: int = 0,
) -> BookSnapshot:
    """The order book of an answer over REST (`data` as parsed from JSON): `limit` levels a side at most, 0 where that
    is not known. Raises `Refused`, never anything else."""
    try:
        answer = msgspec.convert(_with_texts(data, BOOK), DepthAnswer)
        return build_snapshot(symbols[symbol], answer, market_at, received_at, source, venue, limit)
    except FAILURES as error:
        _refuse(error)


def _refuse(error: Exception) -> NoReturn:
    if isinstance(error, msgspec.ValidationError):
        raise Refused(Code.INVALID, str(error)) from error
    if isinstance(error, msgspec.DecodeError | UnicodeDecodeError | RecursionError):
        raise Refused(Code.UNDECODABLE, str(error) or type(error).__name__) from error
    raise Refused(_code_of(str(error)), str(error)) from error


def _code_of(error: str) -> Code:
    if "not finite" in error:
        return Code.NOT_FINITE
    if "crossed" in error:
        return Code.CROSSED
    if "positive" in error or "negative" in error:
        return Code.NOT_POSITIVE
    return Code.INVALID


def _by_content(raw: bytes, market_at: int, received_at: int, source: Source, venue: str) -> Decoded:
    if len(raw) > LARGEST_FRAME:
        raise Refused(Code.TOO_LARGE, f"{len(raw)} bytes, at most {LARGEST_FRAME} are taken")
    content = _untyped.decode(raw)
    stream, data = _unwrapped(content)
    if isinstance(data, list):
        return "passed", Passed("other", "a list")
    if not isinstance(data, dict):
        raise Refused(Code.INVALID, "the frame is not an object")
    if (passed := _passed(data)) is not None:
        return "passed", passed
    if "rest" in content:
        return _answer(content, market_at, received_at, source, venue)
    if "lastUpdateId" in data:
        answer = msgspec.convert(_with_texts(data, BOOK), DepthAnswer)
        instrument = symbols[stream.partition("@")[0].upper()] if stream else ""
        snapshot = build_snapshot(instrument, answer, market_at, received_at, source, venue)
        return "snapshot", snapshot if stream else Unnamed(snapshot)
    kind = data.get("e", "bookTicker" if _is_quote(data) else None)
    if kind is None:
        raise Refused(Code.INVALID, "the frame does not say what it is: it has no `e`")
    if not isinstance(kind, str) or kind not in SHAPES:
        raise Refused(Code.UNKNOWN_TYPE, f"no such frame is known: {str(kind)[:60]!r}")
    if kind == "depthUpdate" and len(raw) > LARGEST_UPDATE:
        raise Refused(Code.TOO_LARGE, f"{len(raw)} bytes, at most {LARGEST_UPDATE} are taken")
    shape, build = SHAPES[kind]
    if kind == "depthUpdate" and PARTIAL_BOOK.fullmatch(stream):
        build = build_partial_book
    try:
        return build(msgspec.convert(_with_texts(data, PRICES[kind]), shape), market_at, received_at, source, venue)
    except FAILURES as error:
        _refuse_trade(data, kind, error)


def _unwrapped(content: Any) -> tuple[str, Any]:
    """The name of the stream, if there is one, and what it brought."""
    if not isinstance(content, dict):
        return "", content
    if "stream" in content and "data" in content:
        return str(content["stream"]), content["data"]
    if "rest" in content:
        return "", content.get("data") if isinstance(content.get("data"), dict) else content
    event = content.get("event")
    return "", event if isinstance(event, dict) else content


def _answer(line: dict[str, Any], market_at: int, received_at: int, source: Source, venue: str) -> Decoded:
    """A line of a recording that holds what a REST request brought."""
    what, symbol, data = line["rest"], line.get("symbol"), line.get("data")
    if what not in ("depth", "trades", "aggTrades", "historicalTrades"):
        return "passed", Passed("other", f"an answer of {what}"[:300])
    if not isinstance(symbol, str):
        raise Refused(Code.INVALID, "the answer does not say of what symbol it is")
    if what == "depth":
        limit = line.get("limit")
        limit = limit if type(limit) is int and limit > 0 else 0
        return "snapshot", decode_snapshot(symbol, data, market_at, received_at, source, venue, limit)
    trades = decode_rest(what, symbol, data, market_at, received_at, source, venue)
    return "refill", Refill(ROWS[what][0], symbol, tuple(trades))


def _refuse_trade(data: dict[str, Any], kind: str, error: Exception) -> NoReturn:
    """Says whose trade it was, where that can be read."""
    try:
        _refuse(error)
    except Refused as refused:
        id, symbol = data.get({"trade": "t", "aggTrade": "a"}.get(kind, "")), data.get("s")
        if type(id) is int and 0 <= id <= LARGEST_ID and isinstance(symbol, str) and SYMBOL.fullmatch(symbol):
            known: TradeKind = "trade" if kind == "trade" else "aggTrade"
            raise RefusedTrade(refused.code, refused.detail, kind=known, instrument=symbol, id=id) from error
        raise


def _with_texts(data: Any, keys: Collection[str]) -> Any:
    """Prices, quantities and levels that came with JSON numbers have them as texts."""
    if not isinstance(data, dict):
        return data
    return {key: _as_text(value) if key in keys else value for key, value in data.items()}


def _as_text(value: Any) -> Any:
    """Of a level its price and quantity only: before 2019 each had an empty list behind them."""
    if isinstance(value, list):
        return [list(map(_as_text, level[:2])) if isinstance(level, list) else level for level in value]
    return str(value) if type(value) in (int, float) else value


def _is_quote(data: dict[str, Any]) -> bool:
    return len(data.keys() & {"u", "s", "b", "B", "a", "A"}) >= 4


def _passed(data: dict[str, Any]) -> Passed | None:
    """Answers, errors, announcements and the streams that nobody here reads."""
    error = data.get("error", data)
    if isinstance(error, dict) and "code" in error and "msg" in error:
        return Passed("error", f"{error['code']}: {error['msg']}"[:300])
    if "result" in data and "id" in data:
        return Passed("ack", str(data["id"])[:60])
    event = data.get("e")
    if event == "serverShutdown":
        return Passed("shutdown")
    if isinstance(event, str) and OTHER_STREAMS.fullmatch(event):
        return Passed("other", event)
    return None

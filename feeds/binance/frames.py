"""Binance's frames, spot and futures, from raw bytes to typed ticks: pure decoding.

A frame of the four kinds that carry prices takes the fast way: its kind is guessed from its first bytes and one typed
decoder reads it. Everything else (keys in another order, spaces, acks, rubbish) takes the careful way, which says what
it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from streams.envelope import Refused
from streams.messages import LARGEST, AnyTick, Code, Depth, Quote, Source, Trade

LARGEST_FRAME = 60_000  # as a tick in its envelope it must stay below streams.envelope.LARGEST_ENTRY
SMALLEST = Decimal("1e-12")
LATEST_NS = 4_102_444_800_000_000_000  # the year 2100

Kind = Literal["trade", "aggTrade", "bookTicker", "depthUpdate", "passed"]
Why = Literal["ack", "error", "shutdown", "snapshot", "not_market", "other"]
SequenceId = Annotated[int, Meta(ge=0, le=2**62)]
Time = Annotated[int, Meta(ge=0, le=LATEST_NS)]
Level = tuple[str, str]
Frame = TypeVar("Frame")
SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,31}")
PRICE_KEYS = {"trade": "pq", "aggTrade": "pq", "bookTicker": "bBaA"}
PLAIN = re.compile(r"[0-9]{1,18}(\.[0-9]{1,12})?")
LONGEST_NUMBER = 64
MOST_REMEMBERED = 200_000

OTHER_STREAMS = re.compile(
    "(continuous_)?kline|(24hr|1h|4h|1d)(Mini)?Ticker|avgPrice|(mark|index)PriceUpdate|forceOrder|compositeIndex"
    "|contractInfo|assetIndexUpdate|referencePrice|tradingSession|rpiDepthUpdate"
)


class Passed(Struct, frozen=True, gc=False):
    """A sound frame that carries no price. `instrument` and `id` are set for trades outside the market
    (insurance fund and the like), whose id belongs to the sequence all the same."""

    why: Why
    detail: str = ""
    instrument: str = ""
    id: int = 0


class _Numbers(dict[str, Decimal]):
    """Texts already read as prices and quantities: most come again within seconds, and a look-up is five times
    as fast as a `Decimal`. What is in here is finite, in range and without trailing zeros: `0.50000000` is 0.5."""

    def __missing__(self, text: str) -> Decimal:
        if PLAIN.fullmatch(text):
            value = Decimal(text.rstrip("0").rstrip(".") if "." in text else text)
        else:
            value = _unusual_number(text)
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        self[text] = value
        return value


def _unusual_number(text: str) -> Decimal:
    try:
        value = Decimal(text[:LONGEST_NUMBER])
    except InvalidOperation as error:
        raise ValueError(f"{text[:20]!r} is no number") from error
    if not value.is_finite():
        raise ValueError("a number is not finite")
    if value < 0 or 0 < value < SMALLEST:
        raise ValueError("a number is not positive")
    if value > LARGEST or len(text) > LONGEST_NUMBER:
        raise ValueError("a number is too large or too long")
    return value


class _Symbols(dict[str, str]):
    """Symbols already found sound."""

    def __missing__(self, text: str) -> str:
        if SYMBOL.fullmatch(text) is None:
            raise ValueError(f"{text[:40]!r} is no symbol")
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        self[text] = text
        return text


_numbers = _Numbers()
_symbols = _Symbols()


class _Trade(Struct, gc=False):
    e: Literal["trade"]
    s: str
    t: SequenceId
    p: str
    q: str
    m: bool
    T: Time = 0
    E: Time = 0
    X: str = "MARKET"


class _AggregateTrade(Struct, gc=False):
    e: Literal["aggTrade"]
    s: str
    a: SequenceId
    p: str
    q: str
    m: bool
    T: Time = 0
    E: Time = 0


class _BookTicker(Struct, gc=False):
    s: str
    u: SequenceId
    b: str
    B: str
    a: str
    A: str
    T: Time = 0
    E: Time = 0
    e: Literal["bookTicker"] = "bookTicker"


class _DepthIds(Struct, gc=False):
    e: Literal["depthUpdate"]
    s: str
    U: SequenceId
    u: SequenceId
    pu: SequenceId = 0
    T: Time = 0
    E: Time = 0


class _DepthUpdate(_DepthIds, gc=False):
    b: tuple[Level, ...] = ()
    a: tuple[Level, ...] = ()


class _Wrapped(Struct, Generic[Frame], gc=False):
    """What a combined stream puts around a frame (its `stream` adds nothing to `data`)."""

    data: Frame


Decoded = tuple[Kind, AnyTick | Passed]


def nanoseconds(time: int) -> int:
    """A time of Binance in ns: milliseconds or microseconds (on request, and in archives since 2025) by magnitude."""
    if time < 10_000_000_000_000:
        time *= 1_000_000
    elif time < 10_000_000_000_000_000:
        time *= 1_000
    if time > LATEST_NS:
        raise ValueError("the time is out of range")
    return time


def _build_trade(frame: _Trade, market_at: int, received_at: int, source: Source) -> Decoded:
    if frame.X != "MARKET":
        return "trade", Passed("not_market", frame.X[:40], _symbols[frame.s], frame.t)
    return "trade", _trade(frame, frame.t, market_at, received_at, source)


def _build_aggregate(frame: _AggregateTrade, market_at: int, received_at: int, source: Source) -> Decoded:
    return "aggTrade", _trade(frame, frame.a, market_at, received_at, source)


def _trade(frame: _Trade | _AggregateTrade, id: int, market_at: int, received_at: int, source: Source) -> Trade:
    return Trade(
        instrument=_symbols[frame.s],
        market_at=market_at,
        received_at=received_at,
        event_at=nanoseconds(frame.T or frame.E),
        source=source,
        trade_id=id,
        price=_numbers[frame.p],
        quantity=_numbers[frame.q],
        aggressor="sell" if frame.m else "buy",
    )


def _build_quote(frame: _BookTicker, market_at: int, received_at: int, source: Source) -> Decoded:
    event_at = frame.T or frame.E
    return "bookTicker", Quote(
        instrument=_symbols[frame.s],
        market_at=market_at,
        received_at=received_at,
        event_at=nanoseconds(event_at) if event_at else 0,
        source=source,
        update_id=frame.u,
        bid=_numbers[frame.b],
        bid_size=_numbers[frame.B],
        ask=_numbers[frame.a],
        ask_size=_numbers[frame.A],
    )


def _build_depth(frame: _DepthIds, market_at: int, received_at: int, source: Source) -> Decoded:
    if frame.u < frame.U:
        raise ValueError("the first id is above the last")
    return "depthUpdate", Depth(
        instrument=_symbols[frame.s],
        market_at=market_at,
        received_at=received_at,
        event_at=nanoseconds(frame.E or frame.T),
        source=source,
        first_id=frame.U,
        last_id=frame.u,
        previous_id=frame.pu,
        bids=_levels(frame.b) if isinstance(frame, _DepthUpdate) else (),
        asks=_levels(frame.a) if isinstance(frame, _DepthUpdate) else (),
    )


def _levels(texts: tuple[Level, ...]) -> tuple[tuple[Decimal, Decimal], ...]:
    numbers = _numbers
    return tuple([(numbers[price], numbers[quantity]) for price, quantity in texts])


Build = Callable[[Any, int, int, Source], Decoded]
_SHAPES: Mapping[str, tuple[type[Struct], Build]] = {
    "trade": (_Trade, _build_trade),
    "aggTrade": (_AggregateTrade, _build_aggregate),
    "bookTicker": (_BookTicker, _build_quote),
    "depthUpdate": (_DepthUpdate, _build_depth),
}
_STREAMS = {"trade": "trade", "aggTrade": "aggTrade", "bookTicker": "bookTicker", "depth": "depthUpdate"}
Route = tuple[msgspec.json.Decoder[Any], bool, Build]


class _Routes(dict[bytes, Route | None]):
    """Which decoder a frame most likely needs, by the second quoted text in it: `{"stream":"btcusdt@trade",…`,
    `{"e":"trade",…` or, for a quote of spot, `{"u":1,"s":…`. A wrong guess costs time, nothing else."""

    def __init__(self, shapes: Mapping[str, tuple[type[Struct], Build]]) -> None:
        super().__init__(
            {kind.encode(): (msgspec.json.Decoder(shape), False, f) for kind, (shape, f) in shapes.items()}
        )
        self[b"s"] = self[b"bookTicker"]
        self._shapes = shapes

    def __missing__(self, text: bytes) -> Route | None:
        _, at, stream = text.decode("latin-1").partition("@")
        kind = _STREAMS.get(stream.partition("@")[0])
        if not at or kind is None or len(self) >= MOST_REMEMBERED:
            return None
        shape, build = self._shapes[kind]
        self[text] = (msgspec.json.Decoder(_Wrapped[shape]), True, build)  # type: ignore[valid-type]
        return self[text]


WHOLE = _Routes(_SHAPES)
WITHOUT_LEVELS = _Routes({**_SHAPES, "depthUpdate": (_DepthIds, _build_depth)})


def decode(raw: bytes, market_at: int, received_at: int, source: Source = "live", routes: _Routes = WHOLE) -> Decoded:
    """The frame's kind and its tick, or what was passed over. Raises `Refused`, never anything else.

    With the routes `WITHOUT_LEVELS` a `Depth` has its ids and times only: its levels are most of the work."""
    parts = raw.split(b'"', 4)
    route = routes[parts[3]] if len(parts) == 5 and len(raw) <= LARGEST_FRAME else None
    if route is None:
        return _carefully(raw, market_at, received_at, source)
    decoder, wrapped, build = route
    try:
        frame = decoder.decode(raw)
        return build(frame.data if wrapped else frame, market_at, received_at, source)
    except (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError):
        return _carefully(raw, market_at, received_at, source)


def _carefully(raw: bytes, market_at: int, received_at: int, source: Source) -> Decoded:
    try:
        return _by_content(raw, market_at, received_at, source)
    except Refused:
        raise
    except msgspec.ValidationError as error:
        raise Refused(Code.INVALID, str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(Code.UNDECODABLE, str(error) or type(error).__name__) from error
    except (ValueError, ArithmeticError) as error:
        raise Refused(_code_of(str(error)), str(error)) from error


def _by_content(raw: bytes, market_at: int, received_at: int, source: Source) -> Decoded:
    content = msgspec.json.decode(raw)
    data = content.get("data", content) if isinstance(content, dict) and "stream" in content else content
    if isinstance(data, list):
        return "passed", Passed("other", "a list")
    if not isinstance(data, dict):
        raise Refused(Code.INVALID, "the frame is not an object")
    if (passed := _passed(data)) is not None:
        return "passed", passed
    kind = data.get("e", "bookTicker" if _is_quote(data) else None)
    if kind is None:
        raise Refused(Code.INVALID, "the frame does not say what it is: it has no `e`")
    if not isinstance(kind, str) or kind not in _SHAPES:
        raise Refused(Code.UNKNOWN_TYPE, f"no such frame is known: {str(kind)[:60]!r}")
    if len(raw) > LARGEST_FRAME:
        raise Refused(Code.TOO_LARGE, f"{len(raw)} bytes, at most {LARGEST_FRAME} are taken")
    shape, build = _SHAPES[kind]
    return build(msgspec.convert(_with_texts(data, kind), shape), market_at, received_at, source)


def _with_texts(data: dict[str, Any], kind: str) -> dict[str, Any]:
    """Prices that came as JSON numbers instead of strings are taken as their text."""
    keys = PRICE_KEYS.get(kind, "")
    return {key: str(value) if key in keys and type(value) in (int, float) else value for key, value in data.items()}


def _is_quote(data: dict[str, Any]) -> bool:
    return len(data.keys() & {"u", "s", "b", "B", "a", "A"}) >= 4


def _passed(data: dict[str, Any]) -> Passed | None:
    """Answers, errors, announcements, snapshots and the streams that nobody here reads."""
    error = data.get("error", data)
    if isinstance(error, dict) and "code" in error and "msg" in error:
        return Passed("error", f"{error['code']}: {error['msg']}"[:300])
    if "result" in data and "id" in data:
        return Passed("ack", str(data["id"])[:60])
    if "lastUpdateId" in data:
        return Passed("snapshot")
    event = data.get("e")
    if event == "serverShutdown":
        return Passed("shutdown")
    if isinstance(event, str) and OTHER_STREAMS.fullmatch(event):
        return Passed("other", event)
    return None


def _code_of(error: str) -> Code:
    if "not finite" in error:
        return Code.NOT_FINITE
    if "crossed" in error:
        return Code.CROSSED
    if "positive" in error or "negative" in error:
        return Code.NOT_POSITIVE
    return Code.INVALID

"""What Binance's frames and answers look like, spot and futures: unknown keys are ignored, optional ones not needed."""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeVar

from msgspec import Meta, Struct, field

from feeds.binance.numbers import LATEST_NS

SequenceId = Annotated[int, Meta(ge=0, le=2**62)]
Time = Annotated[int, Meta(ge=0, le=LATEST_NS)]
Level = tuple[str, str]
Frame = TypeVar("Frame")


class TradeFrame(Struct, gc=False):
    """`m`: the seller was the aggressor. `X`: what kind of trade, on futures only."""

    e: Literal["trade"]
    s: str
    t: SequenceId
    p: str
    q: str
    m: bool
    T: Time = 0
    E: Time = 0
    X: str = "MARKET"


class AggregateFrame(Struct, gc=False):
    """Several trades of one order at one price; `a` is a sequence of its own."""

    e: Literal["aggTrade"]
    s: str
    t: SequenceId = field(name="a")
    p: str
    q: str
    m: bool
    T: Time = 0
    E: Time = 0
    X: str = "MARKET"


class QuoteFrame(Struct, gc=False):
    """Spot sends it without `e`, `E` and `T`."""

    s: str
    u: SequenceId
    b: str
    B: str
    a: str
    A: str
    T: Time = 0
    E: Time = 0
    e: Literal["bookTicker"] = "bookTicker"


class DepthIds(Struct, gc=False):
    """`pu`: the `u` of the update before, on futures only."""

    e: Literal["depthUpdate"]
    s: str
    U: SequenceId
    u: SequenceId
    pu: SequenceId = 0
    T: Time = 0
    E: Time = 0


class DepthFrame(DepthIds, gc=False):
    b: tuple[Level, ...] = ()
    a: tuple[Level, ...] = ()


class Wrapped(Struct, Generic[Frame], gc=False):
    """What a combined stream puts around a frame."""

    data: Frame


class TradeRow(Struct, gc=False):
    """A row of `/trades` and `/historicalTrades`."""

    t: SequenceId = field(name="id")
    p: str = field(name="price")
    q: str = field(name="qty")
    T: Time = field(name="time")
    m: bool = field(name="isBuyerMaker")


class AggregateRow(Struct, gc=False):
    """A row of `/aggTrades`."""

    t: SequenceId = field(name="a")
    p: str
    q: str
    T: Time
    m: bool


class DepthAnswer(Struct, gc=False):
    """An answer of `/depth`; on spot also a frame of the streams of partial books. It does not say whose it is."""

    lastUpdateId: SequenceId
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    T: Time = 0
    E: Time = 0

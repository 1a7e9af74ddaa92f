"""From the shapes of Binance to ticks: each function returns the kind of frame and what it amounts to."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from feeds.binance.numbers import LATEST_MS, nanoseconds, numbers, symbols
from feeds.binance.shapes import (
    AggregateFrame,
    AggregateRow,
    DepthAnswer,
    DepthFrame,
    DepthIds,
    Level,
    QuoteFrame,
    TradeFrame,
    TradeRow,
)
from streams.messages import BookSnapshot, Depth, Quote, Source, Trade

TradeKind = Literal["trade", "aggTrade"]
Kind = TradeKind | Literal["bookTicker", "depthUpdate", "snapshot", "refill", "passed"]
Why = Literal["ack", "error", "shutdown", "snapshot", "not_market", "other"]


class Passed(Struct, frozen=True, gc=False):
    """A sound frame that carries no price. `instrument` and `id` are set for trades outside the market
    (insurance fund and the like), whose id belongs to the sequence all the same."""

    why: Why
    detail: str = ""
    instrument: str = ""
    id: int = 0


class Unnamed(Struct, frozen=True):
    """A snapshot of an order book that does not say whose: its `instrument` is empty."""

    snapshot: BookSnapshot


class Refill(Struct, frozen=True):
    """What was asked for over REST and recorded: trades in the order of their ids."""

    kind: TradeKind
    instrument: str
    trades: tuple[Trade, ...]


Content = Trade | Quote | Depth | BookSnapshot | Unnamed | Refill | Passed
Decoded = tuple[Kind, Content]


def build_trade(
    frame: TradeFrame | AggregateFrame, market_at: int, received_at: int, source: Source, venue: str
) -> Decoded:
    if frame.X != "MARKET":
        return frame.e, Passed("not_market", frame.X[:40], symbols[frame.s], frame.t)
    time = frame.T or frame.E
    return frame.e, Trade(
        instrument=symbols[frame.s],
        market_at=market_at,
        received_at=received_at,
        event_at=time * 1_000_000 if time <= LATEST_MS else nanoseconds(time),
        venue=venue,
        source=source,
        trade_id=frame.t,
        price=numbers[frame.p],
        quantity=numbers[frame.q],
        aggressor="sell" if frame.m else "buy",
    )


def build_quote(frame: QuoteFrame, market_at: int, received_at: int, source: Source, venue: str) -> Decoded:
    time = frame.T or frame.E
    return "bookTicker", Quote(
        instrument=symbols[frame.s],
        market_at=market_at,
        received_at=received_at,
        event_at=time * 1_000_000 if time <= LATEST_MS else nanoseconds(time),
        venue=venue,
        source=source,
        update_id=frame.u,
        bid=numbers[frame.b],
        bid_size=numbers[frame.B],
        ask=numbers[frame.a],
        ask_size=numbers[frame.A],
    )


def build_depth(frame: DepthIds, market_at: int, received_at: int, source: Source, venue: str) -> Decoded:
    if frame.u < frame.U:
        raise ValueError("the first id is above the last")
    return "depthUpdate", Depth(
        instrument=symbols[frame.s],
        market_at=market_at,
        received_at=received_at,
        event_at=nanoseconds(frame.E or frame.T),
        venue=venue,
        source=source,
        first_id=frame.U,
        last_id=frame.u,
        previous_id=frame.pu,
        bids=_levels(frame.b) if isinstance(frame, DepthFrame) else (),
        asks=_levels(frame.a) if isinstance(frame, DepthFrame) else (),
    )


def build_partial_book(frame: DepthFrame, market_at: int, received_at: int, source: Source, venue: str) -> Decoded:
    """Futures send the best levels of a book in the shape of an update; they are all that there is of it."""
    answer = DepthAnswer(frame.u, frame.b, frame.a, frame.T, frame.E)
    return "snapshot", build_snapshot(symbols[frame.s], answer, market_at, received_at, source, venue)


def build_snapshot(
    instrument: str,
    answer: DepthAnswer,
    market_at: int,
    received_at: int,
    source: Source,
    venue: str,
    limit: int = 0,
) -> BookSnapshot:
    return BookSnapshot(
        instrument=instrument,
        market_at=market_at,
        received_at=received_at,
        event_at=nanoseconds(answer.E or answer.T),
        venue=venue,
        source=source,
        last_id=answer.lastUpdateId,
        limit=limit,
        bids=_levels(answer.bids),
        asks=_levels(answer.asks),
    )


def build_row(
    row: TradeRow | AggregateRow, symbol: str, market_at: int, received_at: int, source: Source, venue: str
) -> Trade:
    return Trade(
        instrument=symbols[symbol],
        market_at=market_at,
        received_at=received_at,
        event_at=nanoseconds(row.T),
        venue=venue,
        source=source,
        trade_id=row.t,
        price=numbers[row.p],
        quantity=numbers[row.q],
        aggressor="sell" if row.m else "buy",
    )


def _levels(texts: tuple[Level, ...]) -> tuple[tuple[Decimal, Decimal], ...]:
    known = numbers
    return tuple([(known[price], known[quantity]) for price, quantity in texts])

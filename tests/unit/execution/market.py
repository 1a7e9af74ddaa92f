"""A small market and a book to test the desk with."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from execution.domain.account import Account
from execution.domain.desk import Desk
from streams.envelope import derived_id
from streams.events import (
    BookOpened,
    BookTerms,
    DecisionReached,
    DomainEvent,
    Event,
    InstrumentTerms,
    OrderTicket,
    Trigger,
    aggregate_id,
)
from streams.messages import Mode, OrderType, Quote, Side, TimeInForce, Trade

MS = 1_000_000
SECOND = 1_000 * MS
T0 = 1_700_000_000 * SECOND
BOOK = "demo"
BTC = InstrumentTerms(
    symbol="BTCUSDT",
    tick_size=Decimal("0.01"),
    lot_size=Decimal("0.00001"),
    min_notional=Decimal(5),
    max_order_volume=Decimal(10),
    min_position=Decimal(0),
    max_position=Decimal(2),
)


def quote(
    bid: str = "59999.99",
    ask: str = "60000.01",
    at: int = T0,
    update_id: int = 1,
    *,
    bid_size: str = "3",
    ask_size: str = "3",
    instrument: str = "BTCUSDT",
) -> Quote:
    return Quote(
        instrument=instrument,
        market_at=at,
        received_at=at,
        update_id=update_id,
        bid=Decimal(bid),
        bid_size=Decimal(bid_size),
        ask=Decimal(ask),
        ask_size=Decimal(ask_size),
    )


def trade(price: str = "60000.00", at: int = T0, trade_id: int = 1, quantity: str = "1") -> Trade:
    return Trade(
        instrument="BTCUSDT",
        market_at=at,
        received_at=at,
        trade_id=trade_id,
        price=Decimal(price),
        quantity=Decimal(quantity),
        aggressor="buy",
    )


def ticket(
    side: Side = "buy",
    quantity: str = "0.1",
    limit: str | None = None,
    *,
    name: str = "1",
    instrument: str = "BTCUSDT",
    reduce_only: bool = False,
    group: str = "",
) -> OrderTicket:
    """A market order."""
    return OrderTicket(
        order_id=derived_id("order", name),
        instrument=instrument,
        side=side,
        quantity=Decimal(quantity),
        limit=Decimal(limit or ("60300" if side == "buy" else "59700")),
        reduce_only=reduce_only,
        group=group,
    )


def limit_ticket(
    side: Side,
    quantity: str,
    limit: str,
    time_in_force: TimeInForce = "GTC",
    *,
    name: str = "1",
    good_for_ms: int = 0,
    reduce_only: bool = False,
) -> OrderTicket:
    made = ticket(side, quantity, limit, name=name, reduce_only=reduce_only)
    kind: OrderType = "limit"
    return msgspec.structs.replace(made, type=kind, time_in_force=time_in_force, good_for_ms=good_for_ms)


def decision(*tickets: OrderTicket, name: str = "1", ttl_ms: int = 200) -> DecisionReached:
    return DecisionReached(
        decision_id=derived_id("decision", name),
        deliberation_id=derived_id("deliberation", name),
        outcome="granted",
        orders=tickets,
        reasons=(),
        trigger=Trigger(tick_id="binance:BTCUSDT:t1", received_at=T0),
        ttl_ms=ttl_ms,
    )


def opened(cash: str = "100000", book: str = BOOK) -> DomainEvent:
    return DomainEvent(
        originator_id=aggregate_id("Account", book),
        originator_version=1,
        body=BookOpened(book=book, quote="USDT", cash=Decimal(cash)),
        correlation_id="seed",
        causation_id="seed",
        actor="operator:seed",
        book=book,
    )


def desk(
    *, cash: str = "100000", terms: BookTerms | None = None, listings: tuple[InstrumentTerms, ...] = (BTC,)
) -> Desk:
    made = Desk(Account(book=BOOK), terms or BookTerms(), {listing.symbol: listing for listing in listings})
    made.apply(opened(cash))
    return made


def governed(body: Event, version: int = 1) -> DomainEvent:
    """An event of the governance log."""
    return DomainEvent(
        originator_id=aggregate_id("Book", BOOK),
        originator_version=version,
        body=body,
        correlation_id="seed",
        causation_id="seed",
        actor="operator:a",
        book=BOOK,
    )


def execute(
    at: Desk, asked: DecisionReached, *, mode: Mode = "NORMAL", committed_at: int = T0, now: int = T0 + MS
) -> list[DomainEvent]:
    return at.execute(asked, committed_at=committed_at, cause_id="cause", correlation="tick", now=now, mode=mode)


def executed(at: Desk, asked: DecisionReached, *, mode: Mode = "NORMAL", now: int = T0 + MS) -> list[Event]:
    """Executes, folds what came of it and gives the bare events."""
    return booked(at, execute(at, asked, mode=mode, now=now))


def advanced(at: Desk, *, mode: Mode = "NORMAL", now: int = T0 + 2 * MS) -> list[Event]:
    return booked(at, at.advance(now, mode))


def booked(at: Desk, events: list[DomainEvent]) -> list[Event]:
    """Folds events, as after their commit, and gives their bodies."""
    for event in events:
        at.apply(event)
    return [event.body for event in events]

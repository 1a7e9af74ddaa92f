"""Events to record: small, valid, each of an aggregate of its own."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from streams.events import BookOpened, CashMoved, DomainEvent, Event, OrderCancelled, aggregate_id


def event(body: Event, originator_id: UUID, version: int = 1, *, book: str = "demo") -> DomainEvent:
    return DomainEvent(
        originator_id=originator_id,
        originator_version=version,
        body=body,
        correlation_id="binance:BTCUSDT:t1",
        causation_id="cause",
        actor="executor",
        book=book,
    )


def book_opened(book: str = "demo") -> DomainEvent:
    body = BookOpened(book=book, quote="USDT", cash=Decimal(100_000))
    return event(body, aggregate_id("Account", book), book=book)


def cash_moved(version: int, book: str = "demo") -> DomainEvent:
    return event(
        CashMoved(amount=Decimal(version), reason="deposit ✓"), aggregate_id("Account", book), version, book=book
    )


def cancelled(number: int, book: str = "demo") -> DomainEvent:
    order = f"order-{number}"
    return event(
        OrderCancelled(order_id=order, decision_id=f"decision-{number}", reason="HALTED"),
        aggregate_id("Order", order),
        book=book,
    )

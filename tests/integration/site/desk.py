"""What tests of the desk tell: a book that holds, orders that work, breakers that tripped, prices of now."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import psycopg

from ledger.models import OutboxCommand
from streams import events as e
from streams.envelope import decode
from streams.messages import AnyMessage
from tests.unit.site.history import START, History

D = Decimal
ORDER = "order-1"


def working(history: History, order_id: str = ORDER, *, instrument: str = "BTCUSDT", decision: str = "d") -> History:
    """A sell of 0.05 that waits at the venue."""
    accepted = e.OrderAccepted(
        order_id=order_id, decision_id=decision, instrument=instrument, side="sell", quantity=D("0.05"),
        limit=D("62000.5"), type="limit", time_in_force="GTC",
    )  # fmt: skip
    history.tell(accepted, order_id, actor="executor")
    history.tell(
        e.OrderWorking(order_id=order_id, decision_id=decision, venue="paper", venue_order_id="v"),
        order_id,
        actor="executor",
    )
    return history


def trip(
    history: History,
    alarm_id: str = "a",
    *,
    breaker: e.Breaker = "stale_feed",
    subject: str = "BTCUSDT",
    effect: str = "REDUCE_ONLY",
    formula: str = "age of the last tick > 60 s",
) -> History:
    inputs = {"age_s": "61.2"}
    history.tell(
        e.BreakerTripped(
            alarm_id=alarm_id, breaker=breaker, subject=subject, effect=effect, level=1.02, formula=formula,
            inputs=inputs,
        )
    )  # fmt: skip
    return history


def priced(url: str, **prices: str) -> None:
    """Marks of now, as the writer of the market keeps them."""
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM price_run")
        for instrument, price in prices.items():
            connection.execute(
                "INSERT INTO price_run (instrument, first_at, last_at, price, spread, source) "
                "VALUES (%s, %s, %s, %s, 0, 'replay')",
                [instrument, START, START, D(price)],
            )


def sent() -> tuple[AnyMessage, str, str]:
    """The one command in the outbox: what it says, who asks, of which book."""
    (kept,) = OutboxCommand.objects.all()
    envelope: Any = decode(bytes(kept.raw))
    return envelope.body, envelope.actor, envelope.book

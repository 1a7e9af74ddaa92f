"""`manage.py govern` and the desk: what operators order, and what stands in the ledger for the executor."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal as D

import psycopg
import pytest

from governance.audit import Scope, verify_decisions
from governance.domain.derivation import Finding
from govsite.seed import BOOK
from ledger.application import LedgerApplication
from streams.client import TICKS, Streams
from streams.envelope import Envelope
from streams.events import (
    CashMoveOrdered,
    DecisionReached,
    DomainEvent,
    OrderFilled,
    PositionAdjustmentOrdered,
    ReconciliationOrdered,
    aggregate_id,
)
from streams.messages import Quote
from tests.integration.site.test_govern import by, govern, governed, people, recorded, refused, waits_until

__all__ = ["governed", "people"]
BTC = "BTCUSDT"


@pytest.fixture
def holding(governed: str, redis_url: str) -> Iterator[str]:
    """0.2 BTC at a price that the governor has heard of."""
    execution = LedgerApplication(governed, "execution", owner="test")
    execution.acquire()
    fill = OrderFilled(
        order_id="o",
        decision_id="d",
        venue="paper",
        instrument=BTC,
        side="buy",
        quantity=D("0.2"),
        leaves=D(0),
        price=D(50_000),
        fee=D(0),
        tick_id="t",
        received_at=1,
    )
    execution.commit(
        [
            DomainEvent(
                originator_id=aggregate_id("Order", "o"),
                originator_version=1,
                body=fill,
                correlation_id="c",
                causation_id="c",
                actor="executor",
                book=BOOK,
            )
        ]
    )
    execution.release()
    execution.close()
    now = time.time_ns()
    quote = Quote(
        instrument=BTC,
        market_at=now,
        received_at=now,
        update_id=1,
        bid=D(50_000),
        bid_size=D(1),
        ask=D(50_001),
        ask_size=D(1),
        source="synthetic",
    )
    streams = Streams(redis_url)
    streams.publish(TICKS, [Envelope(id="tick", body=quote, actor="feed:synthetic", sent_at=now)])
    yield governed
    streams.redis.close()


def flattened(*words: str) -> str:
    """Asked until the governor has heard of the fill and the price."""
    said: list[str] = []

    def done() -> bool:
        try:
            said.append(govern("flatten", *words, *by("ann")))
        except Exception as error:
            if not any(code in str(error) for code in ("NO_CHANGE", "NO_PRICE")):
                raise
            return False
        return True

    waits_until(done, "the book is flattened")
    return said[-1]


def test_a_position_is_flattened_and_the_decision_derives(holding: str) -> None:
    said = flattened("--instrument", BTC)
    assert said.startswith("sell 0.2 BTCUSDT, 49250")
    (decision,) = recorded(holding, DecisionReached)
    (ticket,) = decision.orders
    assert (ticket.side, ticket.quantity, ticket.reduce_only, ticket.type) == ("sell", D("0.2"), True, "market")
    findings: list[Finding] = []
    with psycopg.connect(holding) as connection:
        reports = verify_decisions(connection, 0, Scope(), findings.append)
    assert (reports[BOOK].derived["DecisionReached"], reports[BOOK].differing) == (1, 0)
    assert all(finding.derived for finding in findings)


def test_what_cannot_be_done_is_said_in_words(holding: str) -> None:
    flattened()
    assert refused("flatten", "--instrument", "DOGEUSDT", *by("ann")).startswith("Refused: UNKNOWN_INSTRUMENT")
    assert refused("cancel", "nothing", *by("ann")).startswith("Refused: UNKNOWN_ORDER, nothing is no order of demo")
    assert refused("withdraw", "9999999", *by("ann")).startswith("Refused: NO_CASH, 9999999 is asked for")
    assert refused("deposit", "-5", *by("ann")) == "amount: -5 is not above 0."
    assert refused("deposit", "much", *by("ann")) == "amount: 'much' is no number."
    assert "needs the permission execution.flatten_book" in refused("flatten", *by("carl"))
    assert "needs the permission execution.move_cash" in refused("deposit", "5", *by("carl"))


def test_money_positions_and_comparisons_are_ordered_from_the_executor(governed: str) -> None:
    assert govern("deposit", "250.5", *by("ann")).startswith("Booked with the next transaction")
    govern("withdraw", "100", *by("bob"))
    govern("adjust", *by("ann"), "--", BTC, "-0.1", "61000")
    govern("reconcile", *by("ann"))
    moves = recorded(governed, CashMoveOrdered)
    assert [(each.amount, each.who) for each in moves] == [(D("250.5"), "operator:ann"), (D(-100), "operator:bob")]
    (level,) = recorded(governed, PositionAdjustmentOrdered)
    assert (level.instrument, level.quantity, level.price, level.why) == (BTC, D("-0.1"), D(61_000), "because")
    assert len(recorded(governed, ReconciliationOrdered)) == 1

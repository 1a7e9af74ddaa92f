"""What operators order of an account: booked with the next version, or refused with what is missing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from execution.domain.desk import Desk, NotBooked
from streams.events import (
    CashMoved,
    CashMoveOrdered,
    DomainEvent,
    Event,
    PositionAdjusted,
    PositionAdjustmentOrdered,
    ReconciliationOrdered,
    aggregate_id,
)
from tests.unit.execution.market import BOOK, T0, booked, decision, desk, executed, governed, limit_ticket, quote

D = Decimal


def instructed(at: Desk, body: Event) -> list[DomainEvent]:
    return at.instructed(governed(body), cause_id="asked", correlation="by hand", now=T0)


def move(amount: str) -> CashMoveOrdered:
    return CashMoveOrdered(amount=D(amount), who="operator:a", why="rent")


def test_cash_moves_with_the_next_version_of_the_account() -> None:
    at = desk(cash="100")
    for amount, left in (("-40", "60"), ("15", "75")):
        (event,) = instructed(at, move(amount))
        assert event.body == CashMoved(amount=D(amount), reason="rent")
        assert (event.originator_id, event.book) == (aggregate_id("Account", BOOK), BOOK)
        assert (event.causation_id, event.correlation_id, event.actor) == ("asked", "by hand", "executor")
        booked(at, [event])
        assert at.account.cash == at.account.deposits == D(left)
    assert at.account_version == 3


def test_no_more_is_withdrawn_than_is_free() -> None:
    at = desk(cash="10000")
    at.observe(quote())
    executed(at, decision(limit_ticket("buy", "0.1", "50000.00")))
    assert at.free_cash == D("4999.9")
    with pytest.raises(NotBooked, match=r"5000 cannot be withdrawn from demo: 4999\.9"):
        instructed(at, move("-5000"))
    assert len(instructed(at, move("-4999.9"))) == 1


def test_a_position_is_brought_level_with_what_is_held() -> None:
    at = desk(cash="100")
    ordered = PositionAdjustmentOrdered(
        instrument="BTCUSDT", quantity=D("0.5"), price=D(60000), who="operator:a", why="the venue says so"
    )
    (event,) = instructed(at, ordered)
    assert event.body == PositionAdjusted(
        instrument="BTCUSDT", quantity=D("0.5"), price=D(60000), who="operator:a", reason="the venue says so"
    )
    booked(at, [event])
    assert (at.account.held("BTCUSDT"), at.account.cash, at.account.deposits) == (D("0.5"), D(100), D(30100))


def test_an_instrument_that_is_not_listed_is_not_adjusted() -> None:
    ordered = PositionAdjustmentOrdered(instrument="X", quantity=D(1), price=D(1), who="operator:a", why="?")
    with pytest.raises(NotBooked, match="X is not listed in demo"):
        instructed(desk(), ordered)


def test_what_orders_nothing_of_an_account_gives_nothing() -> None:
    assert instructed(desk(), ReconciliationOrdered(who="operator:a", why="to be sure")) == []

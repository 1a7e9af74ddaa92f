"""Decisions that cannot be executed, and desks that have nothing to do."""

from __future__ import annotations

from decimal import Decimal

import pytest

from execution.domain.desk import Desk
from streams.events import BookTerms, DecisionReached, Event, OrderAccepted, OrderRejected
from streams.messages import Code
from tests.unit.execution.market import (
    MS,
    SECOND,
    T0,
    advanced,
    booked,
    decision,
    desk,
    executed,
    limit_ticket,
    quote,
    ticket,
)


def turned_away(at: Desk, asked: DecisionReached) -> list[Event]:
    events = at.refuse(asked, Code.INVALID, "no number", cause_id="cause", correlation="tick")
    assert {(event.causation_id, event.correlation_id) for event in events} <= {("cause", "tick")}
    return booked(at, events)


def test_every_order_of_a_decision_that_cannot_be_executed_is_rejected_once() -> None:
    at = desk()
    asked = decision(ticket(name="a"), ticket(name="b", group="pair"), ticket(name="a"), ticket(quantity="NaN"))
    events = turned_away(at, asked)
    assert [type(event) for event in events] == [OrderAccepted, OrderRejected] * 3
    assert {(event.reason, event.detail) for event in events if isinstance(event, OrderRejected)} == {
        ("INVALID", "no number")
    }
    assert not at.orders
    assert turned_away(at, asked) == []


def test_an_order_that_is_accepted_already_is_only_rejected_and_one_that_a_venue_has_lives_on() -> None:
    at = desk(terms=BookTerms(paper_latency_ms=50))
    at.observe(quote())
    rests, on_its_way = limit_ticket("buy", "0.1", "59000.00", name="rests"), ticket(name="on its way")
    executed(at, decision(rests, name="1"))
    advanced(at, now=T0 + 60 * MS)
    executed(at, decision(on_its_way, name="2"), now=T0 + 61 * MS)
    (rejected,) = turned_away(at, decision(rests, on_its_way, name="2"))
    assert isinstance(rejected, OrderRejected)
    assert rejected.order_id == on_its_way.order_id
    assert [(order.order_id, order.working) for order in at.orders] == [(rests.order_id, True)]
    assert advanced(at, now=T0 + SECOND) == []


def test_an_idle_desk_looks_without_a_draft(monkeypatch: pytest.MonkeyPatch) -> None:
    """A draft copies every order in hand, a hundred times a second."""
    at = desk()
    at.observe(quote())
    for number in range(3):
        executed(at, decision(limit_ticket("buy", "0.1", f"5{number}000.00", name=f"{number}"), name=f"{number}"))
    monkeypatch.setattr(Desk, "draft", lambda _: pytest.fail("nothing has happened"))
    assert at.advance(T0 + SECOND, "NORMAL") == []


def test_the_fee_of_a_value_beyond_all_measure_is_a_number() -> None:
    at = desk(terms=BookTerms(fee_bp=Decimal("2.5")))
    assert at.fee(Decimal("123456789012345678901234567890.12")) == Decimal("30864197253086419725308641.97253000")

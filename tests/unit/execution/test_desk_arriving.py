"""Orders that meet others of their own book, and orders that are on their way to the market."""

from __future__ import annotations

from decimal import Decimal

import pytest

from execution.domain.order import Status
from streams.events import OrderCancelled, OrderFilled
from streams.messages import Mode
from tests.unit.execution.market import (
    MS,
    T0,
    advanced,
    booked,
    decision,
    execute,
    executed,
    limit_ticket,
    quote,
    ticket,
)
from tests.unit.execution.test_desk_working import holding, quoted, resting, told

D = Decimal


# --- self-trade prevention and reductions -----------------------------------------------------------


def test_the_older_order_is_cancelled_when_a_newer_one_would_trade_with_it() -> None:
    at = holding("0.1")
    far = resting(at, limit_ticket("sell", "0.05", "61000.00", name="far"))
    near = resting(at, limit_ticket("sell", "0.05", "60100.00", name="near"))
    events = execute(at, decision(ticket(quantity="0.1", limit="60300.00", name="new")))
    assert told([event.body for event in events]) == ["Accepted", "Cancelled SELF_TRADE", "Filled 0.1@60000.01"]
    assert isinstance(events[1].body, OrderCancelled)
    assert events[1].body.order_id == near
    assert [order.order_id for order in at.orders] == [far, near]
    booked(at, events)
    assert [order.order_id for order in at.orders] == [far]


def test_a_new_order_that_is_refused_cancels_nothing() -> None:
    at = holding("0.1")
    resting(at, limit_ticket("sell", "0.1", "60100.00"))
    events = executed(at, decision(ticket(quantity="5", name="new")))
    assert told(events) == ["Accepted", "Rejected POSITION_LIMIT"]


def test_a_reduction_clears_the_other_side_and_sells_what_is_held() -> None:
    at = holding("0.1")
    resting(at, limit_ticket("buy", "0.1", "50000.00"))
    events = executed(at, decision(ticket("sell", "0.3", name="flat", reduce_only=True)))
    assert told(events) == [
        "Accepted",
        "Cancelled SELF_TRADE",
        "PartiallyFilled 0.1@59999.99",
        "Cancelled REDUCE_ONLY",
    ]
    assert at.account.held("BTCUSDT") == 0


@pytest.mark.parametrize("mode", ["NORMAL", "REDUCE_ONLY"])
def test_a_reduction_of_nothing_is_rejected_in_every_mode(mode: Mode) -> None:
    events = executed(quoted(), decision(ticket("sell", "0.3", reduce_only=True)), mode=mode)
    assert told(events) == ["Accepted", "Rejected REDUCE_ONLY"]


def test_all_or_nothing_of_more_than_can_be_reduced_is_nothing() -> None:
    asked = limit_ticket("sell", "0.3", "50000.00", "FOK", reduce_only=True)
    assert told(executed(holding("0.1"), decision(asked))) == ["Accepted", "Cancelled UNFILLABLE"]


def test_a_resting_reduction_ends_with_the_position() -> None:
    at = holding("0.1")
    resting(at, limit_ticket("sell", "0.1", "61000.00", reduce_only=True))
    executed(at, decision(ticket("sell", "0.1", name="flat", reduce_only=True)))
    assert at.next_due() == 0
    assert told(advanced(at)) == ["Cancelled REDUCE_ONLY"]


# --- the way to the market --------------------------------------------------------------------------


def test_until_it_arrives_an_order_takes_nothing() -> None:
    at = quoted(paper_latency_ms=40)
    assert told(executed(at, decision(ticket()), now=T0)) == ["Accepted"]
    order = at.orders.open(ticket().order_id)
    assert order is not None
    assert order.status == Status.PENDING_NEW
    assert at.next_due() == T0 + 40 * MS
    at.observe(quote(bid="60009.99", ask="60010.00", update_id=2))
    assert advanced(at, now=T0 + 40 * MS - 1) == []
    assert told(advanced(at, now=T0 + 40 * MS)) == ["Filled 0.1@60010.00"]
    assert at.next_due() is None


def test_an_order_on_its_way_is_not_begun_again() -> None:
    at = quoted(paper_latency_ms=40)
    executed(at, decision(ticket()), now=T0)
    assert executed(at, decision(ticket()), now=T0 + MS) == []


def test_orders_arrive_by_their_own_time_and_the_same_every_time() -> None:
    ends = []
    for _ in range(2):
        at = quoted(paper_latency_ms=1, paper_jitter_ms=500, paper_seed=7)
        executed(at, decision(*(ticket(quantity="0.01", name=str(number)) for number in range(8))), now=T0)
        arrived = []
        while (due := at.next_due()) is not None:
            arrived += [(due, event.order_id) for event in advanced(at, now=due) if isinstance(event, OrderFilled)]
        ends.append(arrived)
    assert ends[0] == ends[1]
    assert [at for at, _ in ends[0]] == sorted(at for at, _ in ends[0])
    assert len({at for at, _ in ends[0]}) > 1


@pytest.mark.parametrize(("mode", "end"), [("HALTED", "Cancelled HALTED"), ("REDUCE_ONLY", "Rejected MODE")])
def test_an_order_on_its_way_meets_the_mode_that_holds_then(mode: Mode, end: str) -> None:
    at = quoted(paper_latency_ms=40)
    executed(at, decision(ticket()), now=T0)
    assert told(advanced(at, mode=mode, now=T0 + 40 * MS)) == [end]


def test_what_is_forbidden_is_not_even_sent() -> None:
    at = quoted(paper_latency_ms=40)
    assert told(executed(at, decision(ticket("sell")))) == ["Accepted", "Rejected POSITION_LIMIT"]

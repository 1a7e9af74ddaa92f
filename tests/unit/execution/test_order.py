from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest

from execution.domain.order import FINAL_STATUSES, REMEMBERED, IllegalTransition, OrderEvent, Orders, Status
from streams.events import (
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderPartiallyFilled,
    OrderRejected,
    OrderSent,
)

D = Decimal


def accepted(order_id: str = "o") -> OrderAccepted:
    return OrderAccepted(order_id=order_id, decision_id="d", instrument="BTC", side="buy", quantity=D(3), limit=D(100))


def filled(kind: type[OrderFilled] | type[OrderPartiallyFilled], quantity: int, leaves: int) -> OrderFilled:
    return kind(  # type: ignore[return-value]
        order_id="o",
        decision_id="d",
        venue="paper",
        instrument="BTC",
        side="buy",
        quantity=D(quantity),
        leaves=D(leaves),
        price=D(100),
        fee=D(0),
        tick_id="t",
        received_at=1,
    )


ENDINGS = [
    kind(order_id="o", decision_id="d", reason="LIMIT") for kind in (OrderRejected, OrderCancelled, OrderExpired)
]
STATES: dict[Status, list[OrderEvent]] = {
    Status.NEW: [],
    Status.PARTIALLY_FILLED: [filled(OrderPartiallyFilled, 1, 2)],
    Status.FILLED: [filled(OrderFilled, 3, 0)],
    Status.REJECTED: [ENDINGS[0]],
    Status.CANCELED: [ENDINGS[1]],
    Status.EXPIRED: [ENDINGS[2]],
}


def given_order(status: Status) -> Orders:
    orders = Orders()
    for version, event in enumerate([accepted(), *STATES[status]], start=1):
        orders.apply(event, version)
    return orders


@pytest.mark.parametrize("status", sorted(FINAL_STATUSES))
def test_nothing_follows_a_final_state(status: Status) -> None:
    orders = given_order(status)
    assert orders.is_finished("o")
    later = [accepted(), *ENDINGS, filled(OrderFilled, 3, 0), OrderSent(order_id="o", decision_id="d", venue="paper")]
    for event, version in product(later, (1, 2, 3, 4)):
        with pytest.raises(IllegalTransition):
            orders.apply(event, version)


def test_an_order_that_is_filled_in_part_may_be_filled_or_cancelled_but_not_rejected() -> None:
    with pytest.raises(IllegalTransition):
        given_order(Status.PARTIALLY_FILLED).apply(ENDINGS[0], 3)
    for event in (filled(OrderFilled, 2, 0), *ENDINGS[1:]):
        orders = given_order(Status.PARTIALLY_FILLED)
        orders.apply(event, 3)
        assert orders.is_finished("o")


def test_a_fill_counts_against_what_is_left() -> None:
    orders = given_order(Status.PARTIALLY_FILLED)
    order = orders.open("o")
    assert order is not None
    assert (order.leaves, order.status) == (D(2), Status.PARTIALLY_FILLED)
    for wrong in (filled(OrderFilled, 3, 0), filled(OrderPartiallyFilled, 1, 2)):
        with pytest.raises(IllegalTransition):
            orders.apply(wrong, 3)


def test_an_order_is_accepted_once_and_first() -> None:
    orders = given_order(Status.NEW)
    with pytest.raises(IllegalTransition):
        orders.apply(accepted(), 1)
    with pytest.raises(IllegalTransition):
        Orders().apply(ENDINGS[0], 1)


def test_versions_have_no_holes() -> None:
    with pytest.raises(IllegalTransition):
        given_order(Status.NEW).apply(ENDINGS[1], 3)


def test_sent_leaves_the_order_new() -> None:
    orders = given_order(Status.NEW)
    orders.apply(OrderSent(order_id="o", decision_id="d", venue="kraken"), 2)
    order = orders.open("o")
    assert order is not None
    assert (order.status, order.version) == (Status.NEW, 2)


def test_a_draft_sees_its_parent_and_does_not_touch_it() -> None:
    orders = given_order(Status.NEW)
    draft = Orders(orders)
    draft.apply(ENDINGS[1], 2)
    assert draft.is_finished("o")
    assert draft.open("o") is None
    assert not orders.is_finished("o")
    orders.apply(ENDINGS[1], 2)
    assert Orders(orders).is_finished("o")


def test_memory_of_finished_orders_is_bounded() -> None:
    orders = Orders()
    for number in range(REMEMBERED + 1):
        orders.apply(accepted(str(number)), 1)
        orders.apply(OrderExpired(order_id=str(number), decision_id="d", reason="TTL"), 2)
    assert not orders.is_finished("0")
    assert orders.is_finished("1")
    assert orders.is_finished(str(REMEMBERED))

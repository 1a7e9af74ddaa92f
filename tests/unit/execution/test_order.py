from __future__ import annotations

from decimal import Decimal
from itertools import product

import msgspec
import pytest

from execution.domain.order import FINAL_STATUSES, REMEMBERED, IllegalTransition, Order, OrderEvent, Orders, Status
from streams.events import (
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderPartiallyFilled,
    OrderRejected,
    OrderSent,
    OrderWorking,
)
from streams.messages import Side

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
SENT = OrderSent(order_id="o", decision_id="d", venue="kraken", client_order_id="o", sent_at=7)
WORKING = OrderWorking(order_id="o", decision_id="d", venue="kraken", venue_order_id="81")
STATES: dict[Status, list[OrderEvent]] = {
    Status.PENDING_NEW: [],
    Status.NEW: [WORKING],
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
    later = [accepted(), *ENDINGS, filled(OrderFilled, 3, 0), SENT, WORKING]
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
    orders = given_order(Status.PENDING_NEW)
    with pytest.raises(IllegalTransition):
        orders.apply(accepted(), 1)
    with pytest.raises(IllegalTransition):
        Orders().apply(ENDINGS[0], 1)


def test_versions_have_no_holes() -> None:
    with pytest.raises(IllegalTransition):
        given_order(Status.PENDING_NEW).apply(ENDINGS[1], 3)


def test_what_is_sent_is_pending_until_the_venue_has_it_in_its_book() -> None:
    orders = given_order(Status.PENDING_NEW)
    orders.apply(SENT, 2)
    order = orders.open("o")
    assert order is not None
    assert (order.status, order.version, order.sent_at, order.venue) == (Status.PENDING_NEW, 2, 7, "kraken")
    orders.apply(WORKING, 3)
    assert (order.status, order.working, order.venue_order_id) == (Status.NEW, True, "81")
    for later in (SENT, WORKING):
        with pytest.raises(IllegalTransition):
            orders.apply(later, 4)


def test_what_an_order_has_left_works_on_and_stays_filled_in_part() -> None:
    orders = given_order(Status.PARTIALLY_FILLED)
    orders.apply(WORKING, 3)
    order = orders.open("o")
    assert order is not None
    assert (order.status, order.working, order.leaves) == (Status.PARTIALLY_FILLED, True, D(2))


@pytest.mark.parametrize("status", [Status.PENDING_NEW, Status.NEW])
def test_an_order_without_a_fill_may_come_to_every_end(status: Status) -> None:
    for event in (*ENDINGS, filled(OrderFilled, 3, 0)):
        orders = given_order(status)
        orders.apply(event, len(STATES[status]) + 2)
        assert orders.is_finished("o")


def test_the_venues_trades_are_remembered() -> None:
    orders = given_order(Status.PENDING_NEW)
    orders.apply(msgspec.structs.replace(filled(OrderPartiallyFilled, 1, 2), trade_id="t1"), 2)
    orders.apply(msgspec.structs.replace(filled(OrderPartiallyFilled, 1, 1), trade_id="t2"), 3)
    order = orders.open("o")
    assert order is not None
    assert order.trades == ("t1", "t2")


def of(side: Side, limit: int, instrument: str = "BTC") -> Order:
    return Order(
        order_id=f"{side} {limit}",
        decision_id="d",
        instrument=instrument,
        side=side,
        quantity=D(1),
        limit=D(limit),
    )


@pytest.mark.parametrize(
    ("one", "other", "crosses"),
    [
        (of("buy", 100), of("sell", 100), True),
        (of("buy", 101), of("sell", 100), True),
        (of("buy", 99), of("sell", 100), False),
        (of("buy", 101), of("buy", 100), False),
        (of("buy", 101), of("sell", 100, "ETH"), False),
    ],
)
def test_orders_cross_when_their_limits_do(one: Order, other: Order, crosses: bool) -> None:
    assert one.crosses(other) is other.crosses(one) is crosses


def test_orders_in_hand_come_in_the_order_of_their_acceptance_also_from_a_draft() -> None:
    orders = Orders()
    for name in ("a", "b", "c"):
        orders.apply(accepted(name), 1)
    draft = Orders(orders)
    draft.apply(OrderExpired(order_id="b", decision_id="d", reason="TTL"), 2)
    draft.apply(accepted("e"), 1)
    assert [order.order_id for order in draft] == ["a", "c", "e"]
    assert [order.order_id for order in orders] == ["a", "b", "c"]
    assert orders
    assert not Orders()


def test_a_draft_sees_its_parent_and_does_not_touch_it() -> None:
    orders = given_order(Status.PENDING_NEW)
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

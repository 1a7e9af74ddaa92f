"""Orders of one group: executed all, or none."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from execution.domain.desk import Desk
from streams.events import (
    BookTerms,
    CancelOrdered,
    Event,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderPartiallyFilled,
    OrderTicket,
)
from streams.messages import Code
from tests.unit.execution.market import (
    BTC,
    MS,
    SECOND,
    T0,
    advanced,
    booked,
    decision,
    desk,
    executed,
    governed,
    limit_ticket,
    quote,
    ticket,
)

D = Decimal
ETH = msgspec.structs.replace(BTC, symbol="ETHUSDT")


def market(cash: str = "100000", eth_size: str = "3", **terms: object) -> Desk:
    """BTC at 60,000 and ETH at 3,000."""
    at = desk(cash=cash, terms=msgspec.structs.replace(BookTerms(), **terms), listings=(BTC, ETH))
    at.observe(quote())
    at.observe(quote("2999.99", "3000.01", instrument="ETHUSDT", bid_size=eth_size, ask_size=eth_size))
    return at


def legs(btc: str = "0.1", eth: str = "1", *, sell_btc: bool = False) -> tuple[OrderTicket, OrderTicket]:
    return (
        ticket("sell" if sell_btc else "buy", btc, name="btc", group="pair"),
        ticket("buy", eth, "3100", name="eth", instrument="ETHUSDT", group="pair"),
    )


def lost(events: list[Event]) -> list[str]:
    """The details of the legs, which are all cancelled and none of which was filled."""
    accepted, ends = events[: len(events) // 2], events[len(events) // 2 :]
    assert {type(event) for event in accepted} == {OrderAccepted}
    details = []
    for event in ends:
        assert isinstance(event, OrderCancelled)
        assert event.reason == Code.LEG_LOST
        details.append(event.detail)
    return details


def test_all_legs_are_filled_together() -> None:
    at = market()
    events = executed(at, decision(*legs()))
    assert [type(event) for event in events] == [OrderAccepted, OrderAccepted, OrderFilled, OrderFilled]
    assert (at.account.held("BTCUSDT"), at.account.held("ETHUSDT")) == (D("0.1"), D(1))


@pytest.mark.parametrize(
    ("asked", "cash", "eth_size", "why"),
    [
        (legs(eth="1"), "100000", "0.5", "ETHUSDT was lost: UNFILLABLE"),
        (legs(btc="9"), "1000000", "3", "BTCUSDT was lost: POSITION_LIMIT"),
        (legs(), "8000", "3", "ETHUSDT was lost: NO_CASH"),
        (legs(eth="0.0001"), "100000", "3", "ETHUSDT was lost: BELOW_MINIMUM"),
    ],
)
def test_where_one_leg_is_lost_all_are(asked: tuple[OrderTicket, ...], cash: str, eth_size: str, why: str) -> None:
    at = market(cash, eth_size)
    details = lost(executed(at, decision(*asked)))
    assert len(details) == 2
    assert all(detail.startswith(why) for detail in details)
    assert at.account.cash == D(cash)
    assert not at.orders


def test_what_a_lost_group_would_have_taken_is_still_there() -> None:
    at = market(eth_size="0.5")
    executed(at, decision(*legs(btc="3", eth="1")))
    events = executed(at, decision(ticket(quantity="1.5", name="after"), name="after"))
    assert isinstance(events[-1], OrderFilled)


def test_a_reduction_goes_first_and_pays_for_the_other_leg() -> None:
    at = market(cash="6001")
    executed(at, decision(ticket(quantity="0.1", name="held"), name="held"))
    assert at.account.cash < 1
    buy, sell = legs(eth="1.9", sell_btc=True)[::-1]
    events = executed(at, decision(buy, sell))
    assert [type(event) for event in events] == [OrderAccepted, OrderAccepted, OrderFilled, OrderFilled]
    assert isinstance(events[2], OrderFilled)
    assert events[2].side == "sell"


def test_a_lost_group_leaves_the_orders_that_it_would_have_traded_with() -> None:
    at = market(eth_size="0.5")
    executed(at, decision(ticket(quantity="0.1", name="held"), name="held"))
    executed(at, decision(limit_ticket("sell", "0.1", "60100.00", name="rests"), name="rests"))
    lost(executed(at, decision(*legs())))
    assert [order.working for order in at.orders] == [True]


def test_a_group_beside_other_orders_and_another_group() -> None:
    at = market(eth_size="1")
    other = tuple(
        msgspec.structs.replace(leg, order_id=f"other {leg.order_id}", group="other") for leg in legs(eth="0.5")
    )
    events = executed(at, decision(legs(eth="1")[0], *other, legs(eth="1")[1], ticket(quantity="0.2", name="alone")))
    filled = {event.order_id for event in events if isinstance(event, OrderFilled)}
    ended = {event.order_id for event in events if isinstance(event, OrderCancelled)}
    assert filled == {ticket(name="btc").order_id, ticket(name="eth").order_id, ticket(name="alone").order_id}
    assert ended == {leg.order_id for leg in other}


def test_on_their_way_legs_stay_together() -> None:
    at = market(paper_latency_ms=10, paper_jitter_ms=500)
    assert len(executed(at, decision(*legs()), now=T0)) == 2
    due = at.next_due()
    assert due is not None
    assert advanced(at, now=due - 1) == []
    assert [type(event) for event in advanced(at, now=due)] == [OrderFilled, OrderFilled]


def test_a_leg_that_is_cancelled_on_its_way_takes_the_others_with_it() -> None:
    for by_hand in (False, True):
        at = market(paper_latency_ms=10)
        executed(at, decision(*legs()), now=T0)
        first, second = (leg.order_id for leg in legs())
        if by_hand:
            made = at.cancel(first, Code.BY_OPERATOR, "enough", cause_id="c", correlation="c", now=T0)
            events = booked(at, made)
        else:
            at.apply(governed(CancelOrdered(order_id=first, who="operator:a", why="enough")))
            events = advanced(at, now=T0 + MS)
        ends = [(e.order_id, e.reason) for e in events if isinstance(e, OrderCancelled)]
        assert ends == [(first, "BY_OPERATOR"), (second, "LEG_LOST")]
        assert not at.orders


def test_a_group_that_is_late_or_halted_ends_as_every_order() -> None:
    late = executed(market(), decision(*legs()), now=T0 + SECOND)
    assert [type(event) for event in late[2:]] == [OrderExpired, OrderExpired]
    halted = executed(market(), decision(*legs()), mode="HALTED")
    assert [getattr(event, "reason", "") for event in halted[2:]] == ["HALTED", "HALTED"]


def test_a_group_never_rests_and_never_trades_in_part() -> None:
    at = market(eth_size="0.5")
    asked = [msgspec.structs.replace(leg, type="limit", time_in_force="GTC") for leg in legs()]
    events = executed(at, decision(*asked))
    assert not any(isinstance(event, OrderPartiallyFilled | OrderFilled) for event in events)
    assert not at.orders

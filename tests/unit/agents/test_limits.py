"""Limit orders as agents ask for them, and what they see of the ones that work."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from agents.agent import Idea
from streams.envelope import decode, encode
from streams.events import OrderAccepted, OrderCancelled, OrderExpired, OrderPartiallyFilled, PositionAdjusted
from tests.unit.agents.market import BTC, START, Market, filled, quote
from tests.unit.agents.test_seat import Wanting, proposals


def idea(**changed: Any) -> Idea:
    known: dict[str, Any] = {"instrument": BTC, "target": D("0.1"), "probability": 0.6}
    return Idea(**(known | changed))


def accepted(time_in_force: Any = "GTC", quantity: str = "0.1", side: Any = "buy") -> OrderAccepted:
    return OrderAccepted(
        order_id="o",
        decision_id="d",
        instrument=BTC,
        side=side,
        quantity=D(quantity),
        limit=D(59_000),
        type="limit",
        time_in_force=time_in_force,
    )


def part(quantity: str, leaves: str) -> OrderPartiallyFilled:
    return OrderPartiallyFilled(
        order_id="o",
        decision_id="d",
        venue="paper",
        instrument=BTC,
        side="buy",
        quantity=D(quantity),
        leaves=D(leaves),
        price=D(59_000),
        fee=D(0),
        tick_id="t",
        received_at=1,
    )


@pytest.mark.parametrize(
    "manner",
    [
        {"limit": D(59_000), "time_in_force": "GTD", "good_for_ms": 60_000},
        {"limit": D(59_000), "time_in_force": "GTC"},
        {"limit": D("59000.5")},
        {"time_in_force": "FOK"},
        {},
    ],
    ids=str,
)
def test_a_proposal_says_how_its_order_is_to_be_executed(manner: dict[str, Any]) -> None:
    [command] = Market(Wanting(idea(**manner))).see(quote(60_000, START))
    (proposal,) = proposals([command])
    asked = {"limit": None, "time_in_force": "IOC", "good_for_ms": 0} | manner
    assert {name: getattr(proposal, name) for name in asked} == asked
    assert decode(encode(command)).body == proposal


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"time_in_force": "GTC"}, "needs a limit"),
        ({"time_in_force": "GTD", "good_for_ms": 5}, "needs a limit"),
        ({"limit": D(0)}, "above zero"),
        ({"limit": D("NaN")}, "not finite"),
        ({"limit": D(1), "time_in_force": "GTD"}, "needs good_for_ms"),
        ({"limit": D(1), "good_for_ms": 5}, "nothing else has it"),
        ({"limit": D(1), "legs": (("ETHUSDT", D(1)),)}, "without legs"),
        ({"limit": D(1), "action": "reduce"}, "of a trade"),
    ],
    ids=str,
)
def test_what_no_governor_would_take_cannot_be_said(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        idea(**changed)


def test_what_works_is_expected_until_it_is_final() -> None:
    market = Market(Wanting(idea()))
    market.open_book()
    market.log(accepted())
    assert (market.view.position(BTC), market.view.expected(BTC)) == (0, D("0.1"))
    market.log(part("0.04", "0.06"))
    assert (market.view.position(BTC), market.view.expected(BTC)) == (D("0.04"), D("0.1"))
    market.log(OrderCancelled(order_id="o", decision_id="d", reason="BY_OPERATOR"))
    assert (market.view.expected(BTC), market.view.working) == (D("0.04"), {})


def test_an_order_that_expires_is_not_expected_any_more() -> None:
    market = Market()
    market.log(accepted("GTD", side="sell"))
    assert market.view.expected(BTC) == D("-0.1")
    market.log(OrderExpired(order_id="o", decision_id="d", reason="EXPIRED"))
    assert market.view.expected(BTC) == 0


def test_what_is_executed_at_once_is_not_waited_for() -> None:
    market = Market()
    market.log(accepted("IOC"))
    assert market.view.expected(BTC) == 0


def test_nobody_asks_for_what_is_under_way() -> None:
    market = Market(Wanting(idea()))
    market.open_book()
    market.log(accepted())
    assert market.see(quote(60_000, START)) == []


def test_fees_in_kind_and_adjustments_are_in_the_position() -> None:
    market = Market()
    market.open_book("100000")
    fill = filled("buy", "0.1", "50000", fee="0.5")
    market.log(
        type(fill)(**{name: getattr(fill, name) for name in fill.__struct_fields__} | {"fee_base": D("0.00001")})
    )
    assert (market.view.position(BTC), market.view.cash) == (D("0.09999"), D(95_000))
    market.log(PositionAdjusted(instrument=BTC, quantity=D("0.00001"), price=D(50_000), who="operator:a", reason=""))
    assert market.view.position(BTC) == D("0.1")

"""An operator's flatten: reductions to nothing that pass unvoted, on what is held and not on what works."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.domain.setting_aside import set_aside, without
from governance.domain.state import BookState
from streams.events import (
    BookTerms,
    CancelOrdered,
    DecisionHeld,
    DecisionReached,
    EquityMarked,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderPartiallyFilled,
    OrderTicket,
    OrderWorking,
    ProposalAdmitted,
    RuleActivated,
    RuleClause,
    Trigger,
)
from streams.messages import Flatten, ReleaseHold, SuspendInstrument
from tests.unit.governance.ledgered import LedgeredScene, derive
from tests.unit.governance.scene import VOTERS, result

BTC, ETH, ANN = "BTCUSDT", "ETHUSDT", "operator:ann"


def scene(held: dict[str, str] | None = None) -> LedgeredScene:
    found = LedgeredScene(terms=BookTerms(duplicate_window_ms=1))
    found.quote()
    found.quote(ETH, "3000")
    for symbol, quantity in (held or {}).items():
        trade(found, symbol, quantity, "50000" if symbol == BTC else "3000")
    return found


def trade(found: LedgeredScene, symbol: str, quantity: str, price: str) -> None:
    """A fill of an order that nobody here decided."""
    amount = D(quantity)
    found.executed(filled(f"before-{symbol}", symbol, "buy" if amount > 0 else "sell", abs(amount), price))


def filled(order_id: str, symbol: str, side: Any, quantity: D, price: str = "50000") -> OrderFilled:
    return OrderFilled(
        order_id=order_id,
        decision_id="d",
        venue="paper",
        instrument=symbol,
        side=side,
        quantity=quantity,
        leaves=D(0),
        price=D(price),
        fee=D(0),
        tick_id="t",
        received_at=1,
    )


def works(found: LedgeredScene, target: str, limit: str, symbol: str = BTC) -> OrderTicket:
    """A limit order that the council granted and that waits in the venue's book."""
    found.propose(target, symbol=symbol, proposal_id=f"w{target}", limit=D(limit), time_in_force="GTC")
    found.everybody(f"w{target}")
    (ticket,) = found.decision().orders
    found.executed(
        OrderAccepted(
            order_id=ticket.order_id,
            decision_id=found.decision().decision_id,
            instrument=symbol,
            side=ticket.side,
            quantity=ticket.quantity,
            limit=ticket.limit,
            type="limit",
            time_in_force="GTC",
        ),
        OrderWorking(order_id=ticket.order_id, decision_id=found.decision().decision_id, venue="paper"),
    )
    return ticket


def flatten(found: LedgeredScene, symbol: str | None = None, actor: str = ANN) -> str:
    return result(found.give(Flatten(instrument=symbol, reason="enough"), actor))


def orders(found: LedgeredScene) -> list[tuple[str, str, D]]:
    assert all(ticket.reduce_only and ticket.type == "market" for ticket in found.decision().orders)
    return [(ticket.instrument, ticket.side, ticket.quantity) for ticket in found.decision().orders]


def derives(found: LedgeredScene) -> bool:
    findings = derive(found.rows())
    return bool(findings) and all(finding.derived for finding in findings)


def test_one_position_is_sold_at_once_and_unvoted() -> None:
    found = scene({BTC: "0.3", ETH: "2"})
    assert flatten(found, BTC) == "accepted"
    assert orders(found) == [(BTC, "sell", D("0.3"))]
    (ticket,) = found.decision().orders
    assert ticket.limit == D("49250.00")  # three collars away
    (admitted,) = found.bodies(ProposalAdmitted)
    assert (admitted.agent, admitted.action, admitted.target, admitted.why) == (ANN, "reduce", D(0), "enough")
    assert derives(found)


def test_all_positions_go_in_one_decision_with_one_answer() -> None:
    found = scene({BTC: "-0.3", ETH: "2"})
    assert flatten(found) == "accepted"
    assert sorted(orders(found)) == [(BTC, "buy", D("0.3")), (ETH, "sell", D("2"))]
    assert len(found.bodies(DecisionReached)) == 1
    assert derives(found)


def test_what_was_flattened_is_not_bought_back_for_a_minute() -> None:
    found = scene({BTC: "0.3"})
    flatten(found)
    found.fill(found.decision())
    found.wait(3_000)
    found.quote()
    found.propose("0.1", proposal_id="p")
    found.everybody("p")
    assert found.decision().orders == ()
    assert [reason.reason for reason in found.decision().reasons] == ["CAPPED"]


@pytest.mark.parametrize("mode", ["NORMAL", "REDUCE_ONLY"])
def test_it_works_in_every_mode_but_halted(mode: str) -> None:
    found = scene({BTC: "0.3"})
    if mode != "NORMAL":
        found.gate(mode, 1)
    found.give(SuspendInstrument(instrument=BTC, reason="looks odd"), ANN)
    assert flatten(found) == "accepted"
    assert orders(found) == [(BTC, "sell", D("0.3"))]
    assert derives(found)


def test_in_a_halted_book_nothing_is_sent() -> None:
    found = scene({BTC: "0.3"})
    found.gate("HALTED", 1)
    assert flatten(found) == "refused:MODE"
    assert found.bodies(DecisionReached) == []


@pytest.mark.parametrize(
    ("actor", "symbol", "code"),
    [
        ("risk", BTC, "NOT_ENTITLED"),
        ("operator:", BTC, "NOT_ENTITLED"),
        (ANN, "DOGEUSDT", "UNKNOWN_INSTRUMENT"),
        (ANN, ETH, "NO_CHANGE"),
    ],
)
def test_what_cannot_be_flattened_is_refused(actor: str, symbol: str, code: str) -> None:
    found = scene({BTC: "0.3"})
    assert flatten(found, symbol, actor) == f"refused:{code}"
    assert found.bodies(DecisionReached) == []


def test_without_a_price_it_is_refused_by_name() -> None:
    found = LedgeredScene()
    found.quote()
    trade(found, ETH, "2", "3000")
    step = found.give(Flatten(reason="enough"), ANN)
    assert result(step) == "refused:NO_PRICE"
    assert step.refusals[0].detail.startswith(f"{ETH}: ")


def test_it_waits_for_a_reduction_that_is_being_voted_on() -> None:
    found = scene({BTC: "0.3"})
    found.propose("0.2", VOTERS[0], action="reduce", proposal_id="r")
    found.wait(7)
    step = found.give(Flatten(reason="enough"), ANN)
    assert step.answers == []
    assert found.bodies(DecisionReached) == []
    step = found.wait(4)
    assert [answer.result for answer in step.answers] == ["accepted", "accepted"]
    assert orders(found) == [(BTC, "sell", D("0.3"))]
    assert derives(found)


def test_a_halt_ends_it_while_it_waits() -> None:
    found = scene({BTC: "0.3"})
    found.propose("0.2", VOTERS[0], action="reduce", proposal_id="r")
    found.wait(7)
    found.give(Flatten(reason="enough"), ANN)
    step = found.gate("HALTED", 1)
    assert [answer.result for answer in step.answers] == ["accepted", "refused:MODE"]
    assert found.decision().orders == ()


def test_it_joins_a_reduction_that_has_just_begun_and_is_stricter() -> None:
    found = scene({BTC: "0.3"})
    found.propose("0.2", VOTERS[0], action="reduce", proposal_id="r")
    found.give(Flatten(reason="enough"), ANN)
    for agent in (*VOTERS, "risk", "compliance"):
        found.ballot("r", agent, None, stance="approve")
    assert orders(found) == [(BTC, "sell", D("0.3"))]
    assert {each.reason for each in found.decision().reasons} == {"", "SUPERSEDED"}
    assert derives(found)


# --- what works -----------------------------------------------------------------------------------


def test_what_works_is_cancelled_first_and_only_the_position_is_sold() -> None:
    found = scene({BTC: "0.1"})
    buy = works(found, "0.15", "49900")
    assert found.state.held(BTC) == D("0.15")
    step = found.give(Flatten(reason="enough"), ANN)
    bodies = [event.body for event in step.events]
    assert isinstance(bodies[0], CancelOrdered)
    assert (bodies[0].order_id, bodies[0].who) == (buy.order_id, "governor")
    assert orders(found) == [(BTC, "sell", D("0.1"))]
    assert derives(found)


def test_a_sale_that_works_does_not_stand_in_for_the_one_that_is_asked_for() -> None:
    found = scene({BTC: "0.1"})
    sale = works(found, "0.06", "50100")
    assert sale.side == "sell"
    flatten(found)
    assert [each.order_id for each in found.bodies(CancelOrdered)] == [sale.order_id]
    assert orders(found) == [(BTC, "sell", D("0.1"))]
    found.executed(OrderCancelled(order_id=sale.order_id, decision_id="d", reason="BY_OPERATOR", detail=""))
    found.fill(found.decision())
    assert (found.state.held(BTC), found.state.working) == (0, set())
    assert derives(found)


def test_a_sale_on_its_way_is_sold_again_for_reduce_only_cuts_what_is_too_much() -> None:
    found = scene({BTC: "0.1"})
    found.propose("0.06", proposal_id="p")
    found.everybody("p")
    flatten(found)
    assert (orders(found), found.bodies(CancelOrdered)) == ([(BTC, "sell", D("0.1"))], [])
    assert derives(found)


def test_a_buy_on_its_way_is_sold_too_for_it_comes_before() -> None:
    found = scene({BTC: "0.1"})
    found.propose("0.15", proposal_id="p")
    found.everybody("p")
    flatten(found)
    assert (orders(found), found.bodies(CancelOrdered)) == ([(BTC, "sell", D("0.15"))], [])
    assert derives(found)


def test_where_only_an_order_works_it_is_cancelled() -> None:
    found = scene()
    buy = works(found, "0.05", "49900")
    assert flatten(found) == "accepted"
    assert [each.order_id for each in found.bodies(CancelOrdered)] == [buy.order_id]
    assert found.decision().orders == ()
    assert derives(found)


def test_a_reduction_of_the_council_does_not_sell_what_works_against_it() -> None:
    found = scene({BTC: "0.1"})
    buy = works(found, "0.15", "49900")
    found.propose("0.08", "risk", action="reduce")
    assert [each.order_id for each in found.bodies(CancelOrdered)] == [buy.order_id]
    assert orders(found) == [(BTC, "sell", D("0.02"))]
    assert derives(found)


def test_a_reduction_of_the_council_counts_on_the_sale_that_works() -> None:
    found = scene({BTC: "0.1"})
    works(found, "0.06", "50100")
    found.propose("0.05", "risk", action="reduce")
    assert found.bodies(CancelOrdered) == []
    assert orders(found) == [(BTC, "sell", D("0.01"))]
    assert derives(found)


def test_a_reduction_that_does_not_pass_cancels_nothing() -> None:
    found = scene({BTC: "0.1"})
    works(found, "0.15", "49900")
    found.propose("0.08", action="reduce", proposal_id="r")
    for agent in (*VOTERS, "risk", "compliance"):
        found.ballot("r", agent, None, stance="reject" if agent in VOTERS else "abstain")
    assert (found.decision().orders, found.bodies(CancelOrdered)) == ((), [])
    assert derives(found)


def test_what_is_filled_in_part_is_reserved_for_the_rest() -> None:
    found = scene()
    buy = works(found, "0.05", "49900")
    part = OrderPartiallyFilled(
        order_id=buy.order_id,
        decision_id="d",
        venue="paper",
        instrument=BTC,
        side="buy",
        quantity=D("0.02"),
        leaves=D("0.03"),
        price=D("49900"),
        fee=D(0),
        tick_id="t",
        received_at=1,
    )
    found.executed(part)
    assert (found.state.positions[BTC], found.state.held(BTC)) == (D("0.02"), D("0.05"))
    flatten(found)
    assert [each.order_id for each in found.bodies(CancelOrdered)] == [buy.order_id]
    assert orders(found) == [(BTC, "sell", D("0.02"))]
    assert derives(found)


def test_a_rule_may_hold_it_and_what_works_is_not_counted_at_its_release_either() -> None:
    ask_first = RuleActivated(
        rule="ask-first",
        version=1,
        title="Large orders wait",
        effect="hold",
        clauses=(RuleClause(name="small", cel="order.quantity <= 0.05"),),
        who="operator:a",
        why="",
        exempt_risk_reducing=False,
    )
    found = LedgeredScene(rules=[ask_first])
    found.quote()
    trade(found, BTC, "0.1", "50000")
    sale = works(found, "0.06", "50100")
    flatten(found, BTC)
    (held,) = found.bodies(DecisionHeld)
    assert [each.order_id for each in found.bodies(CancelOrdered)] == [sale.order_id]
    found.give(ReleaseHold(decision_id=held.decision_id, reason="yes"), "operator:bob")
    assert orders(found) == [(BTC, "sell", D("0.1"))]
    assert derives(found)


def test_operators_are_not_latched_for_flattening_often() -> None:
    found = scene({BTC: "1", ETH: "1"})
    for _ in range(6):
        flatten(found, BTC)
        found.fill(found.decision())
        trade(found, BTC, "1", "50000")
        found.wait(100)
        found.quote()
    assert not any(found.state.safety.latched.values())
    assert found.bodies(EquityMarked)


# --- whatever is held, granted and working --------------------------------------------------------

AMOUNTS = st.integers(-3, 3).map(D)


def granted(quantities: list[D], working: list[bool], position: D) -> BookState:
    state = BookState("demo")
    state.positions[BTC] = position
    tickets = [
        OrderTicket(
            order_id=f"o{index}",
            instrument=BTC,
            side="buy" if quantity > 0 else "sell",
            quantity=abs(quantity),
            limit=D(1),
        )
        for index, quantity in enumerate(quantities)
        if quantity
    ]
    state.fold(
        DecisionReached(
            decision_id="d",
            deliberation_id="r",
            outcome="granted",
            orders=tuple(tickets),
            reasons=(),
            trigger=Trigger(tick_id="t", received_at=1),
            ttl_ms=200,
        )
    )
    for index, each in enumerate(working):
        if each:
            state.fold(OrderWorking(order_id=f"o{index}", decision_id="d", venue="paper"))
    return state


@settings(max_examples=1_000)
@given(AMOUNTS, st.lists(st.tuples(AMOUNTS, st.booleans()), max_size=4), st.booleans())
def test_a_reduction_never_counts_on_what_enlarges_and_works(
    position: D, others: list[tuple[D, bool]], flat: bool
) -> None:
    state = granted([quantity for quantity, _ in others], [works for _, works in others], position)
    left = without(state, {*set_aside(state, BTC, flat=flat)})
    base = position + left.get(BTC, D(0))
    on_way = sum((q for q, works in others if not works), D(0))
    if flat:
        same_way = sum((q for q, works in others if not works and q * position >= 0), D(0))
        assert base == position + same_way
        assert position == 0 or base * position >= position * position
    else:
        shrinking = sum((q for q, works in others if works and q * (position + on_way) < 0), D(0))
        assert base == position + on_way + shrinking
        assert abs(base) <= max(abs(position + on_way), abs(shrinking))

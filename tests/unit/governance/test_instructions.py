"""What operators ask of the desk becomes an event for the executor, or is refused with a reason."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from governance.domain.equity import EquityMarks
from streams.events import (
    BookTerms,
    CancelOrdered,
    CashMoved,
    CashMoveOrdered,
    EquityMarked,
    Event,
    OrderCancelled,
    PositionAdjusted,
    PositionAdjustmentOrdered,
    ReconciliationOrdered,
)
from streams.messages import AdjustPosition, AnyMessage, CancelOrder, Flatten, MoveCash, Reconcile
from tests.unit.governance.ledgered import LedgeredScene, derive
from tests.unit.governance.scene import result
from tests.unit.governance.test_flatten import ANN, BTC, ETH, filled, scene, works


def adjust(quantity: str, price: str) -> AdjustPosition:
    return AdjustPosition(instrument=BTC, quantity=D(quantity), price=D(price), reason="r")


DESK = (
    Flatten(reason="r"),
    CancelOrder(order_id="o", reason="r"),
    MoveCash(amount=D(1), reason="r"),
    AdjustPosition(instrument=BTC, quantity=D(1), price=D(1), reason="r"),
    Reconcile(reason="r"),
)


@pytest.mark.parametrize("body", DESK, ids=lambda body: type(body).__name__)
@pytest.mark.parametrize("actor", ["risk", "feed:live", "operator: ", "operators:ann"])
def test_only_operators_ask_the_desk(body: AnyMessage, actor: str) -> None:
    found = scene({BTC: "1"})
    assert result(found.give(body, actor)) == "refused:NOT_ENTITLED"
    assert [body for body in found.bodies() if type(body).__name__.endswith("Ordered")] == []


@pytest.mark.parametrize("mode", ["NORMAL", "REDUCE_ONLY", "HALTED"])
@pytest.mark.parametrize(
    ("body", "event"),
    [
        (MoveCash(amount=D("250.5"), reason="r"), CashMoveOrdered(amount=D("250.5"), who=ANN, why="r")),
        (MoveCash(amount=D(-100), reason="r"), CashMoveOrdered(amount=D(-100), who=ANN, why="r")),
        (
            AdjustPosition(instrument=ETH, quantity=D("-0.123"), price=D(3000), reason="r"),
            PositionAdjustmentOrdered(instrument=ETH, quantity=D("-0.123"), price=D(3000), who=ANN, why="r"),
        ),
        (Reconcile(reason="r"), ReconciliationOrdered(who=ANN, why="r")),
    ],
    ids=["deposit", "withdrawal", "adjustment", "reconciliation"],
)
def test_it_is_recorded_for_the_executor_under_the_operators_name(mode: str, body: AnyMessage, event: Event) -> None:
    found = scene()
    if mode != "NORMAL":
        found.gate(mode, 1)
    step = found.give(body, ANN)
    assert (result(step), [each.body for each in step.events]) == ("accepted", [event])
    (recorded,) = step.events
    assert (recorded.actor, recorded.command_id) == (ANN, recorded.causation_id)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (CancelOrder(order_id="nobody-knows", reason="r"), "UNKNOWN_ORDER"),
        (MoveCash(amount=D(0), reason="r"), "NO_CHANGE"),
        (MoveCash(amount=D("-100000.01"), reason="r"), "NO_CASH"),
        (AdjustPosition(instrument="DOGEUSDT", quantity=D(1), price=D(1), reason="r"), "UNKNOWN_INSTRUMENT"),
        (AdjustPosition(instrument=BTC, quantity=D(0), price=D(1), reason="r"), "NO_CHANGE"),
    ],
    ids=["order", "nothing", "too much", "instrument", "no quantity"],
)
def test_what_makes_no_sense_is_refused(body: AnyMessage, code: str) -> None:
    found = scene()
    step = found.give(body, ANN)
    assert (result(step), step.events) == (f"refused:{code}", [])


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (MoveCash(amount=D("0.009"), reason="r"), "BELOW_MINIMUM", "0.009 USDT is less than 0.01"),
        (MoveCash(amount=D("-1E-8"), reason="r"), "BELOW_MINIMUM", "0.00000001 USDT is less than 0.01"),
        (MoveCash(amount=D("1000000000000000.01"), reason="r"), "SIZE_LIMIT", "more than 1,000,000,000,000,000"),
        (MoveCash(amount=D("-1e18"), reason="r"), "SIZE_LIMIT", "1000000000000000000 USDT is more than"),
        (adjust("1e11", "10000.01"), "SIZE_LIMIT", "100000000000 at 10000.01 is worth more than 1,000,000,000,000,000"),
        (adjust("-1e11", "10000.01"), "SIZE_LIMIT", "worth more than"),
        (adjust("0.00003", "50000"), "INVALID", "0.00003 is no multiple of the lot of 0.0001"),
        (adjust("-0.00013", "50000"), "INVALID", "with the 0 that is held it makes no whole lots"),
        (adjust("1.000000000000000000000000000000001", "1"), "INVALID", "is no multiple of the lot"),
    ],
)
def test_what_is_too_large_or_too_small_to_move_is_refused_with_words(body: AnyMessage, code: str, words: str) -> None:
    found = scene()
    step = found.give(body, ANN)
    assert (result(step), step.events) == (f"refused:{code}", [])
    (refusal,) = step.refusals
    assert words in refusal.detail


@pytest.mark.parametrize(
    "body",
    [
        MoveCash(amount=D("0.01"), reason="r"),
        MoveCash(amount=D("1e15"), reason="r"),
        MoveCash(amount=D("0.0123456789"), reason="r"),
    ],
)
def test_what_is_neither_moves(body: AnyMessage) -> None:
    assert result(scene().give(body, ANN)) == "accepted"


@pytest.mark.parametrize(
    ("quantity", "answer"),
    [
        ("-0.00003", "accepted"),  # the dust alone
        ("-0.10003", "accepted"),  # all of it
        ("0.00007", "accepted"),  # up to a lot
        ("-0.10000", "accepted"),
        ("1e10", "accepted"),
        ("-0.00002", "refused:INVALID"),
        ("0.00003", "refused:INVALID"),
    ],
)
def test_dust_may_be_adjusted_away(quantity: str, answer: str) -> None:
    assert result(scene({BTC: "0.10003"}).give(adjust(quantity, "50000"), ANN)) == answer


def test_an_order_is_cancelled_until_it_is_final() -> None:
    found = scene()
    order = works(found, "0.05", "49900")
    cancel = CancelOrder(order_id=order.order_id, reason="changed my mind")
    assert result(found.give(cancel, ANN)) == "accepted"
    assert found.bodies(CancelOrdered) == [CancelOrdered(order_id=order.order_id, who=ANN, why="changed my mind")]
    found.executed(OrderCancelled(order_id=order.order_id, decision_id="d", reason="BY_OPERATOR", detail=""))
    assert result(found.give(cancel, ANN)) == "refused:UNKNOWN_ORDER"
    assert (found.state.held(BTC), found.state.limits, found.state.working) == (0, {}, set())


def test_what_is_promised_to_an_order_cannot_be_withdrawn() -> None:
    found = scene()
    works(found, "0.1", "49900")  # 4,990 and a fee of 0.2 bp
    assert result(found.give(MoveCash(amount=D("-95009.91"), reason="r"), ANN)) == "refused:NO_CASH"
    assert result(found.give(MoveCash(amount=D("-95009.90"), reason="r"), ANN)) == "accepted"


def test_what_is_ordered_out_cannot_be_ordered_out_again() -> None:
    found = scene()
    most = MoveCash(amount=D(-60_000), reason="r")
    assert result(found.give(most, ANN)) == "accepted"
    assert result(found.give(most, ANN)) == "refused:NO_CASH"
    found.restarted()
    assert result(found.give(most, ANN)) == "refused:NO_CASH"
    found.executed(CashMoved(amount=D(-60_000), reason="r"))
    assert (found.state.cash, found.state.capital.ordered) == (D(40_000), [])
    assert result(found.give(MoveCash(amount=D(-40_000), reason="r"), ANN)) == "accepted"


def test_what_operators_asked_does_not_change_what_is_derived() -> None:
    found = scene({BTC: "0.1"})
    for body in DESK[2:]:
        found.give(body, ANN)
    found.propose("0.2", proposal_id="p")
    found.everybody("p")
    found.give(Flatten(reason="r"), ANN)
    findings = derive(found.rows())
    assert len(findings) == 2
    assert all(finding.derived for finding in findings)


# --- what moves peak and day-open -----------------------------------------------------------------


def marks(found: LedgeredScene) -> tuple[D | None, D | None]:
    standing = found.chamber.surveillance.standing()
    return standing.peak, standing.day_open


MOVES: list[Any] = [
    (CashMoved(amount=D(500), reason="r"), D(500)),
    (CashMoved(amount=D(-500), reason="r"), D(-500)),
    (PositionAdjusted(instrument=BTC, quantity=D("0.02"), price=D(50_000), who=ANN, reason="r"), D(1_000)),
    (PositionAdjusted(instrument=BTC, quantity=D("-0.1"), price=D(50_000), who=ANN, reason="r"), D(-5_000)),
]


@pytest.mark.parametrize(("event", "value"), MOVES)
def test_what_comes_in_or_goes_out_is_neither_profit_nor_loss(event: Event, value: D) -> None:
    found = scene({BTC: "0.1"})
    assert marks(found) == (D(100_000), D(100_000))
    found.executed(event)
    assert marks(found) == (D(100_000) + value, D(100_000) + value)
    recorded = found.bodies(EquityMarked)[-1]
    assert (recorded.equity, recorded.peak, recorded.day_open) == (D(100_000) + value,) * 3


@pytest.mark.parametrize(("event", "value"), MOVES)
def test_it_is_not_forgotten_where_the_governor_was_down(event: Event, value: D) -> None:
    found = scene({BTC: "0.1"})
    found.missed(event)
    assert marks(found) == (D(100_000) + value, D(100_000) + value)
    found.wait(1_000)
    found.quote()
    assert marks(found) == (D(100_000) + value, D(100_000) + value)


@pytest.mark.parametrize(("event", "value"), MOVES)
def test_it_is_not_counted_twice_after_a_restart(event: Event, value: D) -> None:
    found = scene({BTC: "0.1"})
    found.executed(event)
    for _ in range(2):
        found.restarted()
        assert marks(found) == (D(100_000) + value, D(100_000) + value)
        found.wait(1_000)
        found.quote()
    assert found.bodies(EquityMarked)[-1].peak == D(100_000) + value


def test_a_deposit_before_the_first_price_is_in_the_first_mark() -> None:
    found = LedgeredScene()
    found.executed(CashMoved(amount=D(500), reason="r"))
    found.quote()
    found.wait(200)
    assert marks(found) == (D(100_500), D(100_500))
    found.restarted()
    assert marks(found) == (D(100_500), D(100_500))


def test_the_mark_says_which_move_it_counts_in() -> None:
    found = scene()
    found.executed(CashMoved(amount=D(500), reason="r"))
    (event,) = [event for step in found.steps for event in step.events][-1:]
    assert (type(event.body), event.causation_id) == (EquityMarked, "account:demo:2")


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.integers(-1_000, 1_000).filter(bool).map(lambda amount: ("cash", amount)),
            st.sampled_from([("restart", 0), ("down", 700), ("price", 49_990), ("price", 50_010), ("day", 0)]),
        ),
        max_size=8,
    )
)
def test_restarts_change_no_mark(happened: list[tuple[str, int]]) -> None:
    """With restarts and without: the same peak and day-open, but for a rise that is younger than a minute."""
    through, steady = scene({BTC: "0.1"}), scene({BTC: "0.1"})
    for kind, amount in happened:
        for found in (through, steady):
            if kind == "cash":
                found.executed(CashMoved(amount=D(amount), reason="r"))
            elif kind == "down" and found is through:
                found.missed(CashMoved(amount=D(amount), reason="r"))
            elif kind == "down":
                found.executed(CashMoved(amount=D(amount), reason="r"))
            elif kind == "restart" and found is through:
                found.restarted()
            elif kind in ("price", "day"):
                found.wait(61_000 if kind == "price" else 86_400_000)
                found.quote(price=str(amount or 50_000))
                found.wait(200)
    for found in (through, steady):
        found.wait(61_000)
        found.quote()
    assert marks(through) == marks(steady)


def test_a_fee_in_kind_leaves_the_position_at_the_price_of_the_fill() -> None:
    found = scene()
    fill = filled("o", BTC, "buy", D("0.1"))
    found.executed(replace(fill, fee=D("0.5"), fee_base=D("0.00001")))
    assert found.state.positions[BTC] == D("0.09999")
    assert found.state.cash == D(95_000)
    assert EquityMarks(found.state, found.chamber.prices).equity() == D(100_000) - D("0.5")


def test_an_adjusted_position_is_a_round_trip_like_any_other() -> None:
    found = scene({BTC: "0.1"})
    found.executed(
        PositionAdjusted(instrument=BTC, quantity=D("-0.1"), price=D(49_000), who=ANN, reason="was never there")
    )
    trips = found.state.safety.round_trips[BTC]
    assert (trips.closed, trips.losses, trips.position.quantity) == (1, 1, 0)


def test_terms_of_another_fee_promise_more() -> None:
    found = LedgeredScene(terms=BookTerms(fee_bp=D(10)))
    found.quote()
    works(found, "0.1", "49900")
    assert found.chamber.instructions.free_cash() == D(100_000) - D(4_990) * D("1.001")

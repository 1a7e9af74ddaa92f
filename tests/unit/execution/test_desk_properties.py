"""What holds for a desk whatever it is asked and whatever the market does."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from execution.domain.desk import Desk
from streams.events import (
    FINAL,
    TOPICS,
    DecisionReached,
    DomainEvent,
    OrderAccepted,
    OrderFilled,
    decode_event,
    encode_event,
)
from streams.messages import Mode, Tick
from tests.unit.execution.market import BTC, MS, SECOND, T0, decision, desk, execute, quote, ticket, trade

D = Decimal


sides = st.sampled_from(["buy", "sell"])
amounts = st.one_of(
    *[st.decimals(min_value="0.0001", max_value="0.9", places=5)] * 8,
    st.sampled_from([D(0), D("NaN"), D("-1"), D("1e9"), D("0.00001")]),
)
names = st.integers(min_value=0, max_value=40).map(str)
tickets = st.builds(
    lambda name, side, quantity, distance, instrument, reduce_only: msgspec.structs.replace(
        ticket(side, name=name, instrument=instrument, reduce_only=reduce_only),
        quantity=quantity,
        limit=D(60000) + (distance if side == "buy" else -distance),
    ),
    names,
    sides,
    amounts,
    st.sampled_from([D(300), D(300), D(300), D("0.01"), D(-20)]),
    st.sampled_from(["BTCUSDT"] * 9 + ["ETHUSDT"]),
    st.sampled_from([False] * 5 + [True]),
)
decisions = st.builds(
    lambda orders, name: decision(*orders, name=name), st.lists(tickets, min_size=1, max_size=3), names
)
cents = st.integers(min_value=-3_000, max_value=3_000)
ages = st.sampled_from([0, 0, -1, -2, -6]).map(lambda s: s * SECOND)
ticks = st.one_of(
    st.builds(lambda c, age: quote(str(60000 + D(c) / 100), str(60000 + D(c + 2) / 100), at=T0 + age), cents, ages),
    st.builds(lambda c, age: trade(str(60000 + D(c) / 100), at=T0 + age), cents, ages),
)
modes = st.sampled_from(["NORMAL"] * 6 + ["REDUCE_ONLY", "HALTED"])
asks = st.tuples(decisions, modes, st.sampled_from([0, 0, 0, 100 * MS, 300 * MS]))
steps = st.lists(st.one_of(ticks, asks), max_size=30)


def run(at: Desk, inputs: list[Tick | tuple[DecisionReached, Mode, int]]) -> list[list[DomainEvent]]:
    """What each decision led to."""
    led_to = []
    for step in inputs:
        if isinstance(step, Tick):
            at.observe(step)
            continue
        asked, mode, late = step
        events = execute(at, asked, mode=mode, now=T0 + late)
        for event in events:
            at.apply(event)
        led_to.append(events)
    return led_to


def test_the_inputs_of_the_properties_below_reach_every_end() -> None:
    reached: set[str] = set()

    @settings(max_examples=600, derandomize=True, database=None)
    @given(inputs=steps)
    def explore(inputs: list[Tick | tuple[DecisionReached, Mode, int]]) -> None:
        for events in run(desk(cash="20000"), inputs):
            reached.update(getattr(event.body, "reason", type(event.body).__name__) for event in events)

    explore()
    assert reached >= {"OrderAccepted", "OrderFilled", "HALTED", "TTL", "MODE", "REDUCE_ONLY", "LIMIT", "INVALID"}
    assert reached >= {"NO_PRICE", "STALE_DATA", "POSITION_LIMIT", "BELOW_MINIMUM", "NO_CASH", "UNKNOWN_INSTRUMENT"}


@given(inputs=steps)
def test_every_order_reaches_exactly_one_final_state_whatever_the_market(
    inputs: list[Tick | tuple[DecisionReached, Mode, int]],
) -> None:
    at = desk(cash="20000")
    bodies = [event.body for events in run(at, inputs) for event in events]
    asked = {order.order_id for step in inputs if isinstance(step, tuple) for order in step[0].orders}
    finals = [body.order_id for body in bodies if isinstance(body, FINAL)]  # type: ignore[attr-defined]
    assert sorted(finals) == sorted(asked)
    assert sorted(body.order_id for body in bodies if isinstance(body, OrderAccepted)) == sorted(asked)


@given(inputs=steps)
def test_a_halt_has_no_fills_and_reduce_only_never_grows_a_position(
    inputs: list[Tick | tuple[DecisionReached, Mode, int]],
) -> None:
    at = desk(cash="20000")
    for step in inputs:
        before = at.account.held("BTCUSDT")
        events = [event.body for led in run(at, [step]) for event in led]
        after = at.account.held("BTCUSDT")
        assert 0 <= after <= BTC.max_position
        assert at.account.cash >= 0
        if isinstance(step, tuple) and step[1] == "HALTED":
            assert not any(isinstance(event, OrderFilled) for event in events)
        if isinstance(step, tuple) and step[1] == "REDUCE_ONLY":
            assert after <= before


@given(inputs=steps)
def test_replaying_the_same_inputs_gives_identical_events_and_the_log_folds_to_the_same_book(
    inputs: list[Tick | tuple[DecisionReached, Mode, int]],
) -> None:
    at, again, folded = (desk(cash="20000") for _ in range(3))
    events = [event for led in run(at, inputs) for event in led]
    assert [event for led in run(again, inputs) for event in led] == events
    for event in events:
        stored = decode_event(TOPICS[type(event.body)], encode_event(event.body))
        folded.apply(msgspec.structs.replace(event, body=stored))
    assert folded.account == at.account
    marks = {"BTCUSDT": D(60000)}
    assert at.account.net(marks) == at.account.equity(marks) - at.account.deposits

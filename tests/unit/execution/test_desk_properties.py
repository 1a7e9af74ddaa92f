"""What holds for a desk whatever it is asked and whatever the market does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from itertools import combinations
from typing import NamedTuple

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from execution.domain.desk import Desk
from execution.domain.order import Order
from streams.envelope import derived_id
from streams.events import (
    FINAL,
    TOPICS,
    BookTerms,
    CancelOrdered,
    DomainEvent,
    Event,
    OrderAccepted,
    OrderFilled,
    OrderPartiallyFilled,
    OrderTicket,
    SuspensionLifted,
    TradingSuspended,
    decode_event,
    encode_event,
)
from streams.messages import Mode, Side, Tick
from tests.unit.execution.market import (
    BTC,
    MS,
    SECOND,
    T0,
    decision,
    desk,
    execute,
    governed,
    limit_ticket,
    quote,
    ticket,
    trade,
)

D = Decimal
ETH = msgspec.structs.replace(BTC, symbol="ETHUSDT")
MARKS = {"BTCUSDT": D(60000), "ETHUSDT": D(60000)}


class Asked(NamedTuple):
    orders: tuple[OrderTicket, ...]
    name: str
    late_ms: int


class Step(NamedTuple):
    """What happens after `ms`, and the mode that holds then; whatever it is, the desk is advanced after it."""

    ms: int
    mode: Mode
    what: Tick | Asked | Event | None


class Told(NamedTuple):
    step: Step
    events: list[DomainEvent]


# --- strategies -----------------------------------------------------------------------------------

NAMES = [str(number) for number in range(24)]
SIDES: tuple[Side, ...] = ("buy", "sell")
amounts = st.one_of(
    *[st.decimals(min_value="0.0001", max_value="0.9", places=5)] * 8,
    st.sampled_from([D(0), D("NaN"), D("-1"), D("1e9"), D("0.00001")]),
)
kinds = st.sampled_from(
    [("market", "IOC")] * 3
    + [("limit", "GTC")] * 4
    + [("limit", "GTD")] * 3
    + [("limit", "IOC"), ("limit", "FOK"), ("market", "FOK"), ("market", "FOK")]
)
distances = st.one_of(
    st.sampled_from([D(300), D("0.01"), D(-20), D("0.005")]),
    st.integers(min_value=-3_000, max_value=3_000).map(lambda cents: D(cents) / 100),
)


@st.composite
def tickets(draw: st.DrawFn) -> OrderTicket:
    side = draw(st.sampled_from(SIDES))
    kind, time_in_force = draw(kinds)
    distance = draw(distances)
    return msgspec.structs.replace(
        ticket(side, name=draw(st.sampled_from(NAMES)), instrument=draw(st.sampled_from(["BTCUSDT"] * 9 + ["X"]))),
        quantity=draw(amounts),
        limit=D(60000) + (distance if side == "buy" else -distance),
        type=kind,
        time_in_force=time_in_force,
        good_for_ms=draw(st.integers(min_value=1, max_value=3_000)) if time_in_force == "GTD" else 0,
        reduce_only=draw(st.sampled_from([False] * 4 + [True])),
    )


@st.composite
def pairs(draw: st.DrawFn) -> tuple[OrderTicket, ...]:
    """A group of two legs."""
    name = draw(st.sampled_from(NAMES))
    legs = (("BTCUSDT", draw(st.sampled_from(SIDES))), ("ETHUSDT", draw(st.sampled_from(SIDES))))
    return tuple(
        msgspec.structs.replace(
            ticket(side, name=f"{name}/{instrument}", instrument=instrument, group=f"pair {name}"),
            quantity=draw(st.decimals(min_value="0.0001", max_value="0.3", places=5)),
        )
        for instrument, side in legs
    )


@st.composite
def quotes(draw: st.DrawFn) -> Tick:
    """One to 60 dollars around 60,000, with little to be had."""
    middle = draw(st.integers(min_value=-3_000, max_value=3_000))
    wide = draw(st.integers(min_value=1, max_value=100))
    sizes = [draw(st.sampled_from(["0.00001", "0.05", "0.2", "1", "3"])) for _ in range(2)]
    return quote(
        str(60000 + D(middle) / 100),
        str(60000 + D(middle + wide) / 100),
        bid_size=sizes[0],
        ask_size=sizes[1],
        instrument=draw(st.sampled_from(["BTCUSDT"] * 3 + ["ETHUSDT"])),
    )


trades = st.builds(
    lambda cents, quantity: trade(str(60000 + D(cents) / 100), quantity=quantity),
    st.integers(min_value=-3_000, max_value=3_000),
    st.sampled_from(["0.00001", "0.1", "0.5", "2"]),
)
asks = st.builds(
    Asked,
    st.one_of(st.lists(tickets(), min_size=1, max_size=3).map(tuple), pairs()),
    st.sampled_from(NAMES),
    st.sampled_from([0] * 6 + [100, 300]),
)
words = st.one_of(
    st.sampled_from(NAMES).map(
        lambda name: CancelOrdered(order_id=derived_id("order", name), who="operator:a", why="enough")
    ),
    st.just(TradingSuspended(instrument="BTCUSDT", who="operator:a", why="strange")),
    st.just(SuspensionLifted(instrument="BTCUSDT", who="operator:a", why="fine")),
)
single = st.builds(
    Step,
    st.sampled_from([0, 1, 20, 400, 1_200, 6_000]),
    st.sampled_from(["NORMAL"] * 12 + ["REDUCE_ONLY", "HALTED"]),
    st.one_of(quotes(), quotes(), trades, asks, asks, words, st.none()),
)
AT_WORK = (
    Step(0, "NORMAL", quote()),
    Step(600, "NORMAL", Asked((ticket("buy", "0.1", name="0"),), "0", 0)),
    Step(600, "NORMAL", Asked((limit_ticket("sell", "0.1", "60002.00", name="1"),), "1", 0)),
    Step(600, "NORMAL", Asked((limit_ticket("buy", "0.1", "59998.00", name="2"),), "2", 0)),
    Step(0, "NORMAL", Asked((limit_ticket("buy", "0.01", "59990.00", "GTD", name="3", good_for_ms=900),), "3", 0)),
    Step(0, "NORMAL", Asked((limit_ticket("buy", "0.9", "60001.00", "FOK", name="4"),), "4", 0)),
)
UNPRICED = (Step(0, "NORMAL", Asked((ticket(name="5"),), "5", 0)),)
REFUSED = (
    Step(0, "NORMAL", quote()),
    Step(0, "NORMAL", Asked((limit_ticket("buy", "0.1", "59000.00", "IOC", name="6"),), "6", 0)),
    Step(0, "NORMAL", Asked((ticket("sell", "0.9", name="7"), ticket("buy", "0.9", name="8")), "7", 0)),
    Step(0, "NORMAL", Asked((ticket("buy", "0.00001", name="9"), ticket("buy", "0", name="10")), "9", 0)),
    Step(0, "NORMAL", Asked((ticket("buy", "0.1", name="11", instrument="X"),), "11", 0)),
    Step(0, "NORMAL", Asked((ticket("buy", "0.1", name="12"),), "12", 300)),
    Step(6_000, "NORMAL", quote(instrument="ETHUSDT")),
    Step(0, "NORMAL", Asked((ticket("buy", "0.1", name="13"),), "13", 0)),
)
openings = st.sampled_from([(), UNPRICED, REFUSED, AT_WORK, AT_WORK])
steps = st.builds(lambda first, then: [*first, *then], openings, st.lists(single, min_size=8, max_size=24))
books = st.sampled_from(
    [
        BookTerms(),
        BookTerms(slippage_bp=D(1), fee_bp=D(10)),
        BookTerms(paper_latency_ms=30, paper_jitter_ms=500, paper_depth_share=D("0.5")),
    ]
)


# --- runs -----------------------------------------------------------------------------------------


def fresh(terms: BookTerms) -> Desk:
    return desk(cash="20000", terms=terms, listings=(BTC, ETH))


def run(at: Desk, inputs: Iterable[Step]) -> list[Told]:
    told, now = [], T0
    for step in inputs:
        now += step.ms * MS
        events = list(begun(at, step, now))
        events += booked(at, at.advance(now, step.mode))
        assert at.advance(now, step.mode) == []
        due = at.next_due()
        assert due is None or due > now
        told.append(Told(step, events))
    return told


def begun(at: Desk, step: Step, now: int) -> list[DomainEvent]:
    match step.what:
        case Tick() as tick:
            at.observe(msgspec.structs.replace(tick, market_at=now, received_at=now))
        case Asked(orders, name, late_ms):
            asked = decision(*orders, name=name)
            return booked(at, execute(at, asked, mode=step.mode, committed_at=now - late_ms * MS, now=now))
        case Event() as body:
            at.apply(governed(body))
    return []


def booked(at: Desk, events: list[DomainEvent]) -> list[DomainEvent]:
    for event in events:
        at.apply(event)
    return events


def bodies(told: Iterable[Told]) -> list[Event]:
    return [event.body for each in told for event in each.events]


def fills_of(events: Iterable[Event]) -> dict[str, list[OrderFilled | OrderPartiallyFilled]]:
    fills: dict[str, list[OrderFilled | OrderPartiallyFilled]] = defaultdict(list)
    for event in events:
        if isinstance(event, OrderFilled | OrderPartiallyFilled):
            fills[event.order_id].append(event)
    return fills


def fully(at: Desk, now: int, mode: Mode) -> list[DomainEvent]:
    """What becomes of the orders, without asking first whether anything does."""
    draft = at.draft()
    return draft._made(draft._advanced(now, mode))


# --- properties -----------------------------------------------------------------------------------


def test_the_inputs_of_the_properties_below_reach_every_end() -> None:
    reached: set[str] = set()

    @settings(max_examples=250, derandomize=True, database=None)
    @given(inputs=steps, terms=books)
    def explore(inputs: list[Step], terms: BookTerms) -> None:
        for event in bodies(run(fresh(terms), inputs)):
            reached.add(type(event).__name__)
            reached.add(getattr(event, "reason", ""))
            reached.add(getattr(event, "liquidity", ""))

    explore()
    assert reached >= {"OrderAccepted", "OrderWorking", "OrderPartiallyFilled", "OrderFilled", "maker", "taker"}
    assert reached >= {"HALTED", "TTL", "MODE", "REDUCE_ONLY", "LIMIT", "INVALID", "EXPIRED", "SUSPENDED"}
    assert reached >= {"NO_PRICE", "STALE_DATA", "POSITION_LIMIT", "BELOW_MINIMUM", "NO_CASH", "UNKNOWN_INSTRUMENT"}
    assert reached >= {"SELF_TRADE", "BY_OPERATOR", "NO_LIQUIDITY", "UNFILLABLE", "LEG_LOST"}


@given(inputs=steps, terms=books)
def test_every_order_reaches_exactly_one_final_state_and_nothing_is_left_after_a_halt(
    inputs: list[Step], terms: BookTerms
) -> None:
    at = fresh(terms)
    events = bodies(run(at, [*inputs, Step(0, "HALTED", None)]))
    accepted = [event.order_id for event in events if isinstance(event, OrderAccepted)]
    finals = [event.order_id for event in events if isinstance(event, FINAL)]  # type: ignore[attr-defined]
    asked = {order.order_id for step in inputs if isinstance(step.what, Asked) for order in step.what.orders}
    assert sorted(finals) == sorted(accepted) == sorted(asked)
    assert not at.orders


@given(inputs=steps, terms=books)
def test_no_fill_is_beyond_the_limit_or_the_quantity_of_its_order(inputs: list[Step], terms: BookTerms) -> None:
    events = bodies(run(fresh(terms), inputs))
    orders = {event.order_id: event for event in events if isinstance(event, OrderAccepted)}
    for order_id, fills in fills_of(events).items():
        order = orders[order_id]
        assert sum(fill.quantity for fill in fills) <= order.quantity
        assert fills[-1].leaves == order.quantity - sum(fill.quantity for fill in fills)
        for fill in fills:
            assert fill.quantity > 0
            assert fill.price <= order.limit if order.side == "buy" else fill.price >= order.limit
            assert fill.price % BTC.tick_size == 0
            assert fill.quantity % BTC.lot_size == 0


@given(inputs=steps, terms=books)
def test_the_book_stays_within_its_means_and_its_modes(inputs: list[Step], terms: BookTerms) -> None:
    at, suspended, now = fresh(terms), False, T0
    for step in inputs:
        if isinstance(step.what, TradingSuspended | SuspensionLifted):
            suspended = isinstance(step.what, TradingSuspended)
        before = at.account.held("BTCUSDT")
        now += step.ms * MS
        events = [event.body for event in begun(at, step, now) + booked(at, at.advance(now, step.mode))]
        after = at.account.held("BTCUSDT")
        assert 0 <= after <= BTC.max_position
        assert 0 <= at.account.held("ETHUSDT") <= ETH.max_position
        assert at.account.cash >= 0
        assert at.free_cash == at.account.cash - at.reserved_cash
        if step.mode == "HALTED":
            assert not fills_of(events)
            assert not at.orders
        if step.mode == "REDUCE_ONLY" or suspended:
            assert after <= before
        working = [order for order in at.orders if order.working]
        assert not any(one.crosses(other) for one, other in combinations(working, 2))


@given(inputs=steps, terms=books)
def test_what_only_reduces_never_opens_or_turns_a_position(inputs: list[Step], terms: BookTerms) -> None:
    at, now = fresh(terms), T0
    reductions: dict[str, OrderAccepted] = {}
    for step in inputs:
        now += step.ms * MS
        held = at.account.held("BTCUSDT")
        for event in begun(at, step, now) + booked(at, at.advance(now, step.mode)):
            body = event.body
            if isinstance(body, OrderAccepted) and body.reduce_only:
                reductions[body.order_id] = body
            if isinstance(body, OrderFilled | OrderPartiallyFilled) and body.instrument == "BTCUSDT":
                moved = held + (body.quantity if body.side == "buy" else -body.quantity)
                if body.order_id in reductions:
                    assert abs(moved) < abs(held)
                    assert moved * held >= 0
                held = moved
        assert held == at.account.held("BTCUSDT")


@given(inputs=steps, terms=books)
def test_a_group_is_filled_wholly_in_one_set_of_events_or_not_at_all(inputs: list[Step], terms: BookTerms) -> None:
    told = run(fresh(terms), inputs)
    groups: dict[tuple[str, str], list[OrderAccepted]] = defaultdict(list)
    for event in bodies(told):
        if isinstance(event, OrderAccepted) and event.group:
            groups[event.decision_id, event.group].append(event)
    for legs in groups.values():
        sets = [fills_of(event.body for event in each.events) for each in told]
        traded = [fills for fills in sets if any(leg.order_id in fills for leg in legs)]
        for fills in traded:
            for leg in legs:
                assert sum(fill.quantity for fill in fills[leg.order_id]) == leg.quantity
        assert len(traded) <= 1


@given(inputs=steps, terms=books)
def test_the_same_inputs_give_identical_events_and_the_log_folds_to_the_same_book(
    inputs: list[Step], terms: BookTerms
) -> None:
    at, again, folded = fresh(terms), fresh(terms), fresh(terms)
    events = [event for told in run(at, inputs) for event in told.events]
    assert [event for told in run(again, inputs) for event in told.events] == events
    for event in events:
        stored = decode_event(TOPICS[type(event.body)], encode_event(event.body))
        folded.apply(msgspec.structs.replace(event, body=stored))
    assert folded.account == at.account
    assert list(folded.orders) == list(at.orders)
    assert at.account.net(MARKS) == at.account.equity(MARKS) - at.account.deposits


@given(inputs=steps, terms=books)
def test_deciding_changes_nothing_until_it_is_folded(inputs: list[Step], terms: BookTerms) -> None:
    at = fresh(terms)
    run(at, inputs)
    now = T0 + sum(step.ms for step in inputs) * MS
    asked = decision(ticket("buy", "0.01", name="new"), ticket("sell", "0.01", name="newer"), name="new")
    account, orders = at.account.copy(), [copied(order) for order in at.orders]
    first = execute(at, asked, committed_at=now, now=now), at.advance(now + SECOND, "HALTED")
    assert (execute(at, asked, committed_at=now, now=now), at.advance(now + SECOND, "HALTED")) == first
    assert (at.account, list(at.orders)) == (account, orders)


def copied(order: Order) -> Order:
    return msgspec.structs.replace(order)


@given(inputs=steps, terms=st.one_of(books, st.just(BookTerms(real_venue=True))))
def test_a_desk_that_says_that_it_has_nothing_to_do_has_nothing_to_do(inputs: list[Step], terms: BookTerms) -> None:
    at, now = fresh(terms), T0
    at.remote = "testnet"
    for step in inputs:
        now += step.ms * MS
        begun(at, step, now)
        for mode in ("NORMAL", "REDUCE_ONLY", "HALTED", step.mode):
            assert list(map(str, at.advance(now, mode))) == list(map(str, fully(at, now, mode)))
        booked(at, at.advance(now, step.mode))
        due = at.next_due()
        assert due is None or due > now

"""Orders that work: what they take when they arrive, how they rest, and everything that may end them."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from execution.domain.desk import Desk
from execution.domain.floor import Floor
from execution.domain.order import Status
from streams.events import (
    BookFounded,
    BookTerms,
    BreakerCleared,
    CancelOrdered,
    DomainEvent,
    Event,
    InstrumentListed,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderPartiallyFilled,
    OrderRejected,
    OrderTicket,
    OrderWorking,
    SuspensionLifted,
    TermChanged,
    TradingSuspended,
)
from streams.messages import Code, Side, TimeInForce
from tests.unit.execution.market import (
    BOOK,
    BTC,
    MS,
    SECOND,
    T0,
    advanced,
    booked,
    decision,
    desk,
    execute,
    executed,
    governed,
    limit_ticket,
    opened,
    quote,
    ticket,
    trade,
)

D = Decimal


def told(events: list[Event]) -> list[str]:
    """The kinds of events without their family, ends with their reason, fills with quantity and price."""
    names = []
    for event in events:
        name = type(event).__name__.removeprefix("Order")
        if isinstance(event, OrderFilled | OrderPartiallyFilled):
            name += f" {event.quantity.normalize():f}@{event.price}"
        names.append(f"{name} {event.reason}" if hasattr(event, "reason") else name)
    return names


def quoted(cash: str = "100000", **terms: object) -> Desk:
    at = desk(cash=cash, terms=msgspec.structs.replace(BookTerms(), **terms))
    at.observe(quote(bid_size="0.2", ask_size="0.2"))
    return at


def holding(quantity: str, **terms: object) -> Desk:
    at = desk(cash="1000000", terms=msgspec.structs.replace(BookTerms(), **terms))
    at.observe(quote())
    now = T0 + MS
    events = executed(at, decision(ticket(quantity=quantity, name="held"), name="held"), now=now)
    if at.orders:
        events += advanced(at, now=now + SECOND)
    assert isinstance(events[-1], OrderFilled)
    return at


def resting(at: Desk, asked: OrderTicket, *, now: int = T0 + MS) -> str:
    events = executed(at, decision(asked, name=f"of {asked.order_id}"), now=now)
    assert isinstance(events[-1], OrderWorking)
    return asked.order_id


# --- arriving ---------------------------------------------------------------------------------------


def test_a_market_order_takes_what_is_shown_and_its_rest_is_cancelled() -> None:
    events = executed(quoted(), decision(ticket(quantity="0.5")))
    assert told(events) == ["Accepted", "PartiallyFilled 0.2@60000.01", "Cancelled NO_LIQUIDITY"]


@pytest.mark.parametrize("time_in_force", ["IOC", "FOK", "GTC", "GTD"])
def test_a_limit_order_that_crosses_is_filled_at_once(time_in_force: TimeInForce) -> None:
    asked = limit_ticket("buy", "0.1", "60000.01", time_in_force, good_for_ms=50 if time_in_force == "GTD" else 0)
    assert told(executed(quoted(), decision(asked))) == ["Accepted", "Filled 0.1@60000.01"]


@pytest.mark.parametrize(
    ("time_in_force", "then"),
    [
        ("IOC", ["PartiallyFilled 0.2@60000.01", "Cancelled NO_LIQUIDITY"]),
        ("FOK", ["Cancelled UNFILLABLE"]),
        ("GTC", ["PartiallyFilled 0.2@60000.01", "Working"]),
        ("GTD", ["PartiallyFilled 0.2@60000.01", "Working"]),
    ],
)
def test_what_is_not_filled_at_once_ends_or_rests_by_its_time_in_force(
    time_in_force: TimeInForce, then: list[str]
) -> None:
    asked = limit_ticket("buy", "0.5", "60000.50", time_in_force, good_for_ms=50 if time_in_force == "GTD" else 0)
    at = quoted()
    assert told(executed(at, decision(asked))) == ["Accepted", *then]
    order = at.orders.open(asked.order_id)
    assert (order is not None) is (then[-1] == "Working")
    if order is not None:
        assert (order.status, order.leaves, order.working) == (Status.PARTIALLY_FILLED, D("0.3"), True)


@pytest.mark.parametrize(
    ("time_in_force", "end"), [("IOC", "Cancelled LIMIT"), ("FOK", "Cancelled UNFILLABLE"), ("GTC", "Working")]
)
def test_a_limit_that_does_not_cross_takes_nothing(time_in_force: TimeInForce, end: str) -> None:
    asked = limit_ticket("buy", "0.1", "59000.00", time_in_force)
    assert told(executed(quoted(), decision(asked))) == ["Accepted", end]


def test_a_limit_order_waits_where_the_market_says_nothing() -> None:
    assert told(executed(desk(), decision(limit_ticket("buy", "0.1", "59000.00")))) == ["Accepted", "Working"]
    immediate = limit_ticket("buy", "0.1", "59000.00", "IOC")
    assert told(executed(desk(), decision(immediate))) == ["Accepted", "Rejected NO_PRICE"]


def test_a_limit_between_two_ticks_is_no_limit() -> None:
    events = executed(quoted(), decision(limit_ticket("buy", "0.1", "59000.005")))
    assert told(events) == ["Accepted", "Rejected INVALID"]


def test_two_orders_of_one_decision_do_not_take_the_same_liquidity() -> None:
    at = quoted()
    events = executed(at, decision(ticket(quantity="0.15"), ticket(quantity="0.15", name="2")))
    assert told(events) == [
        "Accepted",
        "Filled 0.15@60000.01",
        "Accepted",
        "PartiallyFilled 0.05@60000.01",
        "Cancelled NO_LIQUIDITY",
    ]
    assert told(executed(at, decision(ticket(quantity="0.1", name="3")))) == ["Accepted", "Cancelled NO_LIQUIDITY"]
    at.observe(quote(ask="60000.02", ask_size="0.2", update_id=2))
    assert told(executed(at, decision(ticket(quantity="0.1", name="4")))) == ["Accepted", "Filled 0.1@60000.02"]


# --- resting ----------------------------------------------------------------------------------------


def test_a_resting_order_is_filled_as_maker_at_its_limit_with_the_cause_of_its_decision() -> None:
    at = quoted()
    order_id = resting(at, limit_ticket("buy", "0.5", "59999.00"))
    at.observe(trade("59998.00", quantity="0.2"))
    (first,) = at.advance(T0 + SECOND, "NORMAL")
    assert isinstance(first.body, OrderPartiallyFilled)
    assert (first.body.quantity, first.body.price, first.body.liquidity) == (D("0.2"), D("59999.00"), "maker")
    assert (first.body.received_at, first.body.tick_id) == (T0, "binance:BTCUSDT:t1")
    assert (first.correlation_id, first.causation_id, first.originator_version) == ("tick", "cause", 3)
    booked(at, [first])
    assert at.advance(T0 + SECOND, "NORMAL") == []
    at.observe(trade("59998.00", quantity="5", trade_id=2))
    assert told(advanced(at)) == ["Filled 0.3@59999.00"]
    assert at.orders.is_finished(order_id)
    assert at.account.held("BTCUSDT") == D("0.5")


def test_working_buys_reserve_cash_at_their_limit_with_the_fee() -> None:
    at = quoted(cash="6000", fee_bp=D(10))
    resting(at, limit_ticket("buy", "0.05", "50000.00"))
    assert (at.reserved_cash, at.free_cash) == (D("2502.5"), D("3497.5"))
    events = executed(at, decision(ticket(quantity="0.06", name="2")))
    assert told(events) == ["Accepted", "Rejected NO_CASH"]
    assert told(executed(at, decision(ticket(quantity="0.05", name="3"))))[-1].startswith("Filled")


def test_a_buy_that_would_rest_needs_the_cash_for_all_of_it() -> None:
    events = executed(quoted(cash="20000"), decision(limit_ticket("buy", "0.5", "60000.50")))
    assert told(events) == ["Accepted", "Rejected NO_CASH"]


def test_what_works_counts_against_the_position_limits() -> None:
    at = holding("0.1")
    resting(at, limit_ticket("sell", "0.1", "61000.00"))
    events = executed(at, decision(limit_ticket("sell", "0.1", "62000.00", name="2")))
    assert told(events) == ["Accepted", "Rejected POSITION_LIMIT"]


def test_a_resting_sell_is_cancelled_when_what_it_would_sell_is_gone() -> None:
    at = holding("0.1")
    resting(at, limit_ticket("sell", "0.1", "61000.00"))
    executed(at, decision(ticket("sell", "0.06", name="flat", reduce_only=True)))
    at.observe(trade("61001.00"))
    assert told(advanced(at)) == ["PartiallyFilled 0.04@61000.00", "Cancelled POSITION_LIMIT"]
    assert at.account.held("BTCUSDT") == 0


# --- the ends of what works -------------------------------------------------------------------------


def test_good_till_date_expires_on_time() -> None:
    at = quoted()
    asked = limit_ticket("buy", "0.1", "59000.00", "GTD", good_for_ms=300)
    resting(at, asked, now=T0 + MS)
    assert at.next_due() == T0 + 301 * MS
    assert advanced(at, now=T0 + 301 * MS - 1) == []
    events = advanced(at, now=T0 + 301 * MS)
    assert told(events) == ["Expired EXPIRED"]
    assert at.next_due() is None


def test_what_was_earned_in_time_is_filled_before_the_order_expires() -> None:
    at = quoted()
    resting(at, limit_ticket("buy", "0.5", "59999.00", "GTD", good_for_ms=300))
    at.observe(trade("59998.00", quantity="0.2"))
    assert told(advanced(at, now=T0 + SECOND)) == ["PartiallyFilled 0.2@59999.00", "Expired EXPIRED"]


def test_a_halt_cancels_what_works_and_nothing_is_filled_any_more() -> None:
    at = quoted()
    resting(at, limit_ticket("buy", "0.5", "59999.00"))
    at.observe(trade("59998.00", quantity="0.2"))
    assert told(advanced(at, mode="HALTED")) == ["Cancelled HALTED"]
    assert at.account.held("BTCUSDT") == 0


@pytest.mark.parametrize(("side", "ends"), [("buy", ["Cancelled MODE"]), ("sell", [])])
def test_where_the_book_may_only_reduce_what_grows_is_cancelled(side: Side, ends: list[str]) -> None:
    at = holding("0.1")
    resting(at, limit_ticket(side, "0.1", "50000.00" if side == "buy" else "70000.00"))
    assert told(advanced(at, mode="REDUCE_ONLY")) == ends


@pytest.mark.parametrize(("side", "ends"), [("buy", ["Cancelled SUSPENDED"]), ("sell", [])])
def test_where_an_instrument_is_suspended_what_grows_is_cancelled(side: Side, ends: list[str]) -> None:
    at = holding("0.1")
    resting(at, limit_ticket(side, "0.1", "50000.00" if side == "buy" else "70000.00"))
    assert at.next_due() is None
    at.apply(governed(TradingSuspended(instrument="BTCUSDT", who="operator:a", why="strange")))
    assert at.next_due() == (0 if ends else None)
    assert told(advanced(at)) == ends


def test_a_suspended_instrument_takes_no_new_order_but_a_reduction_until_it_is_lifted() -> None:
    at = holding("0.1")
    at.apply(governed(TradingSuspended(instrument="BTCUSDT", who="breaker:reconciliation", why="a lot is missing")))
    assert told(executed(at, decision(ticket(quantity="0.1", name="a"))))[-1] == "Rejected SUSPENDED"
    assert told(executed(at, decision(ticket("sell", "0.05", name="b"))))[-1].startswith("Filled")
    at.apply(governed(SuspensionLifted(instrument="BTCUSDT", who="breaker:stale_feed", why="fresh")))
    assert told(executed(at, decision(ticket(quantity="0.1", name="c"))))[-1] == "Rejected SUSPENDED"
    cleared = BreakerCleared(breaker="reconciliation", subject="BTCUSDT", who="operator:a", why="looked into")
    at.apply(governed(cleared))
    assert told(executed(at, decision(ticket(quantity="0.1", name="d"))))[-1].startswith("Filled")


def test_an_operator_cancels_one_order_and_the_other_works_on() -> None:
    at = quoted()
    one, other = (
        resting(at, limit_ticket("buy", "0.1", "59000.00")),
        resting(at, limit_ticket("buy", "0.1", "58000.00", name="2")),
    )
    at.apply(governed(CancelOrdered(order_id=one, who="operator:a", why="changed my mind")))
    assert at.next_due() == 0
    (event,) = advanced(at)
    assert isinstance(event, OrderCancelled)
    assert (event.order_id, event.reason, event.detail) == (one, "BY_OPERATOR", "operator:a: changed my mind")
    assert [order.order_id for order in at.orders] == [other]
    assert at.next_due() is None


def test_a_cancellation_by_hand_has_its_own_cause_and_unknown_orders_have_none() -> None:
    at = quoted()
    order_id = resting(at, limit_ticket("buy", "0.1", "59000.00"))

    def cancel(name: str) -> list[DomainEvent]:
        return at.cancel(name, Code.BY_OPERATOR, "enough", cause_id="asked", correlation="by hand", now=T0)

    assert cancel("unknown") == []
    (event,) = cancel(order_id)
    assert (event.causation_id, event.correlation_id) == ("asked", "by hand")
    booked(at, [event])
    assert cancel(order_id) == []
    at.observe(trade("58000.00"))
    assert advanced(at) == []


# --- recovery ---------------------------------------------------------------------------------------


def founded(**terms: object) -> DomainEvent:
    made = msgspec.structs.replace(BookTerms(), **terms)
    return governed(BookFounded(book=BOOK, quote="USDT", instruments=(BTC,), terms=made, who="operator:a", why="demo"))


def test_after_a_restart_orders_rest_again_and_ticks_of_before_bring_them_nothing() -> None:
    before = Floor()
    log = [founded(), opened()]
    for event in log:
        before.apply(event)
    before.begin()
    before.observe(quote(bid_size="0.2"))
    events = execute(before.desk(BOOK), decision(limit_ticket("buy", "0.5", "59999.99")))
    after = Floor()
    for event in (*log, *events):
        after.apply(event)
    after.observe(quote(bid_size="0.2"))
    after.observe(trade("59990.00"))
    after.begin()
    at = after.desk(BOOK)
    assert at.advance(T0 + SECOND, "NORMAL") == []
    after.observe(trade("59999.99", quantity="0.3", trade_id=2))
    assert told(advanced(at)) == ["PartiallyFilled 0.1@59999.99"]


def test_after_a_restart_what_was_on_its_way_arrives_at_once() -> None:
    before = quoted(paper_latency_ms=40)
    events = execute(before, decision(ticket()), now=T0)
    after = quoted(paper_latency_ms=40)
    booked(after, events)
    assert after.next_due() == 0
    assert told(advanced(after, now=T0 + MS)) == ["Filled 0.1@60000.01"]


def test_terms_of_book_and_instrument_change_what_is_allowed_next() -> None:
    at = quoted(fee_bp=D(0))
    changed = TermChanged(name="fee_bp", instrument="", origin=D(0), to=D(10), who="operator:a", why="dearer")
    at.apply(governed(changed))
    (_, fill) = executed(at, decision(ticket()))
    assert isinstance(fill, OrderFilled)
    assert fill.fee == D("6.000001")
    at.apply(governed(msgspec.structs.replace(changed, name="max_position", instrument="BTCUSDT", to=D("0.15"))))
    assert told(executed(at, decision(ticket(name="2")))) == ["Accepted", "Rejected POSITION_LIMIT"]
    eth = msgspec.structs.replace(BTC, symbol="ETHUSDT")
    at.apply(governed(InstrumentListed(terms=eth, who="operator:a", why="new")))
    assert "ETHUSDT" in at.instruments


def test_the_acceptance_says_all_that_was_decided() -> None:
    asked = limit_ticket("buy", "0.1", "59000.00", "GTD", good_for_ms=300)
    (accepted, _) = executed(quoted(), decision(asked), now=T0 + MS)
    assert accepted == OrderAccepted(
        order_id=asked.order_id,
        decision_id=decision().decision_id,
        instrument="BTCUSDT",
        side="buy",
        quantity=D("0.1"),
        limit=D("59000.00"),
        type="limit",
        time_in_force="GTD",
        expires_at=T0 + 301 * MS,
        received_at=T0,
    )


def test_ends_are_what_they_are_called() -> None:
    assert {OrderRejected, OrderCancelled, OrderExpired} == {
        type(event)
        for events in (
            executed(desk(), decision(ticket())),
            executed(quoted(), decision(ticket(quantity="0.5"))),
            executed(quoted(), decision(ticket()), now=T0 + SECOND),
        )
        for event in events[-1:]
    }

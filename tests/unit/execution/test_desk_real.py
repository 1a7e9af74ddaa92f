"""Orders that a real venue executes: what is sent, what its word makes of them, and what must be cancelled there."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from execution.domain.desk import Desk
from execution.domain.order import IllegalTransition, Order
from execution.domain.venue import Report, ReportState, VenueFill
from streams.events import (
    BookTerms,
    CancelOrdered,
    Event,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderPartiallyFilled,
    OrderRejected,
    OrderSent,
    OrderTicket,
    OrderWorking,
    TradingSuspended,
)
from streams.messages import Code, Mode
from tests.unit.execution.market import (
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
NOW = T0 + MS


def real(cash: str = "100000", remote: str = "testnet") -> Desk:
    at = desk(cash=cash, terms=BookTerms(real_venue=True))
    at.remote = remote
    at.observe(quote())
    return at


def sent(at: Desk, asked: OrderTicket) -> str:
    events = executed(at, decision(asked, name=f"of {asked.order_id}"))
    assert isinstance(events[-1], OrderSent)
    return asked.order_id


def fill(trade_id: str, quantity: str, price: str = "60000.00", fee_base: str = "0") -> VenueFill:
    return VenueFill(trade_id=trade_id, quantity=D(quantity), price=D(price), fee=D("0.6"), fee_base=D(fee_base))


def word(order_id: str, state: ReportState, *fills: VenueFill, detail: str = "") -> Report:
    return Report(client_order_id=order_id, state=state, venue_order_id="81", fills=fills, detail=detail)


def reported(at: Desk, report: Report, *, now: int = NOW, halted_at: int = 0) -> list[Event]:
    return booked(at, at.reported(report, now=now, halted_at=halted_at))


def held(quantity: str) -> Desk:
    at = real(cash="1000000")
    order_id = sent(at, ticket(quantity=quantity, name="held"))
    reported(at, word(order_id, "filled", fill("t0", quantity)))
    return at


def ends(events: list[Event]) -> list[tuple[type[Event], str]]:
    return [
        (type(event), event.reason)
        for event in events
        if isinstance(event, OrderCancelled | OrderRejected | OrderExpired)
    ]


# --- sending ----------------------------------------------------------------------------------------


def test_an_order_is_sent_once_under_its_own_id_and_stays_unresolved() -> None:
    at = real()
    events = executed(at, decision(ticket()))
    assert [type(event) for event in events] == [OrderAccepted, OrderSent]
    assert events[1] == OrderSent(
        order_id=ticket().order_id,
        decision_id=decision().decision_id,
        venue="testnet",
        client_order_id=ticket().order_id,
        sent_at=NOW,
    )
    assert [order.order_id for order in at.unresolved()] == [ticket().order_id]
    assert executed(at, decision(ticket())) == []
    assert advanced(at, now=NOW + 3600 * SECOND) == []
    assert at.next_due() is None


@pytest.mark.parametrize(
    ("asked", "remote", "cash", "code"),
    [
        (ticket(), "", "100000", Code.NO_VENUE),
        (ticket(group="pair"), "testnet", "100000", Code.NOT_SUPPORTED),
        (ticket("sell"), "testnet", "100000", Code.POSITION_LIMIT),
        (ticket("sell", reduce_only=True), "testnet", "100000", Code.REDUCE_ONLY),
        (ticket(quantity="0.00001"), "testnet", "100000", Code.BELOW_MINIMUM),
        (ticket(), "testnet", "6030", Code.NO_CASH),
        (ticket(quantity="NaN", reduce_only=True), "testnet", "100000", Code.INVALID),
    ],
)
def test_what_cannot_be_sent_is_rejected(asked: OrderTicket, remote: str, cash: str, code: Code) -> None:
    at = real(cash, remote)
    assert ends(executed(at, decision(asked))) == [(OrderRejected, code)]
    assert at.unresolved() == []


def test_neither_late_nor_in_a_halt_is_anything_sent() -> None:
    assert ends(executed(real(), decision(ticket()), now=T0 + SECOND)) == [(OrderExpired, "TTL")]
    assert ends(executed(real(), decision(ticket()), mode="HALTED")) == [(OrderCancelled, "HALTED")]


def test_a_reduction_is_accepted_with_what_there_is_to_reduce() -> None:
    at = held("0.1")
    accepted, out = executed(at, decision(ticket("sell", "0.3", name="flat", reduce_only=True)))
    assert isinstance(accepted, OrderAccepted)
    assert isinstance(out, OrderSent)
    assert accepted.quantity == D("0.1")


def test_a_newer_order_waits_until_the_one_that_it_would_trade_with_is_final() -> None:
    at = held("0.1")
    older = sent(at, limit_ticket("buy", "0.1", "59000.00", name="older"))
    reported(at, word(older, "working"))
    flat = ticket("sell", "0.1", name="flat", reduce_only=True)
    assert [type(event) for event in executed(at, decision(flat, name="flat"))] == [OrderAccepted]
    assert at.to_cancel(NOW, "NORMAL") == [(open_order(at, older), Code.SELF_TRADE)]
    assert at.next_due() == NOW + SECOND
    assert advanced(at) == []
    assert ends(reported(at, word(older, "cancelled"))) == [(OrderCancelled, "SELF_TRADE")]
    assert at.next_due() == 0
    (out,) = advanced(at)
    assert isinstance(out, OrderSent)
    assert out.order_id == flat.order_id


def test_what_waits_is_cancelled_by_a_halt_and_by_an_operator_without_a_call() -> None:
    for mode, code in (("HALTED", "HALTED"), ("NORMAL", "BY_OPERATOR")):
        at = held("0.1")
        sent(at, limit_ticket("buy", "0.1", "59000.00", name="older"))
        flat = ticket("sell", "0.1", name="flat", reduce_only=True)
        executed(at, decision(flat, name="flat"))
        if code == "BY_OPERATOR":
            at.apply(governed(CancelOrdered(order_id=flat.order_id, who="operator:a", why="enough")))
        assert ends(booked(at, at.advance(NOW, mode))) == [(OrderCancelled, code)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "waits",
    [
        ticket("sell", "0.1", name="flat", reduce_only=True),
        limit_ticket("sell", "0.1", "58000.00", "IOC", name="flat"),
        limit_ticket("sell", "0.1", "58000.00", "FOK", name="flat"),
    ],
    ids=["market", "IOC", "FOK"],
)
def test_what_does_not_rest_waits_a_second_for_another_order_and_expires(waits: OrderTicket) -> None:
    at = held("0.1")
    older = sent(at, limit_ticket("buy", "0.1", "59000.00", name="older"))
    assert [type(event) for event in executed(at, decision(waits, name="flat"))] == [OrderAccepted]
    assert at.next_due() == NOW + SECOND
    assert advanced(at, now=NOW + SECOND - 1) == []
    (expired,) = advanced(at, now=NOW + SECOND)
    assert ends([expired]) == [(OrderExpired, "TTL")]
    assert isinstance(expired, OrderExpired)
    assert older in expired.detail
    assert [order.order_id for order in at.orders] == [older]
    assert at.next_due() is None


def test_what_may_rest_waits_for_its_own_time() -> None:
    for waits, until, code in (
        (limit_ticket("sell", "0.1", "58000.00", name="ask"), None, ""),
        (limit_ticket("sell", "0.1", "58000.00", "GTD", name="ask", good_for_ms=5000), NOW + 5 * SECOND, "EXPIRED"),
    ):
        at = held("0.1")
        sent(at, limit_ticket("buy", "0.1", "59000.00", name="older"))
        executed(at, decision(waits, name="ask"))
        assert at.next_due() == until
        assert advanced(at, now=NOW + 5 * SECOND - 1) == []
        assert ends(advanced(at, now=NOW + 5 * SECOND)) == ([(OrderExpired, code)] if code else [])


def test_a_way_that_is_free_too_late_is_not_taken() -> None:
    """As where an executor was away meanwhile."""
    at = held("0.1")
    older = sent(at, limit_ticket("buy", "0.1", "59000.00", name="older"))
    executed(at, decision(ticket("sell", "0.1", name="flat", reduce_only=True), name="flat"))
    reported(at, word(older, "cancelled"))
    assert ends(advanced(at, now=NOW + SECOND)) == [(OrderExpired, "TTL")]


def test_what_was_accepted_for_paper_does_not_wait_for_a_venue() -> None:
    at = desk(terms=BookTerms(paper_latency_ms=100))
    at.observe(quote())
    executed(at, decision(ticket(name="on its way"), name="1"))
    moved(at, to_real=True)
    sent(at, ticket("buy", "0.1", name="older"))
    reported(at, word(ticket(name="older").order_id, "filled", fill("t1", "0.1")))
    sent(at, limit_ticket("sell", "0.1", "60000.00", name="ask"))
    assert at.next_due() == 0
    assert ends(advanced(at)) == [(OrderExpired, "TTL")]


def test_an_order_that_was_sent_has_no_end_of_its_wait() -> None:
    at = real()
    order_id = sent(at, ticket())
    assert at.to_cancel(NOW + 10 * SECOND, "NORMAL") == []
    assert ends(reported(at, word(order_id, "expired"), now=NOW + 10 * SECOND)) == [(OrderCancelled, "LIMIT")]


def open_order(at: Desk, order_id: str) -> Order:
    order = at.orders.open(order_id)
    assert order is not None
    return order


# --- the venue's word -------------------------------------------------------------------------------


def test_executions_are_booked_once_however_often_they_are_told() -> None:
    at = real()
    order_id = sent(at, ticket())
    assert reported(at, word(order_id, "pending")) == []
    first = reported(at, word(order_id, "working", fill("t1", "0.04")))
    assert [type(event) for event in first] == [OrderPartiallyFilled, OrderWorking]
    assert reported(at, word(order_id, "working", fill("t1", "0.04"))) == []
    second = reported(at, word(order_id, "filled", fill("t1", "0.04"), fill("t2", "0.06", fee_base="0.00001")))
    (last,) = second
    assert last == OrderFilled(
        order_id=order_id,
        decision_id=open_decision(order_id),
        venue="testnet",
        instrument="BTCUSDT",
        side="buy",
        quantity=D("0.06"),
        leaves=D(0),
        price=D("60000.00"),
        fee=D("0.6"),
        tick_id="",
        received_at=T0,
        trade_id="t2",
        fee_base=D("0.00001"),
    )
    assert at.account.held("BTCUSDT") == D("0.09999")
    assert reported(at, word(order_id, "filled", fill("t1", "0.04"), fill("t2", "0.06"))) == []
    assert at.unresolved() == []


def open_decision(order_id: str) -> str:
    return decision(name=f"of {order_id}").decision_id


def test_the_log_alone_says_what_is_booked() -> None:
    at, again = real(), real()
    order_id = ticket().order_id
    events = at.execute(
        decision(ticket()), committed_at=T0, cause_id="cause", correlation="tick", now=NOW, mode="NORMAL"
    )
    booked(at, events)
    events += at.reported(word(order_id, "working", fill("t1", "0.04")), now=NOW, halted_at=0)
    booked(again, events)
    (order,) = again.unresolved()
    assert (order.trades, order.leaves, order.sent_at, order.venue_order_id) == (("t1",), D("0.06"), NOW, "81")
    (filled,) = again.reported(word(order_id, "filled", fill("t1", "0.04"), fill("t2", "0.06")), now=NOW, halted_at=0)
    assert (filled.causation_id, filled.correlation_id, filled.originator_version) == ("cause", "tick", 5)


def test_a_filled_order_whose_executions_are_not_all_told_is_not_final_yet() -> None:
    at = real()
    order_id = sent(at, ticket())
    assert [type(event) for event in reported(at, word(order_id, "filled", fill("t1", "0.04")))] == [
        OrderPartiallyFilled
    ]
    assert [order.order_id for order in at.unresolved()] == [order_id]


def test_more_than_was_ordered_is_an_error_that_says_so() -> None:
    at = real()
    order_id = sent(at, ticket())
    with pytest.raises(IllegalTransition, match=r"leaves only 0\.1"):
        at.reported(word(order_id, "filled", fill("t1", "0.2")), now=NOW, halted_at=0)


def test_after_a_halt_executions_are_booked_and_marked() -> None:
    at = real()
    order_id = sent(at, ticket())
    partly, cancelled = reported(at, word(order_id, "cancelled", fill("t1", "0.04")), halted_at=NOW)
    assert isinstance(partly, OrderPartiallyFilled)
    assert partly.after_halt
    assert ends([cancelled]) == [(OrderCancelled, "HALTED")]
    assert at.account.held("BTCUSDT") == D("0.04")


@pytest.mark.parametrize(
    ("asked", "state", "end"),
    [
        (ticket(), "expired", (OrderCancelled, "LIMIT")),
        (ticket(), "cancelled", (OrderCancelled, "LIMIT")),
        (limit_ticket("buy", "0.1", "60000.00", "FOK"), "expired", (OrderCancelled, "UNFILLABLE")),
        (limit_ticket("buy", "0.1", "60000.00", "GTC"), "cancelled", (OrderCancelled, "VENUE_CANCELLED")),
        (limit_ticket("buy", "0.1", "60000.00", "GTC"), "rejected", (OrderRejected, "VENUE_REFUSED")),
    ],
)
def test_the_venues_end_is_the_orders_end(asked: OrderTicket, state: ReportState, end: tuple[type[Event], str]) -> None:
    at = real()
    order_id = sent(at, asked)
    assert ends(reported(at, word(order_id, state))) == [end]
    assert at.unresolved() == []


def test_good_till_date_is_cancelled_there_and_expires() -> None:
    at = real()
    order_id = sent(at, limit_ticket("buy", "0.1", "59000.00", "GTD", good_for_ms=1000))
    reported(at, word(order_id, "working"))
    assert at.to_cancel(NOW + SECOND - 1, "NORMAL") == []
    assert [code for _, code in at.to_cancel(NOW + SECOND, "NORMAL")] == [Code.EXPIRED]
    events = reported(at, word(order_id, "cancelled", fill("t1", "0.04")), now=NOW + SECOND)
    assert ends(events) == [(OrderExpired, "EXPIRED")]


def test_a_word_on_an_unknown_order_says_nothing() -> None:
    assert real().reported(word("unknown", "filled", fill("t1", "1")), now=NOW, halted_at=0) == []


def test_an_order_that_never_was_is_rejected_and_the_rest_of_one_that_was_is_cancelled() -> None:
    at = real()
    order_id = sent(at, ticket())
    (event,) = booked(at, at.failed(order_id, Code.VENUE_REFUSED, "insufficient balance", now=NOW))
    assert event == OrderRejected(
        order_id=order_id,
        decision_id=open_decision(order_id),
        reason="VENUE_REFUSED",
        detail="insufficient balance",
    )
    assert at.failed(order_id, Code.VENUE_REFUSED, "", now=NOW) == []
    other = sent(at, ticket(name="2"))
    reported(at, word(other, "working", fill("t1", "0.04")))
    assert ends(booked(at, at.failed(other, Code.VENUE_LOST, "", now=NOW))) == [(OrderCancelled, "VENUE_LOST")]


# --- what must be cancelled -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "buy", "sell"), [("NORMAL", [], []), ("REDUCE_ONLY", ["MODE"], []), ("HALTED", ["HALTED"], ["HALTED"])]
)
def test_modes_say_what_must_be_cancelled_and_each_is_named_until_it_is_final(
    mode: Mode, buy: list[str], sell: list[str]
) -> None:
    at = held("0.1")
    bid = sent(at, limit_ticket("buy", "0.1", "59000.00", name="bid"))
    ask = sent(at, limit_ticket("sell", "0.1", "61000.00", name="ask"))
    for _ in range(2):
        found = [(order.order_id, str(code)) for order, code in at.to_cancel(NOW, mode)]
        assert found == [(bid, code) for code in buy] + [(ask, code) for code in sell]
    if buy:
        assert ends(reported(at, word(bid, "cancelled"))) == [(OrderCancelled, buy[0])]
        assert bid not in {order.order_id for order, _ in at.to_cancel(NOW, mode)}


def test_suspensions_and_operators_say_so_too() -> None:
    at = held("0.1")
    bid = sent(at, limit_ticket("buy", "0.1", "59000.00", name="bid"))
    at.apply(governed(TradingSuspended(instrument="BTCUSDT", who="operator:a", why="strange")))
    assert [code for _, code in at.to_cancel(NOW, "NORMAL")] == [Code.SUSPENDED]
    ask = sent(at, limit_ticket("sell", "0.1", "61000.00", name="ask"))
    assert at.cancel(ask, Code.BY_OPERATOR, "enough", cause_id="c", correlation="c", now=NOW) == []
    assert [(order.order_id, code) for order, code in at.to_cancel(NOW, "NORMAL")] == [
        (bid, Code.SUSPENDED),
        (ask, Code.BY_OPERATOR),
    ]
    assert ends(reported(at, word(ask, "cancelled"))) == [(OrderCancelled, "BY_OPERATOR")]


def moved(at: Desk, *, to_real: bool) -> None:
    assert at.terms is not None
    at.terms = msgspec.structs.replace(at.terms, real_venue=to_real)
    at.remote = "testnet"


def test_an_order_that_works_on_paper_is_cancelled_when_the_book_goes_to_a_real_venue() -> None:
    at = desk()
    at.observe(quote())
    executed(at, decision(limit_ticket("buy", "0.1", "59000.00")))
    moved(at, to_real=True)
    assert at.unresolved() == []
    assert at.next_due() == 0
    assert ends(advanced(at)) == [(OrderCancelled, "MODE")]


def test_an_order_at_a_real_venue_is_cancelled_there_when_the_book_goes_to_paper() -> None:
    at = held("0.1")
    bid = sent(at, limit_ticket("buy", "0.1", "59000.00", name="bid"))
    moved(at, to_real=False)
    events = executed(at, decision(ticket("sell", "0.1", name="flat", reduce_only=True), name="flat"))
    assert [type(event) for event in events] == [OrderAccepted, OrderFilled]
    assert [(order.order_id, code) for order, code in at.to_cancel(NOW, "NORMAL")] == [(bid, Code.MODE)]
    assert ends(reported(at, word(bid, "cancelled"))) == [(OrderCancelled, "MODE")]


def test_what_the_governor_cancels_for_a_reduction_says_so() -> None:
    at = held("0.1")
    bid = sent(at, limit_ticket("buy", "0.1", "59000.00", name="bid"))
    at.apply(governed(CancelOrdered(order_id=bid, who="governor", why="the reduction r1 passed")))
    assert [code for _, code in at.to_cancel(NOW, "NORMAL")] == [Code.REDUCE_ONLY]
    assert ends(reported(at, word(bid, "cancelled"))) == [(OrderCancelled, "REDUCE_ONLY")]

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from execution.domain.desk import Desk
from execution.domain.floor import Floor
from execution.domain.order import IllegalTransition
from streams.events import (
    FINAL,
    BookFounded,
    BookTerms,
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
    aggregate_id,
)
from streams.messages import Mode, Side
from tests.unit.execution.market import (
    BOOK,
    BTC,
    MS,
    SECOND,
    T0,
    decision,
    desk,
    execute,
    executed,
    opened,
    quote,
    ticket,
    trade,
)

D = Decimal


def last(events: list[Event]) -> Event:
    """The only final event, after its acceptance."""
    assert isinstance(events[0], OrderAccepted)
    assert [type(event) in FINAL for event in events] == [False, True]
    return events[1]


def refused(events: list[Event]) -> tuple[type[Event], str]:
    event = last(events)
    assert isinstance(event, OrderRejected | OrderCancelled | OrderExpired)
    return type(event), event.reason


def held(quantity: str, **options: object) -> Desk:
    """A desk that bought `quantity` at 60000.01."""
    at = desk(**options)  # type: ignore[arg-type]
    at.observe(quote())
    assert isinstance(last(executed(at, decision(ticket(quantity=quantity, name="held"), name="held"))), OrderFilled)
    return at


# --- fills ----------------------------------------------------------------------------------------


def test_a_buy_is_filled_at_the_ask_that_is_held() -> None:
    at = desk()
    at.observe(quote())
    fill = last(executed(at, decision(ticket())))
    assert fill == OrderFilled(
        order_id=ticket().order_id,
        decision_id=decision().decision_id,
        venue="paper",
        instrument="BTCUSDT",
        side="buy",
        quantity=D("0.1"),
        leaves=D(0),
        price=D("60000.01"),
        fee=D("0.12000002"),
        tick_id="binance:BTCUSDT:q1",
        received_at=T0,
    )
    assert at.account.held("BTCUSDT") == D("0.1")
    assert at.account.cash == D(100000) - D("6000.001") - D("0.12000002")


def test_a_sell_is_filled_at_the_bid() -> None:
    fill = last(executed(held("0.1"), decision(ticket("sell"))))
    assert isinstance(fill, OrderFilled)
    assert fill.price == D("59999.99")


def test_without_a_fresh_quote_the_last_trade_is_the_price() -> None:
    at = desk()
    at.observe(quote(at=T0 - SECOND - 1))
    at.observe(trade("60007.77"))
    fill = last(executed(at, decision(ticket())))
    assert isinstance(fill, OrderFilled)
    assert (fill.price, fill.tick_id) == (D("60007.77"), "binance:BTCUSDT:t1")


def test_a_quote_of_exactly_one_second_is_fresh() -> None:
    at = desk()
    at.observe(quote(at=T0 - SECOND))
    at.observe(trade("60007.77"))
    fill = last(executed(at, decision(ticket())))
    assert isinstance(fill, OrderFilled)
    assert fill.tick_id == "binance:BTCUSDT:q1"


def test_slippage_worsens_the_price_and_rounds_to_the_tick_against_the_order() -> None:
    at = desk(terms=BookTerms(slippage_bp=D(1)))
    at.observe(quote())
    bought = last(executed(at, decision(ticket())))
    sold = last(executed(at, decision(ticket("sell", name="2"))))
    assert isinstance(bought, OrderFilled)
    assert isinstance(sold, OrderFilled)
    assert bought.price == D("60006.02")  # 60006.010001
    assert sold.price == D("59993.99")  # 59993.990001


def test_events_carry_their_cause_and_versions_from_one() -> None:
    at = desk()
    at.observe(quote())
    events = execute(at, decision(ticket(), ticket(name="2", quantity="0.2")))
    assert [event.originator_version for event in events] == [1, 2, 1, 2]
    assert {event.originator_id for event in events} == {
        aggregate_id("Order", ticket().order_id),
        aggregate_id("Order", ticket(name="2").order_id),
    }
    assert {(e.correlation_id, e.causation_id, e.actor, e.book) for e in events} == {
        ("tick", "cause", "executor", BOOK)
    }


def test_executing_changes_nothing_until_it_is_applied() -> None:
    at = desk()
    at.observe(quote())
    assert execute(at, decision(ticket())) == execute(at, decision(ticket()))
    assert at.account.held("BTCUSDT") == 0


# --- no fill --------------------------------------------------------------------------------------


def test_after_its_time_to_live_an_order_expires() -> None:
    at = desk()
    at.observe(quote())
    assert refused(executed(at, decision(ticket()), now=T0 + 200 * MS + 1)) == (OrderExpired, "TTL")


def test_at_the_end_of_its_time_to_live_it_is_still_filled() -> None:
    at = desk()
    at.observe(quote())
    assert isinstance(last(executed(at, decision(ticket()), now=T0 + 200 * MS)), OrderFilled)


def test_in_a_halt_every_order_is_cancelled_even_a_late_one() -> None:
    at = held("0.1")
    for asked in (ticket(name="a"), ticket("sell", name="b"), ticket(instrument="NOPE", name="c")):
        events = executed(at, decision(asked), mode="HALTED", now=T0 + SECOND)
        assert refused(events) == (OrderCancelled, "HALTED")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (ticket("sell", "0.1"), OrderFilled),
        (ticket("sell", "0.05"), OrderFilled),
        (ticket("sell", "0.11"), OrderRejected),
        (ticket("buy", "0.01"), OrderRejected),
    ],
)
def test_reduce_only_lets_through_what_shrinks_the_position(asked: OrderTicket, expected: type[Event]) -> None:
    event = last(executed(held("0.1"), decision(asked), mode="REDUCE_ONLY"))
    assert isinstance(event, expected)
    if isinstance(event, OrderRejected):
        assert event.reason == "MODE"


def test_an_order_that_was_decided_as_a_reduction_never_opens() -> None:
    at = desk()
    at.observe(quote())
    assert refused(executed(at, decision(ticket(reduce_only=True)))) == (OrderRejected, "REDUCE_ONLY")


def test_without_any_price_an_order_is_rejected() -> None:
    assert refused(executed(desk(), decision(ticket()))) == (OrderRejected, "NO_PRICE")


def test_with_old_prices_only_an_order_is_rejected() -> None:
    at = desk()
    at.observe(quote(at=T0 - 2 * SECOND))
    at.observe(trade(at=T0 - 6 * SECOND))
    at.observe(msgspec.structs.replace(trade(), instrument="ETHUSDT"))  # moves the market clock
    event = last(executed(at, decision(ticket())))
    assert isinstance(event, OrderRejected)
    assert event.reason == "STALE_DATA"
    assert event.detail == "the last quote is 2000 ms old, the last trade is 6000 ms old"


@pytest.mark.parametrize(("side", "limit"), [("buy", "60000.00"), ("sell", "60000.00")])
def test_a_price_beyond_the_limit_cancels_the_order(side: Side, limit: str) -> None:
    assert refused(executed(held("0.1"), decision(ticket(side, limit=limit)))) == (OrderCancelled, "LIMIT")


@pytest.mark.parametrize(("side", "limit"), [("buy", "60000.01"), ("sell", "59999.99")])
def test_a_price_at_the_limit_is_good(side: Side, limit: str) -> None:
    assert isinstance(last(executed(held("0.1"), decision(ticket(side, limit=limit)))), OrderFilled)


def test_a_buy_needs_cash_for_its_cost_and_its_fee() -> None:
    cost = D("6000.001") + D("0.12000002")
    for cash, expected in ((cost, OrderFilled), (cost - D("0.00000001"), OrderRejected)):
        at = desk(cash=str(cash))
        at.observe(quote())
        event = last(executed(at, decision(ticket())))
        assert isinstance(event, expected)
        if isinstance(event, OrderRejected):
            assert event.reason == "NO_CASH"


def test_the_second_order_of_a_decision_sees_the_cash_that_the_first_left() -> None:
    at = desk(cash="7000")
    at.observe(quote())
    events = executed(at, decision(ticket(), ticket(name="2")))
    assert [type(event) for event in events] == [OrderAccepted, OrderFilled, OrderAccepted, OrderRejected]


def test_on_spot_nobody_sells_more_than_is_held() -> None:
    assert refused(executed(held("0.1"), decision(ticket("sell", "0.10001")))) == (OrderRejected, "POSITION_LIMIT")


def test_no_order_exceeds_the_largest_position() -> None:
    at = desk(cash="1000000")
    at.observe(quote())
    assert refused(executed(at, decision(ticket(quantity="2.00001")))) == (OrderRejected, "POSITION_LIMIT")


@pytest.mark.parametrize("quantity", ["0", "-0.1", "0.000001", "NaN", "Infinity"])
def test_a_quantity_that_no_venue_takes_is_rejected(quantity: str) -> None:
    at = desk()
    at.observe(quote())
    assert refused(executed(at, decision(ticket(quantity=quantity)))) == (OrderRejected, "INVALID")


def test_an_order_below_the_venues_minimum_is_rejected() -> None:
    at = desk()
    at.observe(quote())
    assert refused(executed(at, decision(ticket(quantity="0.00008")))) == (OrderRejected, "BELOW_MINIMUM")


def test_an_instrument_that_is_not_listed_is_rejected_until_it_is() -> None:
    at = desk()
    at.observe(msgspec.structs.replace(quote(), instrument="ETHUSDT"))
    asked = ticket(instrument="ETHUSDT")
    assert refused(executed(at, decision(asked))) == (OrderRejected, "UNKNOWN_INSTRUMENT")
    eth = msgspec.structs.replace(BTC, symbol="ETHUSDT")
    at.apply(governance(InstrumentListed(terms=eth, who="operator:a", why="new")))
    later = msgspec.structs.replace(asked, order_id="later")
    assert isinstance(last(executed(at, decision(later))), OrderFilled)


# --- once -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["NORMAL", "HALTED"])
def test_an_order_that_is_finished_gives_nothing_again(mode: Mode) -> None:
    at = desk()
    at.observe(quote())
    asked = decision(ticket(), ticket())
    assert len(executed(at, asked)) == 2
    assert executed(at, asked, mode=mode) == []


def test_folding_the_same_event_twice_is_an_error() -> None:
    at = desk()
    at.observe(quote())
    events = execute(at, decision(ticket()))
    for event in events:
        at.apply(event)
    with pytest.raises(IllegalTransition):
        at.apply(events[0])


def test_an_order_that_was_left_in_hand_is_finished_and_not_accepted_again() -> None:
    at = desk()
    at.observe(quote())
    accepted = execute(at, decision(ticket()))[0]
    at.apply(accepted)
    at.apply(partly(accepted, "0.04"))
    events = execute(at, decision(ticket()))
    assert [event.originator_version for event in events] == [3]
    assert isinstance(events[0].body, OrderFilled)
    assert events[0].body.quantity == D("0.06")


def test_the_rest_of_an_order_that_is_filled_in_part_is_cancelled_where_a_new_one_is_rejected() -> None:
    at = desk(cash="2500")
    at.observe(quote())
    accepted = DomainEvent(
        originator_id=aggregate_id("Order", ticket().order_id),
        originator_version=1,
        body=accept(ticket()),
        correlation_id="tick",
        causation_id="cause",
        actor="executor",
        book=BOOK,
    )
    at.apply(accepted)
    at.apply(partly(accepted, "0.04"))
    (event,) = execute(at, decision(ticket()))
    assert isinstance(event.body, OrderCancelled)
    assert event.body.reason == "NO_CASH"


# --- books ----------------------------------------------------------------------------------------


def test_a_decision_for_a_book_that_nobody_founded_is_rejected() -> None:
    floor = Floor()
    floor.observe(quote())
    assert refused(executed(floor.desk("ghost"), decision(ticket()))) == (OrderRejected, "UNKNOWN_BOOK")


def test_a_book_is_founded_on_one_log_and_funded_on_the_other_in_any_order() -> None:
    founded = governance(
        BookFounded(book=BOOK, quote="USDT", instruments=(BTC,), terms=BookTerms(), who="operator:a", why="demo")
    )
    for events in ([founded, opened()], [opened(), founded]):
        floor = Floor()
        for event in events:
            floor.apply(event)
        floor.observe(quote())
        assert isinstance(last(executed(floor.desk(BOOK), decision(ticket()))), OrderFilled)


# --- what the tests above need ----------------------------------------------------------------------


def governance(body: Event) -> DomainEvent:
    return DomainEvent(
        originator_id=aggregate_id("Book", BOOK),
        originator_version=1,
        body=body,
        correlation_id="seed",
        causation_id="seed",
        actor="operator:a",
        book=BOOK,
    )


def accept(asked: OrderTicket) -> OrderAccepted:
    return OrderAccepted(
        order_id=asked.order_id,
        decision_id=decision().decision_id,
        instrument=asked.instrument,
        side=asked.side,
        quantity=asked.quantity,
        limit=asked.limit,
    )


def partly(accepted: DomainEvent, quantity: str) -> DomainEvent:
    body = accepted.body
    assert isinstance(body, OrderAccepted)
    fill = OrderPartiallyFilled(
        order_id=body.order_id,
        decision_id=body.decision_id,
        venue="paper",
        instrument=body.instrument,
        side=body.side,
        quantity=D(quantity),
        leaves=body.quantity - D(quantity),
        price=D("60000.01"),
        fee=D(0),
        tick_id="t",
        received_at=T0,
    )
    return msgspec.structs.replace(accepted, originator_version=2, body=fill)

"""What operators and feeds may say about suspensions, latches, alarms and trading status."""

from __future__ import annotations

from typing import Any

import pytest

from streams.events import (
    AlarmAcknowledged,
    BreakerTripped,
    SuspensionLifted,
    TradingReduced,
    TradingStatusChanged,
    TradingSuspended,
)
from streams.messages import (
    AcknowledgeAlarm,
    ClearBreaker,
    LiftSuspension,
    ReportTradingStatus,
    ResumeTrading,
    SuspendInstrument,
)
from tests.unit.governance.guarded import Guarded
from tests.unit.governance.scene import BOOK, result

A, B, FEED = "operator:a", "operator:b", "feed"
BTC, ETH = "BTCUSDT", "ETHUSDT"
SUSPEND = SuspendInstrument(instrument=BTC, reason="odd prices")
LIFT = LiftSuspension(instrument=BTC, reason="fine again")
BREAK = ReportTradingStatus(instrument=BTC, tradable=False, status="BREAK", market_at=1)
TRADING = ReportTradingStatus(instrument=BTC, tradable=True, status="TRADING", market_at=2)


@pytest.fixture
def book() -> Guarded:
    book = Guarded()
    book.market("50000")
    return book


def suspended(book: Guarded) -> bool:
    return book.chamber.surveillance.conditions(BTC, book.now).suspended


def test_one_operator_suspends_an_instrument_and_one_lifts_it(book: Guarded) -> None:
    step = book.give(SUSPEND, A)
    assert result(step) == "accepted"
    (event,) = step.events
    assert event.body == TradingSuspended(instrument=BTC, who=A, why="odd prices")
    assert (event.actor, event.command_id) == (A, step.answers[0].command_id)
    assert suspended(book)
    for _ in range(10):
        book.market("50000")
    assert suspended(book), "clean data does not lift what a person has set"
    assert result(book.give(LIFT, A)) == "accepted"
    assert book.bodies(SuspensionLifted) == [SuspensionLifted(instrument=BTC, who=A, why="fine again")]
    assert not suspended(book)


@pytest.mark.parametrize(
    ("command", "rightful", "other"),
    [
        (SUSPEND, A, FEED),
        (LIFT, A, "risk"),
        (ClearBreaker(breaker="repeated_execution", subject=f"a:{BTC}", reason="x"), A, "a"),
        (AcknowledgeAlarm(alarm_id="x", reason="seen"), A, "compliance"),
        (ResumeTrading(reason="x"), A, "risk"),
        (BREAK, FEED, A),
    ],
)
def test_who_is_not_entitled_is_turned_away(book: Guarded, command: Any, rightful: str, other: str) -> None:
    assert result(book.give(command, other)) == "refused:NOT_ENTITLED"
    assert result(book.give(command, rightful)) != "refused:NOT_ENTITLED"


def test_what_is_so_already_is_no_change(book: Guarded) -> None:
    assert result(book.give(SUSPEND, A)) == "accepted"
    step = book.give(SUSPEND, A)
    assert (result(step), step.events) == ("refused:NO_CHANGE", [])


def test_a_feed_that_starts_may_say_again_what_is_so(book: Guarded) -> None:
    step = book.give(TRADING, FEED)
    assert (result(step), step.events) == ("accepted", [])
    assert len(book.give(BREAK, FEED).events) == 1
    step = book.give(BREAK, FEED)
    assert (result(step), step.events, step.refusals) == ("accepted", [], [])


@pytest.mark.parametrize(
    ("command", "who"),
    [
        (LIFT, A),
        (ClearBreaker(breaker="repeated_execution", subject=f"a:{BTC}", reason="x"), A),
        (ClearBreaker(breaker="drawdown", subject=BOOK, reason="x"), A),
        (AcknowledgeAlarm(alarm_id="none", reason="x"), A),
    ],
)
def test_what_is_not_there_cannot_be_ended(book: Guarded, command: Any, who: str) -> None:
    assert result(book.give(command, who)) == "refused:NO_CHANGE"


def test_unknown_instruments_are_refused(book: Guarded) -> None:
    assert result(book.give(SuspendInstrument(instrument="DOGE", reason="x"), A)) == "refused:UNKNOWN_INSTRUMENT"
    unknown = ReportTradingStatus(instrument="DOGE", tradable=False, status="HALT", market_at=1)
    assert result(book.give(unknown, FEED)) == "refused:UNKNOWN_INSTRUMENT"


def test_no_person_lets_an_instrument_in_that_has_no_prices(book: Guarded) -> None:
    book.silence(6)
    assert result(book.give(LIFT, A)) == "refused:STALE_DATA"
    assert result(book.give(SUSPEND, A)) == "accepted"
    assert result(book.give(LIFT, A)) == "accepted"
    assert suspended(book), "what the stale feed set stays"
    for _ in range(7):
        book.market("50000")
    assert not suspended(book)


def test_what_an_operator_suspended_outlasts_the_breaker(book: Guarded) -> None:
    book.silence(6)
    book.give(SUSPEND, A)
    for _ in range(7):
        book.market("50000")
    assert book.state.safety.suspended == {BTC: {A}}


def test_a_breaker_that_a_person_cannot_clear_says_so(book: Guarded) -> None:
    book.orders(20, 20)
    step = book.give(ClearBreaker(breaker="reject_rate", subject=BOOK, reason="x"), A)
    assert (result(step), step.refusals[0].detail) == (
        "refused:NO_CHANGE",
        "reject_rate of demo: it waits for no person",
    )


def test_an_alarm_stands_until_it_is_acknowledged_once(book: Guarded) -> None:
    book.silence(6)
    (alarm_id,) = book.state.safety.standing
    assert alarm_id == book.bodies(BreakerTripped)[0].alarm_id
    for _ in range(7):
        book.market("50000")
    assert list(book.state.safety.standing) == [alarm_id], "recovery is no acknowledgement"
    acknowledge = AcknowledgeAlarm(alarm_id=alarm_id, reason="the venue was down")
    assert result(book.give(acknowledge, A)) == "accepted"
    assert book.bodies(AlarmAcknowledged)[0].who == A
    assert result(book.give(acknowledge, B)) == "refused:NO_CHANGE"
    assert book.restarted().safety.standing == {}


def test_a_trading_status_is_recorded_and_changes_back(book: Guarded) -> None:
    book.give(BREAK, FEED)
    book.give(TRADING, FEED)
    assert [(event.tradable, event.status) for event in book.bodies(TradingStatusChanged)] == [
        (False, "BREAK"),
        (True, "TRADING"),
    ]


# --- breakers and modes ---------------------------------------------------------------------------


def test_a_breaker_does_not_reduce_what_is_reduced_or_halted_already(book: Guarded) -> None:
    book.gate("HALTED", 1)
    book.orders(20, 20)
    assert book.trips() == [("reject_rate", BOOK, "REDUCE_ONLY")], "the alarm is given all the same"
    assert (book.state.mode, book.bodies(TradingReduced), book.steps[-1].gate) == ("HALTED", [], None)


def test_a_gate_that_was_read_before_a_breaker_reduced_changes_nothing(book: Guarded) -> None:
    book.orders(20, 20)
    assert book.gate("NORMAL", book.now - 1).events == []
    assert book.state.mode == "REDUCE_ONLY"


def test_a_halt_that_a_breaker_asked_for_is_not_turned_into_a_reduction(book: Guarded) -> None:
    """Between the halt and the moment it is seen the book's mode still says NORMAL."""
    for agent in ("a", "b", "c"):
        for _ in range(5):
            book.filled(agent)
    assert [halt.who for step in book.steps for halt in step.halts] == ["breaker:repeated_execution"]
    book.orders(20, 20)
    assert ("reject_rate", BOOK, "REDUCE_ONLY") in book.trips()
    assert all(step.gate is None for step in book.steps)
    book.gate("HALTED", 1, "breaker:repeated_execution")
    assert book.state.mode == "HALTED"


def test_one_who_ended_a_halt_may_not_end_the_reduction_even_if_a_breaker_trips_meanwhile(book: Guarded) -> None:
    book.gate("HALTED", 1)
    assert result(book.give(ResumeTrading(reason="x"), A)) == "accepted"
    book.orders(20, 20)
    assert result(book.give(ResumeTrading(reason="x"), A)) == "refused:NOT_ENTITLED"
    assert result(book.give(ResumeTrading(reason="x"), B)) == "accepted"
    assert book.state.mode == "NORMAL"


def test_a_new_halt_after_the_first_resume_asks_for_two_people_again(book: Guarded) -> None:
    book.gate("HALTED", 1)
    book.give(ResumeTrading(reason="x"), A)
    book.gate("HALTED", 2)
    book.give(ResumeTrading(reason="x"), B)
    assert book.state.mode == "REDUCE_ONLY"
    assert result(book.give(ResumeTrading(reason="x"), B)) == "refused:NOT_ENTITLED"
    assert result(book.give(ResumeTrading(reason="x"), A)) == "accepted"

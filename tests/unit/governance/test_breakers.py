"""Each breaker: silent just below, a warning at 80 %, one trip and one alarm at the limit, recovery."""

from __future__ import annotations

from decimal import Decimal

import pytest

from governance.domain.state import BookState
from streams.events import (
    BookReconciled,
    BreakerCleared,
    BreakerTripped,
    BreakerWarned,
    CashMoved,
    EquityMarked,
    FeedGap,
    FeedSourceChanged,
    ReconciliationFailed,
    SuspensionLifted,
    TradingReduced,
    TradingResumed,
    TradingSuspended,
)
from streams.messages import ClearBreaker, LiftSuspension, ResumeTrading
from tests.unit.governance.guarded import Guarded
from tests.unit.governance.ledgered import LedgeredScene
from tests.unit.governance.scene import BOOK, result

D = Decimal
A, B = "operator:a", "operator:b"
BTC, ETH = "BTCUSDT", "ETHUSDT"


@pytest.fixture
def book() -> Guarded:
    """Flat, 100,000 in cash, a price for BTC."""
    book = Guarded()
    book.market("50000")
    return book


@pytest.fixture
def long() -> Guarded:
    """One BTC of 50,000 and 50,000 in cash: 500 of price is 0.5 % of equity. No daily loss in the way."""
    book = Guarded(daily_loss_reduce=D(1), daily_loss_halt=D(1))
    book.holds("1", "50000")
    book.market("50000")
    return book


def halts(book: Guarded) -> list[str]:
    return [halt.who for step in book.steps for halt in step.halts]


# --- drawdown -------------------------------------------------------------------------------------


def test_a_drawdown_warns_at_four_fifths_of_its_limit_and_once(long: Guarded) -> None:
    long.market("46001")
    assert long.warnings() == []
    for price in ("46000", "45900", "46100", "45800"):
        long.market(price)
    (warned,) = long.bodies(BreakerWarned)
    assert (warned.breaker, warned.subject, warned.level) == ("drawdown", BOOK, pytest.approx(0.8))
    assert warned.inputs == {"peak": "100000.0", "equity": "96000.0", "drawdown": "0.040000"}
    assert long.trips() == []


def test_a_warning_comes_again_only_after_it_was_calm(long: Guarded) -> None:
    for price in ("46000", "46600", "45900", "46000", "45900"):
        long.market(price)
    assert len(long.warnings()) == 2
    long.market("47000")
    long.market("46000")
    assert len(long.warnings()) == 3
    assert long.trips() == []


def test_a_drawdown_of_five_percent_reduces_once(long: Guarded) -> None:
    long.market("45001")
    assert long.state.mode == "NORMAL"
    long.market("45000")
    step = long.steps[-1]
    (trip,) = long.bodies(BreakerTripped)
    assert (trip.effect, trip.formula, trip.level) == ("REDUCE_ONLY", "(peak − equity)/peak ≥ 0.05", 1.0)
    assert trip.inputs == {"peak": "100000.0", "equity": "95000.0", "drawdown": "0.050000"}
    assert step.gate is not None
    assert (step.gate.mode, step.gate.who, step.gate.command_id) == ("REDUCE_ONLY", "breaker:drawdown", trip.alarm_id)
    assert long.bodies(TradingReduced)[0].why.startswith("(peak − equity)/peak ≥ 0.05: peak 100000.0, equity 95000.0")
    for price in ("44900", "45100", "44800"):
        long.market(price)
    assert len(long.trips()) == 1
    assert len(long.bodies(TradingReduced)) == 1


def test_eight_percent_halts_at_once_and_is_recorded_when_the_gate_is_seen(long: Guarded) -> None:
    long.market("45000")
    long.market("42001")
    assert halts(long) == []
    long.market("42000")
    assert halts(long) == ["breaker:drawdown"]
    assert long.trips() == [("drawdown", BOOK, "REDUCE_ONLY"), ("drawdown", BOOK, "HALTED")]
    halt = long.steps[-1].halts[0]
    assert halt.why.startswith("(peak − equity)/peak ≥ 0.08: peak 100000.0, equity 92000.0")
    assert halt.command_id == long.bodies(BreakerTripped)[-1].alarm_id
    long.market("41000")
    assert len(halts(long)) == 1


def test_a_fall_through_both_limits_is_one_alarm_and_never_opens_what_it_shuts(long: Guarded) -> None:
    long.market("40000")
    assert long.trips() == [("drawdown", BOOK, "HALTED")]
    assert (halts(long), long.steps[-1].gate) == (["breaker:drawdown"], None)


def test_what_recovers_is_cleared_and_may_trip_again(long: Guarded) -> None:
    for price in ("45000", "46000", "44900"):
        long.market(price)
    assert len(long.trips()) == 1, "it must fall below four fifths of the limit first"
    long.market("46001")
    (cleared,) = long.bodies(BreakerCleared)
    assert (cleared.breaker, cleared.subject, cleared.who) == ("drawdown", BOOK, "breaker:drawdown")
    assert long.state.mode == "REDUCE_ONLY", "only a person opens the book again"
    long.market("45000")
    assert len(long.trips()) == 2


def test_the_peak_is_that_of_the_book_and_not_of_its_opening(long: Guarded) -> None:
    long.market("60000")
    long.market("54500")
    assert long.trips() == [("drawdown", BOOK, "REDUCE_ONLY")]
    assert long.bodies(BreakerTripped)[0].inputs["peak"] == "110000.0"


def test_without_a_price_there_is_no_drawdown_and_no_trip() -> None:
    book = Guarded()
    book.holds("1", "50000")
    book.market("3000", ETH)
    assert (book.trips(), book.bodies(EquityMarked)) == ([], [])


# --- daily loss -----------------------------------------------------------------------------------


@pytest.fixture
def day() -> Guarded:
    book = Guarded(drawdown_reduce=D(1), drawdown_halt=D(1))
    book.holds("1", "50000")
    book.market("50000")
    return book


def test_a_daily_loss_reduces_at_two_percent_and_halts_at_three(day: Guarded) -> None:
    day.market("48401")
    assert day.warnings() == []
    day.market("48400")
    assert day.warnings() == [("daily_loss", BOOK)]
    day.market("48001")
    assert day.trips() == []
    day.market("48000")
    day.market("47001")
    day.market("47000")
    day.market("46000")
    assert day.trips() == [("daily_loss", BOOK, "REDUCE_ONLY"), ("daily_loss", BOOK, "HALTED")]
    assert halts(day) == ["breaker:daily_loss"]
    assert day.bodies(BreakerTripped)[0].inputs == {"day_open": "100000.0", "equity": "98000.0", "loss": "0.020000"}


def test_a_gain_of_the_day_may_be_lost_again(day: Guarded) -> None:
    day.market("53000")
    day.market("48001")
    assert day.trips() == []


def test_a_new_utc_day_of_the_market_opens_with_the_equity_of_that_moment(day: Guarded) -> None:
    """The scene begins at 22:13:20 of 14 November 2023."""
    day.market("48100")
    assert day.bodies(EquityMarked)[-1].day == "2023-11-14"
    day.market("48100", seconds=2 * 3600)
    marked = day.bodies(EquityMarked)[-1]
    assert (marked.day, marked.day_open, marked.peak) == ("2023-11-15", D("98100"), D("100000"))
    day.market("46150")
    assert ("daily_loss", BOOK, "REDUCE_ONLY") not in day.trips()
    day.market("46138")
    assert ("daily_loss", BOOK, "REDUCE_ONLY") in day.trips()


# --- equity marks ---------------------------------------------------------------------------------


def test_a_rising_peak_is_recorded_once_a_market_minute(long: Guarded) -> None:
    for second in range(130):
        long.market(str(50_001 + second))
    marks = long.bodies(EquityMarked)
    assert [mark.peak for mark in marks] == [D(100_000), D(100_060), D(100_120)]
    assert long.chamber.surveillance.standing().peak == D(100_130)


def test_a_withdrawal_is_no_loss_and_a_deposit_no_gain(long: Guarded) -> None:
    long.executed(CashMoved(amount=D(-40_000), reason="payout"))
    long.look()
    assert (long.trips(), long.bodies(EquityMarked)[-1].peak) == ([], D(60_000))
    long.executed(CashMoved(amount=D(90_000), reason="payin"))
    long.look()
    assert long.bodies(EquityMarked)[-1].peak == long.bodies(EquityMarked)[-1].day_open == D(150_000)


def test_marks_and_trips_survive_a_restart(long: Guarded) -> None:
    long.market("51000")
    long.market("45000", seconds=61)
    fresh = long.restarted()
    assert fresh.safety.marks == long.state.safety.marks
    assert fresh.safety.tripped == long.state.safety.tripped
    assert fresh.safety.tripped["drawdown", BOOK] == {"REDUCE_ONLY"}
    assert set(fresh.safety.standing) == {trip.alarm_id for trip in long.bodies(BreakerTripped)}


def halted_by_drawdown(long: Guarded) -> None:
    long.market("42000")
    long.gate("HALTED", 1, "breaker:drawdown")


def test_one_person_ends_a_halt_to_reduce_and_it_does_not_trip_again_at_once(long: Guarded) -> None:
    halted_by_drawdown(long)
    assert result(long.give(ResumeTrading(reason="looked"), A)) == "accepted"
    long.market("41900")
    assert (long.state.mode, len(long.trips()), len(halts(long))) == ("REDUCE_ONLY", 1, 1)
    assert long.chamber.surveillance.standing().peak == D(100_000)


def test_two_people_begin_the_measuring_anew(long: Guarded) -> None:
    halted_by_drawdown(long)
    long.give(ResumeTrading(reason="looked"), A)
    step = long.give(ResumeTrading(reason="looked too"), B)
    kinds = [type(event.body) for event in step.events]
    assert kinds == [TradingResumed, BreakerCleared, EquityMarked]
    assert (step.events[2].body.peak, step.events[2].body.day_open) == (D(92_000), D(92_000))  # type: ignore[attr-defined]
    long.market("42000")
    assert (long.state.mode, len(long.trips())) == ("NORMAL", 1)
    long.market("37400")
    assert long.trips()[1:] == [("drawdown", BOOK, "REDUCE_ONLY")], "5 % of 92,000 is 4,600"


def test_one_person_who_opens_the_gate_by_hand_too_is_not_two(long: Guarded) -> None:
    halted_by_drawdown(long)
    long.give(ResumeTrading(reason="looked"), A)
    long.gate("NORMAL", long.now + 1, A)
    assert long.state.mode == "NORMAL"
    assert long.chamber.surveillance.standing().peak == D(100_000)


def test_who_lets_a_reduction_go_leaves_the_peak_where_it_was(long: Guarded) -> None:
    long.market("45000")
    assert result(long.give(ResumeTrading(reason="looked"), A)) == "accepted"
    long.market("44900")
    assert (long.state.mode, len(long.trips())) == ("NORMAL", 1)
    long.market("42000")
    assert halts(long) == ["breaker:drawdown"]


# --- reject rate ----------------------------------------------------------------------------------


def test_a_venue_that_rejects_more_than_a_fifth_reduces_the_book(book: Guarded) -> None:
    book.orders(10, 2)
    assert (book.trips(), book.warnings()) == ([], [("reject_rate", BOOK)])
    book.orders(1, 1)
    assert book.trips() == [("reject_rate", BOOK, "REDUCE_ONLY")]
    trip = book.bodies(BreakerTripped)[0]
    assert trip.inputs == {"rejects": "3", "orders": "11"}
    assert book.state.mode == "REDUCE_ONLY"
    book.orders(5, 5)
    assert len(book.trips()) == 1


def test_nine_orders_are_too_few_to_judge(book: Guarded) -> None:
    book.orders(9, 9)
    assert book.trips() == []


def test_what_the_book_itself_forbids_is_no_reject_of_the_venue(book: Guarded) -> None:
    book.orders(20, 20, "MODE")
    book.orders(20, 20, "POSITION_LIMIT")
    assert book.trips() == []


def test_rejects_count_for_a_minute(book: Guarded) -> None:
    book.orders(9, 2)
    for _ in range(20):
        book.market("50000", seconds=2.95)
    book.orders(1, 1)
    assert book.trips() == [("reject_rate", BOOK, "REDUCE_ONLY")]
    book.market("50000")
    assert [cleared.who for cleared in book.bodies(BreakerCleared)] == ["breaker:reject_rate"]


def test_a_person_who_resumes_begins_the_window_anew(book: Guarded) -> None:
    book.orders(20, 20)
    assert result(book.give(ResumeTrading(reason="the venue is well again"), A)) == "accepted"
    book.orders(9, 9)
    assert (book.state.mode, len(book.trips())) == ("NORMAL", 1)
    book.orders(1, 1)
    assert (book.state.mode, len(book.trips())) == ("REDUCE_ONLY", 2)


# --- stale feed -----------------------------------------------------------------------------------


def test_a_silent_feed_suspends_its_instrument_and_then_reduces_the_book(book: Guarded) -> None:
    book.silence(3.999)
    assert book.warnings() == []
    book.silence(0.001)
    assert book.warnings() == [("stale_feed", BTC)]
    book.silence(1)
    assert book.trips() == []
    book.silence(0.001)
    assert book.trips() == [("stale_feed", BTC, "SUSPENDED")]
    (suspended,) = book.bodies(TradingSuspended)
    assert (suspended.instrument, suspended.who) == (BTC, "breaker:stale_feed")
    assert (suspended.formula, suspended.inputs) == ("age of the last tick > 5 s", {"age": "5.001000 s"})
    book.silence(54.999)
    assert (len(book.trips()), book.state.mode) == (1, "NORMAL")
    book.silence(0.001)
    assert (book.trips()[1:], book.state.mode) == ([("stale_feed", BTC, "REDUCE_ONLY")], "REDUCE_ONLY")
    book.silence(60)
    assert len(book.trips()) == 2


def test_an_instrument_that_never_had_a_price_is_not_stale(book: Guarded) -> None:
    book.silence(3)
    book.market("50000")
    book.silence(3)
    book.market("50000")
    assert (book.trips(), ETH in book.state.instruments) == ([], True)


def test_who_has_just_begun_has_not_waited_five_seconds(book: Guarded) -> None:
    """A restart reads the last seconds of the stream first: those are old, and no silence."""
    again = Guarded()
    quote = book.chamber.prices.markets[BTC].quote
    assert quote is not None
    again.now += 20_000_000_000
    again.give(quote, entry_id="")
    again.look()
    again.silence(5)
    assert again.trips() == []
    again.silence(0.001)
    assert again.trips() == [("stale_feed", BTC, "SUSPENDED")]


def test_a_suspension_ends_by_itself_after_five_clean_seconds(book: Guarded) -> None:
    book.silence(7)
    for _ in range(6):
        assert BTC in book.state.safety.suspended
        book.market("50000")
    (lifted,) = book.bodies(SuspensionLifted)
    assert (lifted.instrument, lifted.who) == (BTC, "breaker:stale_feed")
    assert BTC not in book.state.safety.suspended
    assert len(book.bodies(BreakerCleared)) == 1
    assert not book.chamber.surveillance.conditions(BTC, book.now).suspended


def test_a_pause_or_a_gap_begins_the_five_seconds_anew(book: Guarded) -> None:
    book.silence(7)
    for seconds in (1, 1, 1, 5.5, 1, 1, 1, 1):
        book.market("50000", seconds=seconds)
    assert BTC in book.state.safety.suspended
    book.state.fold(FeedGap(instrument=BTC, kind="trade", first=1, last=2, market_at=book.now))
    for _ in range(4):
        book.market("50000")
        assert BTC in book.state.safety.suspended
    book.market("50000")
    assert BTC not in book.state.safety.suspended


def test_depth_and_one_sided_quotes_are_no_prices(book: Guarded) -> None:
    for _ in range(6):
        book.now += 1_000_000_000
        book.quote(BTC, "0.5")  # its bid is 0
        book.look()
    assert book.trips() == [("stale_feed", BTC, "SUSPENDED")]


# --- repeated execution ---------------------------------------------------------------------------


def test_five_fills_on_one_side_in_ten_seconds_latch_agent_and_instrument(book: Guarded) -> None:
    for _ in range(3):
        book.filled("a")
    assert book.warnings() == []
    book.filled("a")
    assert book.warnings() == [("repeated_execution", f"a:{BTC}")]
    book.filled("a", "sell")
    book.filled("b")
    assert book.trips() == []
    book.filled("a")
    assert book.trips() == [("repeated_execution", f"a:{BTC}", "LATCHED")]
    trip = book.bodies(BreakerTripped)[0]
    assert trip.inputs == {"fills": "5", "side": "buy", "at_ns": str(book.now)}
    conditions = book.chamber.surveillance.conditions
    assert (conditions(BTC, book.now).latched, conditions(ETH, book.now).latched) == (("a",), ())
    for _ in range(5):
        book.filled("a")
    assert len(book.trips()) == 1


def test_fills_further_apart_are_not_repeated(book: Guarded) -> None:
    for _ in range(12):
        book.filled("a")
        book.market("50000", seconds=2.5)
    assert book.trips() == []


def test_a_latch_stays_until_a_person_has_looked(book: Guarded) -> None:
    for _ in range(5):
        book.filled("a")
    for _ in range(20):
        book.market("50000")
    assert book.restarted().safety.latched == book.state.safety.latched == {BTC: {"a"}}
    clear = ClearBreaker(breaker="repeated_execution", subject=f"a:{BTC}", reason="a bug, fixed")
    assert result(book.give(clear, A)) == "accepted"
    assert book.chamber.surveillance.conditions(BTC, book.now).latched == ()
    assert result(book.give(clear, A)) == "refused:NO_CHANGE"


def test_after_a_latch_was_cleared_the_window_begins_anew(book: Guarded) -> None:
    for _ in range(5):
        book.filled("a")
    book.give(ClearBreaker(breaker="repeated_execution", subject=f"a:{BTC}", reason="looked"), A)
    for _ in range(4):
        book.filled("a")
    assert len(book.trips()) == 1
    book.filled("a")
    assert len(book.trips()) == 2


def test_three_latches_in_ten_minutes_halt(book: Guarded) -> None:
    for agent in ("a", "b", "c"):
        assert halts(book) == []
        for _ in range(5):
            book.filled(agent)
    assert halts(book) == ["breaker:repeated_execution"]
    assert book.trips()[-1] == ("repeated_execution", BOOK, "HALTED")
    assert book.bodies(BreakerTripped)[-1].formula == "trips of repeated execution ≥ 3 in 600 s"


def test_three_latches_in_more_than_ten_minutes_do_not(book: Guarded) -> None:
    for agent in ("a", "b", "c"):
        for _ in range(5):
            book.filled(agent)
        for _ in range(101):
            book.market("50000", seconds=3)
    assert (len(book.trips()), halts(book)) == (3, [])


# --- reconciliation -------------------------------------------------------------------------------


def reconciled(book: Guarded, difference: str) -> None:
    held = D(1)
    book.executed(
        ReconciliationFailed(venue="v", instrument=BTC, book_quantity=held, venue_quantity=held - D(difference))
    )
    book.look()


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_difference_of_a_lot_suspends_until_an_operator_lifts_it(book: Guarded, sign: str) -> None:
    reconciled(book, f"{sign}0.00007")
    assert (book.warnings(), book.trips()) == ([], [])
    reconciled(book, f"{sign}0.00009")
    assert (book.warnings(), book.trips()) == ([("reconciliation", BTC)], [])
    reconciled(book, f"{sign}0.0001")
    reconciled(book, f"{sign}0.0002")
    assert book.trips() == [("reconciliation", BTC, "SUSPENDED")]
    assert book.state.safety.suspended == {BTC: {"breaker:reconciliation"}}
    for _ in range(10):
        book.market("50000")
    assert BTC in book.state.safety.suspended
    assert result(book.give(LiftSuspension(instrument=BTC, reason="booked"), "risk")) == "refused:NOT_ENTITLED"
    assert result(book.give(LiftSuspension(instrument=BTC, reason="booked"), A)) == "accepted"
    assert book.state.safety.suspended == {}
    assert [cleared.who for cleared in book.bodies(BreakerCleared)] == [A]
    book.look()
    assert len(book.trips()) == 1
    reconciled(book, f"{sign}0.0001")
    assert len(book.trips()) == 2


def test_a_difference_that_is_gone_before_anybody_looks_suspends_nothing(book: Guarded) -> None:
    failed = ReconciliationFailed(venue="v", instrument=BTC, book_quantity=D(1), venue_quantity=D(0))
    book.executed(failed, BookReconciled(venue="v", instruments=(BTC,)))
    book.look()
    assert book.trips() == []


def test_clearing_the_breaker_lifts_its_suspension_and_no_other(book: Guarded) -> None:
    reconciled(book, "1")
    book.silence(10)
    assert book.state.safety.suspended == {BTC: {"breaker:reconciliation", "breaker:stale_feed"}}
    clear = ClearBreaker(breaker="reconciliation", subject=BTC, reason="booked")
    assert result(book.give(clear, A)) == "accepted"
    assert book.state.safety.suspended == {BTC: {"breaker:stale_feed"}}
    assert book.bodies(SuspensionLifted) == []


def standing_difference(found: LedgeredScene, quantity: str = "0.5") -> None:
    found.wait(60_000)
    found.executed(ReconciliationFailed(venue="v", instrument=BTC, book_quantity=D(quantity), venue_quantity=D(0)))
    found.quote()


def reconciliation_trips(found: LedgeredScene) -> int:
    return sum(each.breaker == "reconciliation" for each in found.bodies(BreakerTripped))


def test_a_difference_that_stands_suspends_again_with_the_next_report_after_restart_and_clearance() -> None:
    found = LedgeredScene()
    found.quote()
    standing_difference(found)
    assert found.state.safety.suspended[BTC] >= {"breaker:reconciliation"}
    for trips in (1, 2, 3):
        assert reconciliation_trips(found) == trips
        found.restarted()
        standing_difference(found)  # it is tripped: nothing new
        assert reconciliation_trips(found) == trips
        assert result(found.give(ClearBreaker(breaker="reconciliation", subject=BTC, reason="looked"), A)) == "accepted"
        assert "breaker:reconciliation" not in found.state.safety.suspended.get(BTC, ())
        standing_difference(found)
        assert "breaker:reconciliation" in found.state.safety.suspended[BTC]


def test_a_difference_that_was_booked_suspends_nothing_after_a_restart() -> None:
    """Cash is compared too, under the name of its currency, which no book lists."""
    found = LedgeredScene()
    found.quote()
    cash = ReconciliationFailed(venue="v", instrument="USDT", book_quantity=D(100), venue_quantity=D(90))
    found.executed(cash)
    found.executed(cash)
    assert result(found.give(ClearBreaker(breaker="reconciliation", subject="USDT", reason="booked"), A)) == "accepted"
    found.executed(BookReconciled(venue="v", instruments=(BTC,)))
    found.restarted()
    found.wait(1_000)
    found.quote()
    assert [each.subject for each in found.bodies(BreakerTripped)] == ["USDT"]


def test_an_order_that_is_filled_in_parts_counts_once(book: Guarded) -> None:
    for _ in range(4):
        book.filled("a")
    book.partly_filled("a", parts=7)
    assert [trip for trip in book.trips() if trip[2] == "LATCHED"] == [("repeated_execution", "a:BTCUSDT", "LATCHED")]
    assert book.bodies(BreakerTripped)[-1].inputs["fills"] == "5"


# --- source switches ------------------------------------------------------------------------------


def test_what_stands_in_for_live_data_may_only_reduce_until_live_was_back_for_thirty_seconds(book: Guarded) -> None:
    book.state.fold(FeedSourceChanged(origin="synthetic", to="live", why=""))
    book.market("50000")
    assert book.state.mode == "NORMAL"
    book.state.fold(FeedSourceChanged(origin="live", to="synthetic", why=""))
    book.market("50000")
    assert (book.state.mode, book.bodies(TradingReduced)[0].who) == ("REDUCE_ONLY", "breaker:source_switch")
    for _ in range(40):
        book.market("50000")
    book.state.fold(FeedSourceChanged(origin="synthetic", to="live", why=""))
    for _ in range(29):
        book.market("50000")
        assert book.state.mode == "REDUCE_ONLY"
    book.market("50000")
    book.market("50000")
    assert book.state.mode == "NORMAL"
    assert book.bodies(TradingResumed)[0].who == "breaker:source_switch"


def test_a_book_that_never_was_live_does_not_mind_its_source(book: Guarded) -> None:
    book.state.fold(FeedSourceChanged(origin="live", to="synthetic", why="no network"))
    book.market("50000")
    assert book.state.mode == "NORMAL"


def test_a_person_may_trade_on_the_substitute(book: Guarded) -> None:
    book.state.fold(FeedSourceChanged(origin="synthetic", to="live", why=""))
    book.market("50000")
    book.state.fold(FeedSourceChanged(origin="live", to="replay", why=""))
    book.market("50000")
    assert book.state.mode == "REDUCE_ONLY"
    assert result(book.give(ResumeTrading(reason="a rehearsal"), A)) == "accepted"
    book.market("50000")
    assert book.state.mode == "NORMAL"


def test_who_resumes_after_a_switch_knows_of_it(book: Guarded) -> None:
    book.state.fold(FeedSourceChanged(origin="synthetic", to="live", why=""))
    book.gate("HALTED", 1)
    book.state.fold(FeedSourceChanged(origin="live", to="replay", why=""))
    book.market("50000")
    for who in (A, B):
        book.give(ResumeTrading(reason="a rehearsal"), who)
    book.market("50000")
    assert book.state.mode == "NORMAL"


def test_live_data_do_not_end_what_another_breaker_reduced(book: Guarded) -> None:
    book.state.fold(FeedSourceChanged(origin="synthetic", to="live", why=""))
    book.state.fold(FeedSourceChanged(origin="live", to="synthetic", why=""))
    book.market("50000")
    book.state.fold(FeedSourceChanged(origin="synthetic", to="live", why=""))
    for _ in range(60):
        book.orders(20, 20)
        book.market("50000")
    assert book.state.mode == "REDUCE_ONLY"


# --- in general -----------------------------------------------------------------------------------


def test_breakers_look_every_tenth_of_a_second_and_after_executions() -> None:
    book = Guarded()
    gatekeeper = book.chamber.gatekeeper
    assert gatekeeper.deadline() is None, "without a price there is nothing to look at"
    book.market("50000")
    assert gatekeeper.deadline() == book.now + 100_000_000
    book.now += 50_000_000
    book.executed(CashMoved(amount=D(1), reason=""))
    assert gatekeeper.deadline() in (book.now, book.now + 100_000_000), "it does not wait after an execution"


def test_the_log_of_the_first_release_has_no_safety() -> None:
    assert BookState(BOOK).safety.marks is None

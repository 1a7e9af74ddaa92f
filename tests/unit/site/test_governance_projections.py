"""Given events of full governance, then rows: changes, holds, alarms, scores, restrictions, standing of seats."""

from __future__ import annotations

from decimal import Decimal
from itertools import cycle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.models import (
    Alarm,
    Book,
    BreakerState,
    ChangeRequest,
    CouncilScore,
    Decision,
    Hold,
    InstrumentState,
    Outcome,
    Proposal,
    Rule,
    RuleVersion,
    Seat,
    SeatWeight,
)
from governance.projections import FOLDS, PASSED_OVER, READ_MODELS, fold
from ledger.readmodel import ReadModel, moment
from streams import events as e
from streams.changes import ActivateRule, Restrict, SetTerm
from tests.unit.site.history import MS, START, VIEW, History, recorded
from tests.unit.site.test_projections import Tables, governed

D = Decimal
GOVERNED = ("Book", "Council", "Change", "Rulebook", "Proposal", "Deliberation")


@pytest.fixture
def history() -> History:
    return History().found()


def row(history: History, model: type[ReadModel], **wanted: Any) -> Any:
    """The one row with these values."""
    found = [
        each
        for each in governed(history).of(model)
        if all(getattr(each, name) == value for name, value in wanted.items())
    ]
    assert len(found) == 1, found
    return found[0]


def test_every_event_of_the_log_is_folded_or_passed_over_on_purpose() -> None:
    known = {event for kind in GOVERNED for event in e.AGGREGATES[kind]}
    assert set(FOLDS) | PASSED_OVER == known
    assert not set(FOLDS) & PASSED_OVER


# --- changes --------------------------------------------------------------------------------------


def requested(history: History, change: Any, *, loosens: bool = True, change_id: str = "c") -> None:
    history.tell(
        e.ChangeRequested(
            change_id=change_id, change=change, loosens=loosens, why_loosens="because", who="operator:ann",
            why="calmer", requested_at=START, preview=e.Preview(decisions=10, different=1),
        ),
        change_id,
    )  # fmt: skip


def test_a_change_goes_from_request_to_enactment(history: History) -> None:
    requested(history, SetTerm(name="max_position", value=D("0.9"), instrument="BTCUSDT"))
    change = row(history, ChangeRequest)
    assert (change.kind, change.subject, change.status) == ("SetTerm", "max_position BTCUSDT", "requested")
    assert (change.who, change.why, change.loosens, change.preview["different"]) == ("operator:ann", "calmer", True, 1)
    history.tell(e.ChangeApproved(change_id="c", who="operator:bob", why="ok", enacts_at=START + 60_000 * MS), "c")
    change = row(history, ChangeRequest)
    assert (change.status, change.approved_by, change.enacts_at) == (
        *("approved", "operator:bob"),
        moment(START + 60_000 * MS),
    )
    history.tell(e.ChangeEnacted(change_id="c", who="operator:ann", approved_by="operator:bob"), "c")
    assert row(history, ChangeRequest).status == "enacted"


def test_a_refused_change_says_by_whom_and_why(history: History) -> None:
    requested(history, Restrict(instrument="BTCUSDT"))
    history.tell(e.ChangeRefused(change_id="c", who="operator:bob", why="not now"), "c")
    change = row(history, ChangeRequest)
    assert (change.status, change.refused_by, change.refused_why) == ("refused", "operator:bob", "not now")


def test_the_subject_of_a_rule_is_its_name(history: History) -> None:
    clause = e.RuleClause(name="c", cel="true")
    requested(history, ActivateRule(rule="calm", title="Calm", effect="deny", clauses=(clause,)))
    assert row(history, ChangeRequest).subject == "calm"


def test_a_term_changes_in_the_form_it_was_founded_in(history: History) -> None:
    for name, value in (("max_gross", "0.9"), ("hold_ttl_s", "60"), ("live_only", "1")):
        history.tell(e.TermChanged(name=name, instrument="", origin=D(0), to=D(value), who="operator:ann", why=""))
    changed = e.TermChanged(
        name="max_position", instrument="ETHUSDT", origin=D(1), to=D("2.5"), who="operator:ann", why=""
    )
    history.tell(changed)
    book = row(history, Book)
    assert (book.terms["max_gross"], book.terms["hold_ttl_s"], book.terms["live_only"]) == ("0.9", 60, True)
    assert {terms["symbol"]: terms["max_position"] for terms in book.instruments} == {
        "BTCUSDT": "0.7",
        "ETHUSDT": "2.5",
    }


def test_every_version_of_a_rule_is_kept(history: History) -> None:
    clause, example = e.RuleClause(name="c", cel="true"), e.RuleExample(name="x", facts={}, verdict="passes")
    history.tell(
        e.RuleActivated(
            rule="stale-data", version=2, title="Fresher", effect="deny", clauses=(clause,), examples=(example,),
            who="operator:ann", why="stricter",
        )
    )  # fmt: skip
    assert row(history, Rule, rule="stale-data").version == 2
    versions = [each for each in governed(history).of(RuleVersion) if each.rule == "stale-data"]
    assert sorted((each.version, each.title, each.who) for each in versions) == [
        (1, "Prices are fresh", "operator:demo"),
        (2, "Fresher", "operator:ann"),
    ]
    assert list(row(history, RuleVersion, version=2).examples) == [{"name": "x", "facts": {}, "verdict": "passes"}]


# --- holds ----------------------------------------------------------------------------------------


def held(history: History) -> tuple[str, str]:
    """A round that a rule holds: the ids of its deliberation and its decision."""
    key, decision = "round-1", "decision-1"
    history._open(key, "BTCUSDT", D(60000))
    history.tell(
        e.ProposalAdmitted(
            proposal_id="p", agent="fast-momentum", action="trade", instrument="BTCUSDT", target=D("0.1"),
            probability=0.6, held=D(0), price=D(60000), market=VIEW, evidence=(), ttl_ms=200, why="",
        ),
        key,
    )  # fmt: skip
    ticket = e.OrderTicket(order_id="o", instrument="BTCUSDT", side="buy", quantity=D("0.1"), limit=D(60100))
    history.tell(
        e.DecisionHeld(
            decision_id=decision, deliberation_id=key, track="TRADE", rules=("large-order",), orders=(ticket,),
            held=(), reasons=(e.ProposalResult(proposal_id="p", state="HELD", reason="HELD", by="large-order"),),
            trigger=e.Trigger(tick_id="t", received_at=START), ttl_ms=200, at=START, until=START + 120_000 * MS,
        ),
        key,
    )  # fmt: skip
    return key, decision


def decided(history: History, key: str, decision: str, outcome: e.Outcome) -> None:
    history.tell(
        e.DecisionReached(
            decision_id=decision, deliberation_id=key, outcome=outcome, orders=(), reasons=(),
            trigger=e.Trigger(tick_id="t", received_at=START), ttl_ms=200,
        ),
        key,
    )  # fmt: skip


def test_a_held_decision_is_a_hold_and_no_decision_yet(history: History) -> None:
    held(history)
    hold = row(history, Hold)
    assert (hold.status, hold.rules, hold.instrument, hold.until) == (
        *("held", ["large-order"], "BTCUSDT"),
        moment(START + 120_000 * MS),
    )
    assert hold.orders[0]["quantity"] == "0.1"
    assert row(history, Proposal).state == "HELD"
    assert not governed(history).of(Decision)


def test_a_release_and_the_decision_that_follows(history: History) -> None:
    key, decision = held(history)
    history.tell(
        e.DecisionReleased(decision_id=decision, rule="large-order", operator="operator:ann", reason="fine"), key
    )
    decided(history, key, decision, "granted")
    hold = row(history, Hold)
    assert (hold.status, hold.who, hold.why, hold.outcome) == ("released", "operator:ann", "fine", "granted")
    assert row(history, Decision).held


def test_a_refused_hold(history: History) -> None:
    key, decision = held(history)
    history.tell(e.HoldRefused(decision_id=decision, rule="large-order", operator="operator:ann", reason="no"), key)
    decided(history, key, decision, "refused")
    assert (row(history, Hold).status, row(history, Hold).outcome) == ("refused", "refused")


def test_a_hold_that_something_else_ended(history: History) -> None:
    """Events are recorded a millisecond apart here, long before its time."""
    key, decision = held(history)
    decided(history, key, decision, "refused")
    assert row(history, Hold).status == "ended"


def test_a_decision_without_a_hold(history: History) -> None:
    history.round()
    assert not row(history, Decision).held


# --- breakers and alarms --------------------------------------------------------------------------

FORMULA: dict[str, Any] = {"formula": "fills on one side >= 5", "inputs": {"fills": "5"}}
SUBJECT = "rule:BTCUSDT"


def test_a_breaker_warns_trips_and_is_cleared_and_its_alarm_acknowledged(history: History) -> None:
    history.tell(e.BreakerWarned(breaker="repeated_execution", subject=SUBJECT, level=0.8, **FORMULA))
    assert (row(history, BreakerState).state, governed(history).of(Alarm)) == ("warned", [])
    history.tell(
        e.BreakerTripped(
            alarm_id="a", breaker="repeated_execution", subject=SUBJECT, effect="LATCHED", level=1.0, **FORMULA
        )
    )
    assert (row(history, BreakerState).state, row(history, BreakerState).effect) == ("tripped", "LATCHED")
    alarm = row(history, Alarm)
    assert (alarm.formula, alarm.inputs, alarm.acknowledged_at) == (FORMULA["formula"], {"fills": "5"}, None)
    history.tell(e.AlarmAcknowledged(alarm_id="a", who="operator:ann", why="seen"))
    history.tell(e.BreakerCleared(breaker="repeated_execution", subject=SUBJECT, who="operator:bob", why="mended"))
    alarm = row(history, Alarm)
    assert (alarm.acknowledged_by, alarm.acknowledged_why) == ("operator:ann", "seen")
    assert (alarm.cleared_by, row(history, BreakerState).state) == ("operator:bob", "cleared")


def test_what_stands_in_the_way_of_an_instrument(history: History) -> None:
    history.tell(e.TradingSuspended(instrument="BTCUSDT", who="governor", why="silent", formula="age > 5 s"))
    history.tell(
        e.InstrumentRestricted(instrument="BTCUSDT", since=5, until=None, hard=True, who="operator:ann", why="news")
    )
    history.tell(e.TradingStatusChanged(instrument="BTCUSDT", tradable=False, status="BREAK", market_at=1))
    state = row(history, InstrumentState, instrument="BTCUSDT")
    assert (state.suspended, state.suspended_by, state.formula) == (True, "governor", "age > 5 s")
    assert (state.restricted, state.restricted_since, state.restricted_until) == ("hard", 5, None)
    assert (state.tradable, state.venue_status) == (False, "BREAK")
    history.tell(e.SuspensionLifted(instrument="BTCUSDT", who="operator:ann", why="back"))
    history.tell(e.RestrictionLifted(instrument="BTCUSDT", who="operator:ann", why="over"))
    state = row(history, InstrumentState, instrument="BTCUSDT")
    assert (state.suspended, state.restricted, state.restricted_since) == (False, "", None)
    assert not row(history, InstrumentState, instrument="ETHUSDT").suspended


def test_of_two_causes_of_a_suspension_the_other_is_left(history: History) -> None:
    for who, why in (("breaker:cash", "100 USDT differ"), ("breaker:stale_feed", "6 s old")):
        history.tell(e.TradingSuspended(instrument="BTCUSDT", who=who, why=why))
    assert row(history, InstrumentState, instrument="BTCUSDT").suspended_by == "breaker:stale_feed"
    history.tell(e.SuspensionLifted(instrument="BTCUSDT", who="breaker:stale_feed", why="fresh"))
    state = row(history, InstrumentState, instrument="BTCUSDT")
    assert (state.suspended, state.suspended_by, state.suspended_why) == (True, "breaker:cash", "100 USDT differ")
    history.tell(e.SuspensionLifted(instrument="BTCUSDT", who="breaker:cash", why="adjusted"))
    state = row(history, InstrumentState, instrument="BTCUSDT")
    assert (state.suspended, state.causes, state.suspended_why) == (False, {}, "adjusted")


def test_the_marks_that_losses_are_measured_from(history: History) -> None:
    history.tell(e.EquityMarked(equity=D(99), peak=D(120), day_open=D(100), day="2023-11-14", market_at=START))
    book = row(history, Book)
    assert (book.equity, book.peak, book.day_open, book.day) == (99, 120, 100, "2023-11-14")


# --- the council ----------------------------------------------------------------------------------


def newcomer(history: History) -> None:
    signal = e.SignalRule(name="s", when="true", score="1.0")
    history.tell(
        e.SeatGranted(
            agent="new", role="rule", owner="o", prior_ppm=0, veto=False, required=False, shadow=True,
            signals=(signal,), who="operator:ann", why="",
        )
    )  # fmt: skip


def test_a_newcomer_is_in_shadow_until_it_enters(history: History) -> None:
    newcomer(history)
    seat = row(history, Seat, agent="new")
    assert (seat.status, seat.signals[0]["name"]) == ("shadow", "s")
    history.tell(e.SeatEntered(agent="new", weight=0.142857, events=50))
    seat = row(history, Seat, agent="new")
    assert (seat.status, seat.weight_ppm, seat.events) == ("seated", 142_857, 50)


def test_a_suspended_newcomer_comes_back_to_its_shadow(history: History) -> None:
    newcomer(history)
    for who in ("operator:ann", "operator:bob", "operator:bob"):
        history.tell(e.SeatSuspended(agent="new", who=who, why=""))
    seat = row(history, Seat, agent="new")
    assert (seat.status, seat.suspended_by) == ("suspended", ["operator:ann", "operator:bob"])
    history.tell(e.SeatReinstated(agent="new", who="operator:ann", why=""))
    assert row(history, Seat, agent="new").status == "shadow"


def test_strikes_pause_a_seat_and_an_edit_sets_its_weight(history: History) -> None:
    history.tell(e.ProposingSuspended(agent="rule", strikes=20, until=START + 5 * MS, why="spam"))
    history.tell(e.ReputationAdjusted(agent="rule", origin=0.16, to=0.05, who="operator:ann", why="fixed"))
    seat = row(history, Seat, agent="rule")
    assert (seat.strikes, seat.paused_until, seat.weight_ppm) == (20, moment(START + 5 * MS), 50_000)
    assert (seat.status, seat.who) == ("seated", "operator:ann")


def test_a_scored_bucket_gives_weights_and_moves_the_seats(history: History) -> None:
    score = e.SeatScore(
        agent="rule", forecasts=3, questions=4, loss=0.2, brier=0.19, before=0.16, after=0.17, ppm=170_000
    )
    for bucket in (7, 10):
        history.tell(
            e.CouncilScored(
                bucket=bucket, copy=1, cap=1 / 3, floor=0.01, questions=4, mix_loss=0.21, forecast_loss=0.2,
                seats=(score,),
            )
        )  # fmt: skip
    weight = row(history, SeatWeight, bucket=7)
    assert (weight.agent, weight.ppm, weight.brier, weight.forecasts) == ("rule", 170_000, 0.19, 3)
    assert row(history, CouncilScore, bucket=10).mix_loss == 0.21
    seat = row(history, Seat, agent="rule")
    assert (seat.weight_ppm, seat.events) == (170_000, 6)


def test_outcomes_with_and_without_an_answer(history: History) -> None:
    leg = e.OutcomeLeg(instrument="BTCUSDT", side="buy", origin=D(100), cost=0.0001, end=D(101), end_at=1)
    answered = e.ObservedOutcome(deliberation_id="d", question="BTCUSDT:buy", legs=(leg,), gain=0.0099, y=True)
    void = e.ObservedOutcome(deliberation_id="d", question="BTCUSDT:sell", legs=(), gain=None, y=None)
    history.tell(e.OutcomesRecorded(bucket=7, horizon=30, outcomes=(answered, void)))
    outcome = row(history, Outcome, question="BTCUSDT:buy")
    assert (outcome.y, outcome.gain, outcome.bucket, outcome.legs[0]["end"]) == (True, 0.0099, 7, "101")
    assert row(history, Outcome, question="BTCUSDT:sell").y is None


@pytest.fixture(scope="module")
def long_history() -> History:
    """Everything that happens to a row after it was begun."""
    history = History().found()
    requested(history, SetTerm(name="max_gross", value=D("1.2")))
    key, decision = held(history)
    history.round()
    history.tell(e.ChangeApproved(change_id="c", who="operator:bob", why="ok", enacts_at=START), "c")
    tripped = {"breaker": "drawdown", "subject": "demo", "effect": "HALTED", "level": 1.0, **FORMULA}
    history.tell(e.BreakerTripped(alarm_id="a", **tripped))
    history.tell(e.SeatSuspended(agent="rule", who="operator:ann", why=""))
    history.tell(e.DecisionReleased(decision_id=decision, rule="r", operator="operator:ann", reason=""), key)
    score = e.SeatScore(
        agent="rule", forecasts=3, questions=4, loss=0.2, brier=None, before=0.16, after=0.17, ppm=170_000
    )
    for bucket in (1, 2):
        history.tell(
            e.CouncilScored(
                bucket=bucket, copy=bucket, cap=0.3, floor=0.0, questions=1, mix_loss=0.0, forecast_loss=0.0,
                seats=(score,),
            )
        )  # fmt: skip
    history.tell(e.ChangeEnacted(change_id="c", who="operator:ann", approved_by="operator:bob"), "c")
    history.tell(e.AlarmAcknowledged(alarm_id="a", who="operator:ann", why="seen"))
    history.tell(e.BreakerCleared(breaker="drawdown", subject="demo", who="operator:ann", why="ok"))
    decided(history, key, decision, "granted")
    return history


@given(cuts=st.lists(st.integers(min_value=1, max_value=20), min_size=1, max_size=12))
def test_any_batches_give_the_same_rows(long_history: History, cuts: list[int]) -> None:
    events = recorded("governance", long_history.governance)
    rebuilt, incremental = Tables(), Tables()
    rebuilt.project(fold, events, READ_MODELS)
    position = 0
    for cut in cycle(cuts):
        incremental.project(fold, events[position : position + cut], READ_MODELS)
        position += cut
        if position >= len(events):
            break
    assert incremental.values() == rebuilt.values()
    assert all(rebuilt.of(model) for model in (ChangeRequest, Hold, Alarm, BreakerState, SeatWeight, RuleVersion))

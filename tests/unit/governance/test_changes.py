"""Given a book, when somebody asks for a change, then it tightens, loosens, or cannot be made."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields

from governance.domain.changes import Judgement, judge
from governance.domain.parameters import BOOK as BOOK_PARAMETERS
from governance.domain.parameters import INSTRUMENT as INSTRUMENT_PARAMETERS
from governance.domain.parameters import setting
from streams import events as e
from streams.changes import (
    AdjustReputation,
    Change,
    GrantSeat,
    IssueSeatKey,
    ReinstateSeat,
    Restrict,
    RetireRule,
    RevokeSeatKey,
    SetTerm,
    SuspendSeat,
    Unrestrict,
)
from streams.events import BookTerms, InstrumentTerms, RuleClause, SignalRule
from tests.unit.governance.changing import ANN, BOB, CLAUSE, Office, rule
from tests.unit.governance.scene import seat

D = Decimal
FOUNDED = BookTerms()
OTHER = (RuleClause(name="small", cel="order.quantity <= 2.0"),)


@pytest.fixture
def office() -> Office:
    return Office()


def judged(office: Office, change: Change, who: str = ANN, market_now: int = 0) -> str:
    """ "tightens", "loosens", or the code of the refusal."""
    found = judge(change, office.state, who=who, market_now=market_now)
    if isinstance(found, Judgement):
        assert found.why
        return "loosens" if found.loosens else "tightens"
    return str(found[0])


# --- rules ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("effect", ["deny", "clip", "hold"])
def test_a_new_rule_that_takes_away_tightens(office: Office, effect: e.Effect) -> None:
    assert judged(office, rule(effect=effect)) == "tightens"


@pytest.mark.parametrize("changed", [{"effect": "warn"}, {"shadow": True}])
def test_a_new_rule_that_takes_nothing_away_waits(office: Office, changed: dict[str, Any]) -> None:
    assert judged(office, rule(**changed)) == "loosens"


@pytest.mark.parametrize(
    "changed",
    [
        {"clauses": OTHER},
        {"clauses": (CLAUSE, RuleClause(name="more", cel="false"))},
        {"shadow": True},
        {"effect": "warn"},
        {"exempt_risk_reducing": False},
        {"title": "Another title"},
    ],
)
def test_every_edit_of_an_active_rule_loosens(office: Office, changed: dict[str, Any]) -> None:
    assert judged(office, rule(**({"rule": "old", "title": "Old"} | changed))) == "loosens"


def test_the_same_rule_again_is_no_change(office: Office) -> None:
    assert judged(office, rule(rule="old", title="Old")) == "NO_CHANGE"


def test_a_shadow_rule_made_to_deny_tightens_if_its_text_stays(office: Office) -> None:
    assert judged(office, rule(rule="shy")) == "tightens"
    assert judged(office, rule(rule="shy", clauses=OTHER)) == "loosens"


def test_retiring_loosens_whatever_is_retired(office: Office) -> None:
    assert judged(office, RetireRule(rule="old")) == "loosens"
    assert judged(office, RetireRule(rule="shy")) == "loosens"
    assert judged(office, RetireRule(rule="nobody")) == "INVALID"


# --- parameters -----------------------------------------------------------------------------------


def test_every_parameter_has_a_row_and_founding_values_lie_inside_the_bounds() -> None:
    assert set(BOOK_PARAMETERS) == {field.name for field in fields(BookTerms)} - {"horizon_s"}
    assert set(INSTRUMENT_PARAMETERS) == {field.name for field in fields(InstrumentTerms)} - {"symbol"}
    for name, parameter in BOOK_PARAMETERS.items():
        assert parameter.low <= D(getattr(FOUNDED, name)) <= parameter.high, name


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("max_gross", "0.9", "tightens"),
        ("max_gross", "1.1", "loosens"),
        ("max_gross", "1.00", "NO_CHANGE"),
        ("trade_quorum", "0.45", "tightens"),
        ("trade_quorum", "0.39", "loosens"),
        ("live_only", "1", "tightens"),
        ("live_only", "2", "INVALID"),
        ("live_only", "0.5", "INVALID"),
        ("timelock_s", "120", "tightens"),
        ("timelock_s", "30", "loosens"),
        ("fee_bp", "0.1", "loosens"),
        ("fee_bp", "0.3", "loosens"),
        ("drawdown_reduce", "0.04", "tightens"),
        ("nonsense", "1", "INVALID"),
        ("max_position", "1", "INVALID"),
    ],
)
def test_a_parameter_of_the_book(office: Office, name: str, value: str, expected: str) -> None:
    assert judged(office, SetTerm(name=name, value=D(value))) == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("max_position", "9", "tightens"),
        ("max_position", "11", "loosens"),
        ("min_position", "-9", "tightens"),
        ("min_position", "-11", "loosens"),
        ("min_position", "1", "INVALID"),
        ("lot_size", "0.001", "loosens"),
        ("max_position", "0.00001", "INVALID"),
        ("max_gross", "0.5", "INVALID"),
    ],
)
def test_a_parameter_of_an_instrument(office: Office, name: str, value: str, expected: str) -> None:
    assert judged(office, SetTerm(name=name, value=D(value), instrument="BTCUSDT")) == expected


def test_an_instrument_that_is_not_listed(office: Office) -> None:
    assert judged(office, SetTerm(name="max_position", value=D(1), instrument="DOGE")) == "UNKNOWN_INSTRUMENT"


def test_the_quorum_stays_above_what_one_owner_may_hold(office: Office) -> None:
    """Six owners: κ_eff is 1/3."""
    assert judged(office, SetTerm(name="trade_quorum", value=D("0.3333"))) == "INVALID"
    assert judged(office, SetTerm(name="trade_quorum", value=D("0.3334"))) == "loosens"
    assert judged(office, SetTerm(name="owner_cap", value=D("0.4"))) == "INVALID"


def test_the_first_limit_of_a_breaker_stays_below_the_second(office: Office) -> None:
    assert judged(office, SetTerm(name="drawdown_halt", value=D("0.05"))) == "tightens"
    assert judged(office, SetTerm(name="drawdown_halt", value=D("0.049"))) == "INVALID"
    assert judged(office, SetTerm(name="stale_suspend_s", value=D(61))) == "INVALID"


@given(name=st.sampled_from(sorted(BOOK_PARAMETERS)), part=st.fractions(0, 1))
def test_a_move_never_tightens_both_ways(name: str, part: Any) -> None:
    """If setting a to b tightens, setting b to a loosens; without a direction both do."""
    parameter = BOOK_PARAMETERS[name]
    share = D(part.numerator) / D(part.denominator)
    value = D(int(parameter.low + (parameter.high - parameter.low) * share))
    there = setting(name, value, "", FOUNDED, {}, {})
    if isinstance(there, tuple):
        return
    kind = type(getattr(FOUNDED, name))
    changed = BookTerms(**{name: kind(value)})
    back = setting(name, D(getattr(FOUNDED, name)), "", changed, {}, {})
    assert not isinstance(back, tuple)
    if parameter.safe is None:
        assert there.loosens
        assert back.loosens
    else:
        assert there.loosens != back.loosens


# --- restrictions ---------------------------------------------------------------------------------


def test_restricting_tightens_and_weakening_a_restriction_loosens(office: Office) -> None:
    assert judged(office, Restrict(instrument="BTCUSDT", since=100, until=200)) == "tightens"
    office.request(Restrict(instrument="BTCUSDT", since=100, until=200, hard=True))
    for changed, expected in (
        ({"since": 100, "until": 200, "hard": True}, "NO_CHANGE"),
        ({"since": 50, "until": 200, "hard": True}, "tightens"),
        ({"since": 100, "until": None, "hard": True}, "tightens"),
        ({"since": 100, "until": 200, "hard": False}, "loosens"),
        ({"since": 100, "until": 150, "hard": True}, "loosens"),
        ({"since": 150, "until": 300, "hard": True}, "loosens"),
        ({"since": 150, "until": 150, "hard": True}, "INVALID"),
    ):
        assert judged(office, Restrict(instrument="BTCUSDT", **changed)) == expected, changed
    assert judged(office, Unrestrict(instrument="BTCUSDT")) == "loosens"
    assert judged(office, Unrestrict(instrument="ETHUSDT")) == "NO_CHANGE"
    assert judged(office, Restrict(instrument="DOGE")) == "UNKNOWN_INSTRUMENT"


def test_a_restriction_that_has_ended_is_none(office: Office) -> None:
    office.request(Restrict(instrument="BTCUSDT", since=100, until=200, hard=True))
    again = Restrict(instrument="BTCUSDT", since=300)
    assert judged(office, again, market_now=199) == "loosens"
    assert judged(office, again, market_now=200) == "tightens"


# --- seats ----------------------------------------------------------------------------------------


def test_suspending_takes_two_people_to_confirm(office: Office) -> None:
    suspend = SuspendSeat(agent="anomaly")
    assert judged(office, suspend) == "tightens"
    office.request(suspend, ANN, "1")
    assert judged(office, suspend, ANN) == "SAME_PERSON"
    assert judged(office, suspend, BOB) == "tightens"
    office.request(suspend, BOB, "2")
    assert judged(office, suspend, "operator:cat") == "NO_CHANGE"
    assert judged(office, ReinstateSeat(agent="anomaly")) == "loosens"
    assert judged(office, ReinstateSeat(agent="risk")) == "NO_CHANGE"
    assert judged(office, SuspendSeat(agent="nobody")) == "UNKNOWN_AGENT"


def test_suspending_a_guard_that_nobody_must_ask_loosens() -> None:
    """Without a required guard nothing passes; without this one its veto is just gone."""
    voters = [seat(f"voter-{number}") for number in range(4)]
    office = Office(seats=[*voters, seat("risk"), seat("compliance", required=False)])
    assert judged(office, SuspendSeat(agent="risk")) == "tightens"
    assert judged(office, SuspendSeat(agent="compliance")) == "loosens"


def test_the_house_changes_its_key_at_once_and_a_seat_changes_hands_slowly(office: Office) -> None:
    assert judged(office, IssueSeatKey(agent="anomaly")) == "tightens"
    assert judged(office, IssueSeatKey(agent="anomaly", public="ab" * 32)) == "loosens"
    assert judged(office, IssueSeatKey(agent="nobody")) == "UNKNOWN_AGENT"
    office.request(IssueSeatKey(agent="anomaly"), ANN, "1")
    assert (office.state.seats["anomaly"].key.number, office.state.seats["anomaly"].key.follows) == (2, True)
    assert judged(office, RevokeSeatKey(agent="anomaly")) == "tightens"
    office.request(RevokeSeatKey(agent="anomaly"), ANN, "2")
    assert office.state.seats["anomaly"].key.revoked
    assert judged(office, RevokeSeatKey(agent="anomaly")) == "NO_CHANGE"
    assert judged(office, IssueSeatKey(agent="anomaly")) == "loosens"


def test_silencing_a_guard_that_nobody_must_ask_loosens() -> None:
    voters = [seat(f"voter-{number}") for number in range(4)]
    office = Office(seats=[*voters, seat("risk"), seat("compliance", required=False)])
    assert judged(office, RevokeSeatKey(agent="risk")) == "tightens"
    assert judged(office, RevokeSeatKey(agent="compliance")) == "loosens"


def test_no_seat_leaves_t_where_one_owner_could_then_pass_alone() -> None:
    """Nine owners may hold 1/4 each, eight 1/3: a quorum of 0.3 lies between."""
    office = Office(terms=BookTerms(trade_quorum=D("0.3")), seats=[seat(f"v{number}") for number in range(9)])
    office.request(SuspendSeat(agent="v0"), ANN, "1")
    assert judged(office, SuspendSeat(agent="v0"), BOB) == "INVALID"
    assert judged(Office(terms=office.state.terms), SuspendSeat(agent="anomaly")) == "tightens"


def test_seats_and_reputations_always_wait(office: Office) -> None:
    assert judged(office, GrantSeat(agent="newcomer", role="strategy", owner="them")) == "loosens"
    assert judged(office, GrantSeat(agent="guard", role="risk", owner="them", veto=True, required=True)) == "loosens"
    assert judged(office, AdjustReputation(agent="rule", weight=0.1)) == "loosens"
    assert judged(office, AdjustReputation(agent="risk", weight=0.1)) == "INVALID"


SIGNAL = SignalRule(name="s", when="true", score="1.0")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"agent": "rule"}, "DUPLICATE"),
        ({"agent": "operator:ann"}, "INVALID"),
        ({"veto": True}, "INVALID"),
        ({"required": True}, "INVALID"),
        ({"signals": (SIGNAL,)}, "INVALID"),
        ({"role": "rule", "signals": (SIGNAL, SIGNAL)}, "INVALID"),
        ({"role": "rule", "signals": (SIGNAL,)}, "loosens"),
    ],
)
def test_seats_that_cannot_be(office: Office, changed: dict[str, Any], expected: str) -> None:
    known: dict[str, Any] = {"agent": "newcomer", "role": "strategy", "owner": "them"}
    assert judged(office, GrantSeat(**(known | changed))) == expected


def test_the_horizon_of_a_book_stays_what_it_was_founded_with(office: Office) -> None:
    """Forecasts, buckets and weights count by it."""
    refused = judge(SetTerm(name="horizon_s", value=D(60)), office.state, who="operator:kim")
    assert isinstance(refused, tuple)
    assert "fixed when a book is founded" in refused[1]

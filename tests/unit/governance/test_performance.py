"""What people are shown: Brier score, calibration, regret with its bound, the value of a veto."""

from __future__ import annotations

from decimal import Decimal
from math import log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from governance.domain.performance import (
    GivenForecast,
    answered,
    best_committee,
    brier,
    calibration,
    regret,
    veto_value,
    wilson,
)
from governance.domain.reputation import Reputation
from streams.events import BookTerms, CouncilScored, ObservedOutcome
from tests.unit.governance.test_reputation import council, fold, scored, seat

D = Decimal
FORECAST = st.tuples(st.floats(0, 1), st.booleans())


def row(agent: str, probability: float, question: str = "BTCUSDT:buy", deliberation: str = "d") -> GivenForecast:
    return GivenForecast(deliberation_id=deliberation, question=question, agent=agent, probability=probability)


def outcome(y: bool | None, question: str = "BTCUSDT:buy", gain: float | None = None) -> ObservedOutcome:
    return ObservedOutcome(deliberation_id="d", question=question, legs=(), gain=gain, y=y)


# --- forecasts ------------------------------------------------------------------------------------


def test_forecasts_meet_their_outcomes_and_void_is_left_out() -> None:
    rows = [row("a", 0.7), row("a", 0.1, "BTCUSDT:sell"), row("b", 0.4), row("b", 0.9, deliberation="other")]
    found = answered(rows, [outcome(True), outcome(None, "BTCUSDT:sell")])
    assert found == {"a": [(0.7, True)], "b": [(0.4, True)]}


def test_the_first_forecast_on_a_question_counts() -> None:
    assert answered([row("a", 0.7), row("a", 0.1)], [outcome(False)]) == {"a": [(0.7, False)]}


def test_the_brier_score_is_the_mean_squared_error() -> None:
    assert brier([(0.8, True), (0.4, False)]) == pytest.approx((0.04 + 0.16) / 2)
    assert brier([]) is None


def test_wilsons_interval() -> None:
    """Textbook: 10 of 20 is 0.299 to 0.701; none of 10 is 0 to 0.278."""
    assert wilson(10, 20) == pytest.approx((0.2993, 0.7007), abs=1e-4)
    assert wilson(0, 10) == pytest.approx((0, 0.2775), abs=1e-4)
    assert wilson(10, 10) == pytest.approx((0.7225, 1), abs=1e-4)
    assert wilson(0, 0) == (0, 1)


@settings(max_examples=1_000)
@given(st.integers(0, 1_000), st.integers(0, 1_000))
def test_the_interval_holds_the_frequency(happened: int, others: int) -> None:
    low, high = wilson(happened, happened + others)
    share = happened / (happened + others) if happened + others else 0.5
    assert 0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1


def test_calibration_bins_forecasts_by_tenths() -> None:
    bins = calibration([(0.5, True), (0.58, False), (0.6, True), (1.0, True), (0.9, False)])
    assert [(each.low, each.high, each.count, each.frequency) for each in bins] == [
        (0.5, 0.6, 2, 0.5),
        (0.6, 0.7, 1, 1.0),
        (0.9, 1.0, 2, 0.5),
    ]
    assert bins[0].forecast == pytest.approx(0.54)
    assert bins[0].interval == wilson(1, 2)


@settings(max_examples=1_000)
@given(st.lists(FORECAST, max_size=50))
def test_every_forecast_is_in_one_bin(forecasts: list[tuple[float, bool]]) -> None:
    bins = calibration(forecasts)
    assert sum(each.count for each in bins) == len(forecasts)
    assert sum(each.frequency * each.count for each in bins) == pytest.approx(sum(y for _, y in forecasts))
    assert all(each.low <= each.forecast * (1 + 1e-12) <= each.high * (1 + 2e-12) for each in bins)


# --- regret ---------------------------------------------------------------------------------------


def test_the_best_committee_shares_the_cap_among_the_best_owners_best_seats() -> None:
    losses = {"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0, "e": 0.5}
    owners = {"a": "x", "e": "x", "b": "y", "c": "z", "d": "w"}
    assert best_committee(losses, owners, 1 / 3) == pytest.approx({"e": 1 / 3, "b": 1 / 3, "c": 1 / 3})
    assert best_committee(losses, owners, 0.4) == pytest.approx({"e": 0.4, "b": 0.4, "c": 0.2})
    assert best_committee(losses, owners, 1.0) == {"e": 1.0}


def played(reputation: Reputation, buckets: int, terms: BookTerms = BookTerms()) -> list[CouncilScored]:  # noqa: B008
    events = []
    for bucket in range(buckets):
        forecasts = {"a": 0.9, "b": 0.6, "c": 0.5, "d": 0.4, "e": 0.3, "f": 0.2, "new": 0.99}
        events.append(scored(reputation, bucket, (forecasts, True), terms=terms))
        fold(reputation, *reputation.entries(terms))
    return events


def test_regret_is_the_mix_loss_of_the_council_less_the_committees() -> None:
    reputation = council(*"abcdef")
    events = played(reputation, 30)
    found = regret(events, reputation.owners)
    assert found is not None
    best = 30 * (0.1**2 + 0.4**2 + 0.5**2) / 3
    assert found.committee == pytest.approx({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3})
    assert found.committee_loss == pytest.approx(best)
    assert found.council == pytest.approx(sum(each.mix_loss for each in events))
    assert found.forecast == pytest.approx(sum(each.forecast_loss for each in events))
    assert found.regret == pytest.approx(found.council - best)


@pytest.mark.parametrize(
    ("buckets", "seats", "cap"), [(1, "abcdef", 1 / 3), (30, "abcdef", 1 / 3), (30, "abcd", 1 / 3)]
)
def test_the_bound_is_g3(buckets: int, seats: str, cap: float) -> None:
    reputation = council(*seats)
    found = regret(played(reputation, buckets), reputation.owners)
    assert found is not None
    assert found.bound == pytest.approx(3 * 2 * log(len(seats) / 3) + 2 * buckets * log(1 / 0.99))
    assert found.agents is None


def test_regret_per_agent_is_shown_only_without_a_cap() -> None:
    terms = BookTerms(owner_cap=D(1), weight_floor=D(0))
    reputation = council(*"abcdef", terms=terms)
    found = regret(played(reputation, 60, terms), reputation.owners)
    assert found is not None
    assert found.agents is not None
    assert found.agents["a"] == pytest.approx(found.regret)
    assert found.regret <= found.bound == pytest.approx(3 * 2 * log(6))


def test_a_seat_that_entered_is_no_comparator_but_widens_the_bound() -> None:
    terms = BookTerms(newcomer_events=10)
    reputation = council(*"abcdef", seat("new", shadow=True))
    found = regret(played(reputation, 60, terms), reputation.owners)
    assert found is not None
    assert "new" not in found.committee
    assert found.bound == pytest.approx(3 * 2 * log(7 / 3) + 2 * 60 * log(1 / 0.99))


def test_buckets_without_an_answer_do_not_count() -> None:
    reputation = council(*"abcdef")
    events = played(reputation, 5)
    void = scored(reputation, 5, ({"a": 0.5}, None))
    assert regret([*events, void], reputation.owners) == regret(events, reputation.owners)
    assert regret([void], reputation.owners) is None


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(st.lists(st.floats(0, 1), min_size=7, max_size=7), st.booleans()), max_size=2), max_size=8
    )
)
def test_regret_stays_within_its_bound_with_clones_and_a_newcomer(
    buckets: list[list[tuple[list[float], bool]]],
) -> None:
    terms = BookTerms(newcomer_events=2)
    reputation = council(seat("a", "x"), seat("b", "x", prior_ppm=400_000), *"cdef", seat("new", shadow=True))
    events = []
    for bucket, drawn in enumerate(buckets):
        questions = [(dict(zip([*"abcdef", "new"], qs, strict=True)), y) for qs, y in drawn]
        events.append(scored(reputation, bucket, *questions, terms=terms))
        fold(reputation, *reputation.entries(terms))
    found = regret(events, reputation.owners)
    if found is not None:
        assert found.regret <= found.bound + 1e-9


# --- vetoes ---------------------------------------------------------------------------------------


def test_a_veto_is_worth_what_was_not_lost() -> None:
    found = veto_value(outcome(False, gain=-0.0025), D(4_000))
    assert found is not None
    assert found.amount == D(10)
    assert found.label == "hypothetical"


def test_a_veto_of_what_would_have_earned_is_worth_less_than_nothing() -> None:
    found = veto_value(replace(outcome(True), gain=0.001), D(1_000))
    assert found is not None
    assert found.amount == -1


def test_a_veto_without_an_outcome_has_no_value() -> None:
    assert veto_value(outcome(None), D(1_000)) is None

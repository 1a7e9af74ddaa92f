"""Whether the calibration finds what is there, and labels as governance does."""

from __future__ import annotations

import math
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from agents.calibration import PRIOR_COST, PRIOR_SLOPE, Sample, collect, fit, report
from agents.roles.calibrated import Logistic
from agents.roles.momentum import Momentum
from agents.roles.strategy import Habits
from streams.events import BookTerms
from tests.unit.agents.market import BTC, SECOND, START, TERMS, quote


def drawn(truth: Logistic, n: int, weight: float, seed: int = 1) -> list[Sample]:
    random = Random(seed)
    pairs = [(random.uniform(-2, 2), random.uniform(0.05, 0.5)) for _ in range(n)]
    return [Sample(score, ratio, random.random() < truth(score, ratio), weight) for score, ratio in pairs]


def test_with_many_outcomes_the_fit_finds_the_truth() -> None:
    found = fit(drawn(Logistic(0.8, 2.5), 40_000, 1.0))
    assert abs(found.slope - 0.8) < 0.05
    assert abs(found.cost - 2.5) < 0.2


def test_without_outcomes_the_fit_says_what_was_thought_before() -> None:
    assert fit([]) == Logistic(PRIOR_SLOPE, PRIOR_COST)


def test_few_outcomes_move_the_fit_only_a_little() -> None:
    against = [Sample(2.0, 0.1, False, 0.5), Sample(-2.0, 0.1, True, 0.5)] * 5
    assert 0.0 < fit(against).slope < PRIOR_SLOPE


@given(score=st.floats(-50, 50), ratio=st.floats(0, 5), slope=st.floats(0, 1), cost=st.floats(0, 3))
def test_a_forecast_is_a_probability_and_both_sides_together_are_at_most_certain(
    score: float, ratio: float, slope: float, cost: float
) -> None:
    forecast = Logistic(slope, cost)
    buy, sell = forecast(score, ratio), forecast(-score, ratio)
    assert 0.0 < buy < 1.0
    assert buy + sell <= 1.0 + 1e-12


def test_scores_beyond_two_deviations_say_no_more() -> None:
    forecast = Logistic(0.3, 1.6)
    assert forecast(2.0, 0.1) == forecast(9.0, 0.1)


def test_labels_are_the_returns_at_the_horizon_against_the_cost() -> None:
    """Given a price that rises by 1 bp each second, then buying pays 30 bp at the horizon and selling does not."""
    agent = Momentum(Habits(forecast=Logistic(0.2, 1.6), notional=1000.0, has_view_from=0.0), tau_s=5.0)
    ticks = [quote(60_000 * (1 + 1e-4 * n / 4), START + n * SECOND // 4, number=n) for n in range(4 * 120)]
    samples = collect(ticks, {"m": agent}, BookTerms(), {BTC: TERMS})["m"]

    assert len(samples) > 100
    assert all(sample.y == (sample.score > 0) for sample in samples)
    assert math.isclose(sum(sample.weight for sample in samples), len(samples) / 60)


def test_a_horizon_without_a_price_gives_no_label() -> None:
    agent = Momentum(Habits(forecast=Logistic(0.2, 1.6), notional=1000.0, has_view_from=0.0), tau_s=5.0)
    early = [quote(60_000 + n % 7, START + n * SECOND // 4, number=n) for n in range(4 * 25)]
    late = [quote(60_000, START + 100 * SECOND, number=1000)]
    assert collect([*early, *late], {"m": agent}, BookTerms(), {BTC: TERMS})["m"] == []


def test_the_report_tells_an_honest_forecast_from_a_boast() -> None:
    truth = Logistic(0.6, 1.6)
    samples = drawn(truth, 20_000, 1.0)
    honest, boast = report(samples, truth), report(samples, Logistic(3.0, 0.0))

    assert honest.brier < honest.brier_base < boast.brier
    assert all(abs(row.forecast - row.happened) < 0.05 for row in honest.reliability)
    assert sum(row.n for row in honest.reliability) == honest.n == 20_000

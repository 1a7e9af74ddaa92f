"""The incremental statistics against what they stand for."""

from __future__ import annotations

import math
import statistics
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from agents.roles.signals import Drift, Returns, RollingMedian, VarianceRatio

SECOND = 1_000_000_000
NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)


@given(values=st.lists(NUMBERS, min_size=1, max_size=80), size=st.integers(1, 30))
def test_the_rolling_median_is_the_median_of_the_last_values(values: list[float], size: int) -> None:
    rolling = RollingMedian(size)
    for number, value in enumerate(values, 1):
        rolling.add(value)
        last = values[max(0, number - size) : number]
        assert len(rolling) == len(last)
        assert rolling.median() == statistics.median(last)
    middle = statistics.median(last)
    assert math.isclose(rolling.deviation(), 1.4826 * statistics.median([abs(x - middle) for x in last]), abs_tol=1e-9)


@given(values=st.lists(NUMBERS, min_size=3, max_size=40), value=NUMBERS, least=st.floats(1e-3, 1e3))
def test_an_outlier_is_measured_in_robust_deviations(values: list[float], value: float, least: float) -> None:
    rolling = RollingMedian(50)
    for known in values:
        rolling.add(known)
    exact = (value - rolling.median()) / max(rolling.deviation(), least)
    found = rolling.outlying(value, least)
    assert math.isclose(found, exact) or (abs(exact) <= 1 and abs(found) <= 1)


def walk(seed: int, seconds: int, *, pull: float = 0.0, push: float = 0.0) -> list[float]:
    """Log prices four times a second: a random walk of 1 bp per √s, pulled to 0 or pushed along its last move."""
    random, price, last, prices = Random(seed), 0.0, 0.0, []
    for _ in range(seconds * 4):
        last = push * last - pull * price / 4 + random.gauss(0, 0.5e-4)
        price += last
        prices.append(price)
    return prices


def measured(prices: list[float]) -> tuple[float, float]:
    returns, ratio = Returns(600.0), VarianceRatio(10.0, 600.0)
    for number, price in enumerate(prices):
        deviation = returns.deviation() if returns.update(math.exp(price), number * SECOND // 4) else None
        if deviation is not None:
            ratio.update(returns.last, returns.last_step_s, deviation)
    deviation = returns.deviation()
    assert deviation is not None
    assert ratio.value is not None
    return deviation, ratio.value


def test_the_deviation_of_a_random_walk_is_found() -> None:
    found = [measured(walk(seed, 1200))[0] for seed in range(5)]
    assert 0.9e-4 < statistics.mean(found) < 1.1e-4


def test_the_variance_ratio_tells_trending_from_reverting() -> None:
    neutral, reverting, trending = (
        statistics.mean(measured(walk(seed, 1200, pull=pull, push=push))[1] for seed in range(5))
        for pull, push in ((0.0, 0.0), (0.2, 0.0), (0.0, 0.7))
    )
    assert 0.7 < neutral < 1.3
    assert reverting < 0.6
    assert trending > 1.5


def test_a_silence_is_no_return() -> None:
    returns = Returns(60.0)
    for number in range(30):
        returns.update(100.0 + number % 2, number * SECOND)
    before = returns.deviation()
    assert not returns.update(200.0, 60 * SECOND)
    assert returns.deviation() == before
    assert returns.update(200.0, 61 * SECOND)
    assert returns.last == 0.0


def test_a_drift_decays_with_its_time_constant() -> None:
    drift = Drift(10.0)
    drift.update(1.0, 0.25)
    for _ in range(40):
        drift.update(0.0, 0.25)
    assert math.isclose(drift.total, math.exp(-1.0))

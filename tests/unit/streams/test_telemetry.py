"""Latencies that a process reports."""

from __future__ import annotations

import redis
from hypothesis import given
from hypothesis import strategies as st

from streams.telemetry import LONGEST_US, MOST_OBSERVED, Telemetry

DAY_NS = 86_400_000_000_000


def reported(*observed: int) -> dict[str, float]:
    telemetry = Telemetry(redis.Redis(), "somebody")  # which connects with its first beat
    for nanoseconds in observed:
        telemetry.observe("stage", nanoseconds)
    latency: dict[str, float] = telemetry.report(0)["latency"]["stage"]
    return latency


@given(st.lists(st.integers(min_value=1_000, max_value=LONGEST_US * 1_000), min_size=1, max_size=50))
def test_the_figures_are_right_to_two_in_a_hundred(observed: list[int]) -> None:
    figures = reported(*observed)
    assert figures["n"] == len(observed)
    assert abs(figures["max_ms"] * 1e6 - max(observed)) <= 0.02 * max(observed) + 1_000
    middle = sorted(observed)[(len(observed) - 1) // 2]
    assert abs(figures["p50_ms"] * 1e6 - middle) <= 0.02 * middle + 1_000


def test_what_lies_beyond_the_scale_counts_as_its_end() -> None:
    assert reported(-5, 0)["max_ms"] == 0.001
    assert reported(DAY_NS)["max_ms"] * 1_000 >= 0.99 * LONGEST_US


def test_many_between_two_reports_do_not_pile_up() -> None:
    telemetry = Telemetry(redis.Redis(), "somebody")
    for _ in range(3 * MOST_OBSERVED):
        telemetry.observe("stage", 5_000)
    assert len(telemetry._observed) == 0
    assert telemetry.report(0)["latency"]["stage"]["n"] == 3 * MOST_OBSERVED

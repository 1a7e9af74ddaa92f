"""Weights over time: a line for each copy, and a dot where there is one point only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from governance.models import SeatWeight
from govsite.ops.plots import weight_plot

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def scored(bucket: int, ppm: int) -> SeatWeight:
    return SeatWeight(bucket=bucket, copy=bucket % 3, ppm=ppm, scored_at=NOON + timedelta(minutes=bucket))


def test_a_copy_that_was_scored_once_is_a_dot() -> None:
    drawn = weight_plot([scored(0, 150_000), scored(1, 100_000), scored(3, 50_000)])
    assert drawn is not None
    assert (drawn["top"], [line["copy"] for line in drawn["lines"]]) == (0.2, [0, 1])
    assert drawn["lines"][0]["points"] == "0.0,35.0 640.0,105.0"
    assert drawn["lines"][1]["points"] == "213.3,70.0 213.3,70.0"


def test_one_bucket_is_no_line() -> None:
    assert weight_plot([scored(0, 150_000)]) is None

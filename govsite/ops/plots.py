"""Small plots as SVG coordinates: the weight of a seat over time, the calibration of its forecasts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from governance.domain.performance import Bin
from governance.models import SeatWeight

PPM = 1_000_000
WIDTH, HEIGHT = 640, 140
SIDE = 260
LARGEST_DOT = 9.0


def weight_plot(rows: Sequence[SeatWeight]) -> dict[str, Any] | None:
    """One line for each copy of the weights, from 0 to the next tenth above the largest; None below two buckets."""
    if len(rows) < 2:
        return None
    first, last = rows[0].bucket, rows[-1].bucket
    top = min(1.0, (int(max(row.ppm for row in rows) / PPM * 10) + 1) / 10)
    lines = []
    for copy in sorted({row.copy for row in rows}):
        points = [
            f"{(row.bucket - first) / (last - first) * WIDTH:.1f},{HEIGHT - row.ppm / PPM / top * HEIGHT:.1f}"
            for row in rows
            if row.copy == copy
        ]
        lines.append({"copy": copy, "points": " ".join(points)})
    return {
        "lines": lines,
        "top": top,
        "width": WIDTH,
        "height": HEIGHT,
        "since": rows[0].scored_at,
        "until": rows[-1].scored_at,
    }


def calibration_plot(bins: Sequence[Bin]) -> dict[str, Any] | None:
    """Forecast to the right, frequency upward, the interval as a line, the dot larger for more forecasts."""
    if not bins:
        return None
    most = max(each.count for each in bins)
    return {
        "side": SIDE,
        "dots": [
            {
                "x": round(each.forecast * SIDE, 1),
                "y": round((1 - each.frequency) * SIDE, 1),
                "low": round((1 - each.interval[0]) * SIDE, 1),
                "high": round((1 - each.interval[1]) * SIDE, 1),
                "r": round(2.5 + (LARGEST_DOT - 2.5) * (each.count / most) ** 0.5, 1),
                "title": f"{each.count} forecasts around {each.forecast:.2f}: y = 1 in {each.frequency:.2f}",
            }
            for each in bins
        ],
    }

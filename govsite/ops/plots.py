"""Small plots as SVG coordinates: a seat's weight over time, the calibration of its forecasts, bars as candles."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from governance.domain.performance import Bin
from governance.models import SeatWeight
from ledger.readmodel import moment
from market.domain.bars import SECOND_NS, Bar

PPM = 1_000_000
WIDTH, HEIGHT = 640, 140
SIDE = 260
LARGEST_DOT = 9.0
CANDLES = 60
SLOT = 10.0
BODY = 6.4
PRICES_HIGH, VOLUME_HIGH, BETWEEN = 150.0, 34.0, 8.0


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
        drawn = points if len(points) > 1 else points * 2  # a line with round ends that goes nowhere is a dot
        lines.append({"copy": copy, "points": " ".join(drawn)})
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


def candles(bars: Sequence[Bar], width_s: int) -> dict[str, Any] | None:
    """Bars in order, the newest at the right end; where nothing happened the place is empty. Rising candles are
    hollow, falling ones filled, seconds or minutes without a trade a stroke at P. None where there is no bar."""
    if not bars:
        return None
    step = width_s * SECOND_NS
    first = bars[-1].at - (CANDLES - 1) * step
    shown = [bar for bar in bars if bar.at >= first]
    low, high = min(bar.low for bar in shown), max(bar.high for bar in shown)
    most = max(bar.volume for bar in shown)
    paths: dict[str, list[str]] = {"rising": [], "falling": [], "quoted": [], "volume": []}
    for bar in shown:
        middle = (bar.at - first) // step * SLOT + SLOT / 2
        kind = "quoted" if not bar.trades else "rising" if bar.close >= bar.open else "falling"
        paths[kind].append(_candle(bar, middle, low, high))
        if bar.volume:
            paths["volume"].append(_column(middle, float(bar.volume / most) * VOLUME_HIGH))
    return {
        **{kind: " ".join(drawn) for kind, drawn in paths.items()},
        "width": CANDLES * SLOT,
        "height": PRICES_HIGH + BETWEEN + VOLUME_HIGH,
        "low": low,
        "high": high,
        "first": moment(first),
        "last": moment(bars[-1].at),
        "volume_sum": sum(bar.volume for bar in shown),
        "missing": CANDLES - len(shown),
        "mixed": sum(bar.mixed for bar in shown),
        "sources": sorted({bar.source for bar in shown}),
    }


def _candle(bar: Bar, middle: float, low: Decimal, high: Decimal) -> str:
    """The wick above and below the body, and the body; without a trade only a stroke from low to high and across."""

    def y(price: Decimal) -> float:
        return PRICES_HIGH / 2 if high == low else float((high - price) / (high - low)) * PRICES_HIGH

    left, top, bottom = middle - BODY / 2, y(max(bar.open, bar.close)), y(min(bar.open, bar.close))
    if not bar.trades:
        return f"M{middle:.1f} {y(bar.high):.1f}V{y(bar.low):.1f}M{left:.1f} {y(bar.close):.1f}h{BODY}"
    wicks = f"M{middle:.1f} {y(bar.high):.1f}V{top:.1f}M{middle:.1f} {bottom:.1f}V{y(bar.low):.1f}"
    return f"{wicks}M{left:.1f} {top:.1f}h{BODY}V{max(bottom, top + 0.8):.1f}h-{BODY}z"


def _column(middle: float, high: float) -> str:
    bottom = PRICES_HIGH + BETWEEN + VOLUME_HIGH
    return f"M{middle - BODY / 2:.1f} {bottom:.1f}v-{max(high, 0.6):.1f}h{BODY}V{bottom:.1f}z"

"""What was measured of a synthetic market, as rows of a table in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean

from feeds.synthetic.statistics import LAGS_S, Fall, Measured

HEAD = (
    "scenario",
    "ticks/s: mean, quietest, busiest second",
    "volatility, bp/√s: BTC ETH SOL",
    "by regime",
    "by mood",
    "kurtosis",
    "autocorrelation of absolute returns after " + ", ".join(f"{lag} s" for lag in LAGS_S),
    "correlation: BTC-ETH BTC-SOL ETH-SOL",
    "spread, bp: median",
    "widest",
)
FALLS_HEAD = (
    "scenario",
    "crashes",
    "depth, %: BTC ETH SOL",
    "fall, s",
    "spread (second half)",
    "volume",
    "left in the book (least)",
    "ticks in the busiest second",
    "recovered, %",
)


def row(name: str, measured: Measured) -> str:
    return _cells(
        f"`{name}`",
        f"{measured.ticks_per_s:.0f}, {measured.quietest_s}, {measured.busiest_s}",
        _numbers(measured.volatility.values()),
        _named(measured.volatility_by_regime),
        _named(measured.volatility_by_mood),
        f"{measured.kurtosis:.1f}",
        _numbers(measured.memory),
        _numbers(measured.correlation.values()),
        _numbers(measured.spread.values()),
        _numbers(measured.widest.values()),
    )


def falls_row(name: str, falls: Sequence[Fall]) -> str:
    """Means of all the crashes, of which there is one at least."""
    symbols = list(falls[0].depth)
    return _cells(
        f"`{name}`",
        f"{len(falls)}",
        " ".join(f"{fmean(fall.depth[symbol] for fall in falls) * 100:.1f}" for symbol in symbols),
        f"{fmean(fall.lasted_s for fall in falls):.0f}",
        f"x {fmean(fall.spread_times for fall in falls):.0f}",
        f"x {fmean(fall.traded_times for fall in falls):.0f}",
        f"{fmean(fall.offered_times for fall in falls) * 100:.0f} %",
        f"{max(fall.busiest_s for fall in falls)}",
        f"{fmean(fall.recovered for fall in falls) * 100:.0f}",
    )


def head(names: Sequence[str]) -> str:
    return f"{_cells(*names)}\n{_cells(*('---' for _ in names))}"


def _cells(*texts: str) -> str:
    return f"| {' | '.join(texts)} |"


def _numbers(values: Iterable[float]) -> str:
    return " ".join(f"{value:.2f}" for value in values)


def _named(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.2f}" for name, value in values.items())

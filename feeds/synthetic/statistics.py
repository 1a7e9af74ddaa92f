"""What a synthetic market is like, measured: `measure` runs it and counts, at full seconds of market time."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import fmean, median
from typing import Literal

from msgspec import Struct

from feeds.synthetic.listings import BP, LISTINGS
from feeds.synthetic.market import SyntheticMarket
from feeds.synthetic.scenario import RegimeName, Scenario
from streams.messages import Quote, Trade

LAGS_S = (1, 10, 60)
LEAST_STEPS = 100
Phase = Literal["", "fall", "recovery"]


class Second(Struct):
    """One second: the middle prices and spreads (as shares of the price) at its end, and what came in it."""

    mids: dict[str, float]
    spreads: dict[str, float]
    regime: RegimeName
    mood: str
    phase: Phase
    ticks: int = 0
    traded: float = 0.0
    """In quote."""
    offered: float = 0.0
    """The median value of the best bids and asks, in quote."""


class Measured(Struct, frozen=True):
    """Volatility in bp per √s, spreads in bp; returns are those of full seconds, in logs, outside of crashes."""

    ticks_per_s: float
    busiest_s: int
    quietest_s: int
    volatility: dict[str, float]
    volatility_by_regime: dict[str, float]
    volatility_by_mood: dict[str, float]
    kurtosis: float
    memory: tuple[float, ...]
    correlation: dict[tuple[str, str], float]
    spread: dict[str, float]
    widest: dict[str, float]


class Fall(Struct, frozen=True):
    """One crash as it was seen: `depth` and `recovered` as shares, against what was before it."""

    depth: dict[str, float]
    lasted_s: float
    spread_times: float
    traded_times: float
    offered_times: float
    busiest_s: int
    recovered: float


def seconds(market: SyntheticMarket, lasting_s: float) -> Iterator[Second]:
    """The seconds of a market from the first on in which every instrument has a price."""
    mids: dict[str, float] = {}
    spreads: dict[str, float] = {}
    offers: list[float] = []
    ticks, traded, due = 0, 0.0, 1.0
    for tick in market:
        while market.now_s >= due:
            offered = median(offers) if offers else 0.0
            yield Second(
                dict(mids), dict(spreads), market.regime, market.mood.name, _phase(market), ticks, traded, offered
            )
            ticks, traded, due = 0, 0.0, due + 1.0
            offers.clear()
        if due > lasting_s:
            return
        ticks += 1
        if isinstance(tick, Quote):
            mid = mids[tick.instrument] = float(tick.bid + tick.ask) / 2
            spreads[tick.instrument] = float(tick.ask - tick.bid) / mid
            offers.append(float(tick.bid_size + tick.ask_size) / 2 * mid)
        elif isinstance(tick, Trade):
            traded += float(tick.price * tick.quantity)


def measure(scenario: Scenario, *, seed: int = 1, lasting_s: float = 1_800.0) -> Measured:
    """Raises ValueError where too few seconds outside of a crash were seen to say anything."""
    history = list(seconds(SyntheticMarket(seed, 0, scenario=scenario), lasting_s))
    symbols = [listing.symbol for listing in LISTINGS]
    steps = [(a, b) for a, b in pairwise(history) if not (a.phase or b.phase) and a.ticks and b.ticks]
    if len(steps) < LEAST_STEPS:
        raise ValueError(f"{len(steps)} seconds outside of crashes are too few, {LEAST_STEPS} are needed")
    returns = {symbol: [math.log(b.mids[symbol] / a.mids[symbol]) for a, b in steps] for symbol in symbols}
    first = returns[symbols[0]]
    spreads = {symbol: sorted(second.spreads[symbol] / BP for second in history) for symbol in symbols}
    return Measured(
        ticks_per_s=sum(second.ticks for second in history) / len(history),
        busiest_s=max(second.ticks for second in history),
        quietest_s=min(second.ticks for second in history),
        volatility={symbol: deviation(values) / BP for symbol, values in returns.items()},
        volatility_by_regime=_by([after.regime for _, after in steps], first),
        volatility_by_mood=_by([after.mood for _, after in steps], first),
        kurtosis=kurtosis(first),
        memory=tuple(autocorrelation([abs(value) for value in first], lag) for lag in LAGS_S),
        correlation={
            (one, other): correlation(returns[one], returns[other])
            for number, one in enumerate(symbols)
            for other in symbols[number + 1 :]
        },
        spread={symbol: median(values) for symbol, values in spreads.items()},
        widest={symbol: values[-1] for symbol, values in spreads.items()},
    )


def falls(scenario: Scenario, *, seed: int = 1, lasting_s: float = 1_800.0) -> list[Fall]:
    """Every crash of a market that has half a minute before it and ends before the last second."""
    history = list(seconds(SyntheticMarket(seed, 0, scenario=scenario), lasting_s))
    began = [n for n, (a, b) in enumerate(pairwise(history), 1) if b.phase == "fall" and not a.phase]
    ended = [n for n, (a, b) in enumerate(pairwise(history), 1) if a.phase and not b.phase]
    return [_fall(history, at, end) for at, end in zip(began, ended, strict=False) if at >= 30]


def _fall(history: Sequence[Second], at: int, end: int) -> Fall:
    before, usual = history[at - 1], [second for second in history[max(at - 300, 0) : at] if second.ticks]
    falling = [second for second in history[at:end] if second.phase == "fall"]
    low = history[at : at + len(falling) + 3]  # the slowest reach their bottom a moment later
    depth = {symbol: 1 - min(second.mids[symbol] for second in low) / mid for symbol, mid in before.mids.items()}
    symbol = next(iter(depth))
    return Fall(
        depth=depth,
        lasted_s=len(falling),
        spread_times=fmean(s.spreads[symbol] for s in falling[len(falling) // 2 :])
        / median(s.spreads[symbol] for s in usual),
        traded_times=fmean(s.traded for s in falling) / fmean(s.traded for s in usual),
        offered_times=min(s.offered for s in falling) / median(s.offered for s in usual),
        busiest_s=max(s.ticks for s in falling),
        recovered=(history[end].mids[symbol] / before.mids[symbol] - 1 + depth[symbol]) / depth[symbol],
    )


def _phase(market: SyntheticMarket) -> Phase:
    if market.crash is None:
        return ""
    return "fall" if market.crash.falling else "recovery"


def deviation(values: Sequence[float]) -> float:
    """About zero, not about the mean."""
    return math.sqrt(fmean(value * value for value in values))


def kurtosis(values: Sequence[float]) -> float:
    """3 where the values are normally distributed."""
    mean = fmean(values)
    variance = fmean((value - mean) ** 2 for value in values)
    return fmean((value - mean) ** 4 for value in values) / variance**2


def autocorrelation(values: Sequence[float], lag: int) -> float:
    return correlation(values[:-lag], values[lag:])


def correlation(ones: Sequence[float], others: Sequence[float]) -> float:
    mean, other_mean = fmean(ones), fmean(others)
    products = fmean((a - mean) * (b - other_mean) for a, b in zip(ones, others, strict=True))
    variance = fmean((a - mean) ** 2 for a in ones) * fmean((b - other_mean) ** 2 for b in others)
    return products / math.sqrt(variance)


def _by(names: Sequence[str], values: Sequence[float]) -> dict[str, float]:
    counts = Counter(names)
    return {
        name: deviation([value for value, of in zip(values, names, strict=True) if of == name]) / BP
        for name in sorted(counts)
    }

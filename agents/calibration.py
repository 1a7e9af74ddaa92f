"""Fits the map from scores to probabilities on recorded ticks and tells how well it forecasts on others; pure.

Outcomes overlap (a sample each second, a horizon of 30 s) and the two sides of a sample are one outcome, so a sample
weighs step / horizon / 2: the sum of the weights is the number of independent outcomes, which is small.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from agents.agent import View
from agents.council import Council
from agents.roles.calibrated import Logistic, bounded
from agents.roles.strategy import Strategy
from agents.seat import Seat
from streams.envelope import Envelope
from streams.events import BookTerms, InstrumentTerms
from streams.messages import Tick

STEP_NS = 1_000_000_000
LATEST_NS = 5_000_000_000
PRIOR_COST = 1.6  # 1 − Φ(r) near r = 0 has the logit −1.6 r
PRIOR_COST_SD = 0.4
PRIOR_SLOPE = 0.2  # what a strategy claims: one standard deviation of signal is worth about 5 % of probability
PRIOR_SLOPE_SD = 0.15


class Sample(Struct, frozen=True):
    """One side of one forecast: `score` signed by the side, c/σ_H, and whether it earned more than its cost."""

    score: float
    cost_ratio: float
    y: bool
    weight: float


class Pending(Struct, frozen=True):
    at: int
    price: float
    cost: float
    scores: dict[str, tuple[float, float]]


class Sampler:
    """Runs strategies over the ticks of a market and labels what they saw a horizon later."""

    def __init__(
        self, strategies: Mapping[str, Strategy], terms: BookTerms, instruments: Mapping[str, InstrumentTerms]
    ) -> None:
        self.view = View("calibration", terms, instruments)
        self.council = Council([Seat(name, strategy, self.view) for name, strategy in strategies.items()], self.view)
        self.strategies = strategies
        self.samples: dict[str, list[Sample]] = {name: [] for name in strategies}
        self._due: dict[str, int] = {}
        self._pending: dict[str, deque[Pending]] = {}

    def take(self, tick: Tick) -> None:
        self.council.handle(Envelope(id="tick", body=tick, actor="calibration", sent_at=0), tick.received_at)  # type: ignore[arg-type]
        instrument, now = tick.instrument, self.view.now
        price, cost = self.view.price(instrument), self.view.cost(instrument)
        if price is None or cost is None:
            return
        pending = self._pending.setdefault(instrument, deque())
        while pending and pending[0].at + self.view.horizon_ns <= now:
            self._label(pending.popleft(), price, now)
        if now >= self._due.get(instrument, 0):
            self._due[instrument] = (now // STEP_NS + 1) * STEP_NS
            pending.append(Pending(now, price, cost, self._scores(instrument)))

    def _scores(self, instrument: str) -> dict[str, tuple[float, float]]:
        found = {}
        for name, strategy in self.strategies.items():
            score, ratio = strategy.scores.get(instrument), strategy.cost_ratio(instrument, self.view)
            if score is not None and ratio is not None and abs(score) >= strategy.has_view_from:
                found[name] = (score, ratio)
        return found

    def _label(self, made: Pending, price: float, now: int) -> None:
        """VOID (no sample) where no price came within 5 s after the horizon."""
        if now - made.at - self.view.horizon_ns > LATEST_NS:
            return
        earned = price / made.price - 1.0
        weight = STEP_NS / self.view.horizon_ns / 2
        for name, (score, ratio) in made.scores.items():
            for side in (1, -1):
                self.samples[name].append(Sample(side * score, ratio, side * earned > made.cost, weight))


def collect(
    ticks: Iterable[Tick],
    strategies: Mapping[str, Strategy],
    terms: BookTerms,
    instruments: Mapping[str, InstrumentTerms],
) -> dict[str, list[Sample]]:
    """The labelled samples of each strategy; only where it has a view, because only then it votes."""
    sampler = Sampler(strategies, terms, instruments)
    for tick in ticks:
        sampler.take(tick)
    return sampler.samples


def fit(samples: Sequence[Sample], *, steps: int = 25) -> Logistic:
    """Logistic regression by Newton's method under normal priors (slope: 0.2 ± 0.15, cost: 1.6 ± 0.4), which keep a
    dozen independent outcomes from saying more than they know."""
    slope, cost = PRIOR_SLOPE, PRIOR_COST
    for _ in range(steps):
        gradient, hessian = _derivatives(samples, Logistic(slope, cost))
        (g1, g2), (a, b, d) = gradient, hessian
        determinant = a * d - b * b
        slope += (d * g1 - b * g2) / determinant
        cost += (a * g2 - b * g1) / determinant
    return Logistic(round(slope, 3), round(max(cost, 0.0), 3))


def _derivatives(
    samples: Sequence[Sample], forecast: Logistic
) -> tuple[tuple[float, float], tuple[float, float, float]]:
    """Gradient and negative Hessian (upper triangle) of the log posterior."""
    tight_slope, tight_cost = PRIOR_SLOPE_SD**-2, PRIOR_COST_SD**-2
    g1, g2 = (PRIOR_SLOPE - forecast.slope) * tight_slope, (PRIOR_COST - forecast.cost) * tight_cost
    a, b, d = tight_slope, 0.0, tight_cost
    for sample in samples:
        q = forecast(sample.score, sample.cost_ratio)
        surprise, spread = sample.weight * (sample.y - q), sample.weight * q * (1 - q)
        x, r = bounded(sample.score), -sample.cost_ratio
        g1, g2 = g1 + surprise * x, g2 + surprise * r
        a, b, d = a + spread * x * x, b + spread * x * r, d + spread * r * r
    return (g1, g2), (a, b, d)


class Bin(Struct, frozen=True):
    """Forecasts between two tenths: how many, their mean, and how often y was 1."""

    low: float
    high: float
    n: int
    forecast: float
    happened: float


class Report(Struct, frozen=True):
    """`brier` against `brier_base`, the score of always saying the base rate of these same samples."""

    n: int
    independent: float
    base_rate: float
    brier: float
    brier_base: float
    approved: int
    approved_rate: float
    reliability: tuple[Bin, ...]


EDGES = (0.0, 0.40, 0.44, 0.47, 0.50, 0.53, 0.56, 0.60, 1.0)


def report(samples: Sequence[Sample], forecast: Callable[[float, float], float]) -> Report:
    """How good the forecasts are on samples that they were not fitted on."""
    if not samples:
        return Report(0, 0.0, math.nan, math.nan, math.nan, 0, math.nan, ())
    pairs = [(forecast(sample.score, sample.cost_ratio), sample.y) for sample in samples]
    base = _mean([y for _, y in pairs])
    approved = [y for q, y in pairs if q >= 0.5]
    return Report(
        n=len(pairs),
        independent=round(sum(sample.weight for sample in samples), 1),
        base_rate=base,
        brier=_mean([(q - y) ** 2 for q, y in pairs]),
        brier_base=base * (1 - base),
        approved=len(approved),
        approved_rate=_mean(approved),
        reliability=tuple(_bins(pairs)),
    )


def _bins(pairs: Sequence[tuple[float, bool]]) -> Iterable[Bin]:
    for low, high in pairwise(EDGES):
        inside = [(q, y) for q, y in pairs if low <= q < high or q == high == 1.0]
        if inside:
            yield Bin(low, high, len(inside), _mean([q for q, _ in inside]), _mean([y for _, y in inside]))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan

"""Incremental statistics of a price, in floats: exponentially decayed moves and volatility, rolling medians."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque

NS = 1e-9
LONGEST_STEP_S = 5.0
SHORTEST_RETURN_S = 0.98


class Returns:
    """Log returns of one price and their standard deviation per √s, decayed with the time constant `tau_s`.

    The deviation rests on returns over at least 1 s, because shorter ones are autocorrelated and would make the
    horizon look calmer than it is. A silence longer than 5 s is not a return: the reference starts anew."""

    def __init__(self, tau_s: float) -> None:
        self.tau_s = tau_s
        self.last = 0.0
        self.last_step_s = 0.0
        self._price = self._base = 0.0
        self.at = self._base_at = 0
        self._squares = 0.0
        self._seconds = 0.0

    def update(self, price: float, at: int) -> bool:
        """Takes in P at market time `at` (ns); False where there is no return yet."""
        step = (at - self.at) * NS
        if not self._price or step > LONGEST_STEP_S:
            self._price = self._base = price
            self.at = self._base_at = at
            return False
        if step <= 0.0:
            return False
        self.last, self.last_step_s = math.log(price / self._price), step
        self._price, self.at = price, at
        if (since := (at - self._base_at) * NS) >= SHORTEST_RETURN_S:
            change, decay = math.log(price / self._base), math.exp(-since / self.tau_s)
            self._squares = self._squares * decay + change * change
            self._seconds = self._seconds * decay + since
            self._base, self._base_at = price, at
        return True

    def deviation(self) -> float | None:
        """Per √s; None until a tenth of `tau_s` has been seen, or while nothing has moved."""
        if self._seconds * 10 < self.tau_s or self._squares <= 0.0:
            return None
        return math.sqrt(self._squares / self._seconds)


class Drift:
    """The decayed sum of log returns with the time constant `tau_s`."""

    def __init__(self, tau_s: float) -> None:
        self.tau_s = tau_s
        self.total = 0.0

    def update(self, change: float, step_s: float) -> None:
        self.total = self.total * math.exp(-step_s / self.tau_s) + change

    def over(self, deviation: float) -> float:
        """In standard deviations of what a random walk of that deviation (per √s) would show."""
        return self.total / (deviation * math.sqrt(self.tau_s / 2))


class VarianceRatio:
    """Variance of moves over about `span_s` against that of a random walk with the same deviation, decayed with
    `tau_s`: above 1 prices trend, below 1 they revert. None until a twentieth of `tau_s` has been seen."""

    def __init__(self, span_s: float, tau_s: float) -> None:
        self.tau_s = tau_s
        self.drift = Drift(span_s)
        self._sum = 0.0
        self._seconds = 0.0

    def update(self, change: float, step_s: float, deviation: float) -> None:
        self.drift.update(change, step_s)
        deviations = self.drift.over(deviation)
        decay = math.exp(-step_s / self.tau_s)
        self._sum = self._sum * decay + deviations * deviations * step_s
        self._seconds = self._seconds * decay + step_s

    @property
    def value(self) -> float | None:
        return None if self._seconds * 20 < self.tau_s else self._sum / self._seconds


class RollingMedian:
    """The median and the median absolute deviation of the last `size` values."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._values: deque[float] = deque()
        self._sorted: list[float] = []

    def __len__(self) -> int:
        return len(self._values)

    def add(self, value: float) -> None:
        if len(self._values) == self.size:
            oldest = self._values.popleft()
            del self._sorted[bisect_left(self._sorted, oldest)]
        self._values.append(value)
        insort(self._sorted, value)

    def median(self) -> float:
        return _median(self._sorted)

    def deviation(self) -> float:
        """1.4826 · median |x − median|, the standard deviation of a normal sample."""
        middle = self.median()
        return 1.4826 * _median(sorted([abs(value - middle) for value in self._sorted]))

    def outlying(self, value: float, least_deviation: float) -> float:
        """Distance of `value` from the median in robust deviations, none of which is smaller than `least_deviation`:
        the median absolute deviation of what mostly stands still is 0."""
        distance = value - self.median()
        if abs(distance) <= least_deviation:  # spares the sorting; at most 1 either way
            return distance / least_deviation
        return distance / max(self.deviation(), least_deviation)


def _median(ordered: list[float]) -> float:
    half, odd = divmod(len(ordered), 2)
    return ordered[half] if odd else (ordered[half - 1] + ordered[half]) / 2

"""Mean reversion: what has left its average comes back, where the market does not trend."""

from __future__ import annotations

import math

from agents.roles.signals import Returns
from agents.roles.strategy import Habits, Strategy

REVERTS_UP_TO = 1.0


class MeanReversion(Strategy):
    """Minus the z-score of P against its exponentially weighted average (time constant `tau_s`)."""

    def __init__(self, habits: Habits, *, tau_s: float) -> None:
        super().__init__(habits)
        self.tau_s = tau_s
        self.averages: dict[str, float] = {}

    def suits(self, variance_ratio: float) -> bool:
        return variance_ratio <= REVERTS_UP_TO

    def score(self, instrument: str, price: float, returns: Returns, deviation: float) -> float | None:
        before = self.averages.get(instrument, price)
        share = math.exp(-returns.last_step_s / self.tau_s)
        average = self.averages[instrument] = before * share + price * (1 - share)
        # a random walk's distance from its exponential average has the variance σ² · tau / 2
        return -math.log(price / average) / (deviation * math.sqrt(self.tau_s / 2))

"""Momentum: what has moved by more than chance goes on moving, where the market trends."""

from __future__ import annotations

from agents.roles.signals import Drift, Returns
from agents.roles.strategy import Habits, Strategy

TRENDS_FROM = 1.0


class Momentum(Strategy):
    """The decayed sum of returns (time constant `tau_s`) in standard deviations of a random walk."""

    def __init__(self, habits: Habits, *, tau_s: float) -> None:
        super().__init__(habits)
        self.tau_s = tau_s
        self.drifts: dict[str, Drift] = {}

    def suits(self, variance_ratio: float) -> bool:
        return variance_ratio >= TRENDS_FROM

    def score(self, instrument: str, price: float, returns: Returns, deviation: float) -> float | None:
        drift = self.drifts.get(instrument)
        if drift is None:
            drift = self.drifts[instrument] = Drift(self.tau_s)
        drift.update(returns.last, returns.last_step_s)
        return drift.over(deviation)

"""From a score to a probability: the logistic map and the coefficients that were fitted on recordings."""

from __future__ import annotations

import math

from msgspec import Struct

STRONGEST = 2.0


class Logistic(Struct, frozen=True):
    """P(y = 1) = 1 / (1 + e^−(slope · side·score − cost · c/σ_H)).

    There is no constant: without a signal and without costs both sides are equally likely. c/σ_H is the cost of a
    round trip in standard deviations of the return over the horizon. Scores beyond ±2 count as ±2: a fit on few
    outcomes knows nothing of its tails."""

    slope: float
    cost: float

    def __call__(self, signed_score: float, cost_ratio: float) -> float:
        return 1.0 / (1.0 + math.exp(self.cost * cost_ratio - self.slope * bounded(signed_score)))


def bounded(score: float) -> float:
    return min(max(score, -STRONGEST), STRONGEST)


# Fitted by `manage.py calibrate` on Binance spot BTCUSDT and ETHUSDT, 2024-08-08 23:54-24:00 UTC, H = 30 s, fee 0.2 bp,
# under the priors of calibration.py; docs/agents.md tells what they were worth on the five minutes that followed.
FAST_MOMENTUM = Logistic(0.191, 1.6)
SLOW_MOMENTUM = Logistic(0.209, 1.6)
MEAN_REVERSION = Logistic(0.183, 1.6)
ORDER_FLOW = Logistic(0.186, 1.6)
ANOMALY = Logistic(0.144, 1.6)
RULE = Logistic(0.190, 1.6)

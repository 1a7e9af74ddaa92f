"""A flash crash: where it drags the prices, and what it does to spreads, quantities and arrivals on its way."""

from __future__ import annotations

import math
from random import Random

from feeds.synthetic.scenario import Crashes
from feeds.synthetic.tempo import Stretches

BUILD_UP = 0.25  # of the fall: by then the stress is at its height
CALMING_S = 45.0
LEAD_LAG_S = 1.5
UNLIKE = (0.85, 1.15)  # how the depths of the instruments differ
RUSH_EVERY_S, RUSH_LASTS_S = 3.5, (1.0, 3.0)
OVER_AFTER = 4.0  # time constants of the recovery: what is not back by then does not come back
BUSIER, LARGER = 5.0, 0.7  # how much more often and larger trades are, beside the rushes
WILDER = 3.0
SELLERS, BUYERS = 0.35, 0.10  # how far the odds of a trade's side lean in the fall and after it


class Crash:
    """One crash from its beginning on; `now_s` never goes back. `quiet_s` is how long there is none after it."""

    def __init__(self, random: Random, crashes: Crashes, instruments: int, start_s: float) -> None:
        self.start_s = start_s
        self.falls_s = random.uniform(*crashes.falls_s)
        depth = random.uniform(*crashes.depth)
        least, most = crashes.depth
        depths = [min(max(depth * random.uniform(*UNLIKE), least), most) for _ in range(instruments)]
        self._falls = [math.log(1.0 - depth) for depth in depths]
        self._delays = [random.uniform(0.0, LEAD_LAG_S) for _ in range(instruments)]
        self._widening = random.uniform(*crashes.widening)
        self._left = crashes.left
        self._recovery = random.uniform(*crashes.recovery)
        self._recovery_s = random.uniform(*crashes.recovery_s)
        self.quiet_s = crashes.every_s / 2 + random.expovariate(2 / crashes.every_s)
        self._rushes = Stretches(random, RUSH_EVERY_S, RUSH_LASTS_S, crashes.rush_per_s, start_s)
        self.intensity = 0.0
        self.falling = True
        self.rush_per_s = 0.0

    def advance(self, now_s: float) -> None:
        since = now_s - self.start_s
        self.falling = since < self.falls_s
        if self.falling:
            self.intensity = min(1.0, since / (BUILD_UP * self.falls_s))
            self.rush_per_s = self._rushes.value(now_s, 0.0)
        else:
            self.intensity = math.exp((self.falls_s - since) / CALMING_S)
            self.rush_per_s = 0.0

    def over(self, now_s: float) -> bool:
        return now_s - self.start_s - self.falls_s > OVER_AFTER * self._recovery_s

    def moved(self, number: int, now_s: float) -> float:
        """How far an instrument's price is from where it would be, as a log."""
        since = now_s - self.start_s - self._delays[number]
        fall = self._falls[number]
        if since <= 0.0:
            return 0.0
        if since < self.falls_s:
            share = since / self.falls_s
            return fall * share * share * (3.0 - 2.0 * share)
        return fall * (1.0 - self._recovery * (1.0 - math.exp((self.falls_s - since) / self._recovery_s)))

    @property
    def arrivals(self) -> float:
        return 1.0 + BUSIER * self.intensity

    @property
    def volatility(self) -> float:
        return 1.0 + WILDER * self.intensity

    @property
    def spread(self) -> float:
        return 1.0 + (self._widening - 1.0) * self.intensity

    @property
    def on_offer(self) -> float:
        """What is left of the quantities in the book."""
        return 1.0 - (1.0 - self._left) * self.intensity

    @property
    def traded(self) -> float:
        """How much larger trades are."""
        return 1.0 + LARGER * self.intensity

    @property
    def lean(self) -> float:
        """What is added to the odds that a trade is a buyer's."""
        return self.intensity * (-SELLERS if self.falling else BUYERS)

"""How fast ticks come and how much prices vary, apart from where the price goes: bursts, lulls, pauses and moods."""

from __future__ import annotations

from random import Random

from feeds.synthetic.scenario import Mood, Pauses, Range, Scenario

LEAST_MOOD_S = 30.0


class Stretches:
    """Stretches of time with a value each, `every_s` in the mean between the end of one and the beginning of the
    next."""

    def __init__(self, random: Random, every_s: float, lasts_s: Range, values: Range, start_s: float = 0.0) -> None:
        self._random = random
        self._every_s = every_s
        self._lasts_s = lasts_s
        self._values = values
        self._plan(start_s)

    def value(self, now_s: float, otherwise: float) -> float:
        """What holds now; between the stretches what it is otherwise."""
        while now_s >= self._ends:
            self._plan(self._ends)
        return self._value if now_s >= self._begins else otherwise

    def _plan(self, after_s: float) -> None:
        self._begins = after_s + self._random.expovariate(1 / self._every_s)
        self._ends = self._begins + self._random.uniform(*self._lasts_s)
        self._value = self._random.uniform(*self._values)


class Tempo:
    """The scenario's bursts and lulls."""

    def __init__(self, random: Random, scenario: Scenario) -> None:
        bursts, lulls = scenario.bursts, scenario.lulls
        self._bursts = Stretches(random, bursts.every_s, bursts.lasts_s, bursts.ticks_per_s) if bursts else None
        self._lulls = Stretches(random, lulls.every_s, lulls.lasts_s, (lulls.share, lulls.share)) if lulls else None

    def burst(self, now_s: float) -> float:
        """Ticks a second there are at least."""
        return self._bursts.value(now_s, 0.0) if self._bursts else 0.0

    def share(self, now_s: float) -> float:
        """Of the usual arrivals."""
        return self._lulls.value(now_s, 1.0) if self._lulls else 1.0


class Moods:
    """Which regime of volatility holds; the next one is any of the others."""

    def __init__(self, random: Random, moods: tuple[Mood, ...]) -> None:
        self._random = random
        self._moods = moods
        self._until = 0.0
        self.mood = moods[0]

    def advance(self, now_s: float) -> Mood:
        while len(self._moods) > 1 and now_s >= self._until:
            self.mood = self._random.choice([mood for mood in self._moods if mood is not self.mood])
            self._until += LEAST_MOOD_S + self._random.expovariate(1 / (self.mood.mean_s - LEAST_MOOD_S))
        return self.mood


class Closures:
    """When the market is closed; nothing happens then, but it opens elsewhere."""

    def __init__(self, random: Random, pauses: Pauses) -> None:
        self._random = random
        self._pauses = pauses
        self._closes = pauses.open_s

    def reopening(self, now_s: float) -> tuple[float, float] | None:
        """Where it would close before `now_s`: what the time is then instead, and how far prices have moved."""
        if now_s < self._closes:
            return None
        pauses = self._pauses
        reopened = now_s + pauses.lasts_s
        self._closes += pauses.open_s + pauses.lasts_s
        return reopened, self._random.normalvariate(0.0, pauses.gap)

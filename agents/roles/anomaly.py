"""Anomaly: prices and volumes that are outliers against robust statistics of the last minutes."""

from __future__ import annotations

import math
from decimal import Decimal

from msgspec import Struct

from agents.agent import Idea, Opinion, View, side_of
from agents.roles.signals import Returns, RollingMedian
from agents.roles.strategy import Habits, Strategy
from streams.messages import ProposalAnnounced, Tick, Trade

SECOND = 1_000_000_000
LEAST_VALUES = 30
LEAST_SPREAD_S = 5.0


class Tape:
    """What one instrument traded, second by second: returns against their median, log volumes against theirs."""

    def __init__(self, seconds: int) -> None:
        self.prices = RollingMedian(seconds)
        self.moves = RollingMedian(seconds)
        self.volumes = RollingMedian(seconds)
        self.last_price = 0.0
        self.volume = Decimal(0)

    def close_second(self, price: float, deviation: float) -> tuple[float, float]:
        """The last second's move and log volume in robust deviations (0.0 while too little is known)."""
        move = math.log(price / self.last_price) if self.last_price else 0.0
        volume = math.log1p(float(self.volume))
        found = 0.0, 0.0
        if len(self.moves) >= LEAST_VALUES:
            found = self.moves.outlying(move, deviation / 2), self.volumes.outlying(volume, 0.5)
        self.moves.add(move)
        self.volumes.add(volume)
        self.prices.add(math.log(price))
        self.last_price, self.volume = price, Decimal(0)
        return found


class Outlier(Struct, frozen=True):
    """Until when (market clock, ns) it counts, where the price went, whether price and volume were outliers at once."""

    until: int
    sign: int
    both: bool
    reason: str


class Anomaly(Strategy):
    """Its score is minus the distance of P from its rolling median, in robust deviations: an overshoot comes back.

    A second whose move is an outlier of `price_from` deviations, or whose volume is one of `volume_from`, starts a
    quarantine of `quarantine_s`: it asks for half of what is held (for nothing after both), proposes no entries,
    rejects entries along the shock by its forecast and abstains on the others."""

    every_ms = 1000
    absorbs = (Trade,)

    def __init__(
        self,
        habits: Habits,
        *,
        window_s: int = 120,
        price_from: float = 6.0,
        volume_from: float = 6.0,
        quarantine_s: float = 5.0,
    ) -> None:
        super().__init__(habits)
        self.window_s = window_s
        self.price_from = price_from
        self.volume_from = volume_from
        self.quarantine_ns = int(quarantine_s * SECOND)
        self.tapes: dict[str, Tape] = {}
        self.outliers: dict[str, Outlier] = {}

    def absorb(self, tick: Tick) -> None:
        if isinstance(tick, Trade):
            self._tape(tick.instrument).volume += tick.quantity

    def _tape(self, instrument: str) -> Tape:
        tape = self.tapes.get(instrument)
        if tape is None:
            tape = self.tapes[instrument] = Tape(self.window_s)
        return tape

    def on_tick(self, tick: Tick, view: View) -> tuple[Idea, ...]:
        ideas = super().on_tick(tick, view)
        outlier = self.outliers.get(tick.instrument)
        if outlier is None or view.now >= outlier.until:
            return ideas
        held = view.position(tick.instrument)
        if not held:
            return ()
        cap = Decimal(0) if outlier.both else abs(held) / 2
        return (Idea(instrument=tick.instrument, target=cap, action="reduce", reason=outlier.reason),)

    def score(self, instrument: str, price: float, returns: Returns, deviation: float) -> float | None:
        tape = self._tape(instrument)
        move, volume = tape.close_second(price, deviation)
        moved, traded = abs(move) >= self.price_from, volume >= self.volume_from
        if moved or traded:
            reason = f"outlier: a move of {move:+.1f}, a volume of {volume:+.1f} robust deviations"
            until = returns.at + self.quarantine_ns
            self.outliers[instrument] = Outlier(until, (move > 0) - (move < 0), moved and traded, reason)
        if len(tape.prices) < LEAST_VALUES:
            return None
        spread = max(tape.prices.deviation(), deviation * math.sqrt(LEAST_SPREAD_S))
        return (tape.prices.median() - math.log(price)) / spread

    def on_deliberation(self, announced: ProposalAnnounced, view: View) -> Opinion:
        outlier = self.outliers.get(announced.instrument)
        if outlier is None or view.now >= outlier.until:
            return super().on_deliberation(announced, view)
        if announced.action == "reduce":
            return Opinion(probability=1.0, reason=outlier.reason)
        opinion = super().on_deliberation(announced, view)
        if side_of(announced) != outlier.sign or opinion.probability is None or opinion.probability >= 0.5:
            return Opinion(reason=f"no view after an {outlier.reason}")
        return Opinion(probability=opinion.probability, reason=outlier.reason)

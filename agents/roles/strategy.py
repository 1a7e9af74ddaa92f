"""What all strategies share: a score per instrument, a calibrated forecast from it, proposals where it is strong."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from decimal import Decimal

from msgspec import Struct

from agents.agent import ABSTAIN, Agent, Idea, Opinion, View, lots, side_of
from agents.roles.calibrated import Logistic
from agents.roles.signals import Returns, VarianceRatio
from streams.messages import ProposalAnnounced, Tick

DEVIATION_TAU_S = 60.0
TREND_SPAN_S = 20.0
TREND_TAU_S = 120.0


FULL_SIZE_FROM = 0.58


class Habits(Struct, frozen=True, kw_only=True):
    """How a strategy behaves whatever its signal is.

    `has_view_from`: |score| from which it votes at all. `proposes_from`: P(y = 1) from which it proposes; when it has
    had nothing to propose for `content_s` of market time, 1/2 will do, confirmed or not.
    `notional`: what it wants to hold (quote currency) at a P(y = 1) of 0.58 or more; half of it at 1/2.
    `amends`: whether it offers its own target where it agrees with the side of a much larger one."""

    forecast: Logistic
    notional: float
    has_view_from: float = 0.3
    proposes_from: float = 0.515
    cooldown_s: float = 4.0
    content_s: float = 15.0
    amends: bool = False


class Strategy(Agent, ABC):
    """A subclass gives `score`: positive where it expects the price to rise, about one standard deviation at 1."""

    def __init__(self, habits: Habits) -> None:
        self.habits = habits
        self.forecast = habits.forecast
        self.has_view_from = habits.has_view_from
        self.cooldown_ms = int(habits.cooldown_s * 1000)
        self._content_until = 0
        self.scores: dict[str, float] = {}
        self.returns: dict[str, Returns] = {}
        self.trends: dict[str, VarianceRatio] = {}

    @abstractmethod
    def score(self, instrument: str, price: float, returns: Returns, deviation: float) -> float | None:
        """The signal after a new sample of the price (`deviation`: of returns per √s); None where there is none."""

    def suits(self, variance_ratio: float) -> bool:
        """Whether it has a view at all in a market that trends (above 1) or reverts (below 1)."""
        return True

    def is_confirmed(self, instrument: str, side: int) -> bool:
        """Whether something beside the forecast speaks for proposing `side` now."""
        return True

    def observe(self, tick: Tick, view: View) -> float | None:
        """Takes the tick in; the score afterwards, None while there is none."""
        instrument = tick.instrument
        price = view.price(instrument)
        if price is None:
            return None
        returns = self.returns.get(instrument)
        if returns is None:
            returns = self.returns[instrument] = Returns(DEVIATION_TAU_S)
            self.trends[instrument] = VarianceRatio(TREND_SPAN_S, TREND_TAU_S)
        if not returns.update(price, view.now):
            return self.scores.get(instrument)
        self.scores.pop(instrument, None)  # a score that fails leaves none behind
        score = self._score(instrument, price, returns)
        if score is not None:
            self.scores[instrument] = score
        return score

    def _score(self, instrument: str, price: float, returns: Returns) -> float | None:
        deviation = returns.deviation()
        if deviation is None:
            return None
        trend = self.trends[instrument]
        trend.update(returns.last, returns.last_step_s, deviation)
        score = self.score(instrument, price, returns, deviation)
        ratio = trend.value
        return score if ratio is not None and self.suits(ratio) else None

    def on_tick(self, tick: Tick, view: View) -> tuple[Idea, ...]:
        score = self.observe(tick, view)
        if score is None or abs(score) < self.has_view_from or view.now < self.rests_until.get(tick.instrument, 0):
            return ()
        side = 1 if score > 0 else -1
        if not _has_room(tick.instrument, side, view):
            return ()
        probability = self.probability(tick.instrument, side, view)
        content = view.now < self._content_until
        if probability is None or probability < (self.habits.proposes_from if content else 0.5):
            return ()
        if content and not self.is_confirmed(tick.instrument, side):
            return ()
        target = self.target(tick.instrument, side, probability, view)
        if (target - view.position(tick.instrument)) * side <= 0:  # it holds more than that already
            return ()
        self._content_until = view.now + int(self.habits.content_s * 1e9)
        reason = f"score {score:+.2f}: P(y = 1) = {probability:.3f} for {'buying' if side > 0 else 'selling'}"
        return (Idea(instrument=tick.instrument, target=target, probability=probability, reason=reason),)

    def on_deliberation(self, announced: ProposalAnnounced, view: View) -> Opinion:
        side, score = side_of(announced), self.scores.get(announced.instrument)
        if not side or score is None or abs(score) < self.has_view_from:
            return ABSTAIN
        probability = self.probability(announced.instrument, side, view)
        if probability is None:
            return ABSTAIN
        amend_to = (
            self._smaller(announced, side, probability, view) if self.habits.amends and probability >= 0.5 else None
        )
        return Opinion(probability=probability, reason=f"score {score:+.2f}", amend_to=amend_to)

    def probability(self, instrument: str, side: int, view: View) -> float | None:
        """P(y = 1) of taking `side` now; None where deviation or price are not known."""
        ratio = self.cost_ratio(instrument, view)
        score = self.scores.get(instrument)
        if ratio is None or score is None:
            return None
        return self.forecast(side * score, ratio)

    def cost_ratio(self, instrument: str, view: View) -> float | None:
        """c in standard deviations of the return over the horizon."""
        returns = self.returns.get(instrument)
        deviation = returns.deviation() if returns else None
        cost = view.cost(instrument)
        if deviation is None or cost is None:
            return None
        return cost / (deviation * math.sqrt(view.terms.horizon_s))

    def target(self, instrument: str, side: int, probability: float, view: View) -> Decimal:
        """What it wants to hold for `side`: more of it, the surer it is."""
        surety = min(max((probability - 0.5) / (FULL_SIZE_FROM - 0.5), 0.0), 1.0)
        price = view.price(instrument)
        assert price is not None
        return lots(side * self.habits.notional * (1 + surety) / 2, price, view.instruments[instrument].lot_size)

    def _smaller(self, announced: ProposalAnnounced, side: int, probability: float, view: View) -> Decimal | None:
        """Its own target where that goes the same way, but not two thirds as far."""
        if announced.action != "trade":
            return None
        own = self.target(announced.instrument, side, probability, view)
        wanted, offered = abs(own - announced.held), abs(announced.target - announced.held)
        same_way = (own - announced.held) * side > 0
        return own if same_way and wanted * 3 < offered * 2 else None


def _has_room(instrument: str, side: int, view: View) -> bool:
    """Whether the position can go further to that side at all: on spot nothing can be sold that is not held."""
    terms, held = view.instruments.get(instrument), view.position(instrument)
    return terms is not None and (held < terms.max_position if side > 0 else held > terms.min_position)

"""The rule seat: an operator declares in CEL when there is a signal and which; it proposes and votes by that."""

from __future__ import annotations

from collections.abc import Sequence

from agents.agent import View
from agents.roles.signals import Drift, Returns
from agents.roles.strategy import Habits, Strategy
from rules.engine import Failure, Verdict
from rules.facts import SIGNAL_SCHEMA as FACTS
from rules.signals import compile_signal, signal_engine
from streams.events import SignalRule
from streams.messages import Tick

__all__ = ["DEMO_RULES", "FACTS", "Rule", "RuleFailed", "SignalRule"]

DEMO_RULES = (
    SignalRule(
        name="follow where short and long moves agree",
        when="market.trend >= 1.0 && market.move_5s * market.move_30s > 0.0",
        score="(market.move_5s + market.move_30s) / 1.6",
    ),
    SignalRule(
        name="fade a stretch where prices revert",
        when="market.trend < 1.0",
        score="-market.move_30s",
    ),
)


class RuleFailed(ArithmeticError):
    """A rule gave no value; the seat logs it and abstains."""


class Rule(Strategy):
    """The first rule that holds gives the score. Texts that are not sound CEL raise `rules.engine.TextRefused`."""

    every_ms = 1000

    def __init__(self, habits: Habits, *, rules: Sequence[SignalRule] = DEMO_RULES) -> None:
        super().__init__(habits)
        self.rules = [compile_signal(rule) for rule in rules]
        self.moves: dict[str, tuple[Drift, Drift]] = {}
        self.facts: dict[str, dict[str, bool | int | float | str]] = {}

    def observe(self, tick: Tick, view: View) -> float | None:
        self.facts[tick.instrument] = _market(tick.instrument, view)
        return super().observe(tick, view)

    def score(self, instrument: str, price: float, returns: Returns, deviation: float) -> float | None:
        fast, slow = self.moves.setdefault(instrument, (Drift(5.0), Drift(30.0)))
        for drift in (fast, slow):
            drift.update(returns.last, returns.last_step_s)
        trend = self.trends[instrument].value
        if trend is None:
            return None
        moves = {"market.move_5s": fast.over(deviation), "market.move_30s": slow.over(deviation), "market.trend": trend}
        facts = signal_engine().bind(self.facts[instrument] | {"market.price": price} | moves)
        for name, when, score in self.rules:
            if _value(name, when.evaluate(facts)) is True:
                return float(_value(name, score.evaluate(facts)))
        return None


def _market(instrument: str, view: View) -> dict[str, bool | int | float | str]:
    quote = view.prices.fresh_quote(instrument)
    cost, imbalance = view.cost(instrument) or 0.0, 0.0
    if quote is not None:
        bid, ask = float(quote.bid_size), float(quote.ask_size)
        imbalance = (bid - ask) / (bid + ask)
    fees = 2e-4 * float(view.terms.fee_bp)
    return {
        "market.instrument": instrument,
        "market.spread_bp": (cost - fees) * 1e4,
        "market.cost_bp": cost * 1e4,
        "market.imbalance": imbalance,
        "book.position": float(view.position(instrument)),
    }


def _value(name: str, verdict: Verdict) -> bool | float:
    if isinstance(verdict.value, Failure):
        raise RuleFailed(f"rule {name!r}: {verdict.value} {verdict.detail}")
    return verdict.value

"""The metronome: proposes at a steady beat whatever the market does; for load tests only."""

from __future__ import annotations

from agents.agent import Agent, Idea, Opinion, View, lots
from streams.messages import ProposalAnnounced, Tick


class Metronome(Agent):
    """With every `every`-th tick (0: never) it wants `notional` where less than half of it is held, else nothing; it
    approves everything with the same probability. What a venue would not take back, dust, counts as nothing held."""

    every_ms = 0
    cooldown_ms = 0

    def __init__(self, *, every: int = 0, notional: float = 1_000.0, probability: float = 0.55) -> None:
        self.every = every
        self.notional = notional
        self.probability = probability
        self.wants = type(self).wants if every else ()
        self.ticks = 0

    def on_tick(self, tick: Tick, view: View) -> tuple[Idea, ...]:
        self.ticks += 1
        terms, price = view.instruments.get(tick.instrument), view.price(tick.instrument)
        if self.ticks % self.every or terms is None or price is None:
            return ()
        holds = abs(float(view.position(tick.instrument))) * price > self.notional / 2
        target = lots(0.0 if holds else self.notional, price, terms.lot_size)
        return (Idea(instrument=tick.instrument, target=target, probability=self.probability, reason="beat"),)

    def on_deliberation(self, announced: ProposalAnnounced, view: View) -> Opinion:
        return Opinion(probability=self.probability, reason="always")

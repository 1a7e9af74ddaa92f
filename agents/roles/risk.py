"""The risk seat: limits sizes, forbids larger positions in a drawdown, asks for less where limits are broken."""

from __future__ import annotations

import math
from decimal import Decimal

from agents.agent import Agent, Idea, Opinion, View, enlarges
from agents.roles.signals import Returns
from market.domain.instrument import to_lot
from streams.messages import ProposalAnnounced, Tick

DEVIATION_TAU_S = 60.0


class Risk(Agent):
    """No TRADE mass, a veto. |position| · P stays below both `exposure` · equity and the amount whose loss in a move of
    three standard deviations over the horizon is `loss_budget` · equity (None: no such limit). The drawdown is measured
    from the highest equity that this process has seen: at `terms.drawdown_reduce` positions are halved, at
    `drawdown_halt` all stops."""

    every_ms = 1000
    cooldown_ms = 15_000

    def __init__(self, *, exposure: float = 0.3, loss_budget: float | None = 0.0003) -> None:
        self.exposure = exposure
        self.loss_budget = loss_budget
        self.peak = Decimal(0)
        self.drawdown = Decimal(0)
        self.returns: dict[str, Returns] = {}
        self._was_halted = False

    def on_tick(self, tick: Tick, view: View) -> list[Idea]:
        self._measure(tick, view)
        equity = view.equity()
        if equity is None or equity <= 0:
            return []
        if self._was_halted and view.mode != "HALTED":  # who resumed has seen the drawdown: it counts from here
            self.peak = equity
        self._was_halted = view.mode == "HALTED"
        self.peak = max(self.peak, equity)
        self.drawdown = 1 - equity / self.peak
        if self.drawdown >= view.terms.drawdown_halt:
            why = f"drawdown {self.drawdown:.2%} from {self.peak:.2f}, halt at {view.terms.drawdown_halt:.0%}"
            return [Idea(instrument=tick.instrument, target=Decimal(0), action="halt", reason=why)]
        return [
            idea
            for instrument, held in view.positions().items()
            if (idea := self._less(instrument, held, equity, view))
        ]

    def on_deliberation(self, announced: ProposalAnnounced, view: View) -> Opinion:
        if announced.action != "trade":
            return Opinion(reason="a guard has no forecast")
        grows = enlarges(announced)
        if self.drawdown >= view.terms.drawdown_reduce and grows:
            return Opinion(veto=True, reason=f"drawdown {self.drawdown:.2%}: only smaller positions")
        limit = self.limit(announced.instrument, announced.equity, view)
        if limit is None:
            return Opinion(veto=grows, reason="the volatility is not known yet")
        limit = max(limit, abs(announced.held))  # a limit stops what grows; what is too large is a case for a reduce
        return Opinion(size_limit=limit, reason=f"|position| up to {limit}")

    def limit(self, instrument: str, equity: Decimal, view: View) -> Decimal | None:
        """The largest |position| in whole lots; None while price or volatility are not known."""
        price, share = view.price(instrument), self._share(instrument, view)
        if share is None or price is None:
            return None
        return to_lot(Decimal(max(float(equity), 0.0) * share / price), view.instruments[instrument].lot_size)

    def _share(self, instrument: str, view: View) -> float | None:
        """The part of equity that a position may be worth."""
        if self.loss_budget is None:
            return self.exposure
        returns = self.returns.get(instrument)
        deviation = returns.deviation() if returns else None
        if deviation is None:
            return None
        return min(self.exposure, self.loss_budget / (3 * deviation * math.sqrt(view.terms.horizon_s)))

    def _measure(self, tick: Tick, view: View) -> None:
        price = view.price(tick.instrument)
        if price is not None:
            returns = self.returns.get(tick.instrument)
            if returns is None:
                returns = self.returns[tick.instrument] = Returns(DEVIATION_TAU_S)
            returns.update(price, view.now)

    def _less(self, instrument: str, held: Decimal, equity: Decimal, view: View) -> Idea | None:
        """A cap on |position| where a limit is broken by a tenth: noise at the limit shall give no stream of caps."""
        limit = self.limit(instrument, equity, view)
        if limit is not None and abs(held) > limit * Decimal("1.1"):
            why = f"|position| {abs(held)} is above the size limit of {limit}"
            return Idea(instrument=instrument, target=limit, action="reduce", reason=why)
        if self.drawdown >= view.terms.drawdown_reduce:
            why = f"drawdown {self.drawdown:.2%}, reduce at {view.terms.drawdown_reduce:.0%}"
            return Idea(instrument=instrument, target=abs(held) / 2, action="reduce", reason=why)
        return None

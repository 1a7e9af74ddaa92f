"""The SDK: what an agent is given, what it may answer, and nothing else.

An agent is a class with `on_tick` (what it would like to do) and `on_deliberation` (what it thinks of a proposal).
It never sees another agent, reads no clock and sends nothing: its seat does (seat.py).

What forecasts mean: y = 1 when side · (P(t + H) / P(t) − 1) > c, with t the opening of the round, H the book's horizon
(`view.terms.horizon_s`), side the sign of target − held, and c = 2 · fee + spread / P (`view.cost`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal
from functools import cached_property
from typing import ClassVar

import msgspec
from msgspec import Struct

from agents.view import View
from streams.messages import Action, ProposalAnnounced, Quote, Stance, Tick, TimeInForce, Trade

__all__ = ["ABSTAIN", "Agent", "Idea", "Opinion", "View", "enlarges", "lots", "side_of"]


def _sound(probability: float | None, *quantities: Decimal | None) -> None:
    """What the wire would refuse later is refused here, where the agent that made it is known."""
    if probability is not None and not (math.isfinite(probability) and 0.0 <= probability <= 1.0):
        raise ValueError(f"{probability} is not a probability")
    for quantity in quantities:
        if quantity is not None and not quantity.is_finite():
            raise ValueError("a quantity is not finite")


class Idea(Struct, frozen=True, kw_only=True):
    """What an agent would like: `target` is the signed final quantity (trade) or the cap on |position| (reduce).
    `probability` is P(y = 1); reduce and halt have none. `legs` are further instruments with their targets, for a trade
    that is granted as a whole or not at all: then y is about all of it, weighted by value. With a `limit` (a trade
    without legs) the order is a limit order: at once (IOC, FOK), until cancelled (GTC) or for `good_for_ms` (GTD)."""

    instrument: str
    target: Decimal
    probability: float | None = None
    reason: str = ""
    action: Action = "trade"
    legs: tuple[tuple[str, Decimal], ...] = ()
    limit: Decimal | None = None
    time_in_force: TimeInForce = "IOC"
    good_for_ms: int = 0

    def __post_init__(self) -> None:
        _sound(self.probability, self.target, self.limit, *(target for _, target in self.legs))
        if self.action == "trade" and self.probability is None:
            raise ValueError("a trade needs a probability")
        if self.limit is None and self.time_in_force in ("GTC", "GTD"):
            raise ValueError(f"{self.time_in_force} needs a limit: an order at the market does not work for longer")
        if self.limit is not None and (self.limit <= 0 or self.legs or self.action != "trade"):
            raise ValueError("a limit is a price above zero, of a trade without legs")
        if (self.time_in_force == "GTD") != (self.good_for_ms > 0):
            raise ValueError("GTD needs good_for_ms above 0, and nothing else has it")


class Opinion(Struct, frozen=True, kw_only=True):
    """What an agent thinks of a proposal; without a probability it abstains.
    `veto` and `size_limit` (|position| at most) count only for veto seats; `amend_to` offers a changed copy."""

    probability: float | None = None
    reason: str = ""
    veto: bool = False
    size_limit: Decimal | None = None
    amend_to: Decimal | None = None

    def __post_init__(self) -> None:
        _sound(self.probability, self.size_limit, self.amend_to)
        if self.size_limit is not None and self.size_limit < 0:
            raise ValueError("size_limit is negative")

    @property
    def stance(self) -> Stance:
        """Derived from the forecast, so that the two cannot disagree."""
        if self.probability is None:
            return "abstain"
        return "approve" if self.probability >= 0.5 else "reject"


ABSTAIN = Opinion()


class Agent:
    """Subclass this. `on_tick` is called with the first tick of each kind it `wants` per instrument and `every_ms` of
    market time (0: with every tick); `absorb` with every tick of the kinds it `absorbs`, to add up what must not be
    missed. `cooldown_ms`, times the number of instruments that have prices, is the least market time between two
    proposals on one of them: an agent proposes at the same pace whatever the number of instruments. `reads_book`: it
    looks at `view.order_book`, which is not kept otherwise."""

    wants: tuple[type[Tick], ...] = (Quote, Trade)
    every_ms: ClassVar[int] = 250
    absorbs: ClassVar[tuple[type[Tick], ...]] = ()
    cooldown_ms: int = 10_000
    reads_book: ClassVar[bool] = False

    @cached_property
    def rests_until(self) -> dict[str, int]:
        """Market time (ns) before which the seat passes no trade on, by instrument; kept by the seat."""
        return {}

    def absorb(self, tick: Tick) -> None:
        """Comes before `on_tick` of the same tick."""

    def on_tick(self, tick: Tick, view: View) -> Iterable[Idea]:
        return ()

    def on_deliberation(self, announced: ProposalAnnounced, view: View) -> Opinion:
        return ABSTAIN

    def on_legs(self, announced: ProposalAnnounced, view: View) -> Opinion:
        """What it thinks of a proposal of several legs. Unless it says otherwise it looks at one leg after the other:
        what it would veto or make smaller it vetoes, because the legs go together; a forecast it has none."""
        for one in legs_of(announced):
            opinion = self.on_deliberation(one, view)
            limited = opinion.size_limit is not None and abs(one.target) > opinion.size_limit and enlarges(one)
            if opinion.veto or limited:
                reason = opinion.reason or f"no more than {opinion.size_limit}"
                return Opinion(veto=True, reason=f"{one.instrument}: {reason}")
        return ABSTAIN


def legs_of(announced: ProposalAnnounced) -> list[ProposalAnnounced]:
    """Each leg as if it had been proposed alone, the head first."""
    head = msgspec.structs.replace(announced, legs=())
    further = [
        msgspec.structs.replace(
            head, instrument=leg.instrument, target=leg.target, held=leg.held, price=leg.price, spread=leg.spread
        )
        for leg in announced.legs
    ]
    return [head, *further]


def side_of(announced: ProposalAnnounced) -> int:
    """+1 buys, -1 sells, 0 changes nothing; for a reduce the side that shrinks what is held."""
    if announced.action != "trade":
        return -1 if announced.held > 0 else int(announced.held < 0)
    return (announced.target > announced.held) - (announced.target < announced.held)


def enlarges(announced: ProposalAnnounced) -> bool:
    """Whether |position| would grow or the position would cross zero."""
    return abs(announced.target) > abs(announced.held) or announced.target * announced.held < 0


def lots(notional: float, price: float, step: Decimal) -> Decimal:
    """A signed amount of money as a quantity in whole lots, rounded toward zero."""
    return int(notional / price / float(step)) * step

"""The last step of arbitration: rules on all survivors against the book as it would be, reductions first.

What stands or falls together (the legs of a group, or one order) is judged with all of it in the book, after what was
cleared before; so the book after the last one has been judged. A clip only shrinks: it scales its whole group, rounded
toward zero to the lots, and all is checked once more; a breach then denies. Nothing that is freed is handed on.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from msgspec import Struct
from msgspec.structs import replace

from governance.domain.arbitration import Cut, Survivor
from governance.domain.facts import CALM, OfDecision, facts, limit_of, side_of
from governance.domain.rulebook import Denial, Judgement, Rulebook
from governance.domain.situation import Situation
from streams.envelope import derived_id
from streams.events import ClauseTrace, OrderTicket
from streams.messages import Code, Track

SUSPENSION = "suspension"
MINIMUM = "min_notional"


class Cleared(Struct, frozen=True):
    """What the rules made of one survivor: a ticket, or the denial."""

    survivor: Survivor
    ticket: OrderTicket | None
    cut: Cut | None
    denial: Denial | None


class Clearing(Struct, frozen=True):
    """`holds` are the rules that hold a surviving order for an operator, in the order of their names."""

    cleared: tuple[Cleared, ...]
    traces: tuple[ClauseTrace, ...]
    holds: tuple[str, ...] = ()


def clear(
    survivors: Sequence[Survivor], situation: Situation, rulebook: Rulebook, decision_id: str, track: Track
) -> Clearing:
    """Rules jointly on what survived; the order of `survivors` does not matter."""
    court = _Court(situation, rulebook, decision_id, track)
    cleared = [result for legs in _groups(survivors) for result in court.clear(legs)]
    return Clearing(tuple(cleared), tuple(court.traces), tuple(sorted(court.holds)))


def _groups(survivors: Sequence[Survivor]) -> list[list[Survivor]]:
    """What stands or falls together; where everything shrinks risk comes first, then by hash."""
    groups: dict[str, list[Survivor]] = {}
    for survivor in sorted(survivors, key=lambda each: (not each.reducing, each.hash, each.instrument)):
        groups.setdefault(survivor.group or f"{survivor.instrument} {survivor.hash}", []).append(survivor)
    return sorted(
        groups.values(), key=lambda legs: (not all(leg.reducing for leg in legs), min(leg.hash for leg in legs))
    )


class _Court:
    """The book as the orders cleared so far leave it, and what the rules have said."""

    def __init__(self, situation: Situation, rulebook: Rulebook, decision_id: str, track: Track) -> None:
        self.situation = situation
        self.rulebook = rulebook
        self.decision_id = decision_id
        self.shared = OfDecision(situation, track)
        self.held = dict(situation.held)
        self.committed = self.shared.committed()
        self.traces: list[ClauseTrace] = []
        self.holds: set[str] = set()

    def clear(self, legs: list[Survivor]) -> list[Cleared]:
        """All of them get a ticket, or none."""
        judgements = self._judge(legs)
        if denials := _denials(legs, judgements):
            return _denied(legs, denials)
        cuts: list[Cut | None] = [None] * len(legs)
        if binding := _binding(legs, judgements):
            shrunk = [self._scaled(leg, binding.ratio) for leg in legs]
            if denials := self._nothing_left(shrunk, binding):
                return _denied(legs, denials)
            cuts = [_cut(leg, less, binding) for leg, less in zip(legs, shrunk, strict=True)]
            legs, judgements = shrunk, self._judge(shrunk)
            if denials := _denials(legs, judgements, clipped=True):
                return _denied(legs, denials)
        if denials := {index: denial for index, leg in enumerate(legs) if (denial := self._too_small(leg))}:
            return _denied(legs, denials)
        self.holds.update(name for judgement in judgements for name in judgement.holds)
        self._take(legs)
        return [Cleared(leg, self._ticket(leg), cut, None) for leg, cut in zip(legs, cuts, strict=True)]

    def _judge(self, legs: list[Survivor]) -> list[Judgement]:
        """Each leg with all others in the book: they come together or not at all."""
        judgements = []
        for leg in legs:
            held, committed = dict(self.held), self.committed
            for other in legs:
                if other is not leg:
                    held[other.instrument] += other.quantity
                    committed = self._with(committed, other)
            judgements.append(self._one(leg, held, committed))
        return judgements

    def _one(self, leg: Survivor, held: dict[str, Decimal], committed: Decimal | None) -> Judgement:
        if self.situation.conditions.get(leg.instrument, CALM).suspended and not leg.reducing:
            detail = f"{leg.instrument} is suspended: only orders that shrink its position"
            return Judgement((), Denial(SUSPENSION, Code.SUSPENDED, detail))
        values = facts(leg, held, committed, self.shared)
        judgement = self.rulebook.judge(self._order_id(leg), values, leg.reducing)
        self.traces += judgement.traces
        return judgement

    def _scaled(self, leg: Survivor, ratio: Fraction) -> Survivor:
        """Toward zero to the lot; exact, so that a leg scaled to its own limit loses nothing to rounding."""
        lot = self.situation.instruments[leg.instrument].lot_size
        lots = int(Fraction(abs(leg.quantity)) * ratio / Fraction(lot))
        return replace(leg, target=leg.held + (lots * lot if leg.quantity > 0 else -lots * lot))

    def _nothing_left(self, legs: list[Survivor], binding: _Binding) -> dict[int, Denial]:
        denials = {}
        for index, leg in enumerate(legs):
            if leg.quantity == 0:
                detail = f"less than a lot of {self.situation.instruments[leg.instrument].lot_size} is left"
                denials[index] = Denial(binding.rule, Code.RULE_DENIED, detail)
        return denials

    def _too_small(self, leg: Survivor) -> Denial | None:
        """Control 20: what the venue would not take is not sent, reductions neither; their dust is kept."""
        minimum = self.situation.instruments[leg.instrument].min_notional
        value = abs(leg.quantity) * self.situation.markets[leg.instrument].price
        if value >= minimum:
            return None
        dust = f": {leg.held} is kept" if leg.reducing else ""
        return Denial(MINIMUM, Code.BELOW_MINIMUM, f"{value} is worth less than the venue's {minimum}{dust}")

    def _take(self, legs: list[Survivor]) -> None:
        for leg in legs:
            self.held[leg.instrument] += leg.quantity
            self.committed = self._with(self.committed, leg)

    def _with(self, committed: Decimal | None, leg: Survivor) -> Decimal | None:
        """A buy takes cash; a sale brings none before it is executed."""
        market = self.situation.markets.get(leg.instrument)
        if committed is None or market is None:
            return None
        return committed + (self.shared.cost(leg.quantity, market.price) if leg.quantity > 0 else 0)

    def _order_id(self, leg: Survivor) -> str:
        return derived_id("order", self.decision_id, leg.instrument)

    def _ticket(self, leg: Survivor) -> OrderTicket:
        return OrderTicket(
            order_id=self._order_id(leg),
            instrument=leg.instrument,
            side=side_of(leg),
            quantity=abs(leg.quantity),
            limit=limit_of(leg, self.situation),
            reduce_only=leg.reducing,
            type="market" if leg.manner.limit is None else "limit",
            time_in_force=leg.manner.time_in_force,
            good_for_ms=leg.manner.good_for_ms,
            group=leg.group,
        )


class _Binding(Struct, frozen=True):
    """The clip that shrinks a group most: by what ratio, which rule, on which leg."""

    ratio: Fraction
    rule: str
    instrument: str


def _binding(legs: list[Survivor], judgements: list[Judgement]) -> _Binding | None:
    clips = [
        (
            min(Fraction(1), Fraction(judgement.largest) / Fraction(abs(leg.quantity))),
            judgement.clipped_by,
            leg.instrument,
        )
        for leg, judgement in zip(legs, judgements, strict=True)
        if judgement.largest is not None
    ]
    return _Binding(*min(clips)) if clips else None


def _denials(legs: list[Survivor], judgements: list[Judgement], *, clipped: bool = False) -> dict[int, Denial]:
    """By the position of the leg; a clip that is asked for after a clip denies."""
    denials: dict[int, Denial] = {}
    for index, judgement in enumerate(judgements):
        if judgement.denial is not None:
            denials[index] = judgement.denial
        elif clipped and judgement.largest is not None:
            denials[index] = Denial(judgement.clipped_by, Code.RULE_DENIED, "still breached after the clip")
    return denials


def _denied(legs: list[Survivor], denials: dict[int, Denial]) -> list[Cleared]:
    """The other legs of the group name the first that was denied."""
    first = min(denials)
    by = f"{legs[first].instrument}/{denials[first].rule}"
    lost = Denial(by, Code.LEG_LOST, denials[first].detail)
    return [Cleared(leg, None, None, denials.get(index, lost)) for index, leg in enumerate(legs)]


def _cut(leg: Survivor, less: Survivor, binding: _Binding) -> Cut | None:
    if less.quantity == leg.quantity:
        return None
    own = leg.instrument == binding.instrument
    by = binding.rule if own else f"{binding.instrument}/{binding.rule}"
    return Cut(Code.CLIPPED, by, f"from {abs(leg.quantity)} to {abs(less.quantity)}")

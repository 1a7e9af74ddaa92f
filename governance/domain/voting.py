"""The passing rule on one proposal: integer masses, exact forecasts, and what missing ballots could still change.

Forecasts are summed as integers in units of 2^-1074, the smallest float, so that sums are exact and the order in
which ballots came in cannot matter.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from governance.domain.tracks import Rule
from streams.envelope import Envelope
from streams.messages import CastBallot

UNIT_BITS = 1074
Passing = Literal["PASSED", "DEFEATED", "INQUORATE"]


def exact(probability: float) -> int:
    """`probability` in units of 2^-1074, without rounding."""
    numerator, denominator = probability.as_integer_ratio()
    return numerator << (UNIT_BITS + 1 - denominator.bit_length())


class Ballot(Struct, frozen=True):
    """A ballot as it counts: the seat, its mass at the opening, and where it came from."""

    agent: str
    weight_ppm: int
    cast: CastBallot
    command: Envelope
    entry_id: str


class Tally:
    """Running sums of one proposal. `score` is Σ w·q of those who approved or rejected, exact. `approvals` (with q)
    and `rejections` are the seats with mass, `limits` the size limits with who set them."""

    __slots__ = ("abstained", "approvals", "ballots", "limits", "no", "rejections", "score", "total", "vetoed", "yes")

    def __init__(self, total: int) -> None:
        self.total = total
        self.yes = self.no = self.abstained = self.score = 0
        self.ballots: dict[str, Ballot] = {}
        self.approvals: dict[str, float] = {}
        self.rejections: set[str] = set()
        self.limits: list[tuple[Decimal, str]] = []
        self.vetoed = False

    def add(self, ballot: Ballot) -> None:
        """Immutable: the caller refuses a second ballot of a seat."""
        agent, weight, cast = ballot.agent, ballot.weight_ppm, ballot.cast
        self.ballots[agent] = ballot
        self.vetoed = self.vetoed or cast.veto
        if cast.size_limit is not None:
            self.limits.append((cast.size_limit, agent))
        if not weight:
            return
        q = cast.probability
        if cast.stance == "abstain":
            self.abstained += weight
            return
        if cast.stance == "approve":
            self.yes += weight
            self.approvals[agent] = q or 0.0
        else:
            self.no += weight
            self.rejections.add(agent)
        if q is not None:
            self.score += weight * exact(q)

    @property
    def voted(self) -> int:
        """W = Y + N."""
        return self.yes + self.no

    @property
    def missing(self) -> int:
        """The part of T that has cast no ballot."""
        return self.total - self.voted - self.abstained

    @property
    def forecast(self) -> float | None:
        """Σ w·q / Σ w over those who approved or rejected, correctly rounded; None where nobody did."""
        return self.score / (self.voted << UNIT_BITS) if self.voted else None

    def vetoes(self) -> list[str]:
        if not self.vetoed:
            return []
        return sorted(agent for agent, ballot in self.ballots.items() if ballot.cast.veto)


class Bar:
    """The passing rule for a given T, in integers: `quorum` is the smallest mass that reaches it."""

    __slots__ = ("above", "forecast", "of", "quorum")

    def __init__(self, rule: Rule, total: int) -> None:
        self.quorum = -(-rule.quorum.numerator * total // rule.quorum.denominator)
        self.above, self.of = rule.threshold.numerator, rule.threshold.denominator
        self.forecast = rule.forecast

    def passes(self, yes: int, voted: int, score: int) -> bool:
        """Y ≥ quorum·T and Y > θ·W and, where it counts, Σ w·q / Σ w ≥ 1/2; masses in ppm, all exact."""
        return (
            yes >= self.quorum
            and yes * self.of > self.above * voted
            and (not self.forecast or score >= voted << (UNIT_BITS - 1))
        )

    def may_pass(self, tally: Tally, missing: int) -> bool:
        """Whether some completion passes: the best one is that all of `missing` approve with q = 1."""
        score = tally.score + (missing << UNIT_BITS) if missing else tally.score
        return self.passes(tally.yes + missing, tally.yes + tally.no + missing, score)

    def must_pass(self, tally: Tally, missing: int) -> bool:
        """Whether every completion passes: the worst one is that all of `missing` reject with q = 0."""
        return self.passes(tally.yes, tally.yes + tally.no + missing, tally.score)


def passing(rule: Rule, tally: Tally) -> Passing:
    """Inquorate is only what has the majority of those who voted, but not the mass."""
    bar, yes, voted = Bar(rule, tally.total), tally.yes, tally.voted
    if bar.passes(yes, voted, tally.score):
        return "PASSED"
    outvoted = voted and yes * bar.of <= bar.above * voted
    return "INQUORATE" if yes < bar.quorum and not outvoted else "DEFEATED"

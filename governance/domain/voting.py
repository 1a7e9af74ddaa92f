"""The passing rule on one proposal: integer masses, exact forecasts, and what missing ballots could still change.

Forecasts are summed as integers in units of 2^-1074, the smallest float, so that sums are exact and the order in
which ballots came in cannot matter.
"""

from __future__ import annotations

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
    """Running sums of one proposal. `score` is Σ w·q of those who approved or rejected, exact."""

    __slots__ = ("abstained", "ballots", "no", "score", "total", "vetoed", "yes")

    def __init__(self, total: int) -> None:
        self.total = total
        self.yes = self.no = self.abstained = self.score = 0
        self.ballots: dict[str, Ballot] = {}
        self.vetoed = False

    def add(self, ballot: Ballot) -> None:
        """Immutable: the caller refuses a second ballot of a seat."""
        self.ballots[ballot.agent] = ballot
        weight, cast = ballot.weight_ppm, ballot.cast
        self.vetoed = self.vetoed or cast.veto
        if cast.stance == "abstain":
            self.abstained += weight
            return
        if cast.stance == "approve":
            self.yes += weight
        else:
            self.no += weight
        if cast.probability is not None and weight:
            self.score += weight * exact(cast.probability)

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
        return sorted(agent for agent, ballot in self.ballots.items() if ballot.cast.veto)


def passes(rule: Rule, total: int, yes: int, voted: int, score: int) -> bool:
    """Y ≥ quorum·T and Y > θ·W and, where it counts, Σ w·q / Σ w ≥ 1/2; masses in ppm, all exact."""
    quorum, threshold = rule.quorum, rule.threshold
    return (
        yes * quorum.denominator >= quorum.numerator * total
        and yes * threshold.denominator > threshold.numerator * voted
        and (not rule.forecast or 2 * score >= voted << UNIT_BITS)
    )


def passing(rule: Rule, tally: Tally) -> Passing:
    """Inquorate is only what has the majority of those who voted, but not the mass."""
    if passes(rule, tally.total, tally.yes, tally.voted, tally.score):
        return "PASSED"
    short = tally.yes * rule.quorum.denominator < rule.quorum.numerator * tally.total
    outvoted = tally.yes * rule.threshold.denominator <= rule.threshold.numerator * tally.voted
    return "INQUORATE" if short and not (outvoted and tally.voted) else "DEFEATED"


def may_pass(rule: Rule, tally: Tally, missing: int) -> bool:
    """Whether some completion passes: the best one is that all of `missing` approve with q = 1."""
    score = tally.score + (missing << UNIT_BITS)
    return passes(rule, tally.total, tally.yes + missing, tally.voted + missing, score)


def must_pass(rule: Rule, tally: Tally, missing: int) -> bool:
    """Whether every completion passes: the worst one is that all of `missing` reject with q = 0."""
    return passes(rule, tally.total, tally.yes, tally.voted + missing, tally.score)

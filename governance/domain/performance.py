"""What people are shown of forecasts: scores, calibration, regret with its bound, and what a veto was worth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from math import log, sqrt

from msgspec import Struct

from streams.events import CouncilScored, ObservedOutcome

Forecast = tuple[float, bool]
EDGES = tuple(step / 10 for step in range(11))
NORMAL_95 = 1.959963984540054
COPIES = 3
HYPOTHETICAL = "hypothetical"


class GivenForecast(Struct, frozen=True, kw_only=True):
    """A forecast as a plain row: who said what to which question."""

    deliberation_id: str
    question: str
    agent: str
    probability: float


class Bin(Struct, frozen=True, kw_only=True):
    """The forecasts from `low` to below `high` (the last bin: 1 included): their mean, how often y was 1, and the 95 %
    interval of that frequency."""

    low: float
    high: float
    count: int
    forecast: float
    frequency: float
    interval: tuple[float, float]


class Regret(Struct, frozen=True, kw_only=True):
    """The council against the best committee of 1/κ owners in hindsight, in bucket means summed over `buckets`.
    `agents` is the regret against each agent over what it forecast, only where there was no cap."""

    buckets: int
    council: float
    forecast: float
    committee: dict[str, float]
    committee_loss: float
    regret: float
    bound: float
    agents: dict[str, float] | None


class VetoValue(Struct, frozen=True, kw_only=True):
    """What a veto kept from being lost (positive) or gained, in the quote currency, had the order been filled at P."""

    amount: Decimal
    label: str = HYPOTHETICAL


def answered(rows: Iterable[GivenForecast], outcomes: Iterable[ObservedOutcome]) -> dict[str, list[Forecast]]:
    """(q, y) by agent: the first row of an agent to a question counts, VOID questions do not."""
    results = {(each.deliberation_id, each.question): each.y for each in outcomes}
    seen: set[tuple[str, str, str]] = set()
    found: dict[str, list[Forecast]] = {}
    for row in rows:
        key = (row.agent, row.deliberation_id, row.question)
        y = results.get(key[1:])
        if y is not None and key not in seen:
            seen.add(key)
            found.setdefault(row.agent, []).append((row.probability, y))
    return found


def brier(forecasts: Sequence[Forecast]) -> float | None:
    """Mean (q − y)², 0 best; 0.25 is what always saying 1/2 earns. None without forecasts. Brier (1950)."""
    return sum((q - y) ** 2 for q, y in forecasts) / len(forecasts) if forecasts else None


def wilson(happened: int, count: int, z: float = NORMAL_95) -> tuple[float, float]:
    """The score interval of a frequency, sensible for few and for extreme counts. Wilson (1927)."""
    if not count:
        return 0.0, 1.0
    share, square = happened / count, z * z
    centre = (share + square / (2 * count)) / (1 + square / count)
    half = z * sqrt(share * (1 - share) / count + square / (4 * count * count)) / (1 + square / count)
    return max(0.0, centre - half), min(1.0, centre + half)


def calibration(forecasts: Sequence[Forecast], edges: Sequence[float] = EDGES) -> tuple[Bin, ...]:
    """How often it happened when the forecast was so; bins without forecasts are left out."""
    bins = []
    for low, high in pairwise(edges):
        inside = [(q, y) for q, y in forecasts if low <= q < high or q == high == edges[-1]]
        if inside:
            count, happened = len(inside), sum(y for _, y in inside)
            mean = sum(q for q, _ in inside) / count
            bins.append(
                Bin(
                    low=low,
                    high=high,
                    count=count,
                    forecast=mean,
                    frequency=happened / count,
                    interval=wilson(happened, count),
                )
            )
    return tuple(bins)


def bound_of(committee: Mapping[str, float], buckets: Sequence[CouncilScored]) -> float:
    """G3: 2·Σ over the copies of Σ u·ln(u/w) at their start, + 2·Σ ln(1/(1 − α)) over the buckets. Of N founders with
    equal priors that is 3·2·ln(N·κ) + 2·T·ln(1/(1 − α)); N counts the seats that entered since."""
    starts: dict[int, dict[str, float]] = {}
    for each in buckets:
        starts.setdefault(each.copy, {seat.agent: seat.before for seat in each.seats})
    first = starts[buckets[0].copy]
    distance = sum(
        share * log(share / starts.get(copy, first)[agent])
        for copy in range(COPIES)
        for agent, share in committee.items()
    )
    grown = log(max(_seats(each) for each in buckets) / _seats(buckets[0]))
    return 2 * (distance + COPIES * grown) - 2 * sum(log(1 - each.floor) for each in buckets)


def _seats(scored: CouncilScored) -> int:
    return sum(seat.before > 0 for seat in scored.seats)


def regret(scored: Sequence[CouncilScored], owners: Mapping[str, str]) -> Regret | None:
    """The council's loss is the mix loss of the copy that voted, −2 ln Σ w·e^(−L/2) per bucket, which is at least the
    loss of the weighted mean of the forecasts. `scored` are the buckets since the founding or the last manual edit,
    `owners` who runs each seat. Seats that entered since are no comparators. None without a scored question."""
    buckets = [each for each in scored if each.questions]
    if not buckets:
        return None
    cap = min(each.cap for each in buckets)
    totals: dict[str, float] = {seat.agent: 0.0 for seat in buckets[0].seats if seat.before > 0}
    for each in buckets:
        for seat in each.seats:
            if seat.agent in totals:
                totals[seat.agent] += seat.loss
    council = sum(each.mix_loss for each in buckets)
    committee = best_committee(totals, owners, cap)
    loss = sum(share * totals[agent] for agent, share in committee.items())
    return Regret(
        buckets=len(buckets),
        council=council,
        forecast=sum(each.forecast_loss for each in buckets),
        committee=committee,
        committee_loss=loss,
        regret=council - loss,
        bound=bound_of(committee, buckets),
        agents={agent: council - total for agent, total in sorted(totals.items())} if cap >= 1 else None,
    )


def best_committee(losses: Mapping[str, float], owners: Mapping[str, str], cap: float) -> dict[str, float]:
    """The fixed weights of least loss under the cap: each of the best 1/κ owners has κ (what is left goes to the
    next), all of it with its best agent."""
    best: dict[str, str] = {}
    for agent in sorted(losses):
        owner = owners[agent]
        if owner not in best or losses[agent] < losses[best[owner]]:
            best[owner] = agent
    left, committee = 1.0, {}
    for agent in sorted(best.values(), key=lambda each: (losses[each], each)):
        share = min(cap, left)
        if share <= 1e-12:
            break
        committee[agent] = share
        left -= share
    return committee


def veto_value(outcome: ObservedOutcome, notional: Decimal) -> VetoValue | None:
    """−(side·(P(t+H)/P(t) − 1) − c)·notional; None where the outcome is VOID."""
    return None if outcome.gain is None else VetoValue(amount=-Decimal(str(outcome.gain)) * notional)

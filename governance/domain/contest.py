"""Where the council stands on each instrument: weighted medians over voters. A proposal of several legs stands on all
of its instruments, or is out as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from governance.domain.council import Weights
from governance.domain.deliberation import Candidate
from streams.events import ProposalResult
from streams.messages import Code

MEDIAN = "median"


class Poll(Struct, frozen=True):
    """One instrument: where each seat stands (signed target), the weighted median of that, and the mass in ppm that
    stands at it. `held` is position + reserved, in base units like the targets."""

    held: Decimal
    stands: dict[str, Decimal]
    median: Decimal
    support_ppm: int


class Settlement(Struct, frozen=True):
    """The polls by instrument, in the order of their names; `standing` are the proposals that stand at the median on
    all of their instruments, in content-hash order; `lost` the others with what beat them."""

    polls: dict[str, Poll]
    standing: tuple[Candidate, ...]
    lost: tuple[ProposalResult, ...]


def weighted_median(points: Iterable[tuple[Decimal, int]], held: Decimal) -> Decimal:
    """The target where half of the mass lies on either side; where two are, the one nearest to `held`."""
    ordered = sorted(point for point in points if point[1] > 0)
    total = sum(weight for _, weight in ordered)
    below = 0
    for index, (target, weight) in enumerate(ordered):
        below += weight
        if 2 * below > total:
            return target
        if 2 * below == total:
            return min((target, ordered[index + 1][0]), key=lambda point: (abs(point - held), abs(point), point))
    return held


def settle(
    ordered: Sequence[Candidate], passed: Sequence[Candidate], weights: Weights, held: Mapping[str, Decimal]
) -> Settlement:
    """`ordered` are all proposals of the round and `passed` those that passed, both in content-hash order. Medians are
    taken once: if those of a fallen proposal were counted anew, more support could unseat what was granted."""
    names = sorted({part.instrument for candidate in passed for part in candidate.parts})
    polls = {name: poll(name, ordered, passed, weights, held[name]) for name in names}
    beaten = {c.proposal_id: result for c in passed if (result := _beaten(c, passed, polls, weights))}
    standing = tuple(c for c in passed if c.proposal_id not in beaten)
    return Settlement(polls, standing, tuple(beaten.values()))


def poll(
    instrument: str, ordered: Sequence[Candidate], passed: Sequence[Candidate], weights: Weights, held: Decimal
) -> Poll:
    """One point per seat with mass: an approver of a passed proposal stands at its approved target with the highest
    q (tie: hash), every other seat that approved or rejected on the instrument at what is held."""
    best: dict[str, tuple[float, int]] = {}
    points = [(held, 0)]
    for candidate, target in _on(instrument, passed):
        for agent, q in candidate.tally.approvals.items():
            if agent not in best or q > best[agent][0]:
                best[agent] = (q, len(points))
        points.append((target, 0))
    spoke: set[str] = set()
    for candidate, _ in _on(instrument, ordered):
        spoke.update(candidate.tally.rejections, candidate.tally.approvals)
    at_held = (0.0, 0)
    stands: dict[str, Decimal] = {}
    for agent, weight in weights.ppm.items():
        if agent in spoke:
            index = best.get(agent, at_held)[1]
            target, mass = points[index]
            points[index] = (target, mass + weight)
            stands[agent] = target
    median = weighted_median(points, held)
    return Poll(held, stands, median, sum(mass for target, mass in points if target == median))


def _on(instrument: str, candidates: Sequence[Candidate]) -> list[tuple[Candidate, Decimal]]:
    """Who has a leg on the instrument, with its target there."""
    return [(c, part.target) for c in candidates for part in c.parts if part.instrument == instrument]


def _beaten(
    candidate: Candidate, others: Sequence[Candidate], polls: Mapping[str, Poll], weights: Weights
) -> ProposalResult | None:
    """The first of its instruments on which it does not stand; None where it stands on all of them."""
    code, several = (Code.LEG_LOST, True) if candidate.legs else (Code.SUPERSEDED, False)
    for part in candidate.parts:
        name, found = part.instrument, polls[part.instrument]
        if (part.target - part.held) * (part.target - found.held) <= 0:
            detail = f"{found.held} {name} is held: it is there, or would have to go the other way"
            return lost(candidate.proposal_id, Code.NO_CHANGE, name, detail)
        if part.target != found.median:
            by, detail = _rival(name, others, found, weights)
            return lost(candidate.proposal_id, code, by, f"{name}: {detail}" if several else detail)
    return None


def _rival(instrument: str, others: Sequence[Candidate], found: Poll, weights: Weights) -> tuple[str, str]:
    """What beat a proposal: the first whose target is the median, or the heaviest seat at what is held (tie: name)."""
    if found.median != found.held:
        by = next(c.proposal_id for c, target in _on(instrument, others) if target == found.median)
        return by, f"the weighted median target is {found.median}"
    there = [(-weights.of(agent), agent) for agent, target in found.stands.items() if target == found.held]
    mass = -sum(weight for weight, _ in there)
    by = min(there, default=(0, MEDIAN))[1]
    return by, f"the weighted median is what is held: {mass} ppm stand there"


def lost(proposal_id: str, code: Code, by: str, detail: str) -> ProposalResult:
    return ProposalResult(proposal_id=proposal_id, state="SUPERSEDED", reason=code, by=by, detail=detail)

"""What the passed proposals of a round become: a pure function of proposals, ballots, weights and the situation.

In content-hash order, in the steps: mode, vetoes, strictest cap, weighted median target, size limits, budget.
The rules follow on what survives (clearing.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from msgspec import Struct

from governance.domain.budget import Item, choose
from governance.domain.council import Weights
from governance.domain.deliberation import Candidate
from governance.domain.situation import Situation
from governance.domain.state import ZERO
from market.domain.instrument import to_lot
from streams.events import ProposalResult
from streams.messages import Code

CENTS = Decimal(100)


class Cut(Struct, frozen=True):
    """What made an order smaller than its proposal asked for: a seat, a proposal or a rule."""

    code: Code
    by: str
    detail: str


class Survivor(Struct, frozen=True, kw_only=True):
    """One instrument's order as arbitration leaves it: from `held` to `target`, for the proposals in `winners`.
    Survivors with the same `group` (a proposal of several legs) stand or fall together. `seen` is the price that the
    first winner's agent saw, `evidence_at` when (process clock, ns; 0 where it does not matter)."""

    instrument: str
    hash: str
    held: Decimal
    target: Decimal
    support_ppm: int
    winners: tuple[str, ...]
    cuts: tuple[Cut, ...] = ()
    group: str = ""
    seen: Decimal | None = None
    evidence_at: int = 0
    agents: tuple[str, ...] = ()

    @property
    def quantity(self) -> Decimal:
        """Signed."""
        return self.target - self.held

    @property
    def reducing(self) -> bool:
        return reduces(self.held, self.target)


class Arbitration(Struct, frozen=True):
    """The survivors and, for every passed proposal, what became of it."""

    survivors: tuple[Survivor, ...]
    results: tuple[ProposalResult, ...]


def reduces(held: Decimal, target: Decimal) -> bool:
    """Shrinks |position| without crossing zero: what is exempt where risk-reducing orders are."""
    return abs(target) < abs(held) and held * target >= 0


def toward(held: Decimal, target: Decimal, limit: Decimal) -> Decimal:
    """The target with |position| ≤ limit that lies between `held` and `target`; `held` where there is none."""
    if abs(target) <= limit:
        return target
    limited = limit if target > 0 else -limit
    return limited if min(held, target) <= limited <= max(held, target) else held


def weighted_median(points: Sequence[tuple[Decimal, int]], held: Decimal) -> Decimal:
    """The target where half of the mass lies on either side; where two are, the one nearest to `held`."""
    ordered = sorted(points)
    total = sum(weight for _, weight in ordered)
    below = 0
    for index, (target, weight) in enumerate(ordered):
        below += weight
        if 2 * below > total:
            return target
        if 2 * below == total:
            upper = next((t for t, w in ordered[index + 1 :] if w > 0), target)
            return min((target, upper), key=lambda point: (abs(point - held), abs(point), point))
    return held


def arbitrate(candidates: Sequence[Candidate], passed: set[str], weights: Weights, situation: Situation) -> Arbitration:
    """`passed` are the proposals that passed and were not vetoed. The order of `candidates` does not matter."""
    ordered = sorted(candidates, key=lambda candidate: candidate.hash)
    results: list[ProposalResult] = []
    survivors: list[Survivor] = []
    for instrument in sorted({c.instrument for c in ordered if c.proposal_id in passed}):
        contest = [c for c in ordered if c.instrument == instrument]
        winners = [c for c in contest if c.proposal_id in passed]
        settle = _reduction if winners[0].action == "reduce" else _trade
        survivor, lost = settle(contest, winners, weights, situation)
        results += lost
        if survivor is not None and situation.mode != "NORMAL" and not survivor.reducing:
            results += [
                _lost(name, Code.MODE, situation.mode, "only risk-reducing orders") for name in survivor.winners
            ]
        elif survivor is not None:
            survivors.append(survivor)
    afforded, dropped = _afford(survivors, situation)
    results += dropped
    results += [_won(name, survivor) for survivor in afforded for name in survivor.winners]
    return Arbitration(tuple(afforded), tuple(sorted(results, key=lambda result: result.proposal_id)))


def _trade(
    contest: list[Candidate], passed: list[Candidate], weights: Weights, situation: Situation
) -> tuple[Survivor | None, list[ProposalResult]]:
    """Weighted median over voters, then the veto seats' smallest size limit and a cap that is in force."""
    instrument = contest[0].instrument
    held = situation.held[instrument]
    points = voters(contest, passed, weights, held)
    median = weighted_median([(target, weight) for target, weight in points.values()], held)
    winners = [c for c in passed if c.target == median]
    if median == held or not winners:
        by, detail = _objectors(points, weights, held)
        return None, [_lost(c.proposal_id, Code.SUPERSEDED, by, detail) for c in passed]
    lost = [
        _lost(c.proposal_id, Code.SUPERSEDED, winners[0].proposal_id, f"the weighted median target is {median}")
        for c in passed
        if c.target != median
    ]
    target, cuts = _limited(contest, held, median, situation)
    lot = situation.instruments[instrument].lot_size
    target = held + to_lot(target - held, lot)
    names = tuple(c.proposal_id for c in winners)
    if target == held:
        cut = cuts[-1] if cuts else Cut(Code.NO_CHANGE, instrument, f"less than a lot of {lot}")
        return None, [*lost, *(_lost(name, cut.code, cut.by, cut.detail) for name in names)]
    support = sum(weight for point, weight in points.values() if point == median)
    survivor = Survivor(
        instrument=instrument,
        hash=winners[0].hash,
        held=held,
        target=target,
        support_ppm=support,
        winners=names,
        cuts=tuple(cuts),
    )
    return survivor, lost


def voters(
    contest: list[Candidate], passed: list[Candidate], weights: Weights, held: Decimal
) -> dict[str, tuple[Decimal, int]]:
    """One point per seat with mass: an approver of a passed proposal stands at its approved target with the highest
    q (tie: hash), every other seat that approved or rejected on the instrument at what is held."""
    points: dict[str, tuple[Decimal, int]] = {}
    for agent, weight in weights.ppm.items():
        best: tuple[float, Decimal] | None = None
        for candidate in passed:
            ballot = candidate.tally.ballots.get(agent)
            if ballot is not None and ballot.cast.stance == "approve":
                q = ballot.cast.probability or 0.0
                if best is None or q > best[0]:
                    best = (q, candidate.target)
        if best is not None:
            points[agent] = (best[1], weight)
        elif any(agent in c.tally.ballots and c.tally.ballots[agent].cast.stance != "abstain" for c in contest):
            points[agent] = (held, weight)
    return points


def _limited(
    contest: list[Candidate], held: Decimal, target: Decimal, situation: Situation
) -> tuple[Decimal, list[Cut]]:
    cuts: list[Cut] = []
    limits: list[tuple[Decimal, str]] = [
        (ballot.cast.size_limit, agent)
        for candidate in contest
        for agent, ballot in candidate.tally.ballots.items()
        if ballot.cast.size_limit is not None
    ]
    if limits:
        limit, agent = min(limits)
        if (limited := toward(held, target, limit)) != target:
            target = limited
            cuts.append(Cut(Code.SIZE_LIMIT, agent, f"|position| at most {limit}"))
    cap = situation.caps.get(contest[0].instrument)
    if cap is not None and (limited := toward(held, target, cap.limit)) != target:
        target = limited
        cuts.append(Cut(Code.CAPPED, cap.proposal_id, f"a cap of {cap.limit} is in force"))
    return target, cuts


def _reduction(
    contest: list[Candidate], passed: list[Candidate], weights: Weights, situation: Situation
) -> tuple[Survivor | None, list[ProposalResult]]:
    """The strictest cap; it never flips the sign, and what is left stands at most at the cap."""
    strictest = min(passed, key=lambda c: (c.target, c.hash))
    winners = [c for c in passed if c.target == strictest.target]
    lost = [
        _lost(c.proposal_id, Code.SUPERSEDED, strictest.proposal_id, f"the strictest cap is {strictest.target}")
        for c in passed
        if c.target != strictest.target
    ]
    instrument = strictest.instrument
    held = situation.held[instrument]
    size = min(abs(held), to_lot(strictest.target, situation.instruments[instrument].lot_size))
    target = size if held > 0 else -size
    if target == held:
        detail = "the cap is in force, there is nothing to reduce"
        return None, [*lost, *(_lost(c.proposal_id, Code.NO_CHANGE, instrument, detail) for c in winners)]
    survivor = Survivor(
        instrument=instrument,
        hash=strictest.hash,
        held=held,
        target=target,
        support_ppm=strictest.tally.yes,
        winners=tuple(c.proposal_id for c in winners),
    )
    return survivor, lost


def _afford(survivors: list[Survivor], situation: Situation) -> tuple[list[Survivor], list[ProposalResult]]:
    """Item = instrument; cost = increase of gross in cents rounded up; capacity = gross limit − gross − reserved."""
    if situation.equity is None:
        return [], [
            _lost(name, Code.NO_PRICE, "market", "something held has no price") for s in survivors for name in s.winners
        ]
    room = situation.terms.max_gross * situation.equity - situation.gross
    capacity = max(0, int((room * CENTS).to_integral_value(ROUND_FLOOR)))
    items = [Item(s.hash, _cost(s, situation), s.support_ppm) for s in survivors]
    choice = choose(items, capacity)
    afforded = [s for s in survivors if s.hash in choice.chosen]
    paid = [s for s, item in zip(survivors, items, strict=True) if item.cost > 0 and s in afforded]
    rival = max(paid, key=lambda s: (s.support_ppm, s.hash)).winners[0] if paid else "max_gross"
    how = " (greedy)" if choice.greedy else ""
    dropped = [
        _lost(name, Code.NO_BUDGET, rival, f"needs {item.cost} of {capacity} cents{how}")
        for s, item in zip(survivors, items, strict=True)
        if s.hash not in choice.chosen
        for name in s.winners
    ]
    return afforded, dropped


def _cost(survivor: Survivor, situation: Situation) -> int:
    grown = max(ZERO, abs(survivor.target) - abs(survivor.held))
    return int((grown * situation.markets[survivor.instrument].price * CENTS).to_integral_value(ROUND_CEILING))


def _objectors(points: dict[str, tuple[Decimal, int]], weights: Weights, held: Decimal) -> tuple[str, str]:
    standing = sorted(agent for agent, (target, _) in points.items() if target == held)
    mass = sum(weights.of(agent) for agent in standing)
    heaviest = max(standing, key=weights.of, default="median")
    return heaviest, f"the weighted median is what is held: {mass} ppm stand there"


def _lost(proposal_id: str, code: Code, by: str, detail: str) -> ProposalResult:
    return ProposalResult(proposal_id=proposal_id, state="SUPERSEDED", reason=code, by=by, detail=detail)


def _won(proposal_id: str, survivor: Survivor) -> ProposalResult:
    if not survivor.cuts:
        return ProposalResult(proposal_id=proposal_id, state="GRANTED", reason="")
    cut = survivor.cuts[-1]
    return ProposalResult(proposal_id=proposal_id, state="REDUCED", reason=cut.code, by=cut.by, detail=cut.detail)

"""What the passed proposals of a round become: a pure function of proposals, ballots, weights and the situation.

In content-hash order, in the steps: strictest cap or weighted median target (contest.py), size limits and caps in
force, mode and suspensions, budget. Vetoes come before (resolution.py), rules on what survives after (clearing.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction

from msgspec import Struct

from governance.domain.budget import Item, choose
from governance.domain.contest import Poll, lost, settle
from governance.domain.council import Weights
from governance.domain.deliberation import Candidate
from governance.domain.manner import MARKET, Manner, strictest
from governance.domain.situation import Situation
from governance.domain.state import ZERO
from market.domain.instrument import to_lot
from streams.events import ProposalResult
from streams.messages import Code, Side

CENTS = Decimal(100)
GATE = "gate"


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
    manner: Manner = MARKET

    @property
    def quantity(self) -> Decimal:
        """Signed."""
        return self.target - self.held

    @property
    def reducing(self) -> bool:
        return reduces(self.held, self.target)


Unit = tuple[Survivor, ...]


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


def arbitrate(candidates: Sequence[Candidate], passed: set[str], weights: Weights, situation: Situation) -> Arbitration:
    """`passed` are the proposals that passed and were not vetoed. The order of `candidates` does not matter."""
    ordered = sorted(candidates, key=lambda candidate: candidate.hash)
    winners = [candidate for candidate in ordered if candidate.proposal_id in passed]
    units, results = _reductions([c for c in winners if c.action == "reduce"], situation)
    traded, superseded = _trades(ordered, [c for c in winners if c.action == "trade"], weights, situation)
    allowed, forbidden = _allowed(units + traded, situation)
    afforded, dropped = afford(allowed, situation)
    survivors = sorted((each for unit in afforded for each in unit), key=lambda each: each.instrument)
    won = {name: _won(name, each) for each in survivors for name in each.winners}
    results += [*superseded, *forbidden, *dropped, *won.values()]
    return Arbitration(tuple(survivors), tuple(sorted(results, key=lambda result: result.proposal_id)))


def _trades(
    ordered: Sequence[Candidate], passed: Sequence[Candidate], weights: Weights, situation: Situation
) -> tuple[list[Unit], list[ProposalResult]]:
    """Weighted medians over voters, then the veto seats' smallest size limit and a cap that is in force."""
    settlement = settle(ordered, passed, weights, situation.held)
    limits = _size_limits(ordered)
    units: list[Unit] = []
    results = list(settlement.lost)
    for group in _groups(settlement.standing):
        unit, cut = _unit(group, settlement.polls, limits, situation)
        if cut is None:
            units.append(unit)
        else:
            results += [lost(c.proposal_id, cut.code, cut.by, cut.detail) for c in group]
    return units, results


def _size_limits(candidates: Sequence[Candidate]) -> dict[str, tuple[Decimal, str]]:
    """The smallest limit and who set it, by the instrument that a proposal is about (the first of several legs)."""
    limits: dict[str, tuple[Decimal, str]] = {}
    for candidate in candidates:
        if candidate.tally.limits:
            known = [limits[candidate.instrument]] if candidate.instrument in limits else []
            limits[candidate.instrument] = min([*known, *candidate.tally.limits])
    return limits


def _groups(standing: Sequence[Candidate]) -> list[list[Candidate]]:
    """What stands or falls together: proposals on one instrument (they agree on its target), and through further legs
    those on others. Groups and what is in them are in content-hash order."""
    groups: list[tuple[set[str], list[Candidate]]] = []
    for candidate in standing:
        instruments, together = {part.instrument for part in candidate.parts}, [candidate]
        apart = []
        for group in groups:
            if group[0].isdisjoint(instruments):
                apart.append(group)
            else:
                instruments, together = instruments | group[0], [*group[1], *together]
        groups = [*apart, (instruments, together)]
    found = [sorted(together, key=lambda candidate: candidate.hash) for _, together in groups]
    return sorted(found, key=lambda together: together[0].hash)


def _unit(
    group: Sequence[Candidate],
    polls: Mapping[str, Poll],
    limits: Mapping[str, tuple[Decimal, str]],
    situation: Situation,
) -> tuple[Unit, Cut | None]:
    """The orders of a group, from what is held to the medians, all shrunk by the ratio of the leg that is limited most
    and rounded toward zero to the lot. Where one of them is nothing there are none: then the cut says why."""
    names = sorted({part.instrument for candidate in group for part in candidate.parts})
    ratio, cut = Fraction(1), None
    for name in names:
        asked, limited = polls[name].median - polls[name].held, _limited(name, polls[name], limits, situation)
        if limited is not None and (share := Fraction(limited[0]) / Fraction(asked)) < ratio:
            ratio, cut = share, limited[1]
    unit: list[Survivor] = []
    several = next((candidate.proposal_id for candidate in group if candidate.legs), "")
    for name in names:
        lot = situation.instruments[name].lot_size
        quantity = _shrunk(polls[name].median - polls[name].held, ratio, lot)
        if not quantity:
            return (), cut or Cut(Code.NO_CHANGE, name, f"{name}: less than a lot of {lot}")
        unit.append(_survivor(name, quantity, group, polls[name], cut, several))
    return tuple(unit), None


def _shrunk(quantity: Decimal, ratio: Fraction, lot: Decimal) -> Decimal:
    """Toward zero to the lot, exactly."""
    return to_lot(quantity, lot) if ratio == 1 else int(Fraction(quantity) * ratio / Fraction(lot)) * lot


def _limited(
    instrument: str, poll: Poll, limits: Mapping[str, tuple[Decimal, str]], situation: Situation
) -> tuple[Decimal, Cut] | None:
    """The signed quantity that size limits and caps leave, and which of them; None where they leave all."""
    held, target, cut = poll.held, poll.median, None
    if instrument in limits:
        limit, agent = limits[instrument]
        if (limited := toward(held, target, limit)) != target:
            target, cut = limited, Cut(Code.SIZE_LIMIT, agent, f"{instrument}: |position| at most {limit}")
    cap = situation.caps.get(instrument)
    if cap is not None and (limited := toward(held, target, cap.limit)) != target:
        target, cut = limited, Cut(Code.CAPPED, cap.proposal_id, f"{instrument}: a cap of {cap.limit} is in force")
    return None if cut is None else (target - held, cut)


def _survivor(
    instrument: str,
    quantity: Decimal,
    group: Sequence[Candidate],
    poll: Poll,
    cut: Cut | None,
    several: str,
) -> Survivor:
    winners = [(c, part) for c in group for part in c.parts if part.instrument == instrument]
    first, seen = winners[0][0], winners[0][1].price
    side: Side = "buy" if quantity > 0 else "sell"
    return Survivor(
        instrument=instrument,
        hash=group[0].hash,
        held=poll.held,
        target=poll.held + quantity,
        support_ppm=poll.support_ppm,
        winners=tuple(c.proposal_id for c, _ in winners),
        cuts=() if cut is None else (cut,),
        group=several,
        seen=seen,
        evidence_at=first.evidence_at,
        agents=tuple(dict.fromkeys(c.author for c, _ in winners)),
        manner=strictest([c.manner for c, _ in winners], side, together=bool(several)),
    )


def _reductions(passed: Sequence[Candidate], situation: Situation) -> tuple[list[Unit], list[ProposalResult]]:
    """The strictest cap of each instrument; it never flips the sign, and what is left stands at most at the cap."""
    units: list[Unit] = []
    results: list[ProposalResult] = []
    for instrument in sorted({candidate.instrument for candidate in passed}):
        contest = [candidate for candidate in passed if candidate.instrument == instrument]
        strictest = min(contest, key=lambda candidate: (candidate.target, candidate.hash))
        winners = [candidate for candidate in contest if candidate.target == strictest.target]
        beaten = f"the strictest cap is {strictest.target}"
        results += [
            lost(c.proposal_id, Code.SUPERSEDED, strictest.proposal_id, beaten) for c in contest if c not in winners
        ]
        held = situation.held[instrument]
        target = _capped(held, strictest.target, situation.instruments[instrument].lot_size)
        if target == held:
            detail = "the cap is in force, there is nothing to reduce"
            results += [lost(c.proposal_id, Code.NO_CHANGE, instrument, detail) for c in winners]
            continue
        survivor = Survivor(
            instrument=instrument,
            hash=strictest.hash,
            held=held,
            target=target,
            support_ppm=strictest.tally.yes,
            winners=tuple(c.proposal_id for c in winners),
            seen=strictest.seen,
            evidence_at=strictest.evidence_at,
            agents=tuple(dict.fromkeys(c.author for c in winners)),
        )
        units.append((survivor,))
    return units, results


def _capped(held: Decimal, cap: Decimal, lot: Decimal) -> Decimal:
    """The fewest lots that bring |position| to the cap, or as many as there are."""
    size = abs(held)
    over = max(ZERO, size - cap)
    lots = to_lot(over, lot)
    if lots < over and lots + lot <= size:
        lots += lot
    return size - lots if held > 0 else lots - size


def _allowed(units: Sequence[Unit], situation: Situation) -> tuple[list[Unit], list[ProposalResult]]:
    """What mode and suspensions let through: of a group all orders or none."""
    allowed: list[Unit] = []
    refused: list[ProposalResult] = []
    for unit in units:
        beaten = next((cut for each in unit if (cut := _forbidden(each, situation))), None)
        if beaten is None:
            allowed.append(unit)
        else:
            refused += [lost(name, beaten.code, beaten.by, beaten.detail) for name in proposals_of(unit)]
    return allowed, refused


def _forbidden(survivor: Survivor, situation: Situation) -> Cut | None:
    if situation.mode == "HALTED":
        return Cut(Code.HALTED, GATE, "the book is halted")
    if survivor.reducing:
        return None
    if situation.mode != "NORMAL":
        return Cut(Code.MODE, situation.mode, f"{survivor.instrument}: only risk-reducing orders")
    conditions = situation.conditions.get(survivor.instrument)
    if conditions is not None and conditions.suspended:
        return Cut(Code.SUSPENDED, survivor.instrument, f"{survivor.instrument} is suspended: only what reduces risk")
    return None


def afford(units: Sequence[Unit], situation: Situation) -> tuple[list[Unit], list[ProposalResult]]:
    """Item = instrument or group; cost = increase of gross in cents rounded up; value = approving ppm (of a group: of
    the leg that has least); capacity = gross limit − gross − reserved."""
    if situation.equity is None:
        detail = "something held has no price"
        return [], [lost(name, Code.NO_PRICE, "market", detail) for unit in units for name in proposals_of(unit)]
    room = situation.terms.max_gross * situation.equity - situation.gross
    capacity = max(0, int((room * CENTS).to_integral_value(ROUND_FLOOR)))
    items = [Item(unit[0].hash, _cost(unit, situation), min(each.support_ppm for each in unit)) for unit in units]
    choice = choose(items, capacity)
    priced = list(zip(units, items, strict=True))
    paid = [(item.value, item.hash, unit) for unit, item in priced if item.cost > 0 and item.hash in choice.chosen]
    rival = max(paid, key=lambda each: each[:2])[2][0].winners[0] if paid else "max_gross"
    how = " (greedy)" if choice.greedy else ""
    dropped = [
        lost(name, Code.NO_BUDGET, rival, f"needs {item.cost} of {capacity} cents{how}")
        for unit, item in priced
        if item.hash not in choice.chosen
        for name in proposals_of(unit)
    ]
    return [unit for unit, item in priced if item.hash in choice.chosen], dropped


def _cost(unit: Unit, situation: Situation) -> int:
    grown = ZERO
    for each in unit:
        grown += max(ZERO, abs(each.target) - abs(each.held)) * situation.markets[each.instrument].price
    return int((grown * CENTS).to_integral_value(ROUND_CEILING))


def proposals_of(unit: Unit) -> list[str]:
    return list(dict.fromkeys(name for each in unit for name in each.winners))


def _won(proposal_id: str, survivor: Survivor) -> ProposalResult:
    if not survivor.cuts:
        return ProposalResult(proposal_id=proposal_id, state="GRANTED", reason="")
    cut = survivor.cuts[-1]
    return ProposalResult(proposal_id=proposal_id, state="REDUCED", reason=cut.code, by=cut.by, detail=cut.detail)

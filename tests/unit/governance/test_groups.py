"""Proposals of several legs: all legs or none, in the median, under limits, in modes and in the budget."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from governance.domain.arbitration import Arbitration, Survivor, arbitrate, toward
from governance.domain.deliberation import Candidate, content_hash
from governance.domain.resolution import tally
from governance.domain.situation import Situation
from streams.events import CapInForce, Conditions, ProposalResult
from tests.unit.governance.table import INSTRUMENTS, TRADE, Asked, Says, Table, situation

D = Decimal
LOT = D("0.0001")
PAIR = Asked("AAA", "3", (("BBB", "-2"),))


def council(asked: list[Asked], *qs: Sequence[float | None]) -> Table:
    """Six equal voters, two guards who abstain; one list of forecasts a proposal."""
    table = Table(TRADE, (1,) * 6, 2, asked)
    for proposal, forecasts in enumerate(qs):
        for voter, q in zip(table.voters, forecasts, strict=True):
            table.cast[proposal, voter] = Says(q)
        for guard in table.guards:
            table.cast[proposal, guard] = Says(None)
    return table


def candidates(table: Table) -> tuple[list[Candidate], set[str]]:
    round_ = table.round(table.cast)
    tallied = [tally(c, round_.rule, round_.weights, halted=False).event for c in round_.sorted()]
    return round_.sorted(), {each.proposal_id for each in tallied if each.state == "PASSED"}


def settled(table: Table, found: Situation) -> Arbitration:
    table.held = found.held
    asked, passed = candidates(table)
    return arbitrate(asked, passed, table.weights, found)


def decide(table: Table, held: dict[str, str] | None = None, **changed: object) -> Arbitration:
    return settled(table, replace(situation(held or {}), **changed))


def quantities(arbitration: Arbitration) -> dict[str, D]:
    return {survivor.instrument: survivor.quantity for survivor in arbitration.survivors}


def reason(arbitration: Arbitration, proposal_id: str) -> ProposalResult:
    (found,) = [each for each in arbitration.results if each.proposal_id == proposal_id]
    return found


# --- the median -----------------------------------------------------------------------------------


def test_a_pair_that_stands_on_both_instruments_becomes_two_orders_of_one_group() -> None:
    decision = decide(council([PAIR], [0.9] * 6))
    assert quantities(decision) == {"AAA": 3, "BBB": -2}
    first, second = decision.survivors
    assert first.group == second.group == "0"
    assert first.hash == second.hash
    assert (first.seen, first.evidence_at, first.agents) == (100, 0, ("v0",))
    assert reason(decision, "0").state == "GRANTED"


def test_a_pair_that_loses_one_leg_is_out_as_a_whole() -> None:
    """All prefer another target on BBB to the pair's: its other leg, which is the median of AAA, goes with it."""
    asked = [PAIR, Asked("BBB", "-5"), Asked("AAA", "1")]
    decision = decide(council(asked, [0.8] * 6, [0.9] * 6, [0.7] * 6))
    assert quantities(decision) == {"BBB": -5}
    lost = reason(decision, "0")
    assert (lost.state, lost.reason, lost.by) == ("SUPERSEDED", "LEG_LOST", "1")
    assert "BBB" in lost.detail
    assert (reason(decision, "2").reason, reason(decision, "2").by) == ("SUPERSEDED", "0")
    assert all(survivor.group == "" for survivor in decision.survivors)


def test_what_agrees_with_the_leg_of_a_fallen_pair_stands_alone() -> None:
    asked = [PAIR, Asked("BBB", "-5"), Asked("AAA", "3")]
    decision = decide(council(asked, [0.8] * 6, [0.9] * 6, [0.7] * 6))
    assert quantities(decision) == {"AAA": 3, "BBB": -5}


def test_two_pairs_that_beat_each_other_are_both_out() -> None:
    """On AAA the heavier seats stand at the first pair's target, on BBB at the second's, through a third proposal."""
    asked = [Asked("AAA", "3", (("BBB", "-2"),)), Asked("AAA", "1", (("BBB", "-5"),)), Asked("BBB", "-5")]
    first = [0.9, 0.9, 0.9, 0.9, 0.6, 0.6]
    second = [0.8, 0.8, 0.8, 0.8, 0.8, 0.8]
    third = [0.95, 0.95, 0.6, 0.6, 0.6, 0.6]
    decision = decide(council(asked, first, second, third))
    assert quantities(decision) == {"BBB": -5}
    assert (reason(decision, "0").reason, reason(decision, "1").reason) == ("LEG_LOST", "LEG_LOST")
    assert reason(decision, "1").by == "0"


def test_a_leg_that_is_held_already_leaves_nothing_of_the_pair() -> None:
    decision = decide(council([PAIR], [0.9] * 6), {"BBB": "-2"})
    assert decision.survivors == ()
    assert (reason(decision, "0").reason, reason(decision, "0").by) == ("NO_CHANGE", "BBB")
    preferred = decide(council([PAIR, Asked("AAA", "1")], [0.9] * 6, [0.8] * 6), {"BBB": "-2"})
    assert quantities(preferred) == {}


def test_proposals_that_agree_on_a_leg_stand_or_fall_together() -> None:
    """Two pairs share BBB, a single trade shares CCC: one unit, and a limit on one shrinks all."""
    asked = [Asked("AAA", "2", (("BBB", "-2"),)), Asked("BBB", "-2", (("CCC", "4"),)), Asked("CCC", "4")]
    table = council(asked, [0.9] * 6, [0.9] * 6, [0.9] * 6)
    assert len({survivor.group for survivor in decide(table).survivors}) == 1
    table.cast[2, "g0"] = Says(None, limit="1")
    decision = decide(table)
    assert quantities(decision) == {"AAA": D("0.5"), "BBB": D("-0.5"), "CCC": 1}
    assert {each.reason for each in decision.results} == {"SIZE_LIMIT"}
    assert {each.by for each in decision.results} == {"g0"}


def test_the_content_hash_is_of_all_legs() -> None:
    """Without legs as ever."""
    table = Table(TRADE, (1, 1, 1), 0, [PAIR, PAIR._replace(legs=(("BBB", "-3"),)), Asked("AAA", "3.0")])
    first, second, alone = table.round({}).candidates.values()
    assert alone.hash == sha256(b"v0\x1ftrade\x1fAAA\x1f3\x1f2").hexdigest()
    hashes = [content_hash("0", "v0", "trade", "AAA", D(3), legs) for legs in (first.legs, second.legs, ())]
    assert (len(set(hashes)), hashes[0]) == (3, first.hash)


# --- limits, caps, modes, budget ------------------------------------------------------------------


def test_a_size_limit_is_on_the_first_instrument_and_scales_all_legs_toward_zero_to_the_lot() -> None:
    table = council([PAIR], [0.9] * 6)
    table.cast[0, "g1"] = Says(None, limit="1")
    decision = decide(table)
    assert quantities(decision) == {"AAA": 1, "BBB": D("-0.6666")}
    assert (reason(decision, "0").state, reason(decision, "0").reason) == ("REDUCED", "SIZE_LIMIT")
    assert reason(decision, "0").by == "g1"


def test_a_cap_on_a_further_leg_scales_the_first() -> None:
    caps = {"BBB": CapInForce(limit=D("0.5"), proposal_id="the-reduce")}
    decision = decide(council([PAIR], [0.9] * 6), caps=caps)
    assert quantities(decision) == {"AAA": D("0.75"), "BBB": D("-0.5")}
    assert (reason(decision, "0").reason, reason(decision, "0").by) == ("CAPPED", "the-reduce")


def test_the_leg_that_is_limited_most_decides() -> None:
    table = council([PAIR], [0.9] * 6)
    table.cast[0, "g1"] = Says(None, limit="1.5")
    caps = {"BBB": CapInForce(limit=D("0.5"), proposal_id="the-reduce")}
    assert quantities(decide(table, caps=caps)) == {"AAA": D("0.75"), "BBB": D("-0.5")}


@pytest.mark.parametrize("limit", ["0", "0.0001"])
def test_a_leg_that_is_shrunk_to_nothing_drops_the_group(limit: str) -> None:
    table = council([PAIR], [0.9] * 6)
    table.cast[0, "g1"] = Says(None, limit=limit)
    decision = decide(table)
    assert decision.survivors == ()
    assert (reason(decision, "0").reason, reason(decision, "0").by) == ("SIZE_LIMIT", "g1")


def test_less_than_a_lot_of_one_leg_drops_the_group() -> None:
    decision = decide(council([Asked("AAA", "3", (("BBB", "0.00005"),))], [0.9] * 6))
    assert decision.survivors == ()
    assert (reason(decision, "0").reason, reason(decision, "0").by) == ("NO_CHANGE", "BBB")


def test_in_reduce_only_every_leg_must_reduce() -> None:
    pair = Asked("AAA", "1", (("BBB", "-2"),))
    assert decide(council([pair], [0.9] * 6), {"AAA": "2"}, mode="REDUCE_ONLY").survivors == ()
    both = decide(council([pair], [0.9] * 6), {"AAA": "2", "BBB": "-4"}, mode="REDUCE_ONLY")
    assert quantities(both) == {"AAA": -1, "BBB": 2}


def test_a_halt_takes_everything_also_what_reduces() -> None:
    decision = decide(council([Asked("AAA", "1")], [0.9] * 6), {"AAA": "2"}, mode="HALTED")
    assert (decision.survivors, reason(decision, "0").reason) == ((), "HALTED")


def test_a_suspended_instrument_takes_only_what_reduces_risk() -> None:
    suspended = {"BBB": Conditions(suspended=True), "AAA": Conditions()}
    asked = [PAIR, Asked("CCC", "1")]
    decision = decide(council(asked, [0.9] * 6, [0.9] * 6), conditions=suspended)
    assert quantities(decision) == {"CCC": 1}
    assert (reason(decision, "0").reason, reason(decision, "0").by) == ("SUSPENDED", "BBB")
    reducing = decide(council(asked, [0.9] * 6, [0.9] * 6), {"BBB": "-4"}, conditions=suspended)
    assert quantities(reducing) == {"AAA": 3, "BBB": 2, "CCC": 1}


def test_a_group_is_one_item_of_the_budget() -> None:
    """Equity 10,000, P = 100: 40 and 40 fit with nothing else; 30 with less support does not."""
    asked = [Asked("AAA", "40", (("BBB", "-40"),)), Asked("CCC", "30")]
    decision = decide(council(asked, [0.9] * 6, [0.9] * 4 + [0.4] * 2))
    assert quantities(decision) == {"AAA": 40, "BBB": -40}
    assert (reason(decision, "1").reason, reason(decision, "1").by) == ("NO_BUDGET", "0")
    assert "3" in reason(decision, "1").detail
    assert quantities(decide(council(asked, [0.9] * 4 + [0.4] * 2, [0.9] * 6), equity=D(7_999))) == {"CCC": 30}


def test_a_group_has_the_support_of_the_leg_that_has_least() -> None:
    """Two of its six approvers prefer another target on BBB: five for CCC are more than four."""
    asked = [Asked("AAA", "40", (("BBB", "-40"),)), Asked("BBB", "-1"), Asked("CCC", "30")]
    preferring = council(asked, [0.8] * 6, [0.9] * 2 + [0.7] * 4, [0.9] * 5 + [None])
    assert quantities(decide(preferring)) == {"CCC": 30}
    agreeing = council(asked, [0.8] * 6, [0.7] * 6, [0.9] * 5 + [None])
    assert quantities(decide(agreeing)) == {"AAA": 40, "BBB": -40}


@pytest.mark.parametrize("price", ["30", "50"])
def test_the_cost_of_a_group_is_rounded_up_once(price: str) -> None:
    """Two legs of at most half a cent each are one cent; less is not enough."""
    pair = Asked("AAA", "0.0001", (("BBB", "0.0001"),))
    market = replace(situation({}).markets["AAA"], price=D(price))
    found = dict.fromkeys(INSTRUMENTS, market)
    exact = decide(council([pair], [0.9] * 6), markets=found, equity=D("0.01"))
    assert len(exact.survivors) == 2
    assert decide(council([pair], [0.9] * 6), markets=found, equity=D("0.0099")).survivors == ()


# --- for all inputs -------------------------------------------------------------------------------

TARGETS = st.sampled_from(["1", "2", "-1", "3", "60"])


@st.composite
def asked_of(draw: st.DrawFn) -> Asked:
    symbols = draw(st.permutations(INSTRUMENTS))[: draw(st.sampled_from([1, 2, 2, 3]))]
    head, *further = [(symbol, draw(TARGETS)) for symbol in symbols]
    return Asked(*head, tuple(further))


@st.composite
def contests(draw: st.DrawFn) -> Table:
    asked = draw(st.lists(asked_of(), min_size=1, max_size=5))
    table = Table(TRADE, tuple(draw(st.lists(st.integers(1, 4), min_size=3, max_size=6))), 2, asked)
    likely = st.sampled_from([None, 0.2, 0.6, 0.7, 0.8, 0.9])
    for index, seat in table.missing():
        if seat in table.guards:
            table.cast[index, seat] = Says(None, limit=draw(st.sampled_from([None, None, None, None, "1.5"])))
        else:
            table.cast[index, seat] = Says(draw(likely))
    return table


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    held = draw(st.sampled_from([{}, {"AAA": "2.5"}, {"AAA": "-2", "BBB": "4", "CCC": "0.7"}]))
    caps = draw(st.sampled_from([{}, {"BBB": CapInForce(limit=D("0.7"), proposal_id="the-reduce")}]))
    conditions = draw(st.sampled_from([{}, {"CCC": Conditions(suspended=True)}]))
    mode = draw(st.sampled_from(["NORMAL", "NORMAL", "NORMAL", "REDUCE_ONLY"]))
    return replace(situation(held), caps=caps, conditions=conditions, mode=mode)


def medians(table: Table, held: dict[str, D]) -> tuple[dict[str, D], set[str]]:
    """By the definition, the slow way: the medians, and what stands on all of its instruments."""
    asked, passed = candidates(table)
    targets = {c.proposal_id: {part.instrument: part.target for part in c.parts} for c in asked}
    found = {}
    for name in INSTRUMENTS:
        points = []
        for agent, weight in table.weights.ppm.items():
            said = [c for c in asked if name in targets[c.proposal_id] and agent in c.tally.ballots]
            spoke = [c for c in said if c.tally.ballots[agent].cast.stance != "abstain"]
            ranked = sorted(
                (-(c.tally.ballots[agent].cast.probability or 0), c.hash, targets[c.proposal_id][name])
                for c in spoke
                if c.proposal_id in passed and c.tally.ballots[agent].cast.stance == "approve"
            )
            if spoke:
                points.append((ranked[0][2] if ranked else held[name], weight))
        if points:
            found[name] = min(
                {target for target, _ in points},
                key=lambda t: (sum(abs(t - p) * w for p, w in points), abs(t - held[name]), abs(t), t),
            )
    stands = {name for name in passed if all(found[i] == target != held[i] for i, target in targets[name].items())}
    return found, stands


@settings(max_examples=300, deadline=None)
@given(contests(), situations())
def test_medians_are_those_of_the_definition(table: Table, found: Situation) -> None:
    """Without limits, modes and a budget the survivors are exactly the medians with an order."""
    free = replace(found, caps={}, conditions={}, mode="NORMAL", equity=D(10**9))
    table.cast = {key: says._replace(limit=None) for key, says in table.cast.items()}
    expected, stands = medians(table, free.held)
    decision = settled(table, free)
    asked, _ = candidates(table)
    wanted = {p.instrument for c in asked if c.proposal_id in stands for p in c.parts}
    assert {s.instrument: s.target for s in decision.survivors} == {name: expected[name] for name in wanted}
    assert {name for s in decision.survivors for name in s.winners} == stands


@settings(max_examples=300, deadline=None)
@given(contests(), situations())
def test_all_legs_or_none_by_one_ratio(table: Table, found: Situation) -> None:
    decision = settled(table, found)
    asked, passed = candidates(table)
    survivors = {survivor.instrument: survivor for survivor in decision.survivors}
    assert sorted(each.proposal_id for each in decision.results) == sorted(passed)
    for candidate in asked:
        won = [name for name, survivor in survivors.items() if candidate.proposal_id in survivor.winners]
        parts = [part.instrument for part in candidate.parts]
        granted = candidate.proposal_id in passed and reason(decision, candidate.proposal_id).state in (
            "GRANTED",
            "REDUCED",
        )
        assert sorted(won) == (sorted(parts) if granted else [])
        if granted and len(parts) > 1:
            assert len({survivors[name].group for name in parts}) == 1
            assert survivors[parts[0]].group
        if granted:
            one_ratio(candidate, survivors)


def one_ratio(candidate: Candidate, survivors: dict[str, Survivor]) -> None:
    """Each quantity is what some common ratio leaves, rounded toward zero to the lot."""
    least, most = Fraction(0), Fraction(1)
    for part in candidate.parts:
        survivor = survivors[part.instrument]
        asked, lot = Fraction(part.target - survivor.held), Fraction(LOT)
        lots = abs(Fraction(survivor.quantity)) / lot
        assert lots.denominator == 1
        assert survivor.quantity * (part.target - survivor.held) > 0
        least = max(least, lots * lot / abs(asked))
        most = min(most, (lots + 1) * lot / abs(asked))
    assert least <= 1
    assert least < most or least == most == 1


@settings(max_examples=200, deadline=None)
@given(contests(), situations())
def test_no_leg_goes_beyond_its_limit_its_mode_or_the_budget(table: Table, found: Situation) -> None:
    decision = settled(table, found)
    grown = D(0)
    for survivor in decision.survivors:
        name, cast = survivor.instrument, table.cast.items()
        limits = [D(says.limit) for (index, _), says in cast if says.limit and table.asked[index].symbol == name]
        for limit in [*limits, *(cap.limit for name, cap in found.caps.items() if name == survivor.instrument)]:
            nearest = toward(survivor.held, survivor.target, limit)
            assert nearest == survivor.target or abs(survivor.target) < abs(survivor.held)
        if found.mode == "REDUCE_ONLY" or survivor.instrument in found.conditions:
            assert survivor.reducing
        grown += max(D(0), abs(survivor.target) - abs(survivor.held)) * 100
    assert grown <= max(D(0), D(10_000) - found.gross)


@settings(max_examples=200, deadline=None)
@given(contests(), situations(), st.data())
def test_the_order_of_proposals_changes_nothing(table: Table, found: Situation, data: st.DataObject) -> None:
    table.held = found.held
    asked, passed = candidates(table)
    base = arbitrate(asked, passed, table.weights, found)
    assert arbitrate(data.draw(st.permutations(asked)), passed, table.weights, found) == base
    shuffled = dict(data.draw(st.permutations(list(table.cast.items()))))
    round_ = table.round(shuffled)
    assert arbitrate(list(round_.candidates.values()), passed, table.weights, found) == base


@settings(max_examples=200, deadline=None)
@given(contests(), situations())
def test_every_loser_names_what_beat_it(table: Table, found: Situation) -> None:
    others = {"max_gross", "the-reduce", "REDUCE_ONLY", *INSTRUMENTS}
    names = {*map(str, range(len(table.asked))), *table.voters, *table.guards, *others}
    for each in settled(table, found).results:
        assert each.state == "GRANTED" or (each.reason and each.by in names and each.by != each.proposal_id)


@settings(max_examples=300, deadline=None)
@given(contests(), situations(), st.data())
def test_raising_the_support_of_what_is_granted_keeps_it_granted(
    table: Table, found: Situation, data: st.DataObject
) -> None:
    granted = [each.proposal_id for each in settled(table, found).results if each.state in ("GRANTED", "REDUCED")]
    for name in granted:
        voter = data.draw(st.sampled_from(table.voters))
        before = table.cast[int(name), voter]
        table.cast[int(name), voter] = Says(max(before.q or 0.0, data.draw(st.sampled_from([0.5, 0.8, 1.0]))))
        assert reason(settled(table, found), name).state in ("GRANTED", "REDUCED")
        table.cast[int(name), voter] = before

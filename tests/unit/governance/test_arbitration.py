"""Arbitration: median, limits, caps, budget; what it never does, whatever comes in and in whatever order."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from governance.domain.arbitration import arbitrate, reduces, toward
from governance.domain.contest import weighted_median
from governance.domain.resolution import resolve
from governance.domain.rulebook import Rulebook
from governance.domain.starter import starter_rules
from governance.domain.state import Cap
from streams.events import DecisionReached, Event, MarketView, ProposalResult, ProposalTallied, Trigger
from tests.unit.governance.table import NO_RULES, REDUCE, SYMBOLS, TRADE, Asked, Says, Table, situation

D = Decimal


def decide(table: Table, held: dict[str, str] | None = None, **changed: object) -> DecisionReached:
    found = replace(situation(held or {}), **changed)
    table.held = found.held
    decision = resolve(table.round(table.cast), found, NO_RULES)[-1]
    assert isinstance(decision, DecisionReached)
    return decision


def reason(decision: DecisionReached, proposal_id: str) -> ProposalResult:
    (found,) = [each for each in decision.reasons if each.proposal_id == proposal_id]
    return found


def council(asked: list[Asked], *qs: Sequence[float | None], limit: str | None = None, veto: bool = False) -> Table:
    """Six equal voters and two guards; one list of forecasts a proposal."""
    table = Table(REDUCE if not qs else TRADE, (1,) * 6, 2, asked)
    for proposal, forecasts in enumerate(qs):
        for voter, q in zip(table.voters, forecasts, strict=True):
            table.cast[proposal, voter] = Says(q)
        table.cast[proposal, "g0"] = Says(None, veto=veto, limit=limit)
        table.cast[proposal, "g1"] = Says(None)
    return table


# --- weighted median ------------------------------------------------------------------------------


def test_the_median_is_where_half_of_the_mass_lies_on_either_side() -> None:
    assert weighted_median([(D(1), 1), (D(5), 3), (D(9), 1)], D(0)) == 5


def test_ties_go_to_the_point_nearest_to_what_is_held() -> None:
    assert weighted_median([(D(0), 2), (D(4), 2)], D(0)) == 0
    assert weighted_median([(D(-3), 2), (D(4), 2)], D(3)) == 4
    assert weighted_median([(D(-4), 1), (D(4), 1)], D(0)) == -4, "equally near: the same one whatever the order"


POINTS = st.lists(st.tuples(st.integers(-9, 9).map(D), st.integers(1, 9)), min_size=1, max_size=9)


@settings(max_examples=300, deadline=None)
@given(POINTS, st.integers(-9, 9).map(D))
def test_the_median_is_a_point_and_minimises_the_weighted_distance(points: list[tuple[D, int]], held: D) -> None:
    def distance(to: D) -> D:
        return sum((abs(point - to) * weight for point, weight in points), D(0))

    median = weighted_median(points, held)
    best = min(distance(point) for point, _ in points)
    nearest = min(abs(point - held) for point, _ in points if distance(point) == best)
    assert distance(median) == best
    assert abs(median - held) == nearest


@settings(max_examples=300, deadline=None)
@given(
    POINTS, st.lists(st.tuples(st.integers(-99, 99).map(D), st.integers(1, 9)), max_size=4), st.integers(-9, 9).map(D)
)
def test_an_adversary_below_one_half_cannot_leave_the_honest_range(
    honest: list[tuple[D, int]], adversary: list[tuple[D, int]], held: D
) -> None:
    if sum(w for _, w in adversary) < sum(w for _, w in honest):
        targets = [point for point, _ in honest]
        assert min(targets) <= weighted_median([*honest, *adversary], held) <= max(targets)


def test_each_approver_stands_at_its_approved_target_with_the_highest_forecast() -> None:
    """Four voters prefer 2, two prefer 1: the median is 2 although all of them approve both."""
    first = [0.6, 0.6, 0.6, 0.6, 0.9, 0.9]
    second = [0.9, 0.9, 0.9, 0.9, 0.6, 0.6]
    decision = decide(council([Asked("AAA", "1"), Asked("AAA", "2")], first, second))
    assert decision.orders[0].quantity == 2
    assert reason(decision, "1").state == "GRANTED"
    assert (reason(decision, "0").state, reason(decision, "0").by) == ("SUPERSEDED", "1")


def test_those_who_reject_stand_at_what_is_held() -> None:
    """Both pass with four of six. On the instrument three stand at 1, one at 5 and two at 0: the median is 1."""
    first: list[float | None] = [0.9, 0.9, 0.9, 0.8, 0.4, 0.4]
    second: list[float | None] = [0.8, 0.8, 0.8, 0.9, 0.4, 0.4]
    decision = decide(council([Asked("AAA", "1"), Asked("AAA", "5")], first, second))
    assert decision.orders[0].quantity == 1


def test_a_median_at_what_is_held_gives_no_order_and_names_who_stands_there() -> None:
    """Three approve the first alone, three reject the second alone: a tie on the instrument."""
    table = council([Asked("AAA", "1"), Asked("AAA", "2")], [0.9] * 3 + [None] * 3, [None] * 3 + [0.1] * 3)
    decision = decide(table)
    assert decision.outcome == "refused"
    assert (reason(decision, "0").reason, reason(decision, "0").by) == ("SUPERSEDED", "v3")


# --- limits and caps ------------------------------------------------------------------------------


def test_the_smallest_size_limit_cuts_and_is_named() -> None:
    table = council([Asked("AAA", "3")], [0.9] * 6, limit="2")
    table.cast[0, "g1"] = Says(None, limit="1.5")
    decision = decide(table)
    assert (decision.outcome, decision.orders[0].quantity) == ("reduced", D("1.5"))
    assert (reason(decision, "0").reason, reason(decision, "0").by) == ("SIZE_LIMIT", "g1")


def test_a_limit_below_what_is_held_stops_the_trade_and_never_turns_it_round() -> None:
    decision = decide(council([Asked("AAA", "3")], [0.9] * 6, limit="1"), {"AAA": "2"})
    assert (decision.outcome, decision.orders) == ("refused", ())
    assert reason(decision, "0").reason == "SIZE_LIMIT"


def test_a_cap_in_force_cuts_what_would_buy_it_back() -> None:
    caps = {"AAA": Cap(D("0.5"), "the-reduce", 10**18)}
    decision = decide(council([Asked("AAA", "3")], [0.9] * 6), caps=caps)
    assert (decision.outcome, decision.orders[0].quantity) == ("reduced", D("0.5"))
    assert (reason(decision, "0").reason, reason(decision, "0").by) == ("CAPPED", "the-reduce")


@settings(max_examples=300, deadline=None)
@given(*[st.integers(-20, 20).map(D)] * 2, st.integers(0, 20).map(D))
def test_a_limit_only_shrinks_an_order(held: D, target: D, limit: D) -> None:
    limited = toward(held, target, limit)
    assert min(held, target) <= limited <= max(held, target)
    assert limited == held or abs(limited) <= limit
    assert limited == target or abs(target) > limit


def test_reduces_means_smaller_without_crossing_zero() -> None:
    assert reduces(D(2), D(1))
    assert reduces(D(2), D(0))
    assert reduces(D(-2), D(-1))
    assert not reduces(D(2), D(-1))
    assert not reduces(D(2), D(2))
    assert not reduces(D(0), D(1))


# --- reduce ---------------------------------------------------------------------------------------


def reduction(caps: list[str], held: str) -> DecisionReached:
    table = Table(REDUCE, (1, 1, 1), 0, [Asked("AAA", cap) for cap in caps])
    table.cast = {(index, seat): Says(1.0) for index in range(len(caps)) for seat in table.voters}
    return decide(table, {"AAA": held})


def test_the_strictest_cap_wins_and_the_others_name_it() -> None:
    decision = reduction(["2", "1"], "4")
    assert (decision.orders[0].side, decision.orders[0].quantity) == ("sell", 3)
    assert decision.orders[0].reduce_only
    assert (reason(decision, "0").reason, reason(decision, "0").by) == ("SUPERSEDED", "1")


def test_a_short_position_is_bought_back_to_the_cap() -> None:
    decision = reduction(["1"], "-4")
    assert (decision.orders[0].side, decision.orders[0].quantity) == ("buy", 3)


@pytest.mark.parametrize(
    ("cap", "held", "left"), [("1.00005", "3", "1"), ("0", "0.00015", "0.00005"), ("0.5", "-2.00015", "-0.49995")]
)
def test_a_reduction_is_of_whole_lots_and_leaves_no_more_than_the_cap_or_dust(cap: str, held: str, left: str) -> None:
    (order,) = reduction([cap], held).orders
    assert order.quantity == abs(D(held) - D(left))


def test_what_is_less_than_a_lot_cannot_be_reduced() -> None:
    assert reason(reduction(["0"], "0.00005"), "0").reason == "NO_CHANGE"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=4), st.integers(-50, 50))
def test_reduce_never_raises_gross_nor_flips_the_sign(caps: list[int], held: int) -> None:
    decision = reduction([str(D(cap) / 10) for cap in caps], str(D(held) / 10))
    before = after = D(held) / 10
    for order in decision.orders:
        after += order.quantity if order.side == "buy" else -order.quantity
    assert abs(after) <= abs(before)
    assert after * before >= 0
    assert abs(after) <= min(caps) / D(10) or after == before


# --- mode, vetoes, budget -------------------------------------------------------------------------


def test_a_halt_absorbs_everything() -> None:
    decision = decide(council([Asked("AAA", "1"), Asked("BBB", "1")], [0.9] * 6, [0.9] * 6), mode="HALTED")
    assert (decision.outcome, decision.orders) == ("refused", ())
    assert {each.reason for each in decision.reasons} == {"HALTED"}


def test_reduce_only_lets_nothing_through_that_adds_risk() -> None:
    table = council([Asked("AAA", "3"), Asked("BBB", "1")], [0.9] * 6, [0.9] * 6)
    decision = decide(table, {"AAA": "1", "BBB": "2"}, mode="REDUCE_ONLY")
    assert [order.instrument for order in decision.orders] == ["BBB"]
    assert reason(decision, "0").reason == "MODE"


def test_a_veto_absorbs_and_is_named() -> None:
    decision = decide(council([Asked("AAA", "1")], [1.0] * 6, veto=True))
    assert (decision.outcome, decision.orders) == ("vetoed", ())
    assert (reason(decision, "0").state, reason(decision, "0").by) == ("VETOED", "g0")


def test_a_veto_on_what_would_not_have_passed_is_no_vetoed_outcome() -> None:
    decision = decide(council([Asked("AAA", "1")], [0.1] * 6, veto=True))
    assert (decision.outcome, reason(decision, "0").state) == ("refused", "DEFEATED")


def test_one_vetoed_and_one_silent_guard_is_refused() -> None:
    table = council([Asked("AAA", "1"), Asked("BBB", "1")], [0.9] * 6, [0.9] * 6)
    table.cast[0, "g0"] = Says(None, veto=True)
    del table.cast[1, "g0"]
    decision = decide(table)
    assert decision.outcome == "refused"
    assert (reason(decision, "1").reason, reason(decision, "1").by) == ("GUARD_SILENT", "g0")


def test_what_does_not_fit_the_budget_names_what_took_it() -> None:
    """Equity 10,000 and P = 100: 60 and 50 do not fit together. The one with more support wins."""
    table = council([Asked("AAA", "60"), Asked("BBB", "50")], [0.9] * 6, [0.9] * 4 + [0.4] * 2)
    decision = decide(table)
    assert [order.instrument for order in decision.orders] == ["AAA"]
    assert (reason(decision, "1").reason, reason(decision, "1").by) == ("NO_BUDGET", "0")


def test_reservations_take_from_the_budget_and_reductions_not_yet_executed_do_not_give() -> None:
    found = situation({"AAA": "0", "BBB": "0"})
    taken = decide(council([Asked("AAA", "60")], [0.9] * 6), gross=D(5_000))
    assert reason(taken, "0").reason == "NO_BUDGET"
    assert found.equity == 10_000


# --- for all inputs -------------------------------------------------------------------------------


@st.composite
def contests(draw: st.DrawFn) -> Table:
    asked = [
        Asked(draw(st.sampled_from(SYMBOLS)), draw(st.sampled_from(["1", "2", "-1", "30", "-80", "95"])))
        for _ in range(draw(st.integers(1, 4)))
    ]
    table = Table(TRADE, tuple(draw(st.lists(st.integers(1, 5), min_size=3, max_size=5))), 2, asked)
    qs = st.sampled_from([None, 0.1, 0.5, 0.7, 0.9, 1.0])
    for index, seat in table.missing():
        if seat in table.guards:
            limit = draw(st.sampled_from([None, None, None, "1.5", "20"]))
            table.cast[index, seat] = Says(None, veto=draw(st.integers(0, 9)) == 0, limit=limit)
        else:
            table.cast[index, seat] = Says(draw(qs))
    return table


HELD = st.sampled_from([{}, {"AAA": "2.5"}, {"AAA": "-25", "BBB": "4"}])
RULEBOOK = Rulebook(starter_rules("operator:a"), 1)


@settings(max_examples=200, deadline=None)
@given(contests(), HELD, st.data())
def test_no_order_of_proposals_or_ballots_changes_the_decision(
    table: Table, held: dict[str, str], data: st.DataObject
) -> None:
    found = situation(held)
    table.held = found.held
    base = resolve(table.round(table.cast), found, RULEBOOK)
    order = data.draw(st.permutations(sorted(table.cast)))
    other = table.round({key: table.cast[key] for key in order})
    names = data.draw(st.permutations(sorted(other.candidates)))
    other.candidates = {name: other.candidates[name] for name in names}
    again = resolve(other, found, RULEBOOK)
    assert again[:-1] == base[:-1]
    assert replace(again[-1], trigger=decided_by(base[-1])) == base[-1]  # the trigger is the first proposal's


@settings(max_examples=300, deadline=None)
@given(contests(), HELD)
def test_what_is_granted_fits_the_budget(table: Table, held: dict[str, str]) -> None:
    found = situation(held)
    table.held = found.held
    result = arbitrate(list(table.round(table.cast).candidates.values()), passed_in(table, held), table.weights, found)
    grown = sum((max(D(0), abs(s.target) - abs(s.held)) * 100 for s in result.survivors), D(0))
    assert grown <= max(D(0), D(10_000) - found.gross)


@settings(max_examples=200, deadline=None)
@given(contests(), HELD)
def test_a_halt_absorbs_whatever_was_voted(table: Table, held: dict[str, str]) -> None:
    decision = decide(table, held, mode="HALTED")
    assert decision.orders == ()
    assert {each.state for each in decision.reasons} == {"HALTED"}
    everything = set(map(str, range(len(table.asked))))
    asked = list(table.round(table.cast).candidates.values())
    arbitration = arbitrate(asked, everything, table.weights, replace(situation(held), mode="HALTED"))
    assert arbitration.survivors == (), "not even if they had passed"


def decided_by(event: Event) -> Trigger:
    assert isinstance(event, DecisionReached)
    return event.trigger


def passed_in(table: Table, held: dict[str, str]) -> set[str]:
    found = situation(held)
    table.held = found.held
    events = resolve(table.round(table.cast), found, NO_RULES)[:-1]
    return {event.proposal_id for event in events if isinstance(event, ProposalTallied) and event.state == "PASSED"}


@settings(max_examples=200, deadline=None)
@given(contests(), HELD, st.data())
def test_a_veto_absorbs_whatever_is_added(table: Table, held: dict[str, str], data: st.DataObject) -> None:
    vetoed = data.draw(st.integers(0, len(table.asked) - 1))
    table.cast[vetoed, "g0"] = Says(None, veto=True)
    for voter in table.voters:
        table.cast[vetoed, voter] = Says(1.0)
    decision = decide(table, held)
    assert reason(decision, str(vetoed)).state == "VETOED"


@settings(max_examples=200, deadline=None)
@given(contests(), HELD, st.data())
def test_raising_the_support_of_what_is_granted_keeps_it_granted(
    table: Table, held: dict[str, str], data: st.DataObject
) -> None:
    granted = [each.proposal_id for each in decide(table, held).reasons if each.state in ("GRANTED", "REDUCED")]
    for name in granted:
        voter = data.draw(st.sampled_from(table.voters))
        before = table.cast[int(name), voter]
        table.cast[int(name), voter] = Says(max(before.q or 0.0, data.draw(st.sampled_from([0.5, 0.8, 1.0]))))
        assert reason(decide(table, held), name).state in ("GRANTED", "REDUCED")
        table.cast[int(name), voter] = before


@settings(max_examples=200, deadline=None)
@given(contests(), HELD)
def test_every_loser_names_what_beat_it(table: Table, held: dict[str, str]) -> None:
    found = situation(held)
    table.held = found.held
    decision = resolve(table.round(table.cast), found, RULEBOOK)[-1]
    assert isinstance(decision, DecisionReached)
    assert [each.proposal_id for each in decision.reasons] == [c.proposal_id for c in table.round(table.cast).sorted()]
    assert all(each.state == "GRANTED" or (each.reason and each.by) for each in decision.reasons)
    assert bool(decision.orders) == (decision.outcome in ("granted", "reduced"))
    assert bool(decision.orders) == any(each.state in ("GRANTED", "REDUCED") for each in decision.reasons)


def test_without_a_price_of_what_is_held_nothing_is_granted() -> None:
    market = MarketView(price=D(100), spread=D(1), tick_id="t", source="replay", market_at=0)
    decision = decide(council([Asked("AAA", "1")], [0.9] * 6), {"BBB": "1"}, markets={"AAA": market}, equity=None)
    assert (decision.outcome, reason(decision, "0").reason) == ("refused", "NO_PRICE")


def test_all_orders_of_four_proposals_agree_also_where_two_ask_the_same() -> None:
    asked = [Asked("AAA", "2"), Asked("AAA", "1"), Asked("AAA", "2"), Asked("BBB", "90")]
    table = council(asked, [0.9] * 6, [0.8] * 6, [0.9] * 6, [0.7] * 6)
    found = []
    for names in permutations("0123"):
        round_ = table.round(table.cast)
        arbitration = arbitrate([round_.candidates[n] for n in names], set("0123"), table.weights, situation({}))
        found.append(arbitration)
    assert all(each == found[0] for each in found)


@pytest.mark.parametrize("held", ["0", "1"])
def test_less_than_a_lot_is_no_order(held: str) -> None:
    decision = decide(council([Asked("AAA", f"{held}.00005")], [0.9] * 6), {"AAA": held})
    assert (decision.outcome, reason(decision, "0").reason) == ("refused", "NO_CHANGE")

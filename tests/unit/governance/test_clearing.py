"""Clearing: legs stand or fall together, clips scale their group, reductions come first, nothing grows."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from governance.domain.arbitration import Survivor
from governance.domain.clearing import Cleared, Clearing
from governance.domain.situation import Situation
from streams.events import Conditions, RuleActivated
from tests.unit.governance.court import STARTER, D, code, facts_of, found_with, only, quantity, rule, run, survivor
from tests.unit.governance.scene import instrument

WHOLE = {name: instrument(name, lot_size=D(1), min_notional=D(0)) for name in ("AAA", "BBB")}


def pair(first: str, second: str, held: tuple[str, str] = ("0", "0")) -> tuple[Survivor, Survivor]:
    """Two legs of one proposal."""
    return (
        survivor(first, held[0], "AAA", group="pair", hash="h", winners=("pair",)),
        survivor(second, held[1], "BBB", group="pair", hash="h", winners=("pair",)),
    )


def sizes(clearing: Clearing) -> list[Decimal]:
    return [quantity(each) for each in clearing.cleared]


def denials(clearing: Clearing) -> dict[str, tuple[str, str]]:
    found = {}
    for each in clearing.cleared:
        assert each.ticket is None
        assert each.denial is not None
        found[each.survivor.instrument] = (each.denial.rule, str(each.denial.code))
    return found


def clip(size: str, symbol: str = "AAA", **changed: object) -> RuleActivated:
    return rule(f'order.instrument != "{symbol}" || order.quantity <= {size}', "clip", clip_to=size, **changed)


# --- legs -----------------------------------------------------------------------------------------


def test_both_legs_are_cleared_where_no_rule_objects() -> None:
    assert sizes(run([], *pair("3", "-2"))) == [3, 2]


def test_a_denied_leg_denies_its_group_and_the_others_name_it() -> None:
    clearing = run([rule('order.instrument != "BBB"')], *pair("3", "-2"))
    assert denials(clearing) == {"AAA": ("BBB/test", "LEG_LOST"), "BBB": ("test", "RULE_DENIED")}
    assert all(each.denial and each.denial.detail == "Test: clause" for each in clearing.cleared)


def test_an_order_outside_the_group_does_not_fall_with_it() -> None:
    alone = survivor("1", "0", "CCC")
    found = found_with()
    found = replace(
        found,
        instruments=found.instruments | {"CCC": instrument("CCC")},
        held=found.held | {"CCC": D(0)},
        markets=found.markets | {"CCC": found.markets["AAA"]},
        ages=found.ages | {"CCC": found.ages["AAA"]},
    )
    clearing = run([rule('order.instrument != "BBB"')], *pair("3", "-2"), alone, found=found)
    assert [each.survivor.instrument for each in clearing.cleared if each.ticket] == ["CCC"]


def test_a_clipped_leg_scales_its_group_by_the_same_ratio_rounded_toward_zero_to_the_lots() -> None:
    clearing = run([clip("2.0")], *pair("3", "-5"), found=found_with(instruments=WHOLE))
    assert sizes(clearing) == [2, 3]  # 5 · 2/3 = 3.33
    cuts = [(each.cut.by, each.cut.detail) for each in clearing.cleared if each.cut]
    assert cuts == [("test", "from 3 to 2"), ("AAA/test", "from 5 to 3")]


def test_the_leg_that_is_clipped_most_sets_the_ratio() -> None:
    rules = [clip("6.0", "AAA", rule="a"), clip("2.0", "BBB", rule="b")]
    assert sizes(run(rules, *pair("8", "-4"), found=found_with(instruments=WHOLE))) == [4, 2]


def test_a_leg_that_is_scaled_to_nothing_denies_the_group() -> None:
    clearing = run([clip("2.0")], *pair("9", "-1"), found=found_with(instruments=WHOLE))
    assert denials(clearing) == {"AAA": ("BBB/test", "LEG_LOST"), "BBB": ("test", "RULE_DENIED")}


def test_a_leg_that_is_scaled_below_the_venues_minimum_denies_the_group() -> None:
    found = found_with(instruments={name: instrument(name, min_notional=D(150)) for name in WHOLE})
    clearing = run([clip("5.0")], *pair("10", "-2"), found=found)
    assert denials(clearing) == {"AAA": ("BBB/min_notional", "LEG_LOST"), "BBB": ("min_notional", "BELOW_MINIMUM")}


def test_a_group_that_still_breaches_after_the_clip_is_denied() -> None:
    wrong = rule("order.quantity <= 2.0", "clip", clip_to="2.5")
    clearing = run([wrong], *pair("5", "-5"))
    assert denials(clearing) == {"AAA": ("test", "RULE_DENIED"), "BBB": ("test", "RULE_DENIED")}


def test_what_a_scaled_leg_breaches_only_then_is_found_by_the_second_check() -> None:
    """Half of it would be below what another rule wants: no second clip, no third look."""
    rules = [clip("2.0"), rule('order.instrument != "BBB" || order.quantity >= 3.0', rule="least")]
    clearing = run(rules, *pair("4", "-4"))
    assert denials(clearing) == {"AAA": ("BBB/least", "LEG_LOST"), "BBB": ("least", "RULE_DENIED")}


def test_legs_are_judged_with_each_other_in_the_book() -> None:
    """Each leg alone would breach the net limit of 60 units; long and short together do not."""
    net = rule("book.net_after <= 6000.0 && book.net_after >= -6000.0")
    assert sizes(run([net], *pair("90", "-90"))) == [90, 90]
    assert code(only(run([net], survivor("90")))) == "RULE_DENIED"


def test_what_a_denied_group_would_have_taken_is_free_for_the_next() -> None:
    cash = rule("order.cost <= book.cash_free", rule="cash", exempt_risk_reducing=False)
    never = rule('order.instrument != "BBB"', rule="never")
    first = (survivor("60", "0", "AAA", group="g", hash="a"), survivor("30", "0", "BBB", group="g", hash="a"))
    clearing = run([cash, never], *first, survivor("90", "0", "CCC", hash="b"), found=_third(found_with()))
    assert [each.survivor.instrument for each in clearing.cleared if each.ticket] == ["CCC"]


def _third(found: Situation) -> Situation:
    return replace(
        found,
        instruments=found.instruments | {"CCC": instrument("CCC")},
        held=found.held | {"CCC": D(0)},
        markets=found.markets | {"CCC": found.markets["AAA"]},
        ages=found.ages | {"CCC": found.ages["AAA"]},
    )


def test_a_group_comes_after_reductions_unless_all_of_it_shrinks_risk() -> None:
    found = _third(found_with({"AAA": "5", "BBB": "5"}))
    legs = (survivor("1", "5", "AAA", group="g", hash="a"), survivor("1", "0", "CCC", group="g", hash="a"))
    clearing = run([], *legs, survivor("1", "5", "BBB", hash="z"), found=found)
    assert [each.survivor.instrument for each in clearing.cleared] == ["BBB", "AAA", "CCC"]


# --- what is free, and what is freed ---------------------------------------------------------------


def test_reductions_come_first_also_where_a_group_has_the_smaller_hash() -> None:
    group = (survivor("1", "0", "AAA", group="g", hash="a"), survivor("1", "0", "CCC", group="g", hash="a"))
    clearing = run([], *group, survivor("1", "5", "BBB", hash="z"), found=_third(found_with({"BBB": "5"})))
    assert [each.survivor.instrument for each in clearing.cleared] == ["BBB", "AAA", "CCC"]


def test_what_a_clip_frees_is_not_handed_on() -> None:
    """Both would fit the cash once the first is clipped to 30, and the second is judged after that clip; but what the
    first lost does not make the second larger than arbitration left it."""
    rules = [clip("30.0"), rule("order.cost <= book.cash_free", rule="cash")]
    clearing = run(rules, survivor("60", "0", "AAA", hash="a"), survivor("60", "0", "BBB", hash="b"))
    assert sizes(clearing) == [30, 60]


def test_buys_of_one_decision_share_the_free_cash() -> None:
    cash = [rule("order.cost <= book.cash_free")]
    both = (survivor("60", "0", "AAA", hash="a"), survivor("60", "0", "BBB", hash="b"))
    clearing = run(cash, *both)
    assert [each.ticket is not None for each in clearing.cleared] == [True, False]
    reserved = found_with(reserved={"BBB": D(50)})
    assert code(only(run(cash, both[0], found=reserved))) == "RULE_DENIED"


def test_legs_share_the_free_cash() -> None:
    cash = [rule("order.cost <= book.cash_free")]
    assert sizes(run(cash, *pair("40", "50"))) == [40, 50]
    assert denials(run(cash, *pair("60", "50"))) == {"AAA": ("test", "RULE_DENIED"), "BBB": ("test", "RULE_DENIED")}


def test_a_sale_of_the_same_decision_neither_brings_cash_nor_takes_any() -> None:
    cash, both = (
        [rule("order.cost <= book.cash_free")],
        (survivor("-60", hash="a"), survivor("60", "0", "BBB", hash="b")),
    )
    assert sizes(run(cash, *both, found=found_with(cash=D("6000.12")))) == [60, 60]
    denied = run(cash, *both, found=found_with(cash=D("6000.11")))
    assert [each.ticket is not None for each in denied.cleared] == [True, False]


def test_free_cash_counts_fees_and_no_sales() -> None:
    facts = facts_of(survivor("10"), found_with(reserved={"AAA": D(20), "BBB": D(-20)}))
    assert facts["order.cost"] == 1_000.02
    assert facts["book.cash_free"] == 10_000 - 2_000.04
    assert facts_of(survivor("-10"), found_with())["order.cost"] == 0.02


def test_an_instrument_that_is_suspended_may_only_be_reduced() -> None:
    found = found_with({"AAA": "5"}, conditions={"AAA": Conditions(suspended=True)})
    assert code(only(run([], survivor("6", "5"), found=found))) == "SUSPENDED"
    assert code(only(run([], survivor("-1", "5"), found=found))) == "SUSPENDED"
    assert quantity(only(run([], survivor("0", "5"), found=found))) == 5


def test_holds_of_all_surviving_orders_are_named_once_in_order() -> None:
    rules = [rule("false", "hold", rule="b"), rule('order.instrument == "AAA"', "hold", rule="a")]
    assert run(rules, survivor("1", "0", "AAA"), survivor("1", "0", "BBB")).holds == ("a", "b")
    assert run([*rules, rule('order.instrument == "AAA"', rule="c")], *pair("1", "1")).holds == ()


# --- for all inputs -------------------------------------------------------------------------------

TARGETS = st.integers(-90, 90)
RULES = st.lists(st.sampled_from([*STARTER, clip("7.5", rule="own"), clip("3.1", "BBB", rule="other")]), unique_by=id)


@settings(max_examples=400, deadline=None)
@given(TARGETS, TARGETS, TARGETS, TARGETS, st.booleans(), RULES)
def test_groups_are_whole_nothing_grows_and_no_order_of_survivors_matters(
    held_a: int, held_b: int, to_a: int, to_b: int, together: bool, rules: list[RuleActivated]
) -> None:
    if to_a == held_a or to_b == held_b:
        return
    found = found_with({"AAA": str(held_a), "BBB": str(held_b)})
    legs = pair(str(to_a), str(to_b), (str(held_a), str(held_b)))
    if not together:
        legs = (replace(legs[0], group=""), replace(legs[1], group=""))
    clearing = run(rules, *legs, found=found)
    assert clearing == run(rules, *legs[::-1], found=found) == run(rules[::-1], *legs, found=found)
    asked = {leg.instrument: leg for leg in legs}
    cleared = [each for each in clearing.cleared if each.ticket]
    if together:
        assert len(cleared) in (0, 2)
        assert all(each.denial for each in clearing.cleared) or cleared
    for each in cleared:
        assert _shrunk(each, asked[each.survivor.instrument])
    if together and cleared:
        _one_ratio(cleared, asked)


def _shrunk(each: Cleared, asked: Survivor) -> bool:
    left, before = each.survivor.quantity, asked.quantity
    return left * before > 0 and abs(left) <= abs(before) and (each.cut is not None) == (left != before)


def _one_ratio(cleared: list[Cleared], asked: dict[str, Survivor]) -> None:
    """The larger ratio is exact or both are within a lot of it."""
    lot = Fraction(1, 10_000)
    ratio = max(Fraction(quantity(c)) / Fraction(abs(asked[c.survivor.instrument].quantity)) for c in cleared)
    for each in cleared:
        exact = ratio * Fraction(abs(asked[each.survivor.instrument].quantity))
        assert exact - 2 * lot * max(Fraction(1), exact) < Fraction(quantity(each)) <= exact

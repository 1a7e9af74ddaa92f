"""Rules on orders: deny, clip, warn and shadow, the exemption, and that every error denies."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from governance.domain.arbitration import Survivor
from governance.domain.clearing import Cleared, Clearing, clear, facts
from governance.domain.rulebook import Rulebook, RuleRefused, compiled
from governance.domain.situation import Situation
from governance.domain.starter import starter_rules
from rules.facts import ORDER_SCHEMA
from streams.events import Ages, ClauseTrace, RuleActivated, RuleClause
from tests.unit.governance.scene import instrument
from tests.unit.governance.table import situation

D = Decimal
MS = 1_000_000
STARTER = starter_rules("operator:a")


def rule(cel: str, effect: str = "deny", **changed: Any) -> RuleActivated:
    known: dict[str, Any] = {
        "rule": "test",
        "version": 1,
        "title": "Test",
        "effect": effect,
        "clauses": (RuleClause(name="clause", cel=cel),),
        "who": "operator:a",
        "why": "",
    }
    return RuleActivated(**(known | changed))


def starter(name: str) -> RuleActivated:
    (found,) = [each for each in STARTER if each.rule == name]
    return found


def survivor(target: str, held: str = "0", symbol: str = "AAA") -> Survivor:
    return Survivor(
        instrument=symbol, hash=f"h-{symbol}", held=D(held), target=D(target), support_ppm=500_000, winners=("p",)
    )


def run(rules: list[RuleActivated], *survivors: Survivor, found: Situation | None = None) -> Clearing:
    held = {each.instrument: str(each.held) for each in survivors}
    return clear(survivors, found or situation(held), Rulebook(rules, 1), "decision", "TRADE")


def only(clearing: Clearing) -> Cleared:
    (found,) = clearing.cleared
    return found


def quantity(cleared: Cleared) -> D:
    assert cleared.ticket is not None
    return cleared.ticket.quantity


def code(cleared: Cleared) -> str:
    assert cleared.denial is not None
    assert cleared.ticket is None
    return cleared.denial.code


# --- effects --------------------------------------------------------------------------------------


def test_a_rule_whose_clauses_all_hold_changes_nothing() -> None:
    cleared = only(run([rule("order.quantity <= 1.0")], survivor("1")))
    assert (quantity(cleared), cleared.cut) == (1, None)


def test_a_deny_denies_and_names_the_rule_and_the_clause() -> None:
    cleared = only(run([rule("order.quantity < 1.0")], survivor("1")))
    assert code(cleared) == "RULE_DENIED"
    assert cleared.denial is not None
    assert (cleared.denial.rule, cleared.denial.detail) == ("test", "Test: clause")


def test_a_clip_shrinks_toward_zero_to_the_lot() -> None:
    clip = rule("order.quantity <= 0.33335", "clip", clip_to="0.33335")
    cleared = only(run([clip], survivor("-1")))
    assert quantity(cleared) == D("0.3333")
    assert cleared.cut is not None
    assert (cleared.cut.code, cleared.cut.by) == ("CLIPPED", "test")


def test_the_smallest_clip_holds_whatever_the_order_of_rules() -> None:
    sizes = {"a": "0.5", "b": "0.25", "c": "0.75"}
    clips = [rule(f"order.quantity <= {x}", "clip", clip_to=x, rule=name) for name, x in sizes.items()]
    assert quantity(only(run(clips, survivor("1")))) == quantity(only(run(clips[::-1], survivor("1")))) == D("0.25")


def test_a_clip_that_still_breaches_when_checked_again_denies() -> None:
    clip = rule("order.quantity <= 0.5", "clip", clip_to="0.75")
    assert code(only(run([clip], survivor("1")))) == "RULE_DENIED"


def test_a_clip_never_grows_an_order() -> None:
    clip = rule("order.quantity >= 5.0", "clip", clip_to="50.0")
    cleared = only(run([clip], survivor("1")))
    assert code(cleared) == "RULE_DENIED"


def test_a_clip_to_nothing_denies() -> None:
    for nothing in ("0.0", "-5.0", "0.00001"):
        assert code(only(run([rule("false", "clip", clip_to=nothing)], survivor("1")))) == "RULE_DENIED"


def test_forbid_wins_over_clip() -> None:
    rules = [rule("order.quantity <= 0.5", "clip", clip_to="0.5", rule="a"), rule("false", rule="b")]
    assert code(only(run(rules, survivor("1")))) == "RULE_DENIED"


def test_a_warning_is_only_traced() -> None:
    clearing = run([rule("false", "warn")], survivor("1"))
    assert quantity(only(clearing)) == 1
    assert [(trace.effect, trace.value) for trace in clearing.traces] == [("warn", False)]


def test_a_shadow_rule_is_traced_and_has_no_effect() -> None:
    clearing = run([rule("false", shadow=True), rule("1 / 0 == 1", shadow=True, rule="other")], survivor("1"))
    assert quantity(only(clearing)) == 1
    assert [(trace.rule, trace.shadow, trace.value) for trace in clearing.traces] == [
        ("other", True, "ERROR"),
        ("test", True, False),
    ]


def test_the_trace_has_each_clause_with_the_facts_it_read() -> None:
    clauses = (
        RuleClause(name="small", cel="order.quantity <= 5.0"),
        RuleClause(name="buys", cel='order.side == "buy"'),
    )
    clearing = run([rule("", clauses=clauses)], survivor("1"))
    assert [(t.clause, t.value, t.facts) for t in clearing.traces] == [
        ("small", True, {"order.quantity": 1.0}),
        ("buys", True, {"order.side": "buy"}),
    ]


# --- what may be activated ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"effect": "hold"}, "not available"),
        ({"clauses": ()}, "1 to 16 clauses"),
        ({"clauses": (RuleClause(name="a", cel="true"),) * 2}, "same name"),
        ({"effect": "clip"}, "clip_to"),
        ({"clip_to": "1.0"}, "clip_to"),
        ({"clauses": (RuleClause(name="a", cel="order.qty > 1.0"),)}, r"a: undeclared reference to 'order\.qty'"),
        ({"clauses": (RuleClause(name="a", cel="order.quantity"),)}, "must give BOOL"),
        ({"effect": "clip", "clip_to": "true"}, "clip_to: .*must give DOUBLE"),
    ],
)
def test_a_rule_that_may_not_be_activated_is_refused_with_a_message(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(RuleRefused, match=why):
        compiled(replace(rule("true"), **changed))


def test_a_rule_of_the_log_that_does_not_compile_denies() -> None:
    for broken in (rule("true", "hold"), rule("order.qty > 1.0")):
        assert code(only(run([broken], survivor("1")))) == "RULE_ERROR"


def test_the_starter_rules_may_be_activated() -> None:
    assert [compiled(each).rule.rule for each in STARTER] == [
        "price-collar",
        "max-order-value",
        "position-limit",
        "gross-exposure",
        "stale-data",
    ]


# --- the starter rulebook: trip, no trip, exemption -----------------------------------------------


def test_price_collar_the_limit_stands_at_the_collar_and_three_times_as_far_when_risk_shrinks() -> None:
    collar = [starter("price-collar")]
    buy, sell = only(run(collar, survivor("1"))).ticket, only(run(collar, survivor("-1"))).ticket
    reducing = only(run(collar, survivor("1", held="2"))).ticket
    assert buy is not None
    assert sell is not None
    assert reducing is not None
    assert (buy.limit, sell.limit, reducing.limit) == (D("100.5"), D("99.5"), D("98.5"))
    assert reducing.reduce_only


def test_price_collar_trips_outside_and_is_not_exempt_beyond_three_times() -> None:
    book, collar = Rulebook([starter("price-collar")], 1), situation({})
    values = facts(survivor("1"), dict(collar.held), collar, "TRADE")
    assert book.judge("o", values | {"order.limit_bp": 50.0}, False).denial is None
    assert book.judge("o", values | {"order.limit_bp": 50.1}, False).denial is not None
    wide = values | {"order.limit_bp": 150.0, "order.risk_reducing": True}
    assert book.judge("o", wide, True).denial is None
    assert book.judge("o", wide | {"order.limit_bp": 150.1}, True).denial is not None


def test_max_order_value_clips_and_exempts() -> None:
    limits = replace(situation({}).terms, max_order_value=D(250))
    found = replace(situation({"AAA": "0"}), terms=limits)
    assert quantity(only(run([starter("max-order-value")], survivor("2.5"), found=found))) == D("2.5")
    assert quantity(only(run([starter("max-order-value")], survivor("-3"), found=found))) == D("2.5")
    found = replace(situation({"AAA": "5"}), terms=limits)
    assert quantity(only(run([starter("max-order-value")], survivor("0", held="5"), found=found))) == 5


@pytest.mark.parametrize(
    ("held", "target", "size"), [("0", "10", "10"), ("0", "11", "10"), ("4", "12", "6"), ("-4", "-11", "6")]
)
def test_position_limit_clips_to_the_room_that_is_left(held: str, target: str, size: str) -> None:
    assert quantity(only(run([starter("position-limit")], survivor(target, held)))) == D(size)


def test_position_limit_leaves_a_way_out_of_a_position_that_is_too_large() -> None:
    assert quantity(only(run([starter("position-limit")], survivor("11", held="12")))) == 1
    assert code(only(run([starter("position-limit")], survivor("13", held="12")))) == "RULE_DENIED"


def test_gross_exposure_clips_across_zero_and_counts_the_others() -> None:
    """Equity 10,000 and P = 100 leave 100 units in all; 40 are held of the other instrument."""
    gross = [starter("gross-exposure")]
    found = situation({"AAA": "-5", "BBB": "40"})
    assert quantity(only(run(gross, survivor("60", held="-5"), found=found))) == 65
    assert quantity(only(run(gross, survivor("61", held="-5"), found=found))) == 65
    assert quantity(only(run(gross, survivor("-70", held="-5"), found=found))) == 55


def test_gross_exposure_is_judged_jointly_and_reductions_come_first() -> None:
    """Selling 30 of one makes room for 30 of the other; both fit only in that order."""
    found = situation({"AAA": "0", "BBB": "100"})
    clearing = run([starter("gross-exposure")], survivor("35"), survivor("70", "100", "BBB"), found=found)
    assert [(c.survivor.instrument, quantity(c)) for c in clearing.cleared] == [("BBB", 30), ("AAA", 30)]


def test_stale_data_trips_when_quote_and_trade_are_old_and_exempts() -> None:
    stale = [starter("stale-data")]
    for ages, fresh in (
        (Ages(1000 * MS, None), True),
        (Ages(1001 * MS, None), False),
        (Ages(None, 5000 * MS), True),
        (Ages(None, 5001 * MS), False),
        (Ages(None, None), False),
    ):
        found = replace(situation({}), ages={"AAA": ages})
        assert (only(run(stale, survivor("1"), found=found)).ticket is not None) == fresh
        found = replace(situation({"AAA": "2"}), ages={"AAA": ages})
        assert only(run(stale, survivor("1", held="2"), found=found)).ticket is not None


def test_an_order_below_the_smallest_value_is_denied() -> None:
    found = situation({})
    found = replace(found, instruments={"AAA": instrument("AAA", min_notional=D(5))})
    assert code(only(run([], survivor("0.0499"), found=found))) == "BELOW_MINIMUM"
    assert quantity(only(run([], survivor("0.05"), found=found))) == D("0.05")


# --- errors deny ----------------------------------------------------------------------------------

TRUE = Rulebook([rule("true || order.quantity > 0.0")], 1)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(ORDER_SCHEMA)),
    st.sampled_from(["missing", None, math.nan, math.inf, -math.inf, b"x", [1], 2**64]),
)
def test_any_missing_or_unsound_fact_denies(name: str, value: Any) -> None:
    found = situation({})
    values: dict[str, Any] = dict(facts(survivor("1"), dict(found.held), found, "TRADE"))
    assert TRUE.judge("o", values, False).denial is None
    if value == "missing":
        del values[name]
    else:
        values[name] = value
    denial = TRUE.judge("o", values, False).denial
    assert denial is not None
    assert denial.code == "RULE_ERROR"


@pytest.mark.parametrize("effect", ["deny", "clip", "warn"])
def test_a_rule_error_denies_whatever_its_effect(effect: str) -> None:
    erring = rule("1 / 0 == 1", effect, clip_to="1.0" if effect == "clip" else "")
    assert code(only(run([erring], survivor("1")))) == "RULE_ERROR"


@pytest.mark.parametrize("clip_to", ["1.0 / 0.0", "0.0 / 0.0", "double('x')"])
def test_a_clip_without_a_finite_size_denies(clip_to: str) -> None:
    assert code(only(run([rule("false", "clip", clip_to=clip_to)], survivor("1")))) == "RULE_ERROR"


def test_what_has_no_price_has_no_facts_and_is_denied() -> None:
    found = replace(situation({"BBB": "1"}), markets={"AAA": situation({}).markets["AAA"]})
    assert code(only(run([], survivor("1"), found=found))) == "RULE_ERROR"


@settings(max_examples=300, deadline=None)
@given(st.permutations(STARTER), st.integers(-150, 150), st.integers(-90, 90))
def test_the_order_of_rules_never_matters(rules: list[RuleActivated], target: int, held: int) -> None:
    if target == held:
        return
    found = situation({"AAA": str(held)})
    expected, got = (
        run(list(STARTER), survivor(str(target), str(held)), found=found),
        run(rules, survivor(str(target), str(held)), found=found),
    )
    assert expected == got
    cleared = only(got)
    if cleared.ticket is not None:
        assert cleared.ticket.quantity <= abs(target - held)


def test_every_fact_of_the_schema_is_given() -> None:
    found = situation({})
    assert set(facts(survivor("1"), dict(found.held), found, "TRADE")) == set(ORDER_SCHEMA)


def test_traces_are_events_fields() -> None:
    clearing = run(list(STARTER), survivor("1"))
    assert all(isinstance(trace, ClauseTrace) and trace.value is True for trace in clearing.traces)
    assert {trace.rule for trace in clearing.traces} == {each.rule for each in STARTER}

"""Rules on orders: deny, clip, hold, warn and shadow, the exemption, the check at save, and that every error denies."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from governance.domain.rulebook import Rulebook, RuleRefused, checked, compiled
from rules.facts import BASELINE, ORDER_SCHEMA
from streams.events import ClauseTrace, RuleActivated, RuleClause
from streams.parts import RuleExample
from tests.unit.governance.court import STARTER, D, code, facts_of, only, quantity, rule, run, survivor
from tests.unit.governance.table import situation

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
    assert code(only(run([rule("order.qty > 1.0")], survivor("1")))) == "RULE_ERROR"


def test_a_rule_that_does_not_compile_does_not_stop_what_is_exempt_from_it() -> None:
    broken = rule("order.qty > 1.0")
    assert quantity(only(run([broken], survivor("1", held="2")))) == 1
    broken = replace(broken, exempt_risk_reducing=False)
    assert code(only(run([broken], survivor("1", held="2")))) == "RULE_ERROR"


# --- hold -----------------------------------------------------------------------------------------


def test_a_hold_denies_nothing_and_is_named() -> None:
    clearing = run([rule("order.quantity < 1.0", "hold", rule="b"), rule("false", "hold", rule="a")], survivor("1"))
    assert quantity(only(clearing)) == 1
    assert clearing.holds == ("a", "b")


def test_nothing_holds_that_is_met_exempt_in_shadow_denied_or_clipped_away() -> None:
    assert run([rule("true", "hold")], survivor("1")).holds == ()
    assert run([rule("false", "hold")], survivor("1", held="2")).holds == ()
    assert run([rule("false", "hold", shadow=True)], survivor("1")).holds == ()
    assert run([rule("false", "hold"), rule("false", rule="deny")], survivor("1")).holds == ()
    clip = rule("order.quantity <= 0.5", "clip", clip_to="0.5", rule="clip")
    assert run([rule("order.quantity <= 0.5", "hold"), clip], survivor("1")).holds == ()


def test_a_hold_that_fails_denies() -> None:
    clearing = run([rule("1 / 0 == 1", "hold")], survivor("1"))
    assert (code(only(clearing)), clearing.holds) == ("RULE_ERROR", ())


# --- examples at save -----------------------------------------------------------------------------


def example(verdict: str, **facts: Any) -> RuleExample:
    return RuleExample(name=verdict, facts={k.replace("__", "."): v for k, v in facts.items()}, verdict=verdict)  # type: ignore[arg-type]


def test_examples_that_come_out_as_they_say_are_taken() -> None:
    examples = (
        example("passes", order__quantity=1),
        example("breaches", order__quantity=1.5),
        example("exempt", order__quantity=1.5, order__risk_reducing=True),
    )
    checked(rule("order.quantity <= 1.0", examples=examples))
    checked(rule("order.quantity <= 1.0", "clip", clip_to="1.0", examples=examples))
    for effect in ("hold", "warn"):
        checked(rule("order.quantity <= 1.0", effect, examples=examples, shadow=True))


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (example("passes", order__quantity=1.5), "'passes' should be 'passes' .* 'breaches': clause 'clause' is false"),
        (example("breaches", order__quantity=0.5), "'breaches' should be 'breaches' and came out as 'passes'"),
        (example("exempt", order__quantity=0.5), "'exempt' should be 'exempt' and came out as 'passes'"),
        (example("breaches", order__quantity=2.0, order__risk_reducing=True), "came out as 'exempt'"),
        (example("passes", order__colour="red"), r"example 'passes': .*order\.colour"),
        (example("passes", order__quantity="1"), r"example 'passes': order\.quantity is not a sound DOUBLE"),
        (example("passes", order__quantity=math.nan), r"order\.quantity is not a sound DOUBLE"),
    ],
)
def test_an_example_that_comes_out_otherwise_is_refused(wanted: RuleExample, why: str) -> None:
    with pytest.raises(RuleRefused, match=why):
        checked(rule("order.quantity <= 1.0", examples=(wanted,)))


@pytest.mark.parametrize(
    ("cel", "changed", "why"),
    [
        ("1 / 0 == 1", {}, "a sound order: clause: ERROR .*divide by zero"),
        (
            "order.quantity <= 1.0",
            {"effect": "clip", "clip_to": "1.0 / market.spread"},
            "'breaches': clip_to: NOT_FINITE",
        ),
    ],
)
def test_a_rule_that_fails_on_a_sound_order_or_an_example_is_refused(
    cel: str, changed: dict[str, Any], why: str
) -> None:
    examples = (example("breaches", order__quantity=2, market__spread=0),)
    with pytest.raises(RuleRefused, match=why):
        checked(replace(rule(cel), examples=examples, **changed))


def test_two_examples_of_one_name_are_refused() -> None:
    with pytest.raises(RuleRefused, match="same name"):
        checked(rule("true", examples=(example("passes"), example("passes", order__quantity=1))))


@pytest.mark.parametrize("each", STARTER, ids=lambda each: each.rule)
def test_the_starter_rules_may_be_activated_and_show_both_sides(each: RuleActivated) -> None:
    checked(each)
    verdicts = {wanted.verdict for wanted in each.examples}
    assert {"passes", "breaches"} <= verdicts
    assert ("exempt" in verdicts) == each.exempt_risk_reducing


@pytest.mark.parametrize("each", STARTER, ids=lambda each: each.rule)
def test_the_examples_of_the_starter_rules_can_fail(each: RuleActivated) -> None:
    for turned in ("true", "false"):
        clauses = tuple(replace(clause, cel=turned) for clause in each.clauses)
        with pytest.raises(RuleRefused, match="example"):
            checked(replace(each, clauses=clauses))


# --- errors deny ----------------------------------------------------------------------------------

TRUE = Rulebook([rule("true || order.quantity > 0.0")], 1)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(ORDER_SCHEMA)),
    st.sampled_from(["missing", None, math.nan, math.inf, -math.inf, b"x", [1], 2**64]),
)
def test_any_missing_or_unsound_fact_denies(name: str, value: Any) -> None:
    values: dict[str, Any] = facts_of(survivor("1"), situation({}))
    assert TRUE.judge("o", values, False).denial is None
    if value == "missing":
        del values[name]
    else:
        values[name] = value
    denial = TRUE.judge("o", values, False).denial
    assert denial is not None
    assert denial.code == "RULE_ERROR"


ERRORS = ("1 / 0 == 1", "[true][int(order.quantity)]", "int(order.side) == 1", '{"a": true}[order.side]')


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(STARTER), unique_by=id),
    st.sampled_from(ERRORS),
    st.sampled_from(["deny", "clip", "hold", "warn"]),
    st.text("abz", min_size=1, max_size=8),
    st.integers(1, 5),
    st.booleans(),
)
def test_one_rule_that_errs_among_any_others_denies_unless_it_is_in_shadow(
    others: list[RuleActivated], cel: str, effect: str, name: str, target: int, shadow: bool
) -> None:
    erring = rule(cel, effect, clip_to="1.0" if effect == "clip" else "", rule=name, shadow=shadow)
    if any(other.rule == name for other in others):
        return
    cleared = only(run([*others, erring], survivor(str(target))))
    if shadow:
        assert cleared == only(run(others, survivor(str(target))))
    else:
        assert code(cleared) == "RULE_ERROR"


@pytest.mark.parametrize("effect", ["deny", "clip", "hold", "warn"])
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
    found = facts_of(survivor("1"), situation({}))
    assert found.keys() == ORDER_SCHEMA.keys() == BASELINE.keys()


def test_every_rule_leaves_its_traces() -> None:
    traces = run(list(STARTER), survivor("1")).traces
    assert all(isinstance(trace, ClauseTrace) and trace.value is True for trace in traces)
    assert {trace.rule for trace in traces} == {each.rule for each in STARTER}
    assert [(t.rule, t.clause) for t in traces] == [
        (each.rule, clause.name) for each in sorted(STARTER, key=lambda each: each.rule) for clause in each.clauses
    ]


def test_traces_of_what_is_exempt_say_so() -> None:
    traces = run(list(STARTER), survivor("1", held="2")).traces
    exempt = {trace.rule for trace in traces if trace.clause == "exempt"}
    assert exempt == {each.rule for each in STARTER if each.exempt_risk_reducing}

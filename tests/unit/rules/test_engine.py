"""Compile, bind, evaluate: only a BOOL that is exactly true passes, everything else denies with a code."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.engine import DEEPEST_NESTING, LONGEST_TEXT, Engine, FactRefused, Failure, TextRefused
from rules.facts import ORDER_FACTS, ORDER_SCHEMA

ENGINE = Engine({"order.notional": "DOUBLE", "order.side": "STRING", "book.count": "INT", "book.open": "BOOL"})
SOUND: dict[str, Any] = {"order.notional": 100.0, "order.side": "buy", "book.count": 3, "book.open": True}


def verdict(text: str, **changed: object) -> object:
    facts = ENGINE.bind(SOUND | {name.replace("__", "."): value for name, value in changed.items()})
    return ENGINE.compile(text).evaluate(facts).value


def test_true_passes_and_false_does_not() -> None:
    assert ENGINE.compile("order.notional <= 100.0").evaluate(ENGINE.bind(SOUND)).passed
    assert not ENGINE.compile("order.notional < 100.0").evaluate(ENGINE.bind(SOUND)).passed


def test_a_typo_fails_at_compile_with_its_position() -> None:
    with pytest.raises(TextRefused, match=r"order\.notinal") as refused:
        ENGINE.compile("true && order.notinal < 1.0")
    assert (refused.value.line, refused.value.column) == (1, 14)


@pytest.mark.parametrize("text", ["order.notional", "1", '"true"', "book.count + 1", "[true]"])
def test_a_clause_must_give_a_bool(text: str) -> None:
    with pytest.raises(TextRefused, match="must give BOOL"):
        ENGINE.compile(text)


def test_a_clip_must_give_a_double() -> None:
    assert ENGINE.compile("order.notional / 3.0", "DOUBLE").evaluate(ENGINE.bind(SOUND)).value == 100.0 / 3
    with pytest.raises(TextRefused, match="must give DOUBLE"):
        ENGINE.compile("order.notional > 1.0", "DOUBLE")


def test_mixed_number_types_fail_at_compile() -> None:
    with pytest.raises(TextRefused, match="no matching overload"):
        ENGINE.compile("order.notional < 1")


@pytest.mark.parametrize("text", ["1 / (book.count - 3) == 1", "[true][book.count]", "{'a': true}[order.side]"])
def test_a_run_time_error_is_a_failure_and_not_a_pass(text: str) -> None:
    found = ENGINE.compile(text).evaluate(ENGINE.bind(SOUND))
    assert found.value is Failure.ERROR
    assert not found.passed
    assert found.detail


def test_a_dynamic_value_that_is_no_bool_does_not_pass() -> None:
    with pytest.raises(TextRefused):
        ENGINE.compile("dyn(1)")


def test_a_clip_that_is_not_finite_is_a_failure() -> None:
    found = ENGINE.compile("1.0 / (order.notional - 100.0)", "DOUBLE").evaluate(ENGINE.bind(SOUND))
    assert found.value is Failure.NOT_FINITE


def test_a_step_budget_that_is_used_up_denies() -> None:
    tens = "[1,2,3,4,5,6,7,8,9,10]"
    text = f"{tens}.all(a, {tens}.all(b, {tens}.all(c, {tens}.all(d, {tens}.all(e, a+b+c+d+e > 0)))))"
    assert ENGINE.compile(text).evaluate(ENGINE.bind(SOUND)).value is Failure.ERROR


@pytest.mark.parametrize("name", sorted(SOUND))
def test_a_missing_fact_is_refused_before_evaluation(name: str) -> None:
    with pytest.raises(FactRefused, match=name):
        ENGINE.bind({known: value for known, value in SOUND.items() if known != name})


def test_an_undeclared_fact_is_refused() -> None:
    with pytest.raises(FactRefused, match=r"order\.colour"):
        ENGINE.bind(SOUND | {"order.colour": "red"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("order.notional", math.nan),
        ("order.notional", math.inf),
        ("order.notional", -math.inf),
        ("order.notional", 1),
        ("order.notional", "1"),
        ("order.notional", None),
        ("book.count", 1.0),
        ("book.count", True),
        ("book.count", 2**63),
        ("book.open", 1),
        ("order.side", b"buy"),
        ("order.side", "x" * 1001),
    ],
)
def test_unsound_facts_are_refused_before_evaluation(name: str, value: object) -> None:
    with pytest.raises(FactRefused, match=name):
        ENGINE.bind(SOUND | {name: value})


def test_the_trace_has_the_facts_that_the_text_reads_and_no_others() -> None:
    text = '. order . notional > 1.0 && order.side != "book.count" // book.open\n'
    assert ENGINE.compile(text).reads == ("order.notional", "order.side")
    assert ENGINE.compile(text).evaluate(ENGINE.bind(SOUND)).facts == {"order.notional": 100.0, "order.side": "buy"}


def test_a_method_call_on_a_fact_reads_it() -> None:
    assert ENGINE.compile('order.side.startsWith("b")').reads == ("order.side",)


def test_back_quoted_names_would_hide_what_is_read_and_are_refused() -> None:
    with pytest.raises(TextRefused, match="back-quoted"):
        ENGINE.compile("order.`notional` > 1.0")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  \n",
        "true " * LONGEST_TEXT,
        "(" * (DEEPEST_NESTING + 1) + "true" + ")" * (DEEPEST_NESTING + 1),
        "true\x00",
    ],
    ids=["empty", "blank", "long", "deep", "nul"],
)
def test_texts_out_of_bounds_are_refused_at_compile(text: str) -> None:
    with pytest.raises(TextRefused):
        ENGINE.compile(text)


def test_brackets_in_strings_do_not_nest() -> None:
    assert ENGINE.compile('order.side != "' + "(" * 100 + '"')


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_any_text_compiles_or_is_refused(text: str) -> None:
    try:
        clause = ENGINE.compile(text)
    except TextRefused:
        return
    assert clause.evaluate(ENGINE.bind(SOUND)).value in (True, False, *Failure)


@settings(max_examples=500, deadline=None)
@given(st.floats(), st.floats())
def test_a_comparison_passes_exactly_when_both_are_finite_and_it_holds(notional: float, limit: float) -> None:
    engine, clause = _COMPARING
    try:
        facts = engine.bind({"a": notional, "b": limit})
    except FactRefused:
        assert not (math.isfinite(notional) and math.isfinite(limit))
        return
    assert clause.evaluate(facts).passed == (not notional > limit)


_ENGINE_OF_TWO = Engine({"a": "DOUBLE", "b": "DOUBLE"})
_COMPARING = (_ENGINE_OF_TWO, _ENGINE_OF_TWO.compile("!(a > b)"))


def test_every_declared_fact_of_an_order_says_what_it_means() -> None:
    assert all(declared.meaning for declared in ORDER_FACTS.values())
    assert set(ORDER_SCHEMA) == set(ORDER_FACTS)

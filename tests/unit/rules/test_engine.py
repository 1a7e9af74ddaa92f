"""Compile, bind, evaluate: only a BOOL that is exactly true passes, everything else denies with a code."""

from __future__ import annotations

import math
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.engine import DEEPEST_NESTING, LONGEST_FACT, LONGEST_TEXT, Engine, FactRefused, Failure, TextRefused
from tests.unit.rules.hostile import HOSTILE

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


@pytest.mark.parametrize("loop", ["all", "exists", "exists_one", "map", "filter"])
def test_loops_are_refused_where_they_stand(loop: str) -> None:
    with pytest.raises(TextRefused, match=rf"{loop}\(\) is not taken: facts are single values") as refused:
        ENGINE.compile(f"true &&\n [1, 2].{loop}(x, [3].all(y, x > y))")
    assert (refused.value.line, refused.value.column) == (2, 9 + len(loop))


def test_has_is_refused() -> None:
    with pytest.raises(TextRefused, match=r"has\(\) is not taken"):
        ENGINE.compile("has(order.notional)")


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


FACTS_AT_THEIR_LONGEST = SOUND | {"order.side": "x" * LONGEST_FACT}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_end_in_bounded_time_with_a_message_or_a_value(name: str) -> None:
    before = process_time()
    assert came_out(HOSTILE[name]) in (True, False, *Failure, "refused with a message")
    assert process_time() - before < 2.0


def came_out(text: str) -> object:
    try:
        return ENGINE.compile(text).evaluate(ENGINE.bind(FACTS_AT_THEIR_LONGEST)).value
    except TextRefused as refused:
        return "refused with a message" if refused.message and refused.line >= 0 else "refused"


def test_regular_expressions_are_refused() -> None:
    """RE2 does not backtrack, yet a thousand counts on a thousand letters took a minute."""
    with pytest.raises(TextRefused, match=r"matches\(\) is not taken: .* contains \(line 1, column 19\)"):
        ENGINE.compile("order.side.matches('a')")


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("order.notional <\n  order.amount", 2, 8),
        ("true &&\n order.notional < 1", 2, 17),
        ("order.notional > 1.0 &&", 1, 24),
        ("order.notional.size() > 1", 1, 20),
        ("[1].map(x, x) == [1]", 1, 8),
    ],
)
def test_messages_say_where(text: str, line: int, column: int) -> None:
    with pytest.raises(TextRefused, match=f"line {line}, column {column}") as refused:
        ENGINE.compile(text)
    assert (refused.value.line, refused.value.column) == (line, column)
    assert "column" not in refused.value.message


def test_what_a_text_reads_is_what_the_type_checker_found() -> None:
    text = 'order.side == "order.notional" || book . open // book.count\n'
    assert ENGINE.compile(text).reads == ("book.open", "order.side")


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

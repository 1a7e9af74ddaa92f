"""The facts are declared once: kinds, meanings, sound values."""

from __future__ import annotations

import pytest

from rules.engine import Engine
from rules.facts import BASELINE, ORDER_FACTS, ORDER_SCHEMA, SIGNAL_BASELINE, SIGNAL_FACTS, SIGNAL_SCHEMA, example
from streams.parts import BookTerms


@pytest.mark.parametrize("declared", [ORDER_FACTS, SIGNAL_FACTS])
def test_every_fact_says_what_it_means(declared: dict[str, object]) -> None:
    assert all(fact.meaning for fact in declared.values())  # type: ignore[attr-defined]


def test_the_sound_facts_are_sound() -> None:
    assert Engine(ORDER_SCHEMA).bind(BASELINE).values == BASELINE
    assert Engine(SIGNAL_SCHEMA).bind(SIGNAL_BASELINE).values == SIGNAL_BASELINE


def test_the_sound_limits_are_those_of_a_new_book() -> None:
    terms = BookTerms()
    for name, value in BASELINE.items():
        if name.startswith("limits."):
            term = name.removeprefix("limits.")
            seconds = term.removesuffix("_ms") + "_s"
            expected = getattr(terms, term) if hasattr(terms, term) else getattr(terms, seconds) * 1_000
            assert value == expected if isinstance(expected, bool) else value == float(expected), name


def test_an_example_says_only_what_differs_and_may_use_whole_numbers() -> None:
    laid = example(ORDER_SCHEMA, BASELINE, {"order.quantity": 2, "order.duplicates": 1})
    assert (laid["order.quantity"], laid["order.duplicates"]) == (2.0, 1)
    assert type(laid["order.quantity"]) is float
    assert laid | {"order.quantity": 0.1, "order.duplicates": 0} == BASELINE

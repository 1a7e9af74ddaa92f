"""How near a clause is to its limit, told from its text and the facts that it read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.margin import Margin, margin

FACTS = {
    "order.position_after": 84.0,
    "market.price": 100.0,
    "limits.max_concentration": 0.1,
    "book.equity": 100_000.0,
    "instrument.gap_age_ms": 10_000.0,
    "limits.gap_clean_ms": 5_000.0,
    "order.duplicates": 0,
    "order.side": "buy",
    "limits.live_only": True,
    "book.daily_loss": -0.01,
}


def test_both_sides_may_be_calculated() -> None:
    cel = "order.position_after * market.price <= limits.max_concentration * book.equity"
    assert margin(cel, FACTS) == pytest.approx(Margin(8_400.0, 10_000.0, 0.84))


def test_the_other_direction_is_out_of_danger() -> None:
    found = margin("-order.position_after * market.price <= limits.max_concentration * book.equity", FACTS)
    assert found is not None
    assert found.used == pytest.approx(-0.84)
    found = margin("book.daily_loss < 0.02", FACTS)
    assert found is not None
    assert found.used == pytest.approx(-0.5)


def test_a_least_value_is_used_up_from_above() -> None:
    assert margin("instrument.gap_age_ms >= limits.gap_clean_ms", FACTS) == Margin(10_000.0, 5_000.0, 0.5)


@pytest.mark.parametrize(
    "cel",
    [
        '"buy" == order.side',
        "!limits.live_only",
        "(order.side == 'buy' ? 1.0 : 2.0) <= 3.0",
        "__import__('os').system('x') <= 1.0",
        "limits.live_only <= 1.0",
        "market.price",
        "market.price < 5.0 < 6.0",
        "market.price <",
        "market.price <= 200.0 || limits.live_only",
        "order.duplicates <= 0",
        "order.side <= 3.0",
        "order.unknown <= 3.0",
        "size([1]) <= 3",
        "true <= 3",
        "x" * 10_000,
        "(" * 400 + "1" + ")" * 400 + " <= 2",
        "1.0 <= market.price / 0.0",
    ],
)
def test_what_is_more_than_one_comparison_of_numbers_is_not_guessed_at(cel: str) -> None:
    assert margin(cel, FACTS) is None


@given(st.text())
def test_no_text_does_harm(cel: str) -> None:
    margin(cel, FACTS)

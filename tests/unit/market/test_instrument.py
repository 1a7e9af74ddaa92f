"""Rounding to lots and ticks."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.domain.instrument import to_lot, to_tick

NUMBERS = st.decimals(-1_000_000, 1_000_000, places=8)
STEPS = st.sampled_from([Decimal("0.00001"), Decimal("0.01"), Decimal("0.5"), Decimal(1), Decimal(25)])


@pytest.mark.parametrize(
    ("quantity", "rounded"), [("0.123456", "0.12345"), ("-0.123456", "-0.12345"), ("0.000009", "0")]
)
def test_quantities_are_rounded_toward_zero(quantity: str, rounded: str) -> None:
    assert to_lot(Decimal(quantity), Decimal("0.00001")) == Decimal(rounded)


def test_a_buyer_pays_no_more_and_a_seller_takes_no_less_than_asked() -> None:
    assert to_tick(Decimal("100.019"), Decimal("0.01"), "buy") == Decimal("100.01")
    assert to_tick(Decimal("100.011"), Decimal("0.01"), "sell") == Decimal("100.02")


@given(quantity=NUMBERS, lot=STEPS)
def test_a_rounded_quantity_is_whole_lots_and_less_than_one_lot_away(quantity: Decimal, lot: Decimal) -> None:
    rounded = to_lot(quantity, lot)
    assert rounded % lot == 0
    assert abs(rounded) <= abs(quantity)
    assert abs(quantity - rounded) < lot


@given(price=NUMBERS, tick=STEPS)
def test_a_rounded_price_is_whole_ticks_and_on_the_passive_side(price: Decimal, tick: Decimal) -> None:
    low, high = to_tick(price, tick, "buy"), to_tick(price, tick, "sell")
    assert low % tick == high % tick == 0
    assert low <= price <= high
    assert high - low <= tick

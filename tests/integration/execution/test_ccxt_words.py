"""Binance's words and ours: numbers, states, fees."""

from __future__ import annotations

import re
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.venues.binance_orders import fill_of, number, plain, state_of

AMOUNTS = st.decimals(min_value=D("1e-8"), max_value=D("1e12"), allow_nan=False, allow_infinity=False, places=8)


@given(AMOUNTS)
def test_a_number_is_written_without_exponent_and_read_as_it_was(value: D) -> None:
    assert re.fullmatch(r"\d+(\.\d*[1-9])?", plain(value))
    assert number(plain(value)) == value


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-1"])
def test_what_is_no_amount_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="no amount"):
        number(text)


@pytest.mark.parametrize(
    ("status", "time_in_force", "state"),
    [
        ("PENDING_NEW", "GTC", "pending"),
        ("NEW", "GTC", "working"),
        ("PARTIALLY_FILLED", "GTC", "working"),
        ("PENDING_CANCEL", "GTC", "working"),
        ("FILLED", "IOC", "filled"),
        ("CANCELED", "GTC", "cancelled"),
        ("REJECTED", "GTC", "rejected"),
        ("EXPIRED", "IOC", "cancelled"),
        ("EXPIRED", "FOK", "cancelled"),
        ("EXPIRED", "GTC", "expired"),
        ("EXPIRED_IN_MATCH", "GTC", "cancelled"),
    ],
)
def test_every_state_has_a_name_here(status: str, time_in_force: str, state: str) -> None:
    assert state_of({"status": status, "timeInForce": time_in_force}) == state


def test_a_state_that_nobody_knows_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="not known"):
        state_of({"status": "SOMETHING_NEW", "timeInForce": "GTC"})


@given(AMOUNTS, st.decimals(min_value=D("0.01"), max_value=D("1e6"), places=2), st.sampled_from(["BTC", "USDT", "BNB"]))
def test_a_fee_is_worth_what_it_was_taken_in(commission: D, price: D, asset: str) -> None:
    trade = {"id": 7, "qty": "1", "price": str(price), "commission": f"{commission:f}", "commissionAsset": asset}
    fill, alarm = fill_of(trade, base="BTC", quote="USDT", maker=True)
    worth = {"BTC": (commission * price, commission), "USDT": (commission, 0), "BNB": (0, 0)}
    assert (fill.fee, fill.fee_base) == worth[asset]
    assert bool(alarm) == (asset == "BNB")
    assert (fill.trade_id, fill.liquidity) == ("7", "maker")

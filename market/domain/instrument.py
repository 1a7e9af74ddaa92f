"""Rounding to what a venue takes: quantities toward zero to the lot, prices passively to the tick."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal

from streams.messages import Side


def to_lot(quantity: Decimal, lot_size: Decimal) -> Decimal:
    """The largest multiple of the lot that is not farther from zero than `quantity`."""
    return (quantity / lot_size).to_integral_value(ROUND_DOWN) * lot_size


def to_tick(price: Decimal, tick_size: Decimal, side: Side) -> Decimal:
    """A buyer's price is rounded down, a seller's up: never more aggressive than asked."""
    rounding = ROUND_FLOOR if side == "buy" else ROUND_CEILING
    return (price / tick_size).to_integral_value(rounding) * tick_size

"""The instruments of the synthetic market and what they are like."""

from __future__ import annotations

from msgspec import Struct

BP = 1e-4


class Listing(Struct, frozen=True, kw_only=True):
    """What an instrument is like; `noise` is its own volatility per √s, `notional` the median trade in quote."""

    symbol: str
    price: float
    price_decimals: int
    quantity_decimals: int
    beta: float
    noise: float
    spread: float
    quotes_per_s: float
    trades_per_s: float
    notional: float


LISTINGS = (
    Listing(
        symbol="BTCUSDT",
        price=61_000.0,
        price_decimals=2,
        quantity_decimals=5,
        beta=1.0,
        noise=0.3 * BP,
        spread=0.03 * BP,
        quotes_per_s=24.0,
        trades_per_s=8.0,
        notional=900.0,
    ),
    Listing(
        symbol="ETHUSDT",
        price=2_650.0,
        price_decimals=2,
        quantity_decimals=4,
        beta=1.2,
        noise=0.4 * BP,
        spread=0.05 * BP,
        quotes_per_s=18.0,
        trades_per_s=6.0,
        notional=600.0,
    ),
    Listing(
        symbol="SOLUSDT",
        price=152.0,
        price_decimals=3,
        quantity_decimals=3,
        beta=1.5,
        noise=0.6 * BP,
        spread=0.15 * BP,
        quotes_per_s=12.0,
        trades_per_s=4.0,
        notional=350.0,
    ),
)

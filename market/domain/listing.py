"""What a venue says of an instrument: its filters and whether it trades."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct


class Listing(Struct, frozen=True, kw_only=True):
    """`tick_size`, `lot_size` and `min_notional` are 0 where the venue does not say; `status` is its own word."""

    symbol: str
    venue: str
    base: str = ""
    quote: str = ""
    tick_size: Decimal = Decimal(0)
    lot_size: Decimal = Decimal(0)
    min_notional: Decimal = Decimal(0)
    tradable: bool = True
    status: str = ""
    at: int = 0

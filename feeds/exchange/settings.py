"""How a local exchange behaves where no fault tells it otherwise."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from msgspec import Struct, field


class Settings(Struct, frozen=True, kw_only=True):
    """`speed` None plays as fast as sockets take it. `restamp` sets event times to now, else they are as recorded.
    `waits`: playing begins with the first subscription. Limits are Binance's own, `weight_limit` is per minute;
    `auth_within_s` and what follows up to `alpaca_symbols` are Alpaca's. `key` and `secret` are those of the account,
    which begins with `balances` and pays `commission_bp` of what it receives, or of the value in a third asset."""

    speed: float | None = 1.0
    loop: bool = False
    restamp: bool = True
    waits: bool = True
    ping_every_s: float = 20.0
    pong_within_s: float = 60.0
    life_s: float = 86_400.0
    messages_per_s: int = 5
    most_streams: int = 1024
    most_waiting: int = 50_000
    weight_limit: int = 6_000
    key: str = "local-key"
    secret: str = "local-secret"
    auth_within_s: float = 10.0
    alpaca_connections: int = 1
    alpaca_symbols: int = 30
    balances: dict[str, Decimal] = field(default_factory=lambda: {"USDT": Decimal(1_000_000)})
    commission_bp: Decimal = Decimal(10)
    commission_in: Literal["received", "BNB"] = "received"

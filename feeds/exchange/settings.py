"""How a local exchange behaves where no fault tells it otherwise."""

from __future__ import annotations

from msgspec import Struct


class Settings(Struct, frozen=True, kw_only=True):
    """`speed` None plays as fast as sockets take it. `restamp` sets event times to now, else they are as recorded.
    `waits`: playing begins with the first subscription. Limits are Binance's own, `weight_limit` is per minute;
    `key`, `secret` and what follows are Alpaca's."""

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

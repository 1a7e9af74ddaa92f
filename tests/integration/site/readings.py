"""What a governor would have measured of a book, put where pages read it."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import msgspec
import redis

from governance.domain.headroom import Headroom, Readings

D = Decimal


def reading(breaker: str = "drawdown", subject: str = "demo", **changed: Any) -> Headroom:
    """A drawdown of 1 % where 5 % reduce the book."""
    values: dict[str, Any] = {
        "effect": "REDUCE_ONLY",
        "value": D("0.01"),
        "limit": D("0.05"),
        "level": 0.2,
        "state": "ok",
        "formula": "(peak − equity)/peak ≥ 0.05",
        "inputs": {"peak": "100000", "equity": "99000"},
        **changed,
    }
    return Headroom(breaker=breaker, subject=subject, **values)


def measured(redis_url: str, *told: Headroom, book: str = "demo", ago_s: float = 0.0) -> None:
    at = time.time_ns() - int(ago_s * 1_000_000_000)
    raw = msgspec.json.encode(Readings(book=book, at=at, market_at=at, readings=told))
    with redis.Redis.from_url(redis_url) as connection:
        connection.set(f"readings:{book}", raw)

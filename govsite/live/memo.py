"""The last prices and status that were told, kept in Redis for browsers that come later."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import redis.asyncio
from django.conf import settings

KEPT_S = 10

_clients: dict[asyncio.AbstractEventLoop, redis.asyncio.Redis] = {}


def client() -> redis.asyncio.Redis:
    """One for each event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        for other in [known for known in _clients if known.is_closed()]:
            del _clients[other]
        _clients[loop] = redis.asyncio.Redis.from_url(settings.REDIS_URL, health_check_interval=30)
    return _clients[loop]


async def remember(what: str, text: str, book: str = "") -> None:
    await client().set(_key(what, book), text, ex=KEPT_S)


async def recall(wanted: set[str], book: str) -> dict[str, Any]:
    """Of `ticks` and `status` what is wanted, ready to be put into a snapshot; without what is older than 10 s."""
    keys = {"ticks": _key("ticks", ""), "status": _key("status", book)}
    asked = [what for what in keys if what in wanted]
    values = await client().mget([keys[what] for what in asked]) if asked else []
    return {what: msgspec.Raw(value) for what, value in zip(asked, values, strict=True) if value}


def _key(what: str, book: str) -> str:
    return f"live:{what}:{book}" if book else f"live:{what}"


async def forget_client() -> None:
    """Closes the running loop's connection."""
    if known := _clients.pop(asyncio.get_running_loop(), None):
        await known.aclose()

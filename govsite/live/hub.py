"""One ear for all sockets of a process: a message of a channel group is received and decoded once, then handed on."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any, Protocol

from channels.layers import get_channel_layer

AFTER_S = 1.0
log = logging.getLogger(__name__)


class Member(Protocol):
    def hear(self, message: dict[str, Any]) -> None:
        """Takes note; it must neither wait nor raise."""


class Hub:
    """One per event loop. Every message says in `group` whom it is for."""

    def __init__(self) -> None:
        self._members: dict[str, set[Member]] = {}
        self._changing = asyncio.Lock()
        self._channel = ""
        self._ear: asyncio.Task[None] | None = None

    async def join(self, member: Member, group: str) -> None:
        """Raises redis.RedisError or OSError where the group cannot be listened to."""
        async with self._changing:
            layer = get_channel_layer()
            if self._ear is None:
                self._channel = await layer.new_channel("live.")
                self._ear = asyncio.create_task(self._listen(layer))
            if group not in self._members:
                await layer.group_add(group, self._channel)
            self._members.setdefault(group, set()).add(member)

    async def leave(self, member: Member, group: str) -> None:
        async with self._changing:
            members = self._members.get(group, set())
            members.discard(member)
            if group in self._members and not members:
                del self._members[group]
                await get_channel_layer().group_discard(group, self._channel)

    async def _listen(self, layer: Any) -> None:
        while True:
            try:
                message = await layer.receive(self._channel)
            except Exception:  # without an ear every socket of the process would be deaf
                log.exception("a message of the channel layer could not be read")
                await asyncio.sleep(AFTER_S)
                continue
            for member in tuple(self._members.get(message.get("group", ""), ())):
                try:
                    member.hear(message)
                except Exception:
                    log.exception("a browser could not take a message of %s", message.get("group"))

    async def close(self) -> None:
        if self._ear is not None:
            self._ear.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ear
            self._ear = None
        self._members.clear()


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


def hub() -> Hub:
    """The hub of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        for other in [known for known in _hubs if known.is_closed()]:
            del _hubs[other]
        _hubs[loop] = Hub()
    return _hubs[loop]

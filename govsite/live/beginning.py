"""Snapshots that browsers share: who comes to a book within a second of another begins with the same one."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from channels.db import database_sync_to_async

from govsite.live.frames import encoded
from govsite.live.snapshot import snapshot

FRESH_S = 1.0
Kind = tuple[str, frozenset[str]]


class Beginning(msgspec.Struct, frozen=True):
    positions: dict[str, int]
    book: str
    body: bytes


class Beginnings:
    """One per event loop. What is a second old is good enough, for the events after its position follow anyway."""

    def __init__(self) -> None:
        self._known: dict[Kind, tuple[float, asyncio.Task[Beginning]]] = {}

    async def of(self, book: str, parts: frozenset[str]) -> Beginning:
        """Raises what `snapshot` raises; it is asked again then."""
        now = asyncio.get_running_loop().time()
        at, task = self._known.get((book, parts), (0.0, None))
        if task is None or now - at > FRESH_S or (task.done() and task.exception()):
            self._known = {kind: known for kind, known in self._known.items() if now - known[0] <= FRESH_S}
            task = asyncio.create_task(_read(book, parts))
            self._known[book, parts] = (now, task)
        return await asyncio.shield(task)


async def _read(book: str, parts: frozenset[str]) -> Beginning:
    state = await database_sync_to_async(snapshot)(book, parts)
    name = state.pop("name")
    return Beginning(state["positions"], name, encoded(state).encode())


def message(beginning: Beginning, kept: dict[str, Any]) -> str:
    """The snapshot with the last prices and status that were told."""
    added = msgspec.json.encode(kept)
    return (beginning.body[:-1] + (b"," + added[1:] if kept else b"}")).decode()


_beginnings: dict[asyncio.AbstractEventLoop, Beginnings] = {}


def beginnings() -> Beginnings:
    """Those of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _beginnings:
        for other in [known for known in _beginnings if known.is_closed()]:
            del _beginnings[other]
        _beginnings[loop] = Beginnings()
    return _beginnings[loop]

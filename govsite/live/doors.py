"""Who may come in and stay: how many sockets at once, and that session and rights still hold."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from importlib import import_module
from types import SimpleNamespace
from typing import Any, Protocol

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.db import OperationalError

from govsite.access import sessions
from govsite.live.codes import IDLE, TOO_SLOW
from govsite.live.requests import RIGHTS

CHECK_S = 10.0
SUBSCRIBE_WITHIN_S = 20.0


log = logging.getLogger(__name__)


class Guest(Protocol):
    """A socket: `person` is whose it is, `session_key` by which it came, `entered_at` the loop's time of that."""

    person: int
    session_key: str
    entered_at: float
    subscribed: bool

    async def end(self, code: int, reason: str) -> None: ...

    async def look_again(self, held: frozenset[str] | None) -> None:
        """Ends what the rights held do not cover; None is a session that is over."""

    def is_stuck(self, now: float) -> str:
        """Why it must be let go, "" if it keeps up."""


class Doors:
    """One per event loop."""

    def __init__(self) -> None:
        self._guests: dict[int, set[Guest]] = {}
        self._number = 0
        self._watch: asyncio.Task[None] | None = None

    def enter(self, guest: Guest) -> str:
        """Why the socket is not let in; "" if it is."""
        if self._number >= settings.LIVE_SOCKETS:
            return f"This server has its {settings.LIVE_SOCKETS:,} live sockets; try again later."
        mine = self._guests.setdefault(guest.person, set())
        if len(mine) >= settings.LIVE_SOCKETS_PER_PERSON:
            return f"You have {len(mine)} live sockets open; close one (at most {settings.LIVE_SOCKETS_PER_PERSON})."
        mine.add(guest)
        self._number += 1
        if self._watch is None:
            self._watch = asyncio.create_task(self._keep_watching())
        return ""

    def __contains__(self, guest: object) -> bool:
        return guest in self._guests.get(getattr(guest, "person", 0), set())

    def leave(self, guest: Guest) -> None:
        mine = self._guests.get(guest.person, set())
        if guest in mine:
            mine.discard(guest)
            self._number -= 1
        if not mine:
            self._guests.pop(guest.person, None)

    async def _keep_watching(self) -> None:
        while True:
            await asyncio.sleep(CHECK_S)
            try:
                await self.check()
            except OperationalError as error:
                log.warning("the sessions of live sockets cannot be checked: %s", error)
            except Exception:
                log.exception("live sockets could not be checked")

    async def check(self) -> None:
        """Looks once a session, however many sockets came by it. Raises OperationalError."""
        now = asyncio.get_running_loop().time()
        by_session: dict[tuple[str, int], list[Guest]] = {}
        for guest in [guest for mine in self._guests.values() for guest in mine]:
            if not guest.subscribed and now - guest.entered_at > SUBSCRIBE_WITHIN_S:
                await guest.end(IDLE, f"Nothing was subscribed within {SUBSCRIBE_WITHIN_S:.0f} seconds.")
            elif why := guest.is_stuck(now):
                await guest.end(TOO_SLOW, why)
            else:
                by_session.setdefault((guest.session_key, guest.person), []).append(guest)
        for (session_key, person), guests in by_session.items():
            held = await database_sync_to_async(rights_of)(session_key, person)
            for guest in guests:
                await guest.look_again(held)

    async def close(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None


def rights_of(session_key: str, person: int) -> frozenset[str] | None:
    """What of RIGHTS the person has; None where the session would not let them into a page any more."""
    store = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user: Any = get_user(SimpleNamespace(session=store))  # type: ignore[arg-type]
    if user.pk != person or sessions.is_over(store, time.time()):
        return None
    return rights(user)


def rights(user: Any) -> frozenset[str]:
    return frozenset(right for right in RIGHTS if user.has_perm(right))


_doors: dict[asyncio.AbstractEventLoop, Doors] = {}


def doors() -> Doors:
    """The doors of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _doors:
        for other in [known for known in _doors if known.is_closed()]:
            del _doors[other]
        _doors[loop] = Doors()
    return _doors[loop]

"""The live socket `/ws/live/`: a snapshot first, then events as they are committed, prices and status conflated."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import msgspec
import psycopg
import redis
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth import get_user
from django.db import OperationalError

from govsite.access import sessions
from govsite.live import memo, presence
from govsite.live.requests import LOGS, PERMISSIONS, Allowance, BadRequest, Request, groups, parse
from govsite.live.snapshot import snapshot
from govsite.live.tail import Tail, tail

FARTHEST = 5000
WINDOW = 64
SESSION_CHECK_S = 10.0
LONGEST_REASON = 123  # bytes; what a close frame can hold

BAD_REQUEST, LOGGED_OUT, FORBIDDEN, TOO_SLOW, UNAVAILABLE = 4400, 4401, 4403, 4008, 4503

log = logging.getLogger(__name__)


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One browser. Events are read from the ledger as fast as the browser takes them, so none is kept in memory
    for it; of prices and status it gets the newest. Who is too far behind is told so and let go."""

    async def connect(self) -> None:
        self.logs: set[str] = set()
        self.joined: set[str] = set()
        self.position = {"governance": 0, "execution": 0}
        self.head = dict(self.position)
        self.newest: dict[str, str] = {}
        self.sent = self.seen = 0
        self.confirms = False
        self.wake = asyncio.Event()
        self.allowance = Allowance(asyncio.get_running_loop().time())
        self.tasks: list[asyncio.Task[None]] = []
        await self.accept()
        if not self.scope["user"].is_authenticated:
            await self.close(LOGGED_OUT, "Log in first.")
            return
        self.tasks.append(asyncio.create_task(self._watch_session()))
        presence.gauge("browsers", 1)

    async def disconnect(self, code: int) -> None:
        if self.tasks:
            presence.gauge("browsers", -1)
        for task in self.tasks:
            task.cancel()
        for group in self.joined:
            with contextlib.suppress(redis.RedisError):  # the browser has gone; there is nobody to tell
                await self.channel_layer.group_discard(group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not self.allowance.take(asyncio.get_running_loop().time()):
            await self.close(BAD_REQUEST, "Too many messages a second.")
            return
        try:
            request = parse(text_data)
            if request.seen is not None:
                self._confirm(request.seen)
            else:
                await self._subscribe(request)
        except BadRequest as error:
            await self.close(BAD_REQUEST, str(error).encode()[:LONGEST_REASON].decode(errors="ignore"))
        except (redis.RedisError, psycopg.OperationalError, OperationalError) as error:
            log.warning("a browser could not be served: %s", error)
            await self.close(UNAVAILABLE, "PostgreSQL or Redis does not answer; try again.")

    def _confirm(self, seen: int) -> None:
        if not self.seen <= seen <= self.sent:
            raise BadRequest(f"{seen} frames cannot have been seen: {self.sent} were sent.")
        self.seen, self.confirms = seen, True
        self.wake.set()

    async def _subscribe(self, request: Request) -> None:
        topics = request.subscribe or []
        if self.joined:
            raise BadRequest("This connection has subscribed already; open another.")
        for topic, permission in PERMISSIONS.items():
            if topic in topics and not await database_sync_to_async(self.scope["user"].has_perm)(permission):
                await self.close(FORBIDDEN, f"You may not see {topic}.")
                return
        self.logs = {LOGS[topic] for topic in topics if topic in LOGS}
        self.joined = groups(topics) | {sessions.group_of(self.scope["user"].pk)}
        for group in self.joined:
            await self.channel_layer.group_add(group, self.channel_name)
        await self._begin(request, tail())

    async def _begin(self, request: Request, reader: Tail) -> None:
        """The snapshot, then what the ledger has after it, or after where the browser stands."""
        state = await database_sync_to_async(snapshot)(request.book)
        state |= await memo.recall()
        await self._give(msgspec.json.encode(state).decode())
        self.head = {**self.head, **await reader.heads()}
        for name in self.position:
            start = request.after.get(name, state["positions"][name])  # type: ignore[call-overload]
            if self.head[name] - start > FARTHEST:
                await self._give(_gap(name, start, state["positions"][name]))
                start = state["positions"][name]
            self.position[name] = start
        self.tasks.append(asyncio.create_task(self._pump(reader)))
        self.wake.set()

    async def _pump(self, reader: Tail) -> None:
        """Sends what there is whenever there is something, for as long as the browser keeps up."""
        try:
            while True:
                await self.wake.wait()
                self.wake.clear()
                for name in self.logs:
                    if not await self._events(reader, name):
                        return
                while self.newest and not self._full():
                    await self._give(self.newest.pop(next(iter(self.newest))))
        except psycopg.OperationalError as error:
            log.warning("the tail of the ledger cannot be read: %s", error)
            await self.close(UNAVAILABLE, "PostgreSQL does not answer; try again.")

    async def _events(self, reader: Tail, name: str) -> bool:
        """Everything up to the head of the log. False if the browser was let go because it is too slow."""
        while self.position[name] < self.head[name]:
            if self.head[name] - self.position[name] > FARTHEST:
                await self.send(text_data=_gap(name, self.position[name], self.head[name]))
                await self.close(TOO_SLOW, f"Too slow: {self.head[name] - self.position[name]} events behind.")
                return False
            if self._full():
                return True
            frame = await reader.after(name, self.position[name], self.head[name])
            if frame is None:
                return True
            self.position[name] = frame.last
            self.head[name] = max(self.head[name], frame.last)
            await self._give(frame.text)
        return True

    def _full(self) -> bool:
        """Whether so many frames are on their way that the browser must first say that it has seen some."""
        return self.confirms and self.sent - self.seen >= WINDOW

    async def _give(self, text: str) -> None:
        self.sent += 1
        presence.count("frames")
        await self.send(text_data=text)

    async def _watch_session(self) -> None:
        """Ends the connection when the person logs out or may not come in any more."""
        while True:
            await asyncio.sleep(SESSION_CHECK_S)
            try:
                known = await database_sync_to_async(self._is_known)()
            except OperationalError as error:
                log.warning("the session cannot be checked: %s", error)
                continue
            if not known:
                await self.close(LOGGED_OUT, "You are logged out.")
                return

    def _is_known(self) -> bool:
        """Whether the session would still let the person into a page."""
        store = import_module(settings.SESSION_ENGINE).SessionStore(self.scope["session"].session_key)
        user = get_user(SimpleNamespace(session=store))  # type: ignore[arg-type]
        return user.pk == self.scope["user"].pk and not sessions.is_over(store, time.time())

    async def person_changed(self, message: dict[str, Any]) -> None:
        """Another password, no longer active, or logged out here or elsewhere."""
        ours = sessions.fingerprint(self.scope["session"].session_key)
        if message["session"] == ours or not await database_sync_to_async(self._is_known)():
            await self.close(LOGGED_OUT, "You are logged out.")

    # --- what the broadcaster says to groups ---------------------------------------------------------

    async def ledger_advanced(self, message: dict[str, Any]) -> None:
        for name in self.head:
            self.head[name] = max(self.head[name], message.get(name, 0))
        self.wake.set()

    async def live_frame(self, message: dict[str, Any]) -> None:
        """A frame of which only the newest matters; `key` says which ones replace each other."""
        for name, position in message.get("heads", {}).items():
            self.head[name] = max(self.head[name], position)
        self.newest[message["key"]] = message["text"]
        self.wake.set()


def _gap(name: str, after: int, upto: int) -> str:
    """The browser will not be told of the events after `after` up to `upto`."""
    return msgspec.json.encode({"type": "gap", "log": name, "after": after, "upto": upto}).decode()

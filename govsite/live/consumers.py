"""The live socket `/ws/live/`: a snapshot first, then events as they are committed, prices and status conflated."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from typing import Any

import psycopg
import redis
from channels.db import database_sync_to_async
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import InterfaceError, OperationalError

from govsite.access import sessions
from govsite.live import memo, presence
from govsite.live.beginning import beginnings, message
from govsite.live.codes import BAD_REQUEST, FORBIDDEN, LOGGED_OUT, LONGEST_REASON, TOO_MANY, TOO_SLOW, UNAVAILABLE
from govsite.live.doors import doors, rights, rights_of
from govsite.live.frames import encoded
from govsite.live.hub import hub
from govsite.live.requests import Allowance, BadRequest, Request, groups, logs, needed, parse
from govsite.live.snapshot import NoSuchBook
from govsite.live.tail import Tail, View, tail
from streams.partitions import log_names, suffixed

FARTHEST = 5000
WINDOW = 64
WINDOW_BYTES = 2 * 1024 * 1024
PATIENCE_S = 20.0
LOST = (redis.RedisError, psycopg.OperationalError, OperationalError, InterfaceError, OSError)

log = logging.getLogger(__name__)


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One browser. Events are read from the ledger as fast as the browser takes them, so none is kept in memory
    for it; of prices and status it gets the newest. Who is too far behind is told so and let go."""

    channel_layer_alias = "none"  # no channel for each socket: the hub of the process hears for all of them

    async def connect(self) -> None:
        now = asyncio.get_running_loop().time()
        self.ended = self.subscribed = False
        self.logs: set[str] = set()
        self.needs: dict[str, str] = {}
        self.joined: set[str] = set()
        self.position = dict.fromkeys(log_names(settings.PARTITIONS), 0)
        self.head = dict(self.position)
        self.view = View("", everything=False)
        self.newest: dict[str, str] = {}
        self.unseen: deque[int] = deque()
        self.unseen_bytes = self.sent = 0
        self.seen_at = self.entered_at = now
        self.wake = asyncio.Event()
        self.allowance = Allowance(now)
        self.tasks: set[asyncio.Task[None]] = set()
        user = self.scope["user"]
        self.person = user.pk
        self.session_key = self.scope["session"].session_key or ""
        await self.accept()
        if not user.is_authenticated:
            await self.end(LOGGED_OUT, "Log in first.")
        elif refused := doors().enter(self):
            presence.count("sockets refused")
            await self.end(TOO_MANY, refused)
        else:
            presence.gauge("browsers", 1)
            await self._join(sessions.group_of(self.person))

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Without the thread that Channels enters for each message, to look at a database that is not used here."""
        if getattr(self, "ended", False) and message["type"] != "websocket.disconnect":
            raise StopConsumer
        try:
            await getattr(self, message["type"].replace(".", "_"))(message)
        except LOST as error:
            log.warning("a browser could not be served: %s", error)
            await self.end(UNAVAILABLE, "PostgreSQL or Redis does not answer; try again.")
        if self.ended:  # whatever else it has sent need not be read
            raise StopConsumer

    async def disconnect(self, code: int) -> None:
        self.ended = True
        await self._leave()

    async def end(self, code: int, reason: str) -> None:
        """Says why and lets go, once."""
        if self.ended:
            return
        self.ended = True
        with contextlib.suppress(RuntimeError):  # the browser has gone by itself meanwhile
            await self.close(code, reason.encode()[:LONGEST_REASON].decode(errors="ignore"))
        await self._leave()

    async def _leave(self) -> None:
        if self in doors():
            doors().leave(self)
            presence.gauge("browsers", -1)
        for task in self.tasks - {asyncio.current_task()}:
            task.cancel()
        joined, self.joined = self.joined, set()
        for group in joined:
            with contextlib.suppress(redis.RedisError, OSError):  # the hub listens for nobody then, which harms nobody
                await hub().leave(self, group)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not self.allowance.take(asyncio.get_running_loop().time()):
            await self.end(BAD_REQUEST, "Too many messages a second.")
            return
        try:
            request = parse(text_data)
            if request.seen is not None:
                self._confirm(request.seen)
            else:
                await self._subscribe(request)
        except (BadRequest, NoSuchBook) as error:
            await self.end(BAD_REQUEST, str(error))

    def _confirm(self, seen: int) -> None:
        first = self.sent - len(self.unseen)
        if not first <= seen <= self.sent:
            raise BadRequest(f"{seen} frames cannot have been seen: {self.sent} were sent.")
        for _ in range(seen - first):
            self.unseen_bytes -= self.unseen.popleft()
        self.seen_at = asyncio.get_running_loop().time()
        self.wake.set()

    async def _subscribe(self, request: Request) -> None:
        topics = request.subscribe or []
        if self.subscribed:
            raise BadRequest("This connection has subscribed already; open another.")
        self.subscribed = True
        self.needs = needed(topics)
        await self.look_again(await database_sync_to_async(rights)(self.scope["user"]))
        if self.ended:
            return
        self.logs = {suffixed(name, number) for name in logs(topics) for number in range(settings.PARTITIONS)}
        parts = frozenset(topic.partition(":")[0] for topic in topics)
        beginning = await beginnings().of(request.book, parts & {"status", "deliberations"})
        self.view = View(beginning.book, everything="ledger" in topics)
        for group in groups(topics, beginning.book):
            await self._join(group)
        kept = await memo.recall(set(parts), beginning.book)
        await self._give(message(beginning, kept))
        await self._begin(request.after, beginning.positions, tail())

    async def _begin(self, after: dict[Any, int], positions: dict[str, int], reader: Tail) -> None:
        """What the ledger has after the snapshot, or after where the browser stands."""
        self.head = {**self.head, **await reader.heads()}
        for name in self.position:
            start = min(after.get(name, positions.get(name, 0)), positions.get(name, 0))
            if name in self.logs and self.head[name] - start > FARTHEST:
                await self._give(_gap(name, start, positions.get(name, 0)))
                start = positions.get(name, 0)
            self.position[name] = start
        self._start(self._pump(reader))
        self.wake.set()

    async def _join(self, group: str) -> None:
        self.joined.add(group)
        await hub().join(self, group)

    def _start(self, what: Any) -> None:
        task = asyncio.create_task(what)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    # --- sending -------------------------------------------------------------------------------------

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
        except LOST as error:
            log.warning("a browser cannot be told more: %s", error)
            await self.end(UNAVAILABLE, "PostgreSQL does not answer; try again.")

    async def _events(self, reader: Tail, name: str) -> bool:
        """Everything up to the head of the log. False if the browser was let go because it is too slow."""
        while self.position[name] < self.head[name]:
            if self.head[name] - self.position[name] > FARTHEST:
                await self.send(text_data=_gap(name, self.position[name], self.head[name]))
                await self.end(TOO_SLOW, f"Too slow: {self.head[name] - self.position[name]} events behind.")
                return False
            if self._full():
                return True
            frame = await reader.after(name, self.position[name], self.head[name])
            if frame is None:
                return True
            self.position[name] = frame.last
            self.head[name] = max(self.head[name], frame.last)
            if text := frame.text(self.view):
                await self._give(text)
        return True

    def _full(self) -> bool:
        """Whether so much is on its way that the browser must first say that it has seen some."""
        return len(self.unseen) >= WINDOW or self.unseen_bytes >= WINDOW_BYTES

    async def _give(self, text: str) -> None:
        self.sent += 1
        self.unseen.append(len(text))
        self.unseen_bytes += len(text)
        presence.count("frames")
        await self.send(text_data=text)

    # --- what the doors ask and tell -----------------------------------------------------------------

    def is_stuck(self, now: float) -> str:
        if self._full() and now - self.seen_at > PATIENCE_S:
            return f'Too slow: {len(self.unseen)} frames unseen for {PATIENCE_S:.0f} s; say {{"seen": N}}.'
        return ""

    async def look_again(self, held: frozenset[str] | None) -> None:
        if held is None:
            await self.end(LOGGED_OUT, "You are logged out.")
            return
        for topic, right in self.needs.items():
            if right not in held:
                await self.end(FORBIDDEN, f"You may not see {topic}.")

    # --- what the hub hears --------------------------------------------------------------------------

    def hear(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "live.frame":
                self._advance(message["heads"])
                self.newest[message["key"]] = message["text"]
            case "ledger.advanced":
                self._advance(message)
            case "person.changed":
                self._start(self._person_changed(message["session"]))
        self.wake.set()

    def _advance(self, heads: dict[str, Any]) -> None:
        for name in self.head:
            self.head[name] = max(self.head[name], heads.get(name, 0))

    async def _person_changed(self, session: str) -> None:
        """Another password, other rights, no longer active, or logged out here or elsewhere."""
        if session == sessions.fingerprint(self.session_key):
            await self.end(LOGGED_OUT, "You are logged out.")
            return
        try:
            await self.look_again(await database_sync_to_async(rights_of)(self.session_key, self.person))
        except OperationalError as error:
            log.warning("the session of a live socket cannot be checked now: %s", error)


def _gap(name: str, after: int, upto: int) -> str:
    """The browser will not be told of the events after `after` up to `upto`."""
    return encoded({"type": "gap", "log": name, "after": after, "upto": upto})

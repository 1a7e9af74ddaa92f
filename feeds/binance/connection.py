"""One connection to Binance: subscribes within the venue's limits, reads its answers, and notices when it is of no use
any more."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import count
from random import Random
from typing import Any, Literal, NamedTuple

import msgspec

from feeds.binance.plan import BinancePlan
from feeds.binance.watch import Watch
from feeds.connecting import Allowance, Backoff, Silence
from feeds.socket import Socket, open_socket
from streams.messages import AnyTick, Depth, Quote, Trade

log = logging.getLogger(__name__)

KINDS: dict[str, type[AnyTick]] = {"trade": Trade, "aggTrade": Trade, "bookTicker": Quote, "depth@100ms": Depth}
MOST_RETRIES = 40
MOST_AT_ONCE = 250  # they share one time of arrival: what parsing them takes is well below a millisecond
Latest = dict[type, dict[str, Any]]
Address = Literal["named", "stream", "ws"]  # the path: with the names of the streams, or without, and subscribed to
Take = Callable[["Connection", list[bytes]], None]


class NotSubscribed(ConnectionError):
    """The server took none of the subscriptions and sent nothing."""


class Retired(ConnectionError):
    """Another connection has taken over."""


class _Sent(NamedTuple):
    method: str
    names: tuple[str, ...]
    deadline: float


class Connection:
    """What one read of the socket brought is handed over at once: in a burst that is hundreds of frames.
    `latest` has the newest tick of each kind and instrument, shared by the connections that follow on each other.
    `turn` is set when somebody has to act: the connection has ended, or `why` says what it is to be replaced for."""

    def __init__(
        self,
        base: str,
        names: Sequence[str],
        plan: BinancePlan,
        take: Take,
        events: Counter[str],
        watch: Watch,
        latest: Latest,
        *,
        silence_s: float,
        rotate_s: float,
        random: Random,
        address: Address = "named",
    ) -> None:
        self.base = base
        self._address = address
        self.latest = latest
        self.unheard: set[tuple[type, str]] = set()
        self.opened = asyncio.Event()
        self.turn = asyncio.Event()
        self.ended = False
        self.retired = False
        self.overlapping = False
        self.why = ""
        self.data_s = 0.0
        self._names = tuple(names)
        self._streams = [
            (name, KINDS[kind], symbol.upper()) for name in names for symbol, _, kind in [name.partition("@")]
        ]
        self._plan = plan
        self._take = take
        self._events = events
        self._watch = watch
        self._silence_s = silence_s
        self._rotate_s = rotate_s
        self._socket: Socket | None = None
        self._read: list[bytes] = []
        self._ids = count(1)
        self._sent: dict[int, _Sent] = {}
        self._outbox: asyncio.Queue[tuple[str, tuple[str, ...]]] = asyncio.Queue()
        self._retries = 0
        self._unanswered = 0
        self._again: dict[str, float] = {}
        self._pauses = Backoff(plan.first_pause_s, plan.longest_quiet_s, random)
        self._taken: set[str] = set()
        self._seen = {name: latest[kind].get(symbol) for name, kind, symbol in self._streams}
        self._began = self._newest = 0.0

    async def run(self) -> None:
        """Lives until something is wrong, and raises what it was."""
        try:
            async with open_socket(self._url(), self._collect, self._plan.patience) as socket:
                self._socket = socket
                self._events["connects"] += 1
                log.info("connected to %s for %d streams", self.base, len(self._names))
                await self._live(socket)
        finally:
            self._hand_over()
            self.ended = True
            self.opened.set()
            self.turn.set()

    def replace(self, why: str) -> None:
        """Asks for a replacement, and goes on until there is one."""
        if not self.why:
            self.why = why
            self._events[why] += 1
            self.turn.set()

    def retire(self) -> None:
        """Nothing of it is taken any more."""
        self._hand_over()
        self.retired = True
        self.end(Retired("replaced"))

    def end(self, error: Exception) -> None:
        if self._socket is not None:
            self._socket.end(error)

    def _collect(self, raw: bytes) -> None:
        read = self._read
        read.append(raw)
        if len(read) == 1:
            asyncio.get_running_loop().call_soon(self._hand_over)
        elif len(read) == MOST_AT_ONCE:
            self._hand_over()

    def _hand_over(self) -> None:
        frames, self._read = self._read, []
        try:
            if frames and not self.retired:
                self._take(self, frames)
        except Exception as error:  # noqa: BLE001 (it comes out of `run` as it is)
            self.end(error)

    def heard(self, kind: type, instrument: str) -> None:
        """Which stream has come over this connection."""
        self.unheard.discard((kind, instrument))

    @property
    def streams(self) -> set[tuple[type, str]]:
        """What it is to bring: of which instruments what kinds of ticks."""
        return {(kind, symbol) for _, kind, symbol in self._streams}

    def answer(self, raw: bytes) -> None:
        """The server's answer to something that was sent."""
        content = msgspec.json.decode(raw)
        sent = self._sent.pop(content["id"], None) if isinstance(content.get("id"), int) else None
        self._unanswered -= sent is not None
        error = content.get("error", content.get("data", content))
        if not isinstance(error, dict) or "code" not in error:
            if sent and sent.method == "SUBSCRIBE":
                self._taken.update(sent.names)
                self._watch.join(sent.names, time.monotonic())
            return
        self._events["errors"] += 1
        what = f"{sent.method} of {_some(sent.names)}" if sent else "something"
        log.error("%s refuses %s: %s %s", self.base, what, error["code"], error.get("msg"))
        if sent and sent.method == "SUBSCRIBE":
            self._divide(sent.names)

    def _url(self) -> str:
        if self._address != "named":
            return f"{self.base}/{self._address}"
        url = f"{self.base}/stream?streams={self._names[0]}"
        for name in self._names[1:]:
            if len(url) + 1 + len(name) > self._plan.longest_url:
                break
            url += f"/{name}"
        return url

    async def _live(self, socket: Socket) -> None:
        self._began = self._newest = time.monotonic()
        self._watch.begin(self._began)
        self.opened.set()
        size = self._plan.names_a_message
        for at in range(0, len(self._names), size):
            self._request("SUBSCRIBE", self._names[at : at + size])
        tasks = [asyncio.create_task(self._send_all(socket)), asyncio.create_task(self._attend(socket))]
        for task in tasks:
            task.add_done_callback(lambda done: _end_with(socket, done))
        try:
            await socket.ended()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _request(self, method: str, names: tuple[str, ...]) -> None:
        self._unanswered += 1
        self._outbox.put_nowait((method, names))

    async def _send_all(self, socket: Socket) -> None:
        allowance = Allowance(self._plan.messages, self._plan.messages_s)
        while True:
            method, names = await self._outbox.get()
            await allowance.take()
            id = next(self._ids)
            self._sent[id] = _Sent(method, names, time.monotonic() + self._plan.ack_s)
            socket.send(msgspec.json.encode({"method": method, "params": names, "id": id}).decode())

    async def _attend(self, socket: Socket) -> None:
        while True:
            await asyncio.sleep(self._plan.watch_s)
            now = time.monotonic()
            self._look(now)
            if now - self._newest > self._silence_s:
                self._events["silences"] += 1
                raise Silence(f"no tick for {self._silence_s:g} s")
            if now - self._began > self._rotate_s:
                self.replace("rotations")
            self._expect_answers(now)
            self._wake_quiet_streams(now)
            self._ask_again(now)

    def _look(self, now: float) -> None:
        """Which streams have brought something new since the last look."""
        for name, kind, symbol in self._streams:
            tick = self.latest[kind].get(symbol)
            if tick is not self._seen[name]:
                self._seen[name] = tick
                self._watch.heard(name, now)
                self._newest = now
                self.data_s = now - self._began

    def _expect_answers(self, now: float) -> None:
        for id, sent in list(self._sent.items()):
            if now > sent.deadline:
                del self._sent[id]
                self._unanswered -= 1
                self._events["errors"] += 1
                log.error("%s does not answer to %s of %s", self.base, sent.method, _some(sent.names))
        if not (self._unanswered or self._taken or self.data_s):
            raise NotSubscribed(f"{self.base} took none of the subscriptions")

    def _wake_quiet_streams(self, now: float) -> None:
        quiet, hopeless = self._watch.quiet(now)
        if quiet:
            log.warning("%s: nothing of %s, subscribing anew", self.base, _some(quiet))
            self._request("UNSUBSCRIBE", tuple(quiet))
            self._request("SUBSCRIBE", tuple(quiet))
        if hopeless:
            log.warning("%s: still nothing of %s, connecting anew", self.base, _some(hopeless))
            self.replace("silences")

    def _divide(self, names: tuple[str, ...]) -> None:
        """One bad name spoils a request: the others are asked for in halves, until it stands alone. That one is asked
        for again after growing pauses: it may have been the server's fault."""
        if len(names) > 1 and self._retries < MOST_RETRIES:
            self._retries += 2
            middle = len(names) // 2
            self._request("SUBSCRIBE", names[:middle])
            self._request("SUBSCRIBE", names[middle:])
            return
        again_at = time.monotonic() + self._pauses.next_pause()
        for name in names:
            self._watch.leave(name)
            self._again[name] = again_at

    def _ask_again(self, now: float) -> None:
        for name in [name for name, at in self._again.items() if at <= now]:
            del self._again[name]
            self._request("SUBSCRIBE", (name,))


def _end_with(socket: Socket, task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        socket.end(error)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")

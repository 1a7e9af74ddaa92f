"""A local exchange: the protocols of Binance and Alpaca over real sockets, playing a tape, with faults on request."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from feeds.exchange.account import Account
from feeds.exchange.alpaca import AlpacaSession
from feeds.exchange.binance import BinanceSession
from feeds.exchange.connection import Connection, Frame, Spoil, as_it_is
from feeds.exchange.control import Control
from feeds.exchange.delivery import ERROR, ActiveFaults, Delivery, altered, covers, printed, rubbish, stamped
from feeds.exchange.faults import (
    AlpacaError,
    AnyFault,
    BalanceChanged,
    BrokenProtocol,
    ClockSkew,
    Disconnect,
    Drop,
    Duplicate,
    ErrorFrame,
    Freeze,
    GarbageBinary,
    GarbageText,
    Halt,
    Huge,
    Lasting,
    Lost,
    ReconnectStorm,
    Refused,
    ServerShutdown,
    Truncated,
    Unavailable,
)
from feeds.exchange.market import KnownMarket
from feeds.exchange.rest import BinanceRest
from feeds.exchange.settings import Settings
from feeds.exchange.signed import Signatures
from feeds.exchange.tape import Event, Tape
from feeds.exchange.trading import BinanceTrading

AT_ONCE_NS = 1_000_000
YIELD_EVERY = 100
Session = BinanceSession | AlpacaSession


class LocalExchange:
    """`async with LocalExchange(tape) as exchange:` listens on 127.0.0.1 and plays. What it counts can be waited for:
    `connections` (ever accepted), `refused`, `requests`, `rest`, `sent` (frames by stream), `sent_ids` and
    `withheld_ids` (trades by instrument; sent to at least one client, or to none because of a fault), `played`. The one
    account that trades here is `account`."""

    def __init__(
        self, tape: Tape, faults: Sequence[AnyFault] = (), *, port: int = 0, settings: Settings | None = None
    ) -> None:
        self.settings = settings or Settings()
        self.market = KnownMarket(tape)
        self.connections = 0
        self.refused = 0
        self.played = 0
        self.ended = False
        self.requests: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.sent: Counter[str] = Counter()
        self.sent_ids: dict[str, list[int]] = defaultdict(list)
        self._tape = tape
        self._script = faults
        self._wanted_port = port
        self._sessions: list[Session] = []
        self._subscribed = asyncio.Event()
        self._rubbish = rubbish()
        self._tasks: set[asyncio.Task[None]] = set()

    # --- life ------------------------------------------------------------------------------------

    async def __aenter__(self) -> LocalExchange:
        loop = asyncio.get_running_loop()
        self.faults = ActiveFaults(loop.time)
        self._delivery = Delivery(self.faults, self._send, loop.time)
        self._rest = BinanceRest(self.market, self.faults, self.settings, self.now)
        self.account = Account(self.market, self.faults, self.settings, self.now)
        signatures = Signatures(self.settings, self.now)
        trading = BinanceTrading(self.account, self._rest, signatures, self.market, self.faults, self.now)
        app = web.Application()
        app.add_routes(self._rest.routes())
        app.add_routes(trading.routes())
        app.add_routes([web.get(path, self._binance) for path in ("/ws", "/ws/{streams:.+}", "/stream")])
        app.add_routes([web.get(f"/v2/{feed}", self._alpaca) for feed in ("iex", "sip")])
        app.add_routes(Control(self).routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await self._listen(self._wanted_port)
        self._spawn(self._play())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._delivery.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._server.close()
        self._drop_all()
        await self._runner.cleanup()

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def rest_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def open_connections(self) -> int:
        return len(self._sessions)

    @property
    def streams(self) -> list[str]:
        """What the clients that are connected now have subscribed to."""
        return [name for session in self._sessions for name in session.streams]

    @property
    def pongs(self) -> int:
        return sum(session.connection.pongs for session in self._sessions)

    @property
    def rest(self) -> Counter[str]:
        return self._rest.requests

    @property
    def withheld(self) -> Counter[str]:
        return self._delivery.withheld

    @property
    def withheld_ids(self) -> dict[str, list[int]]:
        return self._delivery.withheld_ids

    def now(self) -> int:
        """The exchange's own clock, ns."""
        skew = self.faults.now(ClockSkew)
        return time.time_ns() + (int(skew.by * 1e9) if skew else 0)

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _listen(self, port: int) -> None:
        assert self._runner.server is not None
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._runner.server, "127.0.0.1", port)
        self.port: int = self._server.sockets[0].getsockname()[1]

    # --- faults ----------------------------------------------------------------------------------

    def inject(self, fault: AnyFault) -> None:
        """Its `at` counts from now. Call it in the exchange's event loop."""
        if fault.at:
            self._spawn(self._later(fault))
        else:
            self._begin(fault)

    async def _later(self, fault: AnyFault) -> None:
        await asyncio.sleep(fault.at)
        self._begin(fault)

    def _begin(self, fault: AnyFault) -> None:
        if isinstance(fault, Lasting):
            self.faults.begin(fault)
        match fault:
            case Disconnect():
                for session in self._sessions:
                    session.connection.close(fault.code)
            case Drop() | ReconnectStorm() | Unavailable():
                self._drop_all()
            case Refused():
                self._server.close()
                self._drop_all()
                self._spawn(self._listen_again(fault.lasts_s))
            case BrokenProtocol():
                for session in self._sessions:
                    session.connection.break_protocol()
            case ServerShutdown():
                self._spawn(self._shut_down(fault.after))
            case Halt():
                self._spawn(self._halt(fault))
            case BalanceChanged():
                self.account.free[fault.asset] += fault.by
            case AlpacaError():
                for session in self._sessions:
                    if isinstance(session, AlpacaSession):
                        session.fail(fault.code)

    def _drop_all(self) -> None:
        for session in list(self._sessions):
            session.connection.drop()

    async def _listen_again(self, after: float) -> None:
        await asyncio.sleep(after)
        await self._listen(self.port)

    async def _shut_down(self, after: float) -> None:
        told = list(self._sessions)
        announcement = msgspec.json.encode({"e": "serverShutdown", "E": self.now() // 1_000_000})
        for session in told:
            session.connection.put(announcement)
        await asyncio.sleep(after)
        for session in told:
            session.connection.close()

    async def _halt(self, fault: Halt) -> None:
        for halted in (True, False):
            for symbol in self.market.books:
                if covers(fault.scope, Event(0, symbol, "trade", {})):
                    for session in self._sessions:
                        if isinstance(session, AlpacaSession):
                            session.tell_status(symbol, self.now(), halted=halted, reason=fault.reason)
            if halted:
                await asyncio.sleep(fault.lasts_s)

    # --- the tape --------------------------------------------------------------------------------

    async def _play(self) -> None:
        if self.settings.waits:
            await self._subscribed.wait()
        for fault in self._script:
            self.inject(fault)
        speed, began = self.settings.speed, time.monotonic_ns()
        first = 0
        for event in self._tape.events(loop=self.settings.loop):
            first = first or event.at
            if speed is not None:
                wait = began + int((event.at - first) / speed) - time.monotonic_ns()
                if wait > AT_ONCE_NS:
                    await asyncio.sleep(wait / 1e9)
            self.played += 1
            if self.played % YIELD_EVERY == 0:
                await asyncio.sleep(0)
            self._happens(event)
        self.ended = True

    def _happens(self, event: Event) -> None:
        event = printed(stamped(event, self.faults, time.time_ns() if self.settings.restamp else None), self.faults)
        lost = self.faults.now(Lost, event)
        for known in self.market.observe(event):
            if lost is not None and known.is_trade:
                self.market.forget(known)
            self.account.observe(known)
            self._delivery.take(known)

    def _send(self, event: Event) -> None:
        readers = [session for session in self._sessions if session.wants(event)]
        if not readers:
            return
        seen = altered(event, self.faults)
        spoil = self._spoiling(event)
        streams = {name for session in readers for name in session.deliver(seen, spoil)}
        self.sent.update(streams)
        if event.is_trade:
            self.sent_ids[event.symbol].append(event.id)

    def _spoiling(self, event: Event) -> Spoil:
        """What becomes of the frame of this event: the same for every client."""
        take = self.faults.take
        before: list[Frame] = []
        if take(GarbageText, event):
            before.append((WSMsgType.TEXT, next(self._rubbish)))
        if take(GarbageBinary, event):
            before.append((WSMsgType.BINARY, b"\x00\xff\xfe\x80 binary"))
        if take(ErrorFrame, event):
            before.append((WSMsgType.TEXT, ERROR))
        if (huge := take(Huge, event)) is not None:
            before.append((WSMsgType.TEXT, b"x" * huge.bytes))
        times, half = 2 if take(Duplicate, event) else 1, take(Truncated, event) is not None
        if not before and times == 1 and not half:
            return as_it_is

        def spoil(frame: bytes) -> Iterator[Frame]:
            yield from before
            for _ in range(times):
                yield WSMsgType.TEXT, frame[: len(frame) // 2] if half else frame

        return spoil

    # --- clients ---------------------------------------------------------------------------------

    async def _open(self, request: web.Request) -> Connection:
        """Unless a fault does not let the client in."""
        if self.faults.take(Unavailable):
            self.refused += 1
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse(autoping=False, autoclose=True, compress=False, timeout=1.0)
        await socket.prepare(request)
        self.connections += 1
        self.paths.append(request.path_qs)
        connection = Connection(socket, request, self.settings)
        connection.frozen = lambda: self.faults.now(Freeze) is not None
        if self.faults.take(ReconnectStorm):
            self.refused += 1
            connection.drop()
        return connection

    async def _binance(self, request: web.Request) -> web.StreamResponse:
        connection = await self._open(request)
        combined = request.path == "/stream"
        names = request.query.get("streams", "") if combined else request.match_info.get("streams", "")
        session = BinanceSession(
            connection, self.settings, self.faults, self.market.books, combined=combined, requests=self.requests
        )
        session.begin(name for name in names.split("/") if name)
        return await self._serve(session)

    async def _alpaca(self, request: web.Request) -> web.StreamResponse:
        session = AlpacaSession(
            await self._open(request), self.settings, self.faults, requests=self.requests, admit=self._may_stay
        )
        session.begin()
        try:
            return await self._serve(session)
        finally:
            session.end()

    def _may_stay(self, newcomer: AlpacaSession) -> bool:
        known = [other for other in self._sessions if isinstance(other, AlpacaSession) and other.authenticated]
        return len(known) < self.settings.alpaca_connections

    async def _serve(self, session: Session) -> web.StreamResponse:
        def on_text(text: bytes) -> None:
            session.on_text(text)
            self._note_subscription(session)

        self._sessions.append(session)
        self._note_subscription(session)
        try:
            return await session.connection.serve(on_text)
        finally:
            self._sessions.remove(session)

    def _note_subscription(self, session: Session) -> None:
        if session.streams:
            self._subscribed.set()

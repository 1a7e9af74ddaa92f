"""Tells the browsers, next to the projector: how far the ledger is, prices, open rounds, how the machine is."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any, cast

import msgspec
import psycopg
import redis
import redis.asyncio
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import InterfaceError, OperationalError, connections

from governance.models import Book
from govsite.live import memo
from govsite.live.frames import encoded, framed, group_of_book
from govsite.live.rounds import Rounds
from govsite.live.snapshot import described
from govsite.live.status import Heard, StreamState, stream_names
from govsite.live.ticker import Ticker
from govsite.ops import halting, market, standing
from streams import client, telemetry
from streams.envelope import Refused, decode
from streams.messages import (
    DeadLetter,
    DeliberationResolved,
    LedgerEntry,
    MassCounted,
    ProposalAnnounced,
    Symbol,
    Tick,
)
from streams.partitions import log_names, plain, suffixed

TICKS_EVERY_S = 0.1
STATUS_EVERY_S = 1.0
STATUS_PAUSE_S = 0.25
SAMPLE = 400
LEDGERS = {f"ledger.{name}": name for name in log_names(settings.PARTITIONS)}
ROUNDS = [suffixed(client.DELIBERATIONS, partition) for partition in range(settings.PARTITIONS)]
SYMBOL = msgspec.json.Decoder(Symbol)
LOST = (redis.RedisError, psycopg.OperationalError, OperationalError, InterfaceError, ConnectionError)

log = logging.getLogger(__name__)


class Broadcaster(threading.Thread):
    """A thread with an event loop of its own. Browsers lose nothing by it: what it says can be said again."""

    def __init__(self, redis_url: str) -> None:
        super().__init__(name="broadcaster", daemon=True)
        self.redis_url = redis_url
        self.heads: dict[str, int] = {}
        self._loop = asyncio.new_event_loop()
        self._advanced = asyncio.Event()
        self._traded = asyncio.Event()
        self._ending = asyncio.Event()
        self._database = ThreadPoolExecutor(1, "standing")
        self.outcomes: dict[str, standing.Outcomes] = {}
        self._forget()

    def _forget(self) -> None:
        """What came from Redis; gathered anew after a lost connection."""
        self.ticker, self.heard = Ticker(), Heard()
        self.rounds: dict[str, Rounds] = {}
        self.refused: Counter[str] = Counter()
        self.refused_upto = "0-0"

    def advanced(self, name: str, position: int) -> None:
        """Called by the projector after each commit, from its thread."""
        self._loop.call_soon_threadsafe(self._note, name, position)
        if plain(name) == "execution":
            self._loop.call_soon_threadsafe(self._traded.set)

    def _note(self, name: str, position: int) -> None:
        self.heads[name] = max(self.heads.get(name, 0), position)
        self._advanced.set()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._ending.set)
        self.join(5)

    def run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._main())
        self._database.shutdown()

    async def _main(self) -> None:
        self.layer = get_channel_layer()
        self.redis = redis.asyncio.Redis.from_url(self.redis_url, health_check_interval=30)
        self.reports = client.connect(self.redis_url)
        jobs = (self._follow_ledger, self._tell_ledger, self._tell_ticks, self._tell_rounds, self._tell_status)
        tasks = [asyncio.create_task(self._persist(job)) for job in jobs]
        await self._ending.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._database_run(connections.close_all)
        await self.layer.flush()
        await memo.forget_client()
        await self.redis.aclose()
        self.reports.close()

    async def _persist(self, job: Callable[[], Awaitable[None]]) -> None:
        """Begins a job again after a lost connection, saying so once."""
        said = False
        while True:
            try:
                await job()
            except LOST as error:
                if not said:
                    log.warning("%s waits: %s", job.__name__.removeprefix("_"), _first_line(error))
                said = True
                await self._database_run(connections.close_all)
                await asyncio.sleep(0.5)
            except Exception:
                log.exception("%s failed and begins again", job.__name__.removeprefix("_"))
                await asyncio.sleep(2)

    async def _database_run(self, what: Callable[..., Any], *arguments: Any) -> Any:
        return await self._loop.run_in_executor(self._database, what, *arguments)

    async def _send(self, group: str, key: str, message: dict[str, Any]) -> None:
        await self.layer.group_send(group, framed(group, key, encoded(message), self.heads))

    async def _follow_ledger(self) -> None:
        """What is in a ledger stream is committed: browsers need not wait for the read models."""
        upto = {stream: await self._last_id(stream) for stream in LEDGERS}
        while True:
            for stream, entries in await self.redis.xread(cast("dict[Any, Any]", upto), block=1000, count=100) or []:
                upto[stream.decode()] = entries[-1][0].decode()
                for _, fields in entries:
                    if position := _last_position(fields.get(client.FIELD, b"")):
                        self._note(LEDGERS[stream.decode()], position)

    async def _tell_ledger(self) -> None:
        while True:
            await self._advanced.wait()
            self._advanced.clear()
            await self.layer.group_send("ledger", {"type": "ledger.advanced", "group": "ledger", **self.heads})

    async def _tell_ticks(self) -> None:
        """Ten times a second the newest 400 ticks at most: at any rate of the market this costs the same."""
        self.ticker = Ticker()
        last = await self._last_id(client.TICKS)
        added = await self._added(client.TICKS)
        await self._seed_ticks()
        while True:
            await asyncio.sleep(TICKS_EVERY_S)
            newest = await self.redis.xrevrange(client.TICKS, min=f"({last}", count=SAMPLE)
            if not newest:
                continue
            last, total = newest[0][0].decode(), await self._added(client.TICKS)
            share = max(1.0, (total - added) / len(newest)) if len(newest) == SAMPLE else 1.0
            added = total
            now = _now_ms()
            self.ticker.take(_ticks(newest), now, stand_for=share)
            changed = self.ticker.changed(now)
            if changed:
                await self._send("ticks", "ticks", {"type": "ticks", "at": now, "ticks": changed})
                for symbol, tick in changed.items():
                    await self._send_symbol(symbol, tick, now)

    async def _seed_ticks(self) -> None:
        """Prices of before, so that positions have a value at once; each as old as its entry is."""
        for entry_id, fields in reversed(await self.redis.xrevrange(client.TICKS, count=SAMPLE)):
            at = client.milliseconds_of(entry_id.decode())
            self.ticker.take(_ticks([(entry_id, fields)]), at, stand_for=0.0)

    async def _send_symbol(self, symbol: str, tick: dict[str, Any], now: int) -> None:
        try:
            SYMBOL.decode(msgspec.json.encode(symbol))
        except msgspec.ValidationError:
            return  # no topic can name it, so nobody is subscribed to it
        await self._send(f"ticks.{symbol}", f"ticks.{symbol}", {"type": "ticks", "at": now, "ticks": {symbol: tick}})

    async def _tell_rounds(self) -> None:
        """What was announced in the last tenth of a second, at once."""
        self.rounds = {}
        last = {stream: await self._last_id(stream) for stream in ROUNDS}
        while True:
            await asyncio.sleep(TICKS_EVERY_S)
            answer = await self.redis.xread(cast("dict[Any, Any]", last), count=2000)
            if not answer:
                continue
            last |= {stream.decode(): entries[-1][0].decode() for stream, entries in answer}
            for _, fields in [entry for _, entries in answer for entry in entries]:
                book, body = _booked(fields)
                if isinstance(body, ProposalAnnounced | MassCounted | DeliberationResolved):
                    for name in {"", book}:  # whoever follows no book sees the rounds of all
                        self.rounds.setdefault(name, Rounds()).take(body)
            for name, known in self.rounds.items():
                if rounds := known.changed():
                    message = {"type": "rounds", "at": _now_ms(), "rounds": rounds}
                    await self._send(group_of_book("rounds", name), "rounds", message)

    async def _tell_status(self) -> None:
        """Once a second, and sooner after a trade: positions and money are in it."""
        self.heard, self.refused, self.refused_upto = Heard(), Counter(), "0-0"
        while True:
            now = _now_ms()
            await self._tell_books(await self._machine(now), now)
            ticks = {"type": "ticks", "at": now, "ticks": self.ticker.everything(now)}
            await memo.remember("ticks", encoded(ticks))
            await asyncio.sleep(STATUS_PAUSE_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STATUS_EVERY_S - STATUS_PAUSE_S):
                    await self._traded.wait()
            self._traded.clear()

    async def _tell_books(self, machine: dict[str, Any], now: int) -> None:
        """The machine with each book; who follows none is told of the one founded first."""
        prices, stale = self.ticker.marks(), self.ticker.stale(now)
        books = await self._database_run(_standings, prices, stale, self.outcomes)
        first = next(iter(books), "")
        for name, book in books.items() or [("", {})]:
            text = encoded(machine | book)
            for listed in {name, ""} if name == first else {name}:
                group = group_of_book("status", listed)
                await self.layer.group_send(group, framed(group, "status", text, self.heads))
                await memo.remember("status", text, listed)

    async def _machine(self, now: int) -> dict[str, Any]:
        streams = [await self._stream(name) for name in stream_names(settings.PARTITIONS)]
        reports = await self._database_run(telemetry.processes, self.reports)
        self.heard.take(reports)
        await self._count_refused()
        return {
            "type": "status",
            "at": now,
            "positions": self.heads,
            "processes": self.heard.processes(streams),
            "streams": [{"name": known.name, "length": known.length, "age_ms": known.age_ms(now)} for known in streams],
            "latency": self.heard.latency(),
            "dead_letters": dict(self.refused),
            "source": self.ticker.source,
            "notices": msgspec.to_builtins(await self._database_run(market.told, reports.get("feed"))),
        }

    async def _count_refused(self) -> None:
        while entries := await self.redis.xrange(client.DEAD_LETTERS, min=f"({self.refused_upto}", count=500):
            self.refused_upto = entries[-1][0].decode()
            for _, fields in entries:
                body = _body(fields)
                self.refused[body.code if isinstance(body, DeadLetter) else "UNDECODABLE"] += 1

    async def _stream(self, name: str) -> StreamState:
        try:
            known = await self.redis.xinfo_stream(name)
        except redis.ResponseError:
            return StreamState(name, 0, "0-0")  # nobody has written to it yet
        return StreamState(name, known["length"], known["last-generated-id"].decode())

    async def _last_id(self, name: str) -> str:
        return (await self._stream(name)).last_id

    async def _added(self, name: str) -> int:
        try:
            return int((await self.redis.xinfo_stream(name))["entries-added"])
        except redis.ResponseError:
            return 0


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _booked(fields: dict[bytes, bytes]) -> tuple[str, Any]:
    """The message of an entry and its book; None where it is not a sound one (who wrote it has been told elsewhere)."""
    try:
        envelope = decode(fields.get(client.FIELD, b""))
    except Refused:
        return "", None
    return envelope.book, envelope.body


def _body(fields: dict[bytes, bytes]) -> Any:
    return _booked(fields)[1]


def _ticks(newest_first: list[tuple[bytes, dict[bytes, bytes]]]) -> list[Tick]:
    bodies = [_body(fields) for _, fields in reversed(newest_first)]
    return [body for body in bodies if isinstance(body, Tick)]


def _standings(
    prices: Mapping[str, Decimal], stale: frozenset[str], outcomes: dict[str, standing.Outcomes]
) -> dict[str, dict[str, Any]]:
    """What PostgreSQL knows of each book at these prices, the one founded first first."""
    desks = halting.everywhere()
    return {
        book.book: {
            **halting.of_book(book.book),
            "desks": desks,
            "portfolio": standing.portfolio(book.book, prices, stale),
            "outcomes": outcomes.setdefault(book.book, standing.Outcomes()).of(book.book),
            "book": described(book),
        }
        for book in Book.objects.order_by("founded_at", "book")
    }


def _last_position(raw: bytes) -> int | None:
    """How far an entry of a ledger stream goes; None for what is none (whoever reads it for its events buries it)."""
    try:
        body = decode(raw).body
    except Refused:
        return None
    return body.last if isinstance(body, LedgerEntry) else None

"""The process of the agents: one reader of the streams for all seats, one MULTI/EXEC for all that they answer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import psycopg
import redis

from agents.council import Council
from agents.demo import SeatPlan, seat_council
from agents.recovery import HEARD, Ledger, NoBook
from streams.client import (
    COMMANDS,
    DELIBERATIONS,
    LEDGER_EXECUTION,
    LEDGER_GOVERNANCE,
    TICKS,
    AsyncStreams,
    Entry,
    Streams,
    milliseconds_of,
)
from streams.envelope import Envelope, Refused, decode
from streams.journal import Journal
from streams.messages import CoreStarted, LedgerEntry, ProposalAnnounced, Tick
from streams.partitions import partition_of, suffixed
from streams.stopping import Stop, Stopping, persist
from streams.telemetry import Telemetry

log = logging.getLogger(__name__)

NAME = "agents"
DEMO_BOOK = "demo"
BLOCK_MS = 100
BATCH = 500
WARM_UP_MS = 30_000
SILENCE_NS = 250_000_000
REDIS_LOST = (redis.ConnectionError, redis.TimeoutError)
HEARD_BYTES = tuple(topic.encode() for topic in HEARD)
POSTGRES_LOST = (psycopg.OperationalError,)
POSTGRES_NOT_READY = (*POSTGRES_LOST, psycopg.errors.UndefinedTable, psycopg.errors.UndefinedFunction, NoBook)


class Worker:
    """Runs the seats that `plans` describe (`only` some of them). Whatever is lost on the way, memory is dropped and
    the start is gone through again; signals warm up on the ticks of the last 30 s, which propose nothing any more."""

    def __init__(
        self,
        *,
        database_url: str,
        redis_url: str,
        stop: Stop,
        plans: Sequence[SeatPlan],
        book: str,
        only: Sequence[str] = (),
        record: Path | None = None,
        partitions: int = 1,
    ) -> None:
        partition = partition_of(book, partitions)
        self.stop = stop
        self.plans = plans
        self.book = book
        self.only = only
        self.ledger = Ledger(database_url, book, partition)
        self.commands = suffixed(COMMANDS, partition)
        self.governed = suffixed(LEDGER_GOVERNANCE, partition)
        self.heard = [suffixed(DELIBERATIONS, partition), suffixed(LEDGER_EXECUTION, partition), self.governed]
        self.direct = Streams(redis_url)
        self.streams = AsyncStreams(redis_url)
        self.telemetry = Telemetry(self.direct.redis, process_name(only, book))
        self.telemetry.state = "starting"
        self.journal = Journal(record) if record else None
        self.council: Council = seat_council(plans, book, only=only)
        self.positions: dict[str, str] = {}
        self._heard_at = 0
        self._errors = 0

    async def run(self) -> None:
        """Until told to stop."""
        try:
            while not self.stop:
                try:
                    await self.start()
                    while not self.stop:
                        await self.turn()
                except REDIS_LOST as error:
                    log.warning("lost Redis: %s", _first_line(error))
                except POSTGRES_LOST as error:
                    log.warning("lost PostgreSQL: %s", _first_line(error))
        except Stopping as waited_for:
            log.info("told to stop while waiting for %s", waited_for)
        finally:
            await self._close()

    # --- start and end ------------------------------------------------------------------------------

    async def start(self) -> None:
        """Waits for Redis, PostgreSQL and the book, then tells a new council where the book stands."""
        self.telemetry.state = "waiting"
        await asyncio.to_thread(persist, "Redis", self._find_ends, self.stop, errors=REDIS_LOST)
        what = f"the book {self.book} in PostgreSQL"
        await asyncio.to_thread(persist, what, self._begin, self.stop, errors=POSTGRES_NOT_READY)
        self._heard_at = time.time_ns()
        self.telemetry.state = "running"
        self.telemetry.beat(force=True)
        names = ", ".join(seat.name for seat in self.council.seats)
        log.info("%s sit in the book %s, mode %s", names, self.book, self.council.view.mode)

    def _find_ends(self) -> None:
        """Where reading begins: taken before the ledger is read, so that nothing falls in between."""
        self.telemetry.beat(force=True)
        from_ms = max(0, milliseconds_of(self.direct.last_id(TICKS)) - WARM_UP_MS)
        self.positions = {
            **{stream: self.direct.last_id(stream) for stream in self.heard},
            TICKS: f"{from_ms}-0",
        }

    def _begin(self) -> None:
        """A new council, told what the ledger has; in a journal its part of the run begins with `CoreStarted`."""
        self.council = seat_council(self.plans, self.book, only=self.only)
        self._errors = 0
        now = time.time_ns()
        if self.journal:
            started = CoreStarted(core=self.telemetry.process, events=0)
            self.journal.write(Envelope(id=f"start:{now}", body=started, actor=NAME, sent_at=now), now)
        for message in self.ledger.beginning():
            self.telemetry.beat()
            self._hand(message, now)

    async def _close(self) -> None:
        try:
            self.telemetry.leave()
        except REDIS_LOST as error:
            log.warning("left without a word, Redis is gone: %s", _first_line(error))
        if self.journal:
            self.journal.close()
        self.ledger.close()
        await self.streams.close()
        self.direct.redis.close()

    # --- one turn -----------------------------------------------------------------------------------

    async def turn(self) -> None:
        """Reads what has come, hands it to the council, publishes what it answers."""
        entries = await self.streams.read(self.positions, block_ms=BLOCK_MS, count=BATCH)
        waiting = self._take(entry for entry in entries if entry.stream != TICKS)
        if waiting and len(entries) > BATCH // 2:  # nobody should wait for our ballots while we fold a backlog
            await self._publish(waiting)
            waiting = []
        ticks = [entry for entry in entries if entry.stream == TICKS]
        waiting += self._take(ticks)
        if waiting:
            await self._publish(waiting)
        if ticks:
            self.telemetry.read_up_to(TICKS, ticks[-1].id, entries=len(ticks))
            self.telemetry.counters["ticks"] += len(ticks)
        await self._watch_the_table()
        self._tell()

    def _take(self, entries: Iterable[Entry]) -> list[Envelope]:
        """The answers to all entries; what does not decode is buried. The latency is that of the oldest tick."""
        commands: list[Envelope] = []
        observed = False
        for entry in entries:
            self.positions[entry.stream] = entry.id
            if entry.stream == self.governed and not any(topic in entry.raw for topic in HEARD_BYTES):
                continue  # rounds: nothing of them is for agents, and they are what the log is full of
            try:
                message = decode(entry.raw)
            except Refused as refusal:
                self._refuse(entry, refusal)
                continue
            now = time.time_ns()
            body = message.body
            if isinstance(body, LedgerEntry) and body.log == "execution":
                self._heard_at = now
                for missing in self.ledger.missing_before(body):
                    self._hand(missing, now)
            elif not observed and isinstance(body, Tick):
                observed = True
                self.telemetry.observe("stream_to_agent", now - message.sent_at)
            elif isinstance(body, ProposalAnnounced):
                self.telemetry.counters["announcements"] += 1
            commands += self._hand(message, now)
        return commands

    def _hand(self, message: Envelope, now: int) -> list[Envelope]:
        commands = self.council.handle(message, now)
        if self.journal:
            self.journal.write(message, now)
            for command in commands:
                self.journal.write(command, now)
        return commands

    async def _publish(self, commands: list[Envelope]) -> None:
        self.streams.signer.numbers = self.council.view.keys
        await self.streams.publish(self.commands, commands)
        self.telemetry.counters["commands"] += len(commands)

    def _refuse(self, entry: Entry, refusal: Refused) -> None:
        self.telemetry.counters[f"refused:{refusal.code}"] += 1
        self.direct.bury(entry, refusal, origin=NAME)

    async def _watch_the_table(self) -> None:
        """The table is the truth: in a silence of the stream it is asked whether something was missed."""
        now = time.time_ns()
        if now - self._heard_at < SILENCE_NS:
            return
        self._heard_at = now
        for message in await asyncio.to_thread(self.ledger.missing):
            self._hand(message, now)

    def _tell(self) -> None:
        if (errors := self.council.errors) != self._errors:
            self.telemetry.counters["agent_errors"] += errors - self._errors
            self._errors = errors
        for reason, count in self.council.dropped().items():
            self.telemetry.counters[f"dropped:{reason}"] = count
        self.telemetry.beat()
        if self.journal:
            self.journal.flush()


def process_name(only: Sequence[str], book: str = DEMO_BOOK) -> str:
    """Processes that run only some seats say which; those of another book than the demo's say of which."""
    name = "-".join([NAME, *only])
    return name if book == DEMO_BOOK else f"{name}:{book}"


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__

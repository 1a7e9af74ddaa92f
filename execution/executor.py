"""The executor: follows the governance log, lets the desks execute its decisions, commits what came of them."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterable, Sequence
from itertools import chain, takewhile
from pathlib import Path

import psycopg
import redis

from execution.calls import Calls
from execution.dispatch import Dispatch
from execution.domain.floor import Floor
from execution.domain.order import Order
from execution.intake import ledger_entry_of, tick_of
from execution.reconciliation import PAPER, Reconciliation
from execution.recording import InputRecord
from execution.recovery import restore
from execution.reporting import Reporting
from execution.transactions import Transactions
from execution.venues.remote import RemoteVenue
from ledger.application import Head, LedgerApplication, RecordedEvent
from ledger.errors import Conflict, Corrupt, Fenced, LeaseHeld
from ledger.follower import Follower
from ledger.snapshots import Positions
from streams.client import LEDGER_GOVERNANCE, TICKS, Entry, Streams, milliseconds_of
from streams.envelope import Refused, decode
from streams.events import (
    AGGREGATES,
    CashMoveOrdered,
    DecisionReached,
    PositionAdjustmentOrdered,
    ReconciliationOrdered,
    encode_event,
)
from streams.messages import Code
from streams.partitions import suffixed
from streams.stopping import Stop, Stopping, persist
from streams.telemetry import Telemetry

log = logging.getLogger(__name__)

NAME = "executor"
BLOCK_MS = 10
PATIENCE_S = 2.0  # with a Redis that neither answers nor closes; a read waits 10 ms at most
PAUSE_S = 0.1
LOOKS_A_PING = 8
CORRUPT_PAUSE_S = 1.0
BATCH = 1000
FOLDED_AT_ONCE = 5000
MOST_DECISIONS = 100
WARM_UP_MS = 12_000  # a feed tells its order books whole every 10 s
SILENCE_NS = 250_000_000
SECOND_NS = 1_000_000_000
POSTGRES_LOST = (psycopg.OperationalError,)
POSTGRES_NOT_READY = (*POSTGRES_LOST, psycopg.errors.UndefinedTable, psycopg.errors.UndefinedFunction)
REDIS_LOST = (redis.ConnectionError, redis.TimeoutError, redis.ResponseError)  # a full disk is an answer
INSTRUCTIONS = (CashMoveOrdered, PositionAdjustmentOrdered)
OF_THE_BOOK = AGGREGATES["Book"]


class Executor:
    """The one writer of the execution log. Its mark is the position in the governance log up to which
    everything is executed; it moves in the transaction of what was executed, so nothing is executed twice."""

    def __init__(
        self,
        *,
        database_url: str,
        redis_url: str,
        stop: Stop,
        record: Path | None = None,
        owner: str = "",
        venue: RemoteVenue | None = None,
        partition: int = 0,
        waits: bool = True,
    ) -> None:
        """`waits`: for a lease that another has; otherwise this executor ends then."""
        self.stop = stop
        self.partition = partition
        self.waits = waits
        self.decided = suffixed(LEDGER_GOVERNANCE, partition)
        self.application = LedgerApplication(database_url, "execution", partition, owner)
        self.follower = Follower(self.application, "governance", partition)
        self.streams = Streams(redis_url, timeout_s=PATIENCE_S)
        self.telemetry = Telemetry(self.streams.redis, suffixed(NAME, partition))
        self.reporting = Reporting(self.telemetry)
        self.record = InputRecord(record) if record else None
        self.positions: dict[str, str] = {}
        self._seen = 0
        self._heard_at = 0
        self._renew_at = 0
        self.calls = Calls(venue) if venue else None
        self.venue = venue.name if venue else PAPER
        self.telemetry.gauges["venue"] = self.venue
        self.dispatch: Dispatch | None = None
        self._begin(0)

    def _begin(self, marked: int) -> None:
        """Whatever was known before is forgotten."""
        self.floor = Floor()
        self.transactions = Transactions(
            self.application,
            self.floor,
            record=self.record,
            marked=marked,
            bury=self._bury,
            tell=self.reporting.committed,
            send=self._send,
        )
        self.reconciliation = Reconciliation(self.application.recorder.reading, self.transactions, self.partition)
        if self.calls is not None:
            self.calls.begin_anew()
            self.dispatch = Dispatch(
                self.calls,
                told=self.transactions.told,
                commit=self.transactions.book,
                mode=self.transactions.mode,
                hold=self.reconciliation.held,
            )

    def run(self) -> None:
        """Until told to stop. Whatever is lost on the way, memory is dropped and the start is gone through again."""
        try:
            while not self.stop:
                try:
                    self.start()
                    while not self.stop:
                        self.turn()
                    self.finish()
                except Fenced as error:
                    log.warning("another executor has taken over: %s", error)
                except LeaseHeld as error:
                    log.info("partition %d is another's: %s", self.partition, error)
                    break
                except Corrupt as error:
                    log.critical("nothing is executed: %s; run `manage.py audit verify`", error)
                    self.telemetry.state = "corrupt"
                    self._beat()
                    self.stop.wait(CORRUPT_PAUSE_S)
                except POSTGRES_LOST as error:
                    log.warning("lost PostgreSQL: %s", _first_line(error))
                except REDIS_LOST as error:
                    log.warning("lost Redis: %s", _first_line(error))
                    self._hold_out()
        except Stopping as waited_for:
            log.info("told to stop while waiting for %s", waited_for)
        finally:
            self.close()

    def _hold_out(self) -> None:
        """Without Redis nothing new is executed, but a halt holds: what works is cancelled, and asked after."""
        try:
            while not self.stop and self.telemetry.state == "running":
                for _ in range(LOOKS_A_PING):
                    self.application.renew()
                    self._work(time.time_ns())
                    self.stop.wait(PAUSE_S)
                with contextlib.suppress(*REDIS_LOST):
                    return self._beat()
        except (Fenced, *POSTGRES_LOST) as error:
            log.warning("lost the ledger as well: %s", _first_line(error))

    # --- start and end ------------------------------------------------------------------------------

    def start(self) -> None:
        """Waits for Redis, PostgreSQL and the lease, then recovers everything from the ledger."""
        self.telemetry.state = "waiting"
        persist("Redis", self._beat, self.stop, errors=REDIS_LOST)
        persist("PostgreSQL", self._ask_postgres, self.stop, errors=POSTGRES_NOT_READY)
        lease = "the lease of the execution log"
        held = (LeaseHeld,) if self.waits else ()
        self._recover(persist(lease, self._acquire, self.stop, errors=held, longest_s=0.4))
        self.telemetry.state = "running"
        self._catch_up()
        self._keep_up()
        log.info("executing from position %d of the governance log, venue: %s", self._seen, self.venue)

    def _beat(self) -> None:
        self.telemetry.beat(force=True)

    def _ask_postgres(self) -> None:
        self._beat()
        self.application.recorder.reading.run("SELECT 1 FROM head LIMIT 1")

    def _acquire(self) -> Head:
        self._beat()
        return self.application.acquire()

    def _recover(self, head: Head) -> None:
        self._seen = self.follower.position = int(head.mark or 0)
        if (last := self.follower.reader.last_position()) < self._seen:
            raise Corrupt(f"the governance log ends at {last}, but was executed to {self._seen}")
        self._begin(self._seen)
        history: Iterable[RecordedEvent] = self._history(head)
        if self.record:
            history = list(history)
            self.record.started(history, time.time_ns())
        self._heard_at = self._renew_at = 0
        from_ms = max(0, milliseconds_of(self.streams.last_id(TICKS)) - WARM_UP_MS)
        self.positions = {TICKS: f"{from_ms}-0", self.decided: f"{self._seen}-0"}
        for number, recorded in enumerate(history):
            self.floor.apply(recorded.event)
            if number % FOLDED_AT_ONCE == 0:
                self._keep_up()
        self._observe_all()
        self.floor.begin()
        if self.record:
            self.record.opened(time.time_ns())

    def _history(self, head: Head) -> Iterable[RecordedEvent]:
        """What happened since the newest snapshot, or since the start where a recording has to tell it all."""
        at = Positions()
        if not self.record:
            reading = self.application.recorder.reading
            at = restore(self.floor, reading, mark=self._seen, position=head.position, partition=self.partition)
        books = self.follower.reader.events(after=at.governance, aggregates=("Book",))
        known = takewhile(lambda recorded: recorded.position <= self._seen, books)
        return chain(known, self.application.events(after=at.execution))

    def _catch_up(self) -> None:
        """What was decided meanwhile, a little at a time: the lease does not wait for all of it."""
        while not self.stop and (recorded := self.follower.catch_up(FOLDED_AT_ONCE)):
            self.handle(recorded)
            self._keep_up()

    def finish(self) -> None:
        self.transactions.move_mark(self._seen)
        self.application.release()

    def close(self) -> None:
        try:
            self.telemetry.leave()
        except REDIS_LOST as error:
            log.warning("left without a word, Redis is gone: %s", _first_line(error))
        if self.calls:
            self.calls.close()
        if self.record:
            self.record.close()
        self.application.close()
        self.streams.redis.close()

    # --- one turn -----------------------------------------------------------------------------------

    def turn(self) -> None:
        """Reads what was decided, observes all ticks up to then, then executes: whoever was stopped for a while meets
        the market of now, not that of then.

        Ticks are fetched when there is a decision, and every 10 ms: a wake-up for each would cost more."""
        decided = {self.decided: self.positions[self.decided]}
        entries = self.streams.read(decided, block_ms=BLOCK_MS, count=BATCH)
        self._observe_all()
        now = time.time_ns()
        recorded = self._take(entries)
        if recorded:
            self._heard_at = now
        elif now - self._heard_at >= SILENCE_NS:
            recorded = self.follower.catch_up(FOLDED_AT_ONCE)
            self._heard_at = now if len(recorded) < FOLDED_AT_ONCE else 0
        self._work(now)
        self.handle(recorded)
        self._keep_up()

    def _work(self, now: int) -> None:
        """Orders in hand: on paper what ticks and time have made of them, at a venue what it says."""
        desks = [desk for desk in self.floor.desks.values() if desk.orders]
        if desks:
            self.transactions.look_at_gates(now)
        for desk in desks:
            self.transactions.advance(desk, now)
        if self.dispatch:
            self.dispatch.pursue(list(self.floor.desks.values()), now)

    def _send(self, book: str, orders: list[Order], now: int) -> None:
        if self.dispatch:
            self.dispatch.send(book, orders, now)

    def _observe_all(self) -> None:
        """Every tick that is in the stream."""
        while not self.stop:
            ticks = self.streams.read({TICKS: self.positions[TICKS]}, block_ms=None, count=BATCH)
            self._observe(ticks, time.time_ns())
            if len(ticks) < BATCH:
                return
            self._keep_up()

    def _take(self, entries: Sequence[Entry]) -> list[RecordedEvent]:
        """What is new of the governance log."""
        recorded: list[RecordedEvent] = []
        for entry in entries:
            self.positions[entry.stream] = entry.id
            try:
                recorded += self.follower.accept(ledger_entry_of(entry))
            except Refused as refusal:
                self._refuse(entry, refusal)
        return recorded

    def _observe(self, entries: Sequence[Entry], now: int) -> None:
        observe, record = self.floor.observe, self.record
        for entry in entries:
            try:
                tick = tick_of(entry)
            except Refused as refusal:
                self._refuse(entry, refusal)
                continue
            self.telemetry.read_up_to(TICKS, entry.id)
            observe(tick)
            if record:
                record.tick(decode(entry.raw), now)
        if entries:
            self.positions[TICKS] = entries[-1].id
            self.telemetry.counters["ticks"] += len(entries)

    def _refuse(self, entry: Entry, refusal: Refused) -> None:
        self.telemetry.counters[f"refused:{refusal.code}"] += 1
        self.streams.bury(entry, refusal, origin=NAME)

    def handle(self, recorded: Sequence[RecordedEvent]) -> None:
        """Governance events in their order; neighbouring decisions of one book share a transaction."""
        batch: list[RecordedEvent] = []
        for event in recorded:
            body = event.event.body
            governs = isinstance(body, OF_THE_BOOK)
            orders = isinstance(body, DecisionReached) and body.orders
            full = len(batch) == MOST_DECISIONS
            if batch and (governs or full or (orders and event.event.book != batch[0].event.book)):
                self.transactions.execute(batch, self._seen)
                batch = []
            if governs:
                self._govern(event, time.time_ns())
            elif orders:
                batch.append(event)
            self._seen = event.position
        if batch:
            self.transactions.execute(batch, self._seen)

    def _govern(self, recorded: RecordedEvent, now: int) -> None:
        """What the book is and may, and what operators order of its desk."""
        if isinstance(recorded.event.body, INSTRUCTIONS):
            self.transactions.instruct(recorded)
            return
        self.floor.apply(recorded.event)
        if isinstance(recorded.event.body, ReconciliationOrdered):
            self.reconciliation.order(recorded.event.book)
        if self.record:
            self.record.given([recorded], now)

    def _keep_up(self) -> None:
        """Once a second the lease is renewed, and the mark moved past what had no orders; books are reconciled."""
        now = time.time_ns()
        if now >= self._renew_at:
            self._renew_at = now + SECOND_NS
            self.application.renew()
            self.transactions.move_mark(self._seen)
        if self.telemetry.state == "running":
            self.reconciliation.check(self.floor.desks.values(), self.dispatch, now)
        self.telemetry.beat(now)

    def _bury(self, recorded: RecordedEvent, error: Exception) -> None:
        """What the log or the desk does not take for what it is: kept for people, and passed."""
        name = type(recorded.event.body).__name__
        log.error("%s at position %d cannot be executed: %s", name, recorded.position, error)
        code = Code.DUPLICATE if isinstance(error, Conflict) else Code.INVALID
        entry = Entry(self.decided, f"{recorded.position}-0", encode_event(recorded.event.body))
        self._refuse(entry, Refused(code, str(error)))


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]

"""The executor: follows the governance log, lets the desks execute its decisions, commits what came of them."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from itertools import chain, takewhile
from pathlib import Path

import psycopg
import redis

from execution.domain.floor import Floor
from execution.intake import ledger_entry_of, tick_of
from execution.recording import InputRecord
from ledger import gate
from ledger.application import Commit, Head, LedgerApplication, RecordedEvent
from ledger.errors import BadData, Conflict, Fenced, GateClosed, LeaseHeld, LedgerError
from ledger.follower import Follower
from ledger.records import Gate
from streams.client import LEDGER_GOVERNANCE, TICKS, Entry, Streams, milliseconds_of
from streams.envelope import Refused, decode
from streams.events import (
    FINAL,
    BookFounded,
    DecisionReached,
    DomainEvent,
    InstrumentListed,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    encode_event,
)
from streams.messages import Code
from streams.stopping import Stop, Stopping, persist
from streams.telemetry import Telemetry

log = logging.getLogger(__name__)

NAME = "executor"
BLOCK_MS = 10
BATCH = 1000
FOLDED_AT_ONCE = 5000
MOST_DECISIONS = 100
WARM_UP_MS = 5_000
SILENCE_NS = 250_000_000
SECOND_NS = 1_000_000_000
POSTGRES_LOST = (psycopg.OperationalError,)
POSTGRES_NOT_READY = (*POSTGRES_LOST, psycopg.errors.UndefinedTable, psycopg.errors.UndefinedFunction)
REDIS_LOST = (redis.ConnectionError, redis.TimeoutError)


class Executor:
    """The one writer of the execution log. Its mark is the position in the governance log up to which
    everything is executed; it moves in the transaction of what was executed, so nothing is executed twice."""

    def __init__(
        self, *, database_url: str, redis_url: str, stop: Stop, record: Path | None = None, owner: str = ""
    ) -> None:
        self.stop = stop
        self.application = LedgerApplication(database_url, "execution", owner=owner)
        self.follower = Follower(self.application, "governance")
        self.streams = Streams(redis_url)
        self.telemetry = Telemetry(self.streams.redis, NAME)
        self.record = InputRecord(record) if record else None
        self.floor = Floor()
        self.positions: dict[str, str] = {}
        self._behind = False
        self._barriers: dict[str, Gate] = {}
        self._seen = 0
        self._marked = 0
        self._heard_at = 0
        self._renew_at = 0

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
                except POSTGRES_LOST as error:
                    log.warning("lost PostgreSQL: %s", _first_line(error))
                except REDIS_LOST as error:
                    log.warning("lost Redis: %s", _first_line(error))
        except Stopping as waited_for:
            log.info("told to stop while waiting for %s", waited_for)
        finally:
            self.close()

    # --- start and end ------------------------------------------------------------------------------

    def start(self) -> None:
        """Waits for Redis, PostgreSQL and the lease, then recovers everything from the ledger."""
        self.telemetry.state = "waiting"
        persist("Redis", self._beat, self.stop, errors=REDIS_LOST)
        persist("PostgreSQL", self._ask_postgres, self.stop, errors=POSTGRES_NOT_READY)
        lease = "the lease of the execution log"
        self._recover(persist(lease, self._acquire, self.stop, errors=(LeaseHeld,), longest_s=0.4))
        self.telemetry.state = "running"
        log.info("executing from position %d of the governance log", self._seen)

    def _beat(self) -> None:
        self.telemetry.beat(force=True)

    def _ask_postgres(self) -> None:
        self._beat()
        self.application.recorder.reading.run("SELECT 1 FROM head LIMIT 1")

    def _acquire(self) -> Head:
        self._beat()
        return self.application.acquire()

    def _recover(self, head: Head) -> None:
        self.floor = Floor()
        self._barriers.clear()
        self._seen = self._marked = self.follower.position = int(head.mark or 0)
        founding = self.follower.reader.events(aggregates=("Book",))
        founded = takewhile(lambda recorded: recorded.position <= self._seen, founding)
        history: Iterable[RecordedEvent] = chain(founded, self.application.events())
        if self.record:
            history = list(history)
            self.record.started(history, time.time_ns())
        self._heard_at = self._renew_at = 0
        from_ms = max(0, milliseconds_of(self.streams.last_id(TICKS)) - WARM_UP_MS)
        self.positions = {TICKS: f"{from_ms}-0", LEDGER_GOVERNANCE: f"{self._seen}-0"}
        for number, recorded in enumerate(history):
            self.floor.apply(recorded.event)
            if number % FOLDED_AT_ONCE == 0:
                self._keep_up()
        self._warm_up()

    def _warm_up(self) -> None:
        """Reads the ticks of the last seconds, so that the first decision finds the prices of now."""
        while not self.stop:
            entries = self.streams.read({TICKS: self.positions[TICKS]}, block_ms=None, count=BATCH)
            self._take(entries, time.time_ns())
            self._keep_up()
            if len(entries) < BATCH:
                return

    def finish(self) -> None:
        self._move_mark()
        self.application.release()

    def close(self) -> None:
        try:
            self.telemetry.leave()
        except REDIS_LOST as error:
            log.warning("left without a word, Redis is gone: %s", _first_line(error))
        if self.record:
            self.record.close()
        self.application.close()
        self.streams.redis.close()

    # --- one turn -----------------------------------------------------------------------------------

    def turn(self) -> None:
        """Reads what was decided, observes all ticks up to then, then executes.

        Ticks are fetched when there is a decision, and every 10 ms: a wake-up for each would cost more."""
        decided = {LEDGER_GOVERNANCE: self.positions[LEDGER_GOVERNANCE]}
        entries = self.streams.read(decided, block_ms=None if self._behind else BLOCK_MS, count=BATCH)
        ticks = self.streams.read({TICKS: self.positions[TICKS]}, block_ms=None, count=BATCH)
        self._behind = len(ticks) == BATCH
        now = time.time_ns()
        recorded = self._take([*ticks, *entries], now)
        if recorded:
            self._heard_at = now
        elif now - self._heard_at >= SILENCE_NS:
            recorded = self.follower.catch_up()
            self._heard_at = now
        self.handle(recorded)
        self._keep_up()

    def _take(self, entries: Sequence[Entry], now: int) -> list[RecordedEvent]:
        """Observes the ticks and gives what is new of the governance log."""
        if not entries:
            return []
        ticks = [entry for entry in entries if entry.stream == TICKS]
        self._observe(ticks, now)
        recorded: list[RecordedEvent] = []
        for entry in entries if len(ticks) < len(entries) else ():
            if entry.stream != TICKS:
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
            founds = isinstance(event.event.body, BookFounded | InstrumentListed)
            orders = isinstance(event.event.body, DecisionReached) and event.event.body.orders
            full = len(batch) == MOST_DECISIONS
            if batch and (founds or full or (orders and event.event.book != batch[0].event.book)):
                self._execute(batch, self._seen)
                batch = []
            if founds:
                self._found(event, time.time_ns())
            elif orders:
                batch.append(event)
            self._seen = event.position
        if batch:
            self._execute(batch, self._seen)

    def _found(self, recorded: RecordedEvent, now: int) -> None:
        if isinstance(recorded.event.body, BookFounded | InstrumentListed):
            self.floor.apply(recorded.event)
            if self.record:
                self.record.given([recorded], now)

    def _keep_up(self) -> None:
        """Once a second the lease is renewed, and the mark moved past what had no orders."""
        now = time.time_ns()
        if now >= self._renew_at:
            self._renew_at = now + SECOND_NS
            self.application.renew()
            self._move_mark()
        self.telemetry.beat(now)

    def _move_mark(self) -> None:
        if self._seen > self._marked:
            self.application.commit([], mark=str(self._seen))
            self._marked = self._seen

    # --- execution ----------------------------------------------------------------------------------

    def _execute(self, batch: Sequence[RecordedEvent], mark: int) -> None:
        """Commits a batch of decisions of one book; the mark is the last position that it settles."""
        try:
            while not self._commit(batch, mark):
                log.info("the gate of %s closed while %d decisions were executed", batch[0].event.book, len(batch))
        except (Conflict, BadData) as error:
            if len(batch) == 1:
                self._bury(batch[0], error)
                return
            log.warning("%d decisions do not go together into the log, one by one then: %s", len(batch), error)
            for decision in batch:
                self._execute([decision], decision.position)

    def _commit(self, batch: Sequence[RecordedEvent], mark: int) -> bool:
        """False if the gate moved between our look at it and the commit: nothing was written, look again."""
        book = batch[0].event.book
        barrier = self._barrier(book)
        desk, now = self.floor.desk(book), time.time_ns()
        draft, events = desk.draft(), list[DomainEvent]()
        for recorded in batch:
            decision = recorded.event.body
            assert isinstance(decision, DecisionReached)
            made = draft.execute(
                decision,
                committed_at=recorded.recorded_at,
                cause_id=recorded.event_id,
                correlation=recorded.event.correlation_id,
                now=now,
                mode=barrier.mode,
            )
            for event in made:
                draft.apply(event)
            events += made
        try:
            gate_book = None if barrier.mode == "HALTED" else book
            commit = self.application.commit(events, mark=str(mark), gate_book=gate_book, gate_mode=barrier.mode)
        except GateClosed:
            del self._barriers[book]
            return False
        for event in events:
            desk.apply(event)
        self._marked = mark
        if self.record:
            self.record.gate(book, barrier, now)
            self.record.given(batch, now)
            self.record.flush()
        self._tell(batch, events, commit)
        return True

    def _barrier(self, book: str) -> Gate:
        """The gate as last seen, since a commit made for another mode than the one that holds is refused; a halted
        book is looked at each time, because its cancellations need no gate."""
        seen = self._barriers.get(book)
        if seen is None or seen.mode == "HALTED":
            seen = self._barriers[book] = gate.read(self.application.recorder.reading.connection, book)
        return seen

    def _bury(self, recorded: RecordedEvent, error: LedgerError) -> None:
        """A decision that the log does not take for what it is: kept for people, and passed."""
        log.error("the decision at position %d cannot be executed: %s", recorded.position, error)
        code = Code.DUPLICATE if isinstance(error, Conflict) else Code.INVALID
        entry = Entry(LEDGER_GOVERNANCE, f"{recorded.position}-0", encode_event(recorded.event.body))
        self._refuse(entry, Refused(code, str(error)))

    # --- telemetry ----------------------------------------------------------------------------------

    def _tell(self, batch: Sequence[RecordedEvent], events: Sequence[DomainEvent], commit: Commit) -> None:
        done = time.time_ns()
        decided = {recorded.event_id: recorded for recorded in batch}
        counters = self.telemetry.counters
        counters["decisions"] += len(batch)
        counters["commits"] += 1
        for event in events:
            body = event.body
            if isinstance(body, OrderFilled):
                counters["fills"] += 1
                decision = decided[event.causation_id]
                self.telemetry.observe("execution", done - decision.recorded_at)
                told = decision.event.body
                if isinstance(told, DecisionReached) and not told.released:  # an operator's time is no latency
                    self.telemetry.observe("end_to_end", done - body.received_at)
            if isinstance(body, FINAL):
                counters[f"orders:{type(body).__name__.removeprefix('Order').lower()}"] += 1
            if isinstance(body, OrderRejected | OrderCancelled | OrderExpired):
                counters[f"refused:{body.reason}"] += 1
        self.telemetry.gauges["position"] = commit.last


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]

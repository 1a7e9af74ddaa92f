"""One uninterrupted ownership of the governance log: its connections, its chambers, and how far it has read."""

from __future__ import annotations

import logging
import time

import psycopg
import redis
from msgspec import structs

from governance.backlog import Backlog
from governance.consumed import Consumed
from governance.custodian import Custodian
from governance.domain.chamber import COMMANDS as COMMAND_TYPES
from governance.domain.chamber import Chamber
from governance.domain.gatekeeping import FEED
from governance.domain.step import Answer, GateSetting, Refusal, Step, empty
from governance.identities import DOUBTED, Identities
from governance.readings import Publisher
from governance.recovery import chambers_from, executed_envelope, gate_envelope, interrupted_entries, rewind_stream
from governance.screening import Screening
from governance.timing import Timing
from ledger import gate
from ledger.application import GateChange, InboxEntry, LedgerApplication
from ledger.errors import LedgerError
from ledger.follower import Follower
from ledger.records import Head
from streams.client import COMMANDS, DELIBERATIONS, LEDGER_EXECUTION, TICKS, Entry, Streams, after, milliseconds_of
from streams.envelope import Envelope, Refused, decode, derived_id
from streams.journal import Journal
from streams.messages import (
    ClockAdvanced,
    Code,
    DeliberationResolved,
    LedgerEntry,
    SenderDoubted,
    Tick,
)
from streams.partitions import suffixed
from streams.telemetry import Telemetry

log = logging.getLogger(__name__)

LOST = (psycopg.OperationalError, redis.ConnectionError, redis.TimeoutError)
LONGEST_WAIT_MS = 10
BATCH = 1000
TOGETHER = 100
LEAST_WARM_UP_S = 60  # ticks of so long ago are read before anything is decided, or of all that volatility looks at
GATE_EVERY_NS = 50_000_000
RENEW_EVERY_NS = 1_000_000_000
STREAMS_EVERY_NS = 1_000_000_000
IDLE_EVERY_NS = 250_000_000
ANSWERS_EVERY_NS = 100_000_000  # refusals alone wait for company, so that rubbish costs few commits


class Session:
    """`careful`: what a crash interrupted is taken one command at a time, because together it could not be taken."""

    def __init__(
        self,
        database_url: str,
        redis_url: str,
        journal: Journal | None,
        *,
        careful: bool = False,
        partition: int = 0,
        owner: str = "",
    ) -> None:
        self.database_url = database_url
        self.careful = careful
        self.journal = journal
        self.streams = Streams(redis_url)
        self.streams.redis.ping()
        self.ledger = LedgerApplication(database_url, "governance", partition, owner)
        self.execution = Follower(database_url, "execution", partition)
        self.commands, self.announced = suffixed(COMMANDS, partition), suffixed(DELIBERATIONS, partition)
        self.executed = suffixed(LEDGER_EXECUTION, partition)
        self.gates = psycopg.connect(database_url, autocommit=True)
        self.telemetry = Telemetry(self.streams.redis, suffixed("governor", partition))
        self.timing = Timing(self.telemetry)
        self.readings = Publisher(self.streams.redis)
        self.screening = Screening()
        self.identities = Identities(self.streams.signer.secrets)
        self.consumed = Consumed(self.ledger.answered)
        self.custodian = Custodian(self.streams, self.commands, partition)
        self.chambers: dict[str, Chamber] = {}
        self.backlog = Backlog("0-0")
        self.positions: dict[str, str] = {}
        self.step = Step([], [], [], [], [], [])
        self.sent_by: dict[str, Entry] = {}
        self._behind = False
        self._due = dict.fromkeys(("gate", "renew", "idle", "answers", "streams"), 0)

    def close(self) -> None:
        try:
            self.ledger.release()
            self.telemetry.leave()
        except (*LOST, LedgerError) as error:
            log.info("left without releasing the lease: %s", str(error).strip())
        self.screening.close()
        self.gates.close()
        self.execution.close()
        self.ledger.close()
        self.streams.redis.close()

    # --- recovery ---------------------------------------------------------------------------------

    def recover(self, head: Head) -> None:
        """Chambers from the ledger; then every proposal that a crash interrupted is recorded as expired."""
        self.chambers = chambers_from(self.ledger, self.execution, self.journal)
        mark = head.mark or "0-0"
        tampered = self.custodian.look(mark, mark)
        rewind_stream(self.streams, self.commands, mark)
        self.backlog = Backlog(mark)
        self.positions = {
            self.commands: mark,
            TICKS: f"{max(0, milliseconds_of(self.streams.last_id(TICKS)) - self._warm_up_ms())}-0",
            self.executed: f"{self.execution.position}-0",
        }
        self._observe_gates(time.time_ns())
        self._warm_up()
        for number, entry in enumerate(
            interrupted_entries(self.streams, self.commands, self.positions[self.commands]), 1
        ):
            if self.careful:
                self._take_interrupted(entry)
                continue
            self._command(entry, time.time_ns(), interrupted=True)
            if number % TOGETHER == 0:
                self._commit()
        self._doubt_all(tampered, time.time_ns())
        self._commit()

    def _warm_up_ms(self) -> int:
        """A price that was too volatile a window ago forbids for another one."""
        windows = [2 * chamber.state.terms.volatility_window_s for chamber in self.chambers.values()]
        return 1_000 * (max([LEAST_WARM_UP_S, *windows]) + 2)

    def _warm_up(self) -> None:
        last = self.streams.last_id(TICKS)
        while after(last, self.positions[TICKS]):
            ticks = self.streams.read({TICKS: self.positions[TICKS]}, block_ms=None, count=BATCH)
            if not ticks:
                return
            for entry in ticks:
                self.positions[TICKS] = entry.id
                self._take(entry)

    def _take_interrupted(self, entry: Entry) -> None:
        """One at a time, so that a command that breaks the chamber or the ledger is found and buried."""
        now = time.time_ns()
        try:
            self._command(entry, now, interrupted=True)
            self._commit()
        except (*LOST, LedgerError):
            raise
        except Exception as error:
            log.exception("the command %s cannot be handled", entry.id)
            self.step = Step([], [], [], [], [], [])
            self._bury(entry, Refused(Code.INVALID, f"{type(error).__name__}: {error}"))
            self.backlog.answered(entry.id)

    # --- one pass ---------------------------------------------------------------------------------

    def pass_once(self) -> None:
        """Read, decide, announce, commit, tell: one transaction for everything that one read produced."""
        awaited = {stream: self.positions[stream] for stream in (self.executed, self.commands)}
        entries = self.streams.read(awaited, block_ms=self._wait_ms(), count=BATCH)
        if not self.custodian.sound(entries, time.time_ns()) and self._guard_streams(time.time_ns()):
            return  # what was read has other ids now: it is read again
        # Ticks are fetched when something asks for prices, and every 10 ms: a wake-up for each would cost more.
        ticks = self.streams.read({TICKS: self.positions[TICKS]}, block_ms=None, count=BATCH)
        self._behind = len(ticks) == BATCH
        for stream in (self.executed, TICKS, self.commands):
            for entry in ticks if stream == TICKS else entries:
                if entry.stream == stream:
                    self.positions[stream] = entry.id
                    self._take(entry)
        now = time.time_ns()
        for entry, message, problem in self.screening.finished():
            self._screened(entry, message, problem, now)
        self._housekeeping(now, idle=not entries)
        for book, chamber in self.chambers.items():
            if (deadline := chamber.deadline()) is not None and deadline <= now:
                self._keep(Envelope(id="clock", body=ClockAdvanced(), actor="governor", sent_at=now, book=book), now)
                self._merge(chamber.advance(now))
        self._announce()
        if self.step.events or (self.step.answers and now >= self._due["answers"]):
            self._due["answers"] = now + ANSWERS_EVERY_NS
            self._commit()

    def _wait_ms(self) -> int | None:
        if self._behind:
            return None
        deadlines = [chamber.deadline() for chamber in self.chambers.values()]
        next_deadline = min((deadline for deadline in deadlines if deadline is not None), default=None)
        if next_deadline is None:
            return LONGEST_WAIT_MS
        left_ns = next_deadline - time.time_ns()
        return min(-(-left_ns // 1_000_000), LONGEST_WAIT_MS) if left_ns > 0 else None

    def _take(self, entry: Entry) -> None:
        now = time.time_ns()
        if entry.stream == self.commands:
            self._command(entry, now)
            return
        try:
            message = decode(entry.raw)
        except Refused as refusal:
            self._bury(entry, refusal)
            return
        if isinstance(message.body, Tick):
            self.telemetry.read_up_to(TICKS, entry.id)
            self._to_all(message, now)
        elif isinstance(message.body, LedgerEntry) and (executed := self._in_order(message, message.body)):
            self._to_all(executed, now)

    def _command(self, entry: Entry, now: int, *, interrupted: bool = False) -> None:
        self.backlog.read(entry.id)
        self.positions[self.commands] = entry.id
        self.custodian.taken()
        try:
            message = decode(entry.raw)
            if not isinstance(message.body, COMMAND_TYPES):
                raise Refused(Code.UNKNOWN_TYPE, f"{type(message.body).__name__} is no command")
            addressed = self._addressed(message)
            seat = self.chambers[self._book_of(message)].state.seats.get(message.actor)
            self.identities.check(message, entry, seat.key if seat else None, now)
        except Refused as refusal:
            self._bury(entry, refusal)
            if refusal.code in DOUBTED:
                doubt = SenderDoubted(claimed=message.actor, code=refusal.code, detail=refusal.detail[:500])
                self._doubt(self._book_of(message), doubt, now)
            self.backlog.answered(entry.id)
            return
        self.backlog.read(entry.id, len(addressed))
        for told in addressed:
            if not self.consumed.has(told, entry, interrupted=interrupted):
                self._hand_over(told, entry, now, interrupted)
                continue
            self.backlog.answered(entry.id)
            if not told.actor.startswith("operator:"):  # the outbox sends again on purpose
                self._bury(entry, Refused(Code.DUPLICATE, f"the command {told.id} was consumed before"))

    def _hand_over(self, message: Envelope, entry: Entry, now: int, interrupted: bool) -> None:
        self.timing.heard(message, now, interrupted=interrupted)
        self.sent_by[entry.id] = entry
        if interrupted:
            self._screened(entry, message, self.screening.problem(message), now, interrupted=True)
        elif not self.screening.submit(entry, message):
            self._screened(entry, message, "", now)

    def _screened(self, entry: Entry, message: Envelope, problem: str, now: int, *, interrupted: bool = False) -> None:
        """What the sandbox has tried: texts that are not sound never reach a chamber."""
        if not problem:
            self._keep(message, now, entry_id=entry.id, interrupted=interrupted)
            chamber = self.chambers[message.book or next(iter(self.chambers))]
            self._merge(chamber.handle(message, now, entry_id=entry.id, interrupted=interrupted))
            return
        step = empty()
        step.refusals.append(Refusal(entry.id, Code.RULE_REFUSED, problem, message.id))
        step.answers.append(Answer(message.id, entry.id, f"refused:{Code.RULE_REFUSED}"))
        self._merge(step)

    def _addressed(self, message: Envelope) -> list[Envelope]:
        """A command as each book that it is for is given it. What a feed says of the market is for every book: the
        first has it as it came, the others under an id of their own, so that each answers for itself."""
        first = self._book_of(message)
        if first not in self.chambers:
            raise Refused(Code.UNKNOWN_BOOK, f"there is no book {message.book!r}")
        if message.book or message.actor.partition(":")[0] != FEED:
            return [message]
        others = [book for book in self.chambers if book != first]
        return [message, *(structs.replace(message, id=derived_id(message.id, book), book=book) for book in others)]

    def _book_of(self, message: Envelope) -> str:
        return message.book or next(iter(self.chambers), "")

    def _guard_streams(self, now: int) -> bool:
        """Whether somebody had tampered with the stream of commands, or with the dead letters."""
        self._due["streams"] = now + STREAMS_EVERY_NS
        tampered = self.custodian.look(self.backlog.mark, self.positions[self.commands])
        self._doubt_all(tampered, now)
        return bool(tampered)

    def _doubt_all(self, doubts: list[SenderDoubted], now: int) -> None:
        for body in doubts:
            for book in self.chambers:
                self._doubt(book, body, now)

    def _doubt(self, book: str, body: SenderDoubted, now: int) -> None:
        """Who speaks in another's name is told to the book; once, until a person has looked at it."""
        doubt_id = derived_id("doubt", book, body.claimed, now)
        doubt = Envelope(id=doubt_id, body=body, actor="governor", sent_at=now, book=book)
        self._keep(doubt, now)
        self._merge(self.chambers[book].handle(doubt, now))

    def _in_order(self, message: Envelope, entry: LedgerEntry) -> Envelope | None:
        """The executions of an entry; where something is missing before it or known already, by way of the table."""
        if entry.first == self.execution.position + 1:
            self.execution.position = entry.last
            return message
        events = self.execution.accept(entry)
        return executed_envelope(events) if events else None

    def _to_all(self, message: Envelope, now: int) -> None:
        self._keep(message, now)
        for chamber in self.chambers.values():
            self._merge(chamber.handle(message, now))

    def _keep(self, message: Envelope, now: int, *, entry_id: str = "", interrupted: bool = False) -> None:
        if self.journal:
            self.journal.write(message, now, entry_id=entry_id, interrupted=interrupted)

    # --- what comes out ---------------------------------------------------------------------------

    def _merge(self, step: Step) -> None:
        """Collects what one call gave; a halt that a guard asked for takes hold at once."""
        if step.gate is not None and self.step.gate is not None:
            self._commit()  # one transaction moves one gate
        into = self.step
        into.announcements.extend(step.announcements)
        into.events.extend(step.events)
        into.answers.extend(step.answers)
        into.resolved.extend(step.resolved)
        into.gate = step.gate or into.gate
        for halt in step.halts:
            gate.halt(self.gates, halt.book, who=halt.who, why=halt.why, command_id=halt.command_id)
            self._due["gate"] = 0
            if into.gate is not None and into.gate.origin == "NORMAL":
                into.gate = None  # the book is halted, which is stricter than what the same moment asked for
        for refusal in step.refusals:
            self._bury(self.sent_by[refusal.entry_id], Refused(refusal.code, refusal.detail))

    def _bury(self, entry: Entry, refusal: Refused) -> None:
        self.telemetry.counters[f"refused:{refusal.code}"] += 1
        self.streams.bury(entry, refusal, origin="governor")

    def _announce(self) -> None:
        if self.step.announcements:
            self.streams.publish(self.announced, self.step.announcements)
            self.step.announcements.clear()

    def _commit(self) -> None:
        """One transaction: events, answers, the mark, the gate. Only then anybody is told what was decided."""
        step, self.step = self.step, Step([], [], [], [], [], [])
        inbox = [self._answer(answer.command_id, answer.entry_id, answer.result) for answer in step.answers]
        change = None if step.gate is None else self._change(step.gate)
        commit = self.ledger.commit(step.events, mark=self.backlog.mark, inbox=inbox, gate=change)
        self.timing.committed(step.events, time.time_ns())
        if step.gate is not None:
            self._due["gate"] = 0
        if step.resolved:
            self.streams.publish(self.announced, [_at_position(message, commit.last) for message in step.resolved])

    def _change(self, setting: GateSetting) -> GateChange:
        """Who tightens sets the book's own gate; who opens it moves the one that holds, that of all books maybe. The
        database refuses either where the gate is not any more what the chamber went by."""
        tightens = setting.origin == "NORMAL"
        return GateChange(
            book=setting.book if tightens else gate.read(self.gates, setting.book).book,
            origin=setting.origin,
            mode=setting.mode,
            who=setting.who,
            why=setting.why,
            command_id=setting.command_id,
        )

    def _answer(self, command_id: str, entry_id: str, result: str) -> InboxEntry:
        self.backlog.answered(entry_id)
        entry = self.sent_by.pop(entry_id, None)
        if result.startswith("refused:") and entry is not None:
            self.telemetry.counters[result] += 1
        return InboxEntry(command_id=command_id, entry_id=entry_id, result=result)

    # --- housekeeping -----------------------------------------------------------------------------

    def _housekeeping(self, now: int, *, idle: bool) -> None:
        if now >= self._due["gate"]:
            self._due["gate"] = now + GATE_EVERY_NS
            self._observe_gates(now)
        if now >= self._due["renew"]:
            self._due["renew"] = now + RENEW_EVERY_NS
            self.ledger.renew()
            if self.journal:
                self.journal.flush()
        if now >= self._due["idle"]:
            self._due["idle"] = now + IDLE_EVERY_NS
            if idle and (missed := self.execution.catch_up()):
                self._to_all(executed_envelope(missed), now)
        if now >= self._due["streams"]:
            self._guard_streams(now)
        self.telemetry.gauges["waiting"] = len(self.backlog)
        self.telemetry.beat(now)
        self.readings.publish(self.chambers, now)

    def _observe_gates(self, now: int) -> None:
        """The gate in PostgreSQL is the truth about modes; a chamber is told when it differs from what it knows."""
        for book, chamber in self.chambers.items():
            standing = gate.read(self.gates, book)
            if standing.mode != chamber.state.mode:
                message = gate_envelope(standing, book, now)
                self._keep(message, now)
                self._merge(chamber.handle(message, now))

    def settle_open_rounds(self) -> None:
        """Before leaving on purpose: open rounds reach their deadline (a second at most)."""
        give_up = time.time_ns() + IDLE_EVERY_NS * 4
        while any(chamber.deliberates for chamber in self.chambers.values()) and time.time_ns() < give_up:
            self.pass_once()
        self._commit()


def _at_position(message: Envelope, position: int) -> Envelope:
    if not isinstance(message.body, DeliberationResolved):
        return message
    return structs.replace(message, body=structs.replace(message.body, position=position))

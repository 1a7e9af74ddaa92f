"""The three cores in one process, on a virtual clock, with a ledger in memory: backtest, consistency test, what-if."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from uuid import uuid5

import msgspec

from agents.council import Council
from execution.domain.desk import Desk, NotBooked
from governance.domain.chamber import Chamber
from governance.domain.scoreboard import SCORER
from governance.domain.step import Halt, Step
from govsite.scorer import Scorer
from streams.envelope import NAMESPACE, Envelope, derived_id
from streams.events import FINAL, TOPICS, DecisionReached, DomainEvent, encode_event
from streams.messages import AnyTick, Command, GateObserved, LedgerEntry, LedgerRow, Log, Mode


class MemoryLog:
    """One log without a database: the same rows and positions, and a digest instead of a hash chain."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.position = 0
        self.digest = hashlib.sha256()
        self.counts: Counter[str] = Counter()

    def append(self, events: Iterable[DomainEvent], now: int) -> LedgerEntry:
        first = self.position + 1
        rows = tuple(self._row(event) for event in events)
        return LedgerEntry(log=self.log, partition=0, first=first, last=self.position, recorded_at=now, rows=rows)

    def _row(self, event: DomainEvent) -> LedgerRow:
        self.position += 1
        topic = TOPICS[type(event.body)]
        state = encode_event(event.body)
        originator = str(event.originator_id)
        self.counts[topic] += 1
        self.digest.update(f"{self.position}\x1f{originator}\x1f{event.originator_version}\x1f{topic}\x1f".encode())
        self.digest.update(state)
        return LedgerRow(
            position=self.position,
            event_id=str(uuid5(NAMESPACE, f"{self.log}\x1f0\x1f{self.position}")),
            aggregate_id=originator,
            version=event.originator_version,
            topic=topic,
            correlation_id=event.correlation_id,
            causation_id=event.causation_id,
            actor=event.actor,
            book=event.book,
            command_id=event.command_id,
            state=msgspec.Raw(state),
        )


def equity_of(desk: Desk) -> Decimal:
    markets = {name: desk.prices.view(name) for name in desk.account.positions}
    return desk.account.equity({name: view.price for name, view in markets.items() if view is not None})


class Pipeline:
    """One book; the desk reads the chamber's prices. Time is the tick's receive time: messages take none, windows and
    deadlines are kept."""

    def __init__(
        self, council: Council, chamber: Chamber, desk: Desk, founding: Iterable[tuple[Log, list[DomainEvent]]]
    ):
        self.council = council
        self.chamber = chamber
        self.desk = desk
        self.scorer = Scorer(chamber.state, partial(self.on_command, SCORER))
        self.mode: Mode = "NORMAL"
        self.logs: dict[Log, MemoryLog] = {"governance": MemoryLog("governance"), "execution": MemoryLog("execution")}
        self.decisions: Counter[str] = Counter()
        self.orders: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.commands = 0
        self.now = 0
        self._told_at = 0
        self._given = 0
        self._queue: deque[Envelope] = deque()
        for log, events in founding:
            self._tell_council(self.logs[log].append(events, 0), 0)

    def on_tick(self, tick: AnyTick) -> None:
        """One tick through all rooms, with everything that it causes."""
        now = self.now = tick.received_at
        self._advance_to(now)
        message = Envelope(id=tick.id, body=tick, actor="feed", sent_at=now)
        self.chamber.handle(message, now)
        self.desk.venue.observe(tick)
        self._work(now)
        self.scorer.on_tick(tick)
        if commands := self.council.handle(message, now):
            self._queue.extend(commands)
            self._drain(now)

    def on_command(self, actor: str, command: Command) -> None:
        """A command beside those of the council: of the feed, of an operator, of a what-if."""
        command_id = derived_id("command", actor, self._given, type(command).__name__)
        self._given += 1
        self._queue.append(Envelope(id=command_id, body=command, actor=actor, sent_at=self.now))
        self._drain(self.now)

    def finish(self) -> None:
        """Lets every open deliberation reach its deadline."""
        while self.chamber.deliberates and (deadline := self.chamber.deadline()) is not None:
            self._advance_to(deadline)

    @property
    def digest(self) -> str:
        """sha256 over all events in order, governance before execution."""
        return hashlib.sha256(b"".join(log.digest.digest() for log in self.logs.values())).hexdigest()

    def equity(self) -> Decimal:
        """Cash and positions at the last prices, in the quote currency."""
        return equity_of(self.desk)

    def _advance_to(self, now: int) -> None:
        """Both rooms through what is due until then, in the order of time."""
        while True:
            deadline, due = self.chamber.deadline(), self.desk.next_due()
            if due is not None and due <= now and (deadline is None or due < deadline):
                at = max(due, self._told_at)  # what is due at once has no time of its own
                self._work(at)
            elif deadline is not None and deadline <= now:
                at = deadline
                self._settle(self.chamber.advance(deadline), deadline)
            else:
                break
            self._drain(at)
        self._told_at = now

    def _drain(self, now: int) -> None:
        while self._queue:
            command = self._queue.popleft()
            self.commands += 1
            entry_id = f"{now // 1_000_000}-{self.commands}"
            self._settle(self.chamber.handle(command, now, entry_id=entry_id), now)

    def _settle(self, step: Step, now: int) -> None:
        """What the shells do with a step: announce, commit, execute, tell."""
        for announcement in (*step.announcements, *step.resolved):
            self._queue.extend(self.council.handle(announcement, now))
        for answer in step.answers:
            if answer.result.startswith("refused:"):
                self.refused[answer.result.partition(":")[2]] += 1
        if step.gate is not None:
            self.mode = step.gate.mode
        entry = self._record("governance", step.events, now) if step.events else None
        for halt in step.halts:
            self._halt(halt, now)
        for row, event in zip(entry.rows if entry else (), step.events, strict=True):
            self._follow(row, event, now)
        self._work(now)

    def _halt(self, halt: Halt, now: int) -> None:
        """The gate falls at once, as the database's would."""
        self.mode = "HALTED"
        body = GateObserved(mode="HALTED", who=halt.who, why=halt.why, gate_at=now)
        message = Envelope(id=halt.command_id, body=body, actor="governor", sent_at=now, book=halt.book)
        self._settle(self.chamber.handle(message, now), now)

    def _follow(self, row: LedgerRow, event: DomainEvent, now: int) -> None:
        """The desk hears of everything that was decided, and does what that asks of it."""
        self.desk.apply(event)
        if isinstance(event.body, DecisionReached):
            self.decisions[event.body.outcome] += 1
        try:
            made = self.desk.follow(event, event_id=row.event_id, committed_at=now, now=now, mode=self.mode)
        except NotBooked:
            return  # an executor would bury it
        self._executed(made, now)

    def _work(self, now: int) -> None:
        """What goes on at the desk beside decisions."""
        self._executed(self.desk.advance(now, self.mode), now)

    def _executed(self, events: list[DomainEvent], now: int) -> None:
        for event in events:
            self.desk.apply(event)
            if isinstance(event.body, FINAL):
                self.orders[type(event.body).__name__.removeprefix("Order").lower()] += 1
        if events:
            self._record("execution", events, now)

    def _record(self, log: Log, events: list[DomainEvent], now: int) -> LedgerEntry:
        """Appends, and tells those who follow the execution log."""
        entry = self.logs[log].append(events, now)
        if log == "execution":
            self._settle(self.chamber.handle(self._tell_council(entry, now), now), now)
        return entry

    def _tell_council(self, entry: LedgerEntry, now: int) -> Envelope:
        message = Envelope(id=f"{entry.log}:{entry.last}", body=entry, actor="relay", sent_at=now)
        self._queue.extend(self.council.handle(message, now))
        return message

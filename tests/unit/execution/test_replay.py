"""What an executor recorded leads to the same events again, over restarts too."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from execution.domain.desk import NotBooked
from execution.domain.floor import Floor
from execution.domain.replay import Replay
from govsite.pipeline import MemoryLog
from streams.envelope import Envelope
from streams.events import (
    BookFounded,
    BookReconciled,
    BookTerms,
    CancelOrdered,
    CashMoveOrdered,
    DomainEvent,
    Event,
    OrderCancelled,
    PositionAdjustmentOrdered,
    aggregate_id,
    event_of,
)
from streams.messages import AnyMessage, ClockAdvanced, CoreStarted, GateObserved, LedgerEntry, Log, Mode, Quote, Trade
from tests.unit.execution.market import BOOK, BTC, MS, T0, decision, governed, limit_ticket, opened, quote, trade
from tests.unit.execution.test_desk_properties import ETH, Asked, Step, books, steps

D = Decimal


class Recorded:
    """A floor that is run as the executor runs it, and what the executor writes down of that."""

    def __init__(self, terms: BookTerms) -> None:
        self.inputs: list[tuple[Envelope, int]] = []
        self.events: list[DomainEvent] = []
        self.logs: dict[Log, MemoryLog] = {"governance": MemoryLog("governance"), "execution": MemoryLog("execution")}
        self.entries: dict[Log, list[LedgerEntry]] = {"governance": [], "execution": []}
        self.now = T0
        self.mode: Mode = "NORMAL"
        founded = BookFounded(
            book=BOOK, quote="USDT", instruments=(BTC, ETH), terms=terms, who="operator:a", why="demo"
        )
        self._commit("governance", [governed(founded)])
        self._commit("execution", [opened("20000")])
        self.start()

    def start(self) -> None:
        """Drops memory and recovers it from the logs."""
        history = [*self.entries["governance"], *self.entries["execution"]]
        self._write(CoreStarted(core="executor", events=sum(len(entry.rows) for entry in history)))
        self.floor, self.mode = Floor(), "NORMAL"
        for entry in history:
            self._write(entry)
            for row in entry.rows:
                self.floor.apply(event_of(row))
        self.floor.begin()
        self._write(ClockAdvanced())

    def step(self, step: Step) -> None:
        self.now += step.ms * MS
        self._gate(step.mode)
        match step.what:
            case Trade() | Quote() as tick:
                seen = msgspec.structs.replace(tick, market_at=self.now, received_at=self.now)
                self.floor.observe(seen)
                self._write(seen)
            case Asked(orders, name, late_ms):
                self.follow(decision(*orders, name=name), self.now - late_ms * MS)
            case Event() as body:
                self.follow(body, self.now)
        self.advance()

    def follow(self, body: Event, committed_at: int) -> None:
        event = msgspec.structs.replace(governed(body), correlation_id="tick")
        entry = self._commit("governance", [event], committed_at)
        self.floor.apply(event)
        try:
            made = self.floor.desk(BOOK).follow(
                event, event_id=entry.rows[0].event_id, committed_at=committed_at, now=self.now, mode=self.mode
            )
        except NotBooked:
            made = []
        self._executed(made)
        self._write(entry)

    def advance(self) -> None:
        if made := self.floor.desk(BOOK).advance(self.now, self.mode):
            self._executed(made)
            self._write(ClockAdvanced(), BOOK)

    def told(self, event: DomainEvent) -> None:
        """What comes from outside of the core: a venue's word, a reconciliation."""
        self._write(self._executed([event]))

    def replayed(self) -> tuple[list[DomainEvent], Replay]:
        replay = Replay()
        return [event for message, now in self.inputs for event in replay.handle(message, now)], replay

    def _gate(self, mode: Mode) -> None:
        if mode != self.mode:
            self.mode = mode
            self._write(GateObserved(mode=mode, who="operator:a", why="", gate_at=self.now), BOOK)

    def _executed(self, events: list[DomainEvent]) -> LedgerEntry:
        for event in events:
            self.floor.apply(event)
        self.events += events
        return self._commit("execution", events)

    def _commit(self, log: Log, events: list[DomainEvent], at: int = T0) -> LedgerEntry:
        entry = self.logs[log].append(events, at)
        self.entries[log].append(entry)
        return entry

    def _write(self, body: AnyMessage, book: str = "") -> None:
        message = Envelope(id=f"{len(self.inputs)}", body=body, actor="executor", sent_at=self.now, book=book)
        self.inputs.append((message, self.now))


@given(inputs=steps, terms=books, restarts=st.sets(st.integers(min_value=0, max_value=30), max_size=2))
def test_the_same_inputs_lead_to_the_same_events_and_the_same_book(
    inputs: list[Step], terms: BookTerms, restarts: set[int]
) -> None:
    run = Recorded(terms)
    for number, step in enumerate(inputs):
        if number in restarts:
            run.start()
        run.step(step)
    events, replay = run.replayed()
    assert list(map(str, events)) == list(map(str, run.events))  # a number that is none is not equal to itself
    desk, again = run.floor.desk(BOOK), replay.floor.desk(BOOK)
    assert again.account == desk.account
    assert list(again.orders) == list(desk.orders)


def test_what_rests_is_filled_again_by_the_same_tick() -> None:
    run = Recorded(BookTerms())
    for what in (quote(), Asked((limit_ticket("buy", "0.1", "59990.00"),), "1", 0), trade("59980.00")):
        run.step(Step(1, "NORMAL", what))
    kinds = [type(event.body).__name__ for event in run.events]
    assert kinds == ["OrderAccepted", "OrderWorking", "OrderFilled"]
    assert run.replayed()[0] == run.events


def test_what_operators_order_is_booked_again_and_refused_again() -> None:
    run = Recorded(BookTerms())
    asked = limit_ticket("buy", "0.1", "59990.00")
    adjusted = PositionAdjustmentOrdered(instrument="BTCUSDT", quantity=D(1), price=D(60000), who="a", why="found")
    for what in (
        Asked((asked,), "1", 0),
        CashMoveOrdered(amount=D(-18000), who="operator:a", why="more than is free"),
        CashMoveOrdered(amount=D(-14000), who="operator:a", why="rent"),
        adjusted,
        CancelOrdered(order_id=asked.order_id, who="operator:a", why="enough"),
    ):
        run.step(Step(1, "NORMAL", what))
    kinds = [type(event.body).__name__ for event in run.events]
    assert kinds == ["OrderAccepted", "OrderWorking", "CashMoved", "PositionAdjusted", "OrderCancelled"]
    assert [event.originator_version for event in run.events[2:4]] == [2, 3]
    assert isinstance(run.events[4].body, OrderCancelled)
    assert run.replayed()[0] == run.events


def test_the_word_of_others_is_folded_as_it_was() -> None:
    run = Recorded(BookTerms())
    reconciled = DomainEvent(
        originator_id=aggregate_id("Account", BOOK),
        originator_version=2,
        body=BookReconciled(venue="testnet", instruments=("BTCUSDT",)),
        correlation_id="c",
        causation_id="c",
        actor="executor",
        book=BOOK,
    )
    run.told(reconciled)
    run.step(Step(1, "NORMAL", CashMoveOrdered(amount=D(1), who="operator:a", why="found")))
    assert [event.originator_version for event in run.events] == [2, 3]
    assert run.replayed()[0] == run.events

"""All seats of a process under one view: every message is folded once, then handed to the seats that want it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from agents.agent import View
from agents.seat import Seat
from rules.engine import TextRefused
from streams.envelope import Envelope
from streams.events import TOPICS, SeatGranted, decode_event
from streams.messages import (
    AnyTick,
    BookSnapshot,
    Depth,
    LedgerEntry,
    ModeChanged,
    ProposalAnnounced,
    Quote,
    Tick,
    Trade,
)

log = logging.getLogger(__name__)

NEVER = 2**63
GRANTED = TOPICS[SeatGranted]
Declared = Callable[[SeatGranted, View], Seat]


class Group:
    """Seats that are called with ticks of the same kinds at the same pace; `due` is the market time of the next call,
    by instrument."""

    def __init__(self, every_ns: int) -> None:
        self.every_ns = every_ns
        self.seats: list[Seat] = []
        self.due: dict[str, int] = {}


class Kind:
    """Who wants one kind of tick: those who absorb all of them, and the groups with the earliest `due` of any."""

    def __init__(self) -> None:
        self.absorbing: list[tuple[Callable[[Tick], None], Seat]] = []
        self.groups: list[Group] = []
        self.due: dict[str, int] = {}


class Council:
    """`declared` makes the seat of whoever is granted one with signals, while everything runs."""

    def __init__(self, seats: Iterable[Seat], view: View, declared: Declared | None = None) -> None:
        self.seats = list(seats)
        self.view = view
        self.declared = declared
        self._kinds: dict[type[Any], Kind] = {}
        self._handlers: dict[type[Any], Callable[[Envelope, int], list[Envelope]]] = {
            ProposalAnnounced: self._announced,
            ModeChanged: self._mode,
            LedgerEntry: self._ledger,
        }
        self._arrange()

    @property
    def errors(self) -> int:
        return sum(seat.errors for seat in self.seats)

    def dropped(self) -> Counter[str]:
        """How many ideas were not sent, by reason."""
        return sum((seat.dropped for seat in self.seats), Counter())

    def handle(self, message: Envelope, now: int) -> list[Envelope]:
        """The commands of all seats on one message (`now`: process clock, ns). Messages of other books give none."""
        tick: Any = message.body
        kind = self._kinds.get(type(tick))
        if kind is None:
            handler = self._handlers.get(type(tick))
            return handler(message, now) if handler is not None else []
        self.view.observe(tick)
        for absorb, seat in kind.absorbing:
            try:
                absorb(tick)
            except Exception:  # noqa: BLE001 (an agent may do anything; it is logged and counted)
                seat.failed(tick.id)
        if self.view.prices.now < kind.due.get(tick.instrument, 0):
            return []
        return self._call(kind, message, tick, now)

    def _arrange(self) -> None:
        self._kinds = {kind: Kind() for kind in (Quote, Trade, Depth, BookSnapshot)}
        if reading := [seat for seat in self.seats if seat.agent.reads_book]:  # nobody else pays for books
            for kind in (Depth, BookSnapshot):
                self._kinds[kind].absorbing.append((self.view.follow_book, reading[0]))
        groups: dict[tuple[tuple[type[Tick], ...], int], Group] = {}
        for seat in self.seats:
            agent = seat.agent
            for wanted in agent.absorbs:
                self._kinds[wanted].absorbing.append((agent.absorb, seat))
            if not agent.wants:
                continue
            key = agent.wants, agent.every_ms
            if key not in groups:
                groups[key] = Group(agent.every_ms * 1_000_000)
                for wanted in agent.wants:
                    self._kinds[wanted].groups.append(groups[key])
            groups[key].seats.append(seat)

    def _call(self, kind: Kind, message: Envelope, tick: AnyTick, now: int) -> list[Envelope]:
        """Calls the groups whose time has come; each is called on a grid of its pace, not so long after its last call,
        so that seats of one pace see the same samples whatever the tick rate."""
        at, instrument = self.view.prices.now, tick.instrument
        commands: list[Envelope] = []
        for group in kind.groups:
            if at >= group.due.get(instrument, 0):
                if group.every_ns:
                    group.due[instrument] = (at // group.every_ns + 1) * group.every_ns
                for seat in group.seats:
                    commands += seat.on_tick(message, tick, now)
        kind.due[instrument] = min((group.due.get(instrument, 0) for group in kind.groups), default=NEVER)
        return commands

    def _announced(self, message: Envelope, now: int) -> list[Envelope]:
        announced: Any = message.body
        if message.book != self.view.book:
            return []
        return [command for seat in self.seats for command in seat.on_announced(message, announced, now)]

    def _mode(self, message: Envelope, now: int) -> list[Envelope]:
        changed: Any = message.body
        if message.book in (self.view.book, "*", ""):
            self.view.mode = changed.mode
        return []

    def _ledger(self, message: Envelope, now: int) -> list[Envelope]:
        entry: Any = message.body
        heard = self.view.heard_up_to[entry.log]
        self.view.hear(entry)
        for row in entry.rows:
            if row.topic == GRANTED and row.position > heard and row.book == self.view.book:
                self._granted(decode_event(row.topic, row.state))
        return []

    def _granted(self, event: Any) -> None:
        if self.declared is None or not event.signals or any(seat.name == event.agent for seat in self.seats):
            return
        try:
            self.seats.append(self.declared(event, self.view))
        except TextRefused as error:  # its facts are not those of this release: the others go on without it
            log.error("the rule agent %s cannot sit: %s", event.agent, error)
            return
        self._arrange()

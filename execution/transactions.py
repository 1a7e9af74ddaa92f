"""What the desks decide, committed: events, mark and gate in one transaction, and only then told to the desks."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from execution.domain.desk import Desk, NotBooked
from execution.domain.floor import Floor
from execution.domain.order import Order
from execution.recording import InputRecord
from ledger import gate
from ledger.application import Commit, LedgerApplication, RecordedEvent
from ledger.errors import BadData, Conflict, GateClosed
from ledger.records import Gate
from streams.events import DecisionReached, DomainEvent, OrderSent
from streams.messages import Code, Mode

log = logging.getLogger(__name__)

LOOK_AT_GATES_NS = 50_000_000
LONGEST_DECIDING_NS = 50_000_000
UNDOABLE = (Conflict, BadData, ArithmeticError, LookupError, ValueError)

Bury = Callable[[RecordedEvent, Exception], None]
Tell = Callable[[Sequence[RecordedEvent], Sequence[DomainEvent], Commit], None]
Send = Callable[[str, list[Order], int], None]


class Transactions:
    """`marked` is how far the governance log is settled, as committed. Whatever may trade is committed through the
    gate: in the mode that it was decided for, or not at all."""

    def __init__(
        self,
        application: LedgerApplication,
        floor: Floor,
        *,
        record: InputRecord | None,
        marked: int,
        bury: Bury,
        tell: Tell,
        send: Send,
    ) -> None:
        self.application = application
        self.floor = floor
        self.marked = marked
        self._record = record
        self._bury = bury
        self._tell = tell
        self._send = send
        self._barriers: dict[str, Gate] = {}
        self._looked_at = 0
        self._hesitated = False

    # --- decisions ----------------------------------------------------------------------------------

    def execute(self, batch: Sequence[RecordedEvent], mark: int) -> None:
        """A batch of decisions of one book; the mark is the last position that it settles."""
        try:
            while not self._executed(batch, mark):
                log.info("%d decisions of %s are looked at again", len(batch), batch[0].event.book)
        except UNDOABLE as error:
            if len(batch) == 1:
                self._refuse(batch[0], mark, error)
                return
            log.warning("%d decisions do not go together into the log, one by one then: %s", len(batch), error)
            for decision in batch:
                self.execute([decision], decision.position)

    def _executed(self, batch: Sequence[RecordedEvent], mark: int) -> bool:
        """False if the gate moved between our look at it and the commit, or if this process was stopped on the way, so
        that market and time to live are not what they were: nothing was written, look again."""
        book = batch[0].event.book
        barrier, desk, now = self.barrier(book), self.floor.desk(book), time.time_ns()
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
        if time.time_ns() - now > LONGEST_DECIDING_NS and not self._hesitated:
            self._hesitated = True
            return False
        self._hesitated = False
        commit = self._through_the_gate(desk, events, barrier, mark)
        if commit is None:
            return False
        if self._record:
            self._record.gate(book, barrier, now)
            self._record.given(batch, now)
        self._tell(batch, events, commit)
        self._send_out(desk, events, now)
        return True

    def _refuse(self, recorded: RecordedEvent, mark: int, error: Exception) -> None:
        """A decision that neither log nor desk takes: kept for people, and its orders end here, with the mark."""
        self._bury(recorded, error)
        decision, desk = recorded.event.body, self.floor.desk(recorded.event.book)
        assert isinstance(decision, DecisionReached)
        code = Code.DUPLICATE if isinstance(error, Conflict) else Code.INVALID
        try:
            events = desk.refuse(
                decision,
                code,
                f"the order cannot be executed: {_reason(error)}"[:500],
                cause_id=recorded.event_id,
                correlation=recorded.event.correlation_id,
            )
            self._booked(desk, events, mark)
        except UNDOABLE as another:
            log.critical(
                "the orders of the decision %s have no end, because their rejection cannot be booked either: %s; "
                "look at them in the log, the governor counts them as under way",
                *(decision.decision_id, _reason(another)),
            )

    # --- time and the market ------------------------------------------------------------------------

    def advance(self, desk: Desk, now: int) -> None:
        """What ticks, time, modes and operators have made of the orders in hand since the last time."""
        while (barrier := self.barrier(desk.account.book)) and (events := desk.advance(now, barrier.mode)):
            commit = self._through_the_gate(desk, events, barrier, None)
            if commit is not None:
                if self._record:
                    self._record.gate(desk.account.book, barrier, now)
                    self._record.advanced(desk.account.book, now)
                self._tell((), events, commit)
                self._send_out(desk, events, now)

    def look_at_gates(self, now: int) -> None:
        """A mode may change while nothing is committed: what was known of it is forgotten 20 times a second."""
        if now - self._looked_at >= LOOK_AT_GATES_NS:
            self._looked_at = now
            self._barriers.clear()

    # --- a real venue -------------------------------------------------------------------------------

    def told(self, desk: Desk, decide: Callable[[int], list[DomainEvent]]) -> None:
        """What a venue says has happened, whatever the gate says of it: `decide` is given when it fell, 0 while it is
        open, and is asked again where it moved before the commit."""
        while True:
            barrier = self.barrier(desk.account.book)
            events = decide(barrier.gate_at if barrier.mode == "HALTED" else 0)
            if not events:
                return
            commit = self._through_the_gate(desk, events, barrier, None)
            if commit is not None:
                self._tell((), events, commit)
                return

    # --- what needs no gate -------------------------------------------------------------------------

    def instruct(self, recorded: RecordedEvent) -> None:
        """What an operator ordered of a desk's money: booked once, with the mark."""
        desk, now = self.floor.desk(recorded.event.book), time.time_ns()
        correlation = recorded.event.correlation_id
        try:
            events = desk.instructed(recorded.event, cause_id=recorded.event_id, correlation=correlation, now=now)
        except NotBooked as error:
            self._bury(recorded, error)
            events = []
        self._tell((), events, self._committed(desk, events, recorded.position))
        if self._record:
            self._record.given([recorded], now)

    def book(self, desk: Desk, events: Sequence[DomainEvent]) -> None:
        """What has happened and can be refused by nobody, such as orders that a venue does not have."""
        if events:
            self._booked(desk, events, None)

    def _booked(self, desk: Desk, events: Sequence[DomainEvent], mark: int | None) -> None:
        """What no replay of the desk's inputs can know."""
        commit = self._committed(desk, events, mark)
        if self._record and events:
            self._record.happened(events, commit)
        self._tell((), events, commit)

    def _committed(self, desk: Desk, events: Sequence[DomainEvent], mark: int | None) -> Commit:
        commit = self.application.commit(events, mark=None if mark is None else str(mark))
        self._applied(desk, events, mark)
        return commit

    def move_mark(self, position: int) -> None:
        if position > self.marked:
            self.application.commit([], mark=str(position))
            self.marked = position

    # --- the gate -----------------------------------------------------------------------------------

    def barrier(self, book: str) -> Gate:
        """The gate as last seen, since a commit made for another mode than the one that holds is refused; a halted
        book is looked at each time, because its cancellations need no gate."""
        seen = self._barriers.get(book)
        if seen is None or seen.mode == "HALTED":
            seen = self._barriers[book] = gate.read(self.application.recorder.reading.connection, book)
        return seen

    def mode(self, book: str) -> Mode:
        return self.barrier(book).mode

    def _through_the_gate(
        self, desk: Desk, events: Sequence[DomainEvent], barrier: Gate, mark: int | None
    ) -> Commit | None:
        book = desk.account.book
        gate_book = None if barrier.mode == "HALTED" else book
        told = None if mark is None else str(mark)
        try:
            commit = self.application.commit(events, mark=told, gate_book=gate_book, gate_mode=barrier.mode)
        except GateClosed:
            self._barriers.pop(book, None)
            return None
        self._applied(desk, events, mark)
        return commit

    def _applied(self, desk: Desk, events: Sequence[DomainEvent], mark: int | None) -> None:
        for event in events:
            desk.apply(event)
        if mark is not None:
            self.marked = mark

    def _send_out(self, desk: Desk, events: Sequence[DomainEvent], now: int) -> None:
        sent = [event.body.order_id for event in events if isinstance(event.body, OrderSent)]
        if orders := [order for order_id in sent if (order := desk.orders.open(order_id)) is not None]:
            self._send(desk.account.book, orders, now)


def _reason(error: Exception) -> str:
    """One line for people; what Python says of a number that is too large are the names of its classes."""
    if isinstance(error, ArithmeticError):
        return "it has a number that cannot be calculated with"
    return (str(error).strip() or type(error).__name__).splitlines()[0]

"""The desk of one book: takes the orders of a decision to exactly one final state each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID

from msgspec import structs

from execution.domain import dispatching, due
from execution.domain.acceptance import acceptance, together, units
from execution.domain.account import ZERO, Account
from execution.domain.blotter import Blotter
from execution.domain.counter import Counter
from execution.domain.filling import Filling
from execution.domain.instructions import NotBooked as NotBooked
from execution.domain.instructions import booked
from execution.domain.order import Order, OrderEvent, Orders
from execution.domain.refusals import NS_PER_MS, Refusal, cancelled, ended, forbidden, gone, rejected, withdrawn
from execution.domain.venue import Report
from execution.venues.paper import PaperVenue
from market.domain.mark import Prices
from streams.events import (
    FINAL,
    BookTerms,
    DecisionReached,
    DomainEvent,
    Event,
    InstrumentTerms,
    OrderAccepted,
    OrderFilled,
    OrderPartiallyFilled,
    OrderTicket,
    OrderWorking,
    aggregate_id,
)
from streams.messages import Code, Mode, Tick

ACTOR = "executor"


class Desk(Blotter):
    """Executes decisions against the market as it is, keeps what works, and follows what a real venue says.

    Whatever gives events only decides: they change the desk when they are handed to `apply`, after their commit.
    `remote` is the name of the real venue that is configured, "" where there is none; times are of the process clock
    (ns)."""

    def __init__(
        self,
        account: Account,
        terms: BookTerms | None,
        instruments: dict[str, InstrumentTerms],
        *,
        prices: Prices | None = None,
        venue: PaperVenue | None = None,
        orders: Orders | None = None,
        remote: str = "",
        is_open: bool = True,
    ) -> None:
        super().__init__(account, terms, instruments, orders)
        self.prices = prices or Prices()
        self.remote = remote
        self._counter = Counter(venue or PaperVenue(self.prices), is_open=is_open)
        self._cancelling: dict[str, Code] = {}
        self._is_draft = False

    @property
    def venue(self) -> PaperVenue:
        return self._counter.venue

    def observe(self, tick: Tick) -> None:
        """For a desk that stands alone; those of a floor share its market."""
        self.prices.observe(tick)
        self.venue.observe(tick)

    def begin(self) -> None:
        """Recovery is over: what works on paper rests from now on, behind what stands there."""
        self._counter.is_open = True
        for order in self.orders:
            if order.working and not order.sent_at:
                self._rest(order)

    def draft(self) -> Desk:
        """A desk to try events on: sees the same market and orders, changes nothing here."""
        draft = Desk.__new__(Desk)
        draft.__dict__.update(self.__dict__)
        draft.account = self.account.copy()
        draft.orders = Orders(self.orders)
        draft._counter = self._counter.draft()
        draft._is_draft = True
        return draft

    def apply(self, event: DomainEvent) -> None:
        """Folds one recorded event; IllegalTransition if it cannot follow what was folded before."""
        body = event.body
        if not isinstance(body, OrderEvent):
            self.fold(event)
            return
        order = self.orders.open(body.order_id)
        self.fold(event)
        if order is not None and not order.sent_at:
            self._tell(order, body)
        if isinstance(body, FINAL) and not self._is_draft:
            self.to_be_cancelled.pop(body.order_id, None)
            self._cancelling.pop(body.order_id, None)

    def _tell(self, order: Order, body: Event) -> None:
        """The paper venue hears what is committed."""
        if isinstance(body, OrderWorking):
            self._rest(order)
        elif isinstance(body, OrderFilled | OrderPartiallyFilled) and self.terms is not None:
            self._counter.book(order, body, self.instruments[order.instrument], self.terms)
        if isinstance(body, FINAL):
            self._counter.forget(order.order_id)

    def _rest(self, order: Order) -> None:
        if self.terms is not None:
            self._counter.rest(order, self.instruments[order.instrument], self.terms)

    # --- decisions ------------------------------------------------------------------------------------

    def execute(
        self,
        decision: DecisionReached,
        *,
        committed_at: int,
        cause_id: str,
        correlation: str,
        now: int,
        mode: Mode,
    ) -> list[DomainEvent]:
        """The events of every order of the decision, from `OrderAccepted` to where it gets at once: its final state, a
        venue's book, or the way there. The tickets' order holds, and a group is where its first ticket is.

        An order that is in hand or finished already gives nothing. The time to live runs from `committed_at`."""
        draft = self.draft()
        late_ns = now - committed_at - decision.ttl_ms * NS_PER_MS
        bodies = draft._decided(decision, now, late_ns, mode)
        return draft._made(bodies, cause_id=cause_id, correlation=correlation)

    def _decided(self, decision: DecisionReached, now: int, late_ns: int, mode: Mode) -> Iterator[OrderEvent]:
        for tickets in units(decision.orders):
            started: list[Order] = []
            for ticket in tickets:
                if self.orders.is_finished(ticket.order_id):
                    continue
                is_new = self.orders.open(ticket.order_id) is None
                if is_new:
                    yield self._accepted(decision, ticket, now, mode)
                order = self._in_hand(ticket.order_id)
                if is_new or not (order.working or order.sent_at or self._counter.arrives_at(order.order_id) > now):
                    started.append(order)
            yield from self._started(started, now, late_ns, mode)

    def _accepted(self, decision: DecisionReached, ticket: OrderTicket, now: int, mode: Mode) -> OrderAccepted:
        """At a real venue an order has one quantity, so that of a reduction is cut here; and what does not rest there
        does not wait long for its way."""
        lasts = ticket.time_in_force == "GTD"
        accepted = acceptance(decision, ticket, now + ticket.good_for_ms * NS_PER_MS if lasts else 0)
        if not self.real:
            return accepted
        if not (lasts or Order.of(accepted).may_rest):
            accepted = structs.replace(accepted, expires_at=now + dispatching.LONGEST_WAIT_NS)
        if ticket.reduce_only and ticket.quantity.is_finite():
            room = self.tradable(Order.of(accepted), mode)
            return structs.replace(accepted, quantity=room) if ZERO < room < ticket.quantity else accepted
        return accepted

    def refuse(
        self, decision: DecisionReached, code: Code, detail: str, *, cause_id: str, correlation: str
    ) -> list[DomainEvent]:
        """Of a decision that cannot be executed: its orders are rejected, but for those that are finished already, or
        that a venue has."""
        draft = self.draft()
        bodies = draft._refused(decision, rejected(code, detail))
        return draft._made(bodies, cause_id=cause_id, correlation=correlation)

    def _refused(self, decision: DecisionReached, refusal: Refusal) -> Iterator[OrderEvent]:
        for ticket in decision.orders:
            if self.orders.is_finished(ticket.order_id):
                continue
            if not self.orders.has(ticket.order_id):
                yield acceptance(decision, ticket)
            order = self._in_hand(ticket.order_id)
            if not (order.working or order.sent_at):
                yield ended(order, refusal)

    def _started(self, orders: list[Order], now: int, late_ns: int, mode: Mode) -> Iterator[OrderEvent]:
        """The orders, one or a group, set out for their venue."""
        if refusal := gone(late_ns, mode):
            yield from (ended(order, refusal) for order in orders)
        elif self.real:
            yield from self._dispatched(orders, now, mode)
        elif orders and self.terms is not None:
            delay = max(self.venue.arrives_after_ns(order.order_id, self.terms) for order in orders)
            refusal = forbidden(self, orders[0], mode) if delay and len(orders) == 1 else None
            if refusal is not None:
                yield ended(orders[0], refusal)
            elif delay:
                for order in orders:
                    self._counter.expect(order.order_id, now + delay)
            else:
                yield from self._arrived(orders, now, mode)
        else:
            yield from self._arrived(orders, now, mode)

    def _dispatched(self, orders: Iterable[Order], now: int, mode: Mode) -> Iterator[OrderEvent]:
        for order in orders:
            if (event := dispatching.dispatch(self, order, self.remote, now, mode)) is not None:
                yield event

    def _arrived(self, orders: list[Order], now: int, mode: Mode) -> Iterator[OrderEvent]:
        """What is in a group is filled wholly and together, or not at all."""
        if not orders:
            return
        if not orders[0].group:
            yield from Filling(self, self._counter, now, mode).arrive(orders[0])
            return
        attempt = self.draft()
        bodies, lost = attempt._attempted([order.order_id for order in orders], now, mode)
        if lost:
            yield from (ended(order, cancelled(Code.LEG_LOST, lost)) for order in orders)
        else:
            yield from bodies

    def _attempted(self, order_ids: list[str], now: int, mode: Mode) -> tuple[list[OrderEvent], str]:
        """On a draft: the events of a group, and which leg was lost and why. Reductions go first, they bring cash."""
        bodies: list[OrderEvent] = []
        orders = sorted((self._in_hand(order_id) for order_id in order_ids), key=lambda order: not self.reduces(order))
        for order in orders:
            for event in self._made(Filling(self, self._counter, now, mode).arrive(order)):
                assert isinstance(event.body, OrderEvent)
                bodies.append(event.body)
            if order.leaves:
                reason = getattr(bodies[-1], "reason", "")
                return bodies, f"{order.instrument} was lost: {reason}, {getattr(bodies[-1], 'detail', '')}"
        return bodies, ""

    # --- what goes on ---------------------------------------------------------------------------------

    def advance(self, now: int, mode: Mode) -> list[DomainEvent]:
        """What has happened since: on paper orders arrive, are filled where they rest, expire, and are cancelled where
        mode, suspension or an operator want it. Orders for a real venue that had to wait are sent."""
        if not due.has_work(self, self._counter, self.remote, now, mode):
            return []
        draft = self.draft()
        return draft._made(draft._advanced(now, mode))

    def _advanced(self, now: int, mode: Mode) -> Iterator[OrderEvent]:
        here = [order for order in self.orders if not order.sent_at]
        for order in here:
            if order.is_final:
                continue
            if refusal := withdrawn(self, order, mode):
                yield from self._withdrawn(order, refusal)
            elif order.working:
                yield from Filling(self, self._counter, now, mode).earn(order)
        waiting = [order for order in here if not (order.is_final or order.working)]
        if self.real:
            yield from self._dispatched(waiting, now, mode)
            return
        arrived = [order for order in waiting if self._counter.arrives_at(order.order_id) <= now]
        for orders in together(sorted(arrived, key=lambda order: self._counter.arrives_at(order.order_id))):
            yield from self._arrived(orders, now, mode)

    def _withdrawn(self, order: Order, refusal: Refusal) -> Iterator[OrderEvent]:
        """The order ends, and with a leg that is on its way those of its group."""
        yield ended(order, refusal)
        lost = cancelled(Code.LEG_LOST, f"{order.instrument} was lost: {refusal.code}, {refusal.detail}")
        for other in list(self.orders) if order.group else ():
            if other.belongs_with(order):
                yield ended(other, lost)

    def next_due(self) -> int | None:
        """When `advance` has something to do even if no tick comes; 0 is at once, None not before something happens."""
        return due.next_due(self, self._counter)

    def cancel(
        self, order_id: str, code: Code, detail: str, *, cause_id: str, correlation: str, now: int
    ) -> list[DomainEvent]:
        """Ends an order in hand that no real venue has; one that a venue has stands in `to_cancel` from now on."""
        order = self.orders.open(order_id)
        if order is None:
            return []
        if order.sent_at:
            self.to_be_cancelled.setdefault(order_id, detail)
            return []
        draft = self.draft()
        bodies = draft._withdrawn(draft._in_hand(order_id), cancelled(code, detail))
        return draft._made(bodies, cause_id=cause_id, correlation=correlation)

    # --- a real venue ---------------------------------------------------------------------------------

    def unresolved(self) -> list[Order]:
        """Orders that were sent and are not final."""
        return [order for order in self.orders if order.sent_at]

    def to_cancel(self, now: int, mode: Mode) -> list[tuple[Order, Code]]:
        """Orders that must be cancelled at their venue, and why; each again until it is final."""
        found = ((order, dispatching.to_cancel(self, order, now, mode)) for order in self.unresolved())
        wanted = [(order, code) for order, code in found if code is not None]
        for order, code in wanted:
            self._cancelling.setdefault(order.order_id, code)
        return wanted

    def reported(self, report: Report, *, now: int, halted_at: int) -> list[DomainEvent]:
        """A venue's word on one order: executions that are new, and what the order has become. `halted_at` is not 0
        while trading is halted. IllegalTransition where the venue tells more than was ordered."""
        draft = self.draft()
        order = draft.orders.open(report.client_order_id)
        if order is None:
            return []
        mode: Mode = "HALTED" if halted_at else "NORMAL"
        why = self._cancelling.get(order.order_id) or dispatching.to_cancel(draft, order, now, mode)
        return draft._made(dispatching.reported(order, report, now=now, why=why, after_halt=halted_at > 0))

    def failed(self, order_id: str, code: Code, detail: str, *, now: int) -> list[DomainEvent]:
        """An order that certainly does not exist at its venue."""
        order = self.orders.open(order_id)
        return self.draft()._made([ended(order, rejected(code, detail))]) if order else []

    # --- what is ordered of the account ---------------------------------------------------------------

    def instructed(self, event: DomainEvent, *, cause_id: str, correlation: str, now: int) -> list[DomainEvent]:
        """Cash or a position that an operator moves; nothing for any other event. NotBooked where that cannot be."""
        moved = booked(self, event.body)
        if moved is None:
            return []
        account = aggregate_id("Account", self.account.book)
        return [self._event(account, self.account_version + 1, moved, cause_id, correlation)]

    def follow(
        self, event: DomainEvent, *, event_id: str, committed_at: int, now: int, mode: Mode
    ) -> list[DomainEvent]:
        """What a committed event of the governance log, which is folded already, asks of the desk at once; what it does
        to orders in hand comes with `advance`. NotBooked as `instructed`."""
        correlation = event.correlation_id
        if not isinstance(event.body, DecisionReached):
            return self.instructed(event, cause_id=event_id, correlation=correlation, now=now)
        return self.execute(
            event.body, committed_at=committed_at, cause_id=event_id, correlation=correlation, now=now, mode=mode
        )

    # --- events ---------------------------------------------------------------------------------------

    def _made(self, bodies: Iterable[OrderEvent], *, cause_id: str = "", correlation: str = "") -> list[DomainEvent]:
        """On a draft: wraps each event and folds it before it takes the next. What goes on with an order has the cause
        of its acceptance."""
        events: list[DomainEvent] = []
        for body in bodies:
            order = self.orders.open(body.order_id)
            event = self._event(
                aggregate_id("Order", body.order_id),
                order.version + 1 if order else 1,
                body,
                cause_id or (order.causation_id if order else ""),
                correlation or (order.correlation_id if order else ""),
            )
            self.apply(event)
            events.append(event)
        return events

    def _event(self, aggregate: UUID, version: int, body: Event, cause_id: str, correlation: str) -> DomainEvent:
        return DomainEvent(
            originator_id=aggregate,
            originator_version=version,
            body=body,
            correlation_id=correlation,
            causation_id=cause_id,
            actor=ACTOR,
            book=self.account.book,
        )

    def _in_hand(self, order_id: str) -> Order:
        order = self.orders.open(order_id)
        assert order is not None
        return order

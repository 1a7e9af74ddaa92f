"""What a book is: the fold of its events of both logs, in the governance log's order first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from governance.domain import changes, council, reputation, safety, scoring
from governance.domain.capital import Capital
from governance.domain.holds import Holds
from governance.domain.tracks import CAP_IN_FORCE_NS
from market.domain.terms import with_term
from streams import events
from streams.events import BookTerms, DomainEvent, Event, InstrumentTerms, RuleActivated, aggregate_id
from streams.messages import Mode, Side, Source

ZERO = Decimal(0)
NIL = UUID(int=0)


def signed(side: Side, quantity: Decimal) -> Decimal:
    return quantity if side == "buy" else -quantity


class Cap:
    """A cap on |position| that a passed REDUCE left behind; `until` is on the process clock (ns)."""

    __slots__ = ("limit", "proposal_id", "until")

    def __init__(self, limit: Decimal, proposal_id: str, until: int) -> None:
        self.limit, self.proposal_id, self.until = limit, proposal_id, until


class BookState:
    """Folded from Book, Council, Rulebook and Deliberation events of the governance log, then from Account and
    Order events of the execution log. `reserved` holds what is granted and not yet final, signed, by order, `limits`
    the worst prices of these orders, `reserved_in` the sums by instrument; `working` are those in a venue's book."""

    def __init__(self, book: str) -> None:
        self.book = book
        self.quote = ""
        self.terms = BookTerms()
        self.instruments: dict[str, InstrumentTerms] = {}
        self.seats: dict[str, council.Seat] = {}
        self.rules: dict[str, RuleActivated] = {}
        self.rulebook_version = 0
        self.mode: Mode = "NORMAL"
        self.gate_at = 0
        self.resumed_by = ""
        self.source: Source | None = None
        self.cash = ZERO
        self.positions: dict[str, Decimal] = {}
        self.reserved: dict[str, tuple[str, Decimal]] = {}
        self.reserved_in: dict[str, Decimal] = {}
        self.limits: dict[str, Decimal] = {}
        self.working: set[str] = set()
        self.caps: dict[str, list[Cap]] = {}
        self.versions: dict[UUID, int] = {}
        self.reputation = reputation.Reputation()
        self.pending = scoring.Pending()
        self.safety = safety.Safety()
        self.changes = changes.Changes()
        self.holds = Holds()
        self.capital = Capital(book)
        self.silenced_until: dict[str, int] = {}
        self._council = aggregate_id("Council", book)
        self._reductions: dict[UUID, dict[str, tuple[str, Decimal]]] = {}
        self._closed_at: dict[UUID, int] = {}
        self._settled: set[str] = set()

    def version(self, aggregate: UUID) -> int:
        """The last version of the book's own aggregates (Book, Council, Rulebook, Account); 0 before the first."""
        return self.versions.get(aggregate, 0)

    @property
    def council_version(self) -> int:
        """Moves with every event that changes seats or weights."""
        return self.versions.get(self._council, 0)

    def held(self, instrument: str) -> Decimal:
        """position + reserved: what targets are compared with."""
        return self.positions.get(instrument, ZERO) + self.reserved_in.get(instrument, ZERO)

    def cap(self, instrument: str, now: int) -> Cap | None:
        """The strictest cap in force."""
        caps = [cap for cap in self.caps.get(instrument, ()) if cap.until > now]
        return min(caps, key=lambda cap: (cap.limit, cap.proposal_id), default=None)

    def apply(self, event: DomainEvent) -> None:
        """Folds one event of this book; events that say nothing of its state are passed over."""
        kind = type(event.body)
        if kind in _KEPT:
            self.versions[event.originator_id] = event.originator_version
            if kind in _RULEBOOK:
                self.rulebook_version = event.originator_version
            self.capital.apply(event)
        else:
            self.holds.apply(event)
        self.fold(event.body, event.originator_id)

    def fold(self, body: Event, originator: UUID = NIL) -> None:
        """The body alone: enough where neither versions nor holds nor what moved since the last mark are asked for."""
        for fold in _FOLDS.get(type(body), ()):
            fold(self, body, originator)

    def _founded(self, event: events.BookFounded, _: UUID) -> None:
        self.quote, self.terms = event.quote, event.terms
        self.instruments = {terms.symbol: terms for terms in event.instruments}

    def _listed(self, event: events.InstrumentListed, _: UUID) -> None:
        self.instruments[event.terms.symbol] = event.terms

    def _granted(self, event: events.SeatGranted, _: UUID) -> None:
        self.seats[event.agent] = council.granted(event)

    def _suspended(self, event: events.SeatSuspended, _: UUID) -> None:
        self.seats[event.agent] = council.suspended(self.seats[event.agent], event)

    def _reinstated(self, event: events.SeatReinstated, _: UUID) -> None:
        self.seats[event.agent] = council.reinstated(self.seats[event.agent], event)

    def _keyed(self, event: events.SeatKeyIssued, _: UUID) -> None:
        self.seats[event.agent] = council.keyed(self.seats[event.agent], event)

    def _unkeyed(self, event: events.SeatKeyRevoked, _: UUID) -> None:
        self.seats[event.agent] = council.unkeyed(self.seats[event.agent], event)

    def _activated(self, event: RuleActivated, _: UUID) -> None:
        self.rules[event.rule] = event

    def _retired(self, event: events.RuleRetired, _: UUID) -> None:
        self.rules.pop(event.rule, None)

    def _entered(self, event: events.SeatEntered, _: UUID) -> None:
        self.seats[event.agent] = msgspec.structs.replace(self.seats[event.agent], shadow=False)

    def _silenced(self, event: events.ProposingSuspended, _: UUID) -> None:
        self.silenced_until[event.agent] = event.until

    def _term_changed(self, event: events.TermChanged, _: UUID) -> None:
        if event.instrument:
            changed = with_term(self.instruments[event.instrument], event.name, event.to)
            self.instruments = {**self.instruments, event.instrument: changed}
        else:
            self.terms = with_term(self.terms, event.name, event.to)

    def _halted(self, event: events.TradingHalted, _: UUID) -> None:
        self.mode, self.gate_at, self.resumed_by = "HALTED", event.gate_at, ""

    def _reduced(self, event: events.TradingReduced, _: UUID) -> None:
        self.mode, self.gate_at, self.resumed_by = "REDUCE_ONLY", event.gate_at, ""

    def _resumed(self, event: events.TradingResumed, _: UUID) -> None:
        self.mode = event.to
        self.resumed_by = event.who if event.origin == "HALTED" else ""

    def _source_changed(self, event: events.FeedSourceChanged, _: UUID) -> None:
        self.source = event.to

    def _opened(self, event: events.BookOpened, _: UUID) -> None:
        self.cash = event.cash

    def _moved(self, event: events.CashMoved, _: UUID) -> None:
        self.cash += event.amount

    def _adjusted(self, event: events.PositionAdjusted, _: UUID) -> None:
        self.positions[event.instrument] = self.positions.get(event.instrument, ZERO) + event.quantity

    def _admitted(self, event: events.ProposalAdmitted, deliberation: UUID) -> None:
        if event.action == "reduce":
            self._reductions.setdefault(deliberation, {})[event.proposal_id] = (event.instrument, event.target)

    def _amended(self, event: events.AmendmentOffered, deliberation: UUID) -> None:
        round_ = self._reductions.get(deliberation)
        if round_ is not None and event.amends in round_:
            round_[event.proposal_id] = (round_[event.amends][0], event.target)

    def _closed(self, event: events.DeliberationClosed, deliberation: UUID) -> None:
        if deliberation in self._reductions:
            self._closed_at[deliberation] = event.closed_at

    def _tallied(self, event: events.ProposalTallied, deliberation: UUID) -> None:
        reduction = self._reductions.get(deliberation, {}).get(event.proposal_id)
        if reduction is None or event.state != "PASSED":
            return
        instrument, limit = reduction
        closed_at = self._closed_at[deliberation]
        caps = [cap for cap in self.caps.get(instrument, ()) if cap.until > closed_at]
        self.caps[instrument] = [*caps, Cap(limit, event.proposal_id, closed_at + CAP_IN_FORCE_NS)]

    def _decided(self, event: events.DecisionReached, deliberation: UUID) -> None:
        self._reductions.pop(deliberation, None)
        self._closed_at.pop(deliberation, None)
        for ticket in event.orders:
            if ticket.order_id in self._settled:
                self._settled.discard(ticket.order_id)
            else:
                self.limits[ticket.order_id] = ticket.limit
                self._reserve(ticket.order_id, ticket.instrument, signed(ticket.side, ticket.quantity))

    def _works(self, event: events.OrderWorking, _: UUID) -> None:
        if event.order_id in self.reserved:
            self.working.add(event.order_id)

    def _ended(self, event: events.OrderRejected | events.OrderCancelled | events.OrderExpired, _: UUID) -> None:
        self._release(event.order_id)

    def _filled(self, event: events.OrderFilled, _: UUID) -> None:
        self._traded(event)
        self._release(event.order_id)

    def _partly_filled(self, event: events.OrderPartiallyFilled, _: UUID) -> None:
        self._traded(event)
        if event.order_id in self.reserved:
            self._reserve(event.order_id, event.instrument, signed(event.side, event.leaves))

    def _traded(self, fill: events.Fill) -> None:
        """A fee in kind leaves the position at the price of the fill, and no cash for that part."""
        quantity = signed(fill.side, fill.quantity)
        self.positions[fill.instrument] = self.positions.get(fill.instrument, ZERO) + quantity - fill.fee_base
        self.cash -= quantity * fill.price + fill.fee - fill.fee_base * fill.price

    def _release(self, order_id: str) -> None:
        if order_id in self.reserved:
            instrument, _ = self.reserved[order_id]
            self._reserve(order_id, instrument, ZERO)
            del self.reserved[order_id]
            self.limits.pop(order_id, None)
            self.working.discard(order_id)
        else:
            self._settled.add(order_id)

    def _reserve(self, order_id: str, instrument: str, quantity: Decimal) -> None:
        _, before = self.reserved.get(order_id, (instrument, ZERO))
        self.reserved[order_id] = (instrument, quantity)
        total = self.reserved_in.pop(instrument, ZERO) - before + quantity
        if total:
            self.reserved_in[instrument] = total


_KEPT = frozenset(
    kind for aggregate in ("Book", "Council", "Rulebook", "Account") for kind in events.AGGREGATES[aggregate]
)
_RULEBOOK: frozenset[type[Event]] = frozenset((RuleActivated, events.RuleRetired))
_OWN: dict[type[Event], Callable[[BookState, Any, UUID], None]] = {
    events.BookFounded: BookState._founded,
    events.InstrumentListed: BookState._listed,
    events.SeatGranted: BookState._granted,
    events.SeatSuspended: BookState._suspended,
    events.SeatReinstated: BookState._reinstated,
    events.SeatKeyIssued: BookState._keyed,
    events.SeatKeyRevoked: BookState._unkeyed,
    events.SeatEntered: BookState._entered,
    events.ProposingSuspended: BookState._silenced,
    events.TermChanged: BookState._term_changed,
    RuleActivated: BookState._activated,
    events.RuleRetired: BookState._retired,
    events.TradingHalted: BookState._halted,
    events.TradingReduced: BookState._reduced,
    events.TradingResumed: BookState._resumed,
    events.FeedSourceChanged: BookState._source_changed,
    events.BookOpened: BookState._opened,
    events.CashMoved: BookState._moved,
    events.PositionAdjusted: BookState._adjusted,
    events.ProposalAdmitted: BookState._admitted,
    events.AmendmentOffered: BookState._amended,
    events.DeliberationClosed: BookState._closed,
    events.ProposalTallied: BookState._tallied,
    events.DecisionReached: BookState._decided,
    events.OrderWorking: BookState._works,
    events.OrderRejected: BookState._ended,
    events.OrderCancelled: BookState._ended,
    events.OrderExpired: BookState._ended,
    events.OrderFilled: BookState._filled,
    events.OrderPartiallyFilled: BookState._partly_filled,
}


def _inside(part: str, fold: Callable[[Any, Any, UUID], None]) -> Callable[[BookState, Any, UUID], None]:
    return lambda state, body, originator: fold(getattr(state, part), body, originator)


def _composed() -> dict[type[Event], tuple[Callable[[BookState, Any, UUID], None], ...]]:
    """What the book itself makes of an event, then each of its parts."""
    folds = {event: [fold] for event, fold in _OWN.items()}
    parts: dict[str, Mapping[type[Event], Callable[[Any, Any, UUID], None]]] = {
        "reputation": reputation.FOLDS,
        "pending": scoring.FOLDS,
        "safety": safety.FOLDS,
        "changes": changes.FOLDS,
    }
    for part, table in parts.items():
        for event, fold in table.items():
            folds.setdefault(event, []).append(_inside(part, fold))
    return {event: tuple(each) for event, each in folds.items()}


_FOLDS = _composed()

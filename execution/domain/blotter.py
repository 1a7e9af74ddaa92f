"""What a desk has in its book: money, orders in hand, terms, and what may be done with them now."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal

from execution.domain.account import SMALLEST_AMOUNT, ZERO, Account, exact
from execution.domain.order import Order, OrderEvent, Orders
from market.domain.instrument import to_lot
from market.domain.suspension import left_after
from market.domain.terms import with_term
from streams.events import (
    BookFounded,
    BookOpened,
    BookReconciled,
    BookTerms,
    BreakerCleared,
    CancelOrdered,
    CashMoved,
    DomainEvent,
    Event,
    InstrumentListed,
    InstrumentTerms,
    PositionAdjusted,
    ReconciliationFailed,
    SuspensionLifted,
    TermChanged,
    TradingSuspended,
)
from streams.messages import Mode

BASIS_POINTS = Decimal(10_000)
RECONCILIATION = "breaker:reconciliation"
AccountEvent = BookOpened | CashMoved | PositionAdjusted | BookReconciled | ReconciliationFailed


class Blotter:
    """Folded from the Book events of the governance log and from the execution log. A book that is not founded yet has
    no terms (None). `suspended` says by whom each instrument is; `to_be_cancelled` who wants which order gone, and why;
    `account_version` is that of the Account's last event."""

    def __init__(
        self,
        account: Account,
        terms: BookTerms | None,
        instruments: dict[str, InstrumentTerms],
        orders: Orders | None = None,
    ) -> None:
        self.account = account
        self.terms = terms
        self.instruments = instruments
        self.orders = orders or Orders()
        self.suspended: dict[str, frozenset[str]] = {}
        self.to_be_cancelled: dict[str, str] = {}
        self.account_version = 0

    def fold(self, event: DomainEvent) -> None:
        """IllegalTransition if it cannot follow what was folded before."""
        body = event.body
        if isinstance(body, OrderEvent):
            self.orders.apply(
                body,
                event.originator_version,
                correlation_id=event.correlation_id,
                causation_id=event.causation_id,
            )
        elif isinstance(body, AccountEvent):
            self.account_version = event.originator_version
        else:
            self._govern(body)
        self.account.apply(body)

    def _govern(self, body: Event) -> None:
        match body:
            case BookFounded():
                self.terms = body.terms
                self.instruments = {terms.symbol: terms for terms in body.instruments}
            case InstrumentListed(terms=listed):
                self.instruments = {**self.instruments, listed.symbol: listed}
            case TermChanged():
                self._change(body)
            case TradingSuspended(instrument=instrument, who=who):
                self.suspended = {**self.suspended, instrument: self.suspended.get(instrument, frozenset()) | {who}}
            case SuspensionLifted(instrument=instrument, who=who):
                self._lift(instrument, who)
            case BreakerCleared(breaker="reconciliation", subject=instrument):
                self._lift(instrument, RECONCILIATION)
            case CancelOrdered(order_id=order_id) if not self.orders.is_finished(order_id):
                self.to_be_cancelled[order_id] = f"{body.who}: {body.why}"

    def _lift(self, instrument: str, who: str) -> None:
        left = frozenset(left_after(self.suspended.get(instrument, frozenset()), who))
        others = {name: causes for name, causes in self.suspended.items() if name != instrument}
        self.suspended = {**others, instrument: left} if left else others

    def _change(self, changed: TermChanged) -> None:
        if changed.instrument:
            terms = with_term(self.instruments[changed.instrument], changed.name, changed.to)
            self.instruments = {**self.instruments, changed.instrument: terms}
        elif self.terms is not None:
            self.terms = with_term(self.terms, changed.name, changed.to)

    @property
    def real(self) -> bool:
        """Whether new orders go to a real venue."""
        return self.terms is not None and self.terms.real_venue

    # --- what is held and what is promised ------------------------------------------------------------

    def fee(self, value: Decimal) -> Decimal:
        """What trading `value` costs by the book's terms, rounded up to 1e-8."""
        assert self.terms is not None
        with exact(value):
            return (value * self.terms.fee_bp / BASIS_POINTS).quantize(SMALLEST_AMOUNT, ROUND_CEILING)

    @property
    def reserved_cash(self) -> Decimal:
        """What the buys in hand may still cost at their limits, with fees."""
        return self.reserved_beside(None)

    @property
    def free_cash(self) -> Decimal:
        return self.account.cash - self.reserved_cash

    def reserved_beside(self, order: Order | None) -> Decimal:
        """What all other buys in hand may cost; those of the same group are paid together with it."""
        if self.terms is None:
            return ZERO
        values = [
            each.leaves * each.limit
            for each in self.orders.glance()
            if each.side == "buy" and not (order is not None and each.belongs_with(order))
        ]
        with exact(*values):
            return sum((value + self.fee(value) for value in values), ZERO)

    def reduces(self, order: Order, *, beside: Decimal = ZERO) -> bool:
        """Whether it shrinks |position| without crossing zero, where `beside` (signed) was traded before it."""
        held, signed = self.account.held(order.instrument) + beside, order.signed_leaves
        return held * signed < ZERO and abs(signed) <= abs(held)

    def beside(self, order: Order) -> Decimal:
        """What the other orders in hand of its instrument and side may still trade, signed."""
        return sum(
            (
                each.signed_leaves
                for each in self.orders.glance()
                if (each.instrument, each.side) == (order.instrument, order.side) and each.order_id != order.order_id
            ),
            ZERO,
        )

    def only_reduces(self, instrument: str, mode: Mode) -> bool:
        """Whether nothing but reductions is allowed there."""
        return mode == "REDUCE_ONLY" or instrument in self.suspended

    def tradable(self, order: Order, mode: Mode) -> Decimal:
        """How much of what the order leaves may be filled now, in whole lots: what only shrinks the position where
        nothing else is allowed, else what keeps it within the instrument's limits."""
        listing = self.instruments.get(order.instrument)
        if listing is None:
            return ZERO
        held = self.account.held(order.instrument)
        if order.reduce_only or self.only_reduces(order.instrument, mode):
            room = -held if order.side == "buy" else held
        else:
            room = listing.max_position - held if order.side == "buy" else held - listing.min_position
            if self.reduces(order):  # a position beyond its limits may come back in steps
                room = max(room, order.leaves)
        return to_lot(min(order.leaves, room), listing.lot_size) if room > ZERO else ZERO

    def opposite(self, order: Order) -> Iterator[Order]:
        """Orders at a venue that this one could trade with; a reduction clears all of the other side."""
        for other in list(self.orders.glance()):
            opposed = other.instrument == order.instrument and other.side != order.side
            placed = other.working or other.sent_at > 0
            if opposed and placed and (order.reduce_only or order.crosses(other)):
                yield other

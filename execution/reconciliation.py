"""Compares what a book says that it holds with what its venue says, at the start and every minute."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from execution.dispatch import Dispatch
from execution.domain.account import Account
from execution.domain.desk import ACTOR, Desk
from execution.domain.venue import Holdings
from execution.transactions import Transactions
from ledger.session import Session
from streams.envelope import derived_id
from streams.events import BookReconciled, DomainEvent, InstrumentTerms, ReconciliationFailed, aggregate_id
from streams.messages import ZERO

EVERY_NS = 60_000_000_000
ASK_AGAIN_NS = 2_000_000_000
CENT = Decimal("0.01")
PAPER = "paper"

# What the log says, summed by the database: another way to the same number than the executor's own memory.
_SUMS = """
    SELECT payload->>'instrument',
           sum(CASE WHEN event = 'PositionAdjusted' THEN (payload->>'quantity')::numeric
                    WHEN payload->>'side' = 'buy' THEN (payload->>'quantity')::numeric
                    ELSE -(payload->>'quantity')::numeric END
               - coalesce((payload->>'fee_base')::numeric, 0)),
           max(position)
    FROM ledger
    WHERE log = 'execution' AND partition = %s AND book = %s AND position > %s
          AND event IN ('OrderFilled', 'OrderPartiallyFilled', 'PositionAdjusted')
    GROUP BY 1"""


class PaperHoldings:
    """What a paper account holds: the sums of its fills in the log, added up by PostgreSQL as the log grows."""

    def __init__(self, session: Session, partition: int = 0) -> None:
        self._session = session
        self._partition = partition
        self._known: dict[str, tuple[int, dict[str, Decimal]]] = {}

    def of(self, account: Account) -> Holdings:
        position, quantities = self._known.get(account.book, (0, {}))
        for instrument, quantity, last in self._session.run(_SUMS, (self._partition, account.book, position)):
            quantities[instrument] = quantities.get(instrument, ZERO) + quantity
            position = max(position, last)
        self._known[account.book] = (position, quantities)
        return Holdings(cash=account.cash, quantities=dict(quantities))


class Reconciliation:
    """A difference of a real venue is asked about twice before it is believed: a fill may be on its way. Every
    difference is recorded, each minute that it lasts; an agreement when it is news."""

    def __init__(self, session: Session, transactions: Transactions) -> None:
        self._paper = PaperHoldings(session)
        self._transactions = transactions
        self._due: dict[str, int] = {}
        self._suspected: dict[str, list[ReconciliationFailed]] = {}
        self._agreed: dict[str, dict[str, Decimal]] = {}
        self._came: dict[str, Holdings] = {}

    def order(self, book: str) -> None:
        """A person wants it now, and wants to be told also that nothing is wrong."""
        self._due[book] = 0
        self._agreed.pop(book, None)

    def held(self, book: str, holdings: Holdings) -> None:
        """What a real venue answered."""
        self._came[book] = holdings

    def check(self, desks: Iterable[Desk], dispatch: Dispatch | None, now: int) -> None:
        """Compares what is due, and asks real venues; what they answer is compared at a later call."""
        for desk in desks:
            book = desk.account.book
            if desk.terms is None:
                continue
            if (came := self._came.pop(book, None)) is not None and dispatch is not None:
                self._compare(desk, dispatch.venue.name, came, now, sure=False)
            if now < self._due.get(book, 0):
                continue
            if not desk.real:
                self._due[book] = now + EVERY_NS
                self._compare(desk, PAPER, self._paper.of(desk.account), now, sure=True)
            elif dispatch is not None and not any(not order.working for order in desk.unresolved()):
                self._due[book] = now + EVERY_NS
                dispatch.calls.holdings(book, desk.account.quote, sorted(desk.instruments))

    def _compare(self, desk: Desk, venue: str, holdings: Holdings, now: int, *, sure: bool) -> None:
        book = desk.account.book
        found = list(_differences(venue, desk.account, holdings, desk.instruments))
        if found and not sure and self._suspected.get(book) != found:
            self._suspected[book] = found
            self._due[book] = now + ASK_AGAIN_NS
            return
        self._suspected.pop(book, None)
        held = {name: position.quantity for name, position in desk.account.positions.items()}
        if found:
            self._agreed.pop(book, None)
            self._record(desk, found, now)
        elif self._agreed.get(book) != held:
            self._agreed[book] = held
            self._record(desk, [BookReconciled(venue=venue, instruments=tuple(sorted(desk.instruments)))], now)

    def _record(self, desk: Desk, bodies: Iterable[BookReconciled | ReconciliationFailed], now: int) -> None:
        book = desk.account.book
        cause = derived_id("reconciliation", book, now)
        events = [
            DomainEvent(
                originator_id=aggregate_id("Account", book),
                originator_version=desk.account_version + number,
                body=body,
                correlation_id=cause,
                causation_id=cause,
                actor=ACTOR,
                book=book,
            )
            for number, body in enumerate(bodies, 1)
        ]
        self._transactions.book(desk, events)


def _differences(
    venue: str, account: Account, holdings: Holdings, listings: Mapping[str, InstrumentTerms]
) -> Iterator[ReconciliationFailed]:
    """By instrument, at least a lot apart; then the cash (under the name of the currency), at least a cent apart."""
    for instrument in sorted({*listings, *account.positions, *holdings.quantities}):
        book, there = account.held(instrument), holdings.quantities.get(instrument, ZERO)
        lot = listings[instrument].lot_size if instrument in listings else ZERO
        if book != there and abs(book - there) >= lot:
            yield ReconciliationFailed(venue=venue, instrument=instrument, book_quantity=book, venue_quantity=there)
    if abs(account.cash - holdings.cash) >= CENT:
        yield ReconciliationFailed(
            venue=venue, instrument=account.quote, book_quantity=account.cash, venue_quantity=holdings.cash
        )

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

# What the log says, summed by the database: another way to the same numbers than the executor's own memory.
_SUMS = """
    SELECT instrument, coalesce(sum(signed - fee_base), 0), sum(amount - signed * price - fee + fee_base * price),
           max(position)
    FROM (
        SELECT position, coalesce(payload->>'instrument', '') AS instrument,
               CASE event WHEN 'BookOpened' THEN (payload->>'cash')::numeric
                          WHEN 'CashMoved' THEN (payload->>'amount')::numeric
                          WHEN 'PositionAdjusted' THEN (payload->>'quantity')::numeric * (payload->>'price')::numeric
                          ELSE 0 END AS amount,
               coalesce((payload->>'quantity')::numeric, 0)
                   * CASE payload->>'side' WHEN 'sell' THEN -1 ELSE 1 END AS signed,
               coalesce((payload->>'price')::numeric, 0) AS price,
               coalesce((payload->>'fee')::numeric, 0) AS fee,
               coalesce((payload->>'fee_base')::numeric, 0) AS fee_base
        FROM ledger
        WHERE event IN ('BookOpened', 'CashMoved', 'PositionAdjusted', 'OrderFilled', 'OrderPartiallyFilled')
              AND log = 'execution' AND partition = %s AND book = %s AND position > %s) AS told
    GROUP BY 1"""


class PaperHoldings:
    """What a paper account holds: the sums of its events in the log, added up by PostgreSQL as the log grows."""

    def __init__(self, session: Session, partition: int = 0) -> None:
        self._session = session
        self._partition = partition
        self._known: dict[str, tuple[int, Decimal, dict[str, Decimal]]] = {}

    def of(self, book: str) -> Holdings:
        position, cash, quantities = self._known.get(book, (0, ZERO, {}))
        asked = (self._partition, book, position)
        for instrument, quantity, moved, last in self._session.run(_SUMS, asked):
            cash, position = cash + moved, max(position, last)
            if instrument:
                quantities[instrument] = quantities.get(instrument, ZERO) + quantity
        self._known[book] = (position, cash, quantities)
        return Holdings(cash=cash, quantities=dict(quantities))


class Reconciliation:
    """A difference of a real venue is asked about twice before it is believed: a fill may be on its way. Every
    difference is recorded, each minute that it lasts; an agreement when it is news."""

    def __init__(self, session: Session, transactions: Transactions, partition: int = 0) -> None:
        self._paper = PaperHoldings(session, partition)
        self._transactions = transactions
        self._due: dict[str, int] = {}
        self._suspected: dict[str, tuple[int, list[ReconciliationFailed]]] = {}
        self._agreed: dict[str, dict[str, Decimal]] = {}
        self._came: dict[str, Holdings | None] = {}

    def order(self, book: str) -> None:
        """A person wants it now, and wants to be told also that nothing is wrong."""
        self._due[book] = 0
        self._agreed.pop(book, None)

    def held(self, book: str, holdings: Holdings | None) -> None:
        """What a real venue answered; None where it could not be had."""
        self._came[book] = holdings

    def check(self, desks: Iterable[Desk], dispatch: Dispatch | None, now: int) -> None:
        """Compares what is due, and asks real venues; what they answer is compared at a later call."""
        for desk in desks:
            if desk.terms is None:
                continue
            if dispatch is not None and (desk.real or desk.unresolved()):
                self._check_real(desk, dispatch, now)
            elif not desk.real and now >= self._due.get(desk.account.book, 0):
                self._due[desk.account.book] = now + EVERY_NS
                self._judge(desk, PAPER, self._paper.of(desk.account.book), now)

    def _check_real(self, desk: Desk, dispatch: Dispatch, now: int) -> None:
        book = desk.account.book
        if book in self._came:
            came = self._came.pop(book)
            if came is None:
                self._due[book] = now + ASK_AGAIN_NS
            else:
                self._compare(desk, dispatch, came, now)
        overdue = now - self._due.get(book, 0)
        on_their_way = any(not order.working for order in desk.unresolved())
        if overdue >= 0 and (not on_their_way or overdue >= EVERY_NS):
            self._due[book] = now + EVERY_NS
            dispatch.calls.holdings(book, desk.account.quote, sorted(desk.instruments))

    def _compare(self, desk: Desk, dispatch: Dispatch, holdings: Holdings, now: int) -> None:
        """A difference is believed when it is still the same after the venue has told of every order since."""
        book, venue = desk.account.book, dispatch.venue.name
        found = list(_differences(venue, desk.account, holdings, desk.instruments))
        since, suspected = self._suspected.get(book, (now, []))
        if found and (suspected != found or not dispatch.is_level(desk, since)):
            self._suspected[book] = (since if suspected == found else now, found)
            self._due[book] = now + ASK_AGAIN_NS
            dispatch.look_now(desk)
            return
        self._suspected.pop(book, None)
        self._judge(desk, venue, holdings, now)

    def _judge(self, desk: Desk, venue: str, holdings: Holdings, now: int) -> None:
        book = desk.account.book
        found = list(_differences(venue, desk.account, holdings, desk.instruments))
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

"""The demo book: its instruments, council, rules and cash, founded once and extended by what a recording trades."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from decimal import Decimal

from agents.demo import DEMO_COUNCIL, SeatPlan
from feeds.recordings.reading import Seen
from governance.domain.starter import starter_rules
from ledger.application import LedgerApplication
from market.domain.instrument import to_lot
from streams.envelope import derived_id
from streams.events import (
    AGGREGATES,
    TOPICS,
    BookFounded,
    BookOpened,
    BookTerms,
    DomainEvent,
    Event,
    InstrumentListed,
    InstrumentTerms,
    RuleActivated,
    SeatGranted,
    aggregate_id,
)
from streams.partitions import partition_of

BOOK = "demo"
QUOTE = "USDT"
CASH = Decimal(100_000)
WHO = "operator:demo"
WHY = "the demo book"

LOAD_TERMS = BookTerms(
    repeated_fills=1_000_000,
    losses_in_row=1_000_000,
    duplicate_window_ms=1,
    max_volatility=Decimal(1),
    daily_loss_reduce=Decimal(1),
    daily_loss_halt=Decimal(1),
    drawdown_reduce=Decimal(1),
    drawdown_halt=Decimal(1),
)
"""For load tests: a metronome trades like nobody should, on a recording whose end and beginning do not meet."""

# Venue filters of Binance spot; limits are worth 40,000 and 20,000 USDT at the prices of mid 2024.
KNOWN = {
    "BTCUSDT": ("0.01", "0.00001", "0.35", "0.7"),
    "ETHUSDT": ("0.01", "0.0001", "8", "16"),
    "SOLUSDT": ("0.01", "0.001", "140", "280"),
}
MIN_NOTIONAL = Decimal(5)
LARGEST_ORDER = Decimal(20_000)
LARGEST_POSITION = Decimal(40_000)


def known_instrument(symbol: str) -> InstrumentTerms:
    tick, lot, volume, position = map(Decimal, KNOWN[symbol])
    return InstrumentTerms(
        symbol=symbol,
        tick_size=tick,
        lot_size=lot,
        min_notional=MIN_NOTIONAL,
        max_order_volume=volume,
        min_position=Decimal(0),
        max_position=position,
    )


def seen_instrument(symbol: str, seen: Seen) -> InstrumentTerms:
    """Terms of an instrument that is only known from a recording: its steps as seen, its limits by value."""
    if symbol in KNOWN:
        return known_instrument(symbol)
    return listed_instrument(
        symbol,
        Decimal(seen.price),
        tick=Decimal(1).scaleb(-seen.price_decimals),
        lot=Decimal(1).scaleb(-seen.quantity_decimals),
    )


def listed_instrument(
    symbol: str, price: Decimal, *, tick: Decimal, lot: Decimal, min_notional: Decimal = MIN_NOTIONAL
) -> InstrumentTerms:
    """Terms by what the venue says, with limits by value at this price. A minimum of 0 is one that it does not say."""
    lot = _plain(lot)
    return InstrumentTerms(
        symbol=symbol,
        tick_size=_plain(tick),
        lot_size=lot,
        min_notional=_plain(min_notional or MIN_NOTIONAL),
        max_order_volume=max(lot, to_lot(LARGEST_ORDER / price, lot)),
        min_position=Decimal(0),
        max_position=max(lot, to_lot(LARGEST_POSITION / price, lot)),
    )


def _plain(number: Decimal) -> Decimal:
    """Without trailing zeros behind the point: 0.01000000 is 0.01, 10 stays 10."""
    return number.quantize(Decimal(1)) if number == number.to_integral_value() else number.normalize()


class Founding:
    """Makes founding events with gapless versions per aggregate, continuing what the ledger has."""

    def __init__(self, book: str) -> None:
        self.book = book
        self.versions: dict[str, int] = {}

    def continues(self, event: DomainEvent) -> None:
        """Takes in what the ledger has of the book's own aggregates."""
        aggregate = TOPICS[type(event.body)].partition(".")[0]
        self.versions[aggregate] = event.originator_version

    def wrap(self, body: Event) -> DomainEvent:
        aggregate = next(name for name, types in AGGREGATES.items() if type(body) in types)
        version = self.versions[aggregate] = self.versions.get(aggregate, 0) + 1
        cause = derived_id("founding", self.book, aggregate, version)
        return DomainEvent(
            originator_id=aggregate_id(aggregate, self.book),
            originator_version=version,
            body=body,
            correlation_id=cause,
            causation_id=cause,
            actor=WHO,
            book=self.book,
        )


def founding_events(
    instruments: Iterable[InstrumentTerms],
    *,
    council: Iterable[SeatPlan] = DEMO_COUNCIL,
    terms: BookTerms | None = None,
    book: str = BOOK,
) -> tuple[list[DomainEvent], list[DomainEvent]]:
    """The events that found a book: for the governance log and for the execution log."""
    founding = Founding(book)
    governance = [
        founding.wrap(event) for event in _governance(book, tuple(instruments), council, terms or BookTerms())
    ]
    return governance, [founding.wrap(BookOpened(book=book, quote=QUOTE, cash=CASH))]


def _governance(
    book: str, instruments: tuple[InstrumentTerms, ...], council: Iterable[SeatPlan], terms: BookTerms
) -> Iterator[Event]:
    yield BookFounded(book=book, quote=QUOTE, instruments=instruments, terms=terms, who=WHO, why=WHY)
    for seat in council:
        yield SeatGranted(
            agent=seat.name,
            role=seat.role,
            owner=seat.owner,
            prior_ppm=seat.prior_ppm,
            veto=seat.veto,
            required=seat.required,
            who=WHO,
            why=WHY,
        )
    yield from starter_rules(WHO)


def seed(
    database_url: str,
    instruments: Iterable[InstrumentTerms],
    council: Iterable[SeatPlan],
    terms: BookTerms | None = None,
    *,
    book: str = BOOK,
    partitions: int = 1,
) -> list[str]:
    """Founds a book, the demo's by default, unless it is there, lists instruments and activates starter rules that it
    never had; returns the names of what was new.

    Where something is new both logs are needed, so no governor or executor may be running then (`LeaseHeld`)."""
    wanted = {terms.symbol: terms for terms in instruments}
    place = partition_of(book, partitions)
    governance = LedgerApplication(database_url, "governance", place, owner="seed")
    execution = LedgerApplication(database_url, "execution", place, owner="seed")
    with ExitStack() as end:
        for log in (governance, execution):
            end.callback(log.close)
        founding, new = _missing(governance, wanted, book)
        if founding.versions and not new and _has_account(execution, book):
            return []
        for log in (governance, execution):
            log.acquire()
            end.callback(log.release)
        return _seed(governance, execution, wanted, council, terms, book)


def listed_symbols(database_url: str, book: str = BOOK, partitions: int = 1) -> set[str]:
    """What a book trades already."""
    place = partition_of(book, partitions)
    governance = LedgerApplication(database_url, "governance", place, owner="seed")
    try:
        listed: set[str] = set()
        for recorded in governance.events(book=book, aggregates=["Book"]):
            listed |= _symbols(recorded.event.body)
        return listed
    finally:
        governance.close()


def _symbols(event: Event) -> set[str]:
    match event:
        case BookFounded(instruments=founded):
            return {terms.symbol for terms in founded}
        case InstrumentListed(terms=terms):
            return {terms.symbol}
        case _:
            return set()


def _missing(
    governance: LedgerApplication, wanted: dict[str, InstrumentTerms], book: str
) -> tuple[Founding, list[InstrumentListed | RuleActivated]]:
    """Where the book's aggregates stand, and what they never had."""
    founding = Founding(book)
    listed: set[str] = set()
    activated: set[str] = set()
    for recorded in governance.events(book=book, aggregates=["Book", "Rulebook"]):
        founding.continues(recorded.event)
        listed |= _symbols(recorded.event.body)
        if isinstance(recorded.event.body, RuleActivated):
            activated.add(recorded.event.body.rule)
    new: list[InstrumentListed | RuleActivated] = [
        InstrumentListed(terms=terms, who=WHO, why=WHY) for symbol, terms in wanted.items() if symbol not in listed
    ]
    # What was never there only tightens; what an operator has retired stays retired.
    new += [rule for rule in starter_rules(WHO) if rule.rule not in activated]
    return founding, new


def _has_account(execution: LedgerApplication, book: str) -> bool:
    return next(execution.events(book=book, aggregates=["Account"], limit=1), None) is not None


def _seed(
    governance: LedgerApplication,
    execution: LedgerApplication,
    wanted: dict[str, InstrumentTerms],
    council: Iterable[SeatPlan],
    book_terms: BookTerms | None,
    book: str,
) -> list[str]:
    founding, new = _missing(governance, wanted, book)
    governing, executing = founding_events(wanted.values(), council=council, terms=book_terms, book=book)
    if not founding.versions:
        governance.commit(governing)
    if not _has_account(execution, book):
        execution.commit(executing)
    if not founding.versions:
        return [book, *wanted]
    if new:
        governance.commit([founding.wrap(event) for event in new])
    return [event.terms.symbol if isinstance(event, InstrumentListed) else event.rule for event in new]

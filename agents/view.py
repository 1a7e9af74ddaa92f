"""What all agents of a process see of the world: prices, positions, equity, the book's terms, the market clock."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from market.domain.mark import Prices
from market.domain.orderbook import OrderBook
from market.domain.suspension import left_after
from market.domain.terms import with_term
from streams.events import (
    TOPICS,
    BookFounded,
    BookOpened,
    BookTerms,
    CashMoved,
    Event,
    Fill,
    InstrumentListed,
    InstrumentTerms,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderPartiallyFilled,
    OrderRejected,
    PositionAdjusted,
    SeatEntered,
    SeatGranted,
    SeatKeyIssued,
    SuspensionLifted,
    TermChanged,
    TradingSuspended,
    decode_event,
)
from streams.messages import BookSnapshot, Depth, LedgerEntry, Log, Mode, Quote, Tick

ZERO = Decimal(0)
BOOK_FRESH_NS = 5_000_000_000
_SIGNS = {"buy": 1, "sell": -1}
FOLDED = frozenset(
    TOPICS[event]
    for event in (
        *(BookFounded, InstrumentListed, TermChanged, SeatGranted, SeatEntered, SeatKeyIssued, TradingSuspended),
        SuspensionLifted,
        *(BookOpened, CashMoved, PositionAdjusted, OrderAccepted, OrderFilled, OrderPartiallyFilled),
        *(OrderCancelled, OrderExpired, OrderRejected),
    )
)


class LastFill(Struct, frozen=True):
    """The last fill of an instrument: its sign (+1 bought, -1 sold) and when it was heard of (market clock, ns)."""

    sign: int
    at: int


class View:
    """Folded once per process, read by every agent of it. Quantities and money are `Decimal`, `price` and `cost` are
    floats for signal arithmetic. Terms and instruments that are not given come with the book's founding events.
    `keys` is the number of each seat's key that is not its first one, `newcomers` are the seats that vote in shadow and
    may not propose trades yet, `suspended` the instruments on which only what shrinks a position is let in, by who
    suspended them, `working` the signed rests of orders that may wait
    for the market (GTC and GTD), by order."""

    def __init__(
        self, book: str, terms: BookTerms | None = None, instruments: Mapping[str, InstrumentTerms] | None = None
    ) -> None:
        self.book = book
        self.terms = terms or BookTerms()
        self.instruments = dict(instruments or {})
        self.prices = Prices()
        self.mode: Mode = "NORMAL"
        self.cash: Decimal | None = None
        self.fills: dict[str, LastFill] = {}
        self.newcomers: set[str] = set()
        self.keys: dict[str, int] = {}
        self.suspended: dict[str, set[str]] = {}
        self.heard_up_to: dict[Log, int] = {"governance": 0, "execution": 0}
        self.working: dict[str, tuple[str, Decimal]] = {}
        self._positions: dict[str, Decimal] = {}
        self._floats: dict[str, tuple[float, float]] = {}
        self._books: dict[str, OrderBook] = {}

    @property
    def now(self) -> int:
        """The market clock (ns)."""
        return self.prices.now

    @property
    def horizon_ns(self) -> int:
        return self.terms.horizon_s * 1_000_000_000

    def price(self, instrument: str) -> float | None:
        """P; None if there never was a price."""
        known = self._float(instrument)
        return known[0] if known else None

    def cost(self, instrument: str) -> float | None:
        """c = 2 · fee + spread / P, the return that a round trip must earn before y can be 1."""
        known = self._float(instrument)
        return known[1] if known else None

    def quote(self, instrument: str) -> Quote | None:
        """Best bid and ask; None if nothing was said of them for 1 s."""
        return self.prices.fresh_quote(instrument)

    def order_book(self, instrument: str) -> OrderBook | None:
        """None while it is not in sync, if it was not updated for 5 s, and where no agent reads books
        (`Agent.reads_book`). It goes on with the ticks: what has to stay as it is now must be copied out of it."""
        book = self._books.get(instrument)
        if book is None or not book.synced or self.now - book.at > BOOK_FRESH_NS:
            return None
        return book

    def position(self, instrument: str) -> Decimal:
        return self._positions.get(instrument, ZERO)

    def expected(self, instrument: str) -> Decimal:
        """The position with all that works for it: what targets are compared with."""
        rests = (quantity for name, quantity in self.working.values() if name == instrument)
        return sum(rests, self.position(instrument)) if self.working else self.position(instrument)

    def positions(self) -> dict[str, Decimal]:
        """The open positions."""
        return {instrument: quantity for instrument, quantity in self._positions.items() if quantity}

    def equity(self) -> Decimal | None:
        """cash + Σ position · P; None before the book was opened and while an open position has no price."""
        total = self.cash
        if total is None:
            return None
        for instrument, quantity in self._positions.items():
            if quantity:
                mark = self.prices.view(instrument)
                if mark is None:
                    return None
                total += quantity * mark.price
        return total

    def observe(self, tick: Tick) -> None:
        self.prices.observe(tick)
        self._floats.pop(tick.instrument, None)

    def follow_book(self, tick: Tick) -> None:
        """Takes in `Depth` and `BookSnapshot`, in addition to `observe`."""
        book = self._books.get(tick.instrument)
        if book is None:
            book = self._books[tick.instrument] = OrderBook(tick.instrument)
        if isinstance(tick, Depth):
            book.apply(tick)
        elif isinstance(tick, BookSnapshot):
            book.load(tick)

    def hear(self, entry: LedgerEntry) -> None:
        """Takes in a transaction of either log; rows that were already taken in are passed over."""
        heard = self.heard_up_to[entry.log]
        for row in entry.rows:
            if row.position > heard and row.book == self.book and row.topic in FOLDED:
                self.fold(decode_event(row.topic, row.state))
        self.heard_up_to[entry.log] = max(heard, entry.last)

    def fold(self, event: Event) -> None:
        match event:
            case BookFounded():
                self.terms = event.terms
                self.instruments = {terms.symbol: terms for terms in event.instruments}
            case InstrumentListed():
                self.instruments[event.terms.symbol] = event.terms
            case TermChanged(instrument=""):
                self.terms = with_term(self.terms, event.name, event.to)
            case TermChanged(instrument=instrument):
                self.instruments[instrument] = with_term(self.instruments[instrument], event.name, event.to)
            case SeatGranted(shadow=True):
                self.newcomers.add(event.agent)
            case SeatEntered():
                self.newcomers.discard(event.agent)
            case SeatKeyIssued():
                self.keys[event.agent] = event.number
            case TradingSuspended():
                self.suspended.setdefault(event.instrument, set()).add(event.who)
            case SuspensionLifted():
                left = left_after(self.suspended.pop(event.instrument, set()), event.who)
                if left:
                    self.suspended[event.instrument] = left
            case BookOpened():
                self.cash = event.cash
            case CashMoved() if self.cash is not None:
                self.cash += event.amount
            case PositionAdjusted():
                self._positions[event.instrument] = self.position(event.instrument) + event.quantity
            case OrderAccepted(time_in_force="GTC" | "GTD"):
                self.working[event.order_id] = (event.instrument, event.quantity * _SIGNS[event.side])
            case OrderFilled() | OrderPartiallyFilled():
                self._filled(event)
            case OrderCancelled() | OrderExpired() | OrderRejected():
                self.working.pop(event.order_id, None)

    def _filled(self, fill: Fill) -> None:
        """A fee in kind leaves the position at the price of the fill, and no cash for that part."""
        sign, instrument = _SIGNS[fill.side], fill.instrument
        if self.cash is not None:
            self.cash -= sign * fill.quantity * fill.price + fill.fee - fill.fee_base * fill.price
        self._positions[instrument] = self.position(instrument) + sign * fill.quantity - fill.fee_base
        self.fills[instrument] = LastFill(sign, self.now)
        if isinstance(fill, OrderFilled):
            self.working.pop(fill.order_id, None)
        elif fill.order_id in self.working:
            self.working[fill.order_id] = (instrument, sign * fill.leaves)

    def _float(self, instrument: str) -> tuple[float, float] | None:
        known = self._floats.get(instrument)
        if known is None and (mark := self.prices.view(instrument)) is not None:
            price = float(mark.price)
            cost = 2e-4 * float(self.terms.fee_bp) + float(mark.spread) / price
            known = self._floats[instrument] = (price, cost)
        return known

"""A paper venue with its prices, and ticks to move it."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct, field

from execution.domain.order import Order
from execution.domain.venue import Execution, NoOffer
from execution.venues.paper import PaperVenue
from market.domain.mark import Prices
from streams.events import BookTerms, InstrumentTerms
from streams.messages import BookSnapshot, Code, Depth, Quote, Side, Tick, Trade
from tests.unit.execution.market import MS, T0

Levels = tuple[tuple[str, str], ...]
COIN = InstrumentTerms(
    symbol="BTCUSDT",
    tick_size=Decimal("0.1"),
    lot_size=Decimal("0.01"),
    min_notional=Decimal(5),
    max_order_volume=Decimal(1000),
    min_position=Decimal(-1000),
    max_position=Decimal(1000),
)


def levels(told: Levels) -> tuple[tuple[Decimal, Decimal], ...]:
    return tuple((Decimal(price), Decimal(size)) for price, size in told)


class Scene(Struct):
    """Each tick comes 10 ms after the one before."""

    prices: Prices = field(default_factory=Prices)
    terms: BookTerms = BookTerms()
    now: int = T0
    number: int = 0
    book_id: int = 0
    venue: PaperVenue = field(default_factory=lambda: PaperVenue(Prices()))

    def __post_init__(self) -> None:
        self.venue = PaperVenue(self.prices)

    def tick(self, tick: Tick) -> None:
        self.prices.observe(tick)
        self.venue.observe(tick)

    def _next(self) -> tuple[int, int]:
        self.now += 10 * MS
        self.number += 1
        return self.now, self.number

    def quote(self, bid: str, ask: str, bid_size: str = "5", ask_size: str = "5", venue: str = "binance") -> Quote:
        at, number = self._next()
        quote = Quote(
            instrument=COIN.symbol,
            market_at=at,
            received_at=at,
            venue=venue,
            update_id=number,
            bid=Decimal(bid),
            bid_size=Decimal(bid_size),
            ask=Decimal(ask),
            ask_size=Decimal(ask_size),
        )
        self.tick(quote)
        return quote

    def trade(self, price: str, quantity: str, aggressor: Side = "sell") -> Trade:
        at, number = self._next()
        trade = Trade(
            instrument=COIN.symbol,
            market_at=at,
            received_at=at,
            trade_id=number,
            price=Decimal(price),
            quantity=Decimal(quantity),
            aggressor=aggressor,
        )
        self.tick(trade)
        return trade

    def book(self, bids: Levels, asks: Levels, limit: int = 100) -> BookSnapshot:
        at, _ = self._next()
        self.book_id += 1
        snapshot = BookSnapshot(
            instrument=COIN.symbol,
            market_at=at,
            received_at=at,
            last_id=self.book_id,
            limit=limit,
            bids=levels(bids),
            asks=levels(asks),
        )
        self.tick(snapshot)
        return snapshot

    def diff(self, bids: Levels = (), asks: Levels = (), *, skip: int = 0) -> Depth:
        at, _ = self._next()
        self.book_id += 1 + skip
        diff = Depth(
            instrument=COIN.symbol,
            market_at=at,
            received_at=at,
            first_id=self.book_id,
            last_id=self.book_id,
            bids=levels(bids),
            asks=levels(asks),
        )
        self.tick(diff)
        return diff

    # --- orders -------------------------------------------------------------------------------------

    def take(self, asked: Order, at: PaperVenue | None = None) -> list[tuple[str, str]]:
        """Quantities and prices; the liquidity is used."""
        venue = at or self.venue
        executions = venue.take(asked, COIN, self.terms)
        assert not isinstance(executions, NoOffer), executions
        for execution in executions:
            venue.taken(asked, execution, COIN, self.terms)
        return written(executions)

    def refused(self, asked: Order) -> Code:
        refusal = self.venue.take(asked, COIN, self.terms)
        assert isinstance(refusal, NoOffer), refusal
        assert self.venue.exhausted(asked, COIN, self.terms) == refusal
        return refusal.code

    def exhausted(self, asked: Order) -> Code | None:
        why = self.venue.exhausted(asked, COIN, self.terms)
        return why.code if why else None

    def rest(self, asked: Order) -> Order:
        self.venue.rest(asked, COIN, self.terms)
        return asked

    def due(self, asked: Order) -> list[tuple[str, str]]:
        return written(self.venue.due(asked.order_id))


def written(executions: tuple[Execution, ...]) -> list[tuple[str, str]]:
    return [(f"{execution.quantity.normalize():f}", f"{execution.price.normalize():f}") for execution in executions]


def order(side: Side = "buy", quantity: str = "1", limit: str | None = None, *, name: str = "1") -> Order:
    return Order(
        order_id=f"order-{name}",
        decision_id="decision",
        instrument=COIN.symbol,
        side=side,
        quantity=Decimal(quantity),
        limit=Decimal(limit or ("200" if side == "buy" else "1")),
    )

"""A small market for tests of agents: ticks, announcements, fills, and a council that hears them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from itertools import count

import msgspec

from agents.agent import Agent, View
from agents.council import Council
from agents.seat import Seat
from streams.envelope import Envelope, derived_id
from streams.events import TOPICS, BookOpened, BookTerms, Event, InstrumentTerms, OrderFilled
from streams.messages import (
    AnnouncedLeg,
    AnyTick,
    LedgerEntry,
    LedgerRow,
    Log,
    Mode,
    ModeChanged,
    ProposalAnnounced,
    Quote,
    Side,
    Trade,
)

BOOK = "demo"
BTC = "BTCUSDT"
START = 1_723_161_254_000_000_000
MS = 1_000_000
SECOND = 1_000_000_000

TERMS = InstrumentTerms(
    symbol=BTC,
    tick_size=Decimal("0.01"),
    lot_size=Decimal("0.00001"),
    min_notional=Decimal(5),
    max_order_volume=Decimal("0.35"),
    min_position=Decimal(0),
    max_position=Decimal("0.7"),
)


def quote(
    price: float, at: int, *, number: int = 1, bid_size: str = "1", ask_size: str = "1", instrument: str = BTC
) -> Quote:
    middle = Decimal(str(round(price, 2)))
    return Quote(
        instrument=instrument,
        market_at=at,
        received_at=at,
        update_id=number,
        bid=middle,
        bid_size=Decimal(bid_size),
        ask=middle + Decimal("0.01"),
        ask_size=Decimal(ask_size),
    )


def trade(price: float, at: int, *, number: int = 1, quantity: str = "0.1", aggressor: Side = "buy") -> Trade:
    return Trade(
        instrument=BTC,
        market_at=at,
        received_at=at,
        trade_id=number,
        price=Decimal(str(round(price, 2))),
        quantity=Decimal(quantity),
        aggressor=aggressor,
    )


def tick_envelope(tick: AnyTick) -> Envelope:
    return Envelope(id=tick.id, body=tick, actor="feed", sent_at=tick.received_at + MS)


def announced(
    target: str,
    *,
    held: str = "0",
    proposal_id: str = "p1",
    author: str = "somebody",
    action: str = "trade",
    amends: str | None = None,
    round_id: str = "round",
    at: int = START,
    legs: tuple[AnnouncedLeg, ...] = (),
) -> ProposalAnnounced:
    return ProposalAnnounced(
        deliberation_id=round_id,
        proposal_id=proposal_id,
        author=author,
        track="TRADE" if action == "trade" else "REDUCE",
        action=action,  # type: ignore[arg-type]
        instrument=BTC,
        target=Decimal(target),
        held=Decimal(held),
        price=Decimal(60_000),
        spread=Decimal("0.01"),
        equity=Decimal(100_000),
        joins_until=at + 12 * MS,
        deadline=at + 25 * MS,
        amends=amends,
        legs=legs,
    )


def announcement_envelope(body: ProposalAnnounced, at: int = START, book: str = BOOK) -> Envelope:
    announcement_id = derived_id("announced", body.proposal_id)
    return Envelope(id=announcement_id, body=body, actor="governor", sent_at=at, correlation="tick-1", book=book)


class Market:
    """A council of some agents, and what happens around them."""

    def __init__(self, *agents: Agent, instruments: Iterable[InstrumentTerms] = (TERMS,)) -> None:
        self.view = View(BOOK, BookTerms(), {terms.symbol: terms for terms in instruments})
        self.seats = [Seat(f"agent-{number}", agent, self.view) for number, agent in enumerate(agents, 1)]
        self.council = Council(self.seats, self.view)
        self.now = START
        self.numbers = count(1)
        self.logged = 0

    def tell(self, envelope: Envelope) -> list[Envelope]:
        return self.council.handle(envelope, self.now)

    def see(self, tick: AnyTick) -> list[Envelope]:
        self.now = tick.received_at
        return self.tell(tick_envelope(tick))

    def quote(self, price: float, *, after_ms: int = 250, bid_size: str = "1", ask_size: str = "1") -> list[Envelope]:
        at = self.now + after_ms * MS
        return self.see(quote(price, at, number=next(self.numbers), bid_size=bid_size, ask_size=ask_size))

    def trade(self, price: float, *, after_ms: int = 250, quantity: str = "0.1", side: Side = "buy") -> list[Envelope]:
        at = self.now + after_ms * MS
        return self.see(trade(price, at, number=next(self.numbers), quantity=quantity, aggressor=side))

    def walk(self, prices: Iterable[float], *, after_ms: int = 250) -> list[Envelope]:
        return [command for price in prices for command in self.quote(price, after_ms=after_ms)]

    def announce(self, body: ProposalAnnounced) -> list[Envelope]:
        return self.tell(announcement_envelope(body, self.now))

    def change_mode(self, mode: Mode) -> None:
        self.tell(Envelope(id=f"mode-{mode}", body=ModeChanged(mode=mode), actor="governor", sent_at=0, book=BOOK))

    def log(self, *events: Event, log: Log = "execution", book: str = BOOK) -> LedgerEntry:
        """Commits events and tells the council."""
        first = self.logged + 1
        self.logged += len(events)
        rows = tuple(row(event, first + number, book) for number, event in enumerate(events))
        entry = LedgerEntry(log=log, partition=0, first=first, last=self.logged, recorded_at=self.now, rows=rows)
        self.tell(Envelope(id=f"entry-{first}", body=entry, actor="relay", sent_at=self.now, book=book))
        return entry

    def open_book(self, cash: str = "100000") -> None:
        self.log(BookOpened(book=BOOK, quote="USDT", cash=Decimal(cash)))

    def fill(self, side: Side, quantity: str, price: str = "60000") -> None:
        self.log(filled(side, quantity, price))


def filled(side: Side, quantity: str, price: str = "60000", *, fee: str = "0", instrument: str = BTC) -> OrderFilled:
    return OrderFilled(
        order_id="o",
        decision_id="d",
        venue="paper",
        instrument=instrument,
        side=side,
        quantity=Decimal(quantity),
        leaves=Decimal(0),
        price=Decimal(price),
        fee=Decimal(fee),
        tick_id="t",
        received_at=START,
    )


def row(event: Event, position: int, book: str = BOOK) -> LedgerRow:
    return LedgerRow(
        position=position,
        event_id=str(position),
        aggregate_id="a",
        version=1,
        topic=TOPICS[type(event)],
        correlation_id="",
        causation_id="",
        actor="executor",
        book=book,
        state=msgspec.Raw(msgspec.json.encode(event)),
    )

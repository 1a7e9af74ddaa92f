"""A desk that trades at a real venue while things go wrong: every order comes to one end, and the account is right."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal as D
from random import Random

import pytest

from execution.calls import Calls
from execution.dispatch import Decide, Dispatch
from execution.domain.desk import Desk
from execution.domain.venue import Holdings
from execution.venues.ccxt import CcxtVenue
from feeds.exchange import faults as f
from streams.events import (
    BookTerms,
    DomainEvent,
    Event,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderPartiallyFilled,
    OrderRejected,
    OrderTicket,
)
from streams.messages import Code, Mode
from tests.integration.execution.real_venue import LISTING, AtVenue, at_venue
from tests.integration.feeds.exchange.tapes import until
from tests.unit.execution.market import BOOK, booked, decision, desk, execute, limit_ticket, ticket

ENDS = (OrderFilled, OrderCancelled, OrderRejected, OrderExpired)
TROUBLE: list[f.AnyFault] = [
    f.AnswerLost(count=1),
    f.OrderError(answer="503", placed=True, count=1),
    f.HalfFilled(count=1),
    f.TradesLate(count=1),
    f.CancelRefused(count=1),
    f.FailingRest(answer="500", count=1),
]


class Quick(CcxtVenue):
    """Gives an order up a second after its window has closed, and not when the last gateway has."""

    @property
    def settles_within_s(self) -> float:
        return 6.0


class Trading:
    """A desk and its dispatch, as the executor runs them; `events` is the log."""

    def __init__(self, at: AtVenue) -> None:
        self.desk = desk(cash="1000000", terms=BookTerms(real_venue=True, fee_bp=D(10)), listings=(LISTING,))
        self.desk.remote = at.venue.name
        self.events: list[Event] = []
        self.mode: Mode = "NORMAL"
        self.holdings: list[Holdings] = []
        venue = Quick(at.venue.name, at.venue._client)
        self.dispatch = Dispatch(
            Calls(venue), told=self._told, commit=self._commit, mode=lambda _: self.mode, hold=self._hold
        )

    def order(self, asked: OrderTicket) -> None:
        now = time.time_ns()
        events = execute(self.desk, decision(asked, name=asked.order_id), committed_at=now, now=now)
        self.events += booked(self.desk, events)
        sent = self.desk.orders.open(asked.order_id)
        assert sent is not None, self.events[-1]
        self.dispatch.send(BOOK, [sent], now)

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline, f"still not: {what}"
            self.dispatch.pursue([self.desk], time.time_ns())
            await asyncio.sleep(0.005)

    def ended(self) -> Counter[str]:
        return Counter(event.order_id for event in self.events if isinstance(event, ENDS))

    def _commit(self, at: Desk, events: list[DomainEvent]) -> None:
        self.events += booked(at, events)

    def _told(self, at: Desk, decide: Decide) -> None:
        self._commit(at, decide(time.time_ns() if self.mode == "HALTED" else 0))

    def _hold(self, book: str, holdings: Holdings | None) -> None:
        assert holdings is not None
        self.holdings.append(holdings)


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_order_comes_to_one_end_and_the_account_is_that_of_the_venue(seed: int) -> None:
    chance = Random(seed)
    async with at_venue(plays=True, balances={"USDT": D(1_000_000)}) as at:
        trading = Trading(at)
        for fault in chance.choices(TROUBLE, k=15):
            at.inject(fault)
        for number in range(20):
            quantity, name = f"{chance.randint(1, 25) / 10}", str(number)
            asked = [
                ticket("buy", quantity, chance.choice(["100.01", "100.05"]), name=name),
                limit_ticket("buy", quantity, chance.choice(["99.90", "100.02"]), name=name),
            ]
            trading.order(chance.choice(asked))
        answered = {event.order_id for event in trading.events if isinstance(event, OrderAccepted)}
        await trading.until(
            lambda: all(order.working for order in trading.desk.unresolved()), "what is not over is in the book"
        )
        trading.mode = "HALTED"
        await trading.until(lambda: not trading.desk.unresolved(), "a halt ends what works")
        trading.dispatch.calls.holdings(BOOK, "USDT", ["BTCUSDT"])
        await trading.until(lambda: bool(trading.holdings), "the venue has said what it holds")
        trading.dispatch.calls.close()
        assert trading.ended() == Counter(answered)
        assert set(at.exchange.account.placed.values()) <= {1}
        assert not at.exchange.account.open_orders()
        (held,) = trading.holdings
        assert trading.desk.account.held("BTCUSDT") == held.quantities["BTCUSDT"]
        assert trading.desk.account.cash == held.cash


async def test_an_order_that_never_came_is_given_up_when_its_window_has_closed() -> None:
    async with at_venue() as at:
        trading = Trading(at)
        at.inject(f.OrderDropped(count=1))
        began = time.monotonic()
        trading.order(ticket("buy", "1", "100.01"))
        await trading.until(lambda: not trading.desk.unresolved(), "the order is over")
        trading.dispatch.calls.close()
        assert time.monotonic() - began > 6
        (rejected,) = [event for event in trading.events if isinstance(event, OrderRejected)]
        assert rejected.reason == Code.VENUE_LOST
        assert at.placed == 0


async def test_a_fill_that_comes_while_the_answer_is_lost_is_booked_once() -> None:
    async with at_venue() as at:
        trading = Trading(at)
        at.inject(f.AnswerLost(count=1))
        trading.order(ticket("buy", "2", "100.05"))
        await trading.until(lambda: not trading.desk.unresolved(), "the order is over")
        trading.dispatch.calls.close()
        fills = [event for event in trading.events if isinstance(event, OrderPartiallyFilled | OrderFilled)]
        assert [(fill.price, fill.quantity) for fill in fills] == [(D("100.01"), 1), (D("100.02"), 1)]
        assert trading.desk.account.held("BTCUSDT") == D("1.998")


async def test_an_answer_that_is_read_late_gives_up_nothing() -> None:
    """Asked before the window had closed, read after it: the order came in between."""
    async with at_venue(timeout_s=0.3) as at:
        trading = Trading(at)
        at.inject(f.OrderLate(by=2.0, count=1))
        trading.order(ticket("buy", "1", "100.01"))
        (sent,) = trading.desk.unresolved()
        await trading.until(lambda: at.exchange.rest["GET order"] >= 1, "the venue was asked")
        await until(lambda: time.time_ns() - sent.sent_at > 7e9, "the executor wakes up again")
        await trading.until(lambda: not trading.desk.unresolved(), "the order is over")
        trading.dispatch.calls.close()
        assert not [event for event in trading.events if isinstance(event, OrderRejected)]
        assert trading.desk.account.held("BTCUSDT") == D("0.999")

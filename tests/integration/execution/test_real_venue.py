"""Executor, ledger and a venue that speaks Binance's order API: what was decided is placed once, whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest
import redis

from execution.executor import Executor
from execution.venues.ccxt import CcxtVenue
from feeds.exchange import faults as f
from streams.events import (
    BookReconciled,
    BookTerms,
    CashMoveOrdered,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    OrderSent,
    OrderTicket,
    OrderWorking,
    ReconciliationFailed,
    ReconciliationOrdered,
)
from streams.messages import Code
from tests.integration.execution.conftest import Hire
from tests.integration.execution.council import Council
from tests.integration.execution.real_venue import FUNDS, LISTING, AtVenue, at_venue
from tests.servers import wait_until
from tests.unit.execution.market import BOOK

D = Decimal
REAL = BookTerms(real_venue=True)


@pytest.fixture
def council(ledger_url: str, redis_url: str) -> Iterator[Council]:
    """A book that trades at the real venue."""
    council = Council(ledger_url, redis_url)
    council.found(REAL, LISTING)
    yield council
    council.close()


def ticket(name: str, quantity: str = "1", limit: str = "100.01", **changes: Any) -> OrderTicket:
    fields: dict[str, Any] = {"side": "buy", **changes}
    return OrderTicket(order_id=name, instrument="BTCUSDT", quantity=D(quantity), limit=D(limit), **fields)


async def started(hire: Hire, at: AtVenue, owner: str = "test") -> Executor:
    executor = hire(venue=at.venue, owner=owner)
    await asyncio.to_thread(executor.start)
    await turned(executor, lambda: BOOK in executor.floor.desks and executor.floor.desk(BOOK).remote, "it trades there")
    return executor


async def turned(executor: Executor, condition: Callable[[], object], what: str) -> None:
    """Turns until it is so."""
    async with asyncio.timeout(20):
        while not await asyncio.to_thread(condition):
            await asyncio.to_thread(executor.turn)
    assert condition(), what


def kinds(council: Council) -> list[type]:
    return [type(recorded.event.body) for recorded in council.executed()][1:]


def ends(council: Council) -> list[Any]:
    return [body for bodies in council.finals().values() for body in bodies]


async def test_an_order_is_recorded_as_sent_then_sent_then_booked(council: Council, hire: Hire) -> None:
    async with at_venue() as at:
        executor = await started(hire, at)
        council.decide(orders=[ticket("first")])
        await turned(executor, council.finals, "it is final")
        assert kinds(council)[0] is OrderSent
        (filled,) = ends(council)
        assert isinstance(filled, OrderFilled)
        assert (filled.venue, filled.leaves) == ("binance-testnet", 0)
        assert filled.trade_id
        assert at.placed == 1
        account = executor.floor.desk(BOOK).account
        assert account.held("BTCUSDT") == D(1) - D("0.001"), "the venue takes its fee of 10 bp in kind"


async def test_after_a_lost_answer_there_is_one_order_and_its_fill(council: Council, hire: Hire) -> None:
    async with at_venue() as at:
        executor = await started(hire, at)
        at.inject(f.AnswerLost(count=1))
        council.decide(orders=[ticket("lost")])
        await turned(executor, council.finals, "it is final")
        assert [type(end) for end in ends(council)] == [OrderFilled]
        assert at.placed == 1


async def test_who_dies_between_the_commit_and_the_call_has_sent_nothing(
    council: Council, hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CcxtVenue, "settles_within_s", 1.0)
    async with at_venue() as at:
        victim = await started(hire, at, "victim")
        monkeypatch.setattr(victim.transactions, "_send", lambda *_: None)
        council.decide(orders=[ticket("unsent")])
        await turned(victim, lambda: OrderSent in kinds(council), "it is recorded as sent")
        victim.application.release()
        heir = await started(hire, at, "heir")
        await turned(heir, council.finals, "it is final")
        (rejected,) = ends(council)
        assert isinstance(rejected, OrderRejected)
        assert rejected.reason == Code.VENUE_LOST
        assert at.placed == 0


async def test_an_heir_asks_for_what_was_sent_and_does_not_send_it_again(
    council: Council, hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_venue() as at:
        victim = await started(hire, at, "victim")
        council.decide(orders=[ticket("sent")])
        await turned(victim, lambda: OrderSent in kinds(council), "it is recorded as sent")
        async with asyncio.timeout(20):
            while not at.placed:
                await asyncio.sleep(0.01)
        victim.application.release()
        heir = await started(hire, at, "heir")
        await turned(heir, council.finals, "it is final")
        assert [type(end) for end in ends(council)] == [OrderFilled]
        assert at.placed == 1


async def test_a_halt_cancels_at_the_venue_what_works_there(council: Council, hire: Hire) -> None:
    async with at_venue() as at:
        executor = await started(hire, at)
        council.decide(orders=[ticket("rests", "1", "99.50", type="limit", time_in_force="GTC")])
        await turned(executor, lambda: OrderWorking in kinds(council), "it works")
        await asyncio.to_thread(council.halt)
        await turned(executor, council.finals, "it is final")
        (cancelled,) = ends(council)
        assert isinstance(cancelled, OrderCancelled)
        assert cancelled.reason == Code.HALTED


async def test_what_a_venue_fills_of_an_order_that_was_sent_before_a_halt_is_booked_and_marked(
    council: Council, hire: Hire
) -> None:
    async with at_venue() as at:
        executor = await started(hire, at)
        at.inject(f.AnswerLost(count=1))
        council.decide(orders=[ticket("before")])
        await turned(executor, lambda: OrderSent in kinds(council), "it is recorded as sent")
        await asyncio.to_thread(council.halt)
        await turned(executor, council.finals, "it is final")
        (filled,) = ends(council)
        assert isinstance(filled, OrderFilled)
        assert filled.after_halt
        assert executor.telemetry.counters["fills after a halt"] == 1


async def test_without_a_venue_nothing_is_filled_on_paper_instead(council: Council, hire: Hire) -> None:
    executor = hire()
    executor.start()
    council.quote()
    council.decide(orders=[ticket("nowhere")])
    executor.turn()
    (rejected,) = ends(council)
    assert isinstance(rejected, OrderRejected)
    assert rejected.reason == Code.NO_VENUE


async def test_a_difference_to_the_venue_is_recorded_and_an_agreement_too(
    council: Council, hire: Hire, ledger_url: str
) -> None:
    async with at_venue(balances={"USDT": FUNDS["USDT"]}) as at:
        executor = await started(hire, at)
        opened = executor.floor.desk(BOOK).account.cash
        await turned(executor, lambda: found(ledger_url, ReconciliationFailed), "the cash is another")
        (difference,) = found(ledger_url, ReconciliationFailed)
        assert (difference["instrument"], D(difference["venue_quantity"])) == ("USDT", FUNDS["USDT"])
        moved = CashMoveOrdered(amount=FUNDS["USDT"] - opened, who="operator:ann", why="as at the venue")
        asked = ReconciliationOrdered(who="operator:ann", why="level now?")
        council.publish(council.commit(council.event(moved, "Book", BOOK, version=2)))
        council.publish(council.commit(council.event(asked, "Book", BOOK, version=3)))
        await turned(executor, lambda: found(ledger_url, BookReconciled), "book and venue agree")
        assert executor.floor.desk(BOOK).account.cash == FUNDS["USDT"]


def found(url: str, kind: type) -> list[dict[str, Any]]:
    with psycopg.connect(url) as connection:
        query = "SELECT payload FROM ledger WHERE log = 'execution' AND event = %s ORDER BY position"
        return [row[0] for row in connection.execute(query, [kind.__name__])]


async def test_orders_of_another_venue_are_not_given_up(
    council: Council, hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CcxtVenue, "settles_within_s", 0.0)
    async with at_venue() as at:
        first = await started(hire, at, "first")
        council.decide(orders=[ticket("rests", "1", "99.50", type="limit", time_in_force="GTC")])
        await turned(first, lambda: OrderWorking in kinds(council), "it works")
        first.application.release()
        monkeypatch.setattr(CcxtVenue, "name", "elsewhere")
        second = hire(venue=at.venue, owner="second")
        await asyncio.to_thread(second.start)
        for _ in range(50):
            await asyncio.to_thread(second.turn)
        assert not council.finals()


async def test_a_venue_that_cannot_be_opened_holds_up_nobody(council: Council, hire: Hire) -> None:
    async with at_venue(opens=False) as at:
        at.inject(f.FailingRest(answer="500"))
        executor = hire(venue=at.venue)
        await asyncio.to_thread(executor.start)
        council.decide(orders=[ticket("refused")])
        await turned(executor, council.finals, "it is final")
        (rejected,) = ends(council)
        assert isinstance(rejected, OrderRejected)
        assert rejected.reason == Code.NO_VENUE


async def test_a_fill_that_is_not_told_yet_is_no_difference(
    council: Council, hire: Hire, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("execution.reconciliation.EVERY_NS", 1_000_000_000)
    monkeypatch.setattr("execution.reconciliation.ASK_AGAIN_NS", 200_000_000)
    async with at_venue(balances={"USDT": D(100_000)}) as at:
        executor = await started(hire, at)
        at.inject(f.TradesLate(count=3))
        council.decide(orders=[ticket("told late")])
        await turned(executor, council.finals, "it is final")
        await turned(executor, lambda: len(found(ledger_url, BookReconciled)) >= 1, "book and venue agree")
        assert not found(ledger_url, ReconciliationFailed)


async def test_a_halt_holds_while_redis_does_not_answer(council: Council, hire: Hire, redis_url: str) -> None:
    async with at_venue() as at:
        executor = await started(hire, at)
        council.decide(orders=[ticket("rests", "1", "99.50", type="limit", time_in_force="GTC")])
        await turned(executor, lambda: OrderWorking in kinds(council), "it works")
        executor.telemetry.state = "told to run"
        running = asyncio.create_task(asyncio.to_thread(executor.run))
        with redis.Redis.from_url(redis_url) as server:
            await asyncio.to_thread(wait_until, lambda: executor.telemetry.state == "running", "it runs")
            server.client_pause(12_000, all=True)
            try:
                await asyncio.to_thread(council.halt)
                await asyncio.to_thread(wait_until, council.finals, "the order is final", seconds=10)
            finally:
                server.client_unpause()
                executor.stop.set()
                await running
        (cancelled,) = ends(council)
        assert isinstance(cancelled, OrderCancelled)
        assert cancelled.reason == Code.HALTED

"""Halts race with fills: none is recorded after the gate fell; without the lock there would be one."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg

from execution.executor import Executor
from ledger import gate
from ledger.records import GateChange
from streams.events import OrderFilled
from tests.integration.execution.conftest import Hire
from tests.integration.execution.council import Council
from tests.integration.ledger.test_gate_race import waits, without_the_lock
from tests.servers import wait_until
from tests.unit.execution.market import BOOK

ROUNDS = 8
DECISIONS = 40


def halt(url: str) -> gate.Gate:
    with psycopg.connect(url, application_name="halting", autocommit=True) as connection:
        return gate.halt(connection, BOOK, who="operator:ann", why="a race", command_id="c")


def resume(council: Council, number: int) -> None:
    for origin, mode in (("HALTED", "REDUCE_ONLY"), ("REDUCE_ONLY", "NORMAL")):
        change = GateChange(
            book=BOOK,
            origin=origin,  # type: ignore[arg-type]
            mode=mode,  # type: ignore[arg-type]
            who="operator:ann",
            why="on with it",
            command_id=f"resume-{number}-{mode}",
        )
        council.governance.commit([], gate=change)


def fill_recorded_after_the_halt(council: Council, executor: Executor) -> bool:
    """A fill is stopped between the gate and the log, then the book is halted."""
    url = council.database_url
    council.quote()
    council.decide(("buy", "0.1"))
    with psycopg.connect(url) as stopper, ThreadPoolExecutor() as pool:
        stopper.execute("SELECT FROM head WHERE log = 'execution' FOR UPDATE")
        turn = pool.submit(executor.turn)
        wait_until(lambda: waits(url, "execution writer", "transactionid"), "the fill is through the gate")
        halting = pool.submit(halt, url)
        wait_until(lambda: halting.done() or waits(url, "halting", "advisory"), "the halt is done, or it waits")
        stopper.rollback()
        turn.result()
        gate_at = halting.result().gate_at
    (filled,) = [each for each in council.executed() if isinstance(each.event.body, OrderFilled)]
    return filled.recorded_at > gate_at


def test_a_halt_waits_for_the_fill_that_is_through_the_gate(council: Council, hire: Hire) -> None:
    executor = hire()
    executor.start()
    assert not fill_recorded_after_the_halt(council, executor)


def test_without_the_lock_a_fill_is_recorded_after_the_halt(council: Council, hire: Hire) -> None:
    """So the tests here tell whether the lock is there."""
    executor = hire()
    executor.start()
    with without_the_lock(council.database_url):
        assert fill_recorded_after_the_halt(council, executor)


def test_no_fill_is_recorded_after_a_halt_whenever_it_comes(council: Council, hire: Hire) -> None:
    """Many halts at arbitrary moments of an executor that fills what is decided at the same time."""
    executor = hire()
    executor.start()
    moments = random.Random(7)
    done = 0
    ended: Counter[str] = Counter()
    for number in range(ROUNDS):
        council.quote()
        every = done + 2 * DECISIONS  # an order is accepted, then it ends
        with ThreadPoolExecutor() as pool:
            deciding = pool.submit(decide, council)
            working = pool.submit(turn_until, executor, council.database_url, every)
            goal = done + moments.randint(0, 2 * DECISIONS - 4)
            wait_until(lambda goal=goal: orders_recorded(council.database_url) >= goal, "some fills")  # type: ignore[misc]
            fallen = halt(council.database_url).gate_at
            deciding.result()
            working.result()
        events = council.executed()[done:]
        for each in events:
            if isinstance(each.event.body, OrderFilled):
                assert each.recorded_at <= fallen
            ended[type(each.event.body).__name__] += 1
        done += len(events)
        resume(council, number)
    assert ended["OrderFilled"] + ended["OrderCancelled"] == ended["OrderAccepted"] == ROUNDS * DECISIONS
    assert ended["OrderFilled"] > DECISIONS < ended["OrderCancelled"], "halts came in the middle"


def decide(council: Council) -> None:
    for side in ("buy", "sell") * (DECISIONS // 2):
        council.decide((side, "0.01"))


def turn_until(executor: Executor, url: str, events: int) -> None:
    def turned() -> bool:
        executor.turn()
        return orders_recorded(url) >= events

    wait_until(turned, "every order has its final state")


def orders_recorded(url: str) -> int:
    """How many events of orders the execution log has."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT count(*) FROM event_log WHERE topic LIKE 'Order.%'").fetchone()
    assert row is not None
    return int(row[0])

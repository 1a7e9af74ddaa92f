from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial

import psycopg
import pytest

from execution.executor import Executor
from ledger.errors import Fenced
from streams.telemetry import processes
from tests.integration.execution.conftest import Hire
from tests.integration.execution.council import Council
from tests.servers import wait_until
from tests.unit.execution.market import BOOK

D = Decimal


@contextmanager
def running(executor: Executor) -> Iterator[Executor]:
    """Its own loop in a thread; what it dies of fails the test."""
    died: list[BaseException] = []

    def body() -> None:
        try:
            executor.run()
        except BaseException as error:  # noqa: BLE001 - handed to the test
            died.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    try:
        yield executor
    finally:
        executor.stop.set()
        thread.join(20)
    assert not thread.is_alive()
    assert not died, died


# --- taking over and losing --------------------------------------------------------------------------------


def has_fills(council: Council, number: int) -> bool:
    return len(council.fills()) == number


def test_a_second_executor_waits_for_the_lease_of_the_first(council: Council, hire: Hire) -> None:
    first, second = hire(owner="first"), hire(owner="second")
    first.start()
    council.quote()
    with running(second):
        wait_until(lambda: state_of(council) == "waiting", "the second one says that it waits")
        council.decide(("buy", "0.1"))
        first.turn()
        assert len(council.fills()) == 1
        first.finish()
        wait_until(lambda: state_of(council) == "running", "the second one has taken over")
        council.decide(("buy", "0.1"))
        wait_until(lambda: len(council.fills()) == 2, "the second one executes")
    assert second.floor.desk(BOOK).account.held("BTCUSDT") == D("0.2")


def test_who_was_taken_over_cannot_commit(council: Council, hire: Hire) -> None:
    paused, heir = hire(owner="same"), hire(owner="same")
    paused.start()
    heir.start()
    council.quote()
    council.decide(("buy", "0.1"))
    with pytest.raises(Fenced):
        paused.turn()
    assert council.executed() == []
    heir.turn()
    assert len(council.fills()) == 1


def test_when_postgresql_is_lost_and_back_nothing_is_lost(council: Council, hire: Hire) -> None:
    with running(hire()) as executor:
        wait_until(lambda: state_of(council) == "running", "it runs")
        council.quote()
        council.decide(("buy", "0.1"))
        wait_until(lambda: len(council.fills()) == 1, "the first fill")
        floor = executor.floor
        recorder = executor.application.recorder
        pids = [session.connection.info.backend_pid for session in (recorder.writing, recorder.reading)]
        with psycopg.connect(council.database_url, autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS pid", [pids])
        wait_until(lambda: executor.floor is not floor, "it has dropped its memory")
        council.quote()
        council.decide(("buy", "0.1"))
        wait_until(lambda: len(council.fills()) == 2, "the second fill")
    assert executor.floor.desk(BOOK).account.held("BTCUSDT") == D("0.2")


def test_when_redis_drops_its_clients_it_goes_on(council: Council, hire: Hire) -> None:
    with running(hire()):
        wait_until(lambda: state_of(council) == "running", "it runs")
        for number in (1, 2):
            council.quote()
            council.decide(("buy", "0.1"))
            wait_until(partial(has_fills, council, number), "a fill")
            council.streams.redis.client_kill_filter(_type="normal", skipme=True)


def test_told_to_stop_it_moves_its_mark_and_frees_the_lease(council: Council, hire: Hire) -> None:
    with running(hire(owner="first")):
        wait_until(lambda: state_of(council) == "running", "it runs")
        council.decide()
    assert council.mark() == 2
    hire(owner="second").start()
    assert state_of(council) == "waiting"  # its last word so far: it did not have to wait


def state_of(council: Council) -> str:
    report = processes(council.streams.redis).get("executor", {})
    return str(report.get("state", ""))

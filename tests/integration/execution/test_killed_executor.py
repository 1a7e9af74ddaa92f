"""An executor process that is killed under a stream of decisions and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path

from execution.domain.account import Account
from streams.events import DecisionReached, OrderFilled
from streams.messages import Side
from streams.telemetry import processes
from tests.integration.execution.council import Council
from tests.servers import wait_until
from tests.unit.execution.market import BOOK

ROOT = Path(__file__).resolve().parent.parent.parent.parent
KILLS = 3


@contextmanager
def executor_process(council: Council) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "DATABASE_URL": council.database_url}
    process = subprocess.Popen([sys.executable, "manage.py", "runexecutor"], cwd=ROOT, env=environment)
    try:
        wait_until(lambda: _running(council) == process.pid, "the executor runs")
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)


def _running(council: Council) -> int | None:
    report = processes(council.streams.redis).get("executor", {})
    return int(report["pid"]) if report.get("state") == "running" else None


class Decisions(threading.Thread):
    """Decides about 200 times a second, buying and selling in turn, until it is told to stop."""

    def __init__(self, council: Council) -> None:
        super().__init__()
        self.council = council
        self.decided: list[DecisionReached] = []
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.004):
            self.council.quote()
            side: Side = "sell" if len(self.decided) % 3 == 2 else "buy"
            ttl_ms = 60_000 if len(self.decided) % 2 else 50
            self.decided.append(self.council.decide((side, "0.001"), (side, "0.001"), ttl_ms=ttl_ms))


def more_fills(council: Council, than: int) -> bool:
    return len(council.fills()) > than


def test_after_kills_under_load_every_order_has_exactly_one_final_state(council: Council) -> None:
    decisions = Decisions(council)
    decisions.start()
    try:
        for _ in range(KILLS):
            with executor_process(council) as process:
                before = len(council.fills())
                wait_until(partial(more_fills, council, before + 20), "it fills orders")
                process.kill()
                assert process.wait(10) == -signal.SIGKILL
    finally:
        decisions.done.set()
        decisions.join(10)

    with executor_process(council) as process:
        wait_until(lambda: council.mark() == 1 + len(decisions.decided), "the mark has passed every decision")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0

    finals = council.finals()
    assert set(finals) == {order.order_id for decision in decisions.decided for order in decision.orders}
    assert {len(ends) for ends in finals.values()} == {1}
    assert {type(ends[0]).__name__ for ends in finals.values()} >= {"OrderFilled", "OrderExpired"}
    assert_position_is_the_fold_of_fills(council)


def assert_position_is_the_fold_of_fills(council: Council) -> None:
    account, held, cash = Account(), Decimal(0), Decimal(100_000)
    for recorded in council.execution.events():
        account.apply(recorded.event.body)
        if isinstance(fill := recorded.event.body, OrderFilled):
            signed = fill.quantity if fill.side == "buy" else -fill.quantity
            held += signed
            cash -= signed * fill.price + fill.fee
    assert (account.book, account.held("BTCUSDT"), account.cash) == (BOOK, held, cash)


def test_check_tells_whether_an_executor_is_alive(council: Council) -> None:
    environment = {**os.environ, "DATABASE_URL": council.database_url}
    command = [sys.executable, "manage.py", "runexecutor", "--check"]
    assert subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 1
    with executor_process(council):
        assert subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0


def test_started_without_redis_it_waits_and_stops_when_told(council: Council, tmp_path: Path) -> None:
    environment = {**os.environ, "DATABASE_URL": council.database_url, "REDIS_URL": "redis://127.0.0.1:1/0"}
    with (tmp_path / "stderr").open("w+b") as stderr:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "runexecutor"], cwd=ROOT, env=environment, stderr=stderr
        )
        try:
            wait_until(lambda: b"waiting for Redis" in (tmp_path / "stderr").read_bytes(), "it says what it waits for")
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
        finally:
            if process.poll() is None:
                process.kill()
                process.wait(10)

"""A stack of two partitions: a book in each decides and fills, also when a governor and an executor are killed, and
whoever audits finds all of it."""

from __future__ import annotations

import subprocess
import sys

import psycopg
import pytest

from govsite.chaos.victim import environment_without_servers
from tests.e2e.invariants import broken
from tests.e2e.stack import PROJECT, STARTED_WITHIN_S, Stack
from tests.servers import wait_until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]
BOOKS = {"demo": 0, "north": 1}
"""Each with its partition of two."""
FILLED = """SELECT book, partition, count(*) FROM ledger
    WHERE log = 'execution' AND event IN ('OrderFilled', 'OrderPartiallyFilled') GROUP BY 1, 2"""
PROJECTED = "SELECT book, count(*) FROM execution_fill GROUP BY 1"


def fills(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        found = connection.execute(FILLED).fetchall()
    assert all(BOOKS[book] == partition for book, partition, _ in found)
    return {book: number for book, _, number in found}


def projected(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        return dict(connection.execute(PROJECTED).fetchall())


def test_two_partitions_decide_fill_and_are_audited_as_one(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOVSITE_PARTITIONS", "2")
    run = stack.start("--council", "bench", "--metronome", "20", "--books", *BOOKS)
    wait_until(stack.decisions, "there are decisions", seconds=STARTED_WITHIN_S)
    url = stack.environment()["DATABASE_URL"]
    wait_until(lambda: fills(url).keys() == BOOKS.keys(), "both books fill", seconds=STARTED_WITHIN_S)
    for victim in ("rungovernor", "runexecutor"):
        killed = next(process for command, process in stack.processes().items() if victim in command)
        killed.kill()
        before = fills(url)
        go_on = lambda before=before: all(fills(url)[book] > before[book] + 3 for book in BOOKS)  # noqa: E731
        wait_until(go_on, f"both books go on without one {victim}", seconds=60)
    feed = next(process for command, process in stack.processes().items() if "runfeed" in command)
    feed.suspend()  # the market stands still, so that what is on its way can arrive
    wait_until(lambda: not broken(url), "the last orders have ended", seconds=30)
    wait_until(lambda: projected(url) == fills(url), "the read models have the fills of both partitions")
    verified = subprocess.run(
        [sys.executable, "manage.py", "audit", "verify", "--data-dir", str(stack.directory)],
        cwd=PROJECT,
        env=environment_without_servers(),
        capture_output=True,
        check=False,
    )
    assert verified.returncode == 0, verified.stdout.decode() + verified.stderr.decode()
    feed.resume()
    run.terminate()
    assert run.wait(60) == 0, stack.log.read_text()

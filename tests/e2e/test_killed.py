"""Every process is killed in turn while it works; afterwards the ledger must be as if nothing had happened."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from govsite.chaos.victim import environment_without_servers
from tests.e2e.invariants import broken
from tests.e2e.stack import PROJECT, STARTED_WITHIN_S, Stack
from tests.servers import wait_until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]
VICTIMS = (
    "rungovernor",
    "runexecutor",
    "runrelay",
    "runagents",
    "runprojector",
    "runfeed",
    "valkey-server",
    "postgres",
)


def fills(url: str) -> int:
    try:
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT count(*) FROM ledger WHERE event = 'OrderFilled'").fetchone()
    except psycopg.OperationalError:
        return 0
    return row[0] if row else 0


def test_nothing_is_lost_or_done_twice_when_processes_are_killed(stack: Stack) -> None:
    run = stack.start("--council", "bench", "--metronome", "20")
    wait_until(stack.decisions, "there are decisions", seconds=STARTED_WITHIN_S)
    url = stack.environment()["DATABASE_URL"]
    wait_until(lambda: fills(url), "there are fills", seconds=STARTED_WITHIN_S)
    for victim in VICTIMS:
        killed = next(process for command, process in stack.processes().items() if victim in command)
        killed.kill()
        before = fills(url)
        wait_until(lambda before=before: fills(url) > before + 5, f"trading goes on without {victim}", seconds=60)  # type: ignore[misc]
    feed = next(process for command, process in stack.processes().items() if "runfeed" in command)
    feed.suspend()  # the market stands still, so that what is on its way can arrive
    wait_until(lambda: not broken(url), "the last orders have ended", seconds=20)
    assert broken(url) == {}
    for what in ((), ("--decisions",)):
        verified = subprocess.run(
            [sys.executable, "manage.py", "audit", "verify", *what, "--data-dir", str(stack.directory)],
            cwd=PROJECT,
            env=environment_without_servers(),
            capture_output=True,
            check=False,
        )
        assert verified.returncode == 0, verified.stdout.decode() + verified.stderr.decode()
    feed.resume()
    run.terminate()
    assert run.wait(60) == 0, Path(stack.log).read_text()

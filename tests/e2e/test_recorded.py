"""What a live run kept is given to the same cores again: they must decide and execute the same."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import psycopg
import pytest

from govsite.chaos.victim import environment_without_servers
from tests.e2e.stack import PROJECT, STARTED_WITHIN_S, Stack
from tests.servers import wait_until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]
OUTCOMES = "SELECT payload->>'outcome' FROM ledger WHERE event = 'DecisionReached'"
ENDS = "SELECT event FROM ledger WHERE event IN ('OrderFilled', 'OrderRejected', 'OrderCancelled', 'OrderExpired')"
SETTLED = """
    SELECT execution.mark = governance.position::text
    FROM head execution JOIN head governance ON execution.log = 'execution' AND governance.log = 'governance'"""


def count(url: str, query: str) -> Counter[str]:
    with psycopg.connect(url) as connection:
        return Counter(row[0] for row in connection.execute(query))


def test_a_recorded_run_is_repeated_to_the_same_decisions(stack: Stack, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    run = stack.start("--council", "bench", "--metronome", "30", "--record", str(kept))
    wait_until(lambda: stack.decisions() >= 20, "there are twenty decisions", seconds=STARTED_WITHIN_S)
    url = stack.environment()["DATABASE_URL"]
    feed = next(process for command, process in stack.processes().items() if "runfeed" in command)
    feed.suspend()  # the market stands still, so that the ledger does
    wait_until(lambda: count(url, SETTLED)[True], "everything decided is executed")  # type: ignore[index]
    outcomes, ends = count(url, OUTCOMES), count(url, ENDS)
    feed.kill()
    run.terminate()
    assert run.wait(60) == 0, stack.log.read_text()

    result = tmp_path / "result.json"
    subprocess.run(
        [sys.executable, "manage.py", "backtest", "--recorded", str(kept), "--json", str(result)],
        cwd=PROJECT,
        env=environment_without_servers(),
        check=True,
    )
    report = json.loads(result.read_text())
    repeated = Counter({f"Order{name.capitalize()}": number for name, number in report["orders"].items()})
    assert outcomes <= Counter(report["decisions"])
    assert sum(report["decisions"].values()) - sum(outcomes.values()) <= 2  # a feed started again before the end
    assert ends <= repeated

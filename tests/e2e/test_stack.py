"""The one-command stack, as a user starts it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.servers import wait_until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]
PROJECT = Path(__file__).resolve().parents[2]
STARTED_WITHIN_S = 90.0


class Stack:
    """A runstack of its own, with embedded servers, in a directory and on a port of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.log = directory.with_suffix(".txt")
        self.runs: list[subprocess.Popen[bytes]] = []

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "manage.py", "runstack", "--data-dir", str(self.directory)]
        with self.log.open("ab") as output:
            run = subprocess.Popen(
                [*command, "--feed", "synthetic", "--seed", "7", "--speed", "10", "--port", str(self.port), *arguments],
                cwd=PROJECT,
                env=without_servers(),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.runs.append(run)
        return run

    def ask(self, action: str) -> str:
        command = [sys.executable, "manage.py", "stack", action, "--data-dir", str(self.directory)]
        return subprocess.run(
            command, cwd=PROJECT, env=without_servers(), check=True, capture_output=True
        ).stdout.decode()

    def decisions(self) -> int:
        """How many the running stack's ledger has; 0 while there is none to ask."""
        told = self.directory / "stack.env"
        if not told.exists():
            return 0
        url = dict(line.split("=", 1) for line in told.read_text().splitlines())["DATABASE_URL"]
        try:
            with psycopg.connect(url) as connection:
                row = connection.execute("SELECT count(*) FROM ledger WHERE event = 'DecisionReached'").fetchone()
        except (psycopg.OperationalError, psycopg.errors.UndefinedTable):
            return 0
        return row[0] if row else 0

    def web_answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/admin/login/", timeout=10) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError):
            return False

    def processes(self) -> dict[str, psutil.Process]:
        """Everything that has the data directory in its command line or environment, the test's own aside."""
        found = {}
        for process in psutil.process_iter():
            try:
                traces = [*process.cmdline(), process.environ().get("GOVSITE_STACK", "")]
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
            if any(str(self.directory) in trace for trace in traces):
                found[" ".join(process.cmdline())] = process
        return found


def without_servers() -> dict[str, str]:
    servers = {"DATABASE_URL", "REDIS_URL", "GOVSITE_DATA_DIR"}
    return {name: value for name, value in os.environ.items() if name not in servers}


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(tmp_path / "var")
    yield stack
    for run in stack.runs:
        if run.poll() is None:
            run.terminate()
            run.wait(60)


def test_one_command_runs_the_market_and_leaves_nothing(stack: Stack) -> None:
    run = stack.start("--for", "30")
    wait_until(stack.web_answers, "the web server answers", seconds=STARTED_WITHIN_S)
    wait_until(stack.decisions, "there is a decision in the ledger", seconds=STARTED_WITHIN_S)
    assert "REDIS_URL=redis://" in stack.ask("env")
    assert "governor" in stack.ask("status")
    assert run.wait(90) == 0, stack.log.read_text()
    assert stack.processes() == {}
    assert not (stack.directory / "stack.env").exists()


def test_a_stack_that_was_killed_leaves_nothing_and_starts_again(stack: Stack) -> None:
    first = stack.start()
    wait_until(stack.decisions, "there is a decision in the ledger", seconds=STARTED_WITHIN_S)
    first.kill()
    first.wait()
    wait_until(lambda: not stack.processes(), "everything has ended with it")
    before = (stack.directory / "operators.json").read_text()

    second = stack.start()
    kept = int(str(wait_until(stack.decisions, "the ledger is there again", seconds=STARTED_WITHIN_S)))
    wait_until(lambda: stack.decisions() > kept, "there are new decisions", seconds=STARTED_WITHIN_S)
    governor = next(process for command, process in stack.processes().items() if "rungovernor" in command)
    governor.kill()
    wait_until(lambda: "governor" in stack.log.read_text().rpartition("SIGKILL")[2], "it is started again")
    after_kill = stack.decisions()
    wait_until(lambda: stack.decisions() > after_kill, "the new one decides", seconds=STARTED_WITHIN_S)
    assert (stack.directory / "operators.json").read_text() == before

    stack.ask("stop")
    assert second.wait(10) == 0, stack.log.read_text()
    assert stack.processes() == {}


def test_a_second_stack_in_the_same_directory_is_refused(stack: Stack) -> None:
    stack.start()
    wait_until((stack.directory / "stack.env").exists, "the first stack runs", seconds=STARTED_WITHIN_S)
    stack.port += 1
    assert stack.start().wait(60) == 1
    assert "A stack is already running in" in stack.log.read_text()
    stack.runs[0].send_signal(signal.SIGINT)
    assert stack.runs[0].wait(60) == 0


def test_a_port_that_is_taken_is_named(stack: Stack) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        stack.port = int(listener.getsockname()[1])
        assert stack.start().wait(60) == 1
    assert f"Port {stack.port} cannot be used" in stack.log.read_text()
    assert not stack.directory.joinpath("postgres").exists()

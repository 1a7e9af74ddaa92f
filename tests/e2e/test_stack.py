"""The one-command stack, as a user starts it."""

from __future__ import annotations

import signal
import socket

import pytest

from tests.e2e.stack import STARTED_WITHIN_S, Stack
from tests.servers import wait_until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]


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
    filled = stack.events("OrderFilled")
    wait_until(lambda: stack.events("OrderFilled") > filled, "what it decides is filled", seconds=STARTED_WITHIN_S)
    assert "the chain is whole" in stack.manage("audit", "verify")  # else it ends with an exit code
    assert stack.refusals() == []
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

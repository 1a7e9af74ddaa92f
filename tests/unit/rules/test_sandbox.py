"""Operators' texts are tried in a child that may hang, be killed or eat memory: then the text is refused."""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from time import monotonic, process_time

import psutil
import pytest

from rules.sandbox import CPU_SECONDS, EXTRA_MEMORY, MOST_TEXTS, ROOT, Example, Problem, Request, Sandbox, Text
from tests.unit.rules.hostile import HOSTILE

SOUND = Request("order", [Text("clause", "order.quantity <= 1.0"), Text("clip_to", "1.0", "DOUBLE")])


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as warm:
        yield warm


def only(problems: list[Problem]) -> Problem:
    (found,) = problems
    return found


def eventually_gone(pid: int) -> bool:
    until = monotonic() + 10
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE and monotonic() < until:
        pass
    return monotonic() < until


def test_sound_texts_have_no_problems_and_the_child_stays_warm(sandbox: Sandbox) -> None:
    assert sandbox.check(SOUND) == []
    pid = sandbox.pid
    assert sandbox.check(Request("signal", [Text("when", "market.trend >= 1.0")])) == []
    assert sandbox.pid == pid


def test_a_problem_names_the_field_the_message_and_the_place(sandbox: Sandbox) -> None:
    texts = [Text("small", "order.quantity <\n  order.qty"), Text("fine", "true"), Text("when", "market.trend > 1.0")]
    first, second = sandbox.check(Request("order", texts))
    assert (first.field, first.line, first.column) == ("small", 2, 8)
    assert "order.qty" in first.message
    assert second.field == "when"


def test_each_schema_has_its_own_facts(sandbox: Sandbox) -> None:
    assert only(sandbox.check(Request("signal", [Text("when", "order.quantity > 1.0")]))).field == "when"


def test_what_fails_on_sound_facts_or_on_an_example_is_refused(sandbox: Sandbox) -> None:
    always = Request("order", [Text("clause", "1 / 0 == 1")])
    assert "sound facts: ERROR" in only(sandbox.check(always)).message
    spread = Request(
        "order", [Text("clip_to", "1.0 / market.spread", "DOUBLE")], [Example("none", {"market.spread": 0})]
    )
    assert only(sandbox.check(spread)).message.startswith("example 'none': NOT_FINITE")


def test_an_example_with_a_fact_that_there_is_not_is_refused(sandbox: Sandbox) -> None:
    request = Request("order", [Text("clause", "true")], [Example("odd", {"order.colour": "red"})])
    assert "order.colour" in only(sandbox.check(request)).message


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_leave_the_child_alive(sandbox: Sandbox, name: str) -> None:
    sandbox.check(SOUND)
    pid, before = sandbox.pid, monotonic()
    for problem in sandbox.check(Request("order", [Text("clause", HOSTILE[name])])):
        assert problem.message
    assert monotonic() - before < sandbox.deadline_s
    assert (sandbox.check(SOUND), sandbox.pid) == ([], pid)


def test_too_much_at_once_is_refused_here(sandbox: Sandbox) -> None:
    request = Request("order", [Text("clause", "true")] * (MOST_TEXTS + 1))
    assert "at most" in only(sandbox.check(request)).message


def test_a_slow_evaluation_is_refused(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    from rules import sandbox as room
    from rules.engine import Engine
    from rules.facts import ORDER_SCHEMA

    monkeypatch.setattr(room, "SLOWEST_NS", -1)
    assert "at most" in only(room.problems_of(Request("order", [Text("a", "true")]), Engine(ORDER_SCHEMA))).message


def test_a_child_that_was_killed_is_started_again() -> None:
    with Sandbox() as sandbox:
        sandbox.check(SOUND)
        killed = sandbox.pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        assert eventually_gone(killed)
        assert sandbox.check(SOUND) == []
        assert sandbox.pid != killed


def test_a_child_that_is_killed_at_work_refuses_the_text() -> None:
    with Sandbox(deadline_s=30) as sandbox:
        sandbox.check(SOUND)
        pid = sandbox.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        problems: list[Problem] = []
        asking = Thread(target=lambda: problems.extend(sandbox.check(SOUND)))
        asking.start()
        os.kill(pid, signal.SIGKILL)
        asking.join(20)
        assert [problem.field for problem in problems] in (["clause", "clip_to"], [])
        assert sandbox.check(SOUND) == []


def test_a_child_that_hangs_refuses_the_text_at_the_deadline() -> None:
    with Sandbox(deadline_s=1) as sandbox:
        sandbox.check(SOUND)
        pid = sandbox.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        before = monotonic()
        problems = sandbox.check(SOUND)
        assert monotonic() - before < 5
        assert [problem.field for problem in problems] == ["clause", "clip_to"]
        assert "longer than 1 s" in problems[0].message
        assert eventually_gone(pid)


def child(program: str) -> tuple[str, ...]:
    return sys.executable, "-c", f"from rules import sandbox as s\n{program}"


@pytest.mark.parametrize(
    "program",
    [
        "import sys; s._limit_memory(); sys.stdin.readline(); hoard = [bytes(2**20) for _ in range(4000)]; s.main()",
        "import sys; s.CPU_SECONDS = 0; sys.stdin.readline(); s._limit_cpu()\nwhile True: pass",
        "import sys; sys.stdin.readline(); print('no JSON', flush=True); sys.stdin.readline()",
        "import sys; sys.stdin.readline()\nwhile True: sys.stdout.write('x' * 2**16)",
        "pass",
    ],
    ids=["memory", "processor", "nonsense", "flood", "gone"],
)
def test_whatever_the_child_does_the_text_is_refused(program: str) -> None:
    with Sandbox(deadline_s=20, command=child(program)) as sandbox:
        before = monotonic()
        assert [problem.field for problem in sandbox.check(SOUND)] == ["clause", "clip_to"]
        assert monotonic() - before < 15


def test_the_child_has_its_limits(sandbox: Sandbox) -> None:
    assert sandbox.check(SOUND) == []
    assert sandbox.pid is not None
    process = psutil.Process(sandbox.pid)
    memory, _ = process.rlimit(resource.RLIMIT_AS)
    assert memory < process.memory_info().vms + EXTRA_MEMORY + 2**20
    seconds, _ = process.rlimit(resource.RLIMIT_CPU)
    assert seconds <= sum(process.cpu_times()[:2]) + CPU_SECONDS + 2
    assert process.rlimit(resource.RLIMIT_FSIZE) == (0, 0)


def test_the_child_knows_no_secrets(sandbox: Sandbox) -> None:
    assert sandbox.check(SOUND) == []
    assert sandbox.pid is not None
    assert set(psutil.Process(sandbox.pid).environ()) == {"LANG"}


def test_closing_ends_the_child() -> None:
    sandbox = Sandbox()
    sandbox.check(SOUND)
    pid = sandbox.pid
    assert pid is not None
    sandbox.close()
    assert sandbox.pid is None
    assert eventually_gone(pid)


def test_many_threads_share_one_child(sandbox: Sandbox) -> None:
    found: list[list[Problem]] = []
    threads = [Thread(target=lambda: found.append(sandbox.check(SOUND))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert found == [[]] * 8


def test_a_check_costs_the_parent_little(sandbox: Sandbox) -> None:
    before = process_time()
    for _ in range(50):
        sandbox.check(SOUND)
    assert process_time() - before < 1.0


def test_the_room_is_where_it_is_started() -> None:
    assert (ROOT / "rules" / "sandbox.py").exists()
    assert Path(ROOT).is_absolute()

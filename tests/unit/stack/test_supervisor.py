"""The supervisor, on small real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from govsite.stack.child import FIRST_PAUSE_S, HEALTHY_AFTER_S, LONGEST_PAUSE_S, Child, Process
from govsite.stack.supervisor import Supervisor
from tests.servers import wait_until

SLEEPS = "import time; print('awake', flush=True); time.sleep(600)"
IGNORES_SIGTERM = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('awake', flush=True)\n" + (
    "while True: time.sleep(600)"
)
HAS_CHILD = (
    "import subprocess, sys, time; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
    "print(child.pid, flush=True); time.sleep(600)"
)


class House:
    """A supervisor with what it said and when its children ended."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.said: list[tuple[str, str, bool]] = []
        self.supervisor = Supervisor(lambda name: directory / f"{name}.log", self._say)

    def _say(self, name: str, what: str, good: bool) -> None:
        self.said.append((name, what, good))

    def start(self, name: str, program: str, stage: int = 0, **kwargs: object) -> Process:
        command = [sys.executable, "-c", program]
        return self.supervisor.start(Child(name, command, stage, **kwargs))  # type: ignore[arg-type]

    def heard(self, name: str, words: str) -> bool:
        self.supervisor.tick()
        return any(who == name and words in what for who, what, _ in self.said)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.supervisor.stop()


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_child_that_is_killed_comes_back_and_both_are_said(house: House) -> None:
    process = house.start("one", SLEEPS)
    first = process.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: house.heard("one", "was ended by SIGKILL, starts again in 0.5 s"), "the death is said")
    wait_until(lambda: house.heard("one", "started again (1)"), "the new life is said")
    assert process.pid not in {None, first}


def test_a_child_that_fails_is_quoted(house: House) -> None:
    house.start("one", "import sys; sys.exit('no such market')")
    wait_until(
        lambda: house.heard("one", "ended with exit code 1, starts again in 0.5 s: no such market"), "the reason"
    )


def test_a_child_that_is_done_is_not_started_again(house: House) -> None:
    process = house.start("one", "pass", lives="until_done")
    wait_until(lambda: house.heard("one", "finished"), "the end is said")
    assert process.finished
    assert process.starts == 1


def test_a_command_that_does_not_exist_is_tried_again_with_pauses(house: House) -> None:
    process = house.supervisor.start(Child("one", ["/no/such/program"], 0))
    assert house.heard("one", "cannot be started")
    assert not process.running
    assert process.due > 0


def test_pauses_double_to_the_longest_and_start_over_after_a_healthy_life(tmp_path: Path) -> None:
    process = Process(Child("one", [sys.executable, "-c", "raise SystemExit(3)"], 0), tmp_path / "one.log")

    def live(at: float, seconds: float) -> float:
        process.start(at)
        wait_until(lambda: process.ended(at + seconds) is not None, "the child has ended")
        return process.due - (at + seconds)

    pauses = [live(1000.0 * turn, 0.1) for turn in range(7)]
    assert pauses == pytest.approx([FIRST_PAUSE_S, 1, 2, 4, 8, LONGEST_PAUSE_S, LONGEST_PAUSE_S])
    assert live(9000.0, HEALTHY_AFTER_S) == pytest.approx(FIRST_PAUSE_S)


def test_stages_stop_from_the_last_to_the_first(house: House, tmp_path: Path) -> None:
    record = tmp_path / "ends"
    program = (
        "import signal, sys, time\n"
        f"def end(*_): open({str(record)!r}, 'a').write(sys.argv[1] + '\\n'); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end); print('awake', flush=True); time.sleep(600)"
    )
    for stage in (1, 3, 2):
        child = Child(f"stage{stage}", [sys.executable, "-c", program, str(stage)], stage)
        process = house.supervisor.start(child)
        wait_until(lambda process=process: process.last_words() == "awake", "the child can be told")  # type: ignore[misc]
    house.supervisor.stop()
    assert record.read_text().split() == ["3", "2", "1"]


def test_a_child_that_will_not_stop_is_killed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("govsite.stack.supervisor.PATIENCE_S", 0.2)
    process = house.start("deaf", IGNORES_SIGTERM)
    pid = process.pid
    assert pid is not None
    wait_until(lambda: process.last_words() == "awake", "the child ignores SIGTERM")
    house.supervisor.stop()
    assert gone(pid)
    assert house.said[-1] == ("deaf", "did not stop within 0 s and was killed", False)


def test_what_a_killed_child_had_started_ends_with_it(house: House) -> None:
    process = house.start("parent", HAS_CHILD)
    grandchild = int(str(wait_until(process.last_words, "the child has a child")))
    process.signal(signal.SIGKILL)
    wait_until(lambda: house.heard("parent", "was ended by SIGKILL") and gone(grandchild), "the grandchild is gone")


def test_run_gives_the_exit_code_and_stops_when_told(house: House) -> None:
    child = Child("once", [sys.executable, "-c", "raise SystemExit(4)"], 0, lives="once")
    assert house.supervisor.run(child, until=lambda: False) == 4
    endless = Child("endless", [sys.executable, "-c", SLEEPS], 0, lives="once")
    assert house.supervisor.run(endless, until=lambda: True) is None
    assert house.supervisor.processes == []


def test_logs_are_set_aside_at_the_start_and_kept_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("govsite.stack.child.LARGEST_LOG", 10)
    log = tmp_path / "one.log"
    log.write_text("the life before")
    process = Process(Child("one", [sys.executable, "-c", "print('long enough a line')"], 0), log)
    assert (tmp_path / "one.1.log").read_text() == "the life before"
    process.start(0.0)
    wait_until(lambda: process.ended(0.0) is not None, "the child has ended")
    process.keep_log_small()
    assert log.read_text() == ""
    assert (tmp_path / "one.1.log").read_text() == "long enough a line\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's death")
def test_kill_9_of_the_supervisor_ends_its_children(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path\n"
        "from govsite.stack.child import Child; from govsite.stack.supervisor import Supervisor\n"
        f"supervisor = Supervisor(lambda name: Path({str(tmp_path)!r}) / name, lambda *_: None)\n"
        f"process = supervisor.start(Child('one', [sys.executable, '-c', {SLEEPS!r}], 0))\n"
        "print(process.pid, flush=True); time.sleep(600)"
    )
    project = Path(__file__).resolve().parents[3]
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=project) as supervisor:
        assert supervisor.stdout is not None
        child = int(supervisor.stdout.readline())
        assert not gone(child)
        supervisor.kill()
        supervisor.wait()
        wait_until(lambda: gone(child), "the child is gone")

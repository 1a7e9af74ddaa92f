"""Keeps processes running: starts them, brings back those that die, stops all of them in order."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

from govsite.stack.child import Child, Process

PATIENCE_S = 10.0
EVERY_S = 0.05
LOOK_AT_LOGS_S = 5.0
LONGEST_WORDS = 300

SIGNALS = {int(number): number.name for number in signal.Signals}


class Supervisor:
    """One thread, no magic: `tick` looks at every process once; `say(name, what, good)` hears each change of state."""

    def __init__(self, log_of: Callable[[str], Path], say: Callable[[str, str, bool], None]) -> None:
        self.processes: list[Process] = []
        self._log_of = log_of
        self._say = say
        self._logs_due = 0.0

    def start(self, child: Child) -> Process:
        process = Process(child, self._log_of(child.name))
        self.processes.append(process)
        self._start(process, time.monotonic())
        return process

    def tick(self) -> None:
        """Restarts what has died and whose pause is over; keeps the log files small."""
        now = time.monotonic()
        for process in self.processes:
            if (code := process.ended(now)) is not None:
                self._say(process.child.name, *_obituary(process, code, now))
            if not process.running and not process.finished and now >= process.due:
                self._start(process, now)
        if now >= self._logs_due:
            self._logs_due = now + LOOK_AT_LOGS_S
            for process in self.processes:
                process.keep_log_small()

    def run(self, child: Child, *, until: Callable[[], object]) -> int | None:
        """Runs a child that lives once while the others are kept running, and gives its exit code; None if `until`
        became true before (then it is stopped)."""
        process = self.start(child)
        try:
            while process.running and not until():
                time.sleep(EVERY_S)
                self.tick()
            return process.exit_code
        finally:
            self._stop([process])
            self.processes.remove(process)

    def stop(self) -> None:
        """SIGTERM (or what a child asked for) to the last stage first; SIGKILL for what outlives the patience."""
        last_first = sorted(self.processes, key=lambda process: -process.child.stage)
        for _, stage in groupby(last_first, key=lambda process: process.child.stage):
            self._stop(list(stage))
        self.processes.clear()

    def _start(self, process: Process, now: float) -> None:
        try:
            process.start(now)
        except OSError as error:
            process.postpone(now)
            self._say(process.child.name, f"cannot be started: {error}", False)
            return
        again = f" again ({process.starts - 1})" if process.starts > 1 else ""
        self._say(process.child.name, f"started{again}, process {process.pid}", True)

    def _stop(self, processes: list[Process]) -> None:
        for process in processes:
            process.signal(process.child.stop_signal)
        deadline = time.monotonic() + PATIENCE_S
        while any(process.alive() for process in processes) and time.monotonic() < deadline:
            time.sleep(0.01)
        for process in processes:
            if process.alive():
                self._say(process.child.name, f"did not stop within {PATIENCE_S:.0f} s and was killed", False)
            process.bury()


def _obituary(process: Process, code: int, now: float) -> tuple[str, bool]:
    if process.finished and code == 0:
        return "finished", True
    how = f"was ended by {SIGNALS.get(-code, -code)}" if code < 0 else f"ended with exit code {code}"
    if not process.finished:
        how += f", starts again in {process.due - now:.1f} s"
    words = process.last_words()[:LONGEST_WORDS]
    return f"{how}: {words}" if words else how, False

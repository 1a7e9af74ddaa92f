"""A process of the stack: what it is, and one life after another of it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 10.0
HEALTHY_AFTER_S = 30.0
LARGEST_LOG = 20 * 2**20
LAST_WORDS_B = 4096
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Child:
    """What to run. Those with the highest `stage` are stopped first; `before_start` clears the way before every
    start; `lives` says whether it comes back: always, after a failure, or never."""

    name: str
    command: list[str]
    stage: int
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    group: int | None = None
    directory: str = "/"
    stop_signal: signal.Signals = signal.SIGTERM
    lives: Literal["always", "until_done", "once"] = "always"
    before_start: Callable[[], object] | None = None


class Process:
    """A child, its current life, and when its next one is due (all times: seconds of a monotonic clock)."""

    def __init__(self, child: Child, log: Path) -> None:
        self.child = child
        self.log = log
        self.finished = False
        self.exit_code: int | None = None
        self.starts = 0
        self.due = 0.0
        self._pause_s = FIRST_PAUSE_S
        self._started_at = 0.0
        self._life: subprocess.Popen[bytes] | None = None
        _set_aside(log)

    @property
    def pid(self) -> int | None:
        return self._life.pid if self._life else None

    @property
    def running(self) -> bool:
        return self._life is not None

    def start(self, now: float) -> None:
        if self.child.before_start:
            self.child.before_start()
        with self.log.open("ab") as output:
            self._life = subprocess.Popen(
                self.child.command,
                env={**os.environ, **self.child.environment},
                user=self.child.user,
                group=self.child.group,
                extra_groups=[] if self.child.user else None,
                cwd=self.child.directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the supervisor only: it stops the others in order
                preexec_fn=_die_with_parent(self.child.stop_signal),  # noqa: PLW1509 (the supervisor has one thread)
            )
        self.starts += 1
        self._started_at = now

    def ended(self, now: float) -> int | None:
        """The exit code once it has ended (negative: the signal), and plans the next life; None while it lives."""
        if self._life is None or (code := self._life.poll()) is None:
            return None
        _kill_group(self._life.pid)
        self._life, self.exit_code = None, code
        self.finished = self.child.lives == "once" or (self.child.lives == "until_done" and code == 0)
        if now - self._started_at >= HEALTHY_AFTER_S:
            self._pause_s = FIRST_PAUSE_S
        self.postpone(now)
        return code

    def postpone(self, now: float) -> None:
        """The next life is due after a pause, twice as long each time."""
        self.due = now + self._pause_s
        self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)

    def alive(self) -> bool:
        return self._life is not None and self._life.poll() is None

    def bury(self) -> None:
        """Ends it and everything that it had started."""
        if self._life is None:
            return
        if self._life.poll() is None:
            self._life.kill()
            self._life.wait()
        _kill_group(self._life.pid)
        self._life = None

    def signal(self, number: signal.Signals) -> None:
        if self._life is not None:
            self._life.send_signal(number)

    def keep_log_small(self) -> None:
        """What is written goes on at the end of the file, so the file can be emptied under the writer."""
        with contextlib.suppress(FileNotFoundError):  # somebody tidied up: the next life makes a new one
            if self.log.stat().st_size > LARGEST_LOG:
                shutil.copyfile(self.log, self.log.with_suffix(".1.log"))
                os.truncate(self.log, 0)

    def last_words(self) -> str:
        """The last line that it wrote; "" where it wrote none."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - LAST_WORDS_B))
            lines = file.read().decode(errors="replace").splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _set_aside(log: Path) -> None:
    if log.exists():
        log.replace(log.with_suffix(".1.log"))
    log.touch(mode=0o600)


def _die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """Linux sends the child its stop signal when its parent is gone, however that went. Elsewhere a stack that
    was killed leaves its processes behind until the next start stops them."""
    if _libc is None:
        return None
    parent, prctl = os.getpid(), _libc.prctl

    def arrange() -> None:
        prctl(PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:
            os._exit(1)

    return arrange


def _kill_group(leader: int) -> None:
    """What the child itself had started ends with it (Celery's beat would outlive its worker)."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)

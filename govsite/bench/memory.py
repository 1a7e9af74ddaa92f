"""Peak resident memory of every process of a stack."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psutil

EVERY_S = 0.5
COMMANDS = {
    "runfeed": "feed",
    "runagents": "agents",
    "rungovernor": "governor",
    "runexecutor": "executor",
    "runrelay": "relay",
    "runprojector": "projector",
    "daphne": "web",
    "celery": "worker",
    "runstack": "stack",
    "valkey-server": "valkey",
    "postgres": "postgres",
}


class Memory:
    """Samples the tree below `pid`; PostgreSQL's processes share pages, so theirs are counted without those."""

    def __init__(self, pid: int) -> None:
        self.root = psutil.Process(pid)
        self.peaks: dict[str, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._stop.wait(EVERY_S):
            now: dict[str, float] = {}
            for name, megabytes in self._sample():
                now[name] = now.get(name, 0.0) + megabytes
            for name, megabytes in now.items():
                self.peaks[name] = round(max(self.peaks.get(name, 0.0), megabytes), 1)

    def _sample(self) -> Iterator[tuple[str, float]]:
        for process in (self.root, *self.root.children(recursive=True)):
            try:
                name = _name_of(process.cmdline())
                memory = process.memory_info()
            except psutil.NoSuchProcess:
                continue
            shared = memory.shared if name == "postgres" else 0
            yield name, (memory.rss - shared) / 2**20


def _name_of(command: list[str]) -> str:
    text = " ".join(command)
    return next((name for word, name in COMMANDS.items() if word in text), "other")

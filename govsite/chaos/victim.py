"""The stack that is broken: started as a user starts it, its processes found by what they are."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
import psycopg
import redis

from govsite.accounts.signing import by_process
from streams.signing import VARIABLES, Signer
from streams.telemetry import processes

PROJECT = Path(__file__).resolve().parent.parent.parent
START_WITHIN_S = 120.0
STOP_WITHIN_S = 90.0
NAMES: Mapping[str, str] = {
    "feed": "runfeed",
    "agents": "runagents",
    "governor": "rungovernor",
    "executor": "runexecutor",
    "relay": "runrelay",
    "projector": "runprojector",
    "postgres": "postgres",
    "valkey": "valkey-server",
}
LOAD = ("--feed", "synthetic", "--seed", "7", "--speed", "10", "--council", "bench", "--metronome", "20")


class Broken(Exception):
    """Something did not hold, or did not come back; the message says what."""


class Victim:
    """One runstack with embedded servers under load, in a directory of its own."""

    def __init__(self, directory: Path, load: tuple[str, ...] = LOAD) -> None:
        self.directory = directory
        self.log = directory.parent / f"{directory.name}.txt"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._load = load
        self._run: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Victim:
        with self.log.open("ab") as output:
            self._run = subprocess.Popen(
                self.command("runstack", *self._load, "--port", str(self.port)),
                cwd=PROJECT,
                env=environment_without_servers(),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        until((self.directory / "stack.env").exists, "the servers run", START_WITHIN_S)
        return self

    def __exit__(self, *_: object) -> None:
        if self._run is not None and self._run.poll() is None:
            self._run.send_signal(signal.SIGTERM)
            self._run.wait(STOP_WITHIN_S)

    def command(self, name: str, *arguments: str) -> list[str]:
        return [sys.executable, str(PROJECT / "manage.py"), name, "--data-dir", str(self.directory), *arguments]

    def start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        """A process of the stack that somebody starts by hand beside it."""
        with self.log.open("ab") as output:
            return subprocess.Popen(
                self.command(name, *arguments),
                cwd=PROJECT,
                env=environment_without_servers(),
                stdout=output,
                stderr=output,
            )

    def alive(self) -> bool:
        return self._run is not None and self._run.poll() is None

    @property
    def urls(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in (self.directory / "stack.env").read_text().splitlines())

    @property
    def desk(self) -> Signer:
        """Signs what people ask for, as the victim's own site does."""
        return Signer.of(by_process(self.directory, {})["web"])

    def database(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.urls["DATABASE_URL"], autocommit=True, connect_timeout=3)

    def redis(self) -> redis.Redis:
        return redis.Redis.from_url(self.urls["REDIS_URL"], socket_timeout=3)

    def heard(self) -> dict[str, Any]:
        """What the processes say of themselves; empty while Redis is away."""
        try:
            with self.redis() as connection:
                return dict(processes(connection))
        except (redis.RedisError, OSError):
            return {}

    def find(self, name: str) -> psutil.Process | None:
        """The process of that name that the stack itself has started; the head of those of PostgreSQL."""
        if self._run is None:
            return None
        for child in psutil.Process(self._run.pid).children():
            try:
                command = " ".join(child.cmdline())
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
            if _is(NAMES[name], command):
                return child
        return None

    def families(self, name: str) -> list[psutil.Process]:
        """The process and all that it has started."""
        head = self.find(name)
        return [] if head is None else [head, *head.children(recursive=True)]

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]


def until(condition: Callable[[], object], what: str, seconds: float) -> float:
    """Waits; gives how long it took (s). Raises `Broken` at the deadline."""
    begun = time.monotonic()
    while not condition():
        if time.monotonic() - begun > seconds:
            raise Broken(f"after {seconds:.0f} s still not: {what}")
        time.sleep(0.05)
    return time.monotonic() - begun


def _is(word: str, command: str) -> bool:
    first = command.split(maxsplit=1)[0] if command else ""
    return Path(first).name == word or f"manage.py {word}" in command


def environment_without_servers() -> dict[str, str]:
    """A test's own servers and secrets must not be taken for those of the victim."""
    theirs = {"DATABASE_URL", "REDIS_URL", "GOVSITE_DATA_DIR", *VARIABLES}
    return {name: value for name, value in os.environ.items() if name not in theirs}

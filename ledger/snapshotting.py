"""Has snapshots of a core taken beside it, in a process of its own with its account: nobody else is believed."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol

import psycopg

from ledger.errors import LedgerError
from ledger.partitioning import count_of
from ledger.session import Session
from ledger.snapshots import Name
from ledger.work import alone

log = logging.getLogger(__name__)

MANAGE = Path(__file__).resolve().parent.parent / "manage.py"
LOOK_EVERY_S = 60.0
ENDS_WITHIN_S = 5.0


class Due(Protocol):
    """Whether a partition has `every` events more than its newest snapshot."""

    def __call__(self, session: Session, every: int, partition: int = 0) -> bool: ...


class Take(Protocol):
    """Takes a snapshot of a partition, if one is due; None where it is not."""

    def __call__(self, session: Session, every: int, partition: int = 0) -> object | None: ...


def take_all(database_url: str, name: Name, take: Take, every: int) -> int:
    """One of each partition that is due; how many were taken. 0 while another process of this core takes them."""
    session = Session(database_url, "snapshots")
    try:
        with alone(session.connection, f"{name} snapshots") as ours:
            partitions = range(count_of(session.connection)) if ours else ()
            return sum(take(session, every, partition) is not None for partition in partitions)
    finally:
        session.close()


class Snapshotter:
    """While its block lasts, looks every minute whether a snapshot is due; starts `command` then, which takes it."""

    def __init__(
        self, database_url: str, due: Due, every: int, command: Sequence[str], *, look_every_s: float = LOOK_EVERY_S
    ) -> None:
        self.database_url = database_url
        self.due = due
        self.every = every
        self.command = command
        self.look_every_s = look_every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="snapshots", daemon=True)

    def __enter__(self) -> Snapshotter:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(ENDS_WITHIN_S)

    def _run(self) -> None:
        while not self._stop.wait(self.look_every_s):
            try:
                if self._is_due():
                    self._take()
            except (psycopg.Error, LedgerError, OSError) as error:  # tried again at the next look
                log.warning("no snapshot now: %s", str(error).strip() or type(error).__name__)

    def _is_due(self) -> bool:
        session = Session(self.database_url, "snapshots")
        try:
            return any(self.due(session, self.every, number) for number in range(count_of(session.connection)))
        finally:
            session.close()

    def _take(self) -> None:
        child = subprocess.Popen(self.command, env={**os.environ, "DATABASE_URL": self.database_url})
        while child.poll() is None:
            if self._stop.wait(0.1):
                child.kill()  # what it writes, it writes at once
                child.wait()
                return
        if child.returncode:
            log.error("the process that takes snapshots ended with exit code %d", child.returncode)


def command_of(name: Name) -> list[str]:
    """Run in a process of its own: in a thread it would hold the core up."""
    return [sys.executable, str(MANAGE), "snapshot", name]

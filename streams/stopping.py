"""How a process ends and how it waits: SIGTERM finishes what is in hand; a missing service is waited for by name."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

log = logging.getLogger(__name__)
Result = TypeVar("Result")


class Stopping(Exception):
    """Raised out of a wait when the process was told to stop."""


class Stop:
    """A flag that SIGTERM and SIGINT raise; `bool(stop)` tells, `stop.wait(s)` sleeps until then."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def install(self) -> Stop:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._raise_flag)
        return self

    def _raise_flag(self, number: int, frame: FrameType | None) -> None:
        self._event.set()

    def set(self) -> None:
        self._event.set()

    def __bool__(self) -> bool:
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        return self._event.wait(seconds)


def persist(
    what: str,
    attempt: Callable[[], Result],
    stop: Stop,
    *,
    errors: tuple[type[Exception], ...],
    pause_s: float = 0.2,
    longest_s: float = 2.0,
) -> Result:
    """Calls `attempt` until it succeeds, saying once what it waits for. Raises `Stopping` when told to stop."""
    said = False
    while not stop:
        try:
            result = attempt()
        except errors as error:
            if not said:
                log.warning("waiting for %s: %s", what, str(error).strip().splitlines()[0] if str(error) else error)
                said = True
            stop.wait(pause_s)
            pause_s = min(pause_s * 2, longest_s)
        else:
            if said:
                log.info("%s is there", what)
            return result
    raise Stopping(what)

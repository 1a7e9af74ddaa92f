"""What the web process tells of itself: that it lives, how many browsers follow, how long the way to them took."""

from __future__ import annotations

import logging
import threading

import redis
from django.conf import settings

from streams.client import connect
from streams.telemetry import Telemetry

EVERY_S = 0.5

log = logging.getLogger(__name__)
_telemetry: Telemetry | None = None


def start() -> None:
    """Begins to tell, in a thread of its own; without Redis there is nobody to tell, and it tries again."""
    global _telemetry  # noqa: PLW0603 - one a process, as the process itself
    if _telemetry is None and settings.REDIS_URL:
        _telemetry = Telemetry(connect(settings.REDIS_URL), "web")
        threading.Thread(target=_tell, args=(_telemetry,), name="presence", daemon=True).start()


def observe(stage: str, nanoseconds: int) -> None:
    if _telemetry is not None:
        _telemetry.observe(stage, nanoseconds)


def count(what: str, number: int = 1) -> None:
    if _telemetry is not None:
        _telemetry.counters[what] += number


def gauge(what: str, change: int) -> None:
    if _telemetry is not None:
        _telemetry.gauges[what] = float(_telemetry.gauges.get(what, 0.0)) + change


def _tell(telemetry: Telemetry) -> None:
    pause, answers = threading.Event(), True
    while not pause.wait(EVERY_S):
        try:
            telemetry.beat()
        except redis.RedisError as error:
            if answers:
                log.warning("waiting for Redis: %s", error)
            answers = False
        else:
            answers = True

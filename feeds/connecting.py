"""What every venue's client needs to stay connected without becoming a nuisance: pauses between attempts and a
limit on how often something is done."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from random import Random


class Silence(ConnectionError):
    """The connection stands and brings nothing."""


class Backoff:
    """Pauses that double up to a cap, each shortened by chance to between half and all of itself, so that clients
    that were cut off together do not come back together."""

    def __init__(self, first_s: float, longest_s: float, random: Random) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._random = random
        self._failures = 0

    def next_pause(self) -> float:
        """Seconds to wait before the next attempt."""
        pause = min(self._first_s * 2.0 ** min(self._failures, 30), self._longest_s)
        self._failures += 1
        return pause * self._random.uniform(0.5, 1.0)

    def reset(self) -> None:
        self._failures = 0


class Allowance:
    """At most `most` uses in any `period_s` seconds."""

    def __init__(self, most: int, period_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._period_s = period_s
        self._clock = clock
        self._used: deque[float] = deque()

    def claim(self) -> float:
        """0.0 and one use is gone, or the seconds until there is one again."""
        now = self._clock()
        while self._used and self._used[0] <= now - self._period_s:
            self._used.popleft()
        if len(self._used) < self._most:
            self._used.append(now)
            return 0.0
        return max(self._used[0] + self._period_s - now, 0.001)

    async def take(self) -> None:
        """Waits for a use, and takes it."""
        while wait_s := self.claim():
            await asyncio.sleep(wait_s)

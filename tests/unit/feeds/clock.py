"""A clock that stands still until somebody waits."""

from __future__ import annotations

from streams.stopping import Stop


class StillClock:
    def __init__(self, now: int = 1_000_000_000_000) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


class InstantStop(Stop):
    """Waiting moves the clock at once."""

    def __init__(self, clock: StillClock) -> None:
        super().__init__()
        self.clock = clock

    def wait(self, seconds: float) -> bool:
        self.clock.now += max(round(seconds * 1e9), 1)
        return bool(self)

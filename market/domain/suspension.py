"""Why an instrument is suspended, by who did it, and what is left of that when somebody lifts it."""

from __future__ import annotations

from collections.abc import Set

BREAKER = "breaker:"
STALE_FEED = "breaker:stale_feed"


def left_after(causes: Set[str], who: str) -> set[str]:
    """A breaker lifts what it set; a person everything but stale data, which only fresh data lifts."""
    return {cause for cause in causes if (cause != who if who.startswith(BREAKER) else cause == STALE_FEED)}

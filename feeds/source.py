"""What the feed process reads from: every source, whatever it is, gives items when they are due."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from feeds.intake import Counts, Item
from market.domain.listing import Listing
from streams.messages import Source
from streams.stopping import Stop

Clock = Callable[[], int]
Figures = Mapping[str, "float | str"]


class TickSource(Protocol):
    """`ended`: nothing will come any more. `throttled`: it has no pace of its own, so its readers set it."""

    @property
    def counts(self) -> Counts: ...

    @property
    def ended(self) -> bool: ...

    @property
    def throttled(self) -> bool: ...

    @property
    def source(self) -> Source: ...

    @property
    def mode(self) -> str:
        """For people: what it is and how it runs."""
        ...

    @property
    def figures(self) -> Figures:
        """How it is right now, for the heartbeat: lag, offset of the clock, what waits, how far a replay is."""
        ...

    def poll(self, timeout_s: float, stop: Stop) -> Sequence[Item]:
        """What is due, as soon as there is something; nothing when the time is over or `stop` was raised."""
        ...

    def listings(self) -> Sequence[Listing]:
        """What venues have said of their instruments since the last call."""
        ...

    def want_snapshot(self, instrument: str) -> bool:
        """Asks for a `BookSnapshot` of an instrument, to come from `poll` soon; False where none can be had."""
        ...

    def paused(self, nanoseconds: int) -> None:
        """Nothing could be published for this long."""

    def close(self) -> None: ...

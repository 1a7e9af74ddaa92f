"""What a venue's client is to the thread that runs it, and where it puts what it has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from feeds.intake import Counts, Item
from feeds.source import Figures
from market.domain.listing import Listing


class Sink(Protocol):
    """Where a client puts what it has; called in the thread of its event loop only, and never blocks."""

    def items(self, items: Sequence[Item]) -> None: ...

    def listings(self, listings: Sequence[Listing]) -> None: ...

    def raw(self, venue: str, at: int, frame: bytes) -> None:
        """A frame exactly as it came, before anything is made of it (`at`: receive time, ns); for the recorder."""
        ...


class Venue(Protocol):
    """A client that stays connected to one venue. `name` is what ticks say as their `venue`."""

    @property
    def name(self) -> str: ...

    @property
    def counts(self) -> Counts: ...

    @property
    def figures(self) -> Figures: ...

    async def run(self, sink: Sink) -> None:
        """Connects, keeps reconnecting, and puts everything into the sink, until it is cancelled."""
        ...

    def want_snapshot(self, instrument: str) -> bool:
        """Called in the loop's thread. False where the venue has no such instrument or no snapshots."""
        ...

"""Decisions that rules hold until an operator releases or refuses them, or their time is over."""

from __future__ import annotations

from uuid import UUID

from streams.events import DecisionHeld, DecisionReached, DomainEvent


class Held:
    """A held decision with what it takes to go on in its deliberation: the last version and the root of its story."""

    __slots__ = ("aggregate", "correlation", "event", "version")

    def __init__(self, event: DecisionHeld, aggregate: UUID, correlation: str, version: int) -> None:
        self.event = event
        self.aggregate = aggregate
        self.correlation = correlation
        self.version = version


class Holds:
    """Folded from deliberations: `DecisionHeld` opens a hold, the `DecisionReached` that follows ends it."""

    def __init__(self) -> None:
        self.open: dict[str, Held] = {}
        self._of: dict[UUID, Held] = {}

    def apply(self, event: DomainEvent) -> None:
        body, aggregate = event.body, event.originator_id
        if isinstance(body, DecisionHeld):
            held = Held(body, aggregate, event.correlation_id, event.originator_version)
            self.open[body.decision_id] = self._of[aggregate] = held
        elif self._of and aggregate in self._of:
            self._of[aggregate].version = event.originator_version
            if isinstance(body, DecisionReached):
                del self._of[aggregate]
                del self.open[body.decision_id]

    def version_of(self, aggregate: UUID) -> int | None:
        """The last version of a deliberation whose decision is held; None for all others."""
        held = self._of.get(aggregate)
        return held.version if held else None

    def first_lapse(self) -> int | None:
        """When the next hold lapses (process clock, ns)."""
        return min((held.event.until for held in self.open.values()), default=None)

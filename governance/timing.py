"""What a governor tells of its decisions: how many there were, and how long each took from its proposal."""

from __future__ import annotations

from collections.abc import Iterable

from streams.envelope import Envelope
from streams.events import DecisionHeld, DecisionReached, DomainEvent
from streams.messages import SubmitProposal
from streams.telemetry import Telemetry

REMEMBERED = 100_000


class Timing:
    """Times are of the process clock, in ns."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._proposed_at: dict[str, int] = {}

    def heard(self, message: Envelope, now: int, *, interrupted: bool) -> None:
        """A command came in; what a crash `interrupted` says nothing of how fast an agent is."""
        body = message.body
        if isinstance(body, SubmitProposal):
            self._proposed_at[body.proposal_id] = now
            if body.evidence_published_at and not interrupted:
                self._telemetry.observe("reaction", now - body.evidence_published_at)

    def committed(self, events: Iterable[DomainEvent], at: int) -> None:
        for event in events:
            if isinstance(event.body, DecisionReached):
                self._telemetry.counters["decisions"] += 1
                self._telemetry.counters[f"outcome:{event.body.outcome}"] += 1
            if isinstance(event.body, DecisionReached | DecisionHeld):
                ids = [reason.proposal_id for reason in event.body.reasons]
                if proposed := [since for id in ids if (since := self._proposed_at.pop(id, None)) is not None]:
                    self._telemetry.observe("resolution", at - min(proposed))
        while len(self._proposed_at) > REMEMBERED:
            del self._proposed_at[next(iter(self._proposed_at))]

"""Between domain events and stored ones: stable topics, JSON states, and the columns that auditors ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, Notification, StoredEvent

from ledger.upcasting import UPCASTERS, Upcaster, body_of
from streams.events import TOPICS, DomainEvent, encode_event


@dataclass(frozen=True)
class TracedEvent(StoredEvent):
    """A stored event with what led to it; an empty correlation means that it is its own root."""

    correlation_id: str = ""
    causation_id: str = ""
    actor: str = ""
    book: str = ""
    command_id: str | None = None


@dataclass(frozen=True)
class TracedNotification(TracedEvent, Notification):
    """The same with its position in the log, which the library calls `id`."""


def traced(event: StoredEvent) -> TracedEvent:
    """The library's plain event as one that nothing led to."""
    if isinstance(event, TracedEvent):
        return event
    return TracedEvent(event.originator_id, event.originator_version, event.topic, event.state)


class LedgerMapper(Mapper[UUID]):
    def __init__(self, upcasters: Mapping[str, Upcaster] = UPCASTERS) -> None:
        super().__init__(JSONTranscoder())
        self.upcasters = upcasters

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> TracedEvent:
        event = cast("DomainEvent", domain_event)
        return TracedEvent(
            event.originator_id,
            event.originator_version,
            TOPICS[type(event.body)],
            encode_event(event.body),
            event.correlation_id,
            event.causation_id,
            event.actor,
            event.book,
            event.command_id,
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """Raises `Corrupt` for a topic that this release does not know."""
        stored = traced(stored_event)
        return self.event(
            cast("UUID", stored.originator_id),
            stored.originator_version,
            stored.topic,
            stored.state,
            stored.correlation_id,
            stored.causation_id,
            stored.actor,
            stored.book,
            stored.command_id,
        )

    def event(
        self,
        originator_id: UUID,
        version: int,
        topic: str,
        state: bytes,
        correlation_id: str,
        causation_id: str,
        actor: str,
        book: str,
        command_id: str | None,
    ) -> DomainEvent:
        return DomainEvent(
            originator_id=originator_id,
            originator_version=version,
            body=body_of(topic, state, self.upcasters),
            correlation_id=correlation_id,
            causation_id=causation_id,
            actor=actor,
            book=book,
            command_id=command_id,
        )

"""Old events in today's form: a topic that is no longer written names its successor and how to get there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from ledger.errors import Corrupt
from streams.events import Event, decode_event

Upcaster = tuple[str, Callable[[dict[str, Any]], dict[str, Any]]]
UPCASTERS: Mapping[str, Upcaster] = {}


def upcast(topic: str, state: bytes, upcasters: Mapping[str, Upcaster] = UPCASTERS) -> tuple[str, bytes]:
    """Follows `topic` to the version of today; what is already of today comes back as it is."""
    if topic not in upcasters:
        return topic, state
    fields = msgspec.json.decode(state)
    while topic in upcasters:
        topic, change = upcasters[topic]
        fields = change(fields)
    return topic, msgspec.json.encode(fields)


def body_of(topic: str, state: bytes, upcasters: Mapping[str, Upcaster] = UPCASTERS) -> Event:
    """A stored event as one of today. Raises `Corrupt` for a topic that this release does not know."""
    if topic in upcasters:
        topic, state = upcast(topic, state, upcasters)
    try:
        return decode_event(topic, state)
    except KeyError:
        raise Corrupt(f"the topic {topic!r} is not known to this release") from None

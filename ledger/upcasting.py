"""Old events in today's form: a topic that is no longer written names its successor and how to get there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

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

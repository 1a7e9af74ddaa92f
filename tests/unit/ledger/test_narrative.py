"""Every event of the two logs has a sentence."""

from __future__ import annotations

import types
from decimal import Decimal
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest

from ledger.narrative import sentence
from ledger.records import RecordedEvent
from streams.events import TYPES, DomainEvent, Event, aggregate_id

SIMPLE: dict[Any, Any] = {str: "word", int: 1, float: 0.5, bool: True, Decimal: Decimal(2), Any: "word"}


def some(kind: Any) -> Any:
    """A value of the type, as small as it goes."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return some(arguments[0])
    if origin is Literal:
        return arguments[0]
    if origin in (Union, types.UnionType):
        return some(arguments[0])
    if origin is tuple:
        return (some(arguments[0]),)
    if origin is dict:
        return {some(arguments[0]): some(arguments[1])}
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind(**{name: some(hint) for name, hint in get_type_hints(kind, include_extras=True).items()})
    return SIMPLE[kind]


@pytest.mark.parametrize("topic", sorted(TYPES))
def test_every_event_has_a_sentence(topic: str) -> None:
    body: Event = some(TYPES[topic])
    event = DomainEvent(
        originator_id=aggregate_id("Book", "demo"),
        originator_version=1,
        body=body,
        correlation_id="c",
        causation_id="c",
        actor="a",
        book="demo",
    )
    told = sentence(RecordedEvent(log="governance", partition=0, position=1, event_id="e", recorded_at=0, event=event))
    assert told
    assert type(body).__name__ not in told

"""Every event of the two logs has a sentence."""

from __future__ import annotations

import types
from decimal import Decimal
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest

from ledger.narrative import sentence
from ledger.records import RecordedEvent
from streams.events import TYPES, DomainEvent, Event, ProposalResult, ProposalsArbitrated, aggregate_id

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


def recorded(event: DomainEvent) -> RecordedEvent:
    return RecordedEvent(log="governance", partition=0, position=1, event_id="e", recorded_at=0, event=event)


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
    told = sentence(recorded(event))
    assert told
    assert type(body).__name__ not in told


def test_a_rival_is_told_with_its_agent() -> None:
    won = ProposalResult(proposal_id="p-1", state="GRANTED", reason="")
    lost = ProposalResult(proposal_id="p-2", state="SUPERSEDED", reason="OUTVOTED", by="p-1")
    body = ProposalsArbitrated(results=(won, lost), targets={"BTCUSDT": Decimal(1)})
    event = DomainEvent(
        originator_id=aggregate_id("Deliberation", "d"),
        originator_version=1,
        body=body,
        correlation_id="c",
        causation_id="c",
        actor="a",
        book="demo",
    )
    told = sentence(recorded(event), {"p-1": "carry", "p-2": "trend"})
    assert told == "Arbitrated to BTCUSDT 1 — carry GRANTED; trend SUPERSEDED (OUTVOTED by p-1 of carry)"
    assert sentence(recorded(event)) == "Arbitrated to BTCUSDT 1 — GRANTED; SUPERSEDED (OUTVOTED by p-1)"

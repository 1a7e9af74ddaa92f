"""Where a stored event parts from the one that it should be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

import msgspec
from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

from governance.domain.reconstruction import Row
from streams.events import TOPICS, CouncilScored, DecisionHeld, DecisionReached, Event, OrderTicket, encode_event

# Weights are floats: another machine's exp may differ in the last bits, which may move a rounded ppm by one.
TOLERANCE = 1e-9
EXCERPT = 24


class Difference(Struct, frozen=True, kw_only=True):
    """An event that does not follow from those before it: both as JSON texts ("" where there is none), and where they
    first part. `position` is the stored event's, or that of the last one where it is missing."""

    position: int
    event: str
    expected: str
    stored: str
    first: str


def compared(stored: Sequence[Row], expected: Iterable[Event]) -> tuple[Difference, ...]:
    """Pair by pair, byte by byte; `stored` is not empty."""
    differences: list[Difference] = []
    for row, event in zip_longest(stored, expected):
        state = encode_event(event) if event is not None else b""
        if row is None:
            name = type(event).__name__
            differences.append(_difference(stored[-1].position, name, state, b"", "missing"))
        elif event is None or row.topic != TOPICS[type(event)]:
            wanted = type(event).__name__ if event is not None else "nothing"
            differences.append(_difference(row.position, row.event, state, row.state, f"{wanted} expected here"))
        elif row.state != state and row.state not in _earlier(event, state):
            first = first_difference(state, row.state)
            differences.append(_difference(row.position, row.event, state, row.state, first))
    return tuple(differences)


def _earlier(event: Event, state: bytes) -> Iterator[bytes]:
    """The same event as earlier releases wrote it, without its last fields, as far as these have their defaults: a
    field may be added to an event or to its orders, and what was recorded before it still derives to the byte."""
    yield from _shortened(event, state)
    if isinstance(event, DecisionReached | DecisionHeld) and (before := _before_limits(event.orders, state)) != state:
        yield before
        yield from _shortened(event, before)


def _before_limits(orders: Sequence[OrderTicket], state: bytes) -> bytes:
    """With orders as they were written when all of them were market orders; of groups nothing was said in them."""
    for ticket in orders:
        if (ticket.type, ticket.time_in_force, ticket.good_for_ms) != ("market", "IOC", 0):
            return state
        full = msgspec.json.encode(ticket)
        tail = b',"type":"market","time_in_force":"IOC","good_for_ms":0,"group":%b}' % msgspec.json.encode(ticket.group)
        state = state.replace(full, full.removesuffix(tail) + b"}")
    return state


def _shortened(event: Event, state: bytes) -> Iterator[bytes]:
    for field in reversed(fields(event)):
        value = getattr(event, field.name)
        tail = b',"%b":%b}' % (field.encode_name.encode(), msgspec.json.encode(value))
        if field.default is NODEFAULT or field.default != value or not state.endswith(tail):
            return
        state = state.removesuffix(tail) + b"}"
        yield state


def nearly(row: Row, stored: CouncilScored, expected: CouncilScored) -> tuple[Difference, ...]:
    """The same for a score, whose floats may differ by 1e-9."""
    first = _parting(msgspec.to_builtins(expected), msgspec.to_builtins(stored), "", TOLERANCE)
    return (_difference(row.position, row.event, encode_event(expected), row.state, first),) if first else ()


def impossible(row: Row, why: str) -> Difference:
    return _difference(row.position, row.event, b"", row.state, f"cannot be derived: {why}")


def _difference(position: int, event: str, expected: bytes, stored: bytes, first: str) -> Difference:
    return Difference(
        position=position,
        event=event,
        expected=expected.decode(),
        stored=stored.decode(errors="replace"),
        first=first,
    )


def first_difference(expected: bytes, stored: bytes) -> str:
    """Where two JSON texts first part: the field, or the byte where they mean the same or one is no JSON."""
    try:
        path = _parting(msgspec.json.decode(expected), msgspec.json.decode(stored), "", 0.0)
    except msgspec.MsgspecError:
        path = ""
    if path:
        return path
    pairs = enumerate(zip(expected, stored, strict=False))
    at = next((index for index, (one, other) in pairs if one != other), min(len(expected), len(stored)))
    return f"byte {at}: {expected[at : at + EXCERPT]!r} expected, {stored[at : at + EXCERPT]!r} stored"


def _parting(expected: object, stored: object, path: str, tolerance: float) -> str:
    if isinstance(expected, dict) and isinstance(stored, dict):
        for name in dict.fromkeys([*expected, *stored]):
            if found := _parting(expected.get(name), stored.get(name), f"{path}.{name}", tolerance):
                return found
    elif isinstance(expected, list | tuple) and isinstance(stored, list | tuple):
        for index, (one, other) in enumerate(zip_longest(expected, stored)):
            if found := _parting(one, other, f"{path}[{index}]", tolerance):
                return found
    elif expected != stored and not (tolerance and _near(expected, stored, path, tolerance)):
        return f"{path.removeprefix('.')}: {expected!r} expected, {stored!r} stored"
    return ""


def _near(expected: object, stored: object, path: str, tolerance: float) -> bool:
    if isinstance(expected, float) and isinstance(stored, float):
        return abs(expected - stored) <= tolerance
    if path.endswith(".ppm") and isinstance(expected, int) and isinstance(stored, int):
        return abs(expected - stored) <= 1
    return False

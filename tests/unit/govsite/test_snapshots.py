"""A state that was frozen and thawed folds on like the one that never was."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from itertools import islice
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import pytest
from msgspec import Struct
from msgspec.structs import replace

from execution import recovery as executing
from execution.domain.floor import Floor
from feeds.synthetic import SyntheticMarket
from governance import recovery as governing
from governance.domain.state import BookState
from govsite.backtest import demo_pipeline
from govsite.pipeline import MemoryLog
from govsite.seed import KNOWN, known_instrument
from ledger.freezing import Unreadable
from ledger.records import RecordedEvent
from streams.events import (
    AGGREGATES,
    DeliberationOpened,
    DomainEvent,
    Event,
    ProposalAdmitted,
    SeatGranted,
    TermChanged,
    aggregate_id,
)
from streams.messages import LedgerEntry, Log

START_NS = 1_700_000_000_000_000_000
TICKS = 30_000
CUTS = (0, 1, 40, 300, 1_000, 1_500)

SOUND: dict[type[Event], dict[str, Any]] = {
    SeatGranted: {"veto": False, "shadow": False},
    TermChanged: {"name": "max_position", "to": Decimal(3)},
    DeliberationOpened: {"track": "TRADE", "weights_version": "x:1"},
    ProposalAdmitted: {"target": Decimal(9)},
}

Told = list[tuple[Log, DomainEvent]]


@pytest.fixture(scope="module")
def told() -> Told:
    """What the demo council made of some minutes of the synthetic market, both logs in the order of time."""
    kept: Told = []
    append = MemoryLog.append

    def keeping(self: MemoryLog, events: list[DomainEvent], now: int) -> LedgerEntry:
        events = list(events)
        kept.extend((self.log, event) for event in events)
        return append(self, events, now)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MemoryLog, "append", keeping)
        pipeline = demo_pipeline([known_instrument(symbol) for symbol in KNOWN])
        for tick in islice(SyntheticMarket(7, START_NS), TICKS):
            pipeline.on_tick(tick)
        pipeline.finish()
    assert pipeline.orders["filled"] > 0
    assert len(kept) > CUTS[-1]
    return kept


def recorded(log: Log, event: DomainEvent) -> RecordedEvent:
    return RecordedEvent(log=log, partition=0, position=1, event_id="", recorded_at=0, event=event)


@pytest.mark.parametrize("cut", CUTS)
def test_books_fold_on_like_the_originals(told: Told, cut: int) -> None:
    events = [recorded(log, event) for log, event in told]
    states = governing.fold(events[:cut])
    thawed = governing.FREEZER.thaw(governing.FREEZER.freeze(states))
    whole = governing.FREEZER.freeze(governing.fold(events[cut:], states))
    assert governing.FREEZER.freeze(governing.fold(events[cut:], thawed)) == whole
    assert governing.FREEZER.freeze(governing.fold(events)) == whole


@pytest.mark.parametrize("cut", CUTS)
def test_desks_fold_on_like_the_originals(told: Told, cut: int) -> None:
    books = AGGREGATES["Book"]
    events = [recorded(log, event) for log, event in told if log == "execution" or type(event.body) in books]
    cut = min(cut, len(events))
    folding, floor = executing.FOLDING, Floor()
    for each in events[:cut]:
        folding.apply(floor, each)
    thawed = folding.thaw(folding.freeze(floor))
    for each in events[cut:]:
        folding.apply(floor, each)
        folding.apply(thawed, each)
    assert folding.freeze(thawed) == folding.freeze(floor)
    assert [desk.account for desk in thawed.desks.values()] == [desk.account for desk in floor.desks.values()]


def test_a_state_of_something_else_is_no_state_of_desks() -> None:
    with pytest.raises(Unreadable):
        executing.FOLDING.thaw(executing.FREEZER.freeze({"demo": {"terms": None}}))


def sample(hint: Any) -> Any:
    """A value of a type, with something in everything that can hold something."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return sample(inner[0])
    if origin is Literal:
        return inner[0]
    if origin in (Union, UnionType):
        return sample(inner[0])
    if origin is tuple:
        return tuple(sample(each) for each in inner if each is not Ellipsis)
    if origin is dict:
        return {sample(inner[0]): sample(inner[1])}
    if issubclass(hint, Struct):
        hints = get_type_hints(hint, include_extras=True)
        return hint(**{name: sample(hints[name]) for name in hint.__struct_fields__})
    return {str: "x", int: 1, bool: True, float: 0.5, Decimal: Decimal(1)}[hint]


KINDS = {kind: aggregate for aggregate, kinds in AGGREGATES.items() for kind in kinds}
SAMPLES = [
    ("Council", replace(sample(SeatGranted), agent="y", veto=False, shadow=False)),
    *((aggregate, replace(sample(kind), **SOUND.get(kind, {}))) for kind, aggregate in KINDS.items()),
]


@pytest.mark.parametrize("kind", sorted(KINDS, key=str), ids=str)
def test_every_event_may_be_part_of_a_state(kind: type[Event]) -> None:
    body = sample(kind)
    assert governing.FREEZER.thaw(governing.FREEZER.freeze(body)) == body
    assert sample(kind) is not body


def test_a_book_of_all_that_may_happen_comes_back() -> None:
    """Every kind of event is folded, in the order in which they are declared, of one seat and one instrument."""
    state = BookState("x")
    versions: Counter[UUID] = Counter()
    for aggregate, body in SAMPLES:
        originator = aggregate_id(aggregate, "x")
        versions[originator] += 1
        state.apply(
            DomainEvent(
                originator_id=originator,
                originator_version=versions[originator],
                body=body,
                correlation_id="x",
                causation_id="x",
                actor="x",
                book="x",
            )
        )
        frozen = governing.FREEZER.freeze({"x": state})
        assert governing.FREEZER.freeze(governing.FREEZER.thaw(frozen)) == frozen
        assert vars(governing.FREEZER.thaw(frozen)["x"]).keys() == vars(state).keys()

"""The rows that a scene's chamber would leave in the governance log, founding included."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from governance.domain.chamber import Chamber
from governance.domain.derivation import Derivation, Finding
from governance.domain.reconstruction import Row
from governance.domain.starter import starter_rules
from governance.domain.state import BookState
from governance.domain.step import empty
from streams.events import (
    TOPICS,
    DecisionHeld,
    DomainEvent,
    Event,
    RuleActivated,
    RuleClause,
    aggregate_id,
    encode_event,
    event_of,
)
from tests.unit.governance.scene import BOOK, Scene


class LedgeredScene(Scene):
    """Keeps what founds the book; the rest is in its steps."""

    def __init__(self, **known: Any) -> None:
        self.founding: list[DomainEvent] = []
        super().__init__(**known)

    def found(self, aggregate: str, body: Event) -> None:
        super().found(aggregate, body)
        originator = aggregate_id(aggregate, BOOK)
        self.founding.append(
            DomainEvent(
                originator_id=originator,
                originator_version=self._versions[originator],
                body=body,
                correlation_id="seed",
                causation_id="seed",
                actor="operator:a",
                book=BOOK,
            )
        )

    def later(self, aggregate: str, body: Event) -> None:
        """Something that an operator changes while the chamber runs."""
        originator = aggregate_id(aggregate, BOOK)
        event = DomainEvent(
            originator_id=originator,
            originator_version=self.state.version(originator) + 1,
            body=body,
            correlation_id="change",
            causation_id="change",
            actor="operator:a",
            book=BOOK,
        )
        self.state.apply(event)
        step = empty()
        step.events.append(event)
        self.steps.append(step)

    def events(self) -> list[DomainEvent]:
        """Of the governance log, in its order."""
        founding = [event for event in self.founding if TOPICS[type(event.body)] != "Account.BookOpened"]
        return [*founding, *(event for step in self.steps for event in step.events)]

    def rows(self) -> list[Row]:
        return rows_of(self.events())

    def restarted(self) -> None:
        """The chamber as a governor makes it that starts again: from one log, then from the other. What was in memory
        only is gone."""
        self.state = BookState(BOOK)
        opened = [event for event in self.founding if TOPICS[type(event.body)] == "Account.BookOpened"]
        for event in (*self.events(), *opened, *map(event_of, self.rows_executed)):
            self.state.apply(event)
        self.chamber = Chamber(self.state)

    def missed(self, *bodies: Event) -> None:
        """Executions of which a governor that is down learns only when it starts again."""
        chamber, self.chamber = self.chamber, Chamber(BookState(BOOK))
        self.executed(*bodies)
        self.chamber = chamber
        self.restarted()


def rows_of(events: Iterable[DomainEvent]) -> list[Row]:
    return [
        Row(
            position,
            event.book,
            event.originator_id,
            event.originator_version,
            TOPICS[type(event.body)],
            encode_event(event.body),
        )
        for position, event in enumerate(events, 1)
    ]


def derive(rows: Iterable[Row], first: int = 0) -> list[Finding]:
    derivation = Derivation(first)
    found = [finding for row in rows if (finding := derivation.take(row)) is not None]
    return [*found, *derivation.finish()]


def held_scene() -> tuple[LedgeredScene, DecisionHeld]:
    """A large order waits for an operator."""
    rule = RuleActivated(
        rule="ask-first",
        version=1,
        title="Large orders wait for an operator",
        effect="hold",
        clauses=(RuleClause(name="small", cel="order.quantity <= 0.05"),),
        who="operator:a",
        why="test",
    )
    scene = LedgeredScene(rules=[*starter_rules("operator:a"), rule])
    scene.quote()
    scene.propose("0.1", proposal_id="p1")
    scene.everybody("p1")
    (held,) = scene.bodies(DecisionHeld)
    return scene, held

"""A book whose parameters, rules and seats people change, and the hands of the operators."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from governance.domain.chamber import Chamber
from governance.domain.state import BookState
from governance.domain.step import Step
from streams import events as e
from streams.changes import ActivateRule, Change
from streams.envelope import Envelope
from streams.events import BookTerms, DomainEvent, Event, Preview, RuleClause, SeatGranted
from streams.messages import ApproveChange, ConfigCommand, RefuseChange, RequestChange
from tests.unit.governance.scene import BOOK, START, VOTERS, instrument, seat

SECOND = 1_000_000_000
ANN, BOB, CAT = "operator:ann", "operator:bob", "operator:cat"
PREVIEW = Preview(decisions=200, different=3)
CLAUSE = RuleClause(name="small", cel="order.quantity <= 1.0")


def rule(**changed: Any) -> ActivateRule:
    known: dict[str, Any] = {"rule": "small-orders", "title": "Small orders", "effect": "deny", "clauses": (CLAUSE,)}
    return ActivateRule(**(known | changed))


class Office:
    """The office of changes with a book of its own; `now` is the process clock."""

    def __init__(self, *, terms: BookTerms | None = None, seats: Sequence[SeatGranted] | None = None) -> None:
        self.now = START
        self.log: list[DomainEvent] = []
        self.steps: list[Step] = []
        self._ids = 0
        self._founding(terms or BookTerms(), seats or [seat(name) for name in (*VOTERS, "risk", "compliance")])
        self.restart()

    def _founding(self, terms: BookTerms, seats: Sequence[SeatGranted]) -> None:
        listed = (instrument("BTCUSDT"), instrument("ETHUSDT"))
        founded = e.BookFounded(book=BOOK, quote="USDT", instruments=listed, terms=terms, who=ANN, why="")
        old = e.RuleActivated(rule="old", version=4, title="Old", effect="deny", clauses=(CLAUSE,), who=ANN, why="")
        shy = e.RuleActivated(
            rule="shy", version=1, title="Shy", effect="deny", clauses=(CLAUSE,), shadow=True, who=ANN, why=""
        )
        for kind, bodies in (("Book", [founded]), ("Council", seats), ("Rulebook", [old, shy])):
            for version, body in enumerate(bodies, start=1):
                self.log.append(
                    DomainEvent(
                        originator_id=e.aggregate_id(kind, BOOK),
                        originator_version=version,
                        body=body,
                        correlation_id="founding",
                        causation_id="founding",
                        actor=ANN,
                        book=BOOK,
                    )
                )

    def restart(self) -> None:
        """Nothing is left but the log."""
        self.state = BookState(BOOK)
        for event in self.log:
            self.state.apply(event)
        self.chamber = Chamber(self.state)

    def give(self, body: ConfigCommand, actor: str) -> str:
        """The answer to one command."""
        self._ids += 1
        message = Envelope(id=f"command-{self._ids}", body=body, actor=actor, sent_at=self.now, book=BOOK)
        step = self._keep(self.chamber.handle(message, self.now, entry_id=f"{self.now // 1_000_000}-{self._ids}"))
        (answer,) = step.answers
        assert bool(step.refusals) == answer.result.startswith("refused:")
        return answer.result

    def request(self, change: Change, who: str = ANN, change_id: str = "c", preview: Preview | None = PREVIEW) -> str:
        return self.give(RequestChange(change_id=change_id, change=change, reason="why", preview=preview), who)

    def approve(self, who: str = BOB, change_id: str = "c") -> str:
        return self.give(ApproveChange(change_id=change_id, reason="seen"), who)

    def refuse(self, who: str = BOB, change_id: str = "c") -> str:
        return self.give(RefuseChange(change_id=change_id, reason="no"), who)

    def wait(self, seconds: Decimal | float) -> Step:
        self.now += int(seconds * SECOND)
        return self._keep(self.chamber.advance(self.now))

    def deadline(self) -> int | None:
        return self.chamber.deadline()

    def _keep(self, step: Step) -> Step:
        self.steps.append(step)
        self.log += step.events
        return step

    def detail(self) -> str:
        """What the last refusal says."""
        return self.steps[-1].refusals[0].detail

    def told(self) -> list[Event]:
        """The events since the founding."""
        return [event.body for step in self.steps for event in step.events]

    def names(self) -> list[str]:
        return [type(body).__name__ for body in self.told()]

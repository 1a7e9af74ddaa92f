"""Rounds as the governor records them, and a ledger to record them in."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ledger.application import InboxEntry, LedgerApplication
from streams.events import (
    BookFounded,
    BookTerms,
    CouncilScored,
    DeliberationClosed,
    DeliberationOpened,
    DomainEvent,
    Event,
    MarketView,
    OutcomesRecorded,
    ProposalAdmitted,
    aggregate_id,
)
from streams.messages import RecordOutcomes, Track

SECOND = 1_000_000_000
HORIZON = 30 * SECOND
BOOK = "demo"
Asked = Sequence[tuple[str, int]]


class Governor:
    """Records rounds and answers; its log is the real one."""

    def __init__(self, url: str) -> None:
        self.ledger = LedgerApplication(url, "governance")
        self.ledger.acquire()
        self._council = 0

    def close(self) -> None:
        self.ledger.close()

    def record(self, *events: DomainEvent) -> None:
        self.ledger.commit(events)

    def found(self, book: str = BOOK, terms: BookTerms | None = None) -> None:
        body = BookFounded(book=book, quote="USDT", instruments=(), terms=terms or BookTerms(), who="us", why="test")
        self.record(_event(body, "Book", book, 1, book))

    def open(self, name: str, at: int, questions: Asked = (("BTCUSDT", 1),), *, track: Track = "TRADE") -> None:
        self.record(*round_of(name, at, questions, track=track))

    def answer(self, command_id: str, outcomes: RecordOutcomes, result: str = "accepted") -> None:
        """As the scoreboard does it, with the inbox in the same transaction."""
        bodies: list[Event] = []
        if result == "accepted":
            bodies = [
                OutcomesRecorded(bucket=outcomes.bucket, horizon=30, outcomes=outcomes.outcomes),
                CouncilScored(
                    bucket=outcomes.bucket,
                    copy=outcomes.bucket % 3,
                    cap=0.3,
                    floor=0.01,
                    questions=len(outcomes.outcomes),
                    mix_loss=0.0,
                    forecast_loss=0.0,
                    seats=(),
                ),
            ]
        events = []
        for body in bodies:
            self._council += 1
            events.append(_event(body, "Council", BOOK, self._council, BOOK))
        inbox = [InboxEntry(command_id=command_id, entry_id="1-1", result=result, book=BOOK)]
        self.ledger.commit(events, inbox=inbox)


def round_of(
    name: str,
    at: int,
    questions: Asked,
    *,
    book: str = BOOK,
    track: Track = "TRADE",
) -> list[DomainEvent]:
    """A round that opened at a market time on (instrument, target) while nothing was held, at a price of 101."""
    market = MarketView(price=Decimal(101), spread=Decimal(2), tick_id="t", source="live", market_at=at)
    opened = DeliberationOpened(
        deliberation_id=name,
        instrument="BTCUSDT",
        track=track,
        opened_at=at,
        deadline=at + 25_000_000,
        weights_version=f"{book}:{at // HORIZON}",
        total_ppm=1_000_000,
        rulebook_version=1,
        market=market,
        market_opened_at=at,
    )
    admitted = [
        ProposalAdmitted(
            proposal_id=f"{name}-{number}",
            agent=f"agent-{number}",
            action="trade" if track == "TRADE" else "reduce",
            instrument=instrument,
            target=Decimal(target),
            probability=0.6,
            held=Decimal(0),
            price=Decimal(101),
            market=market,
            evidence=(),
            ttl_ms=200,
            why="",
        )
        for number, (instrument, target) in enumerate(questions)
    ]
    bodies = [opened, *admitted, DeliberationClosed(reason="deadline", closed_at=at + 25_000_000)]
    return [_event(body, "Deliberation", name, version, book) for version, body in enumerate(bodies, 1)]


def _event(body: Event, kind: str, key: str, version: int, book: str) -> DomainEvent:
    return DomainEvent(
        originator_id=aggregate_id(kind, key),
        originator_version=version,
        body=body,
        correlation_id="tick",
        causation_id="cause",
        actor="governor",
        book=book,
    )

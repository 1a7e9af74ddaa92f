"""A live run once more: the same cores are given what a run kept with `--record`, and must decide the same."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from pathlib import Path

from execution.domain import replay as execution_replay
from governance.domain import replay as governance_replay
from govsite.backtest import Report
from govsite.pipeline import equity_of
from govsite.seed import BOOK
from streams import journal
from streams.events import FINAL, TOPICS, DecisionReached, DomainEvent, FeedGap, encode_event
from streams.messages import Tick, Trade


class Tally:
    """Counts and digest of events as they are made again."""

    def __init__(self) -> None:
        self.events = 0
        self.gaps = 0
        self.decisions: Counter[str] = Counter()
        self.orders: Counter[str] = Counter()
        self.digest = hashlib.sha256()

    def add(self, event: DomainEvent) -> None:
        body = event.body
        self.events += 1
        self.digest.update(f"{event.originator_id}\x1f{event.originator_version}\x1f{TOPICS[type(body)]}\x1f".encode())
        self.digest.update(encode_event(body))
        if isinstance(body, DecisionReached):
            self.decisions[body.outcome] += 1
        elif isinstance(body, FeedGap):
            self.gaps += 1
        elif isinstance(body, FINAL):
            self.orders[type(body).__name__.removeprefix("Order").lower()] += 1


def repeat(directory: Path) -> Report:
    """What `governor.jsonl` and `executor.jsonl` lead to. Raises FileNotFoundError or msgspec.ValidationError."""
    begun = time.perf_counter()
    governance, execution = Tally(), Tally()
    chambers, floor = governance_replay.Replay(), execution_replay.Replay()
    ticks = trades = 0
    for given in journal.read(directory / "governor.jsonl"):
        ticks += isinstance(given.message.body, Tick)
        trades += isinstance(given.message.body, Trade)
        made = chambers.handle(given.message, given.now, entry_id=given.entry_id, interrupted=given.interrupted)
        for event in made:
            governance.add(event)
    for given in journal.read(directory / "executor.jsonl"):
        for event in floor.handle(given.message, given.now):
            execution.add(event)
    seconds = time.perf_counter() - begun
    return Report(
        ticks=ticks,
        trades=trades,
        gaps=governance.gaps,
        duplicates=0,
        refused={},
        decisions=dict(sorted(governance.decisions.items())),
        orders=dict(sorted(execution.orders.items())),
        equity=equity_of(floor.floor.desk(BOOK)),
        seconds=round(seconds, 3),
        ticks_per_s=round(ticks / seconds),
        events=governance.events + execution.events,
        digest=hashlib.sha256(governance.digest.digest() + execution.digest.digest()).hexdigest(),
    )

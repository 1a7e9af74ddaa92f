"""Recordings through the pipeline, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from msgspec import Struct

from agents.demo import DEMO_COUNCIL, seat_council
from execution.domain.account import Account
from execution.domain.desk import Desk
from feeds.books import Books
from feeds.intake import Counts, Item, RefusedFrame
from feeds.recordings import instruments, read_ticks
from governance.domain.chamber import Chamber
from governance.domain.state import BookState
from govsite.pipeline import Pipeline
from govsite.seed import BOOK, founding_events, seen_instrument
from streams.events import BookTerms, InstrumentTerms
from streams.messages import Tick


class Report(Struct, frozen=True, kw_only=True):
    """What a backtest gives: counts, money in the quote currency, and a digest over all events in order."""

    ticks: int
    trades: int
    gaps: int
    duplicates: int
    refused: dict[str, int]
    decisions: dict[str, int]
    orders: dict[str, int]
    equity: Decimal
    seconds: float
    ticks_per_s: int
    events: int
    digest: str


def backtest(paths: Iterable[str | Path]) -> Report:
    """Raises `feeds.recordings.Unreadable` where a path is no recording."""
    paths = list(paths)
    pipeline = demo_pipeline([seen_instrument(symbol, seen) for symbol, seen in instruments(paths).items()])
    counts = Counts()
    begun = time.perf_counter()
    for item in published(paths, counts):
        if isinstance(item, Tick):
            pipeline.on_tick(item)
        elif not isinstance(item, RefusedFrame):
            pipeline.on_command("feed", item)
    pipeline.finish()
    seconds = time.perf_counter() - begun
    return Report(
        ticks=counts.ticks,
        trades=counts.trades,
        gaps=counts.gaps,
        duplicates=counts.duplicates,
        refused=dict(sorted((counts.refused + pipeline.refused).items())),
        decisions=dict(sorted(pipeline.decisions.items())),
        orders=dict(sorted(pipeline.orders.items())),
        equity=pipeline.equity(),
        seconds=round(seconds, 3),
        ticks_per_s=round(counts.ticks / seconds) if seconds else 0,
        events=sum(log.position for log in pipeline.logs.values()),
        digest=pipeline.digest,
    )


def published(paths: Sequence[str | Path], counts: Counts) -> Iterator[Item]:
    """What a feed makes of recordings, order books and all; its clock is the receive time of the ticks."""
    now = 0
    books = Books(lambda _: False, clock=lambda: now)
    for item in read_ticks(paths, counts):
        if isinstance(item, Tick):
            now = item.received_at
        yield from books.take((item,))
    yield from books.release()


def demo_pipeline(terms: list[InstrumentTerms]) -> Pipeline:
    """The demo book with its council, founded for these instruments, flat and with its cash."""
    governing, executing = founding_events(terms)
    state = BookState(BOOK)
    chamber = Chamber(state)
    desk = Desk(Account(BOOK), None, {}, prices=chamber.prices)
    for event in (*governing, *executing):
        state.apply(event)
        desk.apply(event)
    council = seat_council(DEMO_COUNCIL, BOOK, BookTerms(), {each.symbol: each for each in terms})
    return Pipeline(council, chamber, desk, [("governance", governing), ("execution", executing)])

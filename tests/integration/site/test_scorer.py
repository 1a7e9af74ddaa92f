"""A backtest's scorer and the sweep of a live book find the same outcomes, faster than real time too."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from feeds.synthetic import SyntheticMarket
from governance.domain.scoring import due_at
from govsite.backtest import demo_pipeline
from govsite.outcomes import Sweeper
from govsite.seed import KNOWN, founding_events, known_instrument
from ledger.application import LedgerApplication
from market.writer import MarketWriter
from streams.client import COMMANDS, Streams
from streams.envelope import decode
from streams.events import CouncilScored, DomainEvent, OutcomesRecorded
from streams.messages import AnyTick, LedgerEntry, RecordOutcomes, Tick
from tests.servers import wait_until

START_NS = 1_700_000_000_000_000_000
TICKS = 24_000
A_TIME = 400


class Recording:
    """A pipeline whose governance events are kept, in order."""

    def __init__(self) -> None:
        self.events: list[DomainEvent] = []
        self.pipeline = demo_pipeline([known_instrument(symbol) for symbol in KNOWN])
        log = self.pipeline.logs["governance"]
        append = log.append

        def keeping(events: list[DomainEvent], now: int) -> LedgerEntry:
            self.events += events
            return append(events, now)

        log.append = keeping  # type: ignore[method-assign,assignment]

    def bodies(self, *kinds: type) -> list[object]:
        return [event.body for event in self.events if isinstance(event.body, kinds)]


def market() -> Iterator[AnyTick]:
    return islice(SyntheticMarket(7, START_NS), TICKS)


def in_a_backtest() -> Recording:
    recording = Recording()
    for tick in market():
        recording.pipeline.on_tick(tick)
    return recording


class Unscored:
    """In place of the backtest's scorer: somebody else scores."""

    def on_tick(self, tick: Tick) -> None:
        pass


def live(url: str, redis_url: str) -> Recording:
    """The same book with a real ledger, a real table of marks and the sweep; some 6 s of the market at a time."""
    recording = Recording()
    recording.pipeline.scorer = Unscored()  # type: ignore[assignment]
    ledger = LedgerApplication(url, "governance")
    ledger.acquire()
    governing, _ = founding_events([known_instrument(symbol) for symbol in KNOWN])
    ledger.commit(governing)
    writer, sweeper, streams = MarketWriter(url).start(), Sweeper(url, redis_url), Streams(redis_url)
    recorded, read, ticks = 0, "0", market()
    while part := list(islice(ticks, A_TIME)):
        for tick in part:
            recording.pipeline.on_tick(tick)
        ledger.commit(recording.events[recorded:])
        recorded = len(recording.events)
        writer.observe(part)
        writer.hand_on(at_once=True)
        wait_until(lambda: writer.waiting == 0, "the marks are written")
        sweeper.sweep()
        for entry in streams.read({COMMANDS: read}, block_ms=None):
            read, body = entry.id, decode(entry.raw).body
            assert isinstance(body, RecordOutcomes)
            recording.pipeline.on_command("scorer", body)
    for each in (writer, sweeper, ledger, streams.redis):
        each.close()
    return recording


def test_a_live_book_is_scored_as_in_a_backtest(ledger_url: str, redis_url: str) -> None:
    """To the last digit of every weight, since outcomes are known a bucket before their copy is used again."""
    alone, watched = in_a_backtest(), live(ledger_url, redis_url)
    for kind in (OutcomesRecorded, CouncilScored):
        expected, found = alone.bodies(kind), watched.bodies(kind)
        assert len(found) >= len(expected) - 1 >= 5
        assert found == expected[: len(found)]
    assert watched.pipeline.refused == alone.pipeline.refused


def test_a_bucket_is_scored_when_it_is_due_and_once() -> None:
    recording = Recording()
    scored: list[tuple[int, int]] = []
    for tick in market():
        before = len(recording.events)
        recording.pipeline.on_tick(tick)
        new = [event.body for event in recording.events[before:]]
        scored += [(body.bucket, tick.market_at) for body in new if isinstance(body, OutcomesRecorded)]
    buckets = [bucket for bucket, _ in scored]
    assert len(buckets) >= 6
    assert buckets == sorted(set(buckets))
    for bucket, at in scored:
        assert 0 <= at - due_at(bucket, 30) < 200_000_000


def test_every_question_of_a_scored_bucket_is_answered() -> None:
    recording = in_a_backtest()
    recorded = [body for body in recording.bodies(OutcomesRecorded) if isinstance(body, OutcomesRecorded)]
    outcomes = [outcome for body in recorded for outcome in body.outcomes]
    assert {outcome.y for outcome in outcomes} >= {True, False}
    assert recording.pipeline.refused["INVALID"] == recording.pipeline.refused["UNKNOWN_BUCKET"] == 0

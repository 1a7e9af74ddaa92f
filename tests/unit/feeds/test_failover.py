"""Live falls silent, something else goes on, live comes back."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from feeds.failover import Failover
from feeds.intake import Counts, Item
from streams.messages import ChangeFeedSource, ReportFeedGap, Source, Trade
from streams.stopping import Stop
from tests.unit.feeds.clock import InstantStop, StillClock

SECOND = 1_000_000_000


class Scripted:
    """A source that gives what the test puts into it."""

    def __init__(self, source: Source) -> None:
        self.source: Source = source
        self.mode = source
        self.counts = Counts()
        self.ended = self.throttled = False
        self.items: list[Item] = []

    def poll(self, timeout_s: float, stop: Stop) -> Sequence[Item]:
        items, self.items = self.items, []
        return items

    def paused(self, nanoseconds: int) -> None:
        self.pause = nanoseconds

    def close(self) -> None:
        self.ended = True


class Scene:
    def __init__(self) -> None:
        self.clock = StillClock()
        self.stop = InstantStop(self.clock)
        self.live = Scripted("live")
        self.substitutes: list[Scripted] = []
        self.asked_from: list[int] = []
        self.failover = Failover(self.live, self.substitute, Counts(), clock=self.clock)

    def substitute(self, market_at: int) -> Scripted:
        self.asked_from.append(market_at)
        self.substitutes.append(Scripted("synthetic"))
        return self.substitutes[-1]

    def tick(self, source: Source) -> Trade:
        return Trade(
            instrument="BTCUSDT",
            market_at=self.clock.now,
            received_at=self.clock.now,
            source=source,
            trade_id=1,
            price=Decimal(1),
            quantity=Decimal(1),
            aggressor="buy",
        )

    def after(self, seconds: float, *, live: bool = False) -> list[Item]:
        """What the next poll gives, `seconds` later."""
        self.clock.now += int(seconds * SECOND)
        if live:
            self.live.items = [self.tick("live")]
        if self.substitutes:
            self.substitutes[-1].items = [self.tick("synthetic")]
        return list(self.failover.poll(0.1, self.stop))


def switches(items: list[Item]) -> list[tuple[Source, Source]]:
    return [(item.origin, item.to) for item in items if isinstance(item, ChangeFeedSource)]


def sources(items: list[Item]) -> list[Source]:
    return [item.source for item in items if isinstance(item, Trade)]


def test_at_the_start_live_has_five_seconds() -> None:
    scene = Scene()
    assert scene.after(4.9) == []
    assert switches(scene.after(0.2)) == [("live", "synthetic")]
    assert sources(scene.after(0.1)) == ["synthetic"]
    assert "synthetic" in scene.failover.mode


def test_later_live_has_ten_seconds_and_the_substitute_goes_on_from_its_market_time() -> None:
    scene = Scene()
    assert sources(scene.after(1, live=True)) == ["live"]
    last = scene.clock.now
    assert scene.after(9.9) == []
    assert switches(scene.after(0.2)) == [("live", "synthetic")]
    assert scene.asked_from == [last]


def test_live_is_taken_back_after_ten_seconds_of_data() -> None:
    scene = Scene()
    scene.after(6)
    items = [scene.after(1, live=True) for _ in range(11)]
    assert [sources(item) for item in items[:10]] == [["synthetic"]] * 10
    assert switches(items[10]) == [("synthetic", "live")]
    assert sources(items[10]) == ["live"]
    assert scene.substitutes[0].ended
    assert scene.failover.counts.passed == {"on_trial": 10}
    assert sources(scene.after(1, live=True)) == ["live"]


def test_live_that_stutters_is_not_taken_back() -> None:
    scene = Scene()
    scene.after(6)
    items = [item for _ in range(20) for item in (*scene.after(1, live=True), *scene.after(2.1))]
    assert not switches(items)


def test_a_gap_seen_on_trial_is_passed_on() -> None:
    scene = Scene()
    scene.after(6)
    gap = ReportFeedGap(instrument="BTCUSDT", kind="trade", first=1, last=2, market_at=0)
    scene.live.items = [gap, scene.tick("live")]
    assert scene.after(0.1) == [gap]


def test_it_can_fail_again() -> None:
    scene = Scene()
    scene.after(6)
    for _ in range(11):
        scene.after(1, live=True)
    assert switches(scene.after(10.1)) == [("live", "synthetic")]
    assert len(scene.substitutes) == 2


def test_an_outage_of_redis_is_no_silence_of_live() -> None:
    scene = Scene()
    scene.after(1, live=True)
    scene.failover.paused(60 * SECOND)
    assert scene.after(60) == []


def test_closing_closes_both() -> None:
    scene = Scene()
    scene.after(6)
    scene.failover.close()
    assert scene.live.ended
    assert scene.substitutes[0].ended

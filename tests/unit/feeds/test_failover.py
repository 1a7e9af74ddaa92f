"""Live falls silent, something else goes on, live comes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from feeds.failover import Failover, NoSuchSource, Standby
from feeds.intake import Counts, Item, RefusedFrame
from feeds.recordings import Unreadable
from feeds.source import Figures
from market.domain.listing import Listing
from streams.messages import ChangeFeedSource, Code, ReportFeedGap, ReportTradingStatus, Source, Tick, Trade
from streams.stopping import Stop
from tests.unit.feeds.clock import InstantStop, StillClock

SECOND = 1_000_000_000


class Scripted:
    """A source that gives what the test puts into it."""

    def __init__(self, source: Source) -> None:
        self.source: Source = source
        self.mode: str = source
        self.counts = Counts()
        self.ended = self.throttled = False
        self.items: list[Item] = []
        self.failure: Exception | None = None
        self.figures: Figures = {f"of_{source}": 1.0}
        self.listed: list[Listing] = []

    def poll(self, timeout_s: float, stop: Stop) -> Sequence[Item]:
        if self.failure is not None:
            raise self.failure
        items, self.items = self.items, []
        return items

    def listings(self) -> Sequence[Listing]:
        return self.listed

    def want_snapshot(self, instrument: str) -> bool:
        return self.source == "live"

    def paused(self, nanoseconds: int) -> None:
        self.pause = nanoseconds

    def close(self) -> None:
        self.ended = True


Begin = Callable[[int], Scripted]


class Scene:
    def __init__(self, *standbys: tuple[Source, Exception | None], automatic: bool = True) -> None:
        self.clock = StillClock()
        self.stop = InstantStop(self.clock)
        self.live = Scripted("live")
        self.substitutes: list[Scripted] = []
        self.asked_from: list[int] = []
        self.expected = True
        named: tuple[tuple[Source, Exception | None], ...] = standbys or (("synthetic", None),)
        chosen = [Standby(source, self.beginning(source, failure), automatic) for source, failure in named]
        expected = lambda now: self.expected  # noqa: E731
        self.failover = Failover(self.live, chosen, Counts(), expected=expected, clock=self.clock)

    def beginning(self, source: Source, failure: Exception | None) -> Begin:
        def begin(market_at: int) -> Scripted:
            if failure is not None:
                raise failure
            self.asked_from.append(market_at)
            self.substitutes.append(Scripted(source))
            return self.substitutes[-1]

        return begin

    def tick(self, source: Source, at: int | None = None, id: int = 1, venue: str = "binance") -> Trade:
        return Trade(
            instrument="BTCUSDT",
            market_at=self.clock.now if at is None else at,
            received_at=self.clock.now,
            venue=venue,
            source=source,
            trade_id=id,
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
            self.substitutes[-1].items = [self.tick(self.substitutes[-1].source)]
        return list(self.failover.poll(0.1, self.stop))

    def live_for(self, seconds: int) -> list[Item]:
        return [item for _ in range(seconds) for item in self.after(1, live=True)]


def switches(items: Sequence[Item]) -> list[tuple[Source, Source]]:
    return [(item.origin, item.to) for item in items if isinstance(item, ChangeFeedSource)]


def reasons(items: Sequence[Item]) -> list[str]:
    return [item.reason for item in items if isinstance(item, ChangeFeedSource)]


def sources(items: Sequence[Item]) -> list[Source]:
    return [item.source for item in items if isinstance(item, Trade)]


def test_at_the_start_live_has_five_seconds() -> None:
    scene = Scene()
    assert scene.after(4.9) == []
    items = scene.after(0.2)
    assert switches(items) == [("live", "synthetic")]
    assert reasons(items) == ["no live data for 5 s"]
    assert sources(scene.after(0.1)) == ["synthetic"]
    assert "synthetic, because live is silent" in scene.failover.mode


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
    assert reasons(items[10]) == ["live data for 10 s"]
    assert sources(items[10]) == ["live"]
    assert scene.substitutes[0].ended
    assert scene.failover.counts.passed == {"on_trial": 10}
    assert sources(scene.after(1, live=True)) == ["live"]


def test_live_that_stutters_is_not_taken_back() -> None:
    scene = Scene()
    scene.after(6)
    items = [item for _ in range(20) for item in (*scene.after(1, live=True), *scene.after(2.1))]
    assert not switches(items)


def test_what_live_says_of_itself_is_passed_on_while_something_stands_in() -> None:
    scene = Scene()
    scene.after(6)
    said: list[Item] = [
        ReportFeedGap(instrument="BTCUSDT", kind="trade", first=1, last=2, market_at=0),
        ReportTradingStatus(instrument="AAPL", tradable=False, status="H", market_at=0),
        RefusedFrame(Code.UNDECODABLE, "", raw=b"x", origin="", at=0),
    ]
    scene.live.items = [*said, scene.tick("live")]
    assert scene.after(0.1) == said
    assert scene.failover.counts.passed == {"on_trial": 1}


def test_what_live_brought_unseen_is_one_gap_before_its_next_trade() -> None:
    scene = Scene()
    scene.live.items = [scene.tick("live", id=7)]
    scene.after(1)
    scene.after(10.1)
    inside = ReportFeedGap(instrument="BTCUSDT", kind="trade", first=8, last=9, market_at=0)
    for second in range(10):
        scene.live.items = (
            [inside, scene.tick("live", id=10 + second)] if second == 0 else [scene.tick("live", id=10 + second)]
        )
        assert not [item for item in scene.after(1) if isinstance(item, ReportFeedGap)]
    scene.live.items = [scene.tick("live", id=20), scene.tick("live", id=21)]
    switch, gap, first, second_trade = scene.after(1)
    assert isinstance(switch, ChangeFeedSource)
    assert isinstance(gap, ReportFeedGap)
    assert (gap.first, gap.last) == (8, 19)
    assert [item.trade_id for item in (first, second_trade) if isinstance(item, Trade)] == [20, 21]
    scene.live.items = [scene.tick("live", id=22)]
    assert [type(item) for item in scene.after(1)] == [Trade]


def test_ids_that_do_not_follow_each_other_name_no_gap() -> None:
    scene = Scene()
    scene.live.items = [scene.tick("live", id=7, venue="alpaca-iex")]
    scene.after(1)
    scene.after(10.1)
    for number in range(12):
        scene.live.items = [scene.tick("live", id=100 + number, venue="alpaca-iex")]
        assert not [item for item in scene.after(1) if isinstance(item, ReportFeedGap)]


def test_who_fails_again_soon_has_to_prove_itself_for_longer_each_time_up_to_five_minutes() -> None:
    scene = Scene()
    scene.after(6)
    trials = []
    for _ in range(7):
        seconds = next(second for second in range(1_000) if switches(scene.after(1, live=True)))
        trials.append(seconds)
        assert switches(scene.after(10.1)) == [("live", "synthetic")]
    assert trials == [10, 20, 40, 80, 160, 300, 300]


def test_who_was_well_for_minutes_is_trusted_as_at_first() -> None:
    scene = Scene()
    scene.after(6)
    scene.live_for(11)
    scene.after(10.1)
    assert len(reasons(scene.live_for(250))) == 1
    assert switches(scene.after(10.1)) == [("live", "synthetic")]
    assert reasons(scene.live_for(11)) == ["live data for 10 s"]


def test_the_market_clock_does_not_go_back_when_live_was_on_its_way_for_longer() -> None:
    scene = Scene()
    scene.after(6)
    scene.live_for(10)
    given = scene.clock.now
    scene.clock.now += SECOND
    scene.live.items = [scene.tick("live", at=given - SECOND), scene.tick("live")]
    back = scene.failover.poll(0.1, scene.stop)
    assert [item.market_at for item in back if isinstance(item, Tick)] == [given, scene.clock.now]


def test_an_outage_of_redis_is_no_silence_of_live() -> None:
    scene = Scene()
    scene.after(1, live=True)
    scene.failover.paused(60 * SECOND)
    assert scene.after(60) == []


def test_an_outage_of_redis_is_no_trial() -> None:
    scene = Scene()
    scene.after(6)
    scene.live_for(2)
    scene.failover.paused(60 * SECOND)
    assert not switches(scene.after(61, live=True))


def test_where_no_data_is_expected_silence_is_no_failure() -> None:
    scene = Scene()
    scene.expected = False
    assert scene.after(3_600) == []
    scene.expected = True
    assert scene.after(4.9) == []
    assert switches(scene.after(0.2)) == [("live", "synthetic")]


def test_without_a_substitute_silence_stays_silence_and_says_so() -> None:
    scene = Scene(automatic=False)
    scene.after(1, live=True)
    assert scene.after(10.1) == scene.after(60) == []
    assert "silent" in scene.failover.mode
    assert scene.failover.figures["silent_s"] == 70.1
    assert sources(scene.after(1, live=True)) == ["live"]
    assert "silent" not in scene.failover.mode


@pytest.mark.parametrize("failure", [Unreadable("no such file"), ValueError("a bug")])
def test_what_cannot_begin_is_passed_over(failure: Exception) -> None:
    scene = Scene(("replay", failure), ("synthetic", None))
    assert switches(scene.after(5.1)) == [("live", "synthetic")]


def test_a_substitute_that_fails_gives_way_to_the_next_one() -> None:
    scene = Scene(("replay", None), ("synthetic", None))
    assert switches(scene.after(5.1)) == [("live", "replay")]
    scene.substitutes[0].failure = OSError("the disk is gone")
    items = scene.after(1)
    assert switches(items) == [("replay", "synthetic")]
    assert reasons(items) == ["the replay market failed: the disk is gone"]
    assert scene.substitutes[0].ended
    assert sources(scene.after(1)) == ["synthetic"]


def test_a_substitute_that_ends_gives_way_and_after_the_last_one_there_is_silence() -> None:
    scene = Scene(("replay", None))
    scene.after(5.1)
    scene.substitutes[0].ended = True
    scene.after(1)
    items = scene.after(1) if scene.substitutes[0].items else list(scene.failover.poll(0.1, scene.stop))
    assert switches(items) == [("replay", "live")]
    assert "nothing else stands in" in reasons(items)[0]


def test_redis_that_fails_is_no_failure_of_a_substitute() -> None:
    scene = Scene(("replay", None), ("synthetic", None))
    scene.after(5.1)
    scene.substitutes[0].failure = redis.ConnectionError("away")
    with pytest.raises(redis.ConnectionError):
        scene.after(1)
    scene.substitutes[0].failure = None
    assert sources(scene.after(1)) == ["replay"]


def test_an_operator_can_keep_live_away_until_it_is_let_back() -> None:
    scene = Scene(("replay", None), ("synthetic", None), automatic=False)
    scene.after(1, live=True)
    scene.failover.hold("synthetic", "a rehearsal")
    assert switches(scene.after(1, live=True)) == [("live", "synthetic")]
    assert "because a rehearsal" in scene.failover.mode
    assert set(sources(scene.live_for(60))) == {"synthetic"}
    scene.failover.hold("replay", "another one")
    assert scene.substitutes[0].ended
    assert switches(scene.after(1, live=True)) == [("synthetic", "replay")]
    assert "again" in scene.failover.release("enough")
    items = scene.after(1, live=True)
    assert switches(items) == [("replay", "live")]
    assert reasons(items) == ["enough"]
    assert sources(scene.after(1, live=True)) == ["live"]
    assert scene.failover.release("once more") == "live is in use already"


def test_live_that_is_silent_is_let_back_when_it_comes() -> None:
    scene = Scene()
    scene.failover.hold("synthetic", "a rehearsal")
    scene.after(3)
    assert "is taken back after 10 s" in scene.failover.release("enough")
    assert switches(scene.live_for(11)) == [("synthetic", "live")]


def test_what_there_is_not_cannot_be_put_in_the_place_of_live() -> None:
    scene = Scene(("replay", Unreadable("empty")))
    with pytest.raises(NoSuchSource, match="cannot be had now"):
        scene.failover.hold("replay", "why not")
    with pytest.raises(NoSuchSource):
        scene.failover.hold("synthetic", "why not")
    assert sources(scene.after(1, live=True)) == ["live"]


def test_figures_and_listings_are_those_of_both() -> None:
    scene = Scene()
    scene.after(6)
    assert {"of_live", "of_synthetic", "silent_s", "trial_s"} == set(scene.failover.figures)
    scene.live.listed = [Listing(symbol="BTCUSDT", venue="binance")]
    assert scene.failover.listings() == scene.live.listed
    assert not scene.failover.want_snapshot("BTCUSDT")


def test_closing_closes_both() -> None:
    scene = Scene()
    scene.after(6)
    scene.failover.close()
    assert scene.live.ended
    assert scene.substitutes[0].ended


PAUSES = st.sampled_from((0.1, 0.5, 1.0, 2.0, 2.5, 6.0, 11.0))


@given(st.lists(st.tuples(PAUSES, st.booleans(), st.integers(0, 2)), max_size=150))
def test_whatever_live_does_each_tick_is_of_the_source_that_was_told_and_the_clock_never_goes_back(
    steps: list[tuple[float, bool, int]],
) -> None:
    scene = Scene(("replay", None), ("synthetic", None))
    told, market_at, gaps = "live", 0, 0
    for pause, live, late in steps:
        scene.clock.now += int(pause * SECOND)
        gap = ReportFeedGap(instrument="BTCUSDT", kind="depth", first=1, last=2, market_at=0)
        scene.live.items = [gap, scene.tick("live", at=scene.clock.now - late * SECOND)] if live else []
        if scene.substitutes:
            scene.substitutes[-1].items = [scene.tick(scene.substitutes[-1].source)]
        for item in scene.failover.poll(0.1, scene.stop):
            if isinstance(item, ChangeFeedSource):
                assert item.origin == told
                told = item.to
            elif isinstance(item, Tick):
                assert item.source == told
                assert item.market_at >= market_at
                market_at = item.market_at
            else:
                gaps += 1
    assert gaps == sum(live for _, live, _ in steps)

"""Items at their own pace, round after round."""

from __future__ import annotations

import gc
import gzip
import tracemalloc
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from feeds.intake import Counts, Item, RefusedFrame
from feeds.recordings import Progress, read_ticks
from feeds.replay import ID_STRIDE, LARGEST_UNPACED_BATCH, Player
from streams.messages import Code, Depth, ReportFeedGap, Trade
from tests.unit.feeds.clock import InstantStop, StillClock
from tests.unit.feeds.frames import trade
from tests.unit.feeds.test_recordings import T0, stamped

SECOND = 1_000_000_000
RECORDED = 1_723_000_000 * SECOND


def a_trade(id: int, at: int) -> Trade:
    return Trade(
        instrument="BTCUSDT",
        market_at=RECORDED + at,
        received_at=RECORDED + at,
        source="replay",
        trade_id=id,
        price=Decimal(1),
        quantity=Decimal(1),
        aggressor="buy",
    )


def player(items: list[Item], clock: StillClock, **options: object) -> Player:
    def open_round() -> Iterator[Item]:
        return iter(items)

    return Player(open_round, "replay", Counts(), clock=clock, **options)  # type: ignore[arg-type]


def played(source: Player, clock: StillClock, until: Callable[[list[Item]], bool] | None = None) -> list[Item]:
    stop = InstantStop(clock)
    items: list[Item] = []
    while not source.ended and not (until and until(items)):
        items.extend(source.poll(0.1, stop))
    return items


@pytest.mark.parametrize(("speed", "due"), [(1.0, [0, 2, 3]), (10.0, [0, 0.2, 0.3])])
def test_ticks_come_when_their_time_has_come(speed: float, due: list[float]) -> None:
    clock = StillClock()
    began = clock()
    source = player([a_trade(1, 0), a_trade(2, 2 * SECOND), a_trade(3, 3 * SECOND)], clock, speed=speed)
    ticks = [item for item in played(source, clock) if isinstance(item, Trade)]
    assert [tick.received_at - began for tick in ticks] == [int(at * SECOND) for at in due]
    assert [tick.market_at - RECORDED for tick in ticks] == [0, 2 * SECOND, 3 * SECOND]


def test_a_late_poll_does_not_change_when_a_tick_was_due() -> None:
    clock = StillClock()
    began = clock()
    source = player([a_trade(1, 0), a_trade(2, SECOND)], clock)
    source.poll(0.0, InstantStop(clock))
    clock.now += 60 * SECOND
    (late,) = source.poll(0.0, InstantStop(clock))
    assert isinstance(late, Trade)
    assert late.received_at == began + SECOND


def test_a_pause_of_the_publisher_moves_the_schedule() -> None:
    clock = StillClock()
    began = clock()
    source = player([a_trade(1, 0), a_trade(2, SECOND)], clock)
    source.poll(0.0, InstantStop(clock))
    source.paused(30 * SECOND)
    clock.now += 30 * SECOND
    assert source.poll(0.0, InstantStop(clock)) == []
    (later,) = played(source, clock)
    assert isinstance(later, Trade)
    assert later.received_at == began + 31 * SECOND


def test_without_a_pace_everything_is_due_in_batches() -> None:
    clock = StillClock()
    source = player([a_trade(id, id * SECOND) for id in range(LARGEST_UNPACED_BATCH + 1)], clock, speed=None)
    assert source.throttled
    assert len(source.poll(0.0, InstantStop(clock))) == LARGEST_UNPACED_BATCH
    assert len(source.poll(0.0, InstantStop(clock))) == 1


def test_a_silence_of_days_is_not_waited_for() -> None:
    clock = StillClock()
    began = clock()
    source = player([a_trade(1, 0), a_trade(2, 86_400 * SECOND), a_trade(3, 86_401 * SECOND)], clock)
    *_, last = played(source, clock)
    assert isinstance(last, Trade)
    assert (last.received_at - began, last.market_at - RECORDED) == (SECOND, 86_401 * SECOND)


def test_rounds_go_on_in_time_and_ids() -> None:
    clock, rounds = StillClock(), count()
    depth = Depth(instrument="BTCUSDT", market_at=RECORDED, received_at=RECORDED, first_id=1, last_id=5, previous_id=0)
    items: list[Item] = [a_trade(1, 0), depth, a_trade(2, SECOND)]
    source = player(items, clock, loop=True, next_round=lambda: next(rounds))
    ticks = played(source, clock, until=lambda seen: len(seen) >= 9)[:9]
    trades = [item for item in ticks if isinstance(item, Trade)]
    assert [tick.trade_id for tick in trades] == [id + ID_STRIDE * number for number in range(3) for id in (1, 2)]
    assert [tick.last_id for tick in ticks if isinstance(tick, Depth)] == [5, 5 + ID_STRIDE, 5 + 2 * ID_STRIDE]
    assert all(tick.previous_id == 0 for tick in ticks if isinstance(tick, Depth))
    times = [tick.market_at for tick in ticks if isinstance(tick, Trade | Depth)]
    assert times == sorted(times)
    assert times[3] > times[2]


def test_a_replay_after_another_market_goes_on_where_that_was() -> None:
    clock = StillClock()
    source = player([a_trade(1, 0), a_trade(2, SECOND)], clock, market_after=RECORDED + 3600 * SECOND)
    first, second = (item for item in played(source, clock) if isinstance(item, Trade))
    assert first.market_at > RECORDED + 3600 * SECOND
    assert second.market_at - first.market_at == SECOND


def test_what_was_late_is_as_late_in_a_round_that_was_moved() -> None:
    clock = StillClock()
    late = structs.replace(a_trade(1, 9 * SECOND), event_at=RECORDED + SECOND)
    silent = a_trade(2, 10 * SECOND)
    source = player([late, silent], clock, market_after=RECORDED + 3600 * SECOND)
    first, second = (item for item in played(source, clock) if isinstance(item, Trade))
    assert first.market_at - first.event_at == 8 * SECOND
    assert second.event_at == 0


def test_gaps_and_refusals_come_in_their_place() -> None:
    clock = StillClock()
    gap = ReportFeedGap(instrument="BTCUSDT", kind="trade", first=2, last=3, market_at=RECORDED + SECOND)
    refused = RefusedFrame(Code.UNDECODABLE, "", raw=b"", origin="", at=RECORDED)
    items: list[Item] = [a_trade(1, 0), refused, gap, a_trade(4, SECOND)]
    assert [type(item) for item in played(player(items, clock), clock)] == [Trade, RefusedFrame, ReportFeedGap, Trade]


def test_an_empty_recording_ends_even_in_a_loop() -> None:
    clock = StillClock()
    assert played(player([], clock, loop=True), clock) == []


def test_a_pause_ends_as_if_no_time_had_passed() -> None:
    clock = StillClock()
    began = clock()
    source = player([a_trade(id, id * SECOND) for id in range(5)], clock)
    stop = InstantStop(clock)
    assert len(source.poll(0.0, stop)) == 1
    clock.now += SECOND // 2
    source.pause()
    assert (source.figures["paused"], "paused" in source.mode) == (1.0, True)
    for _ in range(20):
        assert source.poll(30.0, stop) == []
    source.pause()
    source.resume()
    assert source.figures["paused"] == 0.0
    assert source.poll(0.49, stop) == []
    (second,) = source.poll(0.02, stop)
    assert isinstance(second, Trade)
    assert second.received_at - began == 600 * SECOND + SECOND
    assert second.market_at - RECORDED == SECOND
    assert len(played(source, clock)) == 3


def test_what_a_slow_publisher_missed_is_forgotten_with_another_speed() -> None:
    clock = StillClock()
    source = player([a_trade(id, id * SECOND) for id in range(100)], clock, speed=10.0)
    source.poll(0.0, InstantStop(clock))
    clock.now += 5 * SECOND
    source.set_speed(1.0)
    assert len(source.poll(0.0, InstantStop(clock))) == 1
    assert source.poll(0.9, InstantStop(clock)) == []
    assert len(source.poll(0.2, InstantStop(clock))) == 1


def test_the_pace_may_be_given_up_and_taken_on_again() -> None:
    clock = StillClock()
    source = player([a_trade(id, id * SECOND) for id in range(1000)], clock, rate=50.0)
    source.poll(0.0, InstantStop(clock))
    source.set_speed(None)
    assert (source.throttled, source.mode) == (True, "replay max")
    assert len(source.poll(0.0, InstantStop(clock))) == LARGEST_UNPACED_BATCH
    source.set_speed(2.0)
    assert (source.throttled, source.mode) == (False, "replay 2x")
    assert len(source.poll(0.4, InstantStop(clock))) == 0
    assert len(source.poll(0.2, InstantStop(clock))) == 1
    assert len(source.poll(0.5, InstantStop(clock))) == 1
    for speed in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="is no speed"):
            source.set_speed(speed)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("play"), st.integers(0, 5000)),
        st.tuples(st.just("pause"), st.integers(0, 100_000)),
        st.tuples(st.just("speed"), st.sampled_from([0.1, 0.5, 1.0, 3.0, 100.0])),
    ),
    max_size=20,
)


@given(gaps=st.lists(st.integers(0, 20_000), min_size=1, max_size=40), steps=STEPS)
def test_as_much_of_the_recording_is_played_as_the_time_that_was_given_to_it(
    gaps: list[int], steps: list[tuple[str, float]]
) -> None:
    """However it is paused and its speed is changed: what is due is what speed times time says, never more."""
    clock = StillClock()
    times = [0, *(sum(gaps[: n + 1]) * 1_000_000 for n in range(len(gaps)))]
    source = player([a_trade(id, at) for id, at in enumerate(times)], clock)
    stop = InstantStop(clock)
    items = list(source.poll(0.0, stop))
    worth, speed = 0.0, 1.0
    for step, amount in steps:
        if step == "speed":
            source.set_speed(amount)
            speed = amount
            continue
        began = clock()
        if step == "pause":
            source.pause()
        while (left := began + amount * 1_000_000 - clock()) > 0 and not source.ended:
            given_now = source.poll(left / 1e9, stop)
            assert step == "play" or not given_now
            items.extend(given_now)
        if step == "play":
            worth += (clock() - began) * speed
        source.resume()
    trades = [item for item in items if isinstance(item, Trade)]
    assert [trade.trade_id for trade in trades] == list(range(len(trades)))
    assert [trade.market_at - RECORDED for trade in trades] == times[: len(trades)]
    received = [trade.received_at for trade in trades]
    assert received == sorted(received)
    assert received[-1] <= clock()
    slack = 200.0 * 100 * (len(steps) + 1)  # a nanosecond is lost in each change, at most a hundredfold
    assert times[len(trades) - 1] <= worth + slack
    if len(trades) < len(times):
        assert times[len(trades)] >= worth - slack


@given(order=st.permutations(range(8)))
def test_the_market_clock_never_goes_back_inside_a_round(order: list[int]) -> None:
    clock = StillClock()
    items: list[Item] = [a_trade(id, at * SECOND) for id, at in enumerate(order)]
    ticks = [item for item in played(player(items, clock), clock) if isinstance(item, Trade)]
    assert [tick.trade_id for tick in ticks] == list(range(8))
    times = [tick.market_at for tick in ticks]
    assert times == sorted(times)
    assert [tick.received_at - ticks[0].received_at for tick in ticks] == [at - times[0] for at in times]


def test_it_says_how_far_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(stamped(*(trade(id) for id in range(20_000)), every=1_000_000)))
    clock, progress = StillClock(), Progress()
    source = Player(
        lambda: read_ticks([path], progress=progress), "replay", Counts(), clock=clock, loop=True, progress=progress
    )
    assert player([], clock).progress is None
    ticks = played(source, clock, until=lambda seen: len(seen) >= 10_000)
    assert isinstance(ticks[-1], Trade)
    assert source.figures["at"] == f"{ticks[-1].market_at}" == f"{source.at}"
    assert source.progress is not None
    assert 0.2 < source.progress < 0.9
    more = played(source, clock, until=lambda seen: len(seen) >= 15_000)
    assert isinstance(more[-1], Trade)
    assert T0 <= source.at < more[-1].market_at
    assert source.progress < 0.9
    assert not source.listings()
    assert not source.want_snapshot("BTCUSDT")
    source.close()


def test_a_recording_that_is_taken_away_ends_with_its_round(tmp_path: Path) -> None:
    path = tmp_path / "binance-20240808T235415Z.jsonl.gz.part"
    path.write_bytes(gzip.compress(stamped(trade(1), trade(2))))
    clock = StillClock()
    source = Player(lambda: read_ticks([path]), "replay", Counts(), clock=clock, loop=True)
    assert len(played(source, clock, until=lambda seen: len(seen) >= 3)) >= 3
    whole = path.rename(path.with_suffix(""))  # it was still being written, and now it is whole
    assert len(played(source, clock, until=lambda seen: len(seen) >= 5)) >= 5
    whole.unlink()
    assert len(played(source, clock)) < 4
    assert source.ended


def test_rounds_leave_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    prices = [f"{id}.5" for id in range(1, 500)]
    path.write_bytes(gzip.compress(stamped(*(trade(id, p=price) for id, price in enumerate(prices)), every=1_000_000)))
    clock, progress = StillClock(), Progress()
    source = Player(
        lambda: read_ticks([path], progress=progress), "replay", Counts(), clock=clock, loop=True, progress=progress
    )
    stop = InstantStop(clock)

    def rounds(number: int) -> int:
        left = number * len(prices)
        while left > 0:
            left -= len(source.poll(0.1, stop))
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        rounds(10)
        after_ten = rounds(10)
        assert rounds(60) - after_ten < 20_000
    finally:
        tracemalloc.stop()
        source.close()

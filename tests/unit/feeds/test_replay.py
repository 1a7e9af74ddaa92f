"""Items at their own pace, round after round."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import count

import pytest

from feeds.intake import Counts, Item, RefusedFrame
from feeds.replay import ID_STRIDE, LARGEST_UNPACED_BATCH, Player
from streams.messages import Code, Depth, ReportFeedGap, Trade
from tests.unit.feeds.clock import InstantStop, StillClock

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


def test_gaps_and_refusals_come_in_their_place() -> None:
    clock = StillClock()
    gap = ReportFeedGap(instrument="BTCUSDT", kind="trade", first=2, last=3, market_at=RECORDED + SECOND)
    refused = RefusedFrame(Code.UNDECODABLE, "", raw=b"", origin="", at=RECORDED)
    items: list[Item] = [a_trade(1, 0), refused, gap, a_trade(4, SECOND)]
    assert [type(item) for item in played(player(items, clock), clock)] == [Trade, RefusedFrame, ReportFeedGap, Trade]


def test_an_empty_recording_ends_even_in_a_loop() -> None:
    clock = StillClock()
    assert played(player([], clock, loop=True), clock) == []

"""The hand-over between the live thread and the feed's: all of it in order, or bounded and told."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.backlog import Backlog, Bounds
from feeds.intake import Item, RefusedFrame
from streams.messages import (
    BookSnapshot,
    Code,
    Depth,
    Quote,
    ReportFeedGap,
    ReportTradingStatus,
    Trade,
)
from tests.unit.feeds.clock import StillClock

ONE = Decimal(1)
SMALL = Bounds(trades=20, others=10, levels=30, refused=5, statuses=2, runs=2, review=5)
NAMES = ("BTCUSDT", "ETHUSDT", "SOLUSDT")


def a_trade(id: int, name: str = "BTCUSDT", at: int = 0) -> Trade:
    return Trade(instrument=name, market_at=at, received_at=at, trade_id=id, price=ONE, quantity=ONE, aggressor="buy")


def a_quote(id: int, name: str = "BTCUSDT") -> Quote:
    return Quote(
        instrument=name, market_at=id, received_at=id, update_id=id, bid=ONE, bid_size=ONE, ask=ONE, ask_size=ONE
    )


def a_depth(id: int, name: str = "BTCUSDT", levels: int = 1) -> Depth:
    return Depth(
        instrument=name,
        market_at=id,
        received_at=id,
        first_id=id * 10 - 9,
        last_id=id * 10,
        bids=((ONE, ONE),) * levels,
    )


def a_gap(first: int, last: int, name: str = "BTCUSDT") -> ReportFeedGap:
    return ReportFeedGap(instrument=name, kind="trade", first=first, last=last, market_at=0)


def a_refusal(number: int) -> RefusedFrame:
    return RefusedFrame(Code.UNDECODABLE, "no JSON", raw=b"x%d" % number, origin="", at=0)


def filled(*items: Item, bounds: Bounds = SMALL) -> Backlog:
    backlog = Backlog(bounds, clock=StillClock())
    backlog.append(items)
    return backlog


def test_within_the_bounds_everything_passes_as_it_came() -> None:
    items: list[Item] = [a_trade(1), a_quote(1), a_quote(2), a_depth(1), a_refusal(1), a_quote(3)]
    assert filled(*items).take(100) == items


def test_a_burst_of_20_000_frames_passes_as_it_came() -> None:
    kinds = (a_trade, a_quote, a_quote, a_depth)
    items = [kinds[number % 4](number) for number in range(20_000)]
    backlog = filled(*items, bounds=Bounds())
    assert [item for _ in range(40) for item in backlog.take(500)] == items
    assert not backlog.counts


def test_batches_are_the_oldest_first() -> None:
    backlog = filled(*(a_trade(number) for number in range(10)))
    assert [item.trade_id for item in backlog.take(3) if isinstance(item, Trade)] == [0, 1, 2]
    assert len(backlog) == 7


def test_of_quotes_that_nobody_takes_the_newest_of_each_instrument_stays_where_it_is() -> None:
    quotes = [a_quote(number, NAMES[number % 2]) for number in range(15)]
    items: list[Item] = [*quotes, a_trade(1), a_quote(15, NAMES[0])]
    backlog = filled(*items)
    assert backlog.take(100) == [quotes[13], a_trade(1), items[-1]]
    assert backlog.counts == {"conflated_quotes": 14}


def test_changes_of_a_book_become_one_gap_in_front() -> None:
    backlog = filled(a_trade(1), *(a_depth(number) for number in range(1, 12)), a_trade(2))
    gap = ReportFeedGap(instrument="BTCUSDT", kind="depth", first=1, last=110, market_at=11)
    assert backlog.take(100) == [gap, a_trade(1), a_trade(2)]
    assert backlog.counts == {"dropped_depth": 11}


def test_a_few_huge_books_count_as_much_as_many_small_ones() -> None:
    backlog = filled(*(a_depth(number, levels=10) for number in range(6)))
    assert [type(item) for item in backlog.take(100)] == [ReportFeedGap]


def test_the_oldest_trades_become_one_gap_that_takes_in_the_gaps_between() -> None:
    early: list[Item] = [a_trade(1), a_gap(2, 4), *(a_trade(number) for number in range(5, 30))]
    items: list[Item] = [a_trade(7, "ETHUSDT"), *early]
    backlog = filled(*items)
    taken = backlog.take(100)
    gaps = [item for item in taken if isinstance(item, ReportFeedGap)]
    trades = [item.trade_id for item in taken if isinstance(item, Trade)]
    assert {(gap.instrument, gap.first, gap.last) for gap in gaps} == {
        ("ETHUSDT", 7, 7),
        ("BTCUSDT", 1, trades[0] - 1),
    }
    assert taken[:2] == gaps
    assert trades == list(range(trades[0], 30))
    assert len(trades) >= 18


def test_runs_of_ids_that_do_not_follow_each_other_have_gaps_of_their_own_up_to_a_bound() -> None:
    backlog = filled(*(a_trade(number * 10) for number in range(60)))
    gaps = [item for item in backlog.take(1000) if isinstance(item, ReportFeedGap)]
    assert len(gaps) == SMALL.runs
    assert gaps[0].first == 0
    assert all(before.last < after.first for before, after in pairwise(gaps))


def test_the_newest_statuses_and_refusals_stay() -> None:
    statuses: list[Item] = [
        ReportTradingStatus(instrument="AAPL", tradable=bool(number % 2), status=f"{number}", market_at=number)
        for number in range(8)
    ]
    backlog = filled(*statuses, *(a_refusal(number) for number in range(10)), a_trade(1))
    taken = backlog.take(100)
    assert [item for item in taken if isinstance(item, ReportTradingStatus)] == statuses[-2:]
    assert [item.raw for item in taken if isinstance(item, RefusedFrame)] == [b"x6", b"x7", b"x8", b"x9"]
    assert backlog.counts["dropped_refused"] == 6


def test_a_backlog_that_was_long_before_is_watched_as_closely_as_a_short_one() -> None:
    backlog = filled(*(a_trade(number) for number in range(18)))
    backlog.take(17)
    for number in range(12):
        backlog.append([a_quote(number)])
    assert backlog.counts["conflated_quotes"] > 0


def test_each_episode_is_said_once_at_its_start_and_once_at_its_end(caplog: pytest.LogCaptureFixture) -> None:
    clock = StillClock()
    backlog = Backlog(SMALL, clock=clock)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            backlog.take(100)
            caplog.clear()
            for number in range(12):
                clock.now += 1_000_000_000
                backlog.append([a_quote(number)])
            for number in range(30):
                backlog.append([a_quote(number)])
            backlog.take(100)
            begin, end = (record.getMessage() for record in caplog.records)
            assert "nothing was taken for 11 s" in begin or "nothing was taken for 12 s" in begin
            assert "12 s after it began" in end
            assert "quotes were conflated" in end
            assert "no trade was lost" in end


def test_a_taker_that_waits_is_woken_at_once() -> None:
    backlog = Backlog()
    woken = threading.Event()
    taken: list[Item] = []

    def take() -> None:
        taken.extend(backlog.take(10, 30.0))
        woken.set()

    thread = threading.Thread(target=take)
    thread.start()
    began = time.monotonic()
    backlog.append([a_trade(1)])
    assert woken.wait(10)
    thread.join(10)
    assert taken == [a_trade(1)]
    assert time.monotonic() - began < 10


KINDS = st.sampled_from(("trade", "trade", "trade", "quote", "depth", "snapshot", "lost", "refused", "take"))
STEPS = st.lists(st.tuples(KINDS, st.sampled_from(NAMES), st.integers(1, 12)), max_size=120)


class Exchange:
    """Numbers what it tells of, and remembers it."""

    def __init__(self) -> None:
        self.trade_ids = Counter[str]()
        self.depth_ids = Counter[str]()
        self.offered: list[Item] = []
        self.number = 0

    def tell(self, kind: str, name: str) -> Item:
        self.number += 1
        item: Item
        if kind == "trade":
            self.trade_ids[name] += 1
            item = a_trade(self.trade_ids[name], name, self.number)
        elif kind == "lost":
            first = self.trade_ids[name] + 1
            self.trade_ids[name] += 3
            item = a_gap(first, first + 2, name)
        elif kind == "quote":
            item = a_quote(self.number, name)
        elif kind == "depth":
            self.depth_ids[name] += 1
            item = a_depth(self.depth_ids[name], name, levels=self.number % 7)
        elif kind == "snapshot":
            at = self.depth_ids[name] * 10
            item = BookSnapshot(instrument=name, market_at=self.number, received_at=self.number, last_id=at)
        else:
            item = a_refusal(self.number)
        self.offered.append(item)
        return item


@given(STEPS)
def test_every_trade_comes_once_in_order_or_is_in_one_gap_and_the_newest_quotes_come(
    steps: list[tuple[str, str, int]],
) -> None:
    exchange, backlog = Exchange(), Backlog(SMALL, clock=StillClock())
    taken: list[Item] = []
    largest = SMALL.trades + SMALL.others + SMALL.refused + len(NAMES) * (SMALL.runs + 1)
    for kind, name, times in steps:
        if kind == "take":
            taken += backlog.take(times)
        else:
            for _ in range(times):
                backlog.append([exchange.tell(kind, name)])
        assert len(backlog) <= largest + SMALL.review + largest // 10 + 1
    while len(backlog):
        taken += backlog.take(7)
    for name in NAMES:
        mine = [item for item in taken if getattr(item, "instrument", "") == name]
        assert ids_told(mine, "trade") == list(range(1, exchange.trade_ids[name] + 1))
        assert_books_are_whole_or_gapped(mine, exchange.depth_ids[name])
        quotes = [item for item in exchange.offered if isinstance(item, Quote) and item.instrument == name]
        delivered = [item for item in mine if isinstance(item, Quote)]
        assert delivered[-1:] == quotes[-1:]
        assert [quote.update_id for quote in delivered] == sorted(quote.update_id for quote in delivered)
    offered = Counter(type(item) for item in exchange.offered)
    came = Counter(type(item) for item in taken)
    assert offered[Trade] == came[Trade] + backlog.counts["dropped_trades"]
    assert offered[Quote] == came[Quote] + backlog.counts["conflated_quotes"]
    assert offered[RefusedFrame] == came[RefusedFrame] + backlog.counts["dropped_refused"]
    books = Depth, BookSnapshot
    assert sum(offered[kind] for kind in books) == sum(came[kind] for kind in books) + backlog.counts["dropped_depth"]


def ids_told(items: list[Item], kind: str) -> list[int]:
    """The ids of trades, and those of the gaps between them, as they were told."""
    told: list[int] = []
    for item in items:
        if isinstance(item, Trade):
            told.append(item.trade_id)
        elif isinstance(item, ReportFeedGap) and item.kind == kind:
            told += range(item.first, item.last + 1)
    return told


def assert_books_are_whole_or_gapped(items: list[Item], changes: int) -> None:
    """Who follows the changes and begins anew with a gap has missed nothing that it was not told of."""
    last = 0
    for item in items:
        if isinstance(item, Depth):
            assert item.first_id == last + 1
            last = item.last_id
        elif isinstance(item, ReportFeedGap) and item.kind == "depth":
            assert item.first <= last + 1
            last = max(last, item.last)
    assert last == changes * 10

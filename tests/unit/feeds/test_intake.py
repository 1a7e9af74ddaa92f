"""Frames through the door: counted, checked against their sequence, refused where need be."""

from __future__ import annotations

import gzip
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.intake import MOST_UNNAMED, Intake, Item, RefusedFrame
from streams.messages import BookSnapshot, Code, Depth, Quote, ReportFeedGap, Trade
from tests.unit.feeds.frames import (
    AGGREGATE,
    FUTURES_DEPTH,
    FUTURES_QUOTE,
    FUTURES_TRADE,
    combined,
    depth,
    quote,
    raw,
    trade,
)


def taken(*frames: bytes, intake: Intake | None = None) -> list[Item]:
    intake = intake or Intake("live")
    return [item for at, frame in enumerate(frames) for item in intake.take(frame, at, at)]


def test_a_gap_in_trades_comes_before_the_trade_that_showed_it() -> None:
    first, gap, second = taken(trade(5), trade(9))
    assert isinstance(first, Trade)
    assert gap == ReportFeedGap(instrument="BTCUSDT", kind="trade", first=6, last=8, market_at=1)
    assert isinstance(second, Trade)


def test_depth_of_spot_has_to_follow_on_its_ids() -> None:
    assert [type(item) for item in taken(depth(1, 5), depth(6, 9), depth(12, 14))] == [
        Depth,
        Depth,
        ReportFeedGap,
        Depth,
    ]


def test_depth_of_futures_has_to_follow_on_the_previous_update() -> None:
    frames = [raw(FUTURES_DEPTH, U=205, u=230, pu=190), raw(FUTURES_DEPTH, U=300, u=310, pu=230)]
    assert [type(item) for item in taken(*frames)] == [Depth, Depth]
    late = raw(FUTURES_DEPTH, U=400, u=410, pu=350)
    assert taken(*frames, late)[2] == ReportFeedGap(
        instrument="BTCUSDT", kind="depth", first=311, last=350, market_at=2
    )


def test_quotes_may_leave_ids_out_but_not_go_back() -> None:
    intake = Intake("live")
    items = taken(quote(5), quote(50), quote(50), quote(7), intake=intake)
    assert [type(item) for item in items] == [Quote, Quote, RefusedFrame]
    assert (intake.counts.duplicates, intake.counts.refused) == (1, {"OUT_OF_ORDER": 1})


def test_instruments_and_kinds_have_sequences_of_their_own() -> None:
    assert [type(item) for item in taken(trade(5), trade(900, "ETHUSDT"), quote(1), trade(6))] == [
        Trade,
        Trade,
        Quote,
        Trade,
    ]


def test_trades_and_aggregate_trades_of_one_instrument_are_not_both_counted() -> None:
    intake = Intake("live")
    items = taken(trade(1, "ETHUSDT"), raw(AGGREGATE), trade(2, "ETHUSDT"), intake=intake)
    assert [item.trade_id for item in items if isinstance(item, Trade)] == [1, 2]
    assert intake.counts.passed == {"other": 1}


def test_a_trade_outside_the_market_makes_no_gap() -> None:
    insurance = raw(FUTURES_TRADE, t=11, X="INSURANCE_FUND")
    items = taken(raw(FUTURES_TRADE, t=10), insurance, raw(FUTURES_TRADE, t=12))
    assert [item.trade_id for item in items if isinstance(item, Trade)] == [10, 12]
    assert len(items) == 2


def test_other_symbols_are_passed_over_and_counted() -> None:
    intake = Intake("live", symbols=["ETHUSDT"])
    assert [type(item) for item in taken(trade(1), trade(1, "ETHUSDT"), intake=intake)] == [Trade]
    assert intake.counts.passed == {"symbol": 1}


def test_a_refusal_carries_the_bytes_and_where_they_stood() -> None:
    (refused,) = Intake("live").take(b"rubbish", 3, 4, "file.gz:17")
    assert isinstance(refused, RefusedFrame)
    assert (refused.code, refused.raw, refused.origin, refused.at) == (Code.UNDECODABLE, b"rubbish", "file.gz:17", 3)


def answer(kind: str, symbol: str, *ids: int) -> bytes:
    rows = [{"id": id, "price": "61837.63", "qty": "0.02", "time": 1723161255342, "isBuyerMaker": True} for id in ids]
    return raw({"rest": kind, "symbol": symbol, "data": rows})


def ids_of(items: list[Item]) -> list[int | str]:
    return [item.trade_id if isinstance(item, Trade) else type(item).__name__ for item in items]


def test_recorded_answers_fill_what_was_missing_behind_its_report() -> None:
    intake = Intake("replay")
    items = taken(trade(5), trade(9), answer("trades", "BTCUSDT", 8, 7, 5, 9), trade(10), intake=intake)
    assert ids_of(items) == [5, "ReportFeedGap", 9, 7, 8, 10]
    assert isinstance(items[3], Trade)
    assert items[3].market_at == 2
    assert (intake.counts.frames, intake.counts.trades, intake.counts.duplicates) == (7, 5, 2)
    assert ids_of(taken(trade(6), trade(7), intake=intake)) == ["RefusedFrame"]


def test_recorded_answers_from_before_the_beginning_are_no_news() -> None:
    intake = Intake("replay")
    assert ids_of(taken(trade(5), answer("trades", "BTCUSDT", 3, 4), trade(6), intake=intake)) == [5, 6]
    assert intake.counts.duplicates == 2


def test_recorded_answers_may_run_ahead_of_the_stream() -> None:
    items = taken(trade(5), answer("trades", "BTCUSDT", 6, 7), trade(6), trade(7), trade(8))
    assert ids_of(items) == [5, 6, 7, 8]


def test_recorded_answers_of_another_kind_or_symbol_are_passed_over() -> None:
    intake = Intake("replay", symbols=["BTCUSDT"])
    aggregated = raw({"rest": "aggTrades", "symbol": "BTCUSDT", "data": []})
    items = taken(trade(5), trade(9), answer("trades", "ETHUSDT", 7, 8), aggregated, intake=intake)
    assert ids_of(items) == [5, "ReportFeedGap", 9]
    assert intake.counts.passed == {"symbol": 2, "other": 0}


def test_a_refused_trade_is_not_missing_afterwards() -> None:
    items = taken(trade(5), trade(6, q="0.00000000"), trade(7), trade(8, p="NaN"), trade(9))
    assert ids_of(items) == [5, "RefusedFrame", 7, "RefusedFrame", 9]


def test_a_refused_trade_hides_no_gap() -> None:
    items = taken(trade(5), trade(8, q="0"), trade(9))
    assert ids_of(items) == [5, "ReportFeedGap", "RefusedFrame", 9]
    assert items[1] == ReportFeedGap(instrument="BTCUSDT", kind="trade", first=6, last=7, market_at=1)


def test_an_id_far_off_in_a_damaged_trade_is_not_believed() -> None:
    assert ids_of(taken(trade(5), trade(50_000, p="6.1.1"), trade(6))) == [5, "RefusedFrame", 6]


def test_an_absurd_id_makes_no_gap_and_loses_nothing_else() -> None:
    intake = Intake("live")
    items = taken(trade(5), trade(10**15), trade(6), trade(7), quote(1), quote(2**60), quote(2), intake=intake)
    assert ids_of(items) == [5, "RefusedFrame", 6, 7, "Quote", "RefusedFrame", "Quote"]
    assert intake.counts.refused == {"OUT_OF_ORDER": 2}


def test_ids_that_begin_anew_at_the_venue_are_followed_and_counted() -> None:
    intake = Intake("live")
    later = [trade(id, T=1723161299000 + id) for id in range(1, 6)]
    items = taken(trade(5), trade(6), *later, intake=intake)
    assert ids_of(items) == [5, 6, "RefusedFrame", "RefusedFrame", 3, 4, 5]
    assert intake.counts.events == {"restarted_ids": 1}


def test_late_quotes_of_futures_are_no_restart() -> None:
    def timed(id: int) -> bytes:
        return raw(FUTURES_QUOTE, u=id, T=1721347022507 + id)

    intake = Intake("live")
    items = taken(*map(timed, [*range(100, 200), *range(150, 190)]), intake=intake)
    assert [type(item) for item in items] == [Quote] * 100 + [RefusedFrame] * 40
    assert intake.counts.events == {}


def test_a_refused_update_of_a_book_is_a_gap_for_the_next() -> None:
    items = taken(depth(1, 5), depth(6, 9, b=[["-1", "1"]]), depth(10, 12))
    assert [type(item) for item in items] == [Depth, RefusedFrame, ReportFeedGap, Depth]
    assert items[2] == ReportFeedGap(instrument="BTCUSDT", kind="depth", first=6, last=9, market_at=2)


def snapshot(id: int, price: str = "61837.63") -> bytes:
    return raw({"lastUpdateId": id, "bids": [[price, "3"]], "asks": []})


def test_a_bare_snapshot_becomes_that_of_the_next_update_near_to_it() -> None:
    intake = Intake("replay")
    foreign = [["1.5", "1"]]
    items = taken(
        depth(100, 105),
        snapshot(107),
        depth(100, 105, s="DOGEUSDT", b=foreign, a=[]),
        depth(90_000_000, 90_000_001, s="ETHUSDT"),
        depth(106, 108),
        intake=intake,
    )
    assert [(type(item), item.instrument) for item in items if isinstance(item, Depth | BookSnapshot)] == [
        (Depth, "BTCUSDT"),
        (Depth, "DOGEUSDT"),
        (Depth, "ETHUSDT"),
        (BookSnapshot, "BTCUSDT"),
        (Depth, "BTCUSDT"),
    ]
    assert isinstance(items[3], BookSnapshot)
    assert (items[3].market_at, intake.counts.ticks, intake.counts.passed["snapshot"]) == (4, 5, 0)


def test_bare_snapshots_that_nobody_claims_are_passed_over_and_few_are_kept() -> None:
    intake = Intake("replay")
    snapshots = [snapshot(100 + id) for id in range(MOST_UNNAMED + 3)]
    items = taken(*snapshots, depth(100, 120), intake=intake)
    assert [type(item) for item in items] == [BookSnapshot] * MOST_UNNAMED + [Depth]
    assert intake.counts.passed == {"snapshot": 3}


def test_snapshots_have_no_place_in_the_sequence() -> None:
    named = raw({"rest": "depth", "symbol": "BTCUSDT", "data": {"lastUpdateId": 900, "bids": [], "asks": []}})
    assert [type(item) for item in taken(depth(1, 5), named, depth(6, 9))] == [Depth, BookSnapshot, Depth]


def test_without_levels_there_are_no_snapshots() -> None:
    named = raw({"rest": "depth", "symbol": "BTCUSDT", "data": {"lastUpdateId": 900, "bids": [], "asks": []}})
    intake = Intake("replay", levels=False)
    assert [type(item) for item in taken(snapshot(3), named, depth(1, 5), intake=intake)] == [Depth]
    assert intake.counts.passed == {"snapshot": 2}


def test_instruments_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeds.intake.MOST_INSTRUMENTS", 2)
    intake = Intake("live")
    items = taken(trade(1, "A"), trade(1, "B"), trade(1, "C"), trade(2, "A"), intake=intake)
    assert ids_of(items) == [1, 1, "RefusedFrame", 2]
    assert intake.counts.refused == {"UNKNOWN_INSTRUMENT": 1}


@pytest.mark.parametrize(
    "name",
    [
        "binance-spot-btcusdt-20240808.jsonl.gz",
        "binance-spot-ethusdt-20240808.jsonl.gz",
        "binance-usdm-btcusdt-20240718.jsonl.gz",
    ],
)
def test_the_recorded_snapshot_is_of_the_recorded_book(recordings: Path, name: str) -> None:
    intake = Intake("replay")
    with gzip.open(recordings / name) as lines:
        frames = [line.partition(b" ")[2] for line in islice(lines, 300)]
    items = taken(*frames, intake=intake)
    assert not any(isinstance(item, ReportFeedGap | RefusedFrame) for item in items)
    found = [item for item in items if isinstance(item, BookSnapshot)]
    assert [item.instrument for item in found] == [name.split("-")[2].upper()]
    updates = [item for item in items if isinstance(item, Depth)]
    assert any((update.previous_id or update.first_id - 1) <= found[0].last_id <= update.last_id for update in updates)


FRAMES = st.one_of(
    st.binary(max_size=20),
    st.builds(trade, st.integers(0, 9)),
    st.builds(quote, st.integers(0, 9)),
    st.builds(lambda first, more: depth(first, first + more), st.integers(0, 9), st.integers(0, 3)),
    st.sampled_from([b'{"result":null,"id":1}', trade(1, p="NaN"), snapshot(7), answer("trades", "BTCUSDT", 1, 3, 4)]),
    st.sampled_from([raw(FUTURES_TRADE, t=2, X="ADL"), raw(AGGREGATE), trade(3, q="0"), trade(2**61)]),
)


@given(st.lists(FRAMES, max_size=30))
def test_every_frame_is_counted_exactly_once(frames: list[bytes]) -> None:
    intake = Intake("live")
    items = taken(*frames, intake=intake)
    counts = intake.counts
    assert counts.frames == sum(3 if b'"rest"' in frame else 1 for frame in frames)
    assert counts.frames == counts.ticks + counts.duplicates + counts.refused.total() + counts.passed.total()
    assert counts.ticks == sum(isinstance(item, Trade | Quote | Depth | BookSnapshot) for item in items)
    assert counts.trades == sum(isinstance(item, Trade) for item in items)
    assert counts.gaps == sum(isinstance(item, ReportFeedGap) for item in items)
    assert counts.refused.total() == sum(isinstance(item, RefusedFrame) for item in items)


ids = st.integers(1, 6)
frames_of_all_kinds = st.one_of(
    ids.map(trade),
    ids.map(lambda id: trade(id, "ETHUSDT")),
    ids.map(lambda id: combined(FUTURES_TRADE, t=id)),
    ids.map(lambda id: raw(FUTURES_TRADE, t=id, X="INSURANCE_FUND")),
    ids.map(lambda id: raw(AGGREGATE, a=id)),
    ids.map(lambda id: trade(id, p="-1")),
    ids.map(lambda id: trade(id, q="0.0")),
    ids.map(quote),
    ids.map(lambda id: quote(id, b="70000")),
    st.tuples(ids, ids).map(lambda pair: depth(*pair)),
    st.tuples(ids, ids, ids).map(lambda three: raw(FUTURES_DEPTH, pu=three[0], U=three[1], u=three[2])),
    st.sampled_from([b"rubbish", raw({"lastUpdateId": 3, "bids": [["61737", "1"]], "asks": []})]),
)


@given(st.lists(frames_of_all_kinds, max_size=40), st.booleans())
def test_the_short_way_leads_where_the_long_way_does(frames: list[bytes], levels: bool) -> None:
    one_by_one, together = Intake("live", levels=levels), Intake("live", levels=levels)
    expected = [item for frame in frames for item in one_by_one.take(frame, 7, 7)]
    items: list[Item] = []
    done = 0
    while done < len(frames):
        done = together.follow(frames, done, 7, items)
        if done < len(frames):
            items += together.take(frames[done], 7, 7)
            done += 1
    assert list(map(_shown, items)) == list(map(_shown, expected))
    assert together.counts.flat() == one_by_one.counts.flat()


def test_the_short_way_ends_at_the_first_frame_that_does_not_go_on() -> None:
    intake = Intake("live")
    taken(trade(1), quote(1), depth(1, 5), intake=intake)
    frames = [trade(2), quote(9), depth(6, 8), trade(3), trade(5), trade(6)]
    ticks: list[Item] = []
    assert intake.follow(frames, 0, 7, ticks) == 4
    assert [type(tick) for tick in ticks] == [Trade, Quote, Depth, Trade]
    assert (intake.counts.frames, intake.counts.ticks, intake.counts.trades) == (7, 7, 3)
    assert [type(item) for item in intake.take(frames[4], 7, 7)] == [ReportFeedGap, Trade]
    assert intake.follow(frames, 5, 7, ticks) == 6


def test_what_is_outside_the_market_or_names_a_snapshot_does_not_go_the_short_way() -> None:
    intake = Intake("live")
    taken(trade(1), depth(1, 5), intake=intake)
    assert intake.follow([raw(FUTURES_TRADE, t=2, X="INSURANCE_FUND")], 0, 7, []) == 0
    taken(raw({"lastUpdateId": 3, "bids": [["61737", "1"]], "asks": []}), intake=intake)
    assert intake.follow([depth(6, 8)], 0, 7, []) == 0
    assert intake.follow([trade(2)], 0, 7, []) == 1


def _shown(item: Item) -> object:
    return (item.code, item.detail, item.raw) if isinstance(item, RefusedFrame) else item

"""Frames through the door: counted, checked against their sequence, refused where need be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from feeds.intake import Intake, Item, RefusedFrame
from streams.messages import Code, Depth, Quote, ReportFeedGap, Trade
from tests.unit.feeds.frames import AGGREGATE, FUTURES_DEPTH, FUTURES_TRADE, depth, quote, raw, trade


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


FRAMES = st.one_of(
    st.binary(max_size=20),
    st.builds(trade, st.integers(0, 9)),
    st.builds(quote, st.integers(0, 9)),
    st.builds(lambda first, more: depth(first, first + more), st.integers(0, 9), st.integers(0, 3)),
    st.sampled_from([b'{"result":null,"id":1}', trade(1, p="NaN")]),
)


@given(st.lists(FRAMES, max_size=30))
def test_every_frame_is_counted_exactly_once(frames: list[bytes]) -> None:
    intake = Intake("live")
    items = taken(*frames, intake=intake)
    counts = intake.counts
    assert counts.frames == len(frames)
    assert counts.frames == counts.ticks + counts.duplicates + counts.refused.total() + counts.passed.total()
    assert counts.ticks == sum(isinstance(item, Trade | Quote | Depth) for item in items)
    assert counts.trades == sum(isinstance(item, Trade) for item in items)
    assert counts.gaps == sum(isinstance(item, ReportFeedGap) for item in items)
    assert counts.refused.total() == sum(isinstance(item, RefusedFrame) for item in items)

"""Gaps of trades: whatever comes in which order, every id goes out once or is said to be missing once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from feeds.intake import Item
from feeds.mending import Mending, Request
from streams.messages import Quote, ReportFeedGap, Trade


def trade(id: int, instrument: str = "BTCUSDT") -> Trade:
    return Trade(
        instrument=instrument,
        market_at=id,
        received_at=id,
        trade_id=id,
        price=Decimal(1),
        quantity=Decimal(1),
        aggressor="buy",
    )


def gap(first: int, last: int, instrument: str = "BTCUSDT") -> ReportFeedGap:
    return ReportFeedGap(instrument=instrument, kind="trade", first=first, last=last, market_at=7)


def told(items: Sequence[Item]) -> list[int | tuple[int, int]]:
    """Ids of trades and ranges of gaps."""
    shown: list[int | tuple[int, int]] = []
    for item in items:
        assert isinstance(item, Trade | ReportFeedGap)
        shown.append(item.trade_id if isinstance(item, Trade) else (item.first, item.last))
    return shown


def begun(**settings: float) -> tuple[Mending, Counter[str]]:
    events: Counter[str] = Counter()
    mending = Mending(events, **settings)  # type: ignore[arg-type]
    assert told(mending.take((trade(1),), 0.0)) == [1]
    return mending, events


def test_what_stands_behind_a_gap_waits_and_other_instruments_do_not() -> None:
    mending, events = begun()
    assert told(mending.take((gap(2, 3), trade(4)), 0.0)) == []
    assert told(mending.take((trade(5),), 0.1)) == []
    assert told(mending.take((trade(9, "ETHUSDT"),), 0.1)) == [9]
    quote = Quote(
        instrument="BTCUSDT",
        market_at=1,
        received_at=1,
        update_id=1,
        bid=Decimal(1),
        bid_size=Decimal(1),
        ask=Decimal(2),
        ask_size=Decimal(1),
    )
    assert list(mending.take((quote,), 0.1)) == [quote]
    assert mending.refilling == 1
    (request,) = mending.ask(0.1)
    assert request == Request("BTCUSDT", 2, 3, 7)
    assert mending.ask(0.1) == []
    assert told(mending.answer(request, [trade(2), trade(3)], 0.2)) == [2, 3, 4, 5]
    assert mending.refilling == 0
    assert told(mending.take((trade(6),), 0.3)) == [6]
    assert events == {"refilled": 2}


def test_a_depth_gap_is_none_of_its_business() -> None:
    mending, _ = begun()
    item = ReportFeedGap(instrument="BTCUSDT", kind="depth", first=1, last=2, market_at=0)
    assert list(mending.take((item, trade(2)), 0.0)) == [item, trade(2)]


def test_a_gap_that_stays_is_reported_in_its_place_when_the_time_is_over() -> None:
    mending, events = begun()
    mending.take((gap(2, 3), trade(4)), 0.0)
    mending.take((gap(5, 6), trade(7)), 1.0)
    assert mending.due == 0.0
    (request,) = mending.ask(0.0)
    assert mending.due == 1.5
    assert told(mending.expire(1.4)) == []
    assert told(mending.expire(1.5)) == [(2, 3), 4]
    assert told(mending.expire(2.5)) == [(5, 6), 7]
    assert told(mending.answer(request, [trade(2), trade(3)], 3.0)) == []
    assert events == {"unfilled": 4, "late": 2}


def test_a_hole_in_the_answer_is_lost_at_once_and_a_short_answer_is_asked_for_again() -> None:
    mending, _events = begun()
    mending.take((gap(2, 9), trade(10)), 0.0)
    (request,) = mending.ask(0.0)
    assert told(mending.answer(request, [trade(2), trade(5), trade(6)], 0.1)) == [2, (3, 4), 5, 6]
    assert mending.ask(0.2) == []
    (rest,) = mending.ask(0.31)
    assert (rest.first, rest.last) == (7, 9)
    assert told(mending.answer(rest, [trade(7), trade(8), trade(9), trade(10), trade(11)], 0.4)) == [7, 8, 9, 10]
    assert told(mending.take((trade(11),), 0.5)) == [11]


def test_rows_of_another_instrument_or_range_fill_nothing() -> None:
    mending, events = begun()
    mending.take((gap(5, 6), trade(7)), 0.0)
    (request,) = mending.ask(0.0)
    assert told(mending.answer(request, [trade(5, "ETHUSDT"), trade(1), trade(3)], 0.1)) == []
    assert told(mending.expire(1.5)) == [(5, 6), 7]
    assert events == {"unfilled": 2}


def test_pages_are_asked_for_one_after_the_other() -> None:
    mending, _ = begun(page=10)
    mending.take((gap(2, 25), trade(26)), 0.0)
    asked = []
    while requests := mending.ask(0.0):
        (request,) = requests
        asked.append((request.first, request.last))
        mending.answer(request, [trade(id) for id in range(request.first, request.last + 1)], 0.0)
    assert asked == [(2, 11), (12, 21), (22, 25)]
    assert mending.refilling == 0


def test_a_gap_beyond_the_limit_is_reported_at_once() -> None:
    mending, _ = begun(largest=10)
    assert told(mending.take((gap(2, 12), trade(13)), 0.0)) == [(2, 12), 13]
    assert mending.ask(0.0) == []
    assert mending.due is None


def test_where_nothing_can_be_had_nobody_waits() -> None:
    mending, _ = begun()
    mending.take((gap(2, 3), trade(4)), 0.0)
    (request,) = mending.ask(0.0)
    assert told(mending.fail(request, 0.1, for_good=False)) == []
    assert mending.ask(0.2) == []
    (request,) = mending.ask(0.4)
    assert told(mending.fail(request, 0.5, for_good=True)) == []
    assert told(mending.take((trade(3),), 0.6)) == [], "what is only late has its place"
    assert mending.ask(0.7) == []
    assert told(mending.expire(0.7)) == [(2, 2), 3, 4]


def test_an_id_outside_the_market_is_not_waited_for() -> None:
    mending, _events = begun()
    mending.take((gap(2, 3), trade(4)), 0.0)
    assert told(mending.saw("BTCUSDT", 2)) == []
    (request,) = mending.ask(0.0)
    assert (request.first, request.last) == (3, 3)
    assert told(mending.answer(request, [trade(3)], 0.1)) == [3, 4]
    assert told(mending.saw("BTCUSDT", 5)) == []
    assert told(mending.take((trade(6),), 0.2)) == [6]
    assert mending.stands("BTCUSDT", 5) == "known"


def test_late_ids_are_told_from_known_ones() -> None:
    mending, events = begun()
    mending.take((gap(2, 4), trade(5)), 0.0)
    assert [mending.stands("BTCUSDT", id) for id in (0, 1, 3, 5)] == ["new", "known", "missing", "known"]
    assert mending.stands("DOGEUSDT", 1) == "new"
    assert told(mending.take((trade(3),), 0.1)) == []
    assert told(mending.take((trade(2),), 0.1)) == [2, 3]
    assert told(mending.take((trade(3),), 0.1)) == []
    assert told(mending.expire(2.0)) == [(4, 4), 5]
    assert events == {"refilled": 2, "unfilled": 1}


def test_a_sequence_that_begins_anew_is_followed() -> None:
    mending, _ = begun(largest=100)
    assert told(mending.take((gap(2, 999_999), trade(1_000_000)), 0.0)) == [(2, 999_999), 1_000_000]
    assert told(mending.take((trade(50),), 0.1)) == [50]
    assert told(mending.take((trade(51),), 0.1)) == [51]
    assert told(mending.take((trade(50),), 0.1)) == []


def test_ids_that_begin_anew_are_new_although_they_were_had() -> None:
    mending, events = begun()
    assert told(mending.take((trade(2), trade(3), gap(4, 5), trade(6)), 0.0)) == [2, 3]
    assert told(mending.begin_anew("BTCUSDT")) == [(4, 5), 6], "what was waited for belongs to the old numbers"
    assert told(mending.take((trade(1), trade(2), trade(3)), 0.1)) == [1, 2, 3]
    assert mending.refilling == 0
    assert events == {"unfilled": 2}


def test_an_answer_that_brings_something_is_waited_on_for_longer_but_not_for_ever() -> None:
    mending, events = begun(page=2, patience_s=1.0, longest_s=2.5)
    mending.take((gap(2, 9), trade(10)), 0.0)
    for now in (0.9, 1.8, 2.4):
        (request,) = mending.ask(now)
        assert told(mending.answer(request, [trade(request.first), trade(request.last)], now)) != [(2, 9), 10]
        assert told(mending.expire(now)) == []
    assert told(mending.expire(2.5)) == [(8, 9), 10]
    assert events == {"refilled": 6, "unfilled": 2}


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[int], list[str]]:
    """Which of the ids 1..60 come live, in order, and what happens between them."""
    live = sorted(draw(st.sets(st.integers(2, 60), min_size=1)) | {1})
    happens = st.sampled_from(
        ["live", "live", "ask", "answer", "holes", "short", "fail", "gone", "late", "saw", "wait"]
    )
    return live, draw(st.lists(happens, max_size=120))


@given(stories(), st.randoms(use_true_random=False))
def test_every_id_goes_out_once_in_order_or_is_reported_once(story: tuple[list[int], list[str]], random) -> None:  # type: ignore[no-untyped-def]
    live, happenings = story
    events: Counter[str] = Counter()
    mending = Mending(events, page=7, largest=30)
    out: list[Item] = []
    asked: list[Request] = []
    waiting, now, last, outside = list(live), 0.0, 0, set[int]()
    for happening in [*happenings, *["live"] * len(live)]:
        now += 0.05
        if happening == "live" and waiting:
            id = waiting.pop(0)
            out += mending.take((gap(last + 1, id - 1), trade(id)) if 0 < last < id - 1 else (trade(id),), now)
            last = id
        elif happening == "ask":
            asked += mending.ask(now)
        elif happening in ("answer", "holes", "short") and asked:
            request = asked.pop(random.randrange(len(asked)))
            ids = [id for id in range(request.first, request.last + 1) if happening != "holes" or id % 3]
            out += mending.answer(request, [trade(id) for id in ids[: 2 if happening == "short" else None]], now)
        elif happening in ("fail", "gone") and asked:
            request = asked.pop(random.randrange(len(asked)))
            out += mending.fail(request, now, for_good=happening == "gone")
        elif happening in ("late", "saw"):
            missing = [id for id in range(1, last) if mending.stands("BTCUSDT", id) == "missing"]
            if missing and happening == "late":
                out += mending.take((trade(random.choice(missing)),), now)
            elif missing:
                outside.add(random.choice(missing))
                out += mending.saw("BTCUSDT", max(outside & set(missing)))
        elif happening == "wait":
            now += 1.0
            out += mending.expire(now)
    out += mending.expire(now + 10)
    gone = [item.trade_id for item in out if isinstance(item, Trade)]
    reported = [id for item in out if isinstance(item, ReportFeedGap) for id in range(item.first, item.last + 1)]
    assert gone == sorted(set(gone))
    assert len(reported) == len(set(reported))
    assert not set(gone) & set(reported)
    assert set(gone) | set(reported) | outside >= set(range(1, last + 1))
    assert set(live) <= set(gone)
    assert mending.refilling == 0
    assert mending.due is None
    in_order = [each if isinstance(each, int) else each[0] for each in told(out)]
    assert in_order == sorted(in_order)

"""Recorded lines: found, merged by receive time, and never a reason to stop."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feeds.intake import Counts, RefusedFrame
from feeds.recordings import Unreadable, expand, instruments, read_ticks
from feeds.recordings.opening import LONGEST_LINE
from feeds.recordings.reading import decimals
from streams.messages import BookSnapshot, Code, ReportFeedGap, Tick, Trade
from tests.unit.feeds.frames import SPOT_TRADE, depth, quote, raw, trade

T0 = 1_723_161_255_000_000_000
SECOND = 1_000_000_000


def stamped(*frames: bytes, at: int = T0, every: int = SECOND) -> bytes:
    return b"".join(b"%d %s\n" % (at + index * every, frame) for index, frame in enumerate(frames))


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


@pytest.mark.parametrize("name", ["day.jsonl", "day.gz"])
def test_lines_are_read_plain_and_gzipped_whatever_their_name(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, stamped(trade(1), quote(1), depth(1, 2)))
    ticks = list(read_ticks([path]))
    assert [tick.market_at for tick in ticks if isinstance(tick, Tick)] == [T0, T0 + SECOND, T0 + 2 * SECOND]
    assert all(isinstance(tick, Tick) and tick.received_at == tick.market_at for tick in ticks)


@pytest.mark.parametrize(
    "stamp",
    [b"1723161255123456789", b"1723161255123456", b"1723161255123", b"1723161255.123456", b"1723161255.123456:"],
)
def test_receive_times_are_understood_by_magnitude(tmp_path: Path, stamp: bytes) -> None:
    (tick,) = read_ticks([write(tmp_path / "a", stamp + b" " + trade(1) + b"\n")])
    assert isinstance(tick, Tick)
    assert tick.market_at // 1_000_000 == 1_723_161_255_123


def test_bare_frames_are_taken_at_their_event_time_or_the_one_before(tmp_path: Path) -> None:
    path = write(tmp_path / "a", b"\n".join([quote(1), trade(1), quote(2), b""]))
    refused, *ticks = read_ticks([path])
    assert isinstance(refused, RefusedFrame)
    assert refused.code == Code.INVALID
    assert [tick.market_at for tick in ticks if isinstance(tick, Tick)] == [1723161255343 * 10**6] * 2


def test_files_are_merged_by_receive_time(tmp_path: Path) -> None:
    write(tmp_path / "a.gz", stamped(trade(1), trade(2), trade(3), every=2 * SECOND))
    write(tmp_path / "b", stamped(trade(7, "ETHUSDT"), trade(8, "ETHUSDT"), at=T0 + SECOND, every=2 * SECOND))
    expected = ["BTCUSDT", "ETHUSDT", "BTCUSDT", "ETHUSDT", "BTCUSDT"]
    for paths in ([tmp_path], [tmp_path / "b", tmp_path / "a.gz"], [f"{tmp_path}/*"]):
        assert [tick.instrument for tick in read_ticks(paths) if isinstance(tick, Tick)] == expected


def test_the_same_file_twice_is_read_once_and_a_copy_is_all_duplicates(tmp_path: Path) -> None:
    content = stamped(trade(1), quote(5), depth(1, 2))
    one, two = write(tmp_path / "one", content), write(tmp_path / "two", content)
    assert len(list(read_ticks([one, one]))) == 3
    counts = Counts()
    assert len(list(read_ticks([one, two], counts))) == 3
    assert (counts.frames, counts.ticks, counts.duplicates) == (6, 3, 3)


def test_time_never_goes_back(tmp_path: Path) -> None:
    path = write(tmp_path / "a", stamped(trade(1), trade(2)) + stamped(trade(3), at=T0 - SECOND))
    assert [tick.market_at - T0 for tick in read_ticks([path]) if isinstance(tick, Tick)] == [0, SECOND, SECOND]


def test_one_absurd_receive_time_does_not_move_the_clock(tmp_path: Path) -> None:
    for position in range(4):
        lines = [stamped(trade(id), at=T0 + id * SECOND) for id in range(4)]
        lines[position] = stamped(trade(position), at=T0 + 10**17)
        items = list(read_ticks([write(tmp_path / f"{position}", b"".join(lines))]))
        times = [item.market_at - T0 for item in items if isinstance(item, Trade)]
        if position < 3:
            assert times == [id * SECOND for id in range(4) if id != position]
            assert [item.code for item in items if isinstance(item, RefusedFrame)] == [Code.INVALID]
        else:  # nothing comes after it that could tell
            assert times == [0, SECOND, 2 * SECOND, 10**17]


def test_a_recording_may_go_on_days_later(tmp_path: Path) -> None:
    later = T0 + 86_400 * SECOND
    path = write(tmp_path / "a", stamped(trade(1), trade(2)) + b"rubbish\n" + stamped(trade(3), trade(4), at=later))
    times = [item.market_at for item in read_ticks([path]) if isinstance(item, Trade)]
    assert times == [T0, T0 + SECOND, later, later + SECOND]


def test_bad_lines_are_refused_where_they_stand_and_the_rest_is_read(tmp_path: Path) -> None:
    bad = [
        b"rubbish",
        b"12 {}",
        b"99999999999999999999 {}",
        b"1723161255123456789 {",
        b"1723161255.1x: {}",
        b"\xff\xff",
    ]
    path = write(tmp_path / "a", stamped(trade(1)) + b"\n".join(bad) + b"\n\n" + stamped(trade(2), at=T0 + SECOND))
    counts = Counts()
    first, *refused, last = read_ticks([path], counts)
    codes = [item.code for item in refused if isinstance(item, RefusedFrame)]
    assert codes == [Code.UNDECODABLE, Code.INVALID, Code.INVALID, *[Code.UNDECODABLE] * 3]
    assert isinstance(first, Trade)
    assert isinstance(last, Trade)
    assert refused[0].origin == "a:2" if isinstance(refused[0], RefusedFrame) else False
    assert counts.flat() | {"passed": 0} == {
        "frames": len(bad) + 2,
        "ticks": 2,
        "trades": 2,
        "duplicates": 0,
        "gaps": 0,
        "refused:UNDECODABLE": 4,
        "refused:INVALID": 2,
        "passed": 0,
    }


def test_remarks_of_a_recorder_are_no_frames(tmp_path: Path) -> None:
    remarks = b"configuration: {'BINANCE': 1}\nwss://stream.binance.com:9443/ws <-> 1617566590.378895\n"
    counts = Counts()
    assert len(list(read_ticks([write(tmp_path / "a", remarks + stamped(trade(1)))], counts))) == 1
    assert counts.frames == 1


def test_the_answer_with_which_a_recorded_book_begins_is_its_snapshot(tmp_path: Path) -> None:
    answer = (
        b"https://api.binance.com/api/v3/depth?limit=100&symbol=BTCUSDT -> 1617566591.5: "
        b'{"lastUpdateId":7,"bids":[["1.0","2"]],"asks":[["3.0","4"]]}\n'
    )
    snapshot, _ = read_ticks([write(tmp_path / "a", answer + stamped(trade(1)))])
    assert isinstance(snapshot, BookSnapshot)
    assert (snapshot.instrument, snapshot.last_id, snapshot.market_at) == ("BTCUSDT", 7, 1_617_566_591_500_000_000)


def test_a_file_that_is_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    content = gzip.compress(stamped(*(trade(id) for id in range(5000)), every=1000))
    path = tmp_path / "a.gz"
    path.write_bytes(content[: len(content) // 2])
    *ticks, refused = read_ticks([path])
    assert len(ticks) > 100
    assert isinstance(refused, RefusedFrame)
    assert "damaged" in refused.detail


def test_a_line_without_end_is_refused_in_bounded_memory(tmp_path: Path) -> None:
    content = stamped(trade(1)) + b"1" * (LONGEST_LINE + 1_000_000) + b"\n" + stamped(trade(2), at=T0 + SECOND)
    items = list(read_ticks([write(tmp_path / "a.gz", content)]))
    assert [item.trade_id for item in items if isinstance(item, Trade)] == [1, 2]
    assert any(isinstance(item, RefusedFrame) and "longer than" in item.detail for item in items)


def test_a_gap_between_files_shows(tmp_path: Path) -> None:
    write(tmp_path / "a", stamped(trade(1)))
    write(tmp_path / "b", stamped(trade(4), at=T0 + SECOND))
    _, gap, _ = read_ticks([tmp_path])
    assert gap == ReportFeedGap(instrument="BTCUSDT", kind="trade", first=2, last=3, market_at=T0 + SECOND)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"a,b,c,d,e\n1,2,3,4,5\n", "CSV of a kind that is not known"),
        (b"0" * 64 + b"  BTCUSDT-trades-2024-08-08.zip\n", "checksum"),
        (b"Dear diary\n", "Dear diary"),
    ],
)
def test_other_formats_are_refused_with_what_can_be_read(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(Unreadable, match=says) as caught:
        read_ticks([write(tmp_path / "a", content)])
    assert "What can be read" in str(caught.value)


def test_a_path_without_a_recording_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing.gz", f"{tmp_path}/*.gz"):
        with pytest.raises(Unreadable, match="there is no recording"):
            expand([path])


def test_folders_are_searched_for_recordings_only(tmp_path: Path) -> None:
    write(tmp_path / "README.md", b"# Not a recording\n")
    recording = write(tmp_path / "a.gz", stamped(trade(1)))
    assert expand([tmp_path]) == [recording]


def test_instruments_are_listed_with_the_decimals_that_they_use(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a", stamped(raw(SPOT_TRADE, p="10.50", q="0.00120"), quote(1, "ETHUSDT", b="9.125", a="9.13"))
    )
    seen = instruments([path])
    assert list(seen) == ["BTCUSDT", "ETHUSDT"]
    assert (seen["BTCUSDT"].price_decimals, seen["BTCUSDT"].quantity_decimals) == (1, 4)
    assert (seen["ETHUSDT"].price_decimals, seen["BTCUSDT"].price) == (3, "10.5")


@pytest.mark.parametrize(("number", "digits"), [("1", 0), ("1.500", 1), ("0.00000637", 8), ("100", 0), ("0E-8", 0)])
def test_decimals_in_use(number: str, digits: int) -> None:
    assert decimals(number) == digits


LINES = st.lists(
    st.one_of(st.binary(max_size=30), st.builds(lambda id: stamped(trade(id)), st.integers(0, 9))), max_size=20
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES, cut=st.integers(0, 60), squeeze=st.booleans())
def test_any_file_is_read_to_its_end_or_refused_at_once(
    tmp_path: Path, lines: list[bytes], cut: int, squeeze: bool
) -> None:
    content = b"\n".join(lines)
    path = tmp_path / "any"
    path.write_bytes(gzip.compress(content)[: max(0, len(content) + 20 - cut)] if squeeze else content)
    try:
        items = read_ticks([path])
    except Unreadable:
        return
    assert all(isinstance(item, Tick | ReportFeedGap | RefusedFrame) for item in items)


@pytest.mark.parametrize(
    ("pattern", "frames", "trades"),
    [
        ("binance-spot-btcusdt-2024080*.gz", 99_574, 19_904),
        ("binance-usdm-*.gz", 11_414, 974),
        ("cryptofeed-*.gz", 4_719, 1_910),
    ],
)
def test_real_recordings_are_complete(recordings: Path, pattern: str, frames: int, trades: int) -> None:
    counts = Counts()
    last = 0
    for tick in read_ticks([recordings / pattern], counts):
        assert isinstance(tick, Tick)
        assert tick.market_at >= last
        last = tick.market_at
    assert (counts.frames, counts.trades, counts.gaps, counts.duplicates) == (frames, trades, 0, 0)
    assert not counts.refused

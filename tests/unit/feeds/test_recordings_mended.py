"""A gap that the feed had refilled over REST is refilled in the replay of what was recorded of it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from feeds.intake import Counts, Item
from feeds.recordings import read_ticks
from streams.messages import Depth, ReportFeedGap, Tick, Trade
from tests.unit.feeds.frames import FUTURES_TRADE, depth, raw, trade
from tests.unit.feeds.test_recordings import T0

MS = 1_000_000
HEADER = b'configuration: {"venue":"binance","started":%d}\n' % T0


def answer(*ids: int) -> bytes:
    rows = [{"id": id, "price": "61837.63", "qty": "0.02", "time": 1723161255342, "isBuyerMaker": True} for id in ids]
    return msgspec.json.encode({"rest": "trades", "symbol": "BTCUSDT", "data": rows})


def replayed(path: Path, *frames: tuple[int, bytes]) -> tuple[list[Item], Counts]:
    path.write_bytes(HEADER + b"".join(b"%d %s\n" % (T0 + at * MS, frame) for at, frame in frames))
    counts = Counts()
    return list(read_ticks([path], counts)), counts


def ids(items: list[Item]) -> list[object]:
    return [
        item.trade_id
        if isinstance(item, Trade)
        else (item.first, item.last)
        if isinstance(item, ReportFeedGap)
        else item
        for item in items
    ]


def times(items: list[Item]) -> list[int]:
    return [(item.market_at - T0) // MS for item in items if isinstance(item, Tick | ReportFeedGap)]


def test_what_was_refilled_comes_in_its_place_and_what_came_meanwhile_waits(tmp_path: Path) -> None:
    items, counts = replayed(
        tmp_path / "a",
        (0, trade(1)),
        (100, trade(4)),
        (150, depth(1, 2)),
        (200, trade(5)),
        (300, answer(2, 3, 4)),
        (400, trade(6)),
    )
    assert isinstance(items[1], Depth)
    assert ids([*items[:1], *items[2:]]) == [1, 2, 3, 4, 5, 6]
    assert times(items) == [0, 150, 150, 150, 150, 200, 400]
    assert (counts.events["refilled"], counts.refused.total()) == (2, 0)


def test_what_the_venue_did_not_have_is_a_gap(tmp_path: Path) -> None:
    items, counts = replayed(tmp_path / "a", (0, trade(1)), (100, trade(5)), (300, answer(2, 4, 5)), (400, trade(6)))
    assert ids(items) == [1, 2, (3, 3), 4, 5, 6]
    assert (counts.events["refilled"], counts.events["unfilled"]) == (2, 1)


def test_without_an_answer_the_wait_ends_after_a_while(tmp_path: Path) -> None:
    items, _ = replayed(
        tmp_path / "a", (0, trade(1)), (100, trade(4)), (1500, trade(5)), (1700, depth(1, 2)), (1800, trade(6))
    )
    assert ids(items)[:4] == [1, (2, 3), 4, 5]
    assert isinstance(items[4], Depth)
    items, _ = replayed(tmp_path / "b", (0, trade(1)), (100, trade(4)))
    assert ids(items) == [1, (2, 3), 4]


def test_a_late_trade_is_welcome_while_its_gap_is_open(tmp_path: Path) -> None:
    items, counts = replayed(tmp_path / "a", (0, trade(1)), (100, trade(3)), (200, trade(2)), (300, trade(4)))
    assert ids(items) == [1, 2, 3, 4]
    assert counts.refused.total() == 0
    items, counts = replayed(
        tmp_path / "b", (0, trade(1)), (100, trade(3)), (200, answer(2)), (300, trade(2)), (400, trade(4))
    )
    assert ids(items) == [1, 2, 3, 4]
    assert counts.duplicates == 1


def test_prints_outside_the_market_are_no_gap(tmp_path: Path) -> None:
    fund = raw(FUTURES_TRADE, t=2, X="INSURANCE_FUND")
    items, counts = replayed(tmp_path / "a", (0, trade(1)), (100, fund), (200, trade(3)))
    assert ids(items) == [1, 3]
    assert (counts.passed["not_market"], counts.gaps) == (1, 0)


def test_recordings_of_others_are_not_mended(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"%d %s\n%d %s\n" % (T0, trade(1), T0 + 1, trade(4)))
    assert ids(list(read_ticks([path]))) == [1, (2, 3), 4]


def test_trades_that_are_numbered_anew_come_again(tmp_path: Path) -> None:
    """A venue that has begun anew sends ids that were had, with later times."""
    frames = [(at, trade(at + 1, T=1723161255342 + at)) for at in range(50)]
    again = [(100 + at, trade(at + 1, T=1723161255342 + 100 + at)) for at in range(50)]
    items, counts = replayed(tmp_path / "a", *frames, *again)
    taken = [item.trade_id for item in items if isinstance(item, Trade)]
    assert counts.events["restarted_ids"] == 1
    assert taken == [*range(1, 51), *range(3, 51)], "the first two of them cannot be told from repeats"
    assert (counts.duplicates, counts.refused.total(), counts.gaps) == (2, 0, 0)

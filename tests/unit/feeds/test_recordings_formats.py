"""Every format is known by its content, and its rows become the same ticks as the frames that it was made of."""

from __future__ import annotations

import gzip
import hashlib
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feeds.intake import Counts, Item, RefusedFrame
from feeds.recordings import Progress, Unreadable, expand, instruments, read_ticks, start_time
from streams.messages import Code, Quote, ReportFeedGap, ReportTradingStatus, Tick, Trade
from tests.unit.feeds.frames import FUTURES_TRADE, quote, raw, trade
from tests.unit.feeds.test_recordings import SECOND, T0, stamped

MS = 1723161255343
SPOT = "BTCUSDT-trades-2024-08-08.csv"
USDM = "BTCUSDT-trades-2024-08-08-futures.csv"


def ticks(items: Sequence[Item]) -> list[Tick]:
    return [item for item in items if isinstance(item, Tick)]


def read(path: Path) -> list[Item]:
    return list(read_ticks([path]))


def write(path: Path, text: str) -> Path:
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def archived(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


SPOT_ROW = f"12,61837.63000000,0.02000000,1236.75260000,{MS},True,True\n"
SPOT_TICK = Trade(
    instrument="BTCUSDT",
    market_at=MS * 10**6,
    received_at=MS * 10**6,
    event_at=MS * 10**6,
    source="replay",
    trade_id=12,
    price=Decimal("61837.63"),
    quantity=Decimal("0.02"),
    aggressor="sell",
)


@pytest.mark.parametrize("header", ["", "id,price,qty,quoteQty,time,isBuyerMaker,isBestMatch\n"])
@pytest.mark.parametrize("truth", ["True", "true", "TRUE"])
@pytest.mark.parametrize("suffix", ["csv", "csv.gz"])
def test_archived_trades_of_spot(tmp_path: Path, header: str, truth: str, suffix: str) -> None:
    path = write(tmp_path / f"BTCUSDT-trades-2024-08-08.{suffix}", header + SPOT_ROW.replace("True", truth))
    assert read(path) == [SPOT_TICK]
    path = write(tmp_path / f"BTCUSDT-trades-2025-08-08.{suffix}", header + SPOT_ROW.replace(f"{MS}", f"{MS}000"))
    assert read(path) == [SPOT_TICK]


def test_other_tables_of_the_archive(tmp_path: Path) -> None:
    tables = {
        "BTCUSDT-aggTrades-2024-08-08.csv": f"7,10.5,2,100,102,{MS},false,true\n",
        "ETHUSDT-trades-2024-08-08.csv": (f"id,price,qty,quote_qty,time,is_buyer_maker\n7,10.5,2.0,21,{MS},false\n"),
        "SOLUSDT-aggTrades-2024-08.csv": (
            "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n"
            f"7,10.5,2,100,102,{MS},false\n"
        ),
        "BTCUSD_PERP-trades-2024-08-08.csv": (f"id,price,qty,base_qty,time,is_buyer_maker\n7,10.5,2,0.01,{MS},false\n"),
    }
    for name, text in tables.items():
        (tick,) = read(write(tmp_path / name, text))
        assert isinstance(tick, Trade)
        assert (tick.trade_id, tick.price, tick.quantity, tick.aggressor) == (7, Decimal("10.5"), 2, "buy")
        assert (tick.instrument, tick.event_at) == (name.partition("-")[0], MS * 10**6)
    venues = {tick.instrument: tick.venue for tick in ticks(list(read_ticks([tmp_path])))}
    assert venues == {
        "BTCUSDT": "binance",
        "ETHUSDT": "binance-usdm",
        "SOLUSDT": "binance-usdm",
        "BTCUSD_PERP": "binance-coinm",
    }


def test_archived_quotes(tmp_path: Path) -> None:
    text = (
        "update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,transaction_time,event_time\n"
        f"5,9.9,1,10.0,2,{MS},{MS + 3}\n6,9.9,1,9.8,2,{MS},{MS + 4}\n"
    )
    first, crossed = read(write(tmp_path / "BTCUSDT-bookTicker-2024-03-01.csv", text))
    assert isinstance(first, Quote)
    assert (first.market_at, first.event_at, first.bid, first.ask_size) == (
        (MS + 3) * 10**6,
        MS * 10**6,
        Decimal("9.9"),
        2,
    )
    assert isinstance(crossed, RefusedFrame)
    assert crossed.code == Code.CROSSED


def test_rows_whose_instrument_nobody_knows_are_never_left_out_in_silence(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", SPOT_ROW)
    write(tmp_path / "b.jsonl", stamped(trade(1)).decode())
    for path in (tmp_path, tmp_path / "a.csv"):
        with pytest.raises(Unreadable, match=r"BTCUSDT-trades-2024-08-08\.csv"):
            expand([path])


def test_bad_rows_are_refused_where_they_stand(tmp_path: Path) -> None:
    good = [f"{id},10,1,10,{MS + id},False,True" for id in (1, 3, 4, 5, 6, 7, 8)]
    bad = {
        f"2,0,1,10,{MS},False,True": Code.NOT_POSITIVE,
        f"2,10,0.00,10,{MS},False,True": Code.NOT_POSITIVE,
        f"2,NaN,1,10,{MS},False,True": Code.NOT_FINITE,
        f"2,-1,1,10,{MS},False,True": Code.NOT_POSITIVE,
        f"2,1e99,1,10,{MS},False,True": Code.INVALID,
        f"2,ten,1,10,{MS},False,True": Code.INVALID,
        f"2,10,1,10,{MS},maybe,True": Code.INVALID,
        f"x,10,1,10,{MS},False,True": Code.INVALID,
        "2,10,1,10,yesterday,False,True": Code.INVALID,
        "2,10": Code.INVALID,
        "\udcff\udcfe": Code.INVALID,
    }
    lines = [good[0], *bad, *good[1:]]
    path = tmp_path / SPOT
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogateescape") + b"\n")
    counts = Counts()
    items = list(read_ticks([path], counts))
    refused = [item for item in items if isinstance(item, RefusedFrame)]
    assert [item.code for item in refused] == list(bad.values())
    assert [item.origin for item in refused] == [f"{SPOT}:{number}" for number in range(2, len(bad) + 2)]
    assert [item.raw for item in refused] == [line.encode("utf-8", "surrogateescape") for line in bad]
    assert [tick.trade_id for tick in ticks(items) if isinstance(tick, Trade)] == [1, 3, 4, 5, 6, 7, 8]
    assert (counts.frames, counts.gaps) == (len(lines), 0)


def test_days_follow_each_other_without_a_gap_in_whatever_order_they_are_named(tmp_path: Path) -> None:
    one = write(
        tmp_path / "BTCUSDT-trades-2024-08-08.csv", "".join(f"{id},10,1,10,{MS + id},True,True\n" for id in (1, 2, 3))
    )
    two = write(
        tmp_path / "BTCUSDT-trades-2024-08-09.csv", "".join(f"{id},10,1,10,{MS + id},True,True\n" for id in (3, 4, 5))
    )
    three = write(tmp_path / "later.jsonl", stamped(trade(6), trade(9), at=(MS + 6) * 10**6).decode())
    for order in ([one, two, three], [three, two, one]):
        counts = Counts()
        items = list(read_ticks(order, counts))
        assert [item.trade_id for item in items if isinstance(item, Trade)] == [1, 2, 3, 4, 5, 6, 9]
        assert (counts.duplicates, counts.gaps) == (1, 1)
        assert [item.first for item in items if isinstance(item, ReportFeedGap)] == [7]


def test_the_same_symbol_at_two_venues_has_two_sequences(tmp_path: Path) -> None:
    futures = b"\n".join(b"%d %s" % (T0 + id, raw(FUTURES_TRADE, t=1000 + id)) for id in range(3))
    (tmp_path / "a.jsonl").write_bytes(stamped(trade(1), trade(2), trade(3), every=1))
    (tmp_path / "b.jsonl").write_bytes(futures)
    counts = Counts()
    found = ticks(list(read_ticks([tmp_path], counts)))
    assert (len(found), counts.gaps, counts.refused.total()) == (6, 0, 0)
    assert {tick.venue for tick in found} == {"binance", "binance-usdm"}


TARDIS = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"


def test_tardis_trades(tmp_path: Path) -> None:
    us = MS * 1000
    text = TARDIS + "".join(
        f"binance,{symbol},{us + id},{us + id + 5},{id},{side},10.5,2\n"
        for id, symbol, side in [(1, "BTCUSDT", "buy"), (2, "BTCUSDT", "sell"), (4, "BTCUSDT", "unknown")]
    )
    first, second, gap, last = read(write(tmp_path / "a.csv.gz", text))
    assert isinstance(first, Trade)
    assert (first.venue, first.event_at, first.received_at) == ("binance", (us + 1) * 1000, (us + 6) * 1000)
    assert isinstance(gap, ReportFeedGap)
    assert [item.aggressor for item in (first, second, last) if isinstance(item, Trade)] == ["buy", "sell", "buy"]


def test_ids_run_where_the_exchange_has_none_that_can_be_counted_on(tmp_path: Path) -> None:
    us = MS * 1000
    for number, exchange in enumerate(["bitmex", "kraken"]):
        text = TARDIS + "".join(
            f"{exchange},XBT/USD,{us},{us + row},{id},buy,10.5,2\n" for row, id in enumerate(["", "ab-cd", "17", "3"])
        )
        write(tmp_path / f"{number}.csv", text)
    counts = Counts()
    found = [tick for tick in read_ticks([tmp_path], counts) if isinstance(tick, Trade)]
    for venue in ("bitmex", "kraken"):
        assert [tick.trade_id for tick in found if tick.venue == venue] == [1, 2, 3, 4]
    assert {tick.instrument for tick in found} == {"XBT-USD"}
    assert not counts.refused


def test_tardis_quotes_and_what_is_neither(tmp_path: Path) -> None:
    head = "exchange,symbol,timestamp,local_timestamp,"
    row = f"binance-futures,BTCUSDT,{MS}000,{MS}001,"
    (tick,) = read(
        write(tmp_path / "a", head + "ask_amount,ask_price,bid_price,bid_amount\n" + row + "1,10.5,10.4,2\n")
    )
    assert isinstance(tick, Quote)
    assert (tick.bid, tick.bid_size, tick.ask, tick.venue) == (Decimal("10.4"), 2, Decimal("10.5"), "binance-usdm")
    with pytest.raises(Unreadable, match="neither trades nor quotes"):
        read(write(tmp_path / "b", head + "open_interest\n" + row + "1\n"))


def lean(tmp_path: Path, rows: str, day: str = "20131008") -> Path:
    name = f"{day}_spy_Trade_Tick.csv"
    return archived(tmp_path / f"{day}_trade.zip", **{name: rows.encode()})


def test_lean_ticks(tmp_path: Path) -> None:
    rows = "34200000,1674200,210,Q,2000,0\n34200000,1674300,100,P,0,0\n34200001,1,5,P,0,1\n34200001,1674300,7,P,,0\n"
    counts = Counts()
    found = [item for item in read_ticks([lean(tmp_path, rows)], counts) if isinstance(item, Trade)]
    opening = int(datetime(2013, 10, 8, 13, 30, tzinfo=UTC).timestamp()) * SECOND
    assert [tick.market_at - opening for tick in found] == [0, 0, 1_000_000]
    assert [tick.price for tick in found] == [Decimal("167.42"), Decimal("167.43"), Decimal("167.43")]
    assert [tick.trade_id for tick in found] == [1, 2, 3]
    assert [tick.aggressor for tick in found] == ["buy", "buy", "buy"]
    assert {(tick.instrument, tick.venue) for tick in found} == {("SPY", "lean")}
    assert counts.flat()["passed:not_market"] == 1


@pytest.mark.parametrize(("day", "utc_hour"), [("20130308", 14), ("20130311", 13), ("20131101", 13), ("20131104", 14)])
def test_the_clock_of_new_york_is_put_forward_and_back(tmp_path: Path, day: str, utc_hour: int) -> None:
    (tick,) = read(lean(tmp_path, "34200000,1674200,210,Q,2000,0\n", day))
    assert isinstance(tick, Tick)
    moment = datetime.fromtimestamp(tick.market_at / 1e9, UTC)
    assert (f"{moment:%Y%m%d}", moment.hour, moment.minute) == (day, utc_hour, 30)


def test_on_the_day_itself_the_hour_is_the_wall_clock(tmp_path: Path) -> None:
    before, after = ticks(read(lean(tmp_path, "3600000,10000,1,Q,0,0\n10800000,10000,1,Q,0,0\n", "20130310")))
    assert after.market_at - before.market_at == 3600 * SECOND  # from 01:00 to 03:00, of which one hour was left out


def test_lean_quotes_and_rows_without_a_name(tmp_path: Path) -> None:
    rows = b"34200000,1674200,2,1674300,3,Q,0,0\n34200005,0,0,1674300,3,Q,0,0\n"
    one, other = read(archived(tmp_path / "a.zip", **{"20131008_spy_Quote_Tick.csv": rows}))
    assert isinstance(one, Quote)
    assert isinstance(other, Quote)
    assert (one.bid, one.bid_size, one.ask, other.bid) == (Decimal("167.42"), 2, Decimal("167.43"), 0)
    with pytest.raises(Unreadable, match="20131008_spy_Trade_Tick"):
        read(write(tmp_path / "ticks.csv", "34200000,1674200,210,Q,2000,0\n"))


ALPACA = b'[{"T":"t","S":"SPY","i":%d,"x":"V","p":450.25,"s":10,"t":"2024-08-08T14:30:00.%03dZ","c":["@"],"z":"B"}]'


@pytest.mark.parametrize("with_times", [True, False])
def test_frames_of_alpaca(tmp_path: Path, with_times: bool) -> None:
    at = int(datetime(2024, 8, 8, 14, 30, tzinfo=UTC).timestamp()) * SECOND
    status = (
        b'[{"T":"s","S":"SPY","sc":"H","sm":"Trading Halt","rc":"T12","rm":"","t":"2024-08-08T14:30:00.9Z","z":"B"}]'
    )
    frames = [ALPACA % (1, 100), ALPACA % (2, 300), status]
    lines = stamped(*frames, at=at, every=200_000_000) if with_times else b"\n".join(frames)
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines)
    one, two, halted = read(path)
    assert isinstance(one, Trade)
    assert isinstance(two, Trade)
    assert (one.instrument, one.price, one.venue) == ("SPY", Decimal("450.25"), "alpaca-iex")
    assert two.market_at - one.market_at == 200_000_000
    assert isinstance(halted, ReportTradingStatus)
    assert not halted.tradable


@pytest.mark.parametrize(
    "line",
    [
        b'{"ts": %d, "data": %s}' % (T0, trade(1)),
        b'{"timestamp":"2024-08-08T23:54:15Z","message":"%s"}' % trade(1).replace(b'"', b'\\"'),
        b'{"recv_ts":1723161255.000000,"msg":%s}' % trade(1),
    ],
)
def test_lines_with_the_time_under_a_key(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(line + b"\n" + line.replace(trade(1), trade(2)) + b'\n{"ts":1}\n')
    tick, *_, refused = read(path)
    assert isinstance(tick, Trade)
    assert (tick.trade_id, tick.market_at) == (1, T0)
    assert isinstance(refused, RefusedFrame)


def test_archives_of_several_members(tmp_path: Path) -> None:
    rows = {id: f"{id},10,1,10,{MS + id},True,True\n".encode() for id in (1, 2, 3)}
    members = {
        "BTCUSDT-trades-2024-08-09.csv": rows[2] + rows[3],
        "BTCUSDT-trades-2024-08-08.csv": b"id,price,qty,quote_qty,time,is_buyer_maker,is_best_match\n" + rows[1],
        "inner.jsonl.gz": gzip.compress(stamped(quote(5), at=(MS + 9) * 10**6)),
        "README.txt": b"Not a recording",
    }
    found = ticks(read(archived(tmp_path / "days.zip", **members)))
    assert [tick.trade_id for tick in found if isinstance(tick, Trade)] == [1, 2, 3]
    assert isinstance(found[-1], Quote)


def test_damaged_archives(tmp_path: Path) -> None:
    rows = "".join(f"{id},{id % 977},1,10,{MS + id},True,True\n" for id in range(40_000)).encode()
    whole = archived(tmp_path / "BTCUSDT-trades-2024-08-08.zip", **{SPOT: rows}).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Unreadable, match="damaged"):
        read(tmp_path / "cut.zip")
    middle = len(whole) // 2
    (tmp_path / "bad.zip").write_bytes(whole[:middle] + bytes(100) + whole[middle + 100 :])
    items = read(tmp_path / "bad.zip")
    assert len(ticks(items)) > 1000
    assert isinstance(items[-1], RefusedFrame)
    assert "damaged" in items[-1].detail
    (tmp_path / "empty.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    with pytest.raises(Unreadable, match="is empty"):
        read(tmp_path / "empty.zip")


def test_checksums_are_verified(tmp_path: Path) -> None:
    path = archived(tmp_path / "BTCUSDT-trades-2024-08-08.zip", **{SPOT: SPOT_ROW.encode()})
    beside = path.with_name(path.name + ".CHECKSUM")
    beside.write_text(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n")
    assert expand([tmp_path]) == [path]
    assert read(path) == [SPOT_TICK]
    beside.write_text(f"{'0' * 64}  {path.name}\n")
    for named in (path, tmp_path):
        with pytest.raises(Unreadable, match="is not the file that"):
            expand([named])


def test_an_absurd_time_in_a_table_does_not_move_the_clock(tmp_path: Path) -> None:
    rows = [f"{id},10,1,10,{MS + id},True,True\n" for id in range(1, 6)]
    rows[2] = rows[2].replace(f"{MS + 3}", f"{MS + 10**11}")
    items = read(write(tmp_path / SPOT, "".join(rows)))
    assert [tick.market_at // 10**6 - MS for tick in ticks(items)] == [1, 2, 4, 5]
    assert any(isinstance(item, RefusedFrame) and "far from those around it" in item.detail for item in items)


def test_a_replay_may_begin_later(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(stamped(*(trade(id) for id in range(1, 101))))
    rows = write(
        tmp_path / "ETHUSDT-trades-2024-08-08.csv",
        "".join(f"{id},1,1,1,{T0 // 10**6 + id * 1000},True,True\n" for id in range(100)),
    )
    for paths, first in (([path], 51), ([rows], 50)):
        start = start_time("2024-08-08T23:55:05", paths)
        assert start == T0 + 50 * SECOND
        assert start == start_time("23:55:05", paths) == start_time("2024-08-09T01:55:05+02:00", paths)
        counts = Counts()
        items = list(read_ticks(paths, counts, start=start))
        assert (len(items), counts.gaps) == (50, 0)
        assert isinstance(items[0], Trade)
        assert (items[0].trade_id, items[0].market_at) == (first, start)
    assert start_time("23:55", [path]) == T0 + 45 * SECOND
    assert list(read_ticks([path], start=T0 + 10**15)) == []
    with pytest.raises(Unreadable, match="is no time"):
        start_time("noonish", [path])


def test_progress_is_by_what_was_read_of_the_files(tmp_path: Path) -> None:
    rows = "".join(f"{id},{id % 977},1,10,{MS + id},True,True\n" for id in range(60_000)).encode()
    archived(tmp_path / "a.zip", **{SPOT: rows})
    (tmp_path / "b.gz").write_bytes(
        gzip.compress(stamped(*(trade(id, "ETHUSDT") for id in range(20_000)), at=MS * 10**6, every=10**6))
    )
    progress = Progress()
    reading = read_ticks([tmp_path], progress=progress)
    assert progress.fraction == 0
    seen = []
    for number, _ in enumerate(reading):
        if number % 10_000 == 0:
            seen.append(progress.fraction)
    assert seen == sorted(seen)
    assert 0 < seen[3] < 0.9
    assert progress.fraction == 1


def test_instruments_of_all_formats(tmp_path: Path) -> None:
    write(tmp_path / SPOT, SPOT_ROW)
    lean(tmp_path, "34200000,1674200,210,Q,2000,0\n")
    (tmp_path / "eth.jsonl").write_bytes(stamped(quote(1, "ETHUSDT", b="9.125", a="9.13")))
    seen = instruments([tmp_path])
    assert {symbol: (one.price_decimals, one.price) for symbol, one in seen.items()} == {
        "BTCUSDT": (2, "61837.63"),
        "ETHUSDT": (3, "9.125"),
        "SPY": (2, "167.42"),
    }


TABLES = {
    SPOT: SPOT_ROW,
    "BTCUSDT-aggTrades-2024-08-08.csv": f"7,10.5,2,100,102,{MS},false\n",
    "BTCUSDT-bookTicker-2024-03-01.csv": f"5,9.9,1,10.0,2,{MS},{MS + 3}\n",
    "tardis.csv": f"{TARDIS}binance,BTCUSDT,{MS}000,{MS}001,1,buy,10.5,2\n",
    "20131008_spy_Trade_Tick.csv": "34200000,1674200,210,Q,2000,0\n",
}


@pytest.mark.parametrize("name", TABLES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(data=st.data())
def test_any_damage_to_a_table_is_refused_and_the_rest_is_read(tmp_path: Path, name: str, data: st.DataObject) -> None:
    good = TABLES[name].encode()
    row = good.splitlines()[-1]
    at = data.draw(st.integers(0, len(row)))
    damaged = row[:at] + data.draw(st.binary(max_size=3)) + row[at + data.draw(st.integers(0, 5)) :]
    path = tmp_path / name
    path.write_bytes(good + damaged + b"\n" + row + b"\n")
    counts = Counts()
    items = list(read_ticks([path], counts))
    assert all(isinstance(item, Tick | ReportFeedGap | RefusedFrame) for item in items)
    assert counts.frames == counts.ticks + counts.duplicates + counts.refused.total() + counts.passed.total()
    assert ticks(items)


def test_real_ticks_of_spy(recordings: Path) -> None:
    counts = Counts()
    last, shared = 0, 0
    for id, tick in enumerate(read_ticks([recordings / "lean-spy-20131008-trades.zip"], counts), 1):
        assert isinstance(tick, Trade)
        assert tick.trade_id == id
        assert tick.market_at >= last
        assert 165 < tick.price < 168
        shared += tick.market_at == last
        last = tick.market_at
    assert counts.trades == 451_545
    assert shared > 220_000


def test_stocks_and_coins_of_other_years_are_one_recording(recordings: Path) -> None:
    found = set()
    last = 0
    spy, coins = recordings / "lean-spy-20131008-trades.zip", recordings / "binance-usdm-btcusdt-20240718.jsonl.gz"
    for tick in read_ticks([coins, spy], levels=False):
        assert isinstance(tick, Tick)
        assert tick.market_at >= last
        last = tick.market_at
        found.add(tick.instrument)
    assert found == {"SPY", "BTCUSDT"}

"""`manage.py recordfeed` as the process that it is: without any server, byte for byte."""

from __future__ import annotations

import asyncio
import gzip
import os
import signal
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from msgspec import structs

from feeds.binance.client import BinanceVenue
from feeds.exchange import LocalExchange
from feeds.exchange import faults as f
from feeds.intake import Counts, Item
from feeds.live import Live
from feeds.recorder import Recorder
from feeds.recordings import read_ticks
from streams.messages import Depth, Quote, ReportFeedGap, Tick, Trade
from streams.stopping import Stop
from tests.integration.feeds.exchange.desk import QUICK
from tests.integration.feeds.exchange.tapes import tape, until
from tests.servers import wait_until
from tests.unit.feeds.frames import depth, quote, trade
from tests.unit.feeds.test_recordings import T0, stamped

ROOT = Path(__file__).resolve().parents[3]


def recordfeed(*arguments: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "DATABASE_URL")}
    return subprocess.run(
        [sys.executable, "manage.py", "recordfeed", *map(str, arguments)],
        cwd=ROOT,
        env=environment | more,
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )


def lines(directory: Path) -> list[bytes]:
    return [line for path in sorted(directory.iterdir()) for line in gzip.decompress(path.read_bytes()).splitlines()]


def test_a_recording_of_lines_is_copied_line_for_line(tmp_path: Path) -> None:
    original = stamped(trade(1), quote(1), depth(1, 2), b'{"torn', trade(2)) + stamped(trade(3), at=T0)
    (tmp_path / "day.jsonl").write_bytes(original)
    done = recordfeed("--path", tmp_path / "day.jsonl", "--out", tmp_path / "one")
    assert done.returncode == 0, done.stderr
    assert "6 of binance" in done.stdout
    header, *copied = lines(tmp_path / "one")
    assert header == b'configuration: {"venue":"binance","started":%d}' % T0
    assert copied == original.splitlines()
    assert recordfeed("--path", tmp_path / "one", "--out", tmp_path / "two").returncode == 0
    assert lines(tmp_path / "two") == [header, *copied]


def test_only_some_symbols_and_seconds(tmp_path: Path) -> None:
    frames = [trade(id, symbol) for id in range(1, 11) for symbol in ("BTCUSDT", "ETHUSDT")]
    (tmp_path / "day.jsonl").write_bytes(stamped(*frames))
    done = recordfeed("--path", tmp_path / "day.jsonl", "--out", tmp_path / "one", "--symbols", "ETHUSDT", "--for", "9")
    assert done.returncode == 0, done.stderr
    assert lines(tmp_path / "one")[1:] == stamped(*frames).splitlines()[1:11:2]


def test_an_invented_market_and_tables_are_put_on_record(tmp_path: Path) -> None:
    done = recordfeed("--feed", "synthetic", "--seed", "7", "--for", "20", "--out", tmp_path / "one")
    assert done.returncode == 0, done.stderr
    counts = Counts()
    ticks = [tick for tick in read_ticks([tmp_path / "one"], counts) if isinstance(tick, Tick)]
    assert len(ticks) > 100
    assert (counts.gaps, counts.refused.total()) == (0, 0)
    assert {tick.venue for tick in ticks} == {"synthetic"}
    assert ticks[-1].market_at - ticks[0].market_at <= 20 * 10**9
    table = tmp_path / "tardis.csv"
    table.write_text(
        "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
        "binance,BTCUSDT,1723161255343000,1723161255343500,1,buy,10.5,2\n"
    )
    assert recordfeed("--path", table, "--out", tmp_path / "two").returncode == 0
    assert list(read_ticks([tmp_path / "two"])) == list(read_ticks([table]))


def test_what_cannot_be_recorded_is_said(tmp_path: Path) -> None:
    (tmp_path / "diary").write_text("Dear diary\n")
    (tmp_path / "file").write_text("")
    cases: list[tuple[tuple[str | Path, ...], str]] = [
        (("--path", tmp_path / "diary", "--out", tmp_path), "is no recording"),
        (("--feed", "replay", "--out", tmp_path), "--path"),
        (("--feed", "synthetic", "--out", tmp_path), "--for"),
        (("--feed", "synthetic", "--for", "-1", "--out", tmp_path), "above 0"),
        (("--feed", "synthetic", "--for", "5", "--out", tmp_path / "file"), "not everything could be written"),
    ]
    for arguments, says in cases:
        done = recordfeed(*arguments)
        assert done.returncode != 0
        assert says in done.stderr
        assert "Traceback" not in done.stderr


def test_it_ends_its_files_when_it_is_told_to_stop(tmp_path: Path) -> None:
    (tmp_path / "day.gz").write_bytes(gzip.compress(stamped(*(trade(id) for id in range(300_000)), every=1000)))
    process = subprocess.Popen(
        [sys.executable, "manage.py", "recordfeed", "--path", str(tmp_path / "day.gz"), "--out", str(tmp_path / "out")],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    wait_until(lambda: list((tmp_path / "out").glob("*.part")), "the file")
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    (path,) = (tmp_path / "out").iterdir()
    assert path.suffix == ".gz"
    counts = Counts()
    assert all(isinstance(item, Tick) for item in read_ticks([path], counts))
    assert 0 < counts.trades < 300_000


def test_a_live_venue_is_put_on_record(tmp_path: Path) -> None:
    async def live() -> subprocess.CompletedProcess[str]:
        async with LocalExchange(tape()) as exchange:
            arguments = ("--url", exchange.ws_url, "--symbols", "BTCUSDT", "--for", "4", "--out", tmp_path)
            return await asyncio.to_thread(recordfeed, *arguments)

    done = asyncio.run(live())
    assert done.returncode == 0, done.stderr
    counts = Counts()
    list(read_ticks([tmp_path], counts))
    assert counts.trades > 20
    assert (counts.gaps, counts.refused.total()) == (0, 0)


FAULTS = [
    f.Gap(at=1.0, count=7),
    f.Lost(at=2.0, count=5),
    f.Reorder(at=3.0, count=20, scope="@trade"),
    f.Duplicate(at=3.5, count=20),
    f.Gap(at=4.5, count=3),
    f.DepthGap(at=5.0, count=3),
]


@pytest.mark.parametrize("market", ["spot", "usdm"])
async def test_a_replay_gives_what_live_gave(tmp_path: Path, market: str) -> None:
    """Trades in the order in which they came out then, with what had been refilled, and the same gaps."""
    recorder = Recorder(tmp_path)
    heard: list[Item] = []
    async with LocalExchange(tape(market=market), FAULTS) as exchange:  # type: ignore[arg-type]
        plan = structs.replace(QUICK, market=market, urls=(exchange.ws_url,))
        venue = BinanceVenue(plan, random=Random(1))
        live = Live([venue], recorder=recorder).start()
        try:
            stop = Stop()

            def enough() -> bool:
                heard.extend(live.poll(0.0, stop))
                ids = [item.trade_id for item in heard if isinstance(item, Trade)]
                return bool(ids) and ids[-1] > ids[0] + 300

            await until(enough, "300 trades have come")
            assert venue.counts.events["refilled"] >= 10
        finally:
            await asyncio.to_thread(live.close)
        heard.extend(live.poll(0.0, stop))
    replayed = list(read_ticks([tmp_path], source="live"))
    assert told(replayed)[: len(told(heard))] == told(heard)


def told(items: list[Item]) -> list[Item]:
    """Without what comes beside the streams. When an answer over REST was read is known to some microseconds."""
    streamed = (item for item in items if isinstance(item, Trade | Quote | Depth | ReportFeedGap))
    return [structs.replace(item, received_at=0) if isinstance(item, Tick) else item for item in streamed]

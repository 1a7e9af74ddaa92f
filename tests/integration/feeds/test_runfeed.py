"""`manage.py runfeed` as the process that it is."""

from __future__ import annotations

import asyncio
import gzip
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
import redis

from feeds.exchange import LocalExchange
from feeds.exchange.faults import AnyFault, Silence
from feeds.management.commands.runfeed import ANSWER_S
from govsite.stack.embedded import ping_redis, prepare_valkey
from streams.client import COMMANDS, TICKS, Streams
from streams.envelope import decode
from streams.messages import AnyTick, BookSnapshot, ChangeFeedSource, Depth, Quote, Source, Trade
from streams.telemetry import processes
from tests.integration.feeds.exchange.tapes import tape
from tests.servers import wait_until
from tests.unit.feeds.frames import quote, trade
from tests.unit.feeds.test_recordings import SECOND, T0, stamped

ROOT = Path(__file__).resolve().parents[3]


@contextmanager
def runfeed(
    *arguments: str, url: str | None = None, database_url: str | None = None
) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, **({"REDIS_URL": url} if url else {})}
    environment |= {"DATABASE_URL": database_url} if database_url else {}
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "runfeed", *arguments],
            cwd=ROOT,
            env=environment,
            text=True,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            output.seek(0)
            print(output.read())  # noqa: T201  # pytest shows it where a test fails


def ended(process: subprocess.Popen[str]) -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(20)


def check() -> int:
    return subprocess.run([sys.executable, "manage.py", "runfeed", "--check"], cwd=ROOT, check=False).returncode


def published(url: str) -> list[AnyTick]:
    streams = Streams(url)
    bodies = [decode(entry.raw).body for entry in streams.read({TICKS: "0"}, block_ms=None, count=100_000)]
    streams.redis.close()
    return [body for body in bodies if isinstance(body, Trade | Quote | Depth | BookSnapshot)]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "rec.gz"
    frames = [trade(1), quote(1), b"rubbish", trade(1), trade(5)]
    path.write_bytes(gzip.compress(stamped(*frames, every=SECOND // 100)))
    return path


def test_a_recording_is_replayed_to_its_end(redis_url: str, recording: Path) -> None:
    with runfeed("--feed", "replay", "--path", str(recording), "--once") as process:
        assert process.wait(20) == 0
    assert [tick.market_at - T0 for tick in published(redis_url)] == [0, SECOND // 100, SECOND * 4 // 100]
    assert all(tick.source == "replay" and tick.received_at > tick.market_at for tick in published(redis_url))


def test_at_the_end_it_stays_and_says_so_until_it_is_stopped(redis_url: str, recording: Path) -> None:
    with runfeed("--feed", "replay", "--path", str(recording), "--speed", "max") as process:
        with redis.Redis.from_url(redis_url) as connection:
            wait_until(lambda: processes(connection).get("feed", {}).get("state") == "ended", "it has ended")
            counters = processes(connection)["feed"]["counters"]
        assert (
            subprocess.run([sys.executable, "manage.py", "runfeed", "--check"], cwd=ROOT, check=False).returncode == 0
        )
        assert ended(process) == 0
    assert counters == {
        "frames": 5,
        "ticks": 3,
        "trades": 2,
        "duplicates": 1,
        "gaps": 1,
        "refused:UNDECODABLE": 1,
    }
    assert check() == 1


def test_a_second_replay_goes_on_in_time_and_ids(redis_url: str, recording: Path) -> None:
    for _ in range(2):
        with runfeed("--feed", "replay", "--path", str(recording), "--speed", "max", "--once") as process:
            assert process.wait(20) == 0
    ticks = published(redis_url)
    assert len({tick.id for tick in ticks}) == len(ticks) == 6
    assert [tick.market_at for tick in ticks] == sorted(tick.market_at for tick in ticks)


class Exchange:
    """A local exchange in a thread of its own, which listens until the block ends."""

    def __init__(self, per_second: int = 100) -> None:
        self._tape = tape(per_second=per_second)
        self._listens = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._play()))

    async def _play(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        async with LocalExchange(self._tape) as self._exchange:
            self.url = self._exchange.ws_url
            self._listens.set()
            await self._over.wait()

    def inject(self, fault: AnyFault) -> None:
        self._loop.call_soon_threadsafe(self._exchange.inject, fault)

    def __enter__(self) -> Exchange:
        self._thread.start()
        assert self._listens.wait(20)
        return self

    def __exit__(self, *error: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(20)


def switches(url: str) -> list[ChangeFeedSource]:
    with redis.Redis.from_url(url) as connection:
        bodies = [decode(fields[b"m"]).body for _, fields in connection.xrange(COMMANDS)]
    return [body for body in bodies if isinstance(body, ChangeFeedSource)]


def of_sources(url: str) -> set[Source]:
    return {tick.source for tick in published(url)}


def test_where_there_is_no_live_something_stands_in_until_there_is(redis_url: str, tmp_path: Path) -> None:
    with runfeed("--url", "ws://127.0.0.1:1", "--patience", "1", "--data-dir", str(tmp_path)) as process:
        wait_until(lambda: published(redis_url), "the synthetic market took over")
        assert of_sources(redis_url) == {"synthetic"}
        assert ended(process) == 0
    with Exchange() as exchange, runfeed("--url", exchange.url) as process:
        wait_until(lambda: "live" in of_sources(redis_url), "live ticks came")
        assert ended(process) == 0
    assert [(switch.origin, switch.to) for switch in switches(redis_url)] == [
        ("live", "synthetic"),
        ("synthetic", "live"),
    ]


def test_live_that_falls_silent_gives_way_to_what_was_recorded_of_it_and_is_taken_back(
    redis_url: str, tmp_path: Path
) -> None:
    with (
        Exchange() as exchange,
        runfeed("--url", exchange.url, "--patience", "1", "--record", str(tmp_path)) as process,
    ):
        wait_until(lambda: len(published(redis_url)) > 100, "live ticks came")
        exchange.inject(Silence(for_s=3.0))
        wait_until(lambda: "replay" in of_sources(redis_url), "the recording took over")
        wait_until(lambda: len(switches(redis_url)) == 2, "live was taken back")
        before = len(published(redis_url))
        wait_until(lambda: len(published(redis_url)) > before + 20, "live goes on")
        assert ended(process) == 0
    there, back = switches(redis_url)
    assert (there.origin, there.to, there.reason) == ("live", "replay", "no live data for 1 s")
    assert (back.origin, back.to, back.reason) == ("replay", "live", "live data for 10 s")
    ticks = published(redis_url)
    assert [tick.market_at for tick in ticks] == sorted(tick.market_at for tick in ticks)
    assert ticks[-1].source == "live"


def test_without_a_fallback_silence_stays_silence(redis_url: str) -> None:
    with (
        redis.Redis.from_url(redis_url) as connection,
        runfeed("--url", "ws://127.0.0.1:1", "--patience", "0.2", "--fallback", "none") as process,
    ):
        wait_until(
            lambda: "silent" in str(processes(connection).get("feed", {}).get("gauges", {}).get("mode")),
            "the feed says that it is silent",
        )
        assert ended(process) == 0
    assert published(redis_url) == []
    assert switches(redis_url) == []


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGSTOP])
def test_what_comes_while_redis_takes_nothing_is_published_once_and_in_order_afterwards(
    tmp_path: Path, how: signal.Signals
) -> None:
    server = prepare_valkey(tmp_path)
    valkey = subprocess.Popen(server.command, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: answers(server.url), "Valkey answers")
        with Exchange(per_second=600) as exchange, runfeed("--url", exchange.url, url=server.url) as process:
            wait_until(partial(holds, server.url, 300), "ticks come")
            valkey.send_signal(how)
            if how == signal.SIGTERM:
                valkey.wait(20)
                process_waits_a_while()
                valkey = subprocess.Popen(server.command, stdout=subprocess.DEVNULL)
                wait_until(lambda: answers(server.url), "Valkey answers again")
            else:
                process_waits_a_while()
                valkey.send_signal(signal.SIGCONT)
            wait_until(partial(holds, server.url, len(published(server.url)) + 3_000), "the backlog comes")
            assert ended(process) == 0
            ids = [tick.trade_id for tick in published(server.url) if isinstance(tick, Trade)]
    finally:
        valkey.kill()
        valkey.wait()
    assert ids == list(range(ids[0], ids[0] + len(ids)))


def process_waits_a_while() -> None:
    """Longer than the feed waits for an answer of Redis."""
    over = time.monotonic() + ANSWER_S + 1
    wait_until(lambda: time.monotonic() > over, "the feed had to wait")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--feed", "replay"], "needs recordings"),
        (["--feed", "replay", "--path", "/nowhere/*.gz"], "there is no recording"),
        (["--speed", "fast"], "neither a number nor `max`"),
        (["--url", "http://x"], "does not begin with ws://"),
        (["--symbols", "A/B"], "is no symbol"),
        (["--venue", "nasdaq"], "is no venue"),
        (["--venue", "binance", "binance-usdm"], "would come from two venues"),
        (["--venue", "alpaca-iex"], "APCA_API_KEY_ID"),
        (["--rest", "ws://x"], "does not begin with http://"),
        (["--patience", "0"], "is not between"),
    ],
)
def test_wishes_that_cannot_be_met_are_refused_with_a_reason(redis_url: str, arguments: list[str], says: str) -> None:
    command = [sys.executable, "manage.py", "runfeed", *arguments]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert result.returncode != 0
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_a_replay_begins_where_it_is_told(redis_url: str, recording: Path) -> None:
    at = datetime.fromtimestamp((T0 + SECOND * 3 // 100) / 1e9, UTC).isoformat()
    with runfeed("--feed", "replay", "--path", str(recording), "--start-at", at, "--once") as process:
        assert process.wait(20) == 0
    assert [tick.market_at - T0 for tick in published(redis_url)] == [SECOND * 3 // 100, SECOND * 4 // 100]


def test_a_running_feed_is_steered_and_says_how_it_is(redis_url: str) -> None:
    def feed(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", "feed", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)

    with runfeed("--feed", "synthetic") as process:
        wait_until(lambda: published(redis_url), "ticks come")
        assert "paused" in feed("pause").stdout
        before = len(published(redis_url))
        assert "synthetic 1x paused" in feed("status").stdout
        assert len(published(redis_url)) == before
        feed("resume")
        wait_until(lambda: len(published(redis_url)) > before, "it goes on")
        refused = feed("source", "live", "--reason", "why not")
        assert refused.returncode != 0
        assert "has no other source" in refused.stderr
        assert ended(process) == 0


def test_without_redis_it_waits_and_after_a_loss_it_goes_on(tmp_path: Path) -> None:
    server = prepare_valkey(tmp_path)
    with runfeed("--feed", "synthetic", url=server.url) as process:
        for _ in range(2):
            valkey = subprocess.Popen(server.command, stdout=subprocess.DEVNULL)
            try:
                wait_until(lambda: answers(server.url), "Valkey answers")
                enough = len(published(server.url)) + 20
                wait_until(partial(holds, server.url, enough), "ticks come")
            finally:
                valkey.kill()
                valkey.wait()
            assert process.poll() is None
        assert ended(process) == 0


def holds(url: str, enough: int) -> bool:
    return len(published(url)) >= enough


def answers(url: str) -> bool:
    try:
        ping_redis(url)
    except redis.ConnectionError:
        return False
    return True

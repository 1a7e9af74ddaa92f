"""`manage.py runfeed` as the process that it is."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
import redis

from govsite.stack.embedded import ping_redis, prepare_valkey
from streams.client import COMMANDS, TICKS, Streams
from streams.envelope import decode
from streams.messages import AnyTick, ChangeFeedSource, Depth, Quote, Trade
from streams.telemetry import processes
from tests.integration.feeds.venue import Venue, keep_trading
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
    return [body for body in bodies if isinstance(body, Trade | Quote | Depth)]


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


def test_live_falls_back_and_comes_back(redis_url: str) -> None:
    with runfeed("--url", "ws://127.0.0.1:1") as process:
        wait_until(lambda: published(redis_url), "the synthetic market took over")
        assert {tick.source for tick in published(redis_url)} == {"synthetic"}
        assert ended(process) == 0
    with Venue(keep_trading) as venue, runfeed("--url", venue.url) as process:
        wait_until(lambda: any(tick.source == "live" for tick in published(redis_url)), "live ticks came")
        assert ended(process) == 0
    with redis.Redis.from_url(redis_url) as connection:
        bodies = [decode(fields[b"m"]).body for _, fields in connection.xrange(COMMANDS)]
    switches = [(body.origin, body.to) for body in bodies if isinstance(body, ChangeFeedSource)]
    assert switches == [("live", "synthetic"), ("synthetic", "live")]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--feed", "replay"], "needs recordings"),
        (["--feed", "replay", "--path", "/nowhere/*.gz"], "there is no recording"),
        (["--speed", "fast"], "neither a number nor `max`"),
        (["--url", "http://x"], "does not begin with ws://"),
        (["--symbols", "A/B"], "is no symbol"),
    ],
)
def test_wishes_that_cannot_be_met_are_refused_with_a_reason(redis_url: str, arguments: list[str], says: str) -> None:
    command = [sys.executable, "manage.py", "runfeed", *arguments]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert result.returncode != 0
    assert says in result.stderr
    assert "Traceback" not in result.stderr


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

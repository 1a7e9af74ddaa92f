"""How late prices reach many viewers of one web server: ten frames a second, from Valkey to each socket."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from channels_redis.pubsub import RedisPubSubChannelLayer

from govsite.bench.rounds import manage, servers
from govsite.bench.run import PROJECT, START_WITHIN_S, Unmeasured
from govsite.bench.viewer import log_in
from govsite.live.frames import encoded, framed

EVERY_S = 0.1
WARM_UP_S = 3.0
SETTLED_S = 2.0
NAME, PASSWORD = "audience", "correct horse battery staple"
PRICES = {
    "last": "61234.56", "side": "sell", "bid": "61234.55", "ask": "61234.57", "mark": "61234.56",
    "rate": 1000.0, "age_ms": 3, "source": "replay",
}  # fmt: skip
STATUS = {"processes": [{"name": f"process-{n}", "state": "running", "rss_mb": 80.1, "behind": {}} for n in range(40)]}
SERVERS = ("daphne", "uvicorn")


def measure(viewers: int, *, seconds: float, server: str, say: Callable[[str], None]) -> dict[str, Any]:
    """One web server on servers of its own, `viewers` sockets from another process. Times in ms, memory in MiB."""
    directory = Path(tempfile.mkdtemp(prefix="govbench-"))
    directory.chmod(0o755)
    try:
        with servers(directory) as (database_url, redis_url):
            say("preparing a site")
            environment = _prepared(directory, database_url, redis_url, viewers)
            with web_server(directory, environment, server) as (process, address):
                cookie = log_in(address, NAME, PASSWORD)
                empty_mb = process.memory_info().rss / 2**20
                say(f"connecting {viewers:,} viewers")
                with _audience(address, cookie, viewers, environment, directory) as audience:
                    return _measured(audience, process, redis_url, seconds, say) | {
                        "server": server,
                        "viewers": viewers,
                        "empty_mb": round(empty_mb, 1),
                        "rss_mb": round(process.memory_info().rss / 2**20, 1),
                        "load": round(os.getloadavg()[0], 1),
                    }
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _measured(
    audience: subprocess.Popen[str], web: psutil.Process, redis_url: str, seconds: float, say: Callable[[str], None]
) -> dict[str, Any]:
    ask = _Asked(audience)
    joined = ask.answer()
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(_publish(redis_url, WARM_UP_S))
        time.sleep(SETTLED_S)
        before, cpu = ask(), _cpu(web)
        say(f"measuring for {seconds:.0f} s")
        begun = time.monotonic()
        published = loop.run_until_complete(_publish(redis_url, seconds))
        took = time.monotonic() - begun
        web_s = _cpu(web) - cpu
        time.sleep(SETTLED_S)  # what is still on its way arrives
        found = ask()
    finally:
        loop.close()
    due = published * before["ready"]
    if not due:
        raise Unmeasured(f"nobody could connect: {joined['lost']}")
    return {
        **{name: found[name] for name in ("p50_ms", "p95_ms", "p99_ms", "max_ms", "frames", "lost")},
        "connected": before["ready"],
        "missed": due - found["frames"],
        "web_cpu": round(web_s / took, 3),
        "audience_cpu": round((found["cpu_s"] - before["cpu_s"]) / took, 3),
        "web_us_a_frame": round(web_s / max(1, found["frames"]) * 1e6, 1),
    }


async def _publish(redis_url: str, seconds: float) -> int:
    """As the broadcaster does: prices ten times a second, status once; how many frames of prices it were."""
    layer = RedisPubSubChannelLayer(hosts=[redis_url])
    loop = asyncio.get_running_loop()
    begun, published = loop.time(), 0
    while published * EVERY_S < seconds:
        await asyncio.sleep(max(0.0, begun + published * EVERY_S - loop.time()))
        message = {"type": "ticks", "sent_ns": time.time_ns(), "at": 0, "ticks": {"BTCUSDT": PRICES}}
        await layer.group_send("ticks", framed("ticks", "ticks", encoded(message), {}))
        if published % 10 == 0:
            await layer.group_send("status", framed("status", "status", encoded({"type": "status", **STATUS}), {}))
        published += 1
    await layer.flush()
    return published


class _Asked:
    """A line to the audience, a report back."""

    def __init__(self, audience: subprocess.Popen[str]) -> None:
        assert audience.stdin is not None
        assert audience.stdout is not None
        self._in, self._out = audience.stdin, audience.stdout

    def __call__(self) -> dict[str, Any]:
        self._in.write("\n")
        self._in.flush()
        return self.answer()

    def answer(self) -> dict[str, Any]:
        line = self._out.readline()
        if not line:
            raise Unmeasured("the audience ended before it could report")
        return dict(json.loads(line))


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _prepared(directory: Path, database_url: str, redis_url: str, viewers: int) -> dict[str, str]:
    """A site with one person who may see everything, and the environment of its web server."""
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "GOVSITE_DATA_DIR": str(directory),
        "GOVSITE_SECOND_FACTOR": "off",
        "GOVSITE_LIVE_SOCKETS": str(max(1000, viewers)),
        "GOVSITE_LIVE_SOCKETS_PER_PERSON": str(viewers),
    }
    if manage(directory, database_url, redis_url, "migrate", "--verbosity", "0").wait(START_WITHIN_S):
        raise Unmeasured((directory / "bench.log").read_text()[-2000:])
    command = (sys.executable, str(PROJECT / "manage.py"), "createsuperuser", "--noinput", "--username", NAME)
    done = subprocess.run(
        [*command, "--email", "audience@example.com"],
        env=environment | {"DJANGO_SUPERUSER_PASSWORD": PASSWORD}, check=False, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise Unmeasured(done.stderr[-2000:])
    return environment


@contextmanager
def web_server(directory: Path, environment: dict[str, str], server: str) -> Iterator[tuple[psutil.Process, str]]:
    """The site on a free port, its log in `directory`; its process and address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    commands = {
        "daphne": ("daphne", "-v", "0", "-b", "127.0.0.1", "-p", str(port)),
        "uvicorn": (
            *("uvicorn", "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning", "--no-access-log"),
            *("--lifespan", "off", "--ws-max-size", "1048576", "--ws-per-message-deflate", "false"),
        ),
    }
    command = [sys.executable, "-m", *commands[server], "govsite.asgi:application"]
    with (directory / "bench.log").open("ab") as output:
        process = subprocess.Popen(command, env=environment, cwd=PROJECT, stdout=output, stderr=output)
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + START_WITHIN_S
        while not _answers(address):
            if process.poll() is not None or time.monotonic() > deadline:
                raise Unmeasured(f"{server} did not start\n{(directory / 'bench.log').read_text()[-2000:]}")
            time.sleep(0.1)
        yield psutil.Process(process.pid), address
    finally:
        process.terminate()
        process.wait(60)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/livez", timeout=5) as response:  # a server of ours  # nosec B310
            return bool(response.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


@contextmanager
def _audience(
    address: str, cookie: str, viewers: int, environment: dict[str, str], directory: Path
) -> Iterator[subprocess.Popen[str]]:
    url = address.replace("http", "ws", 1) + "/ws/live/"
    command = [sys.executable, "-m", "govsite.bench.audience", url, address, cookie, str(viewers)]
    with (directory / "bench.log").open("ab") as output:
        process = subprocess.Popen(
            command, env=environment, cwd=PROJECT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=output,
        )  # fmt: skip
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(30)

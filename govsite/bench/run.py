"""One benchmark: the whole stack on a recording, measured beside the floors of the machine."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis
from hdrh.histogram import HdrHistogram

from feeds.recordings.lines import expand
from govsite.bench.floors import Floors
from govsite.bench.memory import Memory
from govsite.bench.viewer import Viewer, log_in
from streams.telemetry import DIGITS, LONGEST_US, TTL_S, measure_from_now, processes, quantiles

PROJECT = Path(__file__).resolve().parent.parent.parent
STAGES = {
    "ingest": "feed",
    "reaction": "governor",
    "resolution": "governor",
    "execution": "executor",
    "end_to_end": "executor",
}
HOPS = 5  # ticks, proposal, announcement, ballots, decision
COMMITS = 2  # decision, fill
START_WITHIN_S = 120.0
WARM_UP_S = 5.0


class Unmeasured(Exception):
    """The benchmark could not be run; the message says why."""


def measure(
    paths: list[str], *, seconds: float, rate: float, decisions: float, say: Callable[[str], None]
) -> dict[str, Any]:
    """Starts a stack of its own in a temporary directory, warms it up, measures for `seconds`, stops it.

    `rate` is in ticks/s, `decisions` in decisions/s. Times are in milliseconds, memory in MiB."""
    paths = [str(path) for path in expand(paths)]
    directory = Path(tempfile.mkdtemp(prefix="govbench-"))
    directory.chmod(0o755)
    try:
        with _stack(directory, paths, rate, max(1, round(rate / decisions))) as (process, address):
            urls = dict(line.split("=", 1) for line in (directory / "stack.env").read_text().splitlines())
            with redis.Redis.from_url(urls["REDIS_URL"]) as connection:
                say("waiting for the first fills")
                _until(lambda: _fills(connection) > 0, process, "a fill")
                operators = json.loads((directory / "operators.json").read_text())
                username, password = next(iter(operators.items()))
                with (
                    Memory(process.pid) as memory,
                    Floors(urls["DATABASE_URL"], urls["REDIS_URL"]) as floors,
                    Viewer(address, log_in(address, username, password)) as viewer,
                ):
                    time.sleep(WARM_UP_S)
                    measure_from_now(connection)
                    time.sleep(1)
                    before, viewer.delays, begun = processes(connection), [], time.monotonic()
                    say(f"measuring for {seconds:.0f} s")
                    time.sleep(seconds)
                    after, took = processes(connection), time.monotonic() - begun
                if viewer.error:
                    raise Unmeasured(f"the viewer lost its connection: {viewer.error}")
                return _report(before, after, took, floors, viewer, memory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _stack(
    directory: Path, paths: list[str], rate: float, metronome: int
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        *(sys.executable, str(PROJECT / "manage.py"), "runstack", "--data-dir", str(directory)),
        *("--feed", "replay", "--loop", "--rate", str(rate), "--port", str(port), "--no-dashboard"),
        *("--council", "bench", "--metronome", str(metronome), "--path", *paths),
    ]
    environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    with (directory / "bench.log").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
    try:
        _until((directory / "stack.env").exists, process, "the stack")
        yield process, f"http://127.0.0.1:{port}"
    except Unmeasured as error:
        raise Unmeasured(f"{error}\n{(directory / 'bench.log').read_text()[-2000:]}") from error
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _until(condition: Callable[[], bool], process: subprocess.Popen[bytes], what: str) -> None:
    deadline = time.monotonic() + START_WITHIN_S
    while not condition():
        if process.poll() is not None:
            raise Unmeasured(f"the stack ended before there was {what}")
        if time.monotonic() > deadline:
            raise Unmeasured(f"there was not {what} within {START_WITHIN_S:.0f} s")
        time.sleep(0.1)


def _fills(connection: redis.Redis) -> int:
    return int(processes(connection).get("executor", {}).get("counters", {}).get("fills", 0))


def _report(
    before: dict[str, Any], after: dict[str, Any], took: float, floors: Floors, viewer: Viewer, memory: Memory
) -> dict[str, Any]:
    stages = {stage: after[process]["latency"].get(stage) for stage, process in STAGES.items() if process in after}
    stages["display"] = quantiles(_histogram(viewer.delays)) if viewer.delays else None
    if missing := sorted({*STAGES, "display"} - {name for name, found in stages.items() if found and found["n"]}):
        raise Unmeasured(f"nothing was observed of {', '.join(missing)} (processes report within {TTL_S} s)")
    floor = floors.report()
    return {
        "stages": stages,
        "floors": floor,
        "ratio": round(stages["end_to_end"]["p50_ms"] / (HOPS * floor["hop_ms"] + COMMITS * floor["commit_ms"]), 2),
        "ticks_per_s": round(_gained(before, after, "feed", "ticks") / took, 1),
        "decisions_per_s": round(_gained(before, after, "governor", "decisions") / took, 1),
        "rss_mb": dict(sorted(memory.peaks.items())),
    }


def _gained(before: dict[str, Any], after: dict[str, Any], process: str, counter: str) -> int:
    return int(after[process]["counters"].get(counter, 0)) - int(before[process]["counters"].get(counter, 0))


def _histogram(delays: list[int]) -> HdrHistogram:
    histogram = HdrHistogram(1, LONGEST_US, DIGITS)
    for delay in delays:
        histogram.record_value(min(max(delay // 1000, 1), LONGEST_US))
    return histogram

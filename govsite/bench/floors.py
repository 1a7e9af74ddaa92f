"""What no architecture can beat on this machine right now: one stream hop and one fsynced commit."""

from __future__ import annotations

import threading
import time
from statistics import median

import psycopg
import redis

PROBE = "bench.probe"
PAUSE_S = 0.1


class Floors:
    """Probes about ten times a second beside the load, because a tight loop on a warm path reads 3-4 times too low."""

    def __init__(self, database_url: str, redis_url: str) -> None:
        self.database_url = database_url
        self.redis_url = redis_url
        self.hops: list[int] = []
        self.commits: list[int] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=probe, daemon=True) for probe in (self._hop, self._read, self._commit)]

    def __enter__(self) -> Floors:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(5)

    def report(self) -> dict[str, float]:
        """Medians in milliseconds."""
        return {"hop_ms": median(self.hops) / 1e6, "commit_ms": median(self.commits) / 1e6}

    def _hop(self) -> None:
        """XADD of a tick-sized entry that carries its time of departure."""
        with redis.Redis.from_url(self.redis_url) as connection:
            while not self._stop.wait(PAUSE_S):
                connection.xadd(PROBE, {b"m": b"x" * 230, b"at": str(time.time_ns())}, maxlen=1000)

    def _read(self) -> None:
        """A reader blocked in XREAD, as every process of the engine is."""
        with redis.Redis.from_url(self.redis_url) as connection:
            position = b"$"
            while not self._stop.is_set():
                answer = connection.xread({PROBE: position}, block=500)
                now = time.time_ns()
                for _, entries in answer or []:
                    for position, fields in entries:  # noqa: B007 - the last id is where the next read begins
                        self.hops.append(now - int(fields[b"at"]))

    def _commit(self) -> None:
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS bench_floor (id bigserial PRIMARY KEY, payload text)")
            while not self._stop.wait(PAUSE_S):
                begun = time.perf_counter_ns()
                connection.execute("INSERT INTO bench_floor (payload) VALUES (%s)", ["x" * 250], prepare=True)
                self.commits.append(time.perf_counter_ns() - begun)
            connection.execute("DROP TABLE bench_floor")

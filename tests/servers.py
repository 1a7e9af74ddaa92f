"""Real servers for the tests, started before Django reads its settings (a pytest plugin: `-p tests.servers`)."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import redis

from govsite.accounts.signing import by_process
from govsite.stack.embedded import create_database, ping_redis, prepare_postgres, prepare_valkey

DEADLINE_S = 30.0
UNSYNCED = ("-c", "fsync=off", "-c", "full_page_writes=off")
"""Nobody cuts the power of a test: what the operating system has been told survives every process that is killed."""

_directory = tempfile.TemporaryDirectory(prefix="govtest-", ignore_cleanup_errors=True)
_servers: list[subprocess.Popen[bytes]] = []


def wait_until(condition: Callable[[], object], what: str, *, seconds: float = DEADLINE_S) -> object:
    """Waits until `condition` gives something true and returns it; fails with `what` at the deadline."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"after {seconds} s still not: {what}"
        time.sleep(0.01)
    return value


def _start() -> None:
    data_dir = Path(_directory.name)
    data_dir.chmod(0o755)
    postgres, valkey = prepare_postgres(data_dir), prepare_valkey(data_dir)
    for server, options in ((postgres, UNSYNCED), (valkey, ())):
        command = [*server.command, *options]
        silent = subprocess.DEVNULL
        _servers.append(subprocess.Popen(command, user=server.user, cwd="/", stdout=silent, stderr=silent))
    wait_until(lambda: _answers(lambda: create_database(postgres.url)), "PostgreSQL answers")
    wait_until(lambda: _answers(lambda: ping_redis(valkey.url)), "Valkey answers")
    os.environ["GOVSITE_DATA_DIR"] = str(data_dir)
    os.environ["GOVSITE_SECOND_FACTOR"] = "off"  # the tests of it turn it on
    os.environ["DATABASE_URL"] = postgres.url
    os.environ["REDIS_URL"] = valkey.url
    os.environ.update(by_process(data_dir, {})["governor"])


def _answers(attempt: Callable[[], None]) -> bool:
    try:
        attempt()
    except (psycopg.OperationalError, redis.ConnectionError):
        return False
    return True


def pytest_unconfigure() -> None:
    for server, number in zip(_servers, (signal.SIGINT, signal.SIGTERM), strict=True):
        server.send_signal(number)  # SIGINT is PostgreSQL's fast shutdown
        server.wait(DEADLINE_S)
    _directory.cleanup()


_start()

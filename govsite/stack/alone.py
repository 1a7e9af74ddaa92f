"""The embedded PostgreSQL by itself, for a command that needs the database while no stack is running."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from govsite.stack.datadir import DataDir, Unusable
from govsite.stack.embedded import create_database, prepare_postgres

STARTED_WITHIN_S = 60.0
STOPPED_WITHIN_S = 60.0


@contextmanager
def postgres_alone(data_dir: Path) -> Iterator[str]:
    """Its URL; no stack can start in the directory meanwhile. Raises `Unusable` and `NotOurs`."""
    data = DataDir(data_dir)
    data.claim()
    try:
        server = prepare_postgres(data.path)
        with data.log(server.name).open("ab") as log:
            process = subprocess.Popen(
                server.command, user=server.user, group=server.group, cwd="/", stdout=log, stderr=log
            )
        try:
            _wait_for(server.url)
            yield server.url
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(STOPPED_WITHIN_S)
    finally:
        data.release()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + STARTED_WITHIN_S
    while True:
        try:
            return create_database(url)
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise Unusable(f"PostgreSQL did not start within {STARTED_WITHIN_S:.0f} s: {error}") from error
        time.sleep(0.05)

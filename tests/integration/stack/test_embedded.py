"""The embedded servers after an end that nobody wished for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from govsite.accounts.passwords import access_key, derived
from govsite.accounts.table import OWNER
from govsite.stack import leftovers
from govsite.stack.embedded import (
    NotOurs,
    Server,
    clear_postgres,
    clear_valkey,
    create_database,
    ping_redis,
    prepare_postgres,
    prepare_valkey,
)
from tests.servers import _answers, wait_until


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stack")


@pytest.fixture
def processes(directory: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """What a test started; all of it is stopped."""
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.terminate()  # not SIGINT, which is ignored by all that a shell started in the background
        process.wait(20)


def start(server: Server, processes: list[subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        server.command,
        user=server.user,
        group=server.group,
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    processes.append(process)
    return process


def start_postgres(directory: Path, processes: list[subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    server = prepare_postgres(directory)
    process = start(server, processes)
    wait_until(lambda: _answers(lambda: create_database(server.url)), "PostgreSQL answers")
    return process


def test_an_orphaned_postgres_is_stopped_and_its_data_are_there(
    directory: Path, processes: list[subprocess.Popen[bytes]]
) -> None:
    orphan = start_postgres(directory, processes)
    with psycopg.connect(prepare_url(directory)) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 1 AS one")
    assert len(clear_postgres(directory)) == 1
    assert not psutil.pid_exists(orphan.pid)
    start_postgres(directory, processes)
    with psycopg.connect(prepare_url(directory)) as connection:
        assert connection.execute("SELECT one FROM kept").fetchone() == (1,)


def test_postgres_comes_back_after_kill_9(directory: Path, processes: list[subprocess.Popen[bytes]]) -> None:
    first = start_postgres(directory, processes)
    first.kill()
    first.wait()
    start_postgres(directory, processes)


def test_a_pid_file_whose_number_is_now_somebody_elses_does_not_stand_in_the_way(
    directory: Path, processes: list[subprocess.Popen[bytes]]
) -> None:
    first = start_postgres(directory, processes)
    pid_file = directory / "postgres" / "postmaster.pid"
    lines = pid_file.read_text().split("\n")
    first.kill()
    first.wait()
    sleeper = start(Server("sleeper", ["sleep", "600"], "", prepare_user()), processes)
    pid_file.write_text("\n".join([str(sleeper.pid), *lines[1:]]))
    start_postgres(directory, processes)
    assert sleeper.poll() is None


def test_a_cluster_that_trusted_everybody_is_given_a_password(
    directory: Path, processes: list[subprocess.Popen[bytes]]
) -> None:
    old = start_postgres(directory, processes)
    with psycopg.connect(prepare_url(directory), autocommit=True) as connection:
        connection.execute("ALTER ROLE postgres PASSWORD NULL")
    (directory / "postgres" / "pg_hba.conf").write_text("local all all trust\n")
    old.send_signal(signal.SIGINT)
    old.wait(20)
    start_postgres(directory, processes)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(prepare_url(directory), password="")
    psycopg.connect(prepare_url(directory)).close()


def test_an_orphaned_valkey_is_stopped_and_keeps_its_address(
    directory: Path, processes: list[subprocess.Popen[bytes]]
) -> None:
    server = prepare_valkey(directory)
    orphan = start(server, processes)
    wait_until(lambda: _answers(lambda: ping_redis(server.url)), "Valkey answers")
    assert len(clear_valkey(directory)) == 1
    assert not psutil.pid_exists(orphan.pid)
    assert prepare_valkey(directory).url == server.url


def test_a_cluster_of_another_user_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    os.chown(tmp_path / "postgres", 65534, 65534)
    with pytest.raises(NotOurs, match="run as the same user as before"):
        prepare_postgres(tmp_path)
    assert (tmp_path / "postgres").stat().st_uid == 65534


def test_only_processes_of_the_same_stack_are_stopped(tmp_path: Path, processes: list[subprocess.Popen[bytes]]) -> None:
    def marked(directory: Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", "import time; time.sleep(600)"]
        process = subprocess.Popen(command, env={**os.environ, leftovers.MARK: str(directory)})
        processes.append(process)
        wait_until(lambda: psutil.Process(process.pid).cmdline() == command, "the process runs its program")
        return process

    ours, other = marked(tmp_path / "ours"), marked(tmp_path / "other")
    assert [int(line.split()[0]) for line in leftovers.stop_processes(tmp_path / "ours")] == [ours.pid]
    assert not psutil.pid_exists(ours.pid)
    assert other.poll() is None


def prepare_url(directory: Path) -> str:
    return f"postgresql://postgres:{derived(access_key(directory), OWNER)}@/govsite?host={directory / 'run'}"


def prepare_user() -> str | None:
    return "embedded_postgres" if os.geteuid() == 0 else None

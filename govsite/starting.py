"""What a process looks at before it starts: certificates, and whether the tables are those of its release."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from pathlib import Path

import psycopg
import redis
from django.apps import apps
from django.conf import settings

from ledger.partitioning import OtherPartitions, agree
from streams.client import connect
from streams.signing import PUBLISHERS, SEATS, NoKey, Publisher, secrets_of, variable

SIGNING: Mapping[str, tuple[Publisher, ...]] = {
    "rungovernor": PUBLISHERS,
    "runagents": ("agents",),
    "runfeed": ("feed",),
    "web": ("desk",),
    "worker": ("scorer",),
}
NOT_WITHOUT_A_DATABASE = {"runrelay", "rungovernor", "runprojector"}
PATIENCE_S = 5
APPLIED = "SELECT app, name FROM django_migrations WHERE app = ANY(%s)"


class Unready(Exception):
    """The process must not start; the message is one line that says why and what to do."""


def refuse_unready(command: str) -> None:
    """A server that does not answer, or a database that has no tables yet, is none of this: the process itself waits
    and says for what. Raises `Unready`."""
    if command in NOT_WITHOUT_A_DATABASE and not (settings.DATABASE_URL and settings.REDIS_URL):
        raise Unready(f"No stack runs in {settings.DATA_DIR}: start one, or set DATABASE_URL and REDIS_URL.")
    if settings.DATABASE_URL and settings.REDIS_URL:
        _look_at_keys(command)
    if settings.DATABASE_URL:
        _look_at_postgres(settings.DATABASE_URL)
    if settings.REDIS_URL:
        _look_at_redis(settings.REDIS_URL)


def _look_at_keys(command: str) -> None:
    """Who cannot sign what it says would be refused with every word."""
    try:
        has = secrets_of(os.environ)
    except NoKey as error:
        raise Unready(str(error)) from error
    lacking = [variable(one) for one in SIGNING.get(command, ()) if one not in has]
    if lacking and not (command == "runagents" and os.environ.get(SEATS)):
        raise Unready(
            f"{', '.join(lacking)} must be set: the secret that its commands are signed with, the same for the governor"
            " (docs/identities.md)."
        )


def _look_at_postgres(url: str) -> None:
    ours = _migrations()
    try:
        with psycopg.connect(url, connect_timeout=PATIENCE_S, application_name="start") as connection:
            applied = set(connection.execute(APPLIED, [sorted(ours)]).fetchall())
            if ("ledger", "0001_initial") in applied:
                agree(connection, settings.PARTITIONS)
    except OtherPartitions as error:
        raise Unready(str(error)) from error
    except psycopg.errors.UndefinedTable:
        return
    except psycopg.OperationalError as error:
        if fault := _certificate_fault(str(error)):
            raise Unready(
                f"DATABASE_URL: PostgreSQL's certificate is not accepted (expired, of another name, or of an authority"
                f" that sslrootcert does not hold): {fault}"
            ) from error
        return
    known = {(app, name) for app, names in ours.items() for name in names}
    if newer := sorted(applied - known):
        raise Unready(
            f"The database is of a newer release ({'.'.join(newer[0])} is not known here): start that release,"
            " or restore a backup of this one (docs/backup.md)."
        )
    if lacking := sorted(known - applied):
        raise Unready(
            f"The database is of an older release ({len(lacking)} migrations are missing, such as"
            f" {'.'.join(lacking[0])}): back up, then run `python manage.py migrate`."
        )


def _migrations() -> dict[str, list[str]]:
    """Of our own apps: those of others differ from process to process, with the pages that it shows."""
    here = Path(settings.BASE_DIR)
    found: dict[str, list[str]] = {}
    for config in apps.get_app_configs():
        folder = Path(config.path) / "migrations"
        if Path(config.path).parent == here and folder.is_dir():
            found[config.label] = [file.stem for file in folder.glob("[0-9]*.py")]
    return found


def _look_at_redis(url: str) -> None:
    try:
        with connect(url, PATIENCE_S) as connection:
            connection.ping()
    except (redis.RedisError, OSError) as error:
        if isinstance(_root(error), ssl.SSLError) or _certificate_fault(str(error)):
            raise Unready(f"REDIS_URL: Redis's certificate is not accepted: {_line(error)}") from error


def _certificate_fault(text: str) -> str:
    return _line(text) if "certificate" in text else ""


def _root(error: BaseException) -> BaseException:
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return error


def _line(error: object) -> str:
    return " ".join(str(error).split())


def is_process(arguments: list[str]) -> bool:
    """Whether a command line of manage.py starts a process of the stack, and not what starts or asks it."""
    if len(arguments) < 2 or not arguments[1].startswith("run") or {"--check", "--help", "-h"} & set(arguments):
        return False
    return arguments[1] not in ("runstack", "runexchange", "runserver")


def stop_unless_ready(command: str) -> None:
    """No traceback: whoever starts the process reads one line."""
    try:
        refuse_unready(command)
    except Unready as unready:
        raise SystemExit(str(unready)) from unready

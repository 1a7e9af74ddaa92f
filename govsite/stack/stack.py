"""The stack from its first process to its last: servers, preparation, processes, market, and back again."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import redis
from django.conf import settings

from govsite.accounts.passwords import access_key, derived
from govsite.accounts.signing import by_process
from govsite.accounts.table import ACCOUNTS, variable
from govsite.dashboard.building import current
from govsite.stack import leftovers
from govsite.stack.child import Child
from govsite.stack.console import StackConsole, StatusLine
from govsite.stack.datadir import DataDir
from govsite.stack.embedded import (
    Server,
    clear_postgres,
    clear_valkey,
    create_database,
    logged_in,
    ping_redis,
    prepare_postgres,
    prepare_valkey,
)
from govsite.stack.plan import Options, Plan, Stage
from govsite.stack.supervisor import EVERY_S, Supervisor
from streams.signing import VARIABLES
from streams.stopping import Stop
from streams.telemetry import processes

SERVERS_WITHIN_S = 60.0
AWAITED = {"agents", "governor", "executor", "relay"}
AWAITED_FOR_S = 10.0
STATUS_EVERY_S = 10.0
SECOND_FACTOR = "on" if os.environ.get("GOVSITE_PRODUCTION") == "1" else "off"  # its pages are on the loopback only


class Failed(Exception):
    """The stack could not be started; the message says why."""


class Stack:
    """Runs until `stop` is set or the time is up; `run` always ends with nothing left running."""

    def __init__(self, options: Options, data: DataDir, stop: Stop, console: StackConsole) -> None:
        self.options = options
        self.data = data
        self.stop = stop
        self.console = console
        self.supervisor = Supervisor(data.log, console.change)

    def run(self) -> None:
        """Raises `Failed` or `Unusable` when the stack cannot be started."""
        self.data.claim()
        try:
            for what in leftovers.stop_processes(self.data.path):
                self.console.say(f"stopped what an earlier stack had left: process {what}")
            environment = self._start_servers()
            plan = Plan(self.options, self.data.path, environment, self._accounts(environment))
            if not self.stop:
                self._prepare(plan)
            if not self.stop:
                connection = redis.Redis.from_url(plan.environment["REDIS_URL"], socket_timeout=1)
                self._start_processes(plan, connection)
                self._watch(connection)
        finally:
            self.console.say("stopping")
            self.supervisor.stop()
            self.data.release()
            self.console.say("all stopped")

    def _start_servers(self) -> dict[str, str]:
        """PostgreSQL and Redis, ours or those of the environment; gives the environment of everything else."""
        database_url, redis_url = os.environ.get("DATABASE_URL", ""), os.environ.get("REDIS_URL", "")
        if not database_url:
            database_url = self._start_server(prepare_postgres, clear_postgres, Stage.POSTGRES, signal.SIGINT)
        if not redis_url:
            redis_url = self._start_server(prepare_valkey, clear_valkey, Stage.VALKEY, signal.SIGTERM)
        self._wait_for("PostgreSQL", lambda: _find_database(database_url), psycopg.OperationalError)
        self._wait_for("Redis", lambda: ping_redis(redis_url), redis.ConnectionError)
        second_factor = os.environ.get("GOVSITE_SECOND_FACTOR") or SECOND_FACTOR
        self.data.tell(database_url, redis_url, second_factor)
        return {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "GOVSITE_DATA_DIR": str(self.data.path),
            "PYTHONUNBUFFERED": "1",
            "GOVSITE_SECOND_FACTOR": second_factor,
            leftovers.MARK: str(self.data.path),
            **dict.fromkeys(VARIABLES, ""),
        }

    def _accounts(self, environment: dict[str, str]) -> dict[str, dict[str, str]]:
        """Of each process on the servers that are ours, and their passwords for who makes them. On servers of the
        environment all processes have the account of its URLs."""
        signing = by_process(self.data.path, os.environ)
        ours = [name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)]
        if not ours:
            return signing
        key = access_key(self.data.path)
        passwords = {name: derived(key, name) for name in ACCOUNTS}
        found = {
            name: {one: logged_in(environment[one], name, password) for one in ours}
            for name, password in passwords.items()
        }
        found = {name: {**found.get(name, {}), **signing.get(name, {})} for name in {**found, **signing}}
        found["dashboard"] = dict.fromkeys(ours, "")  # what Node installs has no business there
        if "DATABASE_URL" in ours:
            found["prepare"] = {variable(name): password for name, password in passwords.items()}
        return found

    def _start_server(
        self,
        prepare: Callable[[Path], Server],
        clear: Callable[[Path], list[str]],
        stage: Stage,
        stop_signal: signal.Signals,
    ) -> str:
        directory = self.data.path
        server = prepare(directory)
        child = Child(
            server.name,
            server.command,
            stage,
            user=server.user,
            group=server.group,
            stop_signal=stop_signal,
            before_start=lambda: clear(directory),
        )
        self.supervisor.start(child)
        return server.url

    def _wait_for(self, what: str, attempt: Callable[[], None], error_type: type[Exception]) -> None:
        deadline = time.monotonic() + SERVERS_WITHIN_S
        while not self.stop:
            self.supervisor.tick()
            try:
                return attempt()
            except error_type as error:
                if time.monotonic() > deadline:
                    raise Failed(f"{what} did not answer within {SERVERS_WITHIN_S:.0f} s: {error}") from error
            self.stop.wait(EVERY_S)
        return None

    def _prepare(self, plan: Plan) -> None:
        code = self.supervisor.run(plan.preparation(), until=lambda: self.stop)
        if code and not self.stop:
            raise Failed(f"The tables and the demo book could not be prepared: see {self.data.log('prepare')}")

    def _start_processes(self, plan: Plan, connection: redis.Redis) -> None:
        for child in plan.processes():
            self.supervisor.start(child)
        deadline = time.monotonic() + AWAITED_FOR_S
        while not self.stop and time.monotonic() < deadline and not self._ready(connection):
            self.stop.wait(EVERY_S)
            self.supervisor.tick()
        if not self.stop:
            self.supervisor.start(plan.feed())
            self.console.welcome(self.options, self.data.path, self.data.operators())
            if self.options.dashboard and not current(settings.BASE_DIR / "frontend", settings.DASHBOARD_DIR):
                self.supervisor.start(plan.dashboard())

    def _ready(self, connection: redis.Redis) -> bool:
        """Whether those who need every tick are there, and the web server listens: then the market may begin."""
        with socket.socket() as probe:
            listening = probe.connect_ex(("127.0.0.1", self.options.port)) == 0
        return listening and _heard_from(connection, AWAITED)

    def _watch(self, connection: redis.Redis) -> None:
        started = time.monotonic()
        status, status_due = StatusLine(), started + STATUS_EVERY_S
        while not self.stop.wait(EVERY_S):
            self.supervisor.tick()
            now = time.monotonic()
            if self.options.seconds is not None and now - started >= self.options.seconds:
                return
            if now >= status_due:
                status_due = now + STATUS_EVERY_S
                self.console.status(_status(connection, status))


def _heard_from(connection: redis.Redis, names: set[str]) -> bool:
    try:
        return names <= processes(connection).keys()
    except redis.ConnectionError:
        return False  # being restarted


def _status(connection: redis.Redis, status: StatusLine) -> str:
    try:
        return status.of(processes(connection))
    except (redis.ConnectionError, redis.TimeoutError) as error:
        return f"Redis does not answer: {error}"


def _find_database(url: str) -> None:
    """A database that is there needs no right to create one."""
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        create_database(url)

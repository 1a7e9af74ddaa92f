"""`manage.py stack`: ask about, or stop, the stack that runs in a data directory."""

from __future__ import annotations

import argparse
import os
import signal
import time
from functools import partial
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console

from govsite.accounts.table import VARIABLES
from govsite.seed import BOOK
from govsite.stack.console import process_table
from govsite.stack.datadir import DataDir
from govsite.stack.operators import make_operators
from ledger.errors import LeaseHeld
from ledger.partitioning import OtherPartitions, divide
from streams.client import connect
from streams.stopping import Stop, persist
from streams.telemetry import processes

STOPPED_WITHIN_S = 90.0
LIVE = ("venue", "symbols", "url", "rest")
EXAMPLES = """
examples:
  export $(python manage.py stack env)      point psql, redis-cli and other programs at the running stack:
  psql "$DATABASE_URL" -c 'select event, count(*) from ledger group by 1'
  python manage.py stack status             every process: state, memory, what it counted
  python manage.py stack stop               as Ctrl-C in its terminal
  python manage.py stack prepare            tables, operators and demo book (runstack does this at every start)
"""


class Command(BaseCommand):
    help = "Where the servers of the running stack are, how its processes do, and how to stop it."
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        style = argparse.RawDescriptionHelpFormatter
        return super().create_parser(prog_name, subcommand, epilog=EXAMPLES, formatter_class=style, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["env", "status", "stop", "prepare"])
        parser.add_argument("--data-dir", metavar="DIR", help="of the stack (default: var/, or GOVSITE_DATA_DIR)")
        parser.add_argument("--path", nargs="+", default=[], metavar="FILE", help="prepare: recordings to trade")
        for name in LIVE:
            parser.add_argument(f"--{name}", nargs="+", default=[], help="prepare: what to list, as for `seed`")
        parser.add_argument("--books", nargs="+", default=[BOOK], help=f"prepare: which to found (default: {BOOK})")
        parser.add_argument("--council", default="demo", choices=("demo", "bench"), help="prepare: who votes")

    def handle(self, **options: Any) -> None:
        data = DataDir(settings.DATA_DIR)
        match options["action"]:
            case "env":
                self._env(data)
            case "status":
                self._status(data)
            case "stop":
                self._stop(data)
            case "prepare":
                self._prepare(data, options)

    def _env(self, data: DataDir) -> None:
        _running(data)
        if not (told := data.told()):
            raise CommandError(f"The stack in {data.path} is still starting.")
        self.stdout.write(told.strip())

    def _status(self, data: DataDir) -> None:
        if "REDIS_URL" not in os.environ:
            _running(data)
        with connect(settings.REDIS_URL) as connection:
            Console().print(process_table(processes(connection)))

    def _stop(self, data: DataDir) -> None:
        pid = _running(data)
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOPPED_WITHIN_S
        while data.running() == pid:
            if time.monotonic() > deadline:
                raise CommandError(f"Process {pid} has not stopped within {STOPPED_WITHIN_S:.0f} s.")
            time.sleep(0.1)
        self.stdout.write(f"The stack in {data.path} has stopped.")

    def _divide(self) -> None:
        try:
            with psycopg.connect(settings.DATABASE_URL, autocommit=True) as connection:
                divide(connection, settings.PARTITIONS)
        except OtherPartitions as error:
            raise CommandError(str(error)) from error

    def _prepare(self, data: DataDir, options: dict[str, Any]) -> None:
        call_command("migrate", interactive=False, verbosity=1)
        if any(os.environ.get(name) for name in VARIABLES):
            call_command("accounts", "provision")
        make_operators(data)
        self._divide()
        seed = ["seed", "--council", options["council"]]
        for name in ("path", *LIVE):
            seed += [f"--{name}", *options[name]] if options[name] else []
        stop = Stop().install()
        for book in options["books"]:
            found = partial(call_command, *seed, "--book", book)
            persist("writers of an earlier stack to be over", found, stop, errors=(LeaseHeld,))


def _running(data: DataDir) -> int:
    pid = data.running()
    if pid is None:
        raise CommandError(f"No stack is running in {data.path}: start one with `python manage.py runstack`.")
    return pid

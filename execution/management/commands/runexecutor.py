"""`manage.py runexecutor`: the hand that acts."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from execution.executor import NAME, Executor
from streams.client import connect
from streams.stopping import Stop
from streams.telemetry import processes

EPILOG = """\
The executor follows the governance log (the stream ledger.governance, and the table behind it) and takes every
order of every decision to exactly one final state: filled, rejected, cancelled or expired. Orders are filled on
the paper venue at the best bid or ask of market.ticks, at once or not at all. The events, and the position in
the governance log up to which all is executed, are committed in one transaction: nothing is executed twice.

No order is filled once a halt of its book is committed (manage.py halt); what is in hand is then cancelled.
It is the only writer of the execution log: a second executor waits until the first one's lease ends. Without
PostgreSQL or Redis it says what it waits for, and goes on from the ledger when they are back.

examples:
  manage.py runexecutor                                  execute until SIGTERM
  manage.py runexecutor --record var/rec/executor.jsonl  also keep everything the desks were given
  manage.py runexecutor --check                          exit 0 if an executor is alive, else 1
"""


class Command(BaseCommand):
    help = "Runs the executor: decisions to fills on the paper venue, committed to the ledger."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EPILOG
        parser.add_argument("--record", type=Path, metavar="FILE", help="append every input and its time to FILE")
        parser.add_argument("--check", action="store_true", help="only tell whether an executor is alive")
        parser.add_argument("--data-dir", help="where the embedded stack lives (default: var)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.DATABASE_URL and settings.REDIS_URL):
            raise CommandError(f"No stack runs in {settings.DATA_DIR}: start one, or set DATABASE_URL and REDIS_URL.")
        if options["check"]:
            sys.exit(0 if NAME in processes(connect(settings.REDIS_URL)) else 1)
        Executor(
            database_url=settings.DATABASE_URL,
            redis_url=settings.REDIS_URL,
            stop=Stop().install(),
            record=options["record"],
        ).run()

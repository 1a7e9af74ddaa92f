"""`manage.py rungovernor`: the decision maker of one partition."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from governance.governor import Governor
from streams.client import connect
from streams.stopping import Stop
from streams.telemetry import lives

EPILOG = """\
The governor reads proposals and ballots from the stream governance.commands, lets the council of each book
deliberate, applies arbitration and rules, and commits every decision to the governance log in PostgreSQL.
It is the only writer of that log: a second governor waits until the first one's lease ends.

examples:
  manage.py rungovernor                            govern until SIGTERM
  manage.py rungovernor --record var/rec/governor.jsonl   also keep everything it was given
  manage.py rungovernor --check                    exit 0 if a governor is alive, else 1
"""


class Command(BaseCommand):
    requires_system_checks = []
    help = "Runs the governor: deliberations, votes, arbitration and rules, committed to the ledger."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EPILOG
        parser.add_argument("--record", type=Path, metavar="FILE", help="append every message and its time to FILE")
        parser.add_argument("--check", action="store_true", help="only tell whether a governor is alive")
        parser.add_argument("--data-dir", help="where the embedded stack lives (default: var)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["check"]:
            sys.exit(0 if lives(connect(settings.REDIS_URL), "governor") else 1)
        stop = Stop().install()
        Governor(
            database_url=settings.DATABASE_URL, redis_url=settings.REDIS_URL, stop=stop, record=options["record"]
        ).run()

"""Relays commits from the ledger to the streams."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from ledger.relay import Relay
from streams.client import connect
from streams.stopping import Stop
from streams.telemetry import lives

SWITCH_S = 0.0005
EXAMPLES = """
What it does:
  reads the WAL of PostgreSQL through a logical replication slot (pgoutput) and adds every transaction of the two
  logs to `ledger.governance` or `ledger.execution`, in commit order, under the id of its last position. It tells
  PostgreSQL that it may forget a transaction only after Redis and the archive have it. Where logical decoding is
  not allowed it asks the table instead. It also sends operators' commands from the outbox to `governance.commands`.

The archive is every event once more, outside the database: DIR/governance-0/2026-11-22.jsonl.gz and so on, one file
a UTC day, sealed with checksums when the day is over. When its disk is full the relay goes on, raises an alarm and
catches up by itself later. All alarms stay in DIR/alarms.jsonl. `python manage.py archive` looks at it.

Examples:
  python manage.py runrelay                   run until SIGTERM or Ctrl-C
  python manage.py runrelay --archive /srv/archive       keep the archive on another disk
  python manage.py runrelay --check           exit code 0 if a relay is at work, 1 if not
  redis-cli xrevrange ledger.governance + - count 1      the last decision as it was relayed
  psql -c "select slot_name, active, wal_status from pg_replication_slots"
"""


class Command(BaseCommand):
    requires_system_checks = ()  # a service of its own: it neither needs nor waits for the web site
    help = "Relays every commit of the ledger from PostgreSQL's write-ahead log to the streams ledger.*"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EXAMPLES
        parser.add_argument("--check", action="store_true", help="only tell (exit code) whether a relay is at work")
        parser.add_argument(
            "--archive", metavar="DIR", type=Path, help="where the archive is kept (default: DATA_DIR/archive)"
        )
        parser.add_argument("--data-dir", help="where the embedded stack lives (default: GOVSITE_DATA_DIR or var/)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["check"]:
            with connect(settings.REDIS_URL) as connection:
                sys.exit(0 if lives(connection, "relay") else 1)
        # The archiver's thread computes too; it must not hold up the one that publishes for 5 ms, the default.
        sys.setswitchinterval(SWITCH_S)
        archive = (options["archive"] or settings.DATA_DIR / "archive").resolve()
        Relay(settings.DATABASE_URL, settings.REDIS_URL, Stop().install(), archive).run()

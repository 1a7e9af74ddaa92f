"""`manage.py rungovernor`: the decision maker, of all books or of its share of their partitions."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from governance.governor import Governor
from governance.recovery import snapshot_is_due
from ledger.holding import Holding
from ledger.recorder import unique_owner
from ledger.snapshotting import Snapshotter, command_of
from streams.client import connect
from streams.stopping import Stop
from streams.telemetry import lives

EPILOG = """\
The governor reads proposals and ballots from the stream governance.commands, lets the council of each book
deliberate, applies arbitration and rules, and commits every decision to the governance log in PostgreSQL.
It is the only writer of that log: a second governor waits until the first one's lease ends. With GOVSITE_PARTITIONS > 1
each governor holds its share of the partitions, takes over those of one that dies when its lease has run out (3 s), and
gives one up to a governor that joins.

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
            sys.exit(0 if lives(connect(settings.REDIS_URL), "governor", settings.PARTITIONS) else 1)
        stop, count, record = Stop().install(), settings.PARTITIONS, options["record"]
        urls = settings.DATABASE_URL, settings.REDIS_URL
        governor = partial(Governor, database_url=urls[0], redis_url=urls[1])
        if count == 1:
            with self._snapshots():
                governor(stop=stop, record=record).run()
            return
        if record:
            raise CommandError("--record keeps what one core was given: it needs GOVSITE_PARTITIONS=1")
        owner = unique_owner()

        def govern(partition: int, until: Stop) -> None:
            governor(stop=until, partition=partition, owner=owner, waits=False).run()

        with self._snapshots():
            Holding(*urls, "governance", owner=owner, serve=govern, stop=stop).run()

    def _snapshots(self) -> Snapshotter:
        return Snapshotter(settings.DATABASE_URL, snapshot_is_due, settings.SNAPSHOT_EVERY, command_of("governance"))

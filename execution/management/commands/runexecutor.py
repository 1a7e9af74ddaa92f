"""`manage.py runexecutor`: the hand that acts."""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from execution.executor import NAME, Executor
from execution.recovery import snapshot_is_due
from execution.venues.remote import RemoteVenue
from ledger.holding import Holding
from ledger.recorder import unique_owner
from ledger.snapshotting import Snapshotter, command_of
from streams.client import connect
from streams.stopping import Stop
from streams.telemetry import lives

VENUES = ("binance-testnet", "binance")
EPILOG = """\
The executor follows the governance log (the stream ledger.governance, and the table behind it) and takes every
order of every decision to exactly one final state: filled, rejected, cancelled or expired. On paper orders take what
the order book, quotes and trades of market.ticks show, at once or resting at their limit. The events, and the
position in the governance log up to which all is executed, are committed in one transaction: nothing is executed
twice. At the start and every minute each book is compared with its venue.

Books with the term real_venue trade at the venue that is named here, with GOVSITE_VENUE_KEY and GOVSITE_VENUE_SECRET
from the environment; without one their orders are rejected, never filled on paper. An order is recorded as sent before
it is; what became of it is asked by its client order id, and never sent again.

No order is filled once a halt of its book is committed (manage.py halt); what is in hand is then cancelled.
It is the only writer of the execution log: a second executor waits until the first one's lease ends; with
GOVSITE_PARTITIONS > 1 each holds its share of the partitions, and takes over those of one that dies. Without
PostgreSQL or Redis it says what it waits for, and goes on from the ledger when they are back.

examples:
  manage.py runexecutor                                  execute until SIGTERM
  manage.py runexecutor --record var/rec/executor.jsonl  also keep everything the desks were given
  manage.py runexecutor --venue binance-testnet          also trade at Binance's test network
  manage.py runexecutor --check                          exit 0 if an executor is alive, else 1
"""


class Command(BaseCommand):
    help = "Runs the executor: decisions to fills, on paper or at a real venue, committed to the ledger."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EPILOG
        parser.add_argument("--record", type=Path, metavar="FILE", help="append every input and its time to FILE")
        parser.add_argument(
            "--venue",
            default=settings.VENUE,
            choices=["", *VENUES],
            metavar="NAME",
            help=f"where books with real_venue trade: {', '.join(VENUES)} (default: GOVSITE_VENUE, else nowhere)",
        )
        parser.add_argument("--check", action="store_true", help="only tell whether an executor is alive")
        parser.add_argument("--data-dir", help="where the embedded stack lives (default: var)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.DATABASE_URL and settings.REDIS_URL):
            raise CommandError(f"No stack runs in {settings.DATA_DIR}: start one, or set DATABASE_URL and REDIS_URL.")
        if options["check"]:
            sys.exit(0 if lives(connect(settings.REDIS_URL), NAME, settings.PARTITIONS) else 1)
        stop, record = Stop().install(), options["record"]
        urls = settings.DATABASE_URL, settings.REDIS_URL
        executor = partial(Executor, database_url=urls[0], redis_url=urls[1])
        if settings.PARTITIONS == 1:
            with self._snapshots():
                executor(stop=stop, record=record, venue=self._venue(options)).run()
            return
        if record:
            raise CommandError("--record keeps what one core was given: it needs GOVSITE_PARTITIONS=1")
        owner = unique_owner()

        def execute(partition: int, until: Stop) -> None:
            venue = self._venue(options)
            executor(stop=until, venue=venue, partition=partition, owner=owner, waits=False).run()

        with self._snapshots():
            Holding(*urls, "execution", owner=owner, serve=execute, stop=stop).run()

    def _snapshots(self) -> Snapshotter:
        return Snapshotter(settings.DATABASE_URL, snapshot_is_due, settings.SNAPSHOT_EVERY, command_of("execution"))

    def _venue(self, options: dict[str, Any]) -> RemoteVenue | None:
        """What speaks to venues is large and only loaded where there is one."""
        if not options["venue"]:
            return None
        if options["record"]:
            raise CommandError("--record keeps what paper desks were given; it cannot repeat what a venue said")
        from execution.venues.ccxt import NotConfigured, venue_from

        try:
            return venue_from(options["venue"], os.environ)
        except NotConfigured as error:
            raise CommandError(str(error)) from error

"""Projects the ledger into read models and tells the browsers."""

from __future__ import annotations

import argparse
import sys
import threading
from functools import partial
from typing import Any

import psycopg
import redis
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from psycopg.conninfo import make_conninfo

from govsite.live.broadcaster import Broadcaster
from ledger.entries import stream_of
from ledger.projector import Projection, Projector, tune
from ledger.rebuild import Busy, projections, rebuild
from streams.client import connect
from streams.partitions import suffixed
from streams.stopping import Stop, Stopping, persist
from streams.telemetry import Telemetry, lives

LOST = (psycopg.OperationalError,)
PAUSE_S = 0.1  # the browsers are told by the streams: only lists and sums wait for this
EXAMPLES = """
What it does:
  follows the two logs of the ledger and keeps tables of books, seats, rules, deliberations, proposals, ballots,
  decisions, orders, fills and positions level with them, in batches of up to 8,000 events. Each batch and the position
  after it are one transaction. Next to it a thread tells the browsers how far the ledger is, and ten times a second
  what the market does. What it writes can be made again from the ledger at any time, also while it runs: see
  python manage.py rebuild --help

Examples:
  python manage.py runprojector                    run until SIGTERM or Ctrl-C
  python manage.py runprojector --once             end when the end of the ledger is reached
  python manage.py runprojector --rebuild          make the read models again first, beside those in use
  python manage.py runprojector --check            exit code 0 if a projector is at work, 1 if not
  psql -c "select name, position from projection"  how far the read models are
"""


class Command(BaseCommand):
    requires_system_checks = ()  # a service of its own: it neither needs nor waits for the web site
    help = "Projects the ledger into the read models that the site shows, and pushes what is new to the browsers"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EXAMPLES
        parser.add_argument("--check", action="store_true", help="only tell (exit code) whether a projector is at work")
        parser.add_argument("--rebuild", action="store_true", help="make the read models again first")
        parser.add_argument(
            "--once", action="store_true", help="end when the end of the ledger is reached; needs no Redis"
        )
        parser.add_argument("--data-dir", help="where the embedded stack lives (default: GOVSITE_DATA_DIR or var/)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["check"]:
            sys.exit(0 if _is_at_work() else 1)
        tune()
        stop = Stop().install()
        try:
            if options["rebuild"]:
                for projection in projections():
                    persist("PostgreSQL", partial(rebuild, settings.DATABASE_URL, projection), stop, errors=LOST)
            if options["once"]:
                self.stdout.write(f"{_catch_up(stop)} events projected")
            else:
                _run(stop)
        except Stopping:
            return
        except Busy as error:
            raise CommandError(f"The read models are as they were: {error}") from error


def _is_at_work() -> bool:
    try:
        with connect(settings.REDIS_URL) as connection:
            return lives(connection, "projector")
    except (redis.RedisError, ValueError):
        return False


def _projector(**options: Any) -> Projector:
    """What a crash cuts off is cut off together with its position: there is no need to wait for the disk."""
    url = make_conninfo(settings.DATABASE_URL, options="-c synchronous_commit=off")
    return Projector(url, projections(), **options)


def _catch_up(stop: Stop) -> int:
    count = 0
    for partition in range(settings.PARTITIONS):
        projector = _projector(partition=partition)
        persist("PostgreSQL", projector.connect, stop, errors=LOST)
        count += projector.catch_up()
        projector.close()
    return count


def _run(stop: Stop) -> None:
    """The first partition in this thread, each other one in one of its own."""
    broadcaster = Broadcaster(settings.REDIS_URL)
    broadcaster.start()
    others = [
        threading.Thread(target=_project, args=(partition, broadcaster, stop), name=f"projector {partition}")
        for partition in range(1, settings.PARTITIONS)
    ]
    for thread in others:
        thread.start()
    _project(0, broadcaster, stop)
    for thread in others:
        thread.join()
    broadcaster.stop()


def _project(partition: int, broadcaster: Broadcaster, stop: Stop) -> None:
    telemetry = Telemetry(connect(settings.REDIS_URL), suffixed("projector", partition))

    def committed(projection: Projection, first: int, last: int) -> None:
        telemetry.read_up_to(stream_of(projection.log, partition), f"{last}-0")
        broadcaster.advanced(suffixed(projection.log, partition), last)

    projector = _projector(after_commit=committed, pause_s=PAUSE_S, partition=partition)
    try:
        projector.run(settings.REDIS_URL, telemetry, stop)
    finally:
        stop.set()  # whichever thread fails, the process ends and is started again

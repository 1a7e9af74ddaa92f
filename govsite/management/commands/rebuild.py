"""Makes the read models again from the ledger while everything runs."""

from __future__ import annotations

import argparse
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ledger.errors import LedgerError
from ledger.projector import Projection, tune
from ledger.rebuild import projections, rebuild

EXAMPLES = """
What it does:
  makes the tables of a log's read models anew beside those in use, projects the whole log into them, and swaps them
  in one short transaction. Pages and services go on meanwhile and see either the old tables or the new ones, never an
  empty one; the projector goes on behind the swap. Killed at any moment it leaves the tables as they were, and the next
  run clears away what is left of it.

Examples:
  python manage.py rebuild                 both logs
  python manage.py rebuild governance      books, seats, rules, rounds, ballots, decisions, alarms, changes
  python manage.py rebuild execution       accounts, positions, orders, fills
  python manage.py audit verify --read-models    whether it is needed: the read models against the ledger
"""


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Makes the read models again from the ledger, beside those in use, and swaps them"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EXAMPLES
        names = sorted(projection.name for projection in projections())
        parser.add_argument("name", nargs="?", default="all", choices=(*names, "all"), help="which (default: all)")
        parser.add_argument("--data-dir", help="where the embedded stack lives (default: GOVSITE_DATA_DIR or var/)")

    def handle(self, *args: Any, **options: Any) -> None:
        tune()
        wanted = [one for one in projections() if options["name"] in (one.name, "all")]
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        try:
            with Progress(*columns, console=Console()) as shown:
                for projection in wanted:
                    position = _rebuild(projection, shown)
                    shown.console.print(f"{projection.name}: the read models are new, at position {position:,}")
        except LedgerError as error:
            raise CommandError(f"The read models are as they were: {error}") from error
        except psycopg.OperationalError as error:
            raise CommandError(f"PostgreSQL did not answer; the read models are as they were: {error}") from error


def _rebuild(projection: Projection, shown: Progress) -> int:
    task = shown.add_task(projection.name, total=_end(projection))
    return rebuild(settings.DATABASE_URL, projection, lambda position: shown.update(task, completed=position))


def _end(projection: Projection) -> int:
    with psycopg.connect(settings.DATABASE_URL) as connection:
        row = connection.execute("SELECT max(position) FROM event_log WHERE log = %s", (projection.log,)).fetchone()
    return int(row[0] or 0) if row else 0

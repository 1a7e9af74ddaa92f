"""`manage.py snapshot`: what a core folds, kept so that its next start need not fold all of the log."""

from __future__ import annotations

import argparse
import os
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from govsite.snapshots import TAKES
from ledger.errors import LedgerError
from ledger.snapshotting import take_all

EXAMPLES = """
examples:
  python manage.py snapshot governance      of the governor, if GOVSITE_SNAPSHOT_EVERY events came since the last one
  python manage.py snapshot execution --every 1    of the executor, now: before a restart that should be short

The cores do so by themselves. A core believes only what its own account has written (docs/snapshots.md), so by hand it
takes the owner's URL, or the core's.
"""


class Command(BaseCommand):
    help = "Takes a snapshot of a core, at low priority, if one is due."
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        style = argparse.RawDescriptionHelpFormatter
        return super().create_parser(prog_name, subcommand, epilog=EXAMPLES, formatter_class=style, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("core", choices=sorted(TAKES))
        parser.add_argument("--every", type=int, metavar="N", help="if N events came since (default: the setting)")
        parser.add_argument("--data-dir", metavar="DIR", help="of the stack (default: var/, or GOVSITE_DATA_DIR)")

    def handle(self, **options: Any) -> None:
        os.nice(19)
        name = options["core"]
        every = settings.SNAPSHOT_EVERY if options["every"] is None else max(1, options["every"])
        try:
            taken = take_all(settings.DATABASE_URL, name, TAKES[name], every)
        except (psycopg.Error, LedgerError) as error:
            raise CommandError(f"No snapshot was taken: {str(error).strip()}") from error
        self.stdout.write(f"{name}: {taken} taken")

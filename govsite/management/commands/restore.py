"""`manage.py restore`: a backup becomes a database that a stack can start on."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from govsite.backup.checking import Progress, check
from govsite.backup.console import again_with_postgres, shown
from govsite.backup.manifest import Manifest, NotWhole
from govsite.backup.restoring import Refused, restore

EXAMPLES = """
What it does:
  checks every byte of the backup and the chain in it, makes the tables of its release in an empty database, loads the
  rows in one transaction, migrates to the release of today, verifies both chains against the manifest, makes the read
  models, and puts archive and public keys into the data directory. A database, an archive or a Redis that holds
  anything is refused; after a failure it may be run again.

Examples:
  python manage.py restore backup-20260131T093000Z.zip --data-dir var2    then: runstack --data-dir var2
  DATABASE_URL=postgresql://… REDIS_URL=redis://… python manage.py restore backup-20260131T093000Z.zip
"""
NEXT = """Next (docs/backup.md):
  1. put back what is in no backup: checkpoint.key (else a new key signs from now on), the secrets of the settings
  2. python manage.py audit verify
  3. start the stack; streams begin anew, everybody logs in again
  4. where a real venue is traded at: halt first (manage.py halt --all), start, reconcile, then resume
"""


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Restores a backup into an empty database and an empty data directory, and verifies it"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EXAMPLES
        parser.add_argument("file", type=Path, metavar="FILE", help="what `manage.py backup` wrote")
        parser.add_argument(
            "--archive", type=Path, metavar="DIR", help="the relay's archive (default: in the data dir)"
        )
        parser.add_argument("--data-dir", help="where the embedded stack lives (default: GOVSITE_DATA_DIR or var/)")

    def handle(self, *args: Any, **options: Any) -> None:
        path = options["file"].resolve()
        if not path.is_file():
            raise CommandError(f"{path} is no file: name what `manage.py backup` wrote")
        if not settings.DATABASE_URL:
            if (settings.DATA_DIR / "valkey").exists():
                raise CommandError(
                    f"{settings.DATA_DIR} holds the streams of another ledger: choose another --data-dir"
                )
            sys.exit(again_with_postgres())
        archive = (options["archive"] or settings.ARCHIVE_DIR).resolve()
        try:
            with shown() as tell:
                made = _whole(path, tell)
                restore(
                    settings.DATABASE_URL,
                    settings.REDIS_URL,
                    path,
                    made,
                    data_dir=settings.DATA_DIR,
                    archive=archive,
                    tell=tell,
                )
        except Refused as error:
            raise CommandError(f"Nothing was restored: {error}") from error
        except NotWhole as error:
            raise CommandError(f"Do not use what is there now: {error}") from error
        except OSError as error:
            raise CommandError(f"The restore is not whole: {error}") from error
        except psycopg.Error as error:
            raise CommandError(f"The restore is not whole, PostgreSQL says: {error}") from error
        for head in made.heads:
            self.stdout.write(f"{head.log}: {head.position:,} events, the chain is whole")
        self.stdout.write(f"restored {path} of release {made.release}, made at {made.made_at}")
        self.stdout.write(NEXT)


def _whole(path: Path, tell: Progress) -> Manifest:
    try:
        return check(path, tell)
    except NotWhole as error:
        raise Refused(str(error)) from error

"""`manage.py backup`: one file that holds everything a stack needs to go on elsewhere."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from govsite.backup.console import again_with_postgres, shown
from govsite.backup.manifest import NotWhole
from govsite.backup.writing import back_up

EXAMPLES = """
What it does:
  writes one zip: the database as of one moment (ledger, checkpoints, snapshots, users, groups, tokens; not the read
  models, which are made from the ledger), the archive of the ledger, the public keys of checkpoints, and a manifest.
  Then it reads the file back: every byte, and every hash of both logs. Nothing waits for it meanwhile. It holds
  password digests and the seeds of second factors: keep it where nobody else reads. Private keys and the settings'
  secrets are not in it (docs/backup.md).

Examples:
  python manage.py backup /backups                       /backups/backup-20260131T093000Z.zip
  python manage.py backup /backups --keep 7              and deletes all but the newest seven of these
  python manage.py backup before-update.zip
  python manage.py restore before-update.zip --help
"""


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Backs up database, archive and public keys into one file, and verifies it"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EXAMPLES
        parser.add_argument("to", type=Path, metavar="DIRECTORY|FILE", help="where to; a file must not be there yet")
        parser.add_argument("--keep", type=int, metavar="N", help="of a DIRECTORY: delete all but the newest N backups")
        parser.add_argument(
            "--archive", type=Path, metavar="DIR", help="the relay's archive (default: in the data dir)"
        )
        parser.add_argument("--data-dir", help="where the embedded stack lives (default: GOVSITE_DATA_DIR or var/)")

    def handle(self, *args: Any, **options: Any) -> None:
        to, keep = options["to"].resolve(), options["keep"]
        if keep is not None and (keep < 1 or not to.is_dir()):
            raise CommandError("--keep takes a number from 1 on, and a directory to keep them in")
        if not settings.DATABASE_URL:
            if not (settings.DATA_DIR / "postgres").is_dir():
                raise CommandError(f"There is no database in {settings.DATA_DIR}: name another --data-dir")
            sys.exit(again_with_postgres())
        path = to / f"backup-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.zip" if to.is_dir() else to
        if path.exists():
            raise CommandError(f"{path} is there already: name another file")
        archive = (options["archive"] or settings.ARCHIVE_DIR).resolve()
        try:
            with shown() as tell:
                made = back_up(settings.DATABASE_URL, path, data_dir=settings.DATA_DIR, archive=archive, tell=tell)
        except OSError as error:
            raise CommandError(f"{path} could not be written, and nothing is left of it: {error}") from error
        except psycopg.Error as error:
            raise CommandError(f"PostgreSQL could not be read, and there is no backup: {error}") from error
        except NotWhole as error:
            raise CommandError(f"There is no backup, what was read does not hold: {error}") from error
        for head in made.heads:
            self.stdout.write(f"{head.log}: {head.position:,} events, the chain is whole")
        self.stdout.write(f"{path}: {path.stat().st_size:,} bytes, read back")
        if keep is not None:
            for old in sorted(to.glob("backup-????????T??????Z.zip"))[:-keep]:
                old.unlink()
                self.stdout.write(f"deleted {old}")

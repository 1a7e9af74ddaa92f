"""Looks at the archive: what it holds, its alarms, its rows, and whether it agrees with the table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from ledger import archive
from ledger.alarms import recorded
from ledger.archiver import source_of
from ledger.segments import Damaged, Member, Segment, encode, members, segments

EXAMPLES = """
Examples:
  python manage.py archive status                     files, positions and alarms
  python manage.py archive check                      checksums, and every row against the table (exit code 1)
  python manage.py archive cat execution --after 500  rows as JSON lines
  zcat var/archive/governance-0/2026-11-22.jsonl.gz | tail -1 | jq .      needs none of this
"""


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Looks at the archive that the relay writes: every event once more, outside the database"

    def create_parser(self, prog_name: str, subcommand: str, **options: Any) -> CommandParser:
        parser: Any = super().create_parser(prog_name, subcommand, **options)
        parser.parse_args = parser.parse_intermixed_args  # `cat --after 500 execution` as well
        return cast("CommandParser", parser)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EXAMPLES
        parser.add_argument("question", choices=("status", "check", "cat"))
        parser.add_argument("log", nargs="?", choices=("governance", "execution"), help="only this log (default: both)")
        parser.add_argument("--partition", type=int, default=0)
        parser.add_argument("--after", type=int, default=0, metavar="POSITION", help="cat: only what follows on it")
        parser.add_argument("--archive", metavar="DIR", type=Path, help="the archive (default: DATA_DIR/archive)")
        parser.add_argument("--data-dir", help="where the embedded stack lives (default: GOVSITE_DATA_DIR or var/)")

    def handle(self, *args: Any, **options: Any) -> None:
        directory: Path = options["archive"] or settings.DATA_DIR / "archive"
        if not directory.is_dir():
            raise CommandError(f"There is no archive in {directory}: `runrelay --archive DIR` writes it.")
        try:
            match options["question"]:
                case "status":
                    self._status(directory)
                case "check":
                    self._check(directory, options)
                case _:
                    self._cat(directory, options)
        except Damaged as error:
            raise CommandError(f"The archive is damaged: {error}.") from error
        except psycopg.OperationalError as error:
            raise CommandError(f"PostgreSQL does not answer: {error}") from error

    def _status(self, directory: Path) -> None:
        console = Console(file=cast("IO[str]", self.stdout), soft_wrap=True)
        found = Table("file", "first", "last", "size", "state")
        for name, segment in _files(directory):
            first, last = _ends(segment)
            size = f"{segment.path.stat().st_size / 2**20:.2f} MB"
            found.add_row(name, str(first), str(last), size, "sealed" if segment.sealed else "open")
        console.print(found)
        if source := source_of(directory):
            console.print(f"Written from the database cluster {source.system}, timeline {source.timeline}.")
        for aside in sorted(directory.glob("set-aside/*")):
            console.print(f"Set aside: {aside}")
        alarms = recorded(directory)
        console.print(f"{len(alarms)} alarms on record{':' if alarms else '.'}")
        for alarm in alarms[-20:]:
            console.print(f"  {alarm.at} {alarm.text}", markup=False)

    def _check(self, directory: Path, options: dict[str, Any]) -> None:
        whole = True
        with psycopg.connect(settings.DATABASE_URL, autocommit=True, application_name="archive check") as connection:
            for log in [options["log"]] if options["log"] else ["governance", "execution"]:
                broken = archive.compare(connection, directory, log, options["partition"])
                end = archive.end_of(directory, log, options["partition"])
                whole = whole and broken is None
                verdict = f"position {broken.position}: {broken.reason}" if broken else f"{end} events, as in the table"
                self.stdout.write(f"{log}: {verdict}")
        if not whole:
            sys.exit(1)

    def _cat(self, directory: Path, options: dict[str, Any]) -> None:
        for log in [options["log"]] if options["log"] else ["governance", "execution"]:
            for line in archive.lines(directory, log, options["partition"], options["after"]):
                self.stdout.write(encode(line).decode())


def _files(directory: Path) -> Iterator[tuple[str, Segment]]:
    for folder in sorted(path for path in directory.iterdir() if path.is_dir() and path.name != "set-aside"):
        for segment in segments(folder):
            yield f"{folder.name}/{segment.path.name}", segment


def _ends(segment: Segment) -> tuple[int, int]:
    if segment.sealed:
        seal = segment.seal()
        return seal.first, seal.last
    with segment.path.open("rb") as file:
        whole = [one for one in members(segment.path, file) if isinstance(one, Member)]
    return (whole[0].first, whole[-1].last) if whole else (0, 0)

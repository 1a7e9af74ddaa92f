"""`audit export`: events with a signed manifest, to be verified by whoever has the public key."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import IO, Any, cast

import psycopg
from django.core.management import CommandError

from govsite.auditing.checkpoint import configured_key, public_key_file
from govsite.auditing.conditions import add_conditions, known_names, question
from ledger.export import EVENTS, MANIFEST, NotEmpty, export

EXAMPLES = """
  python manage.py audit export --to export-1 --book demo --from 2026-01-31
  python docs/verify_offline.py --public-key var/checkpoint.pub export export-1
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", required=True, type=Path, metavar="DIR", dest="directory", help="a directory to make")
    add_conditions(cast("argparse.ArgumentParser", _WithUntil(parser)), limit=0)


class _WithUntil:
    """A parser on which the end of time is called --until: --to is the directory here."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self.parser = parser

    def add_argument(self, name: str, **options: Any) -> None:
        self.parser.add_argument("--until" if name == "--to" else name, **options)


def run(connection: psycopg.Connection[Any], options: dict[str, Any], out: IO[str]) -> bool:
    """Writes the files. CommandError where there is an export already, no key, or an unknown name."""
    directory: Path = options["directory"]
    asked = question(options)
    known_names(connection, asked)
    try:
        manifest = export(connection, asked, directory, configured_key())
    except (NotEmpty, OSError) as error:
        raise CommandError(str(error)) from error
    out.write(f"{manifest['events']['count']:,} events in {directory / EVENTS}\n")
    checkpoints = len(manifest["checkpoints"])
    out.write(f"{directory / MANIFEST}: signed by the key {manifest['key_id']}, with {checkpoints:,} checkpoints\n")
    out.write(f"verify it with: python docs/verify_offline.py --public-key {public_key_file()} export {directory}\n")
    return True

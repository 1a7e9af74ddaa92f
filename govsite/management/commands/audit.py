"""Asks, explains, verifies and exports the ledger."""

from __future__ import annotations

import argparse
import sys
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from govsite.auditing import as_of, checkpoint, explain, export, query, verify

# Each gives add_arguments(parser) and run(connection, options, out) -> bool (False: exit code 1), and perhaps EXAMPLES.
PARTS = {
    "query": (query, "list events, oldest first"),
    "explain": (explain, "tell how a decision came about, what became of it and what it was worth"),
    "as-of": (as_of, "show a book as it was at a time: positions, profit, weights, rules, halts"),
    "verify": (verify, "check hash chains, checkpoints, archive, decisions and read models"),
    "export": (export, "write events with a signed manifest that can be verified offline"),
    "checkpoint": (checkpoint, "sign and list checkpoints of the hash chains"),
}


class Command(BaseCommand):
    help = "Asks the ledger which events there are, explains decisions, shows the past, verifies and exports"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        examples = "".join(getattr(part, "EXAMPLES", "").rstrip() for part, _ in PARTS.values())
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = f"Examples:{examples}"
        questions = parser.add_subparsers(dest="question", required=True, metavar=" | ".join(PARTS))
        _add_data_dir(parser)
        for name, (part, help_text) in PARTS.items():
            examples = getattr(part, "EXAMPLES", "").rstrip()
            one = questions.add_parser(
                name,
                help=help_text,
                description=f"{help_text[0].upper()}{help_text[1:]}.",
                epilog=f"Examples:{examples}" if examples else None,
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
            _add_data_dir(one)
            part.add_arguments(one)

    def handle(self, *args: Any, **options: Any) -> None:
        part, _ = PARTS[options["question"]]
        try:
            with psycopg.connect(settings.DATABASE_URL, autocommit=True, application_name="audit") as connection:
                whole = part.run(connection, options, self.stdout)
        except psycopg.OperationalError as error:
            raise CommandError(f"PostgreSQL does not answer: {error}") from error
        if not whole:
            sys.exit(1)


def _add_data_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data-dir", help="where the embedded stack lives (default: GOVSITE_DATA_DIR or var/)")

"""`manage.py halt`: stop all trading now, with nothing but PostgreSQL."""

from __future__ import annotations

import argparse
import getpass
import uuid
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger import gate
from ledger.errors import GateHeld

EXAMPLES = """
examples:
  python manage.py halt --reason "prices look wrong"
  python manage.py halt --all --reason "unplugging" --actor operator:ann

When this returns the halt is committed: no order of the book is sent or filled after it, whatever the state of
governor, Redis or web site. To trade again, resume on the site: that takes one operator for reducing positions
and two for normal trading.
"""


class Command(BaseCommand):
    help = "Halts a book, or all of them, through the gate in PostgreSQL."
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        style = argparse.RawDescriptionHelpFormatter
        return super().create_parser(prog_name, subcommand, epilog=EXAMPLES, formatter_class=style, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--book", default="demo", help="which book (default: demo)")
        which.add_argument("--all", action="store_true", help="all books")
        parser.add_argument("--reason", required=True, metavar="TEXT", help="why; it is kept with the halt")
        parser.add_argument("--actor", metavar="NAME", help="who halts (default: operator:<your login>)")
        parser.add_argument("--data-dir", metavar="DIR", help="of the stack (default: var/, or GOVSITE_DATA_DIR)")

    def handle(self, **options: Any) -> None:
        book = gate.ALL_BOOKS if options["all"] else options["book"]
        actor = options["actor"] or f"operator:{getpass.getuser()}"
        try:
            with psycopg.connect(settings.DATABASE_URL, connect_timeout=5) as connection:
                if book != gate.ALL_BOOKS and not _is_known(connection, book):
                    raise CommandError(f"There is no book {book} in the ledger: nothing was halted.")
                shut = gate.halt(connection, book, who=actor, why=options["reason"], command_id=str(uuid.uuid4()))
        except GateHeld as error:
            raise CommandError(str(error)) from error
        except psycopg.OperationalError as error:
            raise CommandError(f"PostgreSQL does not answer, nothing was halted: {error}") from error
        which = "All books are" if options["all"] else f"Book {book} is"
        self.stdout.write(f"{which} halted by {shut.who}: {shut.why}")


def _is_known(connection: psycopg.Connection, book: str) -> bool:
    """A slip of the pen must not look like a halt."""
    return connection.execute("SELECT 1 FROM event_log WHERE book = %s LIMIT 1", [book]).fetchone() is not None

"""`manage.py accounts`: the accounts that processes have in PostgreSQL and in Redis."""

from __future__ import annotations

import argparse
import os
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from govsite.accounts import redis_users
from govsite.accounts.passwords import Missing, given
from govsite.accounts.postgres import grant, provision
from govsite.accounts.table import ACCOUNTS, OWNER, variable
from ledger.session import PATIENCE

EXAMPLES = """
examples:
  python manage.py accounts provision       PostgreSQL: makes the roles that are missing, with the passwords of the
                                            variables GOVSITE_PASSWORD_…, and grants (`stack prepare` does so too)
  python manage.py accounts grant           only grants, as every `migrate` does
  python manage.py accounts redis           prints the lines of Redis's ACL file, with variables for passwords:
                                            deploy/users.acl is made so
"""


class Command(BaseCommand):
    help = "Least privilege: an account per process, made of govsite/accounts/table.py (docs/access.md)."
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        style = argparse.RawDescriptionHelpFormatter
        return super().create_parser(prog_name, subcommand, epilog=EXAMPLES, formatter_class=style, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["provision", "grant", "redis"])

    def handle(self, **options: Any) -> None:
        if options["action"] == "redis":
            words = {name: f">${{{variable(name)}}}" for name in ACCOUNTS}
            self.stdout.write("\n".join(redis_users.lines({**words, OWNER: ">${REDIS_PASSWORD}"})))
            return
        try:
            passwords = given(os.environ)
            with psycopg.connect(settings.DATABASE_URL, autocommit=True, application_name="accounts", **PATIENCE) as to:
                if options["action"] == "grant":
                    grant(to)
                elif passwords:
                    provision(to, passwords)
        except Missing as missing:
            raise CommandError(str(missing)) from missing
        except psycopg.errors.InsufficientPrivilege as error:
            raise CommandError(
                f"DATABASE_URL must be of a user that may make roles (for the relay, with REPLICATION): {error}"
            ) from error
        if options["action"] == "provision" and not passwords:
            raise CommandError(f"No password was given: set {variable('governor')} and the like (docs/access.md).")

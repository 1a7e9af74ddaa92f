"""`manage.py verification RUN`: the process of a verification that was started on the site."""

from __future__ import annotations

import os
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from govsite.ops.verifying import run


class Command(BaseCommand):
    help = "Runs the verification that a page of the site has just started; by hand, use `audit verify`."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", metavar="RUN", help="its id, as the page has kept it")

    def handle(self, *args: Any, **options: Any) -> None:
        os.nice(10)  # whoever governs and trades comes first
        try:
            whole = run(options["run"])
        except LookupError as error:
            raise CommandError(str(error)) from error
        if not whole:
            raise CommandError("something does not hold: the page says what", returncode=1)

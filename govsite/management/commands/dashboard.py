"""`manage.py dashboard`: builds the dashboard unless it is up to date."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser

from govsite.dashboard.building import CannotBuild, build, current


class Command(BaseCommand):
    help = "Builds the dashboard (Node 20.9 or newer, npm) unless it is up to date; the site serves it at /dashboard/."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="build nothing; exit with 1 if it is not up to date")

    def handle(self, *args: Any, **options: Any) -> None:
        frontend: Path = settings.BASE_DIR / "frontend"
        if options["check"]:
            if not current(frontend, settings.DASHBOARD_DIR):
                raise CommandError("the dashboard is not built from its sources as they are: manage.py dashboard")
            return
        os.nice(10)  # beside a running market
        try:
            build(frontend, settings.DASHBOARD_DIR, lambda text: self.stdout.write(text, ending="\n"))
        except CannotBuild as error:
            raise CommandError(str(error)) from error

"""`manage.py interface DIRECTORY`: the API, the live messages and the words for people, as files for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from govsite.api.interface import files


class Command(BaseCommand):
    help = (
        "Writes openapi.json (the API), messages.json (JSON Schema of the live socket's frames and of every event) and "
        "words.json (what codes mean). The dashboard's types are generated from them: `npm run generate` in frontend/."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", metavar="DIRECTORY", help="where to write them, such as frontend/interface")
        parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file differs")

    def handle(self, *args: Any, **options: Any) -> None:
        directory = Path(options["directory"])
        if options["check"]:
            different = [name for name, text in files().items() if _read(directory / name) != text]
            if different:
                again = f"manage.py interface {directory}, then npm run generate in frontend/"
                raise CommandError(f"{', '.join(different)} in {directory} do not say what the code says: {again}")
            return
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in files().items():
            (directory / name).write_text(text)
            self.stdout.write(f"{directory / name}")


def _read(file: Path) -> str | None:
    return file.read_text() if file.is_file() else None

"""How backup and restore show what they do, and where they find the database."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError
from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import TaskID

from govsite.backup.checking import Progress
from govsite.stack.alone import postgres_alone
from govsite.stack.datadir import Unusable
from govsite.stack.embedded import NotOurs


@contextmanager
def shown() -> Iterator[Progress]:
    with Bars(console=Console(stderr=True), transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def tell(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=max(of, done))
            progress.update(tasks[what], completed=done, total=max(of, done))

        yield tell


def again_with_postgres() -> int:
    """Where no stack runs its PostgreSQL is started for this command, which is then run again; gives its exit code."""
    try:
        with postgres_alone(settings.DATA_DIR) as url:
            environment = {**os.environ, "DATABASE_URL": url, "GOVSITE_DATA_DIR": str(settings.DATA_DIR)}
            command = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), *sys.argv[1:]]
            return subprocess.run(command, env=environment, check=False).returncode
    except (Unusable, NotOurs) as error:
        raise CommandError(str(error)) from error

"""`manage.py chaos`: kills, pauses, doubles and starves a stack of its own, and checks what must always hold."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from govsite.chaos import run
from govsite.chaos.faults import FAULTS, fill_disk
from govsite.chaos.victim import Broken, Victim

DISK = "the disk of PostgreSQL is full"
DISK_BYTES = "1500m"
EPILOG = """\
A stack of its own is started in a temporary directory and put under load. Then, in random order and at random
moments: kill -9 of feed, agents, governor, executor, relay, projector, PostgreSQL and Valkey; servers that hang; a
governor or an executor that is paused until another has its lease, and wakes up; a second one started by mistake;
Valkey restored from a second ago; halts. With --disk also a full disk (the stack's files are then on a small tmpfs:
root only, Linux).

After each: every process is back by itself and trading goes on; nothing that was seen committed is gone; the hash
chains hold; every order of every decision came to exactly one end; nothing was filled after a halt; positions are what
the fills add up to. Now and then, and at the end, `audit verify` checks everything else, read models against a rebuild
too. Exit code 1 when anything did not hold; the directory is then kept.

examples:
  manage.py chaos                              200 kills and 5 of each other fault: about half an hour
  manage.py chaos --kills 16 --others 1 --seed 3
  manage.py chaos --only 'kill -9 governor' --kills 20
  manage.py chaos --report docs/chaos.md       puts the table into that page
"""


class Command(BaseCommand):
    requires_system_checks = []
    help = "Breaks a stack of its own in every way, and checks after each fault what must always hold."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EPILOG
        parser.add_argument("--kills", type=int, default=200, metavar="N", help="how many kills in all (default 200)")
        parser.add_argument("--others", type=int, default=5, metavar="N", help="of each other fault (default 5)")
        parser.add_argument("--seed", type=int, default=1, metavar="N", help="order and moments follow from it")
        parser.add_argument("--only", choices=sorted(FAULTS), metavar="FAULT", help=f"one of: {', '.join(FAULTS)}")
        parser.add_argument("--disk", action="store_true", help="also fill the disk of PostgreSQL")
        parser.add_argument("--report", type=Path, metavar="FILE", help="write the table into this page")
        parser.add_argument("--data-dir", help="not used: it has a directory of its own")

    def handle(self, *args: Any, **options: Any) -> None:
        random = Random(options["seed"])
        planned = run.schedule(options["kills"], options["others"], random)
        if options["only"]:
            planned = [options["only"]] * options["kills"]
        directory = Path(tempfile.mkdtemp(prefix="govchaos-"))
        directory.chmod(0o755)
        outcome = self._rehearse(directory / "var", planned, random, options["disk"])
        for line in (lines := list(run.report(outcome, options["seed"]))):
            self.stdout.write(line)
        if options["report"]:
            run.write(options["report"], iter(lines))
        if not outcome.sound:
            broken = [f"{trial.fault}: {fault}" for trial in outcome.trials for fault in trial.faults]
            raise CommandError("\n".join([*broken, outcome.verified, f"everything is kept in {directory}"]))
        shutil.rmtree(directory)

    def _rehearse(self, directory: Path, planned: list[str], random: Random, disk: bool) -> run.Outcome:
        faults = dict(FAULTS)
        if disk:
            directory.mkdir()
            _mount(directory)
            faults[DISK] = partial(fill_disk, directory)
            planned = planned + [DISK] * 3
            random.shuffle(planned)
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        try:
            with Progress(*columns) as progress, Victim(directory) as victim:
                task = progress.add_task("starting a stack", total=len(planned))

                def say(text: str) -> None:
                    if text.startswith("BROKEN"):
                        progress.console.print(text)
                    else:
                        done = int(text.split(maxsplit=1)[0]) - 1 if text[0].isdigit() else len(planned)
                        progress.update(task, description=text, completed=done)

                return run.rehearse(victim, planned, random, say, faults)
        except Broken as error:
            raise CommandError(str(error)) from error
        finally:
            if disk:
                subprocess.run(["umount", "--lazy", str(directory)], check=False)


def _mount(directory: Path) -> None:
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(directory)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        raise CommandError(
            f"A small file system for --disk cannot be mounted (root is needed): {mounted.stderr.strip()}"
        )

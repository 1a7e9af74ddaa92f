"""`manage.py measuresynthetic`: what the scenarios of the synthetic market are like, as tables in Markdown."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from feeds.synthetic import SCENARIOS
from feeds.synthetic.report import FALLS_HEAD, HEAD, falls_row, head, row
from feeds.synthetic.statistics import falls, measure


class Command(BaseCommand):
    help = "Measures the scenarios of the synthetic market: volatility, tails, correlation, spreads, arrivals, crashes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--scenario", nargs="+", choices=SCENARIOS, default=list(SCENARIOS))
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--seconds", type=float, default=600.0, help="of market time, per scenario (600)")
        parser.add_argument(
            "--crashes", type=int, default=0, metavar="SEEDS", help="first crashes of so many seeds too"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        seed, seconds = options["seed"], options["seconds"]
        self.stdout.write(head(HEAD))
        for name in options["scenario"]:
            try:
                measured = measure(SCENARIOS[name], seed=seed, lasting_s=seconds)
            except ValueError as error:
                raise CommandError(f"{name}: {error}: give it more --seconds") from error
            self.stdout.write(row(name, measured))
        if not options["crashes"]:
            return
        self.stdout.write("\n" + head(FALLS_HEAD))
        for name in options["scenario"]:
            if SCENARIOS[name].crashes is None:
                continue
            seeds = range(seed, seed + options["crashes"])
            found = [fall for each in seeds for fall in falls(SCENARIOS[name], seed=each, lasting_s=seconds)]
            if found:
                self.stdout.write(falls_row(name, found))

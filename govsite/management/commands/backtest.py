"""`manage.py backtest`: the whole engine over recordings in one process, or a recorded run once more."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from feeds.recordings.lines import Unreadable
from govsite.backtest import Report, backtest
from govsite.repeat import repeat

EPILOG = """\
Feeds, agents, governance, rules and execution run in one process on a virtual clock, with the ledger in memory. The
same recording gives the same digest each time. With --recorded, what a live run kept with `runstack --record DIR` is
given to the same cores again, which must decide the same.

examples:
  manage.py backtest --path recordings/btcusdt-*.jsonl.gz
  manage.py backtest --path btc.jsonl.gz eth.jsonl.gz --json result.json
  manage.py backtest --recorded var/recorded
"""


class Command(BaseCommand):
    requires_system_checks = []
    help = "Runs the demo council over recordings, as fast as it goes, with every vote, rule and fill."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EPILOG
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument("--path", nargs="+", metavar="FILE", help="recordings; several are merged by receive time")
        source.add_argument("--recorded", type=Path, metavar="DIR", help="what `runstack --record DIR` kept")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write the report there as well, as JSON")
        parser.add_argument("--data-dir", help="where the embedded stack lives (default: var)")

    def handle(self, *args: Any, **options: Any) -> None:
        console = Console()
        try:
            if options["recorded"]:
                report: Report = repeat(options["recorded"])
            else:
                with console.status("reading and deciding"):
                    report = backtest(options["path"])
        except (Unreadable, FileNotFoundError, msgspec.MsgspecError) as error:
            raise CommandError(str(error)) from error
        console.print(_table(report))
        if options["json"]:
            options["json"].write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")


def _table(report: Report) -> Table:
    table = Table(show_header=False, box=None)
    for name, value in msgspec.to_builtins(report).items():
        shown = ", ".join(f"{key} {count:,}" for key, count in value.items()) if isinstance(value, dict) else value
        table.add_row(name, f"{shown:,}" if isinstance(shown, int | float) else str(shown))
    return table

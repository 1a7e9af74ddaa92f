"""`manage.py seed`: founds the demo book, and lists what a recording trades."""

from __future__ import annotations

import argparse
import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from agents.demo import BENCH_COUNCIL, DEMO_COUNCIL
from feeds.recordings.lines import Unreadable
from feeds.recordings.reading import instruments
from govsite.seed import KNOWN, LOAD_TERMS, known_instrument, seed, seen_instrument

EPILOG = """\
The demo book has 100,000 USDT, six agents that vote with equal mass, a risk and a compliance seat, and the starter
rulebook of 20 rules.
Founding it twice changes nothing. Instruments that a recording trades and the book lacks are listed as well.
It writes both logs itself: no governor and no executor may be running.

examples:
  manage.py seed
  manage.py seed --path recordings/solusdt.jsonl.gz
"""
COUNCILS = {"demo": (DEMO_COUNCIL, None), "bench": (BENCH_COUNCIL, LOAD_TERMS)}


class Command(BaseCommand):
    requires_system_checks = []
    help = "Founds the demo book unless it is there; prints what was new as JSON."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EPILOG
        parser.add_argument(
            "--path", nargs="+", default=[], metavar="FILE", help="recordings whose instruments to list"
        )
        parser.add_argument(
            "--council", choices=COUNCILS, default="demo", help="who votes: the demo's agents, or load-test ones"
        )
        parser.add_argument("--data-dir", help="where the embedded stack lives (default: var)")

    def handle(self, *args: Any, **options: Any) -> None:
        terms = {symbol: known_instrument(symbol) for symbol in KNOWN}
        try:
            for symbol, seen in instruments(options["path"]).items() if options["path"] else ():
                terms[symbol] = seen_instrument(symbol, seen)
        except Unreadable as error:
            raise CommandError(str(error)) from error
        council, book_terms = COUNCILS[options["council"]]
        new = seed(settings.DATABASE_URL, terms.values(), council, book_terms)
        self.stdout.write(json.dumps({"new": new}))

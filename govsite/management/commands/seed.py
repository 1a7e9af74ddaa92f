"""`manage.py seed`: founds the demo book, and lists what a recording trades."""

from __future__ import annotations

import argparse
import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from agents.demo import BENCH_COUNCIL, DEMO_COUNCIL
from feeds.choosing import VENUES, Wanted
from feeds.management.commands.runfeed import rest, symbols, venue, websocket
from feeds.recordings import Unreadable, instruments
from govsite.listing import Inquiry
from govsite.seed import BOOK, KNOWN, LOAD_TERMS, known_instrument, listed_symbols, seed, seen_instrument
from streams.events import InstrumentTerms

EPILOG = """\
The demo book has 100,000 USDT, six agents that vote with equal mass, a risk and a compliance seat, and the starter
rulebook of 20 rules.
Founding it twice changes nothing. Instruments that the book lacks are listed as well: those that a recording trades,
and those of a live feed with --venue and --symbols as for runfeed. What they trade in is built in for BTC, ETH and SOL
on Binance, else known from an earlier feed, else asked of the venue, which has 5 s to answer; shares are traded one by
one at whole cents. What remains unknown is warned of and can be listed later, by the same command.
It writes both logs itself: no governor and no executor may be running.

examples:
  manage.py seed
  manage.py seed --book second
  manage.py seed --path recordings/solusdt.jsonl.gz
  manage.py seed --symbols BTCUSDT,DOGEUSDT
  manage.py seed --venue binance:DOGEUSDT alpaca-iex:AAPL,SPY
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
        parser.add_argument("--book", default=BOOK, help=f"which book to found (default: {BOOK})")
        parser.add_argument("--symbols", type=symbols, default=(), metavar="A,B", help="of a live feed, to be listed")
        parser.add_argument(
            "--venue",
            type=venue,
            nargs="+",
            default=[],
            metavar="NAME[:A,B]",
            help=f"who brings them, of {', '.join(VENUES)}; default: binance",
        )
        parser.add_argument("--url", type=websocket, nargs="+", default=[], metavar="WS", help="of the feed")
        parser.add_argument(
            "--rest", type=rest, nargs="+", default=[], metavar="HTTP", help="whom to ask; default: where --url is"
        )
        parser.add_argument("--data-dir", help="where the embedded stack lives (default: var)")

    def handle(self, *args: Any, **options: Any) -> None:
        terms = {symbol: known_instrument(symbol) for symbol in KNOWN}
        try:
            for symbol, seen in instruments(options["path"]).items() if options["path"] else ():
                terms[symbol] = seen_instrument(symbol, seen)
        except Unreadable as error:
            raise CommandError(str(error)) from error
        if options["venue"] or options["symbols"]:
            terms |= self._live(options)
        council, book_terms = COUNCILS[options["council"]]
        new = seed(
            settings.DATABASE_URL,
            terms.values(),
            council,
            book_terms,
            book=options["book"],
            partitions=settings.PARTITIONS,
        )
        self.stdout.write(json.dumps({"new": new}))

    def _live(self, options: dict[str, Any]) -> dict[str, InstrumentTerms]:
        url = settings.DATABASE_URL
        listed = listed_symbols(url, options["book"], settings.PARTITIONS)
        inquiry = Inquiry(url, listed=listed, urls=options["url"], rest_urls=options["rest"])
        inquiry.ask(options["venue"] or [Wanted("binance")], options["symbols"])
        for warning in inquiry.warnings:
            self.stderr.write(self.style.WARNING(warning))
        return inquiry.terms

"""`manage.py bars`: bars of an instrument for people, spreadsheets and programs."""

from __future__ import annotations

import argparse
import csv
import os
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import IO, Any, cast

import msgspec
import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from market import bars
from market.domain.bars import SECOND_NS, WIDTHS_S, Bar

EXAMPLES = """\
examples:
  manage.py bars BTCUSDT                                                     the last hour, minute by minute
  manage.py bars BTCUSDT --width 1 --last 5m                                 the last five minutes, by seconds
  manage.py bars BTCUSDT --since 2026-01-31T09:00 --until 2026-01-31T17:00   a day's trading, UTC
  manage.py bars BTCUSDT --last 30d --format csv > btc.csv                   for a spreadsheet
  manage.py bars BTCUSDT --width 1 --last 1d --format jsonl                  one JSON object a line

Times are of the market clock: where a recording is replayed they are the recording's, and --last counts back from the
newest bar. A bar exists only where something happened. Open, high, low and close are those of trades; a bar without
trades has no volume and the prices of P, which is `mark` at the end of every bar. `mixed` bars have ticks of more than
one source or venue, of which the last is named. In csv and jsonl `at` is in ns, numbers are exact.
"""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def moment(text: str) -> int:
    """An ISO time (UTC where no offset is given) or nanoseconds, as nanoseconds."""
    if text.isdecimal() and len(text) > 8:
        return int(text)
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; it should be like 2026-01-31T09:00") from error
    return (when.replace(tzinfo=when.tzinfo or UTC) - EPOCH) // MICROSECOND * 1000


def duration(text: str) -> int:
    """Such as 90s, 5m, 1h or 2d, as nanoseconds."""
    found = re.fullmatch(r"([1-9][0-9]{0,6})([smhd])", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; it should be like 90s, 5m, 1h or 2d")
    return int(found[1]) * UNITS_S[found[2]] * SECOND_NS


class Command(BaseCommand):
    help = "Lists bars of an instrument: open, high, low, close, volume, turnover and P, by the second or the minute"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EXAMPLES
        parser.add_argument("instrument", metavar="SYMBOL")
        parser.add_argument("--width", type=int, choices=WIDTHS_S, default=60, help="of a bar, seconds; default: 60")
        parser.add_argument("--since", type=moment, metavar="TIME", help="bars that begin then or later")
        parser.add_argument("--until", type=moment, metavar="TIME", help="and before this; default: the newest")
        parser.add_argument("--last", type=duration, metavar="1h", help="before the end; default: 1h without --since")
        parser.add_argument("--format", choices=("table", "csv", "jsonl"), default="table")
        parser.add_argument("--data-dir", help="where the embedded stack lives (default: GOVSITE_DATA_DIR or var/)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["since"] is not None and options["last"] is not None:
            raise CommandError("--since and --last both say where to begin: give one of them.")
        if not settings.DATABASE_URL:
            raise CommandError("No stack is running: start `manage.py runstack`, or set DATABASE_URL.")
        try:
            with psycopg.connect(settings.DATABASE_URL, autocommit=True, application_name="bars") as connection:
                self._write(options["format"], options["instrument"], _asked(connection, options))
        except psycopg.OperationalError as error:
            raise CommandError(f"PostgreSQL does not answer: {error}") from error
        except BrokenPipeError:
            # Who reads has enough, as `head` has; what is left in the buffer has nowhere to go.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _write(self, form: str, instrument: str, found: Iterable[Bar]) -> None:
        if form == "jsonl":
            for bar in found:
                self.stdout.write(msgspec.json.encode(bar).decode())
        elif form == "csv":
            rows = csv.writer(self.stdout, lineterminator="\n")
            rows.writerow(bars.COLUMNS)
            rows.writerows([_plain(getattr(bar, name)) for name in bars.COLUMNS] for bar in found)
        else:
            width = None if sys.stdout.isatty() else 200
            Console(file=cast("IO[str]", self.stdout), width=width, markup=False).print(_table(instrument, found))


def _asked(connection: bars.Connection, options: dict[str, Any]) -> Iterable[Bar]:
    """Raises CommandError where the instrument has no bars at all, with those that have."""
    instrument, width_s = options["instrument"], options["width"]
    newest = bars.newest_at(connection, instrument, width_s)
    if newest is None:
        known = ", ".join(bars.instruments(connection)) or "nothing: no feed has written here yet"
        raise CommandError(f"There are no bars of {instrument!r}. There are some of {known}.")
    until = options["until"] if options["until"] is not None else newest + 1
    since = options["since"]
    if since is None:
        since = until - (options["last"] or 3600 * SECOND_NS)
    return bars.every_bar(connection, instrument, width_s, since, until)


def _table(instrument: str, found: Iterable[Bar]) -> Table:
    table = Table(title=instrument, caption="UTC, market clock; * more than one source", title_justify="left")
    table.add_column("at")
    for name in ("open", "high", "low", "close", "mark", "volume", "of it bought", "turnover", "trades"):
        table.add_column(name, justify="right")
    table.add_column("source")
    for bar in found:
        numbers = (bar.open, bar.high, bar.low, bar.close, bar.mark, bar.volume, bar.buy_volume, bar.turnover)
        when = EPOCH + timedelta(microseconds=bar.at // 1000)
        source = f"{bar.source} {bar.venue}{' *' if bar.mixed else ''}"
        table.add_row(f"{when:%Y-%m-%d %H:%M:%S}", *map(_plain, numbers), f"{bar.trades}", source)
    return table


def _plain(value: Any) -> str:
    """All digits, without exponent and zeros that say nothing."""
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return text.rstrip("0").rstrip(".") if isinstance(value, Decimal) and "." in text else text

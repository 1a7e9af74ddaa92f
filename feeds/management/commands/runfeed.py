"""`manage.py runfeed`: the market's way in."""

from __future__ import annotations

import argparse
import logging
from typing import Any

import redis
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from feeds.binance.frames import SYMBOL
from feeds.choosing import Wishes, choose
from feeds.feed import Feed
from feeds.publisher import ACTOR, Publisher
from feeds.recordings import Unreadable
from market.marks import MarkWriter
from streams.client import Streams
from streams.stopping import Stop, Stopping, persist
from streams.telemetry import Telemetry, processes

log = logging.getLogger(__name__)

DESCRIPTION = """\
Brings the market in: publishes trades, quotes and order book changes to the Redis stream `market.ticks`, and keeps in
PostgreSQL (table `price_run`) when each instrument had which price. It does not wait for PostgreSQL: what cannot be
written is kept in memory, the newest first, and counted as `marks_dropped` when it becomes too much.

  live       Binance over WebSocket. When nothing comes for 5 s (10 s once it has been running) the feed falls back by
             itself, to the recordings of --path if there are any, else to the synthetic market; the venue is kept
             being tried and taken back after 10 s of data. Every tick says where it comes from.
  replay     Recordings of Binance streams, with their own spacing times --speed. Several files are merged by receive
             time. `received_at` is the moment at which a tick was due, so a delay of the feed counts as delay.
  synthetic  An invented market of BTCUSDT, ETHUSDT and SOLUSDT with trends, reversion and jumps; the same --seed
             gives the same market.
"""

EXAMPLES = """\
examples:
  manage.py runfeed                                            live, falling back by itself
  manage.py runfeed --symbols BTCUSDT,SOLUSDT                  live, these two
  manage.py runfeed --feed replay --path day.jsonl.gz          a recording as it was
  manage.py runfeed --feed replay --path 'rec/*.gz' --speed 10 several, ten times as fast
  manage.py runfeed --feed replay --path rec/ --speed max      as fast as the readers can follow
  manage.py runfeed --feed replay --path rec/ --loop           for ever; times and ids keep rising
  manage.py runfeed --feed replay --path rec/ --once           ends with the recording
  manage.py runfeed --feed synthetic --seed 7                  an invented market
  manage.py runfeed --url ws://127.0.0.1:9000                  another server that speaks Binance's protocol
  manage.py runfeed --check                                    exit code 0 if a feed is running, else 1

A recording is a file of lines `<receive time> {frame}`, or of bare frames, plain or gzipped. A line that cannot be
used goes to the stream `dead.letters` with its reason and is counted; it never ends the reading.
"""


def speed(text: str) -> float | None:
    """A number above 0, or `max`, which is None: no pace at all."""
    if text == "max":
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number nor `max`") from error
    if not 0 < value <= 100_000:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 100,000; for no pace at all say `max`")
    return value


def symbols(text: str) -> tuple[str, ...]:
    wanted = tuple(symbol.strip().upper() for symbol in text.split(",") if symbol.strip())
    for symbol in wanted:
        if SYMBOL.fullmatch(symbol) is None:
            raise argparse.ArgumentTypeError(f"{symbol!r} is no symbol; it should be like BTCUSDT")
    return wanted


def websocket(text: str) -> str:
    if not text.startswith(("ws://", "wss://")):
        raise argparse.ArgumentTypeError(f"{text!r} does not begin with ws:// or wss://")
    return text


class Command(BaseCommand):
    help = DESCRIPTION
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--feed", choices=["live", "replay", "synthetic"], default="live", help="default: live")
        parser.add_argument("--path", nargs="+", default=[], metavar="FILE", help="recordings: files, folders, globs")
        parser.add_argument("--rate", type=float, metavar="R", help="replay R ticks a second, evenly")
        parser.add_argument("--speed", type=speed, default=1.0, metavar="X|max", help="times as fast; default: 1")
        parser.add_argument(
            "--symbols", type=symbols, default=(), metavar="A,B", help="only these; live has BTCUSDT,ETHUSDT by default"
        )
        parser.add_argument("--seed", type=int, default=1, help="of the synthetic market; default: 1")
        parser.add_argument(
            "--url", type=websocket, nargs="+", default=[], metavar="WS", help="WebSocket servers, tried in turn"
        )
        parser.add_argument("--loop", action="store_true", help="a recording begins again when it ends")
        parser.add_argument("--once", action="store_true", help="exit at the end of the recording")
        parser.add_argument("--check", action="store_true", help="only tell whether a feed is running")
        parser.add_argument("--data-dir", metavar="DIR", help="of the running stack; default: var/")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.REDIS_URL:
            raise CommandError("No stack is running: start `manage.py runstack`, or set REDIS_URL.")
        streams = Streams(settings.REDIS_URL)
        if options["check"]:
            self._check(streams)
            return
        stop = Stop().install()
        telemetry = Telemetry(streams.redis, ACTOR)
        try:
            publisher = Publisher(streams, telemetry)
            wishes = Wishes(**{name: options[name] for name in Wishes.__struct_fields__})
            after, source = persist(
                "Redis",
                lambda: (publisher.past().market_at, choose(wishes, publisher)),
                stop,
                errors=(redis.RedisError,),
            )
            Feed(streams, telemetry, publisher, source, stop, marks=_marks(after), once=options["once"]).run()
        except Unreadable as error:
            raise CommandError(str(error)) from error
        except Stopping:
            log.info("stopped while waiting")
            return
        _leave(telemetry)

    def _check(self, streams: Streams) -> None:
        try:
            report = processes(streams.redis).get(ACTOR)
        except redis.RedisError as error:
            raise CommandError(f"Redis does not answer: {error}") from error
        if report is None:
            raise CommandError("No feed has been heard of in the last 5 s.")
        gauges = report["gauges"]
        self.stdout.write(f"feed is {report['state']}: {gauges.get('mode', '?')}, {gauges.get('rate', 0)} ticks/s")


def _marks(after: int) -> MarkWriter | None:
    """Without a database there is a market, but no outcome can be scored."""
    if not settings.DATABASE_URL:
        log.warning("no marks are kept: there is no DATABASE_URL")
        return None
    return MarkWriter(settings.DATABASE_URL, after=after).start()


def _leave(telemetry: Telemetry) -> None:
    try:
        telemetry.leave()
    except redis.RedisError as error:
        log.warning("could not say goodbye: %s", error)

"""`manage.py runfeed`: the market's way in."""

from __future__ import annotations

import argparse
import logging
from typing import Any, get_args

import redis
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from feeds.alpaca.plan import MissingKey
from feeds.binance.frames import SYMBOL
from feeds.choosing import VENUES, Fallback, Impossible, Wanted, Wishes, choose
from feeds.display import terminal_line
from feeds.feed import Feed, Show
from feeds.publisher import ACTOR, Publisher
from feeds.recordings import Unreadable
from feeds.synthetic import SCENARIOS
from market.writer import MarketWriter
from streams.client import Streams
from streams.stopping import Stop, Stopping, persist
from streams.telemetry import Telemetry, processes

log = logging.getLogger(__name__)

ANSWER_S = 5.0

DESCRIPTION = """\
Brings the market in: publishes trades, quotes and order books to the Redis stream `market.ticks`, and keeps in
PostgreSQL when each instrument had which price, its bars of a second and of a minute, and what venues say of their
instruments. It does not wait for PostgreSQL: what cannot be written is kept in memory, the newest first, and counted
as `marks_dropped` when it becomes too much. Nor does the venue wait for Redis: while that takes nothing, up to 200,000
trades are kept, quotes are conflated, books are fetched anew; the log says what was dropped.

  live       Venues over WebSocket; --venue says which: binance (spot), binance-usdm (futures), alpaca-iex and
             alpaca-sip (US stocks; the key is taken from APCA_API_KEY_ID and APCA_API_SECRET_KEY). When none of them
             brings anything for --patience (half of it at the start) something stands in for them; they are kept
             being tried and taken back after 10 s of data, later each time if they fail again soon. Stocks may be
             silent outside of 9:30 to 16:00 in New York. Every tick says where it comes from, and so does every change.
  replay     Recordings with their own spacing times --speed. Several files are merged by receive time. `received_at`
             is the moment at which a tick was due, so a delay of the feed counts as delay.
  synthetic  An invented market; the same --seed gives the same market.

A running feed is steered by `manage.py feed`.
"""

EXAMPLES = """\
examples:
  manage.py runfeed                                            Binance spot, falling back by itself
  manage.py runfeed --symbols BTCUSDT,SOLUSDT                  these two
  manage.py runfeed --venue binance:BTCUSDT binance-usdm:ETHUSDT alpaca-iex:AAPL,MSFT
                                                               three venues at once, an instrument from one of them
  manage.py runfeed --record var/recordings                    also written down, to be replayed byte for byte
  manage.py runfeed --fallback none                            silence stays silence: prices grow old and say so
  manage.py runfeed --feed replay --path day.jsonl.gz          a recording as it was
  manage.py runfeed --feed replay --path day.jsonl.gz --start-at 23:55
                                                               from five to midnight (UTC) of its first day
  manage.py runfeed --feed replay --path 'rec/*.gz' --speed 10 several, ten times as fast
  manage.py runfeed --feed replay --path rec/ --speed max      as fast as the readers can follow
  manage.py runfeed --feed replay --path rec/ --loop           for ever; times and ids keep rising
  manage.py runfeed --feed replay --path rec/ --once           ends with the recording
  manage.py runfeed --feed synthetic --seed 7                  an invented market
  manage.py runfeed --url ws://127.0.0.1:9000                  another server that speaks the venue's protocol; REST is
                                                               asked of http://127.0.0.1:9000 unless --rest says where
  manage.py runfeed --check                                    exit code 0 if a feed is running, else 1

Which recordings can be read is told in docs/recordings.md. A line that cannot be used goes to the stream
`dead.letters` with its reason and is counted; it never ends the reading.
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


def rest(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(f"{text!r} does not begin with http:// or https://")
    return text


def venue(text: str) -> Wanted:
    name, _, wanted = text.partition(":")
    if name not in VENUES:
        raise argparse.ArgumentTypeError(f"{name!r} is no venue; there are {', '.join(VENUES)}")
    return Wanted(name, symbols(wanted))


def seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds") from error
    if not 0.1 <= value <= 86_400:
        raise argparse.ArgumentTypeError(f"{text} is not between 0.1 and 86,400 seconds")
    return value


def within(url: str, seconds: float) -> str:
    """The address of a Redis that has to answer in this time: one that hangs must not hold up the feed for ever."""
    return f"{url}{'&' if '?' in url else '?'}socket_timeout={seconds}"


class Command(BaseCommand):
    help = DESCRIPTION
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("--feed", choices=["live", "replay", "synthetic"], default="live", help="default: live")
        add(
            "--symbols", type=symbols, default=(), metavar="A,B", help="only these; each venue has a default of its own"
        )
        add("--data-dir", metavar="DIR", help="of the running stack; default: var/")
        add("--check", action="store_true", help="only tell whether a feed is running")
        live = parser.add_argument_group("live")
        add = live.add_argument
        add(
            "--venue",
            type=venue,
            nargs="+",
            default=[],
            metavar="NAME[:A,B]",
            help=f"of {', '.join(VENUES)}, each with its instruments; default: binance",
        )
        add("--url", type=websocket, nargs="+", default=[], metavar="WS", help="WebSocket servers, tried in turn")
        add("--rest", type=rest, nargs="+", default=[], metavar="HTTP", help="REST servers; default: where --url is")
        add("--record", default="", metavar="DIR", help="write down every frame that comes, in files of an hour")
        add(
            "--fallback",
            choices=get_args(Fallback),
            default="auto",
            help="what stands in for live: `replay` of --path, else of the newest own recording; `synthetic`; "
            "`auto`, the first of them that there is (default); `none`",
        )
        add("--patience", type=seconds, default=10.0, metavar="S", help="of silence before it does; default: 10")
        played = parser.add_argument_group("replay and synthetic")
        add = played.add_argument
        add("--path", nargs="+", default=[], metavar="FILE", help="recordings: files, folders, globs")
        add(
            "--start-at", default="", metavar="TIME", help="begin at 2024-08-08T23:55:00 or 23:55 of the first day, UTC"
        )
        add("--speed", type=speed, default=1.0, metavar="X|max", help="times as fast; default: 1")
        add("--rate", type=float, metavar="R", help="replay R ticks a second, evenly")
        add("--loop", action="store_true", help="a recording begins again when it ends")
        add("--once", action="store_true", help="exit at the end of the recording")
        add("--seed", type=int, default=1, help="of the synthetic market; default: 1")
        add("--scenario", choices=SCENARIOS, default="default", help="what happens in it: see docs/synthetic.md")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.REDIS_URL:
            raise CommandError("No stack is running: start `manage.py runstack`, or set REDIS_URL.")
        streams = Streams(within(settings.REDIS_URL, ANSWER_S))
        if options["check"]:
            self._check(streams)
            return
        options["own"] = str(settings.DATA_DIR / "recordings")
        wishes = Wishes(**{name: options[name] for name in Wishes.__struct_fields__})
        try:
            with terminal_line() as show:
                _run(streams, wishes, once=options["once"], show=show)
        except (Unreadable, Impossible, MissingKey) as error:
            raise CommandError(str(error)) from error
        except Stopping:
            log.info("stopped while waiting")

    def _check(self, streams: Streams) -> None:
        try:
            report = processes(streams.redis).get(ACTOR)
        except redis.RedisError as error:
            raise CommandError(f"Redis does not answer: {error}") from error
        if report is None:
            raise CommandError("No feed has been heard of in the last 5 s.")
        gauges = report["gauges"]
        self.stdout.write(f"feed is {report['state']}: {gauges.get('mode', '?')}, {gauges.get('rate', 0)} ticks/s")


def _run(streams: Streams, wishes: Wishes, *, once: bool, show: Show | None) -> None:
    stop = Stop().install()
    telemetry = Telemetry(streams.redis, ACTOR)
    publisher = Publisher(streams, telemetry, partitions=settings.PARTITIONS)
    after, source = persist(
        "Redis",
        lambda: (publisher.past().market_at, choose(wishes, publisher)),
        stop,
        errors=(redis.RedisError,),
    )
    Feed(streams, telemetry, publisher, source, stop, marks=_marks(after), once=once, show=show).run()
    _leave(telemetry)


def _marks(after: int) -> MarketWriter | None:
    """Without a database there is a market, but no outcome can be scored."""
    if not settings.DATABASE_URL:
        log.warning("no marks are kept: there is no DATABASE_URL")
        return None
    return MarketWriter(settings.DATABASE_URL, after=after).start()


def _leave(telemetry: Telemetry) -> None:
    try:
        telemetry.leave()
    except redis.RedisError as error:
        log.warning("could not say goodbye: %s", error)

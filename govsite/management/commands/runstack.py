"""`manage.py runstack`: everything, in one terminal."""

from __future__ import annotations

import argparse
import glob
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from feeds.alpaca.plan import MissingKey
from feeds.choosing import Fallback, Impossible, Wishes, venues
from feeds.management.commands.runfeed import rest, seconds, symbols, venue, websocket
from feeds.recordings import Unreadable, start_time
from feeds.synthetic import SCENARIOS
from govsite.stack.console import StackConsole
from govsite.stack.datadir import DataDir, Unusable
from govsite.stack.embedded import NotOurs
from govsite.stack.plan import FEEDS, Options
from govsite.stack.stack import Failed, Stack
from streams.stopping import Stop

EXAMPLES = """
examples:
  python manage.py runstack
      the live market, or a synthetic one where the exchange cannot be reached
  python manage.py runstack --feed replay --path recordings/ --speed 10
      all recordings of a directory, merged by receive time, ten times as fast
  python manage.py runstack --venue binance:BTCUSDT,ETHUSDT alpaca-iex:AAPL --record-market
      several venues at once; every frame is written down into recordings/ of the data directory
  python manage.py runstack --feed live --url ws://127.0.0.1:9000
      another server that speaks the venue's protocol, such as `manage.py runexchange`
  python manage.py runstack --feed synthetic --seed 7 --for 60 --port 8001
      a market made by a seed, for a minute; exit code 0
  DATABASE_URL=postgresql://… REDIS_URL=redis://… python manage.py runstack
      your own servers instead of the embedded ones (wal_level=logical lets the relay read the WAL)

Everything is kept in the data directory (default: var/, or GOVSITE_DATA_DIR): the servers' files, the generated
passwords (operators.json), logs, and stack.env, by which every other command finds the running stack.
Ctrl-C or SIGTERM stops all of it in order. A second stack needs its own --data-dir and --port.
"""


class Command(BaseCommand):
    help = (
        "Runs the whole stack: PostgreSQL, Valkey (Redis), the market feed, agents, governor, executor, relay, "
        "projector, web server and worker; restarts what dies, prints addresses and passwords, stops all at the end."
    )
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        style = argparse.RawDescriptionHelpFormatter
        return super().create_parser(prog_name, subcommand, epilog=EXAMPLES, formatter_class=style, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("--feed", choices=FEEDS, default="live", help="the market (default: live; falls back by itself)")
        add("--venue", nargs="+", default=[], type=kept(venue), metavar="NAME[:A,B]", help="of the live market")
        add("--symbols", default="", type=kept(symbols), metavar="A,B", help="of the market: only these instruments")
        add("--url", nargs="+", default=[], type=websocket, metavar="WS", help="the venue's WebSocket servers")
        add(
            "--rest",
            nargs="+",
            default=[],
            type=rest,
            metavar="HTTP",
            help="its REST servers (default: where --url is)",
        )
        add("--fallback", choices=get_args(Fallback), default="", help="what stands in for live (default: auto)")
        add("--patience", type=kept(seconds), metavar="S", help="of silence before it does (default: 10)")
        add(
            "--record-market",
            nargs="?",
            const="",
            metavar="DIR",
            help="write down every frame of the live market (default DIR: recordings/ of the data directory)",
        )
        add("--path", nargs="+", default=[], metavar="FILE", help="recordings: files, directories or globs")
        add(
            "--start-at", default="", metavar="TIME", help="of a replay: 2024-08-08T23:55:00, or 23:55 of its first day"
        )
        add("--speed", default="1", type=speed, metavar="X|max", help="of a replay or of the synthetic market")
        add("--rate", type=positive, metavar="R", help="replay evenly, R ticks a second, instead of --speed")
        add("--seed", type=int, metavar="N", help="of the synthetic market")
        add("--scenario", choices=SCENARIOS, default="", help="what happens in the synthetic market")
        add("--port", type=int, default=8000, help="of the web server on 127.0.0.1 (default: 8000)")
        add("--data-dir", metavar="DIR", help="where everything is kept (default: var/, or GOVSITE_DATA_DIR)")
        add("--for", type=positive, dest="seconds", metavar="SECONDS", help="stop so long after the market started")
        add("--record", metavar="DIR", help="keep what agents, governor and executor are given, as DIR/<name>.jsonl")
        add("--loop", action="store_true", help="a replay begins again when it ends")
        add(
            "--council",
            choices=("demo", "bench"),
            default="demo",
            help="who votes in a new book",
        )
        add(
            "--books",
            nargs="+",
            default=["demo"],
            metavar="NAME",
            help="what to found and trade, each with a council of its own (default: demo)",
        )
        add("--metronome", type=int, metavar="N", help="bench council: propose with every N-th tick")
        add(
            "--no-dashboard",
            action="store_true",
            help="do not build the dashboard (Node 20.9 or newer) where it is not up to date",
        )

    def handle(self, **options: Any) -> None:
        stop = Stop().install()
        signal.signal(signal.SIGHUP, lambda *_: stop.set())
        chosen = Options(
            feed=options["feed"],
            paths=tuple(_found(options["path"], options["feed"])),
            venues=tuple(options["venue"]),
            symbols=options["symbols"],
            urls=tuple(options["url"]),
            rest=tuple(options["rest"]),
            fallback=options["fallback"],
            patience=options["patience"] or "",
            record_market=_market_dir(options["record_market"]),
            start_at=options["start_at"],
            speed=options["speed"],
            rate=options["rate"],
            seed=options["seed"],
            scenario=options["scenario"],
            port=options["port"],
            seconds=options["seconds"],
            record=_record_dir(options["record"]),
            loop=options["loop"],
            council=options["council"],
            metronome=options["metronome"],
            dashboard=not options["no_dashboard"],
            books=tuple(dict.fromkeys(options["books"])),
        )
        _refuse_impossible(chosen)
        _refuse_taken(chosen.port)
        try:
            Stack(chosen, DataDir(settings.DATA_DIR), stop, StackConsole()).run()
        except (Failed, Unusable, NotOurs) as error:
            raise CommandError(str(error)) from error


def speed(text: str) -> str:
    """`max`, or how many times as fast as it was."""
    if text != "max" and not 0 < float(text) <= 100_000:
        raise argparse.ArgumentTypeError("must be max, or more than 0 and at most 100,000")
    return text


def positive(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return value


def _found(patterns: list[str], feed: str) -> list[str]:
    """Absolute paths: the processes work in another directory."""
    if feed == "replay" and not patterns:
        raise CommandError("A replay needs recordings: --path FILE…")
    found: list[str] = []
    for pattern in patterns:
        matches = sorted(glob.glob(pattern)) or ([pattern] if Path(pattern).exists() else [])
        if not matches:
            raise CommandError(f"There is no recording {pattern}")
        found += [str(Path(match).resolve()) for match in matches]
    return found


def _record_dir(text: str | None) -> Path | None:
    if text is None:
        return None
    directory = Path(text).resolve()
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def kept(parse: Callable[[str], object]) -> Callable[[str], str]:
    """Refuses what the feed would refuse, and passes on what the user wrote."""

    def keep(text: str) -> str:
        parse(text)
        return text

    return keep


def _refuse_impossible(options: Options) -> None:
    """What the feed could only say in its log, again and again."""
    wishes = Wishes(
        venue=[venue(text) for text in options.venues], symbols=symbols(options.symbols), url=list(options.urls)
    )
    try:
        if options.feed == "live":
            venues(wishes, time.time_ns)
        if options.start_at:
            start_time(options.start_at, options.paths)
    except (Impossible, MissingKey, Unreadable) as error:
        raise CommandError(str(error)) from error


def _market_dir(text: str | None) -> Path | None:
    """Where frames are written down; None where they are not."""
    return _record_dir(text or str(settings.DATA_DIR / "recordings")) if text is not None else None


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise CommandError(f"Port {port} cannot be used ({error}): choose another one with --port.") from error

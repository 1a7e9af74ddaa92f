"""`manage.py runstack`: everything, in one terminal."""

from __future__ import annotations

import argparse
import glob
import signal
import socket
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

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
        add("--path", nargs="+", default=[], metavar="FILE", help="recordings: files, directories or globs")
        add("--speed", default="1", type=speed, metavar="X|max", help="of a replay or of the synthetic market")
        add("--rate", type=positive, metavar="R", help="replay evenly, R ticks a second, instead of --speed")
        add("--seed", type=int, metavar="N", help="of the synthetic market")
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
        add("--metronome", type=int, metavar="N", help="bench council: propose with every N-th tick")
        add(
            "--no-dashboard",
            action="store_true",
            help="without the dashboard, of which there is none yet: this changes nothing today",
        )

    def handle(self, **options: Any) -> None:
        stop = Stop().install()
        signal.signal(signal.SIGHUP, lambda *_: stop.set())
        chosen = Options(
            feed=options["feed"],
            paths=tuple(_found(options["path"], options["feed"])),
            speed=options["speed"],
            rate=options["rate"],
            seed=options["seed"],
            port=options["port"],
            seconds=options["seconds"],
            record=_record_dir(options["record"]),
            loop=options["loop"],
            council=options["council"],
            metronome=options["metronome"],
        )
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


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise CommandError(f"Port {port} cannot be used ({error}): choose another one with --port.") from error

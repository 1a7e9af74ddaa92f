"""`manage.py feed`: how the running feed is, and what operators wish of it."""

from __future__ import annotations

import argparse
import getpass
from datetime import UTC, datetime
from typing import Any

import redis
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from feeds.control import Unanswered, Wish, a_wish, ask
from feeds.management.commands.runfeed import speed
from feeds.publisher import ACTOR
from streams.client import connect
from streams.telemetry import processes

TIMES = frozenset(("since", "last_tick_at", "at"))
DESCRIPTION = """\
Tells how the running feed is, and steers it. The feed answers within 5 s or there is none.

  status            everything it says of itself: source, lag, connections, books, counters, latency
  pause, resume     a replay or the synthetic market stands still, and goes on as if no time had passed
  speed X|max       how many times as fast it goes from now on
  source NAME       of a live feed: puts `replay` or `synthetic` in the place of live, until `source live`; the change
                    and the reason go to the governor, and a book that may trade on live data only is put to
                    REDUCE_ONLY, as when live fails by itself

Live has its own pace and cannot be paused; what stands in for live cannot be faster than the clock. Whoever can write
into this stack's Redis can do all this: there is no other authentication, and --actor is what they say they are.
"""

EXAMPLES = """\
examples:
  manage.py feed status
  manage.py feed pause
  manage.py feed speed 10
  manage.py feed source synthetic --reason "rehearsal of an outage"
  manage.py feed source live --reason "rehearsal is over"
"""


class Command(BaseCommand):
    help = DESCRIPTION
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        wishes = parser.add_subparsers(dest="what", required=True, metavar="status|pause|resume|speed|source")
        own = {name: wishes.add_parser(name) for name in ("status", "pause", "resume", "speed", "source")}
        own["speed"].add_argument("speed", type=speed, metavar="X|max")
        own["source"].add_argument("source", choices=["live", "replay", "synthetic"])
        own["source"].add_argument("--reason", required=True, help="why; it is kept in the book's history")
        for subparser in own.values():
            subparser.add_argument("--actor", default="", help="who wishes; default: your name on this machine")
            subparser.add_argument("--data-dir", metavar="DIR", help="of the running stack; default: var/")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.REDIS_URL:
            raise CommandError("No stack is running: start `manage.py runstack`, or set REDIS_URL.")
        connection = connect(settings.REDIS_URL)
        try:
            if options["what"] == "status":
                self._show(connection)
            else:
                self._ask(connection, _wish(options))
        except redis.RedisError as error:
            raise CommandError(f"Redis does not answer: {error}") from error
        finally:
            connection.close()

    def _ask(self, connection: redis.Redis, wish: Wish) -> None:
        try:
            answer = ask(connection, wish)
        except Unanswered as error:
            raise CommandError(str(error)) from error
        if not answer.done:
            raise CommandError(answer.text)
        self.stdout.write(answer.text)

    def _show(self, connection: redis.Redis) -> None:
        report = processes(connection).get(ACTOR)
        if report is None:
            raise CommandError("No feed has been heard of in the last 5 s.")
        console = Console(highlight=False)
        with console.capture() as shown:
            console.print(status_of(report))
        self.stdout.write(shown.get())


def status_of(report: dict[str, Any]) -> Table:
    """What a feed says of itself, as a table: state, gauges, counters and latencies."""
    gauges = dict(report["gauges"])
    table = Table(
        title=f"feed is {report['state']}: {gauges.pop('mode', '?')}", show_header=False, title_justify="left"
    )
    for name, value in sorted(gauges.items()):
        table.add_row(name, _shown(name, value))
    table.add_row("memory", f"{report['rss_mb']:,} MiB", end_section=True)
    for name, value in sorted(report["counters"].items()):
        table.add_row(name, f"{value:,}")
    table.add_section()
    for stage, latency in report["latency"].items():
        table.add_row(f"{stage}, p50 / p99 / max", "{p50_ms:g} / {p99_ms:g} / {max_ms:g} ms".format(**latency))
    return table


def _shown(name: str, value: float | str) -> str:
    """Times (ns) as people read them, "never" for none."""
    if name in TIMES:
        at = int(value)
        return f"{datetime.fromtimestamp(at // 1_000_000_000, UTC):%Y-%m-%d %H:%M:%S} UTC" if at else "never"
    return f"{value:,}" if isinstance(value, int | float) else value


def _wish(options: dict[str, Any]) -> Wish:
    return a_wish(
        options["what"],
        actor=options["actor"] or getpass.getuser(),
        speed=options.get("speed"),
        source=options.get("source"),
        reason=options.get("reason") or "",
    )

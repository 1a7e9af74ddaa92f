"""`manage.py recordfeed`: the market onto the disk, byte for byte, without Redis or PostgreSQL."""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.live import Live as Shown
from rich.table import Table

from feeds.alpaca.plan import MissingKey
from feeds.choosing import Impossible, Wishes, venues
from feeds.live import Live
from feeds.management.commands.runfeed import rest, symbols, venue, websocket
from feeds.recorder import Recorder
from feeds.recordings import Unreadable
from feeds.rerecording import Heard, heard, invented, record
from feeds.synthetic import SyntheticMarket
from streams.stopping import Stop

SHOWN_EVERY_S = 0.25

DESCRIPTION = """\
Writes what comes in to files that `runfeed --feed replay --path DIR` plays again: one file for each venue,
<venue>-<time>.jsonl.gz, a new one every hour. While a file is being written it ends in .part; it can be read at any
time, and if this process is killed it ends with the last second.

  live       Whatever the venues send, and what was asked of them over REST, as `runfeed` would hear it.
  replay     The recordings of --path once more: lines stay as they are, tables become frames of Binance's form.
  synthetic  The invented market of --seed, as many seconds as --for says.
"""

EXAMPLES = """\
examples:
  manage.py recordfeed --out recordings/                               live, until it is stopped
  manage.py recordfeed --out recordings/ --for 3600 --symbols BTCUSDT  an hour of one instrument
  manage.py recordfeed --out tape/ --feed synthetic --seed 7 --for 600 ten minutes of an invented market
  manage.py recordfeed --out tape/ --feed replay --path old/*.gz       one set of recordings as another
"""


class Command(BaseCommand):
    help = DESCRIPTION
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("--feed", choices=["live", "replay", "synthetic"], help="default: replay with --path, else live")
        add("--out", required=True, type=Path, metavar="DIR", help="where the files go")
        add("--for", dest="seconds", type=seconds, metavar="S", help="stop after S seconds (of the market's own time)")
        add("--path", nargs="+", default=[], metavar="FILE", help="recordings: files, folders, globs")
        add("--symbols", type=symbols, default=(), metavar="A,B", help="only these")
        add("--venue", type=venue, nargs="+", default=[], metavar="NAME[:A,B]", help="live: default: binance")
        add("--url", type=websocket, nargs="+", default=[], metavar="WS", help="live: WebSocket servers")
        add("--rest", type=rest, nargs="+", default=[], metavar="HTTP", help="live: REST servers; default: as --url")
        add("--seed", type=int, default=1, help="of the synthetic market; default: 1")

    def handle(self, *args: Any, **options: Any) -> None:
        feed = options["feed"] or ("replay" if options["path"] else "live")
        if feed == "replay" and not options["path"]:
            raise CommandError("A replay needs recordings: --path FILE…")
        if feed == "synthetic" and options["seconds"] is None:
            raise CommandError("The invented market has no end: say how much of it, with --for S.")
        stop = Stop().install()
        recorder = Recorder(options["out"])
        try:
            steps = (
                self._live(options, recorder, stop) if feed == "live" else self._frames(feed, options, recorder, stop)
            )
            with Board(recorder) as board:
                for gaps in steps:
                    board.show(gaps)
        except (Unreadable, Impossible, MissingKey) as error:
            raise CommandError(str(error)) from error
        finally:
            recorder.close()
        if recorder.trouble:
            raise CommandError(f"not everything could be written to {options['out']}: {recorder.trouble}")
        written = ", ".join(f"{count:,} of {name}" for name, count in sorted(recorder.frames.items())) or "nothing"
        lost = f"; {recorder.missing:,} are missing" if recorder.missing else ""
        self.stdout.write(f"recorded in {options['out']}: {written}{lost}")

    def _frames(self, feed: str, options: dict[str, Any], recorder: Recorder, stop: Stop) -> Iterator[int]:
        """Gives the gaps so far, of which there are none here, now and then."""
        if feed == "replay":
            frames = until(heard(options["path"], options["symbols"]), options["seconds"])
        else:
            market = SyntheticMarket(options["seed"], time.time_ns())
            wanted = (tick for tick in market if not options["symbols"] or tick.instrument in options["symbols"])
            frames = until(invented(wanted), options["seconds"])
        return (0 for _ in record(frames, recorder, stop))

    def _live(self, options: dict[str, Any], recorder: Recorder, stop: Stop) -> Iterator[int]:
        """Gives the gaps so far, four times a second; nobody here needs what the frames come to."""
        chosen = {name: options[name] for name in ("symbols", "venue", "url", "rest")}
        source = Live(venues(Wishes(**chosen), time.time_ns), recorder=recorder).start()
        end = math.inf if options["seconds"] is None else time.monotonic() + options["seconds"]
        try:
            while not stop and (now := time.monotonic()) < end:
                while time.monotonic() < now + SHOWN_EVERY_S and not stop:
                    source.poll(SHOWN_EVERY_S, stop)
                yield source.counts.gaps
        finally:
            source.close()


class Board:
    """What is recorded right now, on a terminal only."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._shown = Shown(console=Console(stderr=True), auto_refresh=False, transient=True)
        self._at = 0.0
        self._frames = 0

    def __enter__(self) -> Board:
        if self._shown.console.is_terminal:
            self._shown.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._shown.stop()

    def show(self, gaps: int) -> None:
        now = time.monotonic()
        if not self._shown.is_started or now - self._at < SHOWN_EVERY_S:
            return
        recorder, frames = self._recorder, self._recorder.frames.total()
        rate = (frames - self._frames) / (now - self._at) if self._at else 0.0
        table = Table(title=f"{rate:,.0f} frames/s, {recorder.bytes:,} bytes, {gaps:,} gaps", title_justify="left")
        table.add_column("venue")
        table.add_column("frames", justify="right")
        for name, count in sorted(recorder.frames.items()):
            table.add_row(name, f"{count:,}")
        if recorder.missing or recorder.trouble:
            table.caption = f"{recorder.missing:,} frames are missing. {recorder.trouble}"
        self._shown.update(table, refresh=True)
        self._at, self._frames = now, frames


def until(frames: Iterable[Heard], limit_s: float | None) -> Iterator[Heard]:
    """Up to so many seconds after the first, by receive time."""
    end: int | None = None
    for heard_ in frames:
        if end is None:
            end = heard_[1] + int(limit_s * 1e9) if limit_s is not None else sys.maxsize
        if heard_[1] > end:
            return
        yield heard_


def seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds") from error
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is no time: it has to be above 0")
    return value

"""`manage.py bench`: how fast the whole stack is here and now, beside what this machine allows."""

from __future__ import annotations

import argparse
import json
import logging
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from feeds.recordings.lines import Unreadable
from govsite.bench import fanout, feeding, ledgering, partitions, rounds, signing
from govsite.bench.run import Unmeasured, measure

RECORDINGS = settings.BASE_DIR.parent / "shared" / "market"
DEFAULT = "binance-spot-*.jsonl.gz"
TARGETS = {
    "ingest": (0.3, 1.5),
    "reaction": (1.0, 5.0),
    "resolution": (2.5, 7.0),
    "execution": (None, None),
    "end_to_end": (5.0, 12.0),
    "display": (6.5, 15.0),
}
EPILOG = """\
A stack of its own is started in a temporary directory with real PostgreSQL and Valkey, fsync on, and a council that
votes at a fixed pace. Stages: ingest (received -> in stream), reaction (in stream -> proposal at the governor),
resolution (proposal -> decision committed), execution (decision committed -> fill committed), end_to_end (received ->
fill committed), display (received -> arrived at a WebSocket client). A tick counts as received when it was due, so a
feed that falls behind shows. ratio = end_to_end p50 / (5 stream hops + 2 commits), both probed in the same run: 1.6 is
the target, below 1.25 the stretch. Another load on the machine shows in p99 and in the load average.

examples:
  manage.py bench --seconds 30 --rate 1000 --path 'recordings/*.jsonl.gz'
  manage.py bench --rate 3000 --decisions 200 --json bench.json
  manage.py bench --rounds 3000        a governor alone: rounds/s with eight ballots each, fsync on
  manage.py bench --ledger --events 1000000   appending, asking, verifying, projecting
  manage.py bench --signing            what it costs that every command is signed
  manage.py bench --feeds              from a venue's bytes to ticks alone, beside what msgspec and a socket need
  manage.py bench --viewers 200        one web server: prices ten times a second to 200 sockets
  pytest tests/unit --benchmark-enable --benchmark-only   the pure parts
"""


class Command(BaseCommand):
    requires_system_checks = []
    help = "Runs the stack on a recording and prints latencies per stage, throughput, memory and the machine's floors."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EPILOG
        parser.add_argument("--seconds", type=float, default=30, metavar="N", help="how long to measure (default 30)")
        parser.add_argument("--rate", type=float, default=1000, metavar="R", help="ticks per second (default 1000)")
        parser.add_argument(
            "--decisions", type=float, default=50, metavar="D", help="decisions per second (default 50)"
        )
        parser.add_argument(
            "--path", nargs="+", metavar="FILE", help=f"recordings (default: {DEFAULT} beside the project)"
        )
        parser.add_argument("--rounds", type=int, metavar="N", help="measure only a governor, on N rounds sent ahead")
        parser.add_argument(
            "--partitions",
            type=int,
            metavar="P",
            help="measure only governors: --rounds (default 2000) by 1 to P of them",
        )
        parser.add_argument("--ledger", action="store_true", help="measure only the ledger, on one of --events events")
        parser.add_argument(
            "--events", type=int, default=200_000, metavar="N", help="with --ledger: how long it is (default 200000)"
        )
        parser.add_argument("--signing", action="store_true", help="measure only signing and checking of commands")
        parser.add_argument("--feeds", action="store_true", help="measure only the way from a socket to ticks")
        parser.add_argument(
            "--frames", type=int, default=40_000, metavar="N", help="with --feeds: frames to measure on (default 40000)"
        )
        parser.add_argument(
            "--viewers", type=int, metavar="N", help="measure only the live socket, with N of them open"
        )
        parser.add_argument(
            "--server", choices=fanout.SERVERS, default=fanout.SERVERS[0], help="with --viewers: which web server"
        )
        parser.add_argument("--json", type=Path, metavar="PATH", help="write the figures there as JSON")
        parser.add_argument("--data-dir", help="not used: a benchmark has a directory of its own")

    def handle(self, *args: Any, **options: Any) -> None:
        console = Console()
        if options["partitions"]:
            self._partitions(console, options)
            return
        if options["rounds"]:
            self._rounds(console, options["rounds"], options["json"])
            return
        if options["ledger"]:
            self._ledger(console, options["events"], options["json"])
            return
        if options["signing"]:
            self._signing(console, options["json"])
            return
        if options["feeds"]:
            self._feeds(console, options["path"], options["frames"], options["json"])
            return
        if options["viewers"]:
            self._viewers(console, options)
            return
        paths = options["path"] or [str(RECORDINGS / DEFAULT)]
        try:
            with console.status("starting a stack") as status:
                report = measure(
                    paths,
                    seconds=options["seconds"],
                    rate=options["rate"],
                    decisions=options["decisions"],
                    say=status.update,
                )
        except (Unmeasured, Unreadable) as error:
            raise CommandError(str(error)) from error
        _print(console, report)
        if options["json"]:
            options["json"].write_text(json.dumps(report, indent=2) + "\n")

    def _feeds(self, console: Console, paths: list[str] | None, frames: int, target: Path | None) -> None:
        logging.getLogger("picows").setLevel(logging.WARNING)  # it tells of every connection
        if paths is None and RECORDINGS.is_dir():
            paths = [str(RECORDINGS / DEFAULT)]
        try:
            with console.status("reading frames") as status:
                report = feeding.measure(paths or [], frames=frames, say=status.update)
        except (Unmeasured, Unreadable) as error:
            raise CommandError(str(error)) from error
        _print_feeds(console, report)
        if target:
            target.write_text(json.dumps(report, indent=2) + "\n")

    def _signing(self, console: Console, target: Path | None) -> None:
        report = signing.measure()
        table = Table("µs a ballot", "to sign", "to check")
        table.add_row("a key of the house (keyed BLAKE2b)", f"{report['sign_us']:.2f}", f"{report['check_us']:.2f}")
        table.add_row("a party's own (Ed25519)", f"{report['sign_held_us']:.1f}", f"{report['check_held_us']:.1f}")
        console.print(table)
        console.print(
            f"beside {report['encode_us']:.2f} µs to encode and {report['decode_us']:.2f} µs to decode it, "
            f"load {os.getloadavg()[0]:.1f}"
        )
        if target:
            target.write_text(json.dumps(report, indent=2) + "\n")

    def _viewers(self, console: Console, options: dict[str, Any]) -> None:
        try:
            with console.status("starting servers") as status:
                report = fanout.measure(
                    options["viewers"], seconds=options["seconds"], server=options["server"], say=status.update
                )
        except Unmeasured as error:
            raise CommandError(str(error)) from error
        _print_viewers(console, report)
        if options["json"]:
            options["json"].write_text(json.dumps(report, indent=2) + "\n")

    def _ledger(self, console: Console, events: int, target: Path | None) -> None:
        with console.status("starting servers") as status:
            report = ledgering.measure(events, say=status.update)
        _print_ledger(console, report)
        if target:
            target.write_text(json.dumps(report, indent=2) + "\n")

    def _partitions(self, console: Console, options: dict[str, Any]) -> None:
        try:
            with console.status("starting servers") as status:
                report = partitions.measure(options["partitions"], options["rounds"] or 2_000, say=status.update)
        except Unmeasured as error:
            raise CommandError(str(error)) from error
        _print_partitions(console, report)
        if options["json"]:
            options["json"].write_text(json.dumps(report, indent=2) + "\n")

    def _rounds(self, console: Console, number: int, target: Path | None) -> None:
        try:
            with console.status("starting servers") as status:
                report = rounds.measure(number, say=status.update)
        except Unmeasured as error:
            raise CommandError(str(error)) from error
        outcomes = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(report["outcomes"].items()))
        console.print(
            f"{report['rounds_per_s']:,} rounds/s with eight ballots each ({outcomes}), "
            f"{report['events_per_s']:,} events/s, load {os.getloadavg()[0]:.1f}"
        )
        if target:
            target.write_text(json.dumps(report, indent=2) + "\n")


def _print(console: Console, report: dict[str, Any]) -> None:
    table = Table("stage", "p50 ms", "p95 ms", "p99 ms", "max ms", "n", "target p50 / p99")
    for stage, target in TARGETS.items():
        found = report["stages"][stage]
        times = [f"{found[name]:.2f}" for name in ("p50_ms", "p95_ms", "p99_ms", "max_ms")]
        table.add_row(stage, *times, f"{found['n']:,}", " / ".join(str(limit) for limit in target if limit))
    console.print(table)
    floors = report["floors"]
    console.print(
        f"ratio {report['ratio']} to the floor (hop {floors['hop_ms']:.3f} ms, commit {floors['commit_ms']:.3f} ms), "
        f"{report['ticks_per_s']:,} ticks/s, {report['decisions_per_s']:,} decisions/s, "
        f"load {os.getloadavg()[0]:.1f}"
    )
    memory = report["rss_mb"]
    console.print(
        f"peak memory {sum(memory.values()):,.0f} MiB: " + ", ".join(f"{k} {v:.0f}" for k, v in memory.items())
    )


def _print_feeds(console: Console, report: dict[str, Any]) -> None:
    stages = ("floor_text", "floor_decimal", "decode", "intake")
    table = Table("frames/s of a core", "msgspec, text", "msgspec, Decimal", "decoded", "taken in", "ratios to Decimal")
    for kind, found in report["speeds"].items():
        ratios = f"{found['decode_ratio']:.2f} / {found['intake_ratio']:.2f}"
        table.add_row(kind, *(f"{found[stage]:,}" for stage in stages), ratios)
    console.print(table)
    pace = f"µs late at {report['paced_per_s']:,}/s, p50 / p99"
    table = Table("frames/s of a core, from a socket", "msgspec, text", "ticks", "ratio", pace)
    for client, found in report["sockets"].items():
        late = report["latency"][client]
        rates = (f"{found['floor_text']:,}", f"{found['ticks']:,}", f"{found['ratio']:.2f}")
        table.add_row(client, *rates, f"{late['p50_us']:,.0f} / {late['p99_us']:,.0f}")
    console.print(table)
    made = "a market that was made up" if not report["recordings"] else ", ".join(report["recordings"])
    console.print(f"on {made}, load {os.getloadavg()[0]:.1f}")


def _print_viewers(console: Console, report: dict[str, Any]) -> None:
    table = Table("server", "viewers", "p50 ms", "p95 ms", "p99 ms", "max ms", "frames", "missed", "CPU", "µs a frame")
    times = [f"{report[name]:.1f}" for name in ("p50_ms", "p95_ms", "p99_ms", "max_ms")]
    counts = (f"{report['frames']:,}", f"{report['missed']:,}")
    table.add_row(
        report["server"], f"{report['connected']:,} of {report['viewers']:,}", *times, *counts,
        f"{report['web_cpu']:.0%}", f"{report['web_us_a_frame']:.0f}",
    )  # fmt: skip
    console.print(table)
    memory = f"memory {report['empty_mb']:.0f} → {report['rss_mb']:.0f} MiB"
    console.print(f"{memory}, the audience's own CPU {report['audience_cpu']:.0%}, load {report['load']:.1f}")
    for why, number in report["lost"].items():
        console.print(f"{number:,} lost: {why}")


def _print_partitions(console: Console, report: dict[str, Any]) -> None:
    table = Table("partitions", "rounds/s", "of one", "events/s", "resolution p50 / p99 ms", "load")
    for number, found in report["partitions"].items():
        late = f"{found['resolution_p50_ms']:.1f} / {found['resolution_p99_ms']:.1f}"
        rates = (f"{found['rounds_per_s']:,}", f"{found['ratio']:.2f}", f"{found['events_per_s']:,}")
        table.add_row(str(number), *rates, late, str(found["load"]))
    console.print(table)
    console.print(
        f"{report['cores']} cores for governors, PostgreSQL and Redis together; "
        f"{found['bytes_per_event']:,} bytes an event; "
        f"one more book: {report['book_kib']} KiB, {report['tick_us']} µs a tick"
    )


def _print_ledger(console: Console, report: dict[str, Any]) -> None:
    table = Table("ledger", "measured", "wanted", box=None, header_style="bold")
    together = ledgering.TOGETHER
    rows = (
        (
            "append a decision (chain, inbox, head), of a plain insert's time",
            f"{report['append_to_insert']:.2f}",
            "≤ 3",
        ),
        (f"the same, {together} together", f"{report['append_to_insert_together']:.2f}", "≤ 3"),
        ("the library's default recorder, in appends", f"{report['library_to_append']:.1f}", ""),
        (f"the same, {together} together", f"{report['library_to_append_together']:.1f}", "≥ 5"),
        ("append / insert / library, one decision", _ms(report, "append_1", "insert_1", "library"), ""),
        (f"query by correlation on {report['events']:,} events", _ms(report, "query"), "≤ 50 ms"),
        ("as-of at their end", _ms(report, "as_of"), "≤ 1,000 ms"),
        ("chains verified", f"{report['verified_per_s']:,} events/s", "≥ 200,000"),
        ("projected, from start to end", f"{report['projected_per_s']:,} events/s", "≥ 40,000"),
    )
    for row in rows:
        table.add_row(*row)
    console.print(table)
    console.print(f"load {os.getloadavg()[0]:.1f}")


def _ms(report: dict[str, Any], *names: str) -> str:
    return " / ".join(f"{report[f'{name}_ms']:.2f}" for name in names) + " ms"

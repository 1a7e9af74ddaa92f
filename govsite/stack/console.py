"""What the stack says on the terminal: where everything is, what changes state, and a short status now and then."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from govsite.stack.plan import Options

Reports = Mapping[str, Mapping[str, Any]]
FEED_NAMES = {
    "live": "live (falls back by itself to the recordings given, else to the synthetic market)",
    "replay": "replay of recordings",
    "synthetic": "the synthetic market",
}


class StackConsole:
    """A terminal that went away silences it; the stack goes on (or is told by SIGHUP to stop)."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._gone = False

    def change(self, name: str, what: str, good: bool) -> None:
        """One line for a process whose state changed."""
        line = Text.assemble((_clock(), "dim"), "  ", (f"{name:10}", "bold"), (what, "" if good else "yellow"))
        self._print(line)

    def say(self, text: str) -> None:
        self._print(Text.assemble((_clock(), "dim"), "  ", text))

    def welcome(self, options: Options, data_dir: Path, operators: Mapping[str, str]) -> None:
        """Addresses, operators and their passwords, where the files are, what market it is."""
        table = Table.grid(padding=(0, 2))
        address = f"http://127.0.0.1:{options.port}/"
        table.add_row("Live page", address)
        if options.dashboard:
            table.add_row("Dashboard", f"{address}dashboard/")
        table.add_row("Admin", f"{address}admin/")
        for name, password in operators.items():
            table.add_row("Operator", f"{name}  password: {password}")
        if not operators:
            table.add_row("Operators", "as made before: python manage.py changepassword operator")
        table.add_row("Feed", FEED_NAMES[options.feed])
        table.add_row("Data", str(data_dir))
        table.add_row("Logs", str(data_dir / "log"))
        table.add_row("Servers", "python manage.py stack env")
        table.add_row("End", "Ctrl-C" if options.seconds is None else f"after {options.seconds:g} s, or Ctrl-C")
        self._print(Panel(table, title="The governed market", expand=False))

    def status(self, line: str) -> None:
        self._print(Text.assemble((_clock(), "dim"), "  ", (line, "cyan")))

    def _print(self, content: Text | Panel) -> None:
        if self._gone:
            return
        try:
            self._console.print(content, soft_wrap=isinstance(content, Text))
        except OSError:
            self._gone = True


class StatusLine:
    """Counts per second between two looks at what the processes report about themselves."""

    def __init__(self) -> None:
        self._ticks = 0
        self._at = time.monotonic()

    def of(self, reports: Reports) -> str:
        now, ticks = time.monotonic(), counter(reports, "feed", "ticks")
        rate = max(0, ticks - self._ticks) / max(now - self._at, 0.001)
        self._ticks, self._at = ticks, now
        latency = reports.get("executor", {}).get("latency", {}).get("end_to_end", {}).get("p50_ms")
        parts = [
            f"{rate:,.0f} ticks/s",
            f"{counter(reports, 'governor', 'decisions'):,} decisions",
            f"{counter(reports, 'executor', 'fills'):,} fills",
            "end to end p50 " + (f"{latency:.1f} ms" if latency else "-"),
            f"{sum(report['rss_mb'] for report in reports.values()):,.0f} MB in {len(reports)} processes",
        ]
        return " · ".join(parts)


def counter(reports: Reports, process: str, name: str) -> int:
    return int(reports.get(process, {}).get("counters", {}).get(name, 0))


def process_table(reports: Reports) -> Table:
    """What `stack status` shows: one line a process."""
    table = Table("process", "state", "pid", "up", "MB", "counts", box=None, header_style="bold")
    for name, report in sorted(reports.items()):
        up = (report["at"] - report["started_at"]) // 1_000_000_000
        counts = ", ".join(f"{key} {value:,}" for key, value in sorted(report["counters"].items()))
        if venue := report["gauges"].get("venue"):
            counts = f"venue: {venue}, {counts}".removesuffix(", ")
        table.add_row(name, report["state"], str(report["pid"]), f"{up} s", f"{report['rss_mb']:.0f}", counts)
    return table


def _clock() -> str:
    return time.strftime("%H:%M:%S")

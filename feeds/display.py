"""What `runfeed` shows on a terminal while it runs: one line that is brought up to date, below what is logged."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from feeds.feed import Show
from streams.telemetry import Telemetry

BAR_WIDTH = 24


@contextmanager
def terminal_line() -> Iterator[Show | None]:
    """Gives what a `Feed` shows its telemetry with; None where standard error is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as line, _logging_above():
        yield lambda telemetry: line.update(line_of(telemetry), refresh=True)


def line_of(telemetry: Telemetry) -> Table:
    """A replay: how far it is, its market time and pace. Live: lag, connections, books and what waits."""
    gauges = telemetry.gauges
    line = Table.grid(padding=(0, 2))
    cells: list[Text | ProgressBar] = [Text(f"{gauges.get('mode', '')}", "bold")]
    if isinstance(progress := gauges.get("progress"), float):
        cells += [ProgressBar(total=1.0, completed=progress, width=BAR_WIDTH), Text(f"{progress:4.0%}")]
    if at := int(gauges.get("at", 0)):
        cells.append(Text(f"{datetime.fromtimestamp(at // 1_000_000_000, UTC):%Y-%m-%d %H:%M:%S}"))
    cells.append(Text(f"{float(gauges.get('rate', 0)):,.0f} ticks/s"))
    for name, title, unit in (
        ("lag_ms", "lag", " ms"),
        ("connections", "connections", ""),
        ("refilling", "refilling", ""),
        ("waiting", "waiting", ""),
        ("silent_s", "silent", " s"),
    ):
        if gauges.get(name):
            cells.append(Text(f"{title} {gauges[name]}{unit}", "dim"))
    if telemetry.counters["gaps"]:
        cells.append(Text(f"gaps {telemetry.counters['gaps']:,}", "yellow"))
    line.add_row(*cells)
    return line


@contextmanager
def _logging_above() -> Iterator[None]:
    """Log lines go through the terminal's owner, so that they come above the line and not into it."""
    handlers = [
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler, logging.StreamHandler) and handler.stream is sys.__stderr__
    ]
    before = [handler.setStream(sys.stderr) for handler in handlers]
    try:
        yield
    finally:
        for handler, stream in zip(handlers, before, strict=True):
            handler.setStream(stream or sys.__stderr__)

"""`audit query`: which events there are, as a table for people or as lines for programs."""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable
from datetime import UTC
from itertools import chain
from pathlib import Path
from typing import IO, Any

import msgspec
from django.conf import settings
from django.core.management import CommandError
from rich.table import Table

from govsite.auditing import output
from govsite.auditing.conditions import add_conditions, known_names, question
from ledger import audit
from ledger.errors import LedgerError

Row = dict[str, Any]
EXAMPLES = """
  python manage.py audit query --event OrderFilled --newest --limit 20
  python manage.py audit query --book demo --event DecisionReached --from 2026-01-31T09:00 --format jsonl
  python manage.py audit query --correlation binance:BTCUSDT:t123456      all that one tick set off
  python manage.py audit query --aggregate Order --actor executor --after 1000 --format csv
  python manage.py audit query --archive --event OrderFilled              from the Parquet files of old events
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_conditions(parser, limit=100)
    parser.add_argument("--newest", action="store_true", help="the newest first")
    parser.add_argument("--format", choices=("table", "jsonl", "csv"), default="table", help="default: table")
    parser.add_argument(
        "--archive",
        nargs="?",
        const="",
        metavar="DIR",
        help="ask the Parquet files of old events instead of the database (default: parquet in the data directory)",
    )


def run(connection: audit.Connection, options: dict[str, Any], out: IO[str]) -> bool:
    """Writes the events that fit, in order of time. CommandError where nothing does because a name is unknown."""
    asked = question(options)
    rows = iter(_archived(options) if options["archive"] is not None else audit.ask(connection, asked))
    try:
        first = next(rows, None)
        if first is None:
            known_names(connection, asked)
        found = rows if first is None else chain([first], rows)
        {"table": _write_table, "jsonl": _write_lines, "csv": _write_csv}[options["format"]](found, out)
    except LedgerError as error:
        raise CommandError(str(error)) from error
    return True


def _archived(options: dict[str, Any]) -> Iterable[Row]:
    from ledger import parquet  # takes a third of a second, and most questions are about the database

    directory = Path(options["archive"] or settings.PARQUET_DIR)
    if not directory.is_dir():
        raise CommandError(f"{directory} is not there: no events were copied to Parquet yet")
    return parquet.ask(directory, question(options))


def exported(row: Row) -> Row:
    """A row as programs read it: hashes in hexadecimal digits."""
    return {**row, "prev_hash": row["prev_hash"].hex(), "hash": row["hash"].hex()}


def payload(row: Row) -> bytes:
    """With sorted names: the table and the Parquet files each have an order of their own."""
    return msgspec.json.encode(row["payload"], order="sorted")


def _write_lines(rows: Iterable[Row], out: IO[str]) -> None:
    for row in rows:
        recorded_at = row["recorded_at"].astimezone(UTC)
        told = {**exported(row), "recorded_at": recorded_at, "payload": msgspec.Raw(payload(row))}
        out.write(msgspec.json.encode(told).decode() + "\n")


def _write_csv(rows: Iterable[Row], out: IO[str]) -> None:
    """RFC 4180 with a header; the payload is one column of JSON."""
    writer = csv.writer(out)
    writer.writerow(audit.COLUMNS_OF_VIEW)
    for row in rows:
        values = exported(row) | {
            "recorded_at": row["recorded_at"].astimezone(UTC).isoformat(),
            "payload": payload(row).decode(),
        }
        writer.writerow([values[name] for name in audit.COLUMNS_OF_VIEW])


def _write_table(rows: Iterable[Row], out: IO[str]) -> None:
    table = Table("time (UTC)", "log", "position", "event", "book", "actor", "payload", box=None, header_style="bold")
    for row in rows:
        table.add_row(
            f"{row['recorded_at']:%Y-%m-%d %H:%M:%S.%f}",
            row["log"],
            str(row["position"]),
            f"{row['aggregate']}.{row['event']}",
            row["book"],
            row["actor"],
            payload(row).decode()[:120],
        )
    output.console(out).print(table if table.row_count else "No event fits all of these conditions.")

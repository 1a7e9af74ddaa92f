"""Asks, explains and verifies the ledger."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from functools import partial
from typing import IO, Any, cast, get_args

import msgspec
import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from ledger import audit
from ledger.audit import Question, Story, Verdict
from ledger.chain import Broken
from ledger.narrative import sentence
from ledger.records import RecordedEvent
from streams.events import TOPICS
from streams.messages import Log

EXAMPLES = """
Examples:
  python manage.py audit query --event OrderFilled --limit 20
  python manage.py audit query --book demo --event DecisionReached --from 2026-01-31T09:00 --format jsonl
  python manage.py audit query --correlation binance:BTCUSDT:t123456      all that one tick set off
  python manage.py audit query --aggregate Order --actor executor --after 1000
  python manage.py audit explain 5b4e2c1a-…                     a decision, its deliberation or one of its orders
  python manage.py audit explain 5b4e2c1a-… --json
  python manage.py audit verify                                 exit code 1 where a log is broken

What verify checks: positions without a gap, every hash (sha256 over the hash before it and the row), every event id
(UUIDv5 of log, partition and position), and that each log ends where its head says.
"""


class Command(BaseCommand):
    help = "Asks the ledger which events there are, explains decisions, and verifies the hash chains"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EXAMPLES
        questions = parser.add_subparsers(dest="question", required=True, metavar="query | explain | verify")
        query = questions.add_parser("query", help="list events, oldest first")
        explain = questions.add_parser("explain", help="tell how a decision came about and what became of it")
        verify = questions.add_parser("verify", help="recompute the hash chains of both logs")
        for one in (parser, query, explain, verify):
            one.add_argument("--data-dir", help="where the embedded stack lives (default: GOVSITE_DATA_DIR or var/)")
        _add_conditions(query)
        explain.add_argument("id", metavar="DECISION_ID", help="also the id of a deliberation or of an order")
        explain.add_argument("--json", action="store_true", help="the events as one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with psycopg.connect(settings.DATABASE_URL, autocommit=True, application_name="audit") as connection:
                getattr(self, f"_{options['question']}")(connection, options)
        except psycopg.OperationalError as error:
            raise CommandError(f"PostgreSQL does not answer: {error}") from error

    def _query(self, connection: audit.Connection, options: dict[str, Any]) -> None:
        names = {field.name for field in msgspec.structs.fields(Question)}
        given = {name: options[name] for name in names if options[name] not in (None, 0)}
        rows = audit.ask(connection, Question(**given))
        if options["format"] == "jsonl":
            for row in rows:
                self.stdout.write(msgspec.json.encode(_exported(row)).decode())
        else:
            self._console().print(_table(rows))

    def _explain(self, connection: audit.Connection, options: dict[str, Any]) -> None:
        story = audit.explain(connection, options["id"])
        if story is None:
            raise CommandError(f"there is no decision, deliberation or order {options['id']!r} in the ledger")
        if options["json"]:
            events = [_told(one) for one in story.events]
            document = {"decision_id": story.decision_id, "outcome": story.outcome, "events": events}
            self.stdout.write(msgspec.json.encode(document, enc_hook=str).decode())
        else:
            self._console().print(_story(story))

    def _verify(self, connection: audit.Connection, options: dict[str, Any]) -> None:
        verdicts = []
        with Progress(console=Console(stderr=True), transient=True) as progress:
            for log, partition, position, _ in audit.heads(connection):
                task = progress.add_task(log, total=position)
                advance = partial(_advance, progress, task)
                verdicts.append(audit.verify_log(connection, log, partition, advance))
        verdicts += [
            Verdict(log=log, partition=partition, events=0, broken=Broken(1, "the log has no head"))
            for log, partition in audit.headless(connection)
        ]
        for verdict in verdicts:
            self.stdout.write(_verdict(verdict))
        if not verdicts:
            self.stdout.write("the ledger is empty")
        if any(verdict.broken for verdict in verdicts):
            sys.exit(1)

    def _console(self) -> Console:
        return Console(file=cast("IO[str]", self.stdout), width=None if sys.stdout.isatty() else 200, markup=False)


def _add_conditions(query: argparse.ArgumentParser) -> None:
    known = ", ".join(sorted({topic.partition(".")[0] for topic in TOPICS.values()}))
    query.add_argument("--log", choices=get_args(Log), help="only this log")
    query.add_argument("--event", dest="events", action="append", help="name of the event; may be given several times")
    query.add_argument("--aggregate", help=f"kind ({known}) or id of the aggregate")
    query.add_argument("--actor", help="who caused it: an agent, operator:NAME, executor, …")
    query.add_argument("--book", help="only this book")
    query.add_argument("--correlation", help="all that this root (usually a tick) set off")
    query.add_argument("--command", help="all that this command led to")
    query.add_argument("--from", dest="since", type=audit.at, metavar="TIME", help="ISO 8601, UTC unless it says so")
    query.add_argument("--to", dest="until", type=audit.at, metavar="TIME", help="up to but without this time")
    query.add_argument("--after", type=int, metavar="POSITION", help="only positions after this one")
    query.add_argument("--limit", type=int, default=100, help="at most so many (default: 100; 0: all)")
    query.add_argument("--format", choices=("table", "jsonl"), default="table", help="default: table")


def _advance(progress: Progress, task: TaskID, done: int) -> None:
    progress.update(task, completed=done)


def _exported(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "prev_hash": row["prev_hash"].hex(), "hash": row["hash"].hex()}


def _table(rows: Iterable[dict[str, Any]]) -> Table:
    table = Table("time (UTC)", "log", "position", "event", "book", "actor", "payload", box=None, header_style="bold")
    for row in rows:
        table.add_row(
            f"{row['recorded_at']:%Y-%m-%d %H:%M:%S.%f}",
            row["log"],
            str(row["position"]),
            f"{row['aggregate']}.{row['event']}",
            row["book"],
            row["actor"],
            msgspec.json.encode(row["payload"]).decode()[:120],
        )
    return table


def _told(one: RecordedEvent) -> dict[str, Any]:
    return {
        "log": one.log,
        "position": one.position,
        "event_id": one.event_id,
        "recorded_at": one.recorded_at,
        "event": one.topic,
        "actor": one.event.actor,
        "correlation_id": one.event.correlation_id,
        "causation_id": one.event.causation_id,
        "text": sentence(one),
        "payload": one.event.body,
    }


def _story(story: Story) -> Table:
    title = f"Decision {story.decision_id or '(not reached)'}: {story.outcome}"
    table = Table("ms", "log", "position", "event", "what happened", title=title, title_justify="left", box=None)
    begin = story.events[0].recorded_at
    for one in story.events:
        elapsed = f"{(one.recorded_at - begin) / 1e6:.1f}"
        table.add_row(elapsed, one.log, str(one.position), one.topic.partition(".")[2], sentence(one))
    return table


def _verdict(verdict: Verdict) -> str:
    name = verdict.log if verdict.partition == 0 else f"{verdict.log}.{verdict.partition}"
    if verdict.broken is None:
        return f"{name}: {verdict.events:,} events, the chain is whole"
    return f"{name}: BROKEN at position {verdict.broken.position}: {verdict.broken.reason}"

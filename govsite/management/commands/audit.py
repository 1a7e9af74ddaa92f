"""Asks, explains and verifies the ledger."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from typing import IO, Any, cast, get_args

import msgspec
import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from governance.audit import BookReport, Scope, partitions, verify_decisions
from governance.domain.derivation import Finding
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
  python manage.py audit verify --decisions                     exit code 1 where a decision does not follow
  python manage.py audit verify --decisions --book demo --last 1000

What verify checks: positions without a gap, every hash (sha256 over the hash before it and the row), every event id
(UUIDv5 of log, partition and position), and that each log ends where its head says.

With --decisions it derives every decision again from nothing but the events of the log: the council's snapshot,
proposals, ballots, the situation that was found, terms and rules as they were. Tallies, arbitration, rules and decision
must be the same byte for byte, scores within 1e-9. What no decision reads (words, ids of ticks) only the hashes guard.
"""

COUNTED = {"DecisionReached": "decisions", "DecisionHeld": "holds", "CouncilScored": "scores"}


class Command(BaseCommand):
    help = "Asks the ledger which events there are, explains decisions, and verifies the hash chains"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EXAMPLES
        questions = parser.add_subparsers(dest="question", required=True, metavar="query | explain | verify")
        query = questions.add_parser("query", help="list events, oldest first")
        explain = questions.add_parser("explain", help="tell how a decision came about and what became of it")
        verify = questions.add_parser("verify", help="recompute the hash chains of both logs, or derive all decisions")
        for one in (parser, query, explain, verify):
            one.add_argument("--data-dir", help="where the embedded stack lives (default: GOVSITE_DATA_DIR or var/)")
        _add_conditions(query)
        _add_scope(verify)
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
        scope = Scope(book=options["book"], since=options["since"], last=options["last"])
        if options["decisions"]:
            whole = self._verify_decisions(connection, scope)
        elif scope != Scope():
            raise CommandError("--since, --book and --last choose decisions: they need --decisions")
        else:
            whole = self._verify_chains(connection)
        if not whole:
            sys.exit(1)

    def _verify_chains(self, connection: audit.Connection) -> bool:
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
        return not any(verdict.broken for verdict in verdicts)

    def _verify_decisions(self, connection: audit.Connection, scope: Scope) -> bool:
        reports: dict[str, BookReport] = {}
        with Progress(console=Console(stderr=True), transient=True) as progress:
            for partition, position in partitions(connection):
                task = progress.add_task(f"decisions of partition {partition}", total=position)
                advance = partial(_advance, progress, task)
                reports |= verify_decisions(connection, partition, scope, self._tell, advance)
        for book, report in sorted(reports.items()):
            self.stdout.write("\n".join(_derived(book, report)))
        if not reports:
            self.stdout.write("the ledger holds no such book")
        return not any(report.differing for report in reports.values())

    def _tell(self, finding: Finding) -> None:
        """Every difference in full."""
        name = " ".join(filter(None, (finding.event, finding.decision_id)))
        self.stdout.write(f"{finding.book}: {name} at position {finding.position} does not follow:")
        for difference in finding.differences:
            self.stdout.write(f"  {difference.event} at position {difference.position}: {difference.first}")
            self.stdout.write(f"    expected {difference.expected or '(nothing)'}")
            self.stdout.write(f"    stored   {difference.stored or '(nothing)'}")

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


def _add_scope(verify: argparse.ArgumentParser) -> None:
    verify.add_argument("--decisions", action="store_true", help="derive decisions instead of recomputing hashes")
    verify.add_argument("--book", help="only the decisions of this book")
    verify.add_argument("--since", type=audit.at, metavar="TIME", help="only decisions since; ISO 8601, UTC by default")
    verify.add_argument("--last", type=_count, metavar="N", help="only the last N decisions")


def _count(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


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


def _derived(book: str, report: BookReport) -> Iterator[str]:
    """One line of numbers for a book, then what was not derivable."""
    counts = ", ".join(f"{report.derived[event]:,} {name}" for event, name in COUNTED.items() if report.derived[event])
    wrong = f"; {report.differing:,} DIFFER" if report.differing else ""
    yield f"{book}: derived {counts or 'nothing'}{wrong}"
    for reason, count in report.underivable.items():
        yield f"  not derivable: {count:,} {reason}"

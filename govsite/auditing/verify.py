"""`audit verify`: hash chains, checkpoints, archive, decisions and read models, and what is wrong with each."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any

import psycopg
from django.conf import settings
from django.core.management import CommandError
from rich.console import Console
from rich.progress import Progress

from execution import recovery as executing
from governance import recovery as governing
from governance.audit import BookReport, Scope, partitions, verify_decisions
from governance.domain.derivation import Finding
from govsite.auditing.checkpoint import archive_directory, public_key_file
from govsite.auditing.conditions import moment
from ledger import archive, rebuild
from ledger.checkpoint_copies import copy_path
from ledger.checkpoint_review import review
from ledger.checkpoints import last_of
from ledger.partitioning import count_of
from ledger.segments import folder_of
from ledger.session import Session
from ledger.signing import BadKey, Trusted, trusted
from ledger.verifying import head_and_end, headless, heads, log_name, verify_log
from streams.partitions import suffixed

EXAMPLES = """
  python manage.py audit verify                                 everything; exit code 1 where anything does not hold
  python manage.py audit verify --chain --checkpoints           only these parts
  python manage.py audit verify --archive /mnt/archive --public-key auditor.pub
  python manage.py audit verify --decisions --book demo --last 1000
"""
COUNTED = {"DecisionReached": "decisions", "DecisionHeld": "holds", "CouncilScored": "scores"}
SHOWN = 20

Connection = psycopg.Connection[Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_argument_group("parts (all of them where none is chosen)")
    parts.add_argument("--chain", action="store_true", help="every position, hash and event id, and the heads")
    parts.add_argument("--checkpoints", action="store_true", help="signatures, roots, and the copies of checkpoints")
    parts.add_argument(
        "--archive", nargs="?", const="", metavar="DIR", help="archive against table (default: archive in the data dir)"
    )
    parts.add_argument("--decisions", action="store_true", help="derive every decision again from its events")
    parts.add_argument("--snapshots", action="store_true", help="what cores begin with against a fold from the start")
    parts.add_argument("--read-models", action="store_true", help="read models against a rebuild")
    parser.add_argument("--public-key", type=Path, metavar="FILE", help="whose signatures count (default: our own)")
    parser.add_argument("--book", help="only the decisions of this book")
    parser.add_argument("--since", type=moment, metavar="TIME", help="only decisions since; ISO 8601, UTC by default")
    parser.add_argument("--last", type=_count, metavar="N", help="only the last N decisions")


def _count(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def run(connection: Connection, options: dict[str, Any], out: IO[str]) -> bool:
    """Goes through the chosen parts and says what it found in each; False where anything does not hold."""
    chosen = {name for name in PARTS if options[name] not in (None, False)}
    scope = Scope(book=options["book"], since=options["since"], last=options["last"])
    if scope != Scope() and "decisions" not in chosen:
        raise CommandError("--since, --book and --last choose decisions: they need --decisions")
    with Progress(console=Console(stderr=True), transient=True) as progress:
        inquiry = Inquiry(connection, options, scope, everything=not chosen, out=out, progress=progress)
        results = [inquiry.part(name) for name in PARTS if not chosen or name in chosen]
    return all(results)


class Inquiry:
    """One run: what is asked, where it is told."""

    def __init__(
        self,
        connection: Connection,
        options: dict[str, Any],
        scope: Scope,
        *,
        everything: bool,
        out: IO[str],
        progress: Progress,
    ) -> None:
        self.connection = connection
        self.scope = scope
        self.everything = everything
        self.archive = Path(options["archive"] or archive_directory())
        self.public_key: Path = options["public_key"] or public_key_file()
        self.out = out
        self.progress = progress

    def part(self, name: str) -> bool:
        """A part that cannot be gone through to its end does not hold; the others are still looked at."""
        try:
            return PARTS[name](self)
        except psycopg.OperationalError:
            raise
        except Exception as error:  # noqa: BLE001 - what an edited ledger makes of a part is a finding
            self.say(f"{name.replace('_', ' ')}: BROKEN, it cannot be checked: {type(error).__name__}: {error}")
            return False

    def say(self, text: str) -> None:
        self.out.write(text + "\n")

    def bar(self, text: str, total: int) -> Callable[[int], None]:
        task = self.progress.add_task(text, total=total)
        return lambda done: self.progress.update(task, completed=done)

    def absent(self, text: str) -> bool:
        """What is not there is only a fault where it was asked for."""
        self.say(f"{text}: {'not checked' if self.everything else 'BROKEN'}")
        return self.everything


def chain(inquiry: Inquiry) -> bool:
    whole, found = True, heads(inquiry.connection)
    for log, partition, position, _ in found:
        name = log_name(log, partition)
        verdict = verify_log(inquiry.connection, log, partition, inquiry.bar(f"{name}: chain", position))
        whole = whole and verdict.broken is None
        if verdict.broken is None:
            inquiry.say(f"{name}: {verdict.events:,} events, the chain is whole")
        else:
            inquiry.say(f"{name}: BROKEN at position {verdict.broken.position}: {verdict.broken.reason}")
    lost = headless(inquiry.connection)
    for log, partition in lost:
        inquiry.say(f"{log_name(log, partition)}: BROKEN at position 1: the log has no head")
    if not found and not lost:
        inquiry.say("the ledger is empty")
    return whole and not lost


def checkpoints(inquiry: Inquiry) -> bool:
    results = [_checkpoints(inquiry, *head[:2]) for head in heads(inquiry.connection)]
    return all(results)


def _checkpoints(inquiry: Inquiry, log: str, partition: int) -> bool:
    name = log_name(log, partition)
    try:
        keys = trusted(inquiry.public_key)
    except BadKey as error:
        if inquiry.everything and not copy_path(archive_directory(), log, partition).exists():
            keys = Trusted({})
        else:
            inquiry.say(f"{name}: BROKEN, its checkpoints cannot be checked: {error}")
            return False
    found = review(inquiry.connection, keys, archive_directory(), log, partition)
    for fault in found.faults[:SHOWN]:
        inquiry.say(f"{name}: BROKEN at position {fault.position}: {fault.reason}")
    if len(found.faults) > SHOWN:
        inquiry.say(f"{name}: and {len(found.faults) - SHOWN:,} more faults of checkpoints")
    if not found.faults:
        end = head_and_end(inquiry.connection, log, partition)[1]
        since = f"{max(end - found.last, 0):,} events since" if found.checkpoints else "nothing is signed yet"
        inquiry.say(f"{name}: {found.checkpoints:,} checkpoints to position {found.last:,} hold, {since}")
    return not found.faults


def archives(inquiry: Inquiry) -> bool:
    logs = [head[:3] for head in heads(inquiry.connection)]
    directory = inquiry.archive
    copied = [_parquet(inquiry, log, partition) for log, partition, _ in logs]
    if not any(folder_of(directory, log, partition).is_dir() for log, partition, _ in logs):
        if any(last_of(inquiry.connection, log, partition) for log, partition, _ in logs):
            inquiry.say(f"archive: BROKEN: the ledger is signed, but there is no archive in {directory}")
            return False
        return inquiry.absent(f"archive: there is none in {directory}") and all(copied)
    results = [_archive(inquiry, *one) for one in logs]
    return all(results) and all(copied)


def _parquet(inquiry: Inquiry, log: str, partition: int) -> bool:
    """What was copied of a log to Parquet; nothing is said where nothing was."""
    directory = Path(settings.PARQUET_DIR)
    if not (directory / log / str(partition)).is_dir():
        return True
    from ledger import parquet  # takes a third of a second, and most ledgers have no such files

    name = log_name(log, partition)
    broken = parquet.fault(inquiry.connection, directory, log, partition)
    if broken is not None:
        inquiry.say(f"{name}: BROKEN at position {broken.position}: {broken.reason}")
        return False
    inquiry.say(f"{name}: the Parquet files hold and agree with the table")
    return True


def _archive(inquiry: Inquiry, log: str, partition: int, position: int) -> bool:
    name = log_name(log, partition)
    directory = inquiry.archive
    broken = archive.compare(inquiry.connection, directory, log, partition, inquiry.bar(f"{name}: archive", position))
    if broken is not None:
        inquiry.say(f"{name}: BROKEN at position {broken.position}: {broken.reason}")
        return False
    inquiry.say(f"{name}: the archive agrees with the table to position {archive.end_of(directory, log, partition):,}")
    return True


def decisions(inquiry: Inquiry) -> bool:
    reports: dict[str, BookReport] = {}
    for number, position in partitions(inquiry.connection):
        bar = inquiry.bar(f"decisions of partition {number}", position)
        reports |= verify_decisions(inquiry.connection, number, inquiry.scope, partial(_tell, inquiry), bar)
    for book, report in sorted(reports.items()):
        inquiry.say("\n".join(_derived(book, report)))
    if not reports and not inquiry.everything:
        inquiry.say("the ledger holds no such book")
    return not any(report.differing for report in reports.values())


def _tell(inquiry: Inquiry, finding: Finding) -> None:
    """Every difference in full."""
    name = " ".join(filter(None, (finding.event, finding.decision_id)))
    inquiry.say(f"{finding.book}: {name} at position {finding.position} does not follow:")
    for difference in finding.differences:
        inquiry.say(f"  {difference.event} at position {difference.position}: {difference.first}")
        inquiry.say(f"    expected {difference.expected or '(nothing)'}")
        inquiry.say(f"    stored   {difference.stored or '(nothing)'}")


def _derived(book: str, report: BookReport) -> Iterator[str]:
    """One line of numbers for a book, then what was not derivable."""
    counts = ", ".join(f"{report.derived[event]:,} {name}" for event, name in COUNTED.items() if report.derived[event])
    wrong = f"; {report.differing:,} DIFFER" if report.differing else ""
    yield f"{book}: derived {counts or 'nothing'}{wrong}"
    for reason, count in report.underivable.items():
        yield f"  not derivable: {count:,} {reason}"


def read_models(inquiry: Inquiry) -> bool:
    total = max((position for _, _, position, _ in heads(inquiry.connection)), default=0)
    try:
        faults = rebuild.compare(settings.DATABASE_URL, inquiry.bar("read models", total))
    except rebuild.Busy as error:
        return inquiry.absent(f"read models: {error}")
    for fault in faults:
        inquiry.say(f"read models: BROKEN: {fault}")
    if not faults:
        inquiry.say("read models: all equal to a rebuild")
    return not faults


def snapshots(inquiry: Inquiry) -> bool:
    """Cores begin with what a snapshot says, so that a forged one would be believed."""
    whole, session = True, Session(settings.DATABASE_URL, "verify")
    try:
        for folding in (governing.FOLDING, executing.FOLDING):
            partitions = range(count_of(session.connection))
            for number, (at, fault) in ((n, found) for n in partitions for found in folding.faults(session, n)):
                name = suffixed(folding.name, number)
                place = f"snapshot of {name} at {at.governance} of governance and {at.execution} of execution"
                whole = whole and not fault
                remedy = f"BROKEN: {fault}; delete it from the table snapshot and start the cores again"
                inquiry.say(f"{place}: {remedy if fault else 'it is what the logs give'}")
    finally:
        session.close()
    return whole


PARTS: dict[str, Callable[[Inquiry], bool]] = {
    "chain": chain,
    "checkpoints": checkpoints,
    "archive": archives,
    "decisions": decisions,
    "snapshots": snapshots,
    "read_models": read_models,
}

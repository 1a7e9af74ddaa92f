"""Derives the decisions of the ledger again: reads the governance log and folds the findings into a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from msgspec import Struct, field

from governance.domain.derivation import Derivation, Finding
from governance.domain.reconstruction import Row
from ledger.upcasting import upcast

FETCH = 5000
REPORT_EVERY = 1000
FIRST_OF_ALL = 0

Connection = psycopg.Connection[Any]
Progress = Callable[[int], None]
Tell = Callable[[Finding], None]


class Scope(Struct, frozen=True, kw_only=True):
    """Which decisions are derived: those of one book, recorded since a moment, the last so many. All together."""

    book: str | None = None
    since: datetime | None = None
    last: int | None = None


class BookReport(Struct):
    """How much was derived, by event; how much was not derivable, by reason; and how much differs."""

    derived: Counter[str] = field(default_factory=Counter)
    underivable: Counter[str] = field(default_factory=Counter)
    differing: int = 0

    def add(self, finding: Finding) -> None:
        if finding.underivable:
            self.underivable[finding.underivable] += 1
        elif finding.differences:
            self.differing += 1
        else:
            self.derived[finding.event] += 1


def partitions(connection: Connection) -> list[tuple[int, int]]:
    """The partitions of the governance log, each with its last position."""
    query = "SELECT partition, position FROM head WHERE log = 'governance' ORDER BY partition"
    return connection.execute(query).fetchall()


def verify_decisions(
    connection: Connection, partition: int, scope: Scope, tell: Tell, progress: Progress = lambda position: None
) -> dict[str, BookReport]:
    """Derives the decisions of one partition in one pass, as of one moment; a report for each book. `tell` is given
    every finding with differences as it comes."""
    reports: dict[str, BookReport] = {}

    def add(finding: Finding) -> None:
        reports.setdefault(finding.book, BookReport()).add(finding)
        if finding.differences:
            tell(finding)

    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        wanted, begin = first_positions(connection, partition, scope)
        derivation = Derivation(wanted)
        for number, row in enumerate(rows(connection, partition, begin, scope.book)):
            if (finding := derivation.take(row)) is not None:
                add(finding)
            if number % REPORT_EVERY == 0:
                progress(row.position)
        for finding in derivation.finish():
            add(finding)
    return {book: reports.get(book, BookReport()) for book in derivation.books}


def first_positions(connection: Connection, partition: int, scope: Scope) -> tuple[int, int]:
    """The first decision that is wanted, and where the events of its deliberation begin."""
    if scope.since is None and scope.last is None:
        return FIRST_OF_ALL, FIRST_OF_ALL
    query = """SELECT position, originator_id FROM event_log
        WHERE log = 'governance' AND partition = %(partition)s AND split_part(topic, '.', 2) = 'DecisionReached'
            AND (%(book)s::text IS NULL OR book = %(book)s)
            AND (%(since)s::timestamptz IS NULL OR recorded_at >= %(since)s)
        ORDER BY position DESC LIMIT %(last)s"""
    parameters = {"partition": partition, "book": scope.book, "since": scope.since, "last": scope.last}
    found: list[tuple[int, UUID]] = connection.execute(query, parameters).fetchall()
    if not found:
        last = connection.execute("SELECT position FROM head WHERE log = 'governance' AND partition = %s", [partition])
        return (end := (last.fetchone() or (0,))[0] + 1), end
    position, originator = found[-1]
    query = """SELECT min(position) FROM event_log
        WHERE log = 'governance' AND partition = %s AND originator_id = %s"""
    begin = connection.execute(query, [partition, originator]).fetchone()
    return position, begin[0] if begin else position


def rows(connection: Connection, partition: int, begin: int, book: str | None) -> Iterator[Row]:
    """What a book is, from its founding; deliberations from `begin`, and what was held before it. A server-side cursor
    in the transaction that is open."""
    query = """SELECT position, book, originator_id, originator_version, topic, state FROM event_log
        WHERE log = 'governance' AND partition = %s AND (%s::text IS NULL OR book = %s)
            AND (position >= %s OR topic NOT LIKE 'Deliberation.%%' OR topic = 'Deliberation.DecisionHeld')
            AND topic <> ALL(%s)
        ORDER BY position"""
    skipped = ["Proposal.ProposalRefused", "Deliberation.BallotLate"]
    with connection.cursor("decisions", binary=True) as cursor:
        cursor.itersize = FETCH
        for position, name, originator, version, topic, state in cursor.execute(
            query, [partition, book, book, begin, skipped]
        ):
            yield Row(position, name, originator, version, *upcast(topic, state))

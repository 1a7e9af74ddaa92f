"""The table of marks: runs of P as the feed tells them, and the scorer's questions about them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any, cast

import psycopg

from market.domain.runs import WITHIN_NS, Mark, Run

log = logging.getLogger(__name__)

Connection = psycopg.Connection[Any]
Question = tuple[str, int]

# A loose index scan: one descent of the index for each instrument.
_NEWEST = """
    WITH RECURSIVE newest AS (
        (SELECT instrument, first_at, last_at FROM price_run ORDER BY instrument DESC, first_at DESC LIMIT 1)
        UNION ALL
        SELECT following.* FROM newest, LATERAL (
            SELECT instrument, first_at, last_at FROM price_run
            WHERE instrument < newest.instrument ORDER BY instrument DESC, first_at DESC LIMIT 1) following
    )"""
_CLOCK = _NEWEST + "SELECT max(last_at) FROM newest"
_LATEST = (
    _NEWEST
    + """SELECT instrument, first_at, last_at, run.price, run.spread, run.source
         FROM newest JOIN price_run run USING (instrument, first_at, last_at)"""
)
_UPSERT = """
    INSERT INTO price_run (instrument, first_at, last_at, price, spread, source)
    SELECT instrument, first_at, last_at, price::numeric, spread::numeric, source
    FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[])
        AS run (instrument, first_at, last_at, price, spread, source)
    ON CONFLICT (instrument, first_at) DO UPDATE
        SET last_at = excluded.last_at, price = excluded.price, spread = excluded.spread, source = excluded.source"""
_BEGIN_ANEW = (
    _NEWEST
    + """DELETE FROM price_run USING newest
         WHERE price_run.instrument = newest.instrument AND price_run.first_at >= %(at)s""",
    _NEWEST
    + """UPDATE price_run SET last_at = %(at)s - 1 FROM newest
         WHERE (price_run.instrument, price_run.first_at) = (newest.instrument, newest.first_at)
           AND price_run.last_at >= %(at)s""",
)
_FIRST_AFTER = """
    SELECT asked.instrument, asked.at, found.price, found.at, found.source
    FROM unnest(%s::text[], %s::bigint[]) AS asked (instrument, at), LATERAL (
        (SELECT price, asked.at AS at, source FROM (
            SELECT * FROM price_run WHERE instrument = asked.instrument AND first_at <= asked.at
            ORDER BY first_at DESC LIMIT 1) holding
         WHERE last_at >= asked.at)
        UNION ALL
        (SELECT price, first_at, source FROM price_run
         WHERE instrument = asked.instrument AND first_at > asked.at AND first_at <= asked.at + %s
         ORDER BY first_at LIMIT 1)
        ORDER BY at LIMIT 1) found"""


def market_clock(connection: Connection) -> int | None:
    """The market time (ns) up to which marks are written; None where there are none."""
    row = connection.execute(_CLOCK).fetchone()
    return None if row is None else cast("int | None", row[0])


def latest(connection: Connection) -> dict[str, Run]:
    """The run of P in which each instrument is."""
    names = ("instrument", "first_at", "last_at", "price", "spread", "source")
    rows = connection.execute(_LATEST).fetchall()
    return {row[0]: Run(**dict(zip(names, row, strict=True))) for row in rows}


def first_after(connection: Connection, asked: Iterable[Question], within_ns: int = WITHIN_NS) -> dict[Question, Mark]:
    """The first P of each instrument at its time (market clock, ns) or in the `within_ns` after it."""
    pairs = sorted(set(asked))
    names, times = [name for name, _ in pairs], [at for _, at in pairs]
    rows = connection.execute(_FIRST_AFTER, (names, times, within_ns)).fetchall()
    return {(name, at): Mark(price, found_at, source) for name, at, price, found_at, source in rows}


def forget(connection: Connection, before: int, most: int) -> int:
    """Deletes at most so many runs that ended before a market time, the oldest first; returns how many."""
    row = connection.execute("SELECT forget_marks(%s, %s)", (before, most)).fetchone()
    return 0 if row is None else int(row[0])


def begin_anew(connection: Connection, at: int) -> None:
    """What was written beyond this market time is of a clock that was set back, and is deleted."""
    for statement in _BEGIN_ANEW:
        connection.execute(statement, {"at": at})


def store(connection: Connection, runs: Sequence[Run]) -> None:
    """Each run as it is told now; the open ones have grown."""
    columns = (
        [run.instrument for run in runs],
        [run.first_at for run in runs],
        [run.last_at for run in runs],
        [str(run.price) for run in runs],
        [str(run.spread) for run in runs],
        [run.source for run in runs],
    )
    connection.execute(_UPSERT, columns, prepare=True)

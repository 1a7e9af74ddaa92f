"""Finds the decisions whose orders have had their time, and hands their traces on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

import psycopg

from govsite.tracing.spans import Span, spans, trace_id
from ledger import audit
from streams.stopping import Stop

SETTLED_S = 3.0  # after the commit of a decision: orders of a venue that answers have ended
EVERY_S = 0.5
AT_ONCE = 200

NEW = """SELECT position, decision_of(state) FROM event_log
    WHERE split_part(topic, '.', 2) = 'DecisionReached' AND log = 'governance' AND partition = %s AND position > %s
        AND recorded_at <= clock_timestamp() - make_interval(secs => %s) ORDER BY position LIMIT %s"""
HEADS = "SELECT partition, position FROM head WHERE log = 'governance'"

Connection = psycopg.Connection[Any]


class Taker(Protocol):
    def take(self, trace: int, spans: list[Span]) -> None: ...


def follow(connection: Connection, taker: Taker, stop: Stop, places: dict[int, int], beat: Callable[[], None]) -> None:
    """From the heads as they are until told to stop, with a `beat` after each round. `places` are the positions that
    each partition has been followed to: kept by the caller, so that a lost connection skips nothing. Raises
    `psycopg.OperationalError`, and what `beat` raises."""
    while not stop:
        begun = time.monotonic()
        for partition, position in connection.execute(HEADS).fetchall():
            places.setdefault(partition, position)
        for partition in list(places):
            places[partition] = pass_on(connection, taker, partition, places[partition], SETTLED_S)
        beat()
        stop.wait(max(0.0, EVERY_S - (time.monotonic() - begun)))


def pass_on(connection: Connection, taker: Taker, partition: int, after: int, settled_s: float) -> int:
    """Hands on what has settled since a position; returns the position that it came to."""
    for position, decision_id in connection.execute(NEW, [partition, after, settled_s, AT_ONCE]).fetchall():
        story = audit.explain(connection, decision_id)
        if story is not None and (found := spans(story)):
            taker.take(trace_id(decision_id), found)
        after = position
    return after

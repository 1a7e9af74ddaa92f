"""What must hold in the ledger of a stack whatever was done to it: asked in SQL, beside its running processes."""

from __future__ import annotations

from typing import Any, LiteralString

import psycopg
from msgspec import Struct, field

from ledger.chain import Broken as BrokenChain
from ledger.chain import ChainRow, verify
from ledger.records import GENESIS
from ledger.verifying import heads
from streams.partitions import suffixed

SETTLED_S = 5  # by then every order that rests nowhere has come to its end, or something is wrong
WINDOW_S = 900.0
EVER_S = 1e9
FINAL = "('OrderFilled', 'OrderRejected', 'OrderCancelled', 'OrderExpired')"

# now() is when the transaction began, as what it sees is: the checks before may take their time.
_ENDS = f"""
    WITH decided AS (
        SELECT ticket->>'order_id' AS order_id, decision.recorded_at
        FROM ledger decision CROSS JOIN LATERAL jsonb_array_elements(decision.payload->'orders') ticket
        WHERE decision.log = 'governance' AND decision.event = 'DecisionReached'
          AND decision.recorded_at > now() - make_interval(secs => %(window)s + 600)
    ), ended AS (
        SELECT payload->>'order_id' AS order_id, count(*) AS ends FROM ledger
        WHERE log = 'execution' AND event IN {FINAL} AND recorded_at > now() - make_interval(secs => %(window)s)
        GROUP BY 1
    )
    SELECT coalesce(decided.order_id, ended.order_id), coalesce(ends, 0),
           CASE WHEN decided.order_id IS NULL THEN ', and nobody has decided it' ELSE '' END
    FROM decided FULL JOIN ended USING (order_id)
    WHERE ends > 1 OR decided.order_id IS NULL
       OR (ends IS NULL AND decided.recorded_at < now() - make_interval(secs => {SETTLED_S})
           AND decided.recorded_at > now() - make_interval(secs => %(window)s))"""
_TWICE = """
    SELECT reason->>'proposal_id', count(*) FROM ledger
    CROSS JOIN LATERAL jsonb_array_elements(payload->'reasons') reason
    WHERE log = 'governance' AND event = 'DecisionReached' AND recorded_at > now() - make_interval(secs => %(window)s)
    GROUP BY 1 HAVING count(*) > 1"""
_AFTER_HALT = """
    SELECT fill.position FROM ledger halt JOIN ledger fill
        ON fill.log = 'execution' AND fill.event IN ('OrderFilled', 'OrderPartiallyFilled')
       AND fill.book = halt.book AND fill.payload->>'venue' = 'paper'
       AND fill.recorded_at > to_timestamp((halt.payload->>'gate_at')::numeric / 1e9)
       AND fill.recorded_at < coalesce((
            SELECT min(resumed.recorded_at) FROM ledger resumed
            WHERE resumed.log = 'governance' AND resumed.event = 'TradingResumed' AND resumed.book = halt.book
              AND resumed.position > halt.position), 'infinity')
    WHERE halt.log = 'governance' AND halt.event = 'TradingHalted'"""
_POSITIONS = """
    SELECT instrument, sum(quantity), max(held) FROM (
        SELECT payload->>'instrument' AS instrument,
               (payload->>'quantity')::numeric * CASE payload->>'side' WHEN 'buy' THEN 1 ELSE -1 END AS quantity,
               NULL::numeric AS held
        FROM ledger WHERE log = 'execution' AND event IN ('OrderFilled', 'OrderPartiallyFilled')
          AND position <= (SELECT position FROM projection WHERE name = 'execution')
        UNION ALL
        SELECT instrument, 0, quantity FROM execution_position) AS rows
    GROUP BY 1 HAVING sum(quantity) <> coalesce(max(held), 0)"""

QUESTIONS: tuple[tuple[LiteralString, str], ...] = (
    (_ENDS, "the order {} has {} ends{}"),
    (_TWICE, "the proposal {} was decided {} times"),
    (_AFTER_HALT, "the fill at {} came after a halt"),
    (_POSITIONS, "{}: fills sum to {}, the read model says {}"),
)


class Seen(Struct):
    """How far a log was checked: a position and its hash, which must stay what they were."""

    position: int = 0
    hash: bytes = GENESIS


class Checks(Struct):
    """Goes on from what was checked the last time; what was seen committed then must still be there."""

    seen: dict[str, Seen] = field(default_factory=dict)
    events: int = 0

    def faults(self, connection: psycopg.Connection[Any], window_s: float = WINDOW_S) -> list[str]:
        """Every sentence names something that does not hold; of orders and proposals those of the last `window_s`
        are looked at."""
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        try:
            found: list[str] = []
            for log, partition, position, _ in heads(connection):
                found += self._chain(connection, log, partition, position)
            for query, sentence in QUESTIONS:
                found += [sentence.format(*row) for row in connection.execute(query, {"window": window_s})]
        finally:
            connection.execute("ROLLBACK")
        return found

    def _chain(self, connection: psycopg.Connection[Any], log: str, partition: int, position: int) -> list[str]:
        seen = self.seen.setdefault(suffixed(log, partition), Seen())
        if position < seen.position:
            return [f"the {log} log ends at {position} but was seen at {seen.position}: committed events are lost"]
        query = f"""SELECT {", ".join(ChainRow._fields)} FROM event_log
            WHERE log = %s AND partition = %s AND position > %s ORDER BY position"""
        rows = map(ChainRow._make, connection.execute(query, [log, partition, seen.position]))
        for row in verify(rows, after=seen.position, previous=seen.hash):
            if isinstance(row, BrokenChain):
                return [f"the {log} log is broken at {row.position}: {row.reason}"]
            seen.position, seen.hash = row.position, row.hash
            self.events += 1
        return []

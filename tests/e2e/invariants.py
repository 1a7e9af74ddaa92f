"""What must be so in any ledger, whatever was killed while it was written: asked in SQL, as an auditor would."""

from __future__ import annotations

import psycopg

FINAL = "('OrderFilled', 'OrderRejected', 'OrderCancelled', 'OrderExpired')"

ORDERS_WITHOUT_EXACTLY_ONE_END = f"""
    SELECT ticket->>'order_id', count(final.event)
    FROM ledger decision
    CROSS JOIN LATERAL jsonb_array_elements(decision.payload->'orders') ticket
    LEFT JOIN ledger final ON final.log = 'execution' AND final.event IN {FINAL}
        AND final.payload->>'order_id' = ticket->>'order_id'
    WHERE decision.event = 'DecisionReached' AND decision.payload->>'outcome' IN ('granted', 'reduced')
    GROUP BY 1 HAVING count(final.event) <> 1"""

ENDS_WITHOUT_A_DECISION = f"""
    SELECT final.payload->>'order_id' FROM ledger final
    WHERE final.log = 'execution' AND final.event IN {FINAL} AND NOT EXISTS (
        SELECT FROM ledger decision CROSS JOIN LATERAL jsonb_array_elements(decision.payload->'orders') ticket
        WHERE decision.event = 'DecisionReached' AND ticket->>'order_id' = final.payload->>'order_id')"""

PROPOSALS_DECIDED_TWICE = """
    SELECT reason->>'proposal_id', count(*) FROM ledger
    CROSS JOIN LATERAL jsonb_array_elements(payload->'reasons') reason
    WHERE event = 'DecisionReached' GROUP BY 1 HAVING count(*) > 1"""

GAPS = """
    SELECT log, position FROM (
        SELECT log, position, lag(position, 1, 0::bigint) OVER (PARTITION BY log, partition ORDER BY position) AS before
        FROM ledger) AS rows
    WHERE position <> before + 1"""

FOLD_OF_FILLS = """
    SELECT book, payload->>'instrument',
        sum((payload->>'quantity')::numeric * CASE payload->>'side' WHEN 'buy' THEN 1 ELSE -1 END)
    FROM ledger WHERE event IN ('OrderFilled', 'OrderPartiallyFilled') GROUP BY 1, 2"""

POSITIONS = "SELECT book, instrument, quantity FROM execution_position"


def broken(url: str) -> dict[str, list[tuple[object, ...]]]:
    """The rows that break an invariant, by its name; empty where all hold and nothing is on its way."""
    with psycopg.connect(url) as connection:
        found = {
            "orders without exactly one end": connection.execute(ORDERS_WITHOUT_EXACTLY_ONE_END).fetchall(),
            "ends without a decision": connection.execute(ENDS_WITHOUT_A_DECISION).fetchall(),
            "proposals decided twice": connection.execute(PROPOSALS_DECIDED_TWICE).fetchall(),
            "gaps": connection.execute(GAPS).fetchall(),
        }
        folded = {row[:2]: row[2] for row in connection.execute(FOLD_OF_FILLS)}
        positions = {row[:2]: row[2] for row in connection.execute(POSITIONS)}
    wrong = {name for name in folded if folded[name] != positions.get(name, 0)}
    found["positions that are not the fold of fills"] = [(name, folded[name], positions.get(name)) for name in wrong]
    return {name: rows for name, rows in found.items() if rows}

"""What the rules found in a round, clause by clause: read from the ledger, where it is kept once."""

from __future__ import annotations

from typing import Any

import msgspec
from django.db import connection

from ledger.upcasting import body_of
from streams.events import RulesEvaluated

EVALUATED = """SELECT topic, state FROM event_log WHERE log = 'governance' AND partition IN (SELECT partition FROM head)
    AND originator_id = %s AND split_part(topic, '.', 2) = 'RulesEvaluated' ORDER BY position DESC LIMIT 1"""


def traces(aggregate_id: object) -> list[dict[str, Any]]:
    """Of the round with this key; [] where no rule was asked. Each has the fields of `streams.events.ClauseTrace`."""
    with connection.cursor() as cursor:
        cursor.execute(EVALUATED, [str(aggregate_id)])
        row = cursor.fetchone()
    if row is None:
        return []
    body = body_of(row[0], bytes(row[1]))
    assert isinstance(body, RulesEvaluated)
    found: list[dict[str, Any]] = msgspec.to_builtins(body.traces)
    return found

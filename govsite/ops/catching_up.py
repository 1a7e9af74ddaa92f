"""Whether the pages can show what a command led to: its events are in the ledger before the read models have them."""

from __future__ import annotations

import time

from django.db import connection

POLL_S = 0.01
# What a command led to is in the ledger together with its answer, so who sees the answer sees all of it.
_UNSEEN = """SELECT EXISTS (SELECT FROM event_log WHERE command_id = %s AND position > (
    SELECT coalesce(max(position), 0) FROM projection
    WHERE projection.name = event_log.log AND projection.log = event_log.log
        AND projection.partition = event_log.partition))"""


def is_unseen(command_id: str) -> bool:
    """Whether the read models lack events of an answered command."""
    with connection.cursor() as cursor:
        cursor.execute(_UNSEEN, (command_id,))
        return bool(cursor.fetchone()[0])


def wait(command_id: str, deadline: float) -> bool:
    """Waits until they have all of them or it is `deadline` (of `time.monotonic`, s); returns whether they have."""
    while is_unseen(command_id):
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_S)
    return True

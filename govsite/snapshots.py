"""Snapshots of what the cores fold, taken by the clock beside them."""

from __future__ import annotations

import execution.recovery
import governance.recovery
from ledger.partitioning import count_of
from ledger.session import Session

EVERY = 10_000


def take_snapshots(database_url: str, every: int = EVERY) -> int:
    """Of each core that has `every` events more than its last snapshot; how many were taken."""
    session = Session(database_url, "snapshots")
    try:
        takes = (governance.recovery.take_snapshot, execution.recovery.take_snapshot)
        partitions = range(count_of(session.connection))
        taken = [take(session, every, partition) for partition in partitions for take in takes]
    finally:
        session.close()
    return sum(at is not None for at in taken)

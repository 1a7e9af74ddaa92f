"""Where a page of events ended: the last position given of every log, as text that can be read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from govsite.api import problems
from ledger.audit import LOGS


def cursor_of(before: str, rows: Iterable[dict[str, Any]]) -> str:
    """`governance.0:120,execution.0:44`; a log of which this page has nothing stays where it was."""
    seen = seen_of(before)
    seen |= {f"{row['log']}.{row['partition']}": row["position"] for row in rows}
    return ",".join(f"{name}:{position}" for name, position in sorted(seen.items()))


def seen_of(cursor: str) -> dict[str, int]:
    """Raises a problem for what `cursor_of` did not make."""
    if not cursor:
        return {}
    try:
        pairs = [one.rsplit(":", 1) for one in cursor.split(",")]
        seen = {name: int(position) for name, position in pairs}
    except ValueError:
        raise problems.bad("cursor: give `next` of the page before as it was") from None
    if any(name.partition(".")[0] not in LOGS or position < 0 for name, position in seen.items()):
        raise problems.bad("cursor: give `next` of the page before as it was")
    return seen

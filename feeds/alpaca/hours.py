"""Regular trading hours of US stocks: Monday to Friday, 09:30 to 16:00 in New York. Holidays are not known here."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
OPEN, CLOSE = time(9, 30), time(16, 0)
SATURDAY = 5


def opened_at(now: int) -> int | None:
    """When the session began that is on at `now` (both ns since 1970); None out of regular hours."""
    local = datetime.fromtimestamp(now // 1_000_000_000, UTC).astimezone(NEW_YORK)
    if local.weekday() >= SATURDAY or not OPEN <= local.time() < CLOSE:
        return None
    return int(datetime.combine(local.date(), OPEN, NEW_YORK).timestamp()) * 1_000_000_000

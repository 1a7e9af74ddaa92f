"""The table of bars: written with the marks, read by charts, researchers and backtests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import psycopg

from market.domain.bars import MINUTE_NS, MINUTE_S, SECOND_NS, Bar, joined, minute_of

Connection = psycopg.Connection[Any]
Key = tuple[str, int, int]

PAGE = 5_000
COLUMNS = Bar.__struct_fields__
_NAMES = ", ".join(COLUMNS)
_KEY = ("instrument", "width_s", "at")
_TYPES = {"instrument": "text", "width_s": "int", "at": "bigint", "trades": "int", "mixed": "boolean"}
_TEXTS = {"source": "text", "venue": "text"}
# Numbers travel as text: an array of numerics would cost an adaptation of each.
_CASTS = ", ".join(name if name in _TYPES or name in _TEXTS else f"{name}::numeric" for name in COLUMNS)
_UPSERT = f"""
    INSERT INTO bar ({_NAMES}) SELECT {_CASTS}
    FROM unnest({", ".join(f"%s::{(_TYPES | _TEXTS).get(name, 'text')}[]" for name in COLUMNS)}) AS told ({_NAMES})
    ON CONFLICT (instrument, width_s, at) DO UPDATE
        SET {", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name not in _KEY)}"""
_NEWEST = f"""
    SELECT {_NAMES} FROM bar WHERE instrument = %s AND width_s = %s AND at >= %s AND at < %s
    ORDER BY at DESC LIMIT %s"""
_OLDEST = f"""
    SELECT {_NAMES} FROM bar WHERE instrument = %s AND width_s = %s AND at >= %s AND at < %s
    ORDER BY at LIMIT {PAGE}"""
_LAST_TRADED = f"""
    SELECT {_NAMES} FROM bar WHERE instrument = %s AND width_s = 1 AND trades > 0 ORDER BY at DESC LIMIT 1"""
# A loose index scan: one descent of the index for each instrument.
_INSTRUMENTS = """
    WITH RECURSIVE known AS (
        (SELECT instrument FROM bar ORDER BY instrument LIMIT 1)
        UNION ALL
        SELECT following.* FROM known, LATERAL (
            SELECT instrument FROM bar WHERE instrument > known.instrument ORDER BY instrument LIMIT 1) following
    )"""
_BEGUN = f"{_INSTRUMENTS} SELECT {_NAMES} FROM known JOIN bar USING (instrument) WHERE width_s = %s AND at = %s"
_SECONDS = f"""
    {_INSTRUMENTS} SELECT {_NAMES} FROM known JOIN bar USING (instrument)
    WHERE width_s = 1 AND at >= %s AND at < %s ORDER BY at"""
_BEGIN_ANEW = f"""
    {_INSTRUMENTS} DELETE FROM bar USING known
    WHERE bar.instrument = known.instrument AND bar.width_s = %(width)s AND bar.at >= %(at)s"""


def bars(connection: Connection, instrument: str, width_s: int, since: int, until: int, most: int) -> list[Bar]:
    """The bars that begin at `since` or later and before `until` (market clock, ns), in order; where there are more
    than `most`, the newest."""
    rows = connection.execute(_NEWEST, (instrument, width_s, since, until, most)).fetchall()
    return [_bar(row) for row in reversed(rows)]


def every_bar(connection: Connection, instrument: str, width_s: int, since: int, until: int) -> Iterator[Bar]:
    """All bars that begin at `since` or later and before `until`, in order; read as they are taken."""
    while rows := connection.execute(_OLDEST, (instrument, width_s, since, until)).fetchall():
        yield from map(_bar, rows)
        since = rows[-1][COLUMNS.index("at")] + 1


def newest_at(connection: Connection, instrument: str, width_s: int) -> int | None:
    """Where the newest bar of an instrument begins; None where it has none."""
    row = connection.execute(
        "SELECT max(at) FROM bar WHERE instrument = %s AND width_s = %s", (instrument, width_s)
    ).fetchone()
    return None if row is None else row[0]


def last_traded(connection: Connection, instrument: str) -> Bar | None:
    """The newest second in which there was a trade."""
    row = connection.execute(_LAST_TRADED, (instrument,)).fetchone()
    return None if row is None else _bar(row)


def instruments(connection: Connection) -> list[str]:
    """What there are bars of."""
    return [name for (name,) in connection.execute(f"{_INSTRUMENTS} SELECT instrument FROM known").fetchall()]


def begun(connection: Connection, at: int, *, set_back: bool) -> dict[Key, Bar]:
    """What earlier feeds have told of the second and the minute of a market time, by key: a feed that begins then goes
    on with them. Where the clock was `set_back`, that second was another one, and of the minute what was before it
    holds."""
    second, minute = at - at % SECOND_NS, at - at % MINUTE_NS
    if not set_back:
        rows = [
            *connection.execute(_BEGUN, (1, second)).fetchall(),
            *connection.execute(_BEGUN, (MINUTE_S, minute)).fetchall(),
        ]
        return {row[:3]: _bar(row) for row in rows}
    found: dict[Key, Bar] = {}
    for row in connection.execute(_SECONDS, (minute, second)).fetchall():
        bar = _bar(row)
        key = bar.instrument, MINUTE_S, minute
        found[key] = joined(found[key], bar) if key in found else minute_of(bar)
    return found


def begin_anew(connection: Connection, at: int, rebuilt: Iterable[Bar]) -> None:
    """The clock was set back to this time: what is later is deleted, and minutes cut off there are as rebuilt."""
    connection.execute(_BEGIN_ANEW, {"width": 1, "at": at - at % SECOND_NS})
    connection.execute(_BEGIN_ANEW, {"width": MINUTE_S, "at": at - at % MINUTE_NS})
    store(connection, list(rebuilt))


def store(connection: Connection, told: Sequence[Bar]) -> None:
    """Each bar as it is told now, whatever was there."""
    if told:
        connection.execute(_UPSERT, [[_written(bar, name) for bar in told] for name in COLUMNS], prepare=True)


def forget(connection: Connection, width_s: int, before: int, most: int) -> int:
    """Deletes at most so many bars that began before a market time, the oldest first; returns how many."""
    row = connection.execute("SELECT forget_bars(%s, %s, %s)", (width_s, before, most)).fetchone()
    return 0 if row is None else int(row[0])


def _written(bar: Bar, name: str) -> Any:
    value = getattr(bar, name)
    return value if name in _TYPES or name in _TEXTS else str(value)


def _bar(row: Sequence[Any]) -> Bar:
    return Bar(**dict(zip(COLUMNS, row, strict=True)))

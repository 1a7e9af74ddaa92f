"""Tick CSV of LEAN for US equities: no header, times in ms since midnight in New York, prices times 10,000."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from feeds.recordings.entries import Flaw, Row, Timed, flaw, number, symbol
from feeds.recordings.opening import Unusable
from streams.envelope import Refused
from streams.messages import Code, Quote, Source, Trade

NEW_YORK = ZoneInfo("America/New_York")
VENUE = "lean"
NAMED = re.compile(r"(\d{8})_([A-Za-z0-9.-]+)_(trade|quote)_tick", re.IGNORECASE)
TRADE = re.compile(rb"\d{1,8},\d{1,14}(\.\d+)?,\d+(\.\d+)?,[^,]{0,16},[^,]{0,16},[01]\s*")
QUOTE = re.compile(rb"\d{1,8},\d{0,14},\d*,\d{0,14},\d*,[^,]{0,16},[^,]{0,16},[01]\s*")
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
IN_PRICE = Decimal("0.0001")


class Lean(Struct, frozen=True):
    """Rows of one instrument on one day. `clock`: for every hour of the day what turns its wall clock into UTC (ns).

    Rows of one millisecond are in the order of the file, and ids run. The exchange and the condition of a row are not
    looked at; one that LEAN calls suspicious is no market price."""

    kind: Literal["trade", "quote"]
    instrument: str
    clock: tuple[int, ...]
    source: Source
    venue: str = VENUE
    own: bool = False

    def read(self, line: bytes) -> Timed:
        line = line.strip()
        if not line:
            return None, None
        try:
            cells = line.split(b",")
            if len(cells) != (6 if self.kind == "trade" else 8):
                return None, Flaw(Code.INVALID, f"a row of {len(cells)} columns", line)
            at = self._at(cells[0])
            if cells[-1] != b"0":
                return at, Row("trade", None, line)
            return at, self._trade(cells, line, at) if self.kind == "trade" else self._quote(cells, line, at)
        except (Refused, ValueError) as error:
            return None, flaw(error, line)

    def _at(self, text: bytes) -> int:
        milliseconds = int(text)
        if not 0 <= milliseconds < DAY_MS:
            raise Refused(Code.INVALID, f"{text[:20]!r} is no time of a day")
        return self.clock[milliseconds // HOUR_MS] + milliseconds * 1_000_000

    def _trade(self, cells: list[bytes], line: bytes, at: int) -> Row:
        tick = Trade(
            instrument=self.instrument,
            market_at=at,
            received_at=at,
            event_at=at,
            venue=VENUE,
            source=self.source,
            trade_id=0,
            price=_price(cells[1]),
            quantity=number(cells[2]),
            aggressor="buy",
        )
        return Row("trade", tick, line, numbered=False, sided=False)

    def _quote(self, cells: list[bytes], line: bytes, at: int) -> Row:
        bid, bid_size, ask, ask_size = (cell or b"0" for cell in cells[1:5])
        tick = Quote(
            instrument=self.instrument,
            market_at=at,
            received_at=at,
            event_at=at,
            venue=VENUE,
            source=self.source,
            update_id=0,
            bid=_price(bid),
            bid_size=number(bid_size),
            ask=_price(ask),
            ask_size=number(ask_size),
        )
        return Row("bookTicker", tick, line, numbered=False)


@lru_cache(maxsize=1 << 14)
def _price(text: bytes) -> Decimal:
    value = number(text) * IN_PRICE
    return number(f"{value:f}".encode())


def recognised(sample: Sequence[bytes], names: Sequence[str], source: Source) -> Lean | None:
    """The format for these lines, None if they are of another. Raises `Unusable` where no name says the rest."""
    first = sample[:20]
    kind: Literal["trade", "quote"] = "trade" if any(TRADE.fullmatch(line) for line in first) else "quote"
    if kind == "quote" and not any(QUOTE.fullmatch(line) for line in first):
        return None
    for name in names:
        if found := NAMED.search(name):
            return Lean(kind, symbol(found[2].encode()), _clock(found[1], names[-1]), source)
    raise Unusable(
        f"{names[-1]}: these rows do not say of which instrument and day they are, so the name of the file has to, as "
        "LEAN has it: 20131008_spy_Trade_Tick.csv."
    )


def _clock(day: str, name: str) -> tuple[int, ...]:
    try:
        midnight = datetime.strptime(day, "%Y%m%d")
    except ValueError as error:
        raise Unusable(f"{name}: {day} is no day") from error
    base = int(midnight.replace(tzinfo=UTC).timestamp()) * 1_000_000_000
    hours = (midnight + timedelta(hours=hour) for hour in range(24))
    offsets = (hour.replace(tzinfo=NEW_YORK).utcoffset() or timedelta() for hour in hours)
    return tuple(base - int(offset.total_seconds()) * 1_000_000_000 for offset in offsets)

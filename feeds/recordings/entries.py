"""What every format gives: entries in the order of their file, each with the time at which it was received."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Literal, NamedTuple, Protocol

from msgspec import Struct

from feeds.binance.numbers import LATEST_NS, LONGEST_NUMBER, PLAIN, SMALLEST, SYMBOL
from feeds.binance.ticks import TradeKind
from streams.envelope import Refused
from streams.messages import LARGEST, Code, Quote, Trade

EARLIEST_NS = 631_152_000_000_000_000  # 1990: no tick was recorded before


class Flaw(Struct, frozen=True):
    """A line that is no frame with a time, or no row of its table; where it was plainly a trade, `trade` is its kind,
    instrument and id: it was not left out, and its refusal is its mark."""

    code: Code
    detail: str
    raw: bytes
    trade: tuple[TradeKind, str, int] | None = None


class Row(NamedTuple):
    """A line of a table as a tick. `numbered`: its id is the venue's; else it gets a running one. `sided`: the table
    says who aggressed; else the tick test does. Without a tick it was no market price."""

    kind: Literal["trade", "aggTrade", "bookTicker"]
    tick: Trade | Quote | None
    raw: bytes
    numbered: bool = True
    sided: bool = True


Payload = bytes | Row | Flaw
# Receive time (ns), index of the member, line number, and a frame, a row, or what is wrong with the line.
Entry = tuple[int, int, int, Payload]
# The same before it has its place: no time where the line has none, no payload where it is no more than a remark.
Timed = tuple[int | None, Payload | None]


class Format(Protocol):
    """How the lines of one member are read."""

    @property
    def venue(self) -> str: ...

    @property
    def own(self) -> bool:
        """Whether our recorder wrote it."""
        ...

    def read(self, line: bytes) -> Timed: ...


@lru_cache(maxsize=1 << 14)
def number(text: bytes) -> Decimal:
    """A price or quantity without trailing zeros. Raises `Refused`."""
    plain = text.decode("ascii", "replace").strip()
    if PLAIN.fullmatch(plain):
        return Decimal(plain.rstrip("0").rstrip(".") if "." in plain else plain)
    try:
        value = Decimal(plain[:LONGEST_NUMBER])
    except InvalidOperation as error:
        raise Refused(Code.INVALID, f"{plain[:20]!r} is no number") from error
    if not value.is_finite():
        raise Refused(Code.NOT_FINITE, "a number is not finite")
    if value < 0 or 0 < value < SMALLEST:
        raise Refused(Code.NOT_POSITIVE, "a number is not positive")
    if value > LARGEST or len(plain) > LONGEST_NUMBER:
        raise Refused(Code.INVALID, "a number is too large or too long")
    return value


@lru_cache(maxsize=1 << 12)
def symbol(text: bytes) -> str:
    """An instrument in capitals; `BTC/USD` is BTC-USD. Raises `Refused`."""
    name = text.decode("ascii", "replace").strip().upper().replace("/", "-")
    if SYMBOL.fullmatch(name) is None:
        raise Refused(Code.INVALID, f"{name[:40]!r} is no symbol")
    return name


def instant(text: bytes) -> int:
    """A time of s, ms, µs or ns since 1970, by its magnitude, in ns. Raises `Refused`."""
    if not text.isdigit() or len(text) > 19:
        raise Refused(Code.INVALID, f"{text[:40]!r} is no time")
    time = int(text)
    while 0 < time < EARLIEST_NS:
        time *= 1_000
    if not EARLIEST_NS < time < LATEST_NS:
        raise Refused(Code.INVALID, f"the time {text[:40]!r} is out of range")
    return time


def flaw(error: Refused | ValueError, raw: bytes, trade: tuple[TradeKind, str, int] | None = None) -> Flaw:
    """What is wrong with a row whose tick cannot be made."""
    if isinstance(error, Refused):
        return Flaw(error.code, error.detail, raw, trade)
    text = str(error)
    if "crossed" in text:
        return Flaw(Code.CROSSED, text, raw)
    return Flaw(Code.NOT_POSITIVE if "positive" in text or "negative" in text else Code.INVALID, text, raw, trade)

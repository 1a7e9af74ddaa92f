"""Texts in Binance's frames as exact numbers, sound symbols, and times in ns: each text is worked out once and then
looked up, because most come again within seconds."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from streams.messages import LARGEST, ZERO

SMALLEST = Decimal("1e-12")
LATEST_NS = 4_102_444_800_000_000_000  # the year 2100
LATEST_MS = LATEST_NS // 1_000_000
SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,31}")
PLAIN = re.compile(r"[0-9]{1,18}(\.[0-9]{1,12})?")
LONGEST_NUMBER = 64
LONGEST_USUAL = 18  # so long a text without an exponent is below LARGEST
MOST_NUMBERS = 30_000
MOST_SYMBOLS = 10_000
MICROSECONDS_FROM = 10_000_000_000_000
NANOSECONDS_FROM = 10_000_000_000_000_000


class Numbers(dict[str, Decimal]):
    """Prices and quantities by their text: four of five come again, and a look-up is five times as fast as a `Decimal`.
    What is in here is finite, in range and without trailing zeros: `0.50000000` is 0.5. It begins anew when it is full
    (8 MB)."""

    def __missing__(self, text: str) -> Decimal:
        if len(self) >= MOST_NUMBERS:
            self.clear()
        self[text] = value = _number(text)
        return value


def _number(text: str) -> Decimal:
    has_point = "." in text and "e" not in text and "E" not in text
    try:
        value = Decimal(text.rstrip("0") if has_point else text[:LONGEST_NUMBER])
        if has_point and value >= SMALLEST and len(text) <= LONGEST_USUAL:
            return value
    except InvalidOperation as error:
        raise ValueError(f"{text[:20]!r} is no number") from error
    if not value.is_finite():
        raise ValueError("a number is not finite")
    if value < 0 or 0 < value < SMALLEST:
        raise ValueError("a number is not positive")
    if value > LARGEST or len(text) > LONGEST_NUMBER:
        raise ValueError("a number is too large or too long")
    return value or ZERO


class Symbols(dict[str, str]):
    """Symbols already found sound."""

    def __missing__(self, text: str) -> str:
        if SYMBOL.fullmatch(text) is None:
            raise ValueError(f"{text[:40]!r} is no symbol")
        if len(self) >= MOST_SYMBOLS:
            self.clear()
        self[text] = text
        return text


numbers = Numbers()
symbols = Symbols()


def nanoseconds(time: int) -> int:
    """A time of Binance in ns: milliseconds or microseconds (on request, and in archives since 2025) by magnitude."""
    if time < MICROSECONDS_FROM:
        time *= 1_000_000
    elif time < NANOSECONDS_FROM:
        time *= 1_000
    if time > LATEST_NS:
        raise ValueError("the time is out of range")
    return time

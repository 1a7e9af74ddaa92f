"""Template filters for numbers: exact quantities, shares of mass, milliseconds, JSON that is only looked at."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django import template

from ledger.readmodel import moment as at

register = template.Library()
MINUS = "\u2212"


@register.filter
def exactly(value: Any) -> str:
    """A quantity without exponent and without zeros that say nothing."""
    if value is None or value == "":
        return "–"
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    return f"{number.normalize():,f}".replace("-", MINUS)


@register.filter
def rounded(value: Any, places: int = 2) -> str:
    if value is None or value == "":
        return "–"
    return f"{value:,.{places}f}".replace("-", MINUS)


@register.filter
def mass(ppm: Any) -> str:
    """Parts per million as percent."""
    return "–" if ppm is None else f"{float(ppm) / 10_000:.2f} %"


@register.filter
def share(of: Decimal | None) -> str:
    """A part of one as percent."""
    return "–" if of is None else f"{of * 100:,.1f} %"


@register.filter
def plain(value: Decimal) -> str:
    """For attributes that a browser reads as a number."""
    return f"{value:.6f}"


@register.filter
def probability(value: Any) -> str:
    return "–" if value is None else f"{value:.3f}"


@register.filter
def as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


@register.filter
def age(milliseconds: float | None) -> str:
    """As long as a person would say it."""
    if milliseconds is None:
        return "–"
    seconds = milliseconds / 1000
    if seconds < 120:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:,.0f} h"


@register.filter
def moment(nanoseconds: int) -> datetime:
    return at(nanoseconds)


@register.filter
def filter_value(value: Decimal) -> str:
    """A filter of a venue; 0 is one that it does not say."""
    return exactly(value) if value else "not said"


@register.filter
def percent(part: float) -> str:
    """A part of one as a number of a drawing that is 100 wide."""
    return f"{part * 100:.2f}"


@register.filter
def rest(part: float) -> str:
    """Where the last part of a drawing that is 100 wide begins."""
    return f"{100 - part * 100:.2f}"


@register.filter
def when(seconds: float) -> datetime:
    """Seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


@register.filter(name="hex")
def hexadecimal(raw: bytes) -> str:
    return bytes(raw).hex()

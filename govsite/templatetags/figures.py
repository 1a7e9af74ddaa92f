"""Template filters for numbers: exact quantities, shares of mass, milliseconds, JSON that is only looked at."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any

from django import template

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
def probability(value: Any) -> str:
    return "–" if value is None else f"{value:.3f}"


@register.filter
def as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)

"""Limits and breakers in words: what each measures, what happens at it, and how a reading of it stands."""

from __future__ import annotations

from typing import NamedTuple

MEASURED = {
    "drawdown": "How much of the highest equity since the opening or the last resume is lost.",
    "daily_loss": "How much of the equity at the start of the market's day (UTC) is lost.",
    "reject_rate": "How many of the latest orders the venue has refused.",
    "stale_feed": "How long no price has come.",
    "repeated_execution": "How often an agent's orders on one side were filled within a short time, or how often that "
    "happened.",
    "reconciliation": "How far the book's own account is from the venue's.",
    "volatility-breaker": "How far the price has moved from its lowest to its highest.",
    "consecutive-losses": "How many round trips, from flat to flat, have lost in a row.",
}
TITLES = {"volatility-breaker": "Volatility", "consecutive-losses": "Consecutive losses"}
EFFECTS = {
    "HALTED": "halts the book",
    "REDUCE_ONLY": "the book may only reduce",
    "SUSPENDED": "the instrument may only be reduced",
    "LATCHED": "stops the agent on the instrument until a person clears it",
    "DENIED": "its rule denies orders that take on risk",
}
FRACTIONS = frozenset({"drawdown", "daily_loss", "reject_rate", "volatility-breaker"})
UNITS = {"stale_feed": " s"}
LIMITS = {
    "gross": ("Gross exposure", "Σ |position · price| ≤ {limit} of equity", "orders are cut to it"),
    "net": ("Net exposure", "|Σ position · price| ≤ {limit} of equity", "orders are cut to it"),
    "concentration": ("Share of equity", "|position · price| ≤ {limit} of equity", "orders are cut to it"),
    "position": ("Largest position", "{low} ≤ position ≤ {high}", "orders are cut to it"),
}


class State(NamedTuple):
    """`rank` sorts, the worst is highest; `look` and `icon` never stand without the `title`."""

    rank: int
    title: str
    look: str
    icon: str


STATES = {
    "latched": State(5, "latched", "bad", "halted"),
    "tripped": State(4, "tripped", "bad", "refused"),
    "over": State(4, "at its limit", "bad", "refused"),
    "unknown": State(3, "not known", "", "lost"),
    "warned": State(2, "near its limit", "warn", "late"),
    "ok": State(1, "ok", "good", "granted"),
}

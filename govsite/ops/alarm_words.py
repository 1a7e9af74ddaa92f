"""Alarms in words: how bad one is, what its breaker watches, and who ends what it did."""

from __future__ import annotations

from typing import NamedTuple


class Severity(NamedTuple):
    """`rank` sorts, the worst is 3; `look` and `icon` never stand without the `title`."""

    rank: int
    name: str
    title: str
    look: str
    icon: str


SEVERITIES = {
    "HALTED": Severity(3, "critical", "Critical: the book is halted", "bad", "halted"),
    "REDUCE_ONLY": Severity(2, "serious", "Serious: the book may only reduce", "warn", "reduce-only"),
    "SUSPENDED": Severity(1, "warning", "Warning: the instrument may only be reduced", "warn", "late"),
    "REFUSED": Severity(2, "serious", "Serious: what somebody did in another's name was refused", "bad", "late"),
    "LATCHED": Severity(1, "warning", "Warning: an agent is stopped on an instrument", "warn", "late"),
}
TITLES = {
    "drawdown": "Drawdown",
    "daily_loss": "Daily loss",
    "reject_rate": "Rejects of the venue",
    "stale_feed": "No fresh prices",
    "repeated_execution": "Repeated execution",
    "reconciliation": "Difference to the venue",
    "identity": "Not who it says",
}
MODES = {
    "HALTED": "Two operators resume, one after the other.",
    "REDUCE_ONLY": "One operator resumes, once the cause is understood.",
}
NEXT = {
    ("stale_feed", "SUSPENDED"): "It is lifted by itself after 5 s of clean data.",
    ("reconciliation", "SUSPENDED"): "Book what is missing, reconcile, then clear it.",
    ("identity", "REFUSED"): "Read the dead letters, change or revoke the key or password that leaked, then clear it.",
    ("repeated_execution", "LATCHED"): "Mend or suspend the agent, then clear it.",
}


def severity(effect: str) -> Severity:
    """An effect that this release does not know is taken for serious."""
    return SEVERITIES.get(effect, Severity(2, "serious", f"Serious: {effect}", "warn", "late"))


def title_words(breaker: str, subject: str = "") -> str:
    if (breaker, subject) == ("identity", "stream"):
        return "Tampered with"
    return TITLES.get(breaker, breaker.replace("_", " ").capitalize())


def what_next(breaker: str, effect: str, *, tripped: bool) -> str:
    if not tripped:
        return "The breaker is over."
    return NEXT.get((breaker, effect)) or MODES.get(effect, "")

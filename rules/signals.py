"""A rule seat's signals: compiled against the facts that they may read, and checked before a seat is granted."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from rules.engine import Clause, Engine, Kind, TextRefused
from rules.facts import SIGNAL_SCHEMA
from streams.events import SignalRule

FIELDS: tuple[tuple[str, Kind], ...] = (("when", "BOOL"), ("score", "DOUBLE"))


@cache
def signal_engine() -> Engine:
    return Engine(SIGNAL_SCHEMA)


def compile_signal(signal: SignalRule) -> tuple[str, Clause, Clause]:
    """The name, `when` (BOOL) and `score` (DOUBLE). Raises `TextRefused`; its text names the signal and the field."""
    when, score = (_compiled(signal, field, kind) for field, kind in FIELDS)
    return signal.name, when, score


def _compiled(signal: SignalRule, field: str, kind: Kind) -> Clause:
    try:
        return signal_engine().compile(getattr(signal, field), kind)
    except TextRefused as error:
        raise TextRefused(f"signals: {signal.name}: {field}: {error}") from error


def check_signals(signals: Iterable[SignalRule]) -> None:
    """Raises `TextRefused` for the first text that is not sound."""
    for signal in signals:
        compile_signal(signal)

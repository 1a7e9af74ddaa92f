"""How far a book is from each of its breakers: all readings as they are now, also those that are calm."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from governance.domain.breakers import MEASURES, WARN_AT, Reading
from governance.domain.safety import LATCHED
from governance.domain.state import BookState
from governance.domain.surveillance import NS_PER_S, Surveillance

State = Literal["ok", "warned", "tripped", "latched"]
DENIED = "DENIED"  # no breaker: the rule of that name denies orders while it is so


class Headroom(Struct, frozen=True, kw_only=True):
    """One reading. `level` is the value in units of its limit (1 is the limit), `effect` what happens there."""

    breaker: str
    subject: str
    effect: str
    value: Decimal
    limit: Decimal
    level: float
    state: State
    formula: str
    inputs: dict[str, str]


class Readings(Struct, frozen=True, kw_only=True):
    """All readings of a book at one moment (`at`: process clock, `market_at`: market clock, both ns)."""

    book: str
    at: int
    market_at: int
    readings: tuple[Headroom, ...]


def readings(state: BookState, surveillance: Surveillance, now: int) -> Readings:
    """Looks and changes nothing: what the breakers do does not depend on whether anybody looks."""
    found = [_judged(state, reading) for measure in MEASURES for reading in measure(state, surveillance, now, True)]
    found += _volatility(state, surveillance)
    found += _losses_in_row(state, surveillance)
    return Readings(book=state.book, at=now, market_at=surveillance.prices.now, readings=tuple(found))


def _judged(state: BookState, reading: Reading) -> Headroom:
    effects = state.safety.tripped.get((reading.breaker, reading.subject), set())
    tripped = reading.effect in effects or "HALTED" in effects
    inputs = {name: value for name, value in reading.inputs.items() if name != "at_ns"}
    return Headroom(
        breaker=reading.breaker,
        subject=reading.subject,
        effect=reading.effect,
        value=reading.value,
        limit=reading.limit,
        level=float(reading.level),
        state=_state(reading, tripped=tripped),
        formula=reading.formula,
        inputs=inputs,
    )


def _state(reading: Reading, *, tripped: bool) -> State:
    if tripped:
        return "latched" if reading.effect == LATCHED else "tripped"
    return "warned" if reading.level >= WARN_AT else "ok"


def _volatility(state: BookState, surveillance: Surveillance) -> Iterator[Headroom]:
    terms = state.terms
    window, limit = terms.volatility_window_s, terms.max_volatility
    for instrument in sorted(surveillance.watches.keys() & state.instruments.keys()):
        volatility, calm = surveillance.recent_volatility(instrument)
        inputs = {"volatility": f"{volatility:.6f}"}
        if calm is not None:
            inputs["below for"] = f"{calm / NS_PER_S:.0f} s"
        yield _denied(
            "volatility-breaker",
            instrument,
            (volatility, limit),
            f"(max − min)/min > {limit} in {window} s, and for {window} s after it",
            inputs,
            over=volatility > limit or (calm is not None and calm < window * NS_PER_S),
        )


def _losses_in_row(state: BookState, surveillance: Surveillance) -> Iterator[Headroom]:
    terms = state.terms
    limit, cooldown = Decimal(terms.losses_in_row), terms.losses_cooldown_s
    for instrument, trips in sorted(state.safety.round_trips.items()):
        age = surveillance.loss_age(instrument)
        inputs = {"losses": str(trips.losses), "round trips": str(trips.closed)}
        if trips.losses and age is not None:
            inputs["last closed"] = f"{age / NS_PER_S:.0f} s ago"
        yield _denied(
            "consecutive-losses",
            instrument,
            (Decimal(trips.losses), limit),
            f"round trips that lost in a row ≥ {limit}, for {cooldown} s after the last",
            inputs,
            over=trips.losses >= limit and (age is None or age < cooldown * NS_PER_S),
        )


def _denied(
    rule: str,
    instrument: str,
    against: tuple[Decimal, Decimal],
    formula: str,
    inputs: dict[str, str],
    *,
    over: bool,
) -> Headroom:
    """`against`: the value and its limit."""
    value, limit = against
    level = value / limit if limit > 0 else Decimal(int(over))
    return Headroom(
        breaker=rule,
        subject=instrument,
        effect=DENIED,
        value=value,
        limit=limit,
        level=float(level),
        state="tripped" if over else "warned" if level >= WARN_AT else "ok",
        formula=formula,
        inputs=inputs,
    )

"""The six breakers: each measures one thing against its limit, warns at 80 % of it and trips once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from msgspec import Struct

from governance.domain.parameters import plain
from governance.domain.safety import LATCHED
from governance.domain.state import BookState
from governance.domain.surveillance import NS_PER_S, Surveillance
from market.domain.position import ZERO
from market.domain.suspension import BREAKER
from streams.envelope import derived_id
from streams.events import Breaker, BreakerCleared, BreakerTripped, BreakerWarned, Event

WARN_AT = Decimal("0.8")
CENT = Decimal("0.01")
CALM_BELOW = Decimal("0.7")  # a warning is given again only after its level was below this


class Reading(Struct, frozen=True, kw_only=True):
    """A value against its limit; at the limit it trips, or only above it (`above`). `recovers` tells whether the
    breaker is over when it is tripped: None leaves that to another reading of the same subject, or to a person."""

    breaker: Breaker
    subject: str
    effect: str
    value: Decimal
    limit: Decimal
    formula: str
    inputs: dict[str, str]
    above: bool = False
    recovers: bool | None = None

    @property
    def trips(self) -> bool:
        return self.value > self.limit if self.above else self.value >= self.limit

    @property
    def level(self) -> Decimal:
        """In units of the limit; a limit of nothing is reached, or it is not."""
        if self.limit <= ZERO:
            return Decimal(1) if self.trips else ZERO
        return max(ZERO, self.value / self.limit)


class Breakers:
    """What is tripped is in the log; what was warned of only in memory, so a restart may warn again."""

    def __init__(self, state: BookState, surveillance: Surveillance) -> None:
        self.state = state
        self.surveillance = surveillance
        self._warned: set[tuple[str, str, str]] = set()

    def check(self, now: int) -> Iterator[Event]:
        """BreakerWarned, BreakerTripped and BreakerCleared; the caller folds each before it asks for the next.
        `now` is the process clock (ns)."""
        warned, self._warned = self._warned, {known for known in self._warned if known[2] == LATCHED}
        for measure in MEASURES:
            for reading in measure(self.state, self.surveillance, now, False):
                yield from self._judge(reading, warned, now)

    def _judge(self, reading: Reading, warned: set[tuple[str, str, str]], now: int) -> Iterator[Event]:
        """Who is not measured any more is calm: a warning lasts from one look to the next."""
        effects = self.state.safety.tripped.get((reading.breaker, reading.subject), set())
        known = (reading.breaker, reading.subject, reading.effect)
        level = reading.level
        if reading.effect in effects or "HALTED" in effects:
            if reading.recovers:
                why = f"{reading.formula}: no more, {_told(reading.inputs)}"
                yield BreakerCleared(
                    breaker=reading.breaker, subject=reading.subject, who=f"{BREAKER}{reading.breaker}", why=why
                )
        elif reading.trips:
            yield self._tripped(reading, now)
        elif level >= WARN_AT and known not in warned:
            yield BreakerWarned(
                breaker=reading.breaker,
                subject=reading.subject,
                level=float(level),
                formula=reading.formula,
                inputs=reading.inputs,
            )
        if level >= WARN_AT or (known in warned and level >= CALM_BELOW):
            self._warned.add(known)
        else:
            self._warned.discard(known)

    def _tripped(self, reading: Reading, now: int) -> BreakerTripped:
        alarm_id = derived_id("alarm", self.state.book, reading.breaker, reading.subject, reading.effect, now)
        return BreakerTripped(
            alarm_id=alarm_id,
            breaker=reading.breaker,
            subject=reading.subject,
            effect=reading.effect,
            level=float(reading.level),
            formula=reading.formula,
            inputs=reading.inputs,
        )


def explanation(trip: BreakerTripped) -> str:
    """Formula and inputs in one line, at most 500 characters."""
    return f"{trip.formula}: {_told(trip.inputs)}"[:500]


def _told(inputs: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in inputs.items())


def _calm(state: BookState, breaker: Breaker, subject: str, value: Decimal, limit: Decimal | int) -> bool:
    """Nothing to say: far from the limit, and not tripped. Spares the many looks at a quiet market their texts."""
    return value < CALM_BELOW * limit and (breaker, subject) not in state.safety.tripped


def losses(state: BookState, surveillance: Surveillance, now: int, everything: bool = False) -> Iterator[Reading]:
    """Drawdown from the peak, and the loss of the UTC market day."""
    standing, equity, terms = surveillance.standing(), surveillance.equity(), state.terms
    if standing.peak is None or standing.day_open is None or equity is None:
        return
    lost = _share(standing.peak - equity, standing.peak)
    if everything or not _calm(state, "drawdown", state.book, lost, terms.drawdown_reduce):
        inputs = {"peak": str(standing.peak), "equity": str(equity), "drawdown": _short(lost)}
        limits = (terms.drawdown_halt, terms.drawdown_reduce)
        yield from _staged("drawdown", state.book, "(peak − equity)/peak", lost, limits, inputs)
    lost = _share(standing.day_open - equity, standing.day_open)
    if everything or not _calm(state, "daily_loss", state.book, lost, terms.daily_loss_reduce):
        inputs = {"day_open": str(standing.day_open), "equity": str(equity), "loss": _short(lost)}
        limits = (terms.daily_loss_halt, terms.daily_loss_reduce)
        yield from _staged("daily_loss", state.book, "(day_open − equity)/day_open", lost, limits, inputs)


def _staged(
    breaker: Breaker, book: str, value: str, lost: Decimal, limits: tuple[Decimal, Decimal], inputs: dict[str, str]
) -> Iterator[Reading]:
    """The halt first: where both limits are crossed at once there is one trip, and one alarm."""
    halt, reduce = limits
    for effect, limit in (("HALTED", halt), ("REDUCE_ONLY", reduce)):
        yield Reading(
            breaker=breaker,
            subject=book,
            effect=effect,
            value=lost,
            limit=limit,
            formula=f"{value} ≥ {limit}",
            inputs=inputs,
            recovers=lost < WARN_AT * reduce if effect == "REDUCE_ONLY" else None,
        )


def reject_rate(state: BookState, surveillance: Surveillance, now: int, everything: bool = False) -> Iterator[Reading]:
    terms = state.terms
    orders, rejects = surveillance.orders(now)
    rate = Decimal(rejects) / orders if orders and orders >= terms.reject_orders else ZERO
    if not everything and _calm(state, "reject_rate", state.book, rate, terms.reject_rate):
        return
    yield Reading(
        breaker="reject_rate",
        subject=state.book,
        effect="REDUCE_ONLY",
        value=rate,
        limit=terms.reject_rate,
        formula=f"rejects/orders > {terms.reject_rate} in {terms.reject_window_s} s, of {terms.reject_orders} or more",
        inputs={"rejects": str(rejects), "orders": str(orders)},
        above=True,
        recovers=rate < WARN_AT * terms.reject_rate,
    )


def stale_feed(state: BookState, surveillance: Surveillance, now: int, everything: bool = False) -> Iterator[Reading]:
    """Of listed instruments that have had a price since the start."""
    terms = state.terms
    for instrument in sorted(surveillance.watches.keys() & state.instruments.keys()):
        age = surveillance.age(instrument, now)
        assert age is not None, "watched instruments have an age"
        seconds = Decimal(age) / NS_PER_S
        if not everything and _calm(state, "stale_feed", instrument, seconds, terms.stale_suspend_s):
            continue
        for effect, limit in (("SUSPENDED", terms.stale_suspend_s), ("REDUCE_ONLY", terms.stale_reduce_s)):
            yield Reading(
                breaker="stale_feed",
                subject=instrument,
                effect=effect,
                value=seconds,
                limit=Decimal(limit),
                formula=f"age of the last tick > {limit} s",
                inputs={"age": f"{_short(seconds)} s"},
                above=True,
                recovers=surveillance.clean(instrument, now) if effect == "SUSPENDED" else None,
            )


def repeated_execution(
    state: BookState, surveillance: Surveillance, now: int, everything: bool = False
) -> Iterator[Reading]:
    """Control 5: latched until a person has looked at it; only a new fill can trip it, and is news only once."""
    terms = state.terms
    counted = surveillance.recent_fills(now) if everything else surveillance.fresh_fills(now)
    for (agent, instrument, side), fills in counted.items():
        yield Reading(
            breaker="repeated_execution",
            subject=f"{agent}:{instrument}",
            effect=LATCHED,
            value=Decimal(fills),
            limit=Decimal(terms.repeated_fills),
            formula=f"fills on one side ≥ {terms.repeated_fills} in {terms.repeated_window_s} s",
            inputs={"fills": str(fills), "side": side, "at_ns": str(now)},
        )


def repeated_trips(
    state: BookState, surveillance: Surveillance, now: int, everything: bool = False
) -> Iterator[Reading]:
    terms = state.terms
    since = now - terms.repeated_trips_window_s * NS_PER_S
    trips = sum(at > since for at in state.safety.trips)
    if not everything and _calm(state, "repeated_execution", state.book, Decimal(trips), terms.repeated_trips):
        return
    yield Reading(
        breaker="repeated_execution",
        subject=state.book,
        effect="HALTED",
        value=Decimal(trips),
        limit=Decimal(terms.repeated_trips),
        formula=f"trips of repeated execution ≥ {terms.repeated_trips} in {terms.repeated_trips_window_s} s",
        inputs={"trips": str(trips)},
        recovers=trips < WARN_AT * terms.repeated_trips,
    )


def reconciliation(
    state: BookState, surveillance: Surveillance, now: int, everything: bool = False
) -> Iterator[Reading]:
    """A difference in an instrument that the book does not list is one whatever its size. One in cash that a person
    has cleared is measured from there: it lasts until it is booked, and is news only where it changes."""
    for instrument in sorted(state.safety.differences):
        found = state.safety.unanswered(instrument)
        if found is None or not found.quantity:
            continue
        inputs = {
            "book": plain(found.event.book_quantity + ZERO),
            "venue": plain(found.event.venue_quantity + ZERO),
            "reports": str(found.reports),
        }
        value, limit, formula = abs(found.quantity), ZERO, "book ≠ venue in what the book does not list"
        if instrument == state.quote:
            cleared = state.safety.cleared(instrument)
            value, limit, formula = abs(found.quantity - cleared), CENT, f"|book − venue| ≥ {CENT} {instrument}"
            if cleared:
                formula = f"change of book − venue since it was cleared ≥ {CENT} {instrument}"
                inputs["cleared"] = plain(cleared)
        elif listed := state.instruments.get(instrument):
            limit, formula = listed.lot_size, f"|book − venue| ≥ one lot of {plain(listed.lot_size)}"
        yield Reading(
            breaker="reconciliation",
            subject=instrument,
            effect="SUSPENDED",
            value=value,
            limit=limit,
            formula=formula,
            inputs=inputs,
        )


MEASURES: tuple[Callable[[BookState, Surveillance, int, bool], Iterator[Reading]], ...] = (
    losses,
    reject_rate,
    stale_feed,
    repeated_execution,
    repeated_trips,
    reconciliation,
)
"""Of what is calm a measure tells nothing, unless it is asked for `everything`: then it only looks."""


def _share(part: Decimal, whole: Decimal) -> Decimal:
    """Of a whole that is nothing, any loss is all of it."""
    if whole <= ZERO:
        return Decimal(1) if part > ZERO else ZERO
    return part / whole


def _short(value: Decimal) -> str:
    return f"{value:.6f}"

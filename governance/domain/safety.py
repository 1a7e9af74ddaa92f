"""What keeps a book safe, folded from its events: suspensions, latches, alarms, trips, restrictions, equity marks."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec import Struct

from market.domain.position import ZERO, Position
from market.domain.suspension import BREAKER, left_after
from streams import events
from streams.events import Breaker, EquityMarked, Event

RECONCILIATION = "breaker:reconciliation"
CASH = "breaker:cash"  # a difference in cash: every instrument settles in it, so it suspends them all
SOURCE_SWITCH = "breaker:source_switch"
LATCHED = "LATCHED"
REFUSED = "REFUSED"
AMOUNT_DIGITS = 6
REMEMBERED_ORDERS = 10_000
REMEMBERED_TRIPS = 1_000
REMEMBERED_ALARMS = 1_000
WON = frozenset(("GRANTED", "REDUCED"))


class Restriction(Struct, frozen=True):
    """On the restricted list from `since` to `until` (market clock, ns); `hard`: not even reductions."""

    since: int
    until: int | None
    hard: bool


class Difference(Struct, frozen=True):
    """The last failed reconciliation of an instrument, or of the cash: book − venue in its units, and the number of
    such reports."""

    quantity: Decimal
    reports: int
    event: events.ReconciliationFailed


class RoundTrips(Struct):
    """From flat to flat, at average cost and after fees: `net` of the trip that is open, how many were `closed`, and
    how many of the last ones lost in a row."""

    position: Position
    net: Decimal = ZERO
    closed: int = 0
    losses: int = 0

    def trade(self, signed: Decimal, price: Decimal, fee: Decimal) -> None:
        """Through zero one trip ends and the next begins; each bears its share of the fee."""
        held = self.position.quantity
        beyond = abs(signed) - abs(held) if held * signed < ZERO else ZERO
        self.net += self.position.trade(signed, price)
        later = fee * beyond / abs(signed) if beyond > ZERO else ZERO
        self.net -= fee - later
        if held and (not self.position.quantity or beyond > ZERO):
            self.closed += 1
            lost = round(self.net, AMOUNT_DIGITS) < ZERO  # a share of a fee has no last digit
            self.losses = self.losses + 1 if lost else 0
            self.net = -later


class Safety:
    """`suspended`: why each instrument is (who did it; an operator, or a breaker). `tripped`: the effects of each
    breaker by subject, until it is cleared. `standing`: alarms that nobody has acknowledged. `trips`: when repeated
    execution was latched (process clock, ns). `marks`: None before the first and after a two-person resume."""

    def __init__(self) -> None:
        self.suspended: dict[str, set[str]] = {}
        self.latched: dict[str, set[str]] = {}
        self.tripped: dict[tuple[Breaker, str], set[str]] = {}
        self.standing: dict[str, events.BreakerTripped] = {}
        self.trips: deque[int] = deque(maxlen=REMEMBERED_TRIPS)
        self.untradable: dict[str, str] = {}
        self.restrictions: dict[str, Restriction] = {}
        self.marks: EquityMarked | None = None
        self.gaps: dict[str, int] = {}
        self.differences: dict[str, Difference] = {}
        self.round_trips: dict[str, RoundTrips] = {}
        self.source = ""
        self.switched_from = ""
        self.had_live = False
        self.reduced_by = ""
        self._answered: dict[str, int] = {}
        self._told: dict[str, tuple[int, Decimal]] = {}
        self._cleared_differences: dict[str, tuple[int, Decimal]] = {}
        self._agreed_after: dict[str, int] = {}
        self._halt_ended_by = ""
        self._authors: dict[UUID, dict[str, tuple[str, frozenset[str]]]] = {}
        self._agents: OrderedDict[str, tuple[str, ...]] = OrderedDict()

    def agents_of(self, order_id: str) -> tuple[str, ...]:
        """The authors of the proposals that an order stands for (of the last 10,000 orders)."""
        return self._agents.get(order_id, ())

    def unanswered(self, instrument: str) -> Difference | None:
        """A failed reconciliation that is newer than the last trip, or than what a person cleared."""
        found = self.differences.get(instrument)
        return found if found is not None and found.reports > self._answered.get(instrument, 0) else None

    def cleared(self, subject: str) -> Decimal:
        """What a person has cleared of a difference, as its alarm told it; 0 where nothing, or where book and venue
        agreed since. By the number of its report, because a restart folds the two logs one after the other."""
        report, difference = self._cleared_differences.get(subject, (0, ZERO))
        return difference if report > self._agreed_after.get(subject, 0) else ZERO

    # --- suspensions, breakers, alarms ------------------------------------------------------------

    def _suspended(self, event: events.TradingSuspended, _: UUID) -> None:
        self.suspended.setdefault(event.instrument, set()).add(event.who)

    def _lifted(self, event: events.SuspensionLifted, _: UUID) -> None:
        causes = self.suspended.get(event.instrument, set())
        self._drop(event.instrument, causes - left_after(causes, event.who))

    def _drop(self, instrument: str, causes: set[str]) -> None:
        left = self.suspended.pop(instrument, set()) - causes
        if left:
            self.suspended[instrument] = left

    def _answer(self, instrument: str) -> None:
        if found := self.differences.get(instrument):
            self._answered[instrument] = found.reports

    def _tripped(self, event: events.BreakerTripped, _: UUID) -> None:
        self.tripped.setdefault((event.breaker, event.subject), set()).add(event.effect)
        self.standing[event.alarm_id] = event
        if len(self.standing) > REMEMBERED_ALARMS:
            del self.standing[next(iter(self.standing))]
        if self.reduced_by == SOURCE_SWITCH and event.effect in ("REDUCE_ONLY", "HALTED"):
            self.reduced_by = f"{BREAKER}{event.breaker}"  # live data alone do not end what has another cause
        if event.effect == LATCHED:
            agent, _colon, instrument = event.subject.rpartition(":")
            self.latched.setdefault(instrument, set()).add(agent)
            self.trips.append(int(event.inputs["at_ns"]))
        elif event.breaker == "reconciliation":
            inputs = event.inputs
            self._answered[event.subject] = reports = int(inputs["reports"])
            self._told[event.subject] = reports, Decimal(inputs["book"]) - Decimal(inputs["venue"])

    def _cleared(self, event: events.BreakerCleared, _: UUID) -> None:
        effects = self.tripped.pop((event.breaker, event.subject), set())
        if LATCHED in effects:
            agent, _colon, instrument = event.subject.rpartition(":")
            self.latched[instrument].discard(agent)
        elif event.breaker == "repeated_execution" and not event.who.startswith(BREAKER):
            self.trips.clear()
        elif event.breaker == "reconciliation":
            self._drop(event.subject, {RECONCILIATION})
            self._answer(event.subject)
            if told := self._told.pop(event.subject, None):
                self._cleared_differences[event.subject] = told

    def _acknowledged(self, event: events.AlarmAcknowledged, _: UUID) -> None:
        self.standing.pop(event.alarm_id, None)

    def _reconciled(self, event: events.BookReconciled, _: UUID) -> None:
        """Recorded where nothing at all differs, the cash and what is not listed included."""
        for subject, found in self.differences.items():
            self._answer(subject)
            self._agreed_after[subject] = found.reports

    def _failed(self, event: events.ReconciliationFailed, _: UUID) -> None:
        before = self.differences.get(event.instrument)
        reports = before.reports + 1 if before else 1
        self.differences[event.instrument] = Difference(event.book_quantity - event.venue_quantity, reports, event)

    # --- modes and equity -------------------------------------------------------------------------

    def _halted(self, _event: events.TradingHalted, _: UUID) -> None:
        self._halt_ended_by, self.reduced_by = "", ""

    def _reduced(self, event: events.TradingReduced, _: UUID) -> None:
        self._halt_ended_by, self.reduced_by = "", event.who
        if event.who == SOURCE_SWITCH:
            self.switched_from = ""

    def _resumed(self, event: events.TradingResumed, _: UUID) -> None:
        """The second of two people begins the measuring of losses anew."""
        if event.to == "NORMAL" and self._halt_ended_by not in ("", event.who):
            self.marks = None
        if event.to == "NORMAL":
            self.switched_from = ""
        self._halt_ended_by = event.who if event.origin == "HALTED" and event.to == "REDUCE_ONLY" else ""
        self.reduced_by = ""

    def _marked(self, event: EquityMarked, _: UUID) -> None:
        self.marks = event

    # --- the market -------------------------------------------------------------------------------

    def _source_changed(self, event: events.FeedSourceChanged, _: UUID) -> None:
        self.source = event.to
        self.switched_from = event.origin if event.origin != event.to else ""
        self.had_live = self.had_live or event.to == "live"

    def _gap(self, event: events.FeedGap, _: UUID) -> None:
        self.gaps[event.instrument] = max(self.gaps.get(event.instrument, 0), event.market_at)

    def _status(self, event: events.TradingStatusChanged, _: UUID) -> None:
        if event.tradable:
            self.untradable.pop(event.instrument, None)
        else:
            self.untradable[event.instrument] = event.status

    def _restricted(self, event: events.InstrumentRestricted, _: UUID) -> None:
        self.restrictions[event.instrument] = Restriction(event.since, event.until, event.hard)

    def _unrestricted(self, event: events.RestrictionLifted, _: UUID) -> None:
        self.restrictions.pop(event.instrument, None)

    # --- whose orders, and what became of them ----------------------------------------------------

    def _admitted(self, event: events.ProposalAdmitted, deliberation: UUID) -> None:
        instruments = frozenset((event.instrument, *(leg.instrument for leg in event.legs)))
        self._authors.setdefault(deliberation, {})[event.proposal_id] = (event.agent, instruments)

    def _amended(self, event: events.AmendmentOffered, deliberation: UUID) -> None:
        authors = self._authors[deliberation]
        authors[event.proposal_id] = (event.agent, authors[event.amends][1])

    def _decided(self, event: events.DecisionReached, deliberation: UUID) -> None:
        authors = self._authors.pop(deliberation, {})
        won = {each.proposal_id for each in event.reasons if each.state in WON}
        winners = [found for proposal_id, found in authors.items() if proposal_id in won]
        for ticket in event.orders:
            names = {agent for agent, instruments in winners if ticket.instrument in instruments}
            self._agents[ticket.order_id] = tuple(sorted(names))
            if len(self._agents) > REMEMBERED_ORDERS:
                self._agents.popitem(last=False)

    def _filled(self, fill: events.Fill, _: UUID) -> None:
        found = self.round_trips.get(fill.instrument)
        if found is None:
            found = self.round_trips[fill.instrument] = RoundTrips(Position())
        found.trade(fill.quantity if fill.side == "buy" else -fill.quantity, fill.price, fill.fee)
        if fill.fee_base:
            found.trade(-fill.fee_base, fill.price, ZERO)

    def _adjusted(self, event: events.PositionAdjusted, _: UUID) -> None:
        found = self.round_trips.setdefault(event.instrument, RoundTrips(Position()))
        found.trade(event.quantity, event.price, ZERO)


FOLDS: dict[type[Event], Callable[[Safety, Any, UUID], None]] = {
    events.TradingSuspended: Safety._suspended,
    events.SuspensionLifted: Safety._lifted,
    events.BreakerTripped: Safety._tripped,
    events.BreakerCleared: Safety._cleared,
    events.AlarmAcknowledged: Safety._acknowledged,
    events.BookReconciled: Safety._reconciled,
    events.ReconciliationFailed: Safety._failed,
    events.TradingHalted: Safety._halted,
    events.TradingReduced: Safety._reduced,
    events.TradingResumed: Safety._resumed,
    events.EquityMarked: Safety._marked,
    events.FeedSourceChanged: Safety._source_changed,
    events.FeedGap: Safety._gap,
    events.TradingStatusChanged: Safety._status,
    events.InstrumentRestricted: Safety._restricted,
    events.RestrictionLifted: Safety._unrestricted,
    events.ProposalAdmitted: Safety._admitted,
    events.AmendmentOffered: Safety._amended,
    events.DecisionReached: Safety._decided,
    events.OrderFilled: Safety._filled,
    events.OrderPartiallyFilled: Safety._filled,
    events.PositionAdjusted: Safety._adjusted,
}

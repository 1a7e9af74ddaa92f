"""What happens to proposals until they are decided: events of the governance log, a public interface."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from streams.parts import (
    AdmittedLeg,
    Ages,
    CapInForce,
    ClauseTrace,
    CloseReason,
    Conditions,
    Event,
    HeldOrder,
    MarketView,
    OrderTicket,
    Outcome,
    ProposalResult,
    SeatSnapshot,
    Standing,
    Trigger,
)
from streams.vocabulary import Action, Mode, Stance, TimeInForce, Track


class ProposalRefused(Event, frozen=True, kw_only=True):
    proposal_id: str
    agent: str
    action: Action
    instrument: str
    target: Decimal
    reason: str
    detail: str = ""


class DeliberationOpened(Event, frozen=True, kw_only=True):
    """`market` is P at the opening; `market_opened_at` the market clock (ns), `seats` the snapshot of weights. Rounds
    recorded by the first release have neither."""

    deliberation_id: str
    instrument: str
    track: Track
    opened_at: int
    deadline: int
    weights_version: str
    total_ppm: int
    rulebook_version: int
    market: MarketView
    market_opened_at: int = 0
    seats: SeatSnapshot | None = None


class ProposalAdmitted(Event, frozen=True, kw_only=True):
    proposal_id: str
    agent: str
    action: Action
    instrument: str
    target: Decimal
    probability: float | None
    held: Decimal
    price: Decimal
    market: MarketView
    evidence: tuple[str, ...]
    ttl_ms: int
    why: str
    evidence_received_at: int = 0
    legs: tuple[AdmittedLeg, ...] = ()
    limit: Decimal | None = None
    time_in_force: TimeInForce = "IOC"
    good_for_ms: int = 0


class AmendmentOffered(Event, frozen=True, kw_only=True):
    proposal_id: str
    amends: str
    agent: str
    target: Decimal
    why: str


class BallotCast(Event, frozen=True, kw_only=True):
    proposal_id: str
    agent: str
    stance: Stance
    probability: float | None
    weight_ppm: int
    size_limit: Decimal | None
    veto: bool
    reason: str


class BallotLate(Event, frozen=True, kw_only=True):
    proposal_id: str
    agent: str
    stance: Stance
    probability: float | None
    weight_ppm: int
    size_limit: Decimal | None
    veto: bool
    reason: str


class DeliberationClosed(Event, frozen=True, kw_only=True):
    reason: CloseReason
    closed_at: int


class SituationRecorded(Event, frozen=True, kw_only=True):
    """What arbitration and rules looked at: the book and the market as the close found them. Terms, instruments and
    rules are those of the log before the round; together they give the same decision again."""

    market_now: int
    mode: Mode
    cash: Decimal
    positions: dict[str, Decimal]
    reserved: dict[str, Decimal]
    markets: dict[str, MarketView]
    ages: dict[str, Ages]
    caps: dict[str, CapInForce]
    conditions: dict[str, Conditions]
    standing: Standing


class ProposalTallied(Event, frozen=True, kw_only=True):
    """The passing rule on one proposal, with everything it reads (masses in ppm)."""

    proposal_id: str
    yes_ppm: int
    no_ppm: int
    missing_ppm: int
    total_ppm: int
    forecast: float | None
    state: Literal["PASSED", "DEFEATED", "INQUORATE", "VETOED", "HALTED"]
    reason: str
    by: str = ""


class ProposalsArbitrated(Event, frozen=True, kw_only=True):
    results: tuple[ProposalResult, ...]
    targets: dict[str, Decimal]


class RulesEvaluated(Event, frozen=True, kw_only=True):
    rulebook_version: int
    traces: tuple[ClauseTrace, ...]


class DecisionReached(Event, frozen=True, kw_only=True):
    """The end of a round. `released`: an operator let it go on after a rule had held it."""

    decision_id: str
    deliberation_id: str
    outcome: Outcome
    orders: tuple[OrderTicket, ...]
    reasons: tuple[ProposalResult, ...]
    trigger: Trigger
    ttl_ms: int
    released: bool = False


class DecisionHeld(Event, frozen=True, kw_only=True):
    """Rules hold the decision until an operator releases or refuses it, or `until` passes (process clock, ns).
    `orders` are what it would grant, `held` how each came about; `reasons` what became of every proposal."""

    decision_id: str
    deliberation_id: str
    track: Track
    rules: tuple[str, ...]
    orders: tuple[OrderTicket, ...]
    held: tuple[HeldOrder, ...]
    reasons: tuple[ProposalResult, ...]
    trigger: Trigger
    ttl_ms: int
    at: int
    until: int


class DecisionReleased(Event, frozen=True, kw_only=True):
    decision_id: str
    rule: str
    operator: str
    reason: str


class HoldRefused(Event, frozen=True, kw_only=True):
    decision_id: str
    rule: str
    operator: str
    reason: str

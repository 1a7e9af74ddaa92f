"""What the live socket says, field by field: clients' types are made from it, and real frames are held against it.

Times are milliseconds since 1970, amounts decimal strings, masses ppm of the whole council.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

Amount = str
Milliseconds = int


class Message(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of all that is sent: a field that is not described here is an error in the tests."""


class Seat(Message, frozen=True, kw_only=True):
    agent: str
    role: str
    owner: str
    weight_ppm: int
    veto: bool
    required: bool
    status: str


class LiveBook(Message, frozen=True, kw_only=True):
    book: str
    quote: str
    source: str
    symbols: list[str]
    seats: list[Seat]


class Mode(Message, frozen=True, kw_only=True):
    """Of trading, with the words that people are told."""

    mode: Literal["NORMAL", "REDUCE_ONLY", "HALTED"]
    book: str
    who: str
    why: str
    at: Milliseconds | None
    words: str
    text: str
    next: str
    title: str
    icon: str
    look: str


class Said(Message, frozen=True, kw_only=True):
    """A banner or a notice: `bad` ones interrupt a reader, `warn` ones wait for a pause."""

    key: str
    look: str
    icon: str
    text: str


class HeldPosition(Message, frozen=True, kw_only=True):
    instrument: str
    quantity: Amount
    average: Amount
    mark: Amount | None
    stale: bool
    unrealised: Amount
    realised: Amount
    fees: Amount


class Portfolio(Message, frozen=True, kw_only=True):
    cash: Amount
    deposits: Amount
    fees: Amount
    realised: Amount
    unrealised: Amount
    equity: Amount
    net: Amount
    unpriced: list[str]
    positions: list[HeldPosition]


class Desk(Message, frozen=True, kw_only=True):
    mode: Mode
    banners: list[Said]
    alarms: int


class Behind(Message, frozen=True, kw_only=True):
    amount: int
    unit: Literal["ms", "events"]


class LiveProcess(Message, frozen=True, kw_only=True):
    name: str
    state: str
    at: Milliseconds | None
    rss_mb: float | None
    behind: dict[str, Behind]
    pid: int | None = None
    gauges: dict[str, Any] = {}


class LiveStream(Message, frozen=True, kw_only=True):
    name: str
    length: int
    age_ms: int | None


class Quantiles(Message, frozen=True, kw_only=True):
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    n: int


class SummarisedProposal(Message, frozen=True, kw_only=True):
    proposal_id: str
    agent: str
    action: str
    instrument: str
    target: Amount
    amends: str
    why: str
    state: str
    reason: str
    by: str
    detail: str


class SummarisedOrder(Message, frozen=True, kw_only=True):
    """The ticket as decided, with what the executor has told of it so far."""

    order_id: str
    instrument: str
    side: Literal["buy", "sell"]
    type: str
    quantity: Amount
    limit: Amount
    time_in_force: str
    reduce_only: bool
    good_for_ms: int
    group: str
    state: str
    reason: str
    detail: str
    filled: Amount
    average: Amount | None
    fee: Amount


class SummarisedDecision(Message, frozen=True, kw_only=True):
    decision_id: str
    at: Milliseconds
    outcome: str
    track: str
    instrument: str
    proposals: list[SummarisedProposal]
    orders: list[SummarisedOrder]


class Tick(Message, frozen=True, kw_only=True):
    """`history`, [ms, mark] of the last 90 s, comes with the snapshot only."""

    last: Amount | None
    side: str | None
    bid: Amount | None
    ask: Amount | None
    mark: Amount | None
    rate: float
    age_ms: int
    source: str
    history: list[tuple[Milliseconds, float]] | None = None


class Ticks(Message, frozen=True, kw_only=True, tag_field="type", tag="ticks"):
    at: Milliseconds
    ticks: dict[str, Tick]


class Status(Message, frozen=True, kw_only=True, tag_field="type", tag="status"):
    """How machine and book are; the fields of the book are missing where there is none yet."""

    at: Milliseconds
    positions: dict[str, int]
    processes: list[LiveProcess]
    streams: list[LiveStream]
    latency: dict[str, Quantiles]
    dead_letters: dict[str, int]
    source: str
    notices: list[Said]
    mode: Mode | None = None
    banners: list[Said] = []
    alarms: int = 0
    desks: dict[str, Desk] = {}
    portfolio: Portfolio | None = None
    outcomes: dict[str, int] = {}
    book: LiveBook | None = None


class Standing(Message, frozen=True, kw_only=True):
    mode: Mode | None = None
    banners: list[Said] = []
    alarms: int = 0
    portfolio: Portfolio | None = None
    outcomes: dict[str, int] = {}


class Snapshot(Message, frozen=True, kw_only=True, tag_field="type", tag="snapshot"):
    positions: dict[str, int]
    book: LiveBook | None
    standing: Standing
    decisions: list[SummarisedDecision]
    ticks: Ticks | None = None
    status: Status | None = None


class LiveEvent(Message, frozen=True, kw_only=True):
    """A row of the ledger; the fields of `payload` are those of the event that `event` names."""

    position: int
    event_id: str
    at: Milliseconds
    aggregate: str
    aggregate_id: str
    version: int
    event: str
    book: str | None
    actor: str | None
    correlation_id: str | None
    causation_id: str | None
    payload: dict[str, Any]


class Events(Message, frozen=True, kw_only=True, tag_field="type", tag="event"):
    log: Literal["governance", "execution"]
    position: int
    payload: list[LiveEvent]


class RoundProposal(Message, frozen=True, kw_only=True):
    proposal_id: str
    author: str
    action: str
    instrument: str
    target: Amount
    amends: str | None
    voted_ppm: int


class Round(Message, frozen=True, kw_only=True):
    """An open or just closed round: how much mass has voted, never how."""

    deliberation_id: str
    instrument: str
    track: str
    total_ppm: int
    outcome: str
    proposals: list[RoundProposal]


class RoundsTold(Message, frozen=True, kw_only=True, tag_field="type", tag="rounds"):
    at: Milliseconds
    rounds: list[Round]


class Gap(Message, frozen=True, kw_only=True, tag_field="type", tag="gap"):
    log: Literal["governance", "execution"]
    after: int
    upto: int


Frame = Snapshot | Events | Ticks | Status | RoundsTold | Gap

"""What the API is asked and what it answers, as its OpenAPI document describes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema

MOST = 1_000


class Conditions(Schema):
    """All conditions hold together."""

    log: Literal["governance", "execution"] | None = Field(None, description="only this log")
    event: list[str] = Field([], description="names of events, e.g. OrderFilled; may be given several times")
    aggregate: str | None = Field(None, description="kind (Book, Order, …) or id of the aggregate")
    actor: str | None = Field(None, description="who caused it: an agent, operator:NAME, executor, …")
    book: str | None = None
    correlation: str | None = Field(None, description="all that this root (usually a tick) set off")
    command: str | None = Field(None, description="all that this command led to")
    since: str | None = Field(None, alias="from", description="ISO 8601, UTC unless it says so")
    until: str | None = Field(None, alias="to", description="up to but without this time")
    after: int | None = Field(None, ge=0, description="only positions after this one")


class Paged(Conditions):
    newest: bool = Field(False, description="the newest first")
    limit: int = Field(100, ge=1, le=MOST)
    cursor: str = Field("", description="`next` of the page before; the other conditions stay the same")


class LedgerRow(Schema):
    """A row of the view `ledger`; hashes in hexadecimal digits."""

    log: str
    partition: int
    position: int
    event_id: UUID
    recorded_at: datetime
    aggregate: str
    aggregate_id: UUID
    version: int
    event: str
    book: str
    actor: str
    correlation_id: str
    causation_id: str
    command_id: str | None
    payload: dict[str, Any]
    prev_hash: str
    hash: str


class LedgerPage(Schema):
    """`next` is the cursor of the following page, null on the last one."""

    events: list[LedgerRow]
    next: str | None


class ToldEvent(Schema):
    log: str
    position: int
    event_id: UUID
    recorded_at: int = Field(description="ns since 1970, UTC")
    since_ms: float = Field(description="since the tick was received")
    event: str
    actor: str
    correlation_id: str
    causation_id: str
    text: str
    payload: dict[str, Any]


class Story(Schema):
    """The causal story of a decision; amounts are decimal strings."""

    decision_id: str
    deliberation_id: str
    book: str
    outcome: str
    trigger: dict[str, Any] | None
    opened: dict[str, Any] | None
    proposals: list[dict[str, Any]]
    situation: dict[str, Any] | None
    arbitrated: dict[str, Any] | None
    rules: list[dict[str, Any]]
    held: list[dict[str, Any]]
    orders: list[dict[str, Any]]
    worth: dict[str, Any]
    events: list[ToldEvent]


class BookAsOf(Schema):
    """A book at a time; amounts are decimal strings, null where an instrument that was held had no price."""

    book: str
    at: datetime
    positions_in_log: dict[str, int]
    mode: dict[str, Any]
    source: str | None
    money: dict[str, Any]
    positions: list[dict[str, Any]]
    orders: list[dict[str, Any]]
    council: list[dict[str, Any]]
    rulebook_version: int
    rules: list[dict[str, Any]]
    terms: dict[str, Any]
    instruments: list[dict[str, Any]]
    suspended: dict[str, list[str]]
    restricted: dict[str, Any]
    untradable: dict[str, str]
    latched: dict[str, list[str]]
    alarms: list[dict[str, Any]]
    holds: list[dict[str, Any]]
    changes: list[dict[str, Any]]


class Verdict(Schema):
    """What `audit verify` says, line by line; `whole` is false where anything does not hold."""

    whole: bool
    report: list[str]


class ProblemBody(Schema):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str


class Checkpoints(Schema):
    """Signed checkpoints in order, each as `docs/verify_offline.py` reads it, and the public key (PEM)."""

    public_key: str
    checkpoints: list[dict[str, Any]]

"""Which read models can be listed: in which order, by which conditions, for whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Model, QuerySet
from msgspec import Struct, field

from execution.models import FINAL, Account, Fill, Order, Position
from governance.models import (
    Alarm,
    Book,
    BreakerState,
    ChangeRequest,
    Decision,
    Deliberation,
    Hold,
    Outcome,
    Proposal,
    Rule,
    RuleVersion,
    Seat,
    SeatWeight,
)
from market.models import Bar

ORDER_STATES = ("accepted", "sent", "working", "partially_filled", *FINAL)
OUTCOMES = ("granted", "reduced", "vetoed", "expired", "refused")
TRACKS = ("HALT", "REDUCE", "TRADE", "CONFIG")


class Filter(Struct, frozen=True):
    """A condition: the column that has to be equal, and which values there are (empty: any text)."""

    column: str
    words: str
    choices: tuple[str, ...] = ()


class Resource(Struct, frozen=True, kw_only=True):
    """`order` is the keyset, its last column unique within what is listed; `time` what `from` and `to` are about."""

    name: str
    about: str
    model: type[Model]
    order: tuple[str, ...]
    newest: bool = True
    time: str = ""
    filters: Mapping[str, Filter] = field(default_factory=dict)
    tag: str = "Read"

    @property
    def permission(self) -> str:
        return f"{self.model._meta.app_label}.view_{self.model._meta.model_name}"

    def rows(self) -> QuerySet[Any]:
        return self.model._default_manager.all()


BOOK = Filter("book", "only of this book")
INSTRUMENT = Filter("instrument", "only of this instrument, e.g. BTCUSDT")
AGENT = Filter("agent", "only of this agent")
DECISION = Filter("decision_id", "only what this decision led to")

RESOURCES = (
    Resource(name="books", about="Books: terms, mode, source of prices", model=Book, order=("book",), newest=False),
    Resource(
        name="agents",
        about="Seats of the council",
        model=Seat,
        order=("book", "agent"),
        newest=False,
        filters={"book": BOOK, "status": Filter("status", "where the seat stands", ("seated", "shadow", "suspended"))},
    ),
    Resource(
        name="rules",
        about="Rules in their current version",
        model=Rule,
        order=("book", "rule"),
        newest=False,
        filters={"book": BOOK, "status": Filter("status", "whether it holds", ("active", "retired"))},
    ),
    Resource(
        name="changes",
        about="Changes that people asked for",
        model=ChangeRequest,
        order=("requested_at", "aggregate_id"),
        time="requested_at",
        filters={
            "book": BOOK,
            "status": Filter("status", "where it stands", ("requested", "approved", "enacted", "refused")),
            "kind": Filter("kind", "what is to change, e.g. ActivateRule or SetTerm"),
            "who": Filter("who", "who asked, e.g. operator:ada"),
        },
    ),
    Resource(
        name="holds",
        about="Decisions that rules held for an operator",
        model=Hold,
        order=("held_at", "decision_id"),
        time="held_at",
        filters={
            "book": BOOK,
            "instrument": INSTRUMENT,
            "status": Filter("status", "where it stands", ("held", "released", "refused", "lapsed", "ended")),
        },
    ),
    Resource(
        name="deliberations",
        about="Rounds of the council",
        model=Deliberation,
        order=("recorded_at", "aggregate_id"),
        time="recorded_at",
        filters={"book": BOOK, "instrument": INSTRUMENT, "track": Filter("track", "which track", TRACKS)},
    ),
    Resource(
        name="decisions",
        about="What rounds decided",
        model=Decision,
        order=("decided_at", "decision_id"),
        time="decided_at",
        filters={
            "book": BOOK,
            "instrument": INSTRUMENT,
            "outcome": Filter("outcome", "what was decided", OUTCOMES),
            "correlation": Filter("correlation_id", "what this root (usually a tick) set off"),
        },
    ),
    Resource(
        name="proposals",
        about="What agents proposed, and what became of it",
        model=Proposal,
        order=("recorded_at", "proposal_id"),
        time="recorded_at",
        filters={
            "book": BOOK,
            "agent": AGENT,
            "instrument": INSTRUMENT,
            "deliberation": Filter("deliberation__deliberation_id", "only of this round"),
        },
    ),
    Resource(
        name="orders",
        about="Orders",
        model=Order,
        order=("recorded_at", "order_id"),
        time="recorded_at",
        filters={
            "book": BOOK,
            "instrument": INSTRUMENT,
            "state": Filter("state", "where it stands", ORDER_STATES),
            "decision": DECISION,
        },
    ),
    Resource(
        name="fills",
        about="Executions at a venue",
        model=Fill,
        order=("filled_at", "event_id"),
        time="filled_at",
        filters={
            "book": BOOK,
            "instrument": INSTRUMENT,
            "decision": DECISION,
            "order": Filter("order_id", "only of this order"),
        },
    ),
    Resource(
        name="positions",
        about="What books hold",
        model=Position,
        order=("book", "instrument"),
        newest=False,
        filters={"book": BOOK, "instrument": INSTRUMENT},
    ),
    Resource(name="accounts", about="Money of books", model=Account, order=("book",), newest=False),
    Resource(
        name="breakers",
        about="Breakers that have spoken, with formula and inputs",
        model=BreakerState,
        order=("book", "breaker", "subject"),
        newest=False,
        filters={
            "book": BOOK,
            "breaker": Filter("breaker", "only this one, e.g. stale_feed"),
            "state": Filter("state", "where it stands, e.g. tripped or clear"),
        },
    ),
    Resource(
        name="alarms",
        about="Alarms",
        model=Alarm,
        order=("raised_at", "alarm_id"),
        time="raised_at",
        filters={"book": BOOK, "breaker": Filter("breaker", "only of this breaker")},
    ),
    Resource(
        name="outcomes",
        about="What the market made of questions",
        model=Outcome,
        order=("recorded_at", "outcome_id"),
        time="recorded_at",
        filters={"book": BOOK, "deliberation": Filter("deliberation_id", "only of this round")},
    ),
)
WEIGHTS = Resource(name="weights", about="", model=SeatWeight, order=("bucket", "weight_id"), time="scored_at")
VERSIONS = Resource(name="versions", about="", model=RuleVersion, order=("version", "version_id"), time="activated_at")
BARS = Resource(name="bars", about="", model=Bar, order=("at",))

"""Read models over HTTP: lists page by page, and one of each by its name."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema
from pydantic import create_model

from execution.models import Account, Fill, Order
from governance import evaluations
from governance.models import Ballot, Book, Decision, Deliberation, Proposal, Rule, Seat
from govsite.api import columns, problems, tokens
from govsite.api.answers import ERRORS, asks_only, entitled, path_text, told
from govsite.api.auditing import time_of
from govsite.api.paging import LARGEST, page_of
from govsite.api.resources import BARS, RESOURCES, VERSIONS, WEIGHTS, Resource
from govsite.api.shapes import MOST
from ledger import gate

LONGEST = 200
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OPTIONS: dict[str, Any] = {"by_alias": True}

router = Router(tags=["Read"])


class Asked(Schema):
    """What every list can be asked."""

    limit: int = Field(100, ge=1, le=MOST, description="rows on a page")
    cursor: str = Field(
        "", max_length=1000, description="`next` of the page before; the other conditions stay the same"
    )


class AskedOfTime(Asked):
    since: str | None = Field(None, alias="from", description="ISO 8601, UTC unless it says so")
    until: str | None = Field(None, alias="to", description="up to but without this time")


def shape_of(resource: Resource) -> type[Asked]:
    """What this list can be asked."""
    fields: dict[str, Any] = {}
    for name, known in resource.filters.items():
        kind: Any = Literal[known.choices] if known.choices else str
        limits: dict[str, Any] = {} if known.choices else {"max_length": LONGEST}
        fields[name] = (kind | None, Field(None, description=known.words, **limits))
    return create_model(f"{resource.name}_asked", __base__=AskedOfTime if resource.time else Asked, **fields)


def page_shape(resource: Resource, name: str) -> type[Schema]:
    row = columns.shape(resource.model, name)
    rows = (list[row], Field(description="the newest first" if resource.newest else "in order"))  # type: ignore[valid-type]
    following = (str | None, Field(description="cursor of the following page, null on the last one"))
    return create_model(f"{name}Page", __base__=Schema, **{resource.name: rows, "next": following})  # type: ignore[call-overload, no-any-return]


def listed(request: HttpRequest, resource: Resource, rows: QuerySet[Any], asked: Any) -> HttpResponse:
    """A page of the rows that meet the conditions. A condition on a name that nobody has is a problem."""
    conditions = {}
    for name, known in resource.filters.items():
        value = getattr(asked, name)
        if value is not None:
            conditions[known.column] = value
    if "book" in conditions:
        check_book(conditions["book"])
    rows = rows.filter(**conditions)
    if resource.time:
        for edge, name, text in (("gte", "from", asked.since), ("lt", "to", asked.until)):
            if text is not None:
                rows = rows.filter(**{f"{resource.time}__{edge}": time_of(name, text)})
    names = columns.names_of(resource.model).values()
    found, following = page_of(rows, resource.order, asked.cursor, asked.limit, newest=resource.newest, names=names)
    if not found and "instrument" in conditions:
        check_instrument(conditions["instrument"])
    return told(request, {resource.name: columns.given(found, resource.model), "next": following})


def check_book(name: str) -> None:
    if not Book.objects.filter(book=name).exists():
        there_are = ", ".join(Book.objects.order_by("book").values_list("book", flat=True)[:20]) or "none"
        raise problems.bad(f"book: there is no book {name!r}; there are: {there_are}")


def check_instrument(name: str) -> None:
    terms = Book.objects.values_list("instruments", flat=True)
    known = sorted({str(each["symbol"]) for instruments in terms for each in instruments})
    if name not in known:
        raise problems.bad(f"instrument: no book lists {name!r}; there are: {', '.join(known[:50]) or 'none'}")


def nanoseconds(moment: datetime) -> int:
    """Since 1970, as far as a column of nanoseconds reaches."""
    exact = (moment - EPOCH) // timedelta(microseconds=1) * 1000
    return max(-LARGEST, min(LARGEST - 1, exact))


def parameters(shape: type[Schema]) -> list[str]:
    return [field.alias or name for name, field in shape.model_fields.items()]


# --- lists ------------------------------------------------------------------------------------------


def add_list(resource: Resource) -> None:
    asked_shape = shape_of(resource)
    name = resource.model.__name__

    def view(request: HttpRequest, asked: Query[asked_shape]) -> HttpResponse:  # type: ignore[valid-type]
        entitled(request, tokens.READ, resource.permission)
        asks_only(request, *parameters(asked_shape))
        return listed(request, resource, resource.rows(), asked)

    shape = page_shape(resource, name)
    router.get(
        f"/{resource.name}",
        response={200: shape, **ERRORS},
        summary=resource.about,
        operation_id=f"list_{resource.name}",
        **OPTIONS,
    )(view)


# --- one of each ------------------------------------------------------------------------------------


def only(request: HttpRequest, resource: str, *known: str) -> Resource:
    """The resource, once the request is one that may see it. Raises a problem."""
    found = next(each for each in RESOURCES if each.name == resource)
    entitled(request, tokens.READ, found.permission)
    asks_only(request, *known)
    return found


def one(rows: QuerySet[Any], what: str) -> dict[str, Any]:
    row = rows.values(*columns.names_of(rows.model).values()).first()
    if row is None:
        raise problems.missing(f"there is no {what}")
    return columns.given([row], rows.model)[0]


def many(rows: QuerySet[Any]) -> list[dict[str, Any]]:
    return columns.given(rows.values(*columns.names_of(rows.model).values())[:MOST], rows.model)


def in_a_book(rows: QuerySet[Any], book: str | None, what: str) -> QuerySet[Any]:
    """Those of the book; without one there must be no choice. Raises a problem."""
    if book is not None:
        check_book(book)
        return rows.filter(book=book)
    books = sorted(set(rows.values_list("book", flat=True)[:MOST]))
    if len(books) > 1:
        raise problems.bad(f"book: several books have {what}, say which: {', '.join(books)}")
    return rows


def parts(name: str, model: Any, **lists: Any) -> type[Schema]:
    """A row with what belongs to it."""
    fields = {part: (shape, Field(description=words)) for part, (shape, words) in lists.items()}
    return create_model(name, __base__=columns.shape(model, model.__name__), **fields)  # type: ignore[call-overload, no-any-return]


class GateShape(Schema):
    """Whether the book may trade: the strictest of its own gate and that of all books ("*")."""

    book: str
    mode: Literal["NORMAL", "REDUCE_ONLY", "HALTED"]
    who: str
    why: str
    at: columns.Time | None


def gate_of(row: gate.Gate) -> dict[str, Any]:
    at = columns.time_of(row.gate_at) if row.gate_at else None
    return {"book": row.book, "mode": row.mode, "who": row.who, "why": row.why, "at": at}


BookWhole = parts(
    "BookWhole",
    Book,
    gate=(GateShape, "the mode that its orders meet now"),
    account=(columns.shape(Account, "Account") | None, "its money; null before it was opened"),
)
DeliberationWhole = parts(
    "DeliberationWhole",
    Deliberation,
    proposals=(list[columns.shape(Proposal, "Proposal")], "what was proposed"),  # type: ignore[misc]
    ballots=(list[columns.shape(Ballot, "Ballot")], "who voted how"),  # type: ignore[misc]
    traces=(list[dict[str, Any]], "what the rules found: every clause with the facts it read"),
)
DecisionWhole = parts(
    "DecisionWhole",
    Decision,
    placed=(list[columns.shape(Order, "Order")], "its orders, as they stand now"),  # type: ignore[misc]
    fills=(list[columns.shape(Fill, "Fill")], "what was executed"),  # type: ignore[misc]
)
OrderWhole = parts("OrderWhole", Order, fills=(list[columns.shape(Fill, "Fill")], "what was executed"))  # type: ignore[misc]
WeightsPage, VersionsPage = page_shape(WEIGHTS, "SeatWeight"), page_shape(VERSIONS, "RuleVersion")
BarsPage = page_shape(BARS, "Bar")


@router.get("/books/{book}", response={200: BookWhole, **ERRORS}, summary="One book", **OPTIONS)
def book(request: HttpRequest, book: str) -> HttpResponse:
    only(request, "books")
    found = one(Book.objects.filter(book=path_text("book", book)), f"book {book!r}")
    found["gate"] = gate_of(gate.read(connection, book))
    accounts = many(Account.objects.filter(book=book)) if request.user.has_perm("execution.view_account") else []
    return told(request, {**found, "account": accounts[0] if accounts else None})


@router.get("/agents/{agent}/weights", response={200: WeightsPage, **ERRORS}, summary="An agent's weight", **OPTIONS)
def weights(request: HttpRequest, agent: str, asked: Query[AskedOfTime], book: str | None = None) -> HttpResponse:
    """Over time, the newest first: one row for each scored bucket."""
    entitled(request, tokens.READ, WEIGHTS.permission)
    asks_only(request, *parameters(AskedOfTime), "book")
    seats = in_a_book(Seat.objects.filter(agent=path_text("agent", agent)), book, f"an agent {agent!r}")
    seat = one(seats, f"agent {agent!r}")
    return listed(request, WEIGHTS, WEIGHTS.rows().filter(book=seat["book"], agent=agent), asked)


@router.get(
    "/agents/{agent}", response={200: columns.shape(Seat, "Seat"), **ERRORS}, summary="One agent's seat", **OPTIONS
)
def agent(request: HttpRequest, agent: str, book: str | None = None) -> HttpResponse:
    only(request, "agents", "book")
    seats = in_a_book(Seat.objects.filter(agent=path_text("agent", agent)), book, f"an agent {agent!r}")
    return told(request, one(seats, f"agent {agent!r}"))


@router.get("/rules/{rule}/versions", response={200: VersionsPage, **ERRORS}, summary="Versions of a rule", **OPTIONS)
def versions(request: HttpRequest, rule: str, asked: Query[AskedOfTime], book: str | None = None) -> HttpResponse:
    """With who activated each and why, the newest first."""
    entitled(request, tokens.READ, VERSIONS.permission)
    asks_only(request, *parameters(AskedOfTime), "book")
    rules = in_a_book(Rule.objects.filter(rule=path_text("rule", rule)), book, f"a rule {rule!r}")
    found = one(rules, f"rule {rule!r}")
    return listed(request, VERSIONS, VERSIONS.rows().filter(book=found["book"], rule=rule), asked)


@router.get("/rules/{rule}", response={200: columns.shape(Rule, "Rule"), **ERRORS}, summary="One rule", **OPTIONS)
def rule(request: HttpRequest, rule: str, book: str | None = None) -> HttpResponse:
    only(request, "rules", "book")
    rules = in_a_book(Rule.objects.filter(rule=path_text("rule", rule)), book, f"a rule {rule!r}")
    return told(request, one(rules, f"rule {rule!r}"))


@router.get(
    "/deliberations/{path:deliberation_id}",
    response={200: DeliberationWhole, **ERRORS},
    summary="One round: proposals and ballots",
    **OPTIONS,
)
def deliberation(request: HttpRequest, deliberation_id: str) -> HttpResponse:
    only(request, "deliberations")
    entitled(request, tokens.READ, "governance.view_proposal")
    entitled(request, tokens.READ, "governance.view_ballot")
    rows = Deliberation.objects.filter(deliberation_id=path_text("deliberation_id", deliberation_id))
    found = one(rows, f"deliberation {deliberation_id!r}")
    key = found["aggregate_id"]
    proposals = many(Proposal.objects.filter(deliberation_id=key).order_by("recorded_at", "proposal_id"))
    ballots = many(Ballot.objects.filter(deliberation_id=key).order_by("ledger_position", "event_id"))
    traces = evaluations.traces(found["aggregate_id"])
    return told(request, {**found, "proposals": proposals, "ballots": ballots, "traces": traces})


@router.get(
    "/decisions/{path:decision_id}",
    response={200: DecisionWhole, **ERRORS},
    summary="One decision: its orders and fills",
    **OPTIONS,
)
def decision(request: HttpRequest, decision_id: str) -> HttpResponse:
    only(request, "decisions")
    only(request, "orders")
    only(request, "fills")
    rows = Decision.objects.filter(decision_id=path_text("decision_id", decision_id))
    found = one(rows, f"decision {decision_id!r}")
    placed = many(Order.objects.filter(decision_id=decision_id).order_by("recorded_at", "order_id"))
    fills = many(Fill.objects.filter(decision_id=decision_id).order_by("filled_at", "event_id"))
    return told(request, {**found, "placed": placed, "fills": fills})


@router.get(
    "/orders/{path:order_id}", response={200: OrderWhole, **ERRORS}, summary="One order with its fills", **OPTIONS
)
def order(request: HttpRequest, order_id: str) -> HttpResponse:
    only(request, "orders")
    only(request, "fills")
    found = one(Order.objects.filter(order_id=path_text("order_id", order_id)), f"order {order_id!r}")
    fills = many(Fill.objects.filter(order_id=order_id).order_by("filled_at", "event_id"))
    return told(request, {**found, "fills": fills})


@router.get("/bars", response={200: BarsPage, **ERRORS}, summary="Bars of an instrument", **OPTIONS)
def bars(
    request: HttpRequest,
    asked: Query[AskedOfTime],
    instrument: str,
    width_s: Literal["1", "60"] = "60",
) -> HttpResponse:
    """The newest first, of 1 s or of 60 s; those that began at or after `from` and before `to`."""
    entitled(request, tokens.READ, BARS.permission)
    asks_only(request, *parameters(AskedOfTime), "instrument", "width_s")
    rows = BARS.rows().filter(instrument=instrument, width_s=int(width_s))
    if not rows.exists():
        check_instrument(instrument)
    for edge, name, text in (("gte", "from", asked.since), ("lt", "to", asked.until)):
        if text is not None:
            rows = rows.filter(**{f"at__{edge}": nanoseconds(time_of(name, text))})
    return listed(request, BARS, rows, asked)


for _resource in RESOURCES:
    add_list(_resource)

"""How often the clauses of the rules tripped lately, would have in shadow, or came near, counted in the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from msgspec import Struct, field
from ninja import Field, Query, Router, Schema

from governance.models import Decision, Deliberation, RuleVersion
from govsite.api import columns, tokens
from govsite.api.answers import ERRORS, asks_only, database, entitled, told
from govsite.api.auditing import time_of
from govsite.api.reading import OPTIONS, check_book, parameters
from ledger import audit
from ledger.audit import Connection
from ledger.upcasting import body_of
from rules.margin import margin
from streams.events import ClauseTrace, RulesEvaluated

COUNTED = 1_000
LOOKED_AT = 20_000
NEAR = 0.9
NEWEST = """WITH looked_at AS (
        SELECT position, originator_id, recorded_at, book, topic, state FROM event_log
        WHERE split_part(topic, '.', 2) = 'RulesEvaluated' AND log = 'governance' AND partition = %s
            AND position > %s AND position <= %s
        ORDER BY position DESC LIMIT %s)
    SELECT originator_id, recorded_at, topic, state FROM looked_at WHERE book = %s
        AND recorded_at >= coalesce(%s, '-infinity'::timestamptz)
        AND recorded_at < coalesce(%s, 'infinity'::timestamptz)
    ORDER BY position DESC LIMIT %s"""
LAST = 2**63 - 1
CUT, EXEMPT = "clip_to", "exempt"  # traces of what a rule does, beside those of its clauses

router = Router(tags=["Read"])


class AskedActivity(Schema):
    book: str = Field(max_length=200)
    since: str | None = Field(None, alias="from", description="ISO 8601, UTC unless it says so")
    until: str | None = Field(None, alias="to", description="up to but without this time")


class Trip(Schema):
    """Where to look: the decision, or the round where there is none (held, or interrupted)."""

    at: columns.Time
    deliberation_id: str | None
    decision_id: str | None
    clipped_to: str | None = Field(description="what was left of the quantity, where it was cut")


class Nearest(Schema):
    """The nearest that it came to its limit without tripping."""

    used: float = Field(description="part of the way to the limit: 1 is where it turns")
    measured: float
    limit: float
    at: columns.Time
    deliberation_id: str | None
    decision_id: str | None


class ClauseActivity(Schema):
    clause: str
    asked: int = Field(description="orders that it was asked about")
    tripped: int = Field(description="orders that it denied, cut, held or warned about, by the effect of its rule")
    failed: int = Field(description="of these: it could not be evaluated")
    would_have: int = Field(description="orders that it would have tripped on, had its rule not been in shadow")
    near: int = Field(description="orders that it let pass with at least 9/10 of the way to its limit used")
    nearest: Nearest | None = Field(description="null where the clause is not one comparison of two numbers")
    last: Trip | None = Field(description="where it tripped last, in shadow or not")


class RuleActivity(Schema):
    rule: str
    exempt: int = Field(description="orders that it was not asked about, because they shrink the risk")
    clauses: list[ClauseActivity]


class Activity(Schema):
    book: str
    evaluations: int = Field(description="how many were counted: the newest of the time asked for")
    most: int = Field(description="no more than these are counted")
    since: columns.Time | None = Field(description="time of the first that was counted")
    until: columns.Time | None = Field(description="time of the last that was counted")
    rules: list[RuleActivity] = Field(description="those that were asked; a rule without a row was not")


class Evaluation(Struct, frozen=True):
    """What the rules found in a round; `key` is that of the round."""

    key: Any
    at: datetime
    traces: tuple[ClauseTrace, ...]


class Near(Struct, frozen=True):
    used: float
    measured: float
    limit: float
    evaluation: Evaluation


class Count(Struct):
    """Of one clause; the evaluations come the newest first."""

    asked: int = 0
    tripped: int = 0
    failed: int = 0
    would_have: int = 0
    near: int = 0
    nearest: Near | None = None
    last: Evaluation | None = None
    clipped_to: Decimal | None = None


class Rule(Struct):
    exempt: int = 0
    clauses: dict[str, Count] = field(default_factory=dict)


Counts = dict[str, Rule]


@router.get("/rules/activity", response={200: Activity, **ERRORS}, summary="How often rules trip", **OPTIONS)
def activity(request: HttpRequest, asked: Query[AskedActivity]) -> HttpResponse:
    """Counted over the newest 1,000 evaluations of the time asked for, among the newest 20,000 of all books."""
    for model in ("rule", "deliberation", "decision"):
        entitled(request, tokens.READ, f"governance.view_{model}")
    asks_only(request, *parameters(AskedActivity))
    check_book(asked.book)
    since = None if asked.since is None else time_of("from", asked.since)
    until = None if asked.until is None else time_of("to", asked.until)
    with database() as connection:
        found = list(evaluations(connection, asked.book, since, until))
    counts = counted(found, _formulas(asked.book))
    return told(
        request,
        {
            "book": asked.book,
            "evaluations": len(found),
            "most": COUNTED,
            "since": found[-1].at if found else None,
            "until": found[0].at if found else None,
            "rules": _told(counts),
        },
    )


def evaluations(
    connection: Connection, book: str, since: datetime | None, until: datetime | None
) -> Iterator[Evaluation]:
    """The newest of the book in that time, the newest first."""
    partitions = connection.execute("SELECT partition FROM head WHERE log = 'governance'").fetchall()
    rows = [
        row
        for (partition,) in partitions
        for row in connection.execute(
            NEWEST,
            [partition, *_bounds(connection, partition, since, until), LOOKED_AT, book, since, until, COUNTED],
        )
    ]
    rows.sort(key=lambda row: row[1], reverse=True)
    for key, at, topic, state in rows[:COUNTED]:
        body = body_of(topic, bytes(state))
        assert isinstance(body, RulesEvaluated)
        yield Evaluation(key, at, body.traces)


def _bounds(connection: Connection, partition: int, since: datetime | None, until: datetime | None) -> tuple[int, int]:
    """The times as positions, which have an index; none beyond the first and the last moment that there is."""

    def position(moment: datetime | None, slack: timedelta, otherwise: int) -> int:
        try:
            edge = None if moment is None else moment + slack
        except OverflowError:
            edge = None
        return otherwise if edge is None else audit.position_at(connection, "governance", partition, edge)

    return position(since, -audit.CLOCK_SLACK, 0), position(until, audit.CLOCK_SLACK, LAST)


def counted(found: Iterable[Evaluation], formulas: Mapping[tuple[str, int, str], str]) -> Counts:
    """By rule and clause; `formulas` are the clauses in CEL by rule, version and name."""
    counts: Counts = {}
    for evaluation in found:
        cuts = {(each.rule, each.order_id): each.clipped_to for each in evaluation.traces if each.clause == CUT}
        for trace in evaluation.traces:
            rule = counts.setdefault(trace.rule, Rule())
            if trace.clause == EXEMPT:
                rule.exempt += 1
            elif trace.clause != CUT:
                count = rule.clauses.setdefault(trace.clause, Count())
                cel = formulas.get((trace.rule, trace.version, trace.clause), "")
                _count(count, evaluation, trace, cel, cuts.get((trace.rule, trace.order_id)))
    return counts


def _count(count: Count, evaluation: Evaluation, trace: ClauseTrace, cel: str, cut: Decimal | None) -> None:
    count.asked += 1
    if trace.value is not True:
        count.would_have += trace.shadow
        count.tripped += not trace.shadow
        count.failed += not trace.shadow and trace.value is not False
        if count.last is None:
            count.last, count.clipped_to = evaluation, trace.clipped_to or cut
        return
    gap = margin(cel, trace.facts)
    if gap is None or gap.used > 1:
        return
    count.near += gap.used >= NEAR
    if count.nearest is None or gap.used > count.nearest.used:
        count.nearest = Near(gap.used, gap.measured, gap.limit, evaluation)


def _formulas(book: str) -> dict[tuple[str, int, str], str]:
    versions = RuleVersion.objects.filter(book=book).values_list("rule", "version", "clauses")
    return {(rule, version, each["name"]): each["cel"] for rule, version, clauses in versions for each in clauses}


# --- the answer ---------------------------------------------------------------------------------------


def _told(counts: Counts) -> list[dict[str, Any]]:
    keys = {
        shown.key
        for rule in counts.values()
        for count in rule.clauses.values()
        for shown in (count.last, count.nearest and count.nearest.evaluation)
        if shown
    }
    rounds = dict(Deliberation.objects.filter(pk__in=keys).values_list("pk", "deliberation_id"))
    decisions = dict(Decision.objects.filter(deliberation_id__in=keys).values_list("deliberation_id", "decision_id"))

    def place(evaluation: Evaluation) -> dict[str, Any]:
        key = evaluation.key
        return {"at": evaluation.at, "deliberation_id": rounds.get(key), "decision_id": decisions.get(key)}

    def clause(name: str, count: Count) -> dict[str, Any]:
        near, last = count.nearest, count.last
        return {
            "clause": name,
            **{part: getattr(count, part) for part in ("asked", "tripped", "failed", "would_have", "near")},
            "nearest": near
            and {"used": near.used, "measured": near.measured, "limit": near.limit, **place(near.evaluation)},
            "last": last and {**place(last), "clipped_to": columns.plain(count.clipped_to)},
        }

    return [
        {"rule": name, "exempt": rule.exempt, "clauses": [clause(*each) for each in sorted(rule.clauses.items())]}
        for name, rule in sorted(counts.items())
    ]

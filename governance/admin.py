"""Governance in the admin, to be read: books, council, rules and changes, rounds, decisions, holds, alarms."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin import EmptyFieldListFilter
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import display

from governance.models import (
    Alarm,
    Ballot,
    Book,
    BreakerState,
    ChangeRequest,
    CouncilScore,
    Decision,
    Deliberation,
    FeedGap,
    Hold,
    InstrumentState,
    Outcome,
    Proposal,
    Rule,
    RuleVersion,
    Seat,
    SeatWeight,
)
from ledger.admin import ReadOnlyAdmin, pretty

OUTCOME_LABELS = {"granted": "success", "reduced": "warning", "vetoed": "danger", "refused": "info", "expired": "info"}
CHANGE_LABELS = {"requested": "info", "approved": "warning", "enacted": "success", "refused": "danger"}
HOLD_LABELS = {"held": "warning", "released": "success", "refused": "danger", "lapsed": "info", "ended": "info"}
SEAT_LABELS = {"seated": "success", "shadow": "info", "suspended": "danger"}
BREAKER_LABELS = {"warned": "warning", "tripped": "danger", "cleared": "success"}
MODE_LABELS = {"NORMAL": "success", "REDUCE_ONLY": "warning", "HALTED": "danger"}


def share(ppm: int | None) -> str:
    return "–" if ppm is None else f"{ppm / 10_000:.2f} %"


def number(value: Decimal | None) -> str:
    return "–" if value is None else f"{value.normalize():,f}"


class ReadOnlyInline(TabularInline):  # type: ignore[misc]
    extra = 0
    can_delete = False
    show_change_link = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Book)
class BookAdmin(ReadOnlyAdmin):
    list_display = ("book", "quote", "shown_mode", "source", "founded_at")
    fields = (
        *("book", "quote", "mode", "mode_who", "mode_why", "mode_at", "source", "source_why", "source_at"),
        *(
            "equity",
            "peak",
            "day_open",
            "day",
            "shown_terms",
            "shown_instruments",
            "founded_by",
            "founded_why",
            "founded_at",
            "ledger_position",
        ),
    )
    readonly_fields = fields

    @display(description="mode", label=MODE_LABELS)  # type: ignore[untyped-decorator]
    def shown_mode(self, row: Book) -> str:
        return row.mode

    @admin.display(description="terms")
    def shown_terms(self, row: Book) -> str:
        return pretty(row.terms)

    @admin.display(description="instruments")
    def shown_instruments(self, row: Book) -> str:
        return pretty(row.instruments)


@admin.register(Seat)
class SeatAdmin(ReadOnlyAdmin):
    list_display = ("agent", "book", "role", "owner", "weight", "veto", "required", "shown_status", "paused_until")
    list_filter = ("role", "status")
    search_fields = ("agent", "owner")
    ordering = ("book", "-weight_ppm", "agent")

    @display(description="weight", ordering="weight_ppm")  # type: ignore[untyped-decorator]
    def weight(self, row: Seat) -> str:
        return share(row.weight_ppm)

    @display(description="status", label=SEAT_LABELS)  # type: ignore[untyped-decorator]
    def shown_status(self, row: Seat) -> str:
        return row.status


@admin.register(SeatWeight)
class SeatWeightAdmin(ReadOnlyAdmin):
    list_display = ("scored_at", "agent", "bucket", "copy", "forecasts", "loss", "brier", "before", "after", "weight")
    list_filter = ("agent", ("scored_at", RangeDateTimeFilter))
    ordering = ("-bucket", "agent")

    @display(description="weight", ordering="ppm")  # type: ignore[untyped-decorator]
    def weight(self, row: SeatWeight) -> str:
        return share(row.ppm)


@admin.register(CouncilScore)
class CouncilScoreAdmin(ReadOnlyAdmin):
    list_display = ("scored_at", "book", "bucket", "copy", "questions", "mix_loss", "forecast_loss", "cap", "floor")
    list_filter = ("book", ("scored_at", RangeDateTimeFilter))
    ordering = ("-bucket",)


@admin.register(Outcome)
class OutcomeAdmin(ReadOnlyAdmin):
    list_display = ("recorded_at", "question", "y", "gain", "bucket", "horizon_s", "deliberation_id")
    list_filter = ("y", ("recorded_at", RangeDateTimeFilter))
    search_fields = ("deliberation_id__exact", "question")
    ordering = ("-recorded_at",)


@admin.register(Rule)
class RuleAdmin(ReadOnlyAdmin):
    list_display = ("rule", "book", "version", "title", "effect", "shadow", "status", "changed_at")
    list_filter = ("effect", "status", "shadow")
    search_fields = ("rule", "title")
    ordering = ("book", "rule")
    fields = (
        "edit_link",
        *("book", "rule", "version", "title", "effect", "shown_clauses", "clip_to", "exempt_risk_reducing", "shadow"),
        *("shown_examples", "status", "who", "why", "changed_at", "ledger_position"),
    )
    readonly_fields = fields

    @admin.display(description="change")
    def edit_link(self, row: Rule) -> str:
        return format_html('<a href="{}">Ask for a change</a>', reverse("rule-edit", args=[row.pk]))

    @admin.display(description="clauses: each must be true")
    def shown_clauses(self, row: Rule) -> str:
        return pretty({clause["name"]: clause["cel"] for clause in row.clauses})

    @admin.display(description="examples")
    def shown_examples(self, row: Rule) -> str:
        return pretty(row.examples)


@admin.register(RuleVersion)
class RuleVersionAdmin(ReadOnlyAdmin):
    list_display = ("rule", "version", "title", "effect", "shadow", "who", "why", "activated_at")
    list_filter = ("effect", ("activated_at", RangeDateTimeFilter))
    search_fields = ("rule", "title", "who")
    ordering = ("rule", "-version")


@admin.register(ChangeRequest)
class ChangeRequestAdmin(ReadOnlyAdmin):
    list_display = (
        "requested_at",
        "kind",
        "subject",
        "loosens",
        "shown_status",
        "who",
        "why",
        "approved_by",
        "enacts_at",
    )
    list_filter = ("status", "kind", "loosens", ("requested_at", RangeDateTimeFilter))
    search_fields = ("change_id__exact", "subject", "who", "approved_by")
    ordering = ("-requested_at",)
    fields = (
        *("change_id", "book", "kind", "subject", "shown_change", "loosens", "why_loosens", "who", "why"),
        *("requested_at", "shown_preview", "status", "approved_by", "approved_why", "enacts_at", "refused_by"),
        *("refused_why", "closed_at", "ledger_position"),
    )
    readonly_fields = fields

    @display(description="status", label=CHANGE_LABELS)  # type: ignore[untyped-decorator]
    def shown_status(self, row: ChangeRequest) -> str:
        return row.status

    @admin.display(description="change")
    def shown_change(self, row: ChangeRequest) -> str:
        return pretty(row.change)

    @admin.display(description="shadow replay")
    def shown_preview(self, row: ChangeRequest) -> str:
        return pretty(row.preview) if row.preview else "–"


class ProposalInline(ReadOnlyInline):
    model = Proposal
    fields = ("agent", "action", "instrument", "shown_target", "probability", "why", "tally", "state", "reason", "by")
    readonly_fields = fields

    @admin.display(description="target")
    def shown_target(self, row: Proposal) -> str:
        return number(row.target)


class BallotInline(ReadOnlyInline):
    model = Ballot
    fields = ("agent", "stance", "probability", "weight", "limit", "vetoes", "counted", "reason", "proposal_id")
    readonly_fields = fields

    @admin.display(description="weight")
    def weight(self, row: Ballot) -> str:
        return share(row.weight_ppm)

    @admin.display(description="veto")
    def vetoes(self, row: Ballot) -> str:
        return "veto" if row.veto else "–"

    @admin.display(description="counted")
    def counted(self, row: Ballot) -> str:
        return "no, late" if row.late else "yes"

    @admin.display(description="size limit")
    def limit(self, row: Ballot) -> str:
        return number(row.size_limit)


@admin.register(Deliberation)
class DeliberationAdmin(ReadOnlyAdmin):
    list_display = ("recorded_at", "instrument", "track", "shown_outcome", "close_reason", "opened_at", "closed_at")
    list_filter = ("track", "outcome", "close_reason", ("recorded_at", RangeDateTimeFilter))
    search_fields = ("deliberation_id__exact", "correlation_id__exact", "instrument__exact")
    ordering = ("-recorded_at",)
    inlines: ClassVar[list[Any]] = [ProposalInline, BallotInline]
    fields = (
        *("deliberation_id", "book", "track", "instrument", "opened_at", "deadline", "closed_at", "close_reason"),
        *("outcome", "total_ppm", "weights_version", "rulebook_version", "shown_market", "shown_targets"),
        *("shown_traces", "correlation_id", "recorded_at", "ledger_position"),
    )
    readonly_fields = fields

    @display(description="outcome", label=OUTCOME_LABELS)  # type: ignore[untyped-decorator]
    def shown_outcome(self, row: Deliberation) -> str:
        return row.outcome or "open"

    @admin.display(description="market")
    def shown_market(self, row: Deliberation) -> str:
        return pretty(row.market)

    @admin.display(description="targets")
    def shown_targets(self, row: Deliberation) -> str:
        return pretty(row.targets)

    @admin.display(description="rule traces")
    def shown_traces(self, row: Deliberation) -> str:
        return pretty(row.traces)


@admin.register(Proposal)
class ProposalAdmin(ReadOnlyAdmin):
    list_display = ("recorded_at", "agent", "action", "instrument", "shown_target", "state", "reason", "by")
    list_filter = ("state", "action", ("recorded_at", RangeDateTimeFilter))
    search_fields = ("proposal_id__exact", "agent__exact", "instrument__exact", "reason__exact")
    ordering = ("-recorded_at",)

    @admin.display(description="target")
    def shown_target(self, row: Proposal) -> str:
        return number(row.target)


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    list_display = ("decided_at", "instrument", "shown_outcome", "track", "held", "granted_orders", "story")
    list_filter = ("outcome", "track", "held", ("decided_at", RangeDateTimeFilter))
    search_fields = ("decision_id__exact", "correlation_id__exact", "instrument__exact")
    search_help_text = "A decision's or correlation id, or an instrument"
    ordering = ("-decided_at",)
    fields = (
        *("story", "decision_id", "book", "instrument", "track", "outcome", "shown_orders", "shown_reasons"),
        *("trigger_tick", "ttl_ms", "correlation_id", "event_id", "decided_at", "ledger_position"),
    )
    readonly_fields = fields

    @display(description="outcome", label=OUTCOME_LABELS)  # type: ignore[untyped-decorator]
    def shown_outcome(self, row: Decision) -> str:
        return row.outcome

    @admin.display(description="orders")
    def granted_orders(self, row: Decision) -> int:
        return len(row.orders)

    @admin.display(description="the whole story")
    def story(self, row: Decision) -> str:
        return format_html(
            '<a class="text-primary-600 dark:text-primary-500" href="{}">ticks → … → fills</a>', row.get_absolute_url()
        )

    @admin.display(description="orders")
    def shown_orders(self, row: Decision) -> str:
        return pretty(row.orders)

    @admin.display(description="reasons")
    def shown_reasons(self, row: Decision) -> str:
        return pretty(row.reasons)


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    list_display = ("held_at", "instrument", "shown_rules", "shown_status", "until", "who", "why", "outcome")
    list_filter = ("status", ("held_at", RangeDateTimeFilter))
    search_fields = ("decision_id__exact", "instrument__exact", "who")
    ordering = ("-held_at",)

    @admin.display(description="rules")
    def shown_rules(self, row: Hold) -> str:
        return ", ".join(row.rules)

    @display(description="status", label=HOLD_LABELS)  # type: ignore[untyped-decorator]
    def shown_status(self, row: Hold) -> str:
        return row.status


@admin.register(Alarm)
class AlarmAdmin(ReadOnlyAdmin):
    list_display = ("raised_at", "breaker", "subject", "effect", "formula", "acknowledged_by", "cleared_by")
    list_filter = ("breaker", "effect", ("acknowledged_at", EmptyFieldListFilter), ("raised_at", RangeDateTimeFilter))
    search_fields = ("alarm_id__exact", "subject")
    ordering = ("-raised_at",)
    fields = (
        *("alarm_id", "book", "breaker", "subject", "effect", "level", "formula", "shown_inputs", "raised_at"),
        *("acknowledged_by", "acknowledged_why", "acknowledged_at", "cleared_by", "cleared_why", "cleared_at"),
        "ledger_position",
    )
    readonly_fields = fields

    @admin.display(description="inputs")
    def shown_inputs(self, row: Alarm) -> str:
        return pretty(row.inputs)


@admin.register(BreakerState)
class BreakerStateAdmin(ReadOnlyAdmin):
    list_display = ("breaker", "subject", "shown_state", "effect", "level", "formula", "changed_at", "who", "why")
    list_filter = ("breaker", "state")
    search_fields = ("subject",)
    ordering = ("-changed_at",)

    @display(description="state", label=BREAKER_LABELS)  # type: ignore[untyped-decorator]
    def shown_state(self, row: BreakerState) -> str:
        return row.state


@admin.register(InstrumentState)
class InstrumentStateAdmin(ReadOnlyAdmin):
    list_display = (
        *("instrument", "book", "suspended", "suspended_by", "suspended_why", "restricted", "restricted_by"),
        *("tradable", "venue_status"),
    )
    list_filter = ("suspended", "restricted", "tradable")
    search_fields = ("instrument",)
    ordering = ("book", "instrument")


@admin.register(FeedGap)
class FeedGapAdmin(ReadOnlyAdmin):
    list_display = ("recorded_at", "instrument", "kind", "first", "last", "book")
    list_filter = ("kind", ("recorded_at", RangeDateTimeFilter))
    ordering = ("-recorded_at",)

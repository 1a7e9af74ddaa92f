"""Governance in the admin, to be read: books, council, rules, rounds with their proposals and ballots, decisions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import display

from governance.models import Ballot, Book, Decision, Deliberation, FeedGap, Proposal, Rule, Seat
from ledger.admin import ReadOnlyAdmin, pretty

OUTCOME_LABELS = {"granted": "success", "reduced": "warning", "vetoed": "danger", "refused": "info", "expired": "info"}
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
        *("shown_terms", "shown_instruments", "founded_by", "founded_why", "founded_at", "ledger_position"),
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
    list_display = ("agent", "book", "role", "owner", "weight", "veto", "required", "status")
    list_filter = ("role", "status")
    search_fields = ("agent", "owner")
    ordering = ("book", "-weight_ppm", "agent")

    @display(description="weight", ordering="weight_ppm")  # type: ignore[untyped-decorator]
    def weight(self, row: Seat) -> str:
        return share(row.weight_ppm)


@admin.register(Rule)
class RuleAdmin(ReadOnlyAdmin):
    list_display = ("rule", "book", "version", "title", "effect", "shadow", "status", "changed_at")
    list_filter = ("effect", "status", "shadow")
    search_fields = ("rule", "title")
    ordering = ("book", "rule")
    fields = (
        *("book", "rule", "version", "title", "effect", "shown_clauses", "clip_to", "exempt_risk_reducing", "shadow"),
        *("status", "who", "why", "changed_at", "ledger_position"),
    )
    readonly_fields = fields

    @admin.display(description="clauses: each must be true")
    def shown_clauses(self, row: Rule) -> str:
        return pretty({clause["name"]: clause["cel"] for clause in row.clauses})


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
    list_display = ("decided_at", "instrument", "shown_outcome", "track", "granted_orders", "story")
    list_filter = ("outcome", "track", ("decided_at", RangeDateTimeFilter))
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


@admin.register(FeedGap)
class FeedGapAdmin(ReadOnlyAdmin):
    list_display = ("recorded_at", "instrument", "kind", "first", "last", "book")
    list_filter = ("kind", ("recorded_at", RangeDateTimeFilter))
    ordering = ("-recorded_at",)

"""Rounds in the admin, to be read: proposals, ballots, decisions and holds."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.utils.html import format_html
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import display

from governance import evaluations
from governance.admin.shown import ReadOnlyInline, number, share
from governance.models import Ballot, Decision, Deliberation, Hold, Proposal
from ledger.admin import ReadOnlyAdmin, pretty

OUTCOME_LABELS = {"granted": "success", "reduced": "warning", "vetoed": "danger", "refused": "info", "expired": "info"}
HOLD_LABELS = {"held": "warning", "released": "success", "refused": "danger", "lapsed": "info", "ended": "info"}


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
        return pretty(evaluations.traces(row.pk))


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

"""Rules, their versions and requests for changes in the admin, to be read; what acts on them is linked."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html_join
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import display

from governance.admin.shown import Acting, linked
from governance.models import ChangeRequest, Rule, RuleVersion
from ledger.admin import ReadOnlyAdmin, pretty

CHANGE_LABELS = {"requested": "info", "approved": "warning", "enacted": "success", "refused": "danger"}


@admin.register(Rule)
class RuleAdmin(Acting):
    list_display = ("rule", "book", "version", "title", "effect", "shadow", "status", "changed_at")
    list_filter = ("effect", "status", "shadow")
    search_fields = ("rule", "title")
    ordering = ("book", "rule")
    list_before_template = "admin/governance/rules_lead.html"
    fields = (
        *("act", "history"),
        *("book", "rule", "version", "title", "effect", "shown_clauses", "clip_to", "exempt_risk_reducing", "shadow"),
        *("shown_examples", "status", "who", "why", "changed_at", "ledger_position"),
    )
    readonly_fields = fields

    @admin.display(description="change")
    def act(self, row: Rule) -> str:
        return linked(
            ("Ask for a change…", reverse("rule-edit", args=[row.pk])),
            ("Retire…", reverse("rule-retire", args=[row.pk])),
        )

    @admin.display(description="history")
    def history(self, row: Rule) -> str:
        return linked(("Versions", reverse("rule-versions", args=[row.pk])))

    @admin.display(description="clauses: each must be true")
    def shown_clauses(self, row: Rule) -> str:
        clauses = ((clause["name"], clause["cel"]) for clause in row.clauses)
        return format_html_join("", "<p><b>{}</b><br><code>{}</code></p>", clauses)

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
        "decide",
    )
    list_filter = ("status", "kind", "loosens", ("requested_at", RangeDateTimeFilter))
    search_fields = ("change_id__exact", "subject", "who", "approved_by")
    ordering = ("-requested_at",)
    fields = (
        "decide",
        *("change_id", "book", "kind", "subject", "shown_change", "loosens", "why_loosens", "who", "why"),
        *("requested_at", "shown_preview", "status", "approved_by", "approved_why", "enacts_at", "refused_by"),
        *("refused_why", "closed_at", "ledger_position"),
    )
    readonly_fields = fields

    @display(description="status", label=CHANGE_LABELS)  # type: ignore[untyped-decorator]
    def shown_status(self, row: ChangeRequest) -> str:
        return row.status

    @admin.display(description="decide")
    def decide(self, row: ChangeRequest) -> str:
        words = "Decide…" if row.status in ("requested", "approved") else "See it"
        return linked((words, reverse("change-page", args=[row.pk])))

    @admin.display(description="change")
    def shown_change(self, row: ChangeRequest) -> str:
        return pretty(row.change)

    @admin.display(description="shadow replay")
    def shown_preview(self, row: ChangeRequest) -> str:
        return pretty(row.preview) if row.preview else "–"

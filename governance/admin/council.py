"""The council in the admin, to be read: seats, weights, scores and outcomes."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import display

from governance.admin.shown import Acting, linked, share
from governance.models import CouncilScore, Outcome, Seat, SeatWeight
from ledger.admin import ReadOnlyAdmin

SEAT_LABELS = {"seated": "success", "shadow": "info", "suspended": "danger"}


ACTS = {
    "reputation": "Edit the reputation…",
    "suspend": "Suspend…",
    "reinstate": "Reinstate…",
    "key": "Another key…",
    "revoke-key": "Revoke its key…",
}


@admin.register(Seat)
class SeatAdmin(Acting):
    list_display = ("agent", "book", "role", "owner", "weight", "veto", "required", "shown_status", "paused_until")
    list_filter = ("role", "status")
    search_fields = ("agent", "owner")
    ordering = ("book", "-weight_ppm", "agent")
    list_before_template = "admin/governance/seats_lead.html"
    readonly_fields = ("act",)

    @admin.display(description="change")
    def act(self, row: Seat) -> str:
        acts = ("reinstate", "suspend") if row.status == "suspended" else ("suspend",)
        keys = ("key",) if row.key_revoked else ("key", "revoke-key")
        shown = (*(() if row.veto else ("reputation",)), *acts, *keys)
        return linked(*((ACTS[what], reverse("seat-act", args=[row.pk, what])) for what in shown))

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

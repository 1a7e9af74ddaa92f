"""Books in the admin, to be read: their terms, instruments, breakers, alarms and gaps."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import EmptyFieldListFilter
from django.urls import reverse
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import display

from governance.admin.shown import linked
from governance.models import Alarm, Book, BreakerState, FeedGap, InstrumentState
from ledger.admin import ReadOnlyAdmin, pretty

BREAKER_LABELS = {"warned": "warning", "tripped": "danger", "cleared": "success"}
MODE_LABELS = {"NORMAL": "success", "REDUCE_ONLY": "warning", "HALTED": "danger"}


@admin.register(Book)
class BookAdmin(ReadOnlyAdmin):
    list_display = ("book", "quote", "shown_mode", "source", "founded_at")
    fields = (
        "links",
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

    @admin.display(description="change")
    def links(self, row: Book) -> str:
        return linked(("Terms and limits…", reverse("terms", args=[row.book])))

    @display(description="mode", label=MODE_LABELS)  # type: ignore[untyped-decorator]
    def shown_mode(self, row: Book) -> str:
        return row.mode

    @admin.display(description="terms")
    def shown_terms(self, row: Book) -> str:
        return pretty(row.terms)

    @admin.display(description="instruments")
    def shown_instruments(self, row: Book) -> str:
        return pretty(row.instruments)


@admin.register(InstrumentState)
class InstrumentStateAdmin(ReadOnlyAdmin):
    list_display = (
        *("instrument", "book", "suspended", "suspended_by", "suspended_why", "restricted", "restricted_by"),
        *("tradable", "venue_status"),
    )
    list_filter = ("suspended", "restricted", "tradable")
    search_fields = ("instrument",)
    ordering = ("book", "instrument")


@admin.register(BreakerState)
class BreakerStateAdmin(ReadOnlyAdmin):
    list_display = ("breaker", "subject", "shown_state", "effect", "level", "formula", "changed_at", "who", "why")
    list_filter = ("breaker", "state")
    search_fields = ("subject",)
    ordering = ("-changed_at",)

    @display(description="state", label=BREAKER_LABELS)  # type: ignore[untyped-decorator]
    def shown_state(self, row: BreakerState) -> str:
        return row.state


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


@admin.register(FeedGap)
class FeedGapAdmin(ReadOnlyAdmin):
    list_display = ("recorded_at", "instrument", "kind", "first", "last", "book")
    list_filter = ("kind", ("recorded_at", RangeDateTimeFilter))
    ordering = ("-recorded_at",)

"""The ledger in the admin, to be read: what is wrong in it is put right by commands, never by editing."""

from __future__ import annotations

import json
from typing import Any, ClassVar, cast
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import RangeDateTimeFilter

from ledger.models import GateMode, Head, InboxCommand, LedgerEvent, OutboxCommand
from streams.events import TYPES

COUNTED = 5000
EVENTS = {topic.partition(".")[2] for topic in TYPES}


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts to 5,000 at most: a ledger is too long to be counted for a number at the foot of a page."""

    @cached_property
    def count(self) -> int:
        objects: Any = self.object_list
        return int(objects.order_by()[:COUNTED].count())


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]
    """Looks, and cannot touch."""

    paginator = CappedPaginator
    list_per_page = 50
    list_max_show_all = 0
    list_filter_submit = True
    show_full_result_count = False
    actions = None

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if any("\0" in value for _, values in request.GET.lists() for value in values):
            # PostgreSQL takes no such text. This is where Django sends filters that it cannot use.
            return redirect(f"{request.path}?{ERROR_FLAG}=1")
        return cast(HttpResponse, super().changelist_view(request, extra_context))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def pretty(value: Any) -> str:
    """JSON to be read; what is in it is escaped."""
    return format_html("<pre class='whitespace-pre-wrap'>{}</pre>", json.dumps(value, indent=2, ensure_ascii=False))


class EventFilter(admin.SimpleListFilter):
    """The event types that this release knows: asking the ledger which ones it holds would read all of it."""

    title = "event"
    parameter_name = "event"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in sorted(EVENTS)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[LedgerEvent]) -> QuerySet[LedgerEvent]:
        return queryset.filter(event=self.value()) if self.value() else queryset


class LogFilter(admin.SimpleListFilter):
    title = "log"
    parameter_name = "log"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("governance", "governance"), ("execution", "execution")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[LedgerEvent]) -> QuerySet[LedgerEvent]:
        return queryset.filter(log=self.value()) if self.value() else queryset


@admin.register(LedgerEvent)
class LedgerEventAdmin(ReadOnlyAdmin):
    list_display = ("position", "log", "recorded_at", "event", "actor", "book", "correlation_id")
    list_filter = (LogFilter, EventFilter, ("recorded_at", RangeDateTimeFilter))
    ordering = ("-log", "-partition", "-position")
    sortable_by: ClassVar[tuple[str, ...]] = ()
    search_fields = ("correlation_id",)
    search_help_text = (
        "A correlation, causation, command or event id, an aggregate's id, an actor, or the name of an event"
    )
    fields = (
        *("log", "partition", "position", "event_id", "recorded_at", "aggregate", "aggregate_id", "version", "event"),
        *("book", "actor", "correlation_id", "causation_id", "command_id", "shown_payload", "shown_prev", "shown_hash"),
    )
    readonly_fields = fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[LedgerEvent], search_term: str
    ) -> tuple[QuerySet[LedgerEvent], bool]:
        """Exact, so that the indexes of the log answer and not a walk over all of it."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if term in EVENTS:
            return queryset.filter(event=term), False
        wanted = Q(correlation_id=term) | Q(command_id=term)
        try:
            known = UUID(term)
        except ValueError:
            found = queryset.filter(wanted)
            return (found if found.exists() else queryset.filter(actor=term)), False
        return queryset.filter(wanted | Q(event_id=known) | Q(aggregate_id=known) | Q(causation_id=term)), False

    @admin.display(description="payload")
    def shown_payload(self, row: LedgerEvent) -> str:
        return pretty(row.payload)

    @admin.display(description="hash of the row before")
    def shown_prev(self, row: LedgerEvent) -> str:
        return bytes(row.prev_hash).hex()

    @admin.display(description="hash")
    def shown_hash(self, row: LedgerEvent) -> str:
        return bytes(row.hash).hex()


@admin.register(InboxCommand)
class InboxAdmin(ReadOnlyAdmin):
    list_display = ("command_id", "result", "book", "entry_id", "recorded_at")
    list_filter = (("recorded_at", RangeDateTimeFilter),)
    search_fields = ("command_id__exact", "result__startswith")
    search_help_text = "A command's id, or the beginning of its result"
    ordering = ("-recorded_at",)
    sortable_by: ClassVar[tuple[str, ...]] = ()


@admin.register(OutboxCommand)
class OutboxAdmin(ReadOnlyAdmin):
    list_display = ("command_id", "stream", "created_at", "sent_at", "answer")
    fields = ("command_id", "stream", "created_at", "sent_at", "answer", "shown_raw")
    readonly_fields = fields
    ordering = ("-created_at",)

    @admin.display(description="answer")
    def answer(self, row: OutboxCommand) -> str:
        return row.result or "waiting"

    @admin.display(description="message")
    def shown_raw(self, row: OutboxCommand) -> str:
        return pretty(json.loads(bytes(row.raw)))


@admin.register(GateMode)
class GateAdmin(ReadOnlyAdmin):
    list_display = ("book", "mode", "who", "why", "gate_at")


@admin.register(Head)
class HeadAdmin(ReadOnlyAdmin):
    list_display = ("log", "partition", "position", "epoch", "owner", "mark")
    list_display_links = None
    ordering = ("log", "partition")

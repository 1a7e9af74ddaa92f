"""Execution in the admin, to be read: accounts, positions, orders with their fills."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import display

from execution.models import Account, Fill, Order, Position
from ledger.admin import ReadOnlyAdmin

STATE_LABELS = {
    "working": "info",
    "partially_filled": "info",
    "filled": "success",
    "rejected": "danger",
    "cancelled": "warning",
    "expired": "warning",
}


def number(value: Decimal | None) -> str:
    return "–" if value is None else f"{value.normalize():,f}"


def story_link(decision_id: str) -> str:
    return format_html(
        '<a class="text-primary-600 dark:text-primary-500" href="{}">decision</a>',
        reverse("decision", args=[decision_id]),
    )


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ("book", "quote", "shown_cash", "shown_deposits", "shown_realised", "shown_fees", "opened_at")

    @admin.display(description="cash")
    def shown_cash(self, row: Account) -> str:
        return number(row.cash)

    @admin.display(description="deposits")
    def shown_deposits(self, row: Account) -> str:
        return number(row.deposits)

    @admin.display(description="realised")
    def shown_realised(self, row: Account) -> str:
        return number(row.realised)

    @admin.display(description="fees")
    def shown_fees(self, row: Account) -> str:
        return number(row.fees)


@admin.register(Position)
class PositionAdmin(ReadOnlyAdmin):
    list_display = (
        "instrument",
        "book",
        "shown_quantity",
        "shown_average",
        "shown_realised",
        "shown_fees",
        "changed_at",
    )
    search_fields = ("instrument",)
    ordering = ("book", "instrument")

    @admin.display(description="quantity")
    def shown_quantity(self, row: Position) -> str:
        return number(row.quantity)

    @admin.display(description="average cost")
    def shown_average(self, row: Position) -> str:
        return number(row.average)

    @admin.display(description="realised")
    def shown_realised(self, row: Position) -> str:
        return number(row.realised)

    @admin.display(description="fees")
    def shown_fees(self, row: Position) -> str:
        return number(row.fees)


class FillInline(TabularInline):  # type: ignore[misc]
    model = Fill
    extra = 0
    can_delete = False
    fields = ("filled_at", "quantity", "price", "fee", "fee_base", "liquidity", "venue", "tick_id", "after_halt")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = (
        *("recorded_at", "side", "instrument", "shown_quantity", "shown_kind", "shown_state", "shown_filled"),
        *("shown_average", "reason", "decision"),
    )
    list_filter = ("state", "side", "type", ("recorded_at", RangeDateTimeFilter))
    search_fields = (
        *("order_id__exact", "decision_id__exact", "instrument__exact", "correlation_id__exact"),
        *("client_order_id__exact", "venue_order_id__exact"),
    )
    ordering = ("-recorded_at",)
    inlines: ClassVar[list[Any]] = [FillInline]

    @admin.display(description="quantity")
    def shown_quantity(self, row: Order) -> str:
        return number(row.quantity)

    @admin.display(description="kind")
    def shown_kind(self, row: Order) -> str:
        """`limit GTC at 101.5, only to reduce`; the limit of a market order is its protection."""
        kind = f"{row.type} {row.time_in_force} at {number(row.limit)}" if row.type == "limit" else row.type
        return f"{kind}, only to reduce" if row.reduce_only else kind

    @display(description="state", label=STATE_LABELS)  # type: ignore[untyped-decorator]
    def shown_state(self, row: Order) -> str:
        return row.state

    @admin.display(description="filled")
    def shown_filled(self, row: Order) -> str:
        return number(row.filled)

    @admin.display(description="average price")
    def shown_average(self, row: Order) -> str:
        return number(row.average_price)

    @admin.display(description="story")
    def decision(self, row: Order) -> str:
        return story_link(row.decision_id)


@admin.register(Fill)
class FillAdmin(ReadOnlyAdmin):
    list_display = (
        "filled_at",
        "side",
        "instrument",
        "shown_quantity",
        "shown_price",
        "fee",
        "liquidity",
        "venue",
        "after_halt",
        "decision",
    )
    list_filter = ("side", "liquidity", "after_halt", ("filled_at", RangeDateTimeFilter))
    search_fields = (
        *("order__order_id__exact", "decision_id__exact", "instrument__exact", "correlation_id__exact"),
        "trade_id__exact",
    )
    ordering = ("-filled_at",)

    @admin.display(description="quantity")
    def shown_quantity(self, row: Fill) -> str:
        return number(row.quantity)

    @admin.display(description="price")
    def shown_price(self, row: Fill) -> str:
        return number(row.price)

    @admin.display(description="story")
    def decision(self, row: Fill) -> str:
        return story_link(row.decision_id)

"""The market in the admin, to be read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest

from govsite.access import people as people
from govsite.api import token_admin as token_admin
from ledger.admin import ReadOnlyAdmin
from ledger.readmodel import moment
from market import bars
from market.listings import FILTERS
from market.models import Bar, VenueListing

WIDTHS = {1: "1 s", 60: "1 min"}
PRICES = ("open", "high", "low", "close", "mark")
VOLUMES = ("volume", "buy_volume", "turnover")


class InstrumentFilter(admin.SimpleListFilter):
    """Found by a walk over the key: asking every bar for its instrument would read all of them."""

    title = "instrument"
    parameter_name = "instrument"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        connection.ensure_connection()
        return [(name, name) for name in bars.instruments(connection.connection)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Bar]) -> QuerySet[Bar]:
        return queryset.filter(instrument=self.value()) if self.value() else queryset


class WidthFilter(admin.SimpleListFilter):
    title = "width"
    parameter_name = "width_s"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(width_s), words) for width_s, words in WIDTHS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Bar]) -> QuerySet[Bar]:
        return (
            queryset.filter(width_s=int(value))
            if (value := self.value() or "") in {str(each) for each in WIDTHS}
            else queryset
        )


@admin.register(Bar)
class BarAdmin(ReadOnlyAdmin):
    """Everything is in the list, in the order of the key: the newest of each instrument and width first."""

    list_display = ("begins", "instrument", "width", *PRICES, *VOLUMES, "trades", "source", "venue", "mixed")
    list_display_links = None
    list_filter = (InstrumentFilter, WidthFilter)
    ordering = ("-instrument", "-width_s", "-at")

    @admin.display(description="begins (market clock, UTC)")
    def begins(self, row: Bar) -> str:
        return f"{moment(row.at):%Y-%m-%d %H:%M:%S}"

    @admin.display(description="width")
    def width(self, row: Bar) -> str:
        return WIDTHS.get(row.width_s, f"{row.width_s} s")


@admin.register(VenueListing)
class VenueListingAdmin(ReadOnlyAdmin):
    list_display = ("symbol", "venue", *FILTERS, "trades", "status", "said", "first_seen", "changed")
    list_filter = ("venue", "tradable")
    list_display_links = None
    search_fields = ("symbol",)
    ordering = ("symbol", "venue")

    @admin.display(description="trades", boolean=True)
    def trades(self, row: VenueListing) -> bool:
        return row.tradable

    @admin.display(description="said (UTC)")
    def said(self, row: VenueListing) -> str:
        return f"{moment(row.at):%Y-%m-%d %H:%M:%S}"

    @admin.display(description="first seen (UTC)")
    def first_seen(self, row: VenueListing) -> str:
        return f"{moment(row.first_at):%Y-%m-%d %H:%M:%S}"

    @admin.display(description="filters changed")
    def changed(self, row: VenueListing) -> str:
        if row.changed_at is None:
            return "never"
        before = {name: getattr(row, f"previous_{name}") for name in FILTERS}
        differ = [f"{name} was {was:f}" for name, was in before.items() if was != getattr(row, name)]
        return f"{moment(row.changed_at):%Y-%m-%d %H:%M:%S}: {', '.join(differ)}"

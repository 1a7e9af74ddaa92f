"""What the pages of the admin share: numbers as people read them, and rows inside another page."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html_join
from unfold.admin import TabularInline

from ledger.admin import ReadOnlyAdmin


def share(ppm: int | None) -> str:
    return "–" if ppm is None else f"{ppm / 10_000:.2f} %"


def number(value: Decimal | None) -> str:
    return "–" if value is None else f"{value.normalize():,f}"


def linked(*links: tuple[str, str]) -> str:
    """Texts with their addresses, one after another."""
    link = '<a class="text-primary-600 dark:text-primary-500 mr-4" href="{}">{}</a>'
    return format_html_join("", link, ((address, text) for text, address in links))


class Acting(ReadOnlyAdmin):
    """A record with links, under `act`, to the forms that ask for a change of it: for those who may ask."""

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        fields = [name for name in super().get_fields(request, obj) if name != "act"]
        return ["act", *fields] if request.user.has_perm("governance.request_change") else fields


class ReadOnlyInline(TabularInline):  # type: ignore[misc]
    extra = 0
    can_delete = False
    show_change_link = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

"""What every page of the console stands in: which book it shows, the mode that its gate gives, and where else to go."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from governance.models import Book
from govsite.dashboard.export import built
from govsite.ops import halting

CHOSEN = "book"
DASHBOARD = "dashboard"
NAVIGATION: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        "Watch",
        (
            ("Live", "monitoring", "live"),
            (DASHBOARD.title(), "dashboard", DASHBOARD),
            ("Books", "library_books", "books"),
            ("Market", "show_chart", "market"),
            ("Decisions", "account_tree", "decisions"),
            ("Orders", "receipt_long", "orders"),
            ("Alarms", "notifications", "alarms"),
            ("Limits", "speed", "limits"),
            ("Why", "help", "why"),
            ("Feed", "sensors", "feed"),
        ),
    ),
    (
        "Govern",
        (
            ("Agents", "smart_toy", "agents"),
            ("Changes", "rule_settings", "changes"),
            ("Holds", "front_hand", "holds"),
        ),
    ),
    (
        "Prove",
        (
            ("Ledger", "menu_book", "ledger"),
            ("Past", "history", "past"),
            ("Verify", "verified", "verify"),
            ("Dead letters", "mail_off", "dead-letters"),
            ("API", "api", "api-docs"),
        ),
    ),
)
"""Groups of pages: title, icon of the admin's sidebar, and the name of the address."""
NEEDS = dict.fromkeys(("ledger", "past", "verify"), "ledger.view_ledgerevent")
"""Pages that not everybody may open who may log in: who may not is not sent there."""


def page_context(request: HttpRequest, page: str) -> dict[str, Any]:
    """What templates/site/base.html needs; `page` is the name of the address that is marked as the current one."""
    listed = dict(Book.objects.order_by("founded_at", "book").values_list("book", "instruments"))
    name = chosen_book(request, list(listed))
    symbols = sorted(terms["symbol"] for terms in listed.get(name, ()))
    state = halting.page_state(request, name)
    return {"page": page, "book": name, "books": list(listed), "symbols": symbols, **state, "places": places(request)}


def chosen_book(request: HttpRequest, books: list[str]) -> str:
    """`?book=` chooses for the rest of the session; without a choice it is the book founded first, "" for none."""
    asked = request.GET.get(CHOSEN, "")
    if asked in books and request.session.get(CHOSEN) != asked:
        request.session[CHOSEN] = asked
    kept = request.session.get(CHOSEN, "")
    return kept if kept in books else next(iter(books), "")


def places(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups with the pages that this person may open, and the dashboard where there is one."""
    return [
        {
            "title": title,
            "pages": [
                {"title": name, "icon": icon, "address": reverse(page), "page": page}
                for name, icon, page in pages
                if (page not in NEEDS or request.user.has_perm(NEEDS[page]))
                and (page != DASHBOARD or built(settings.DASHBOARD_DIR))
            ],
        }
        for title, pages in NAVIGATION
    ]

"""What every page of the console stands in: which book it shows, the mode that its gate gives, and where else to go."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from governance.models import Book
from govsite.ops import standing
from ledger.gate import ALL_BOOKS

CHOSEN = "book"
NAVIGATION: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    ("Watch", (("Live", "monitoring", "live"), ("Market", "show_chart", "market"))),
    (
        "Govern",
        (
            ("Agents", "smart_toy", "agents"),
            ("Changes", "rule_settings", "changes"),
            ("Holds", "front_hand", "holds"),
        ),
    ),
    ("Prove", (("Dead letters", "mail_off", "dead-letters"),)),
)
"""Groups of pages: title, icon of the admin's sidebar, and the name of the address."""


def page_context(request: HttpRequest, page: str) -> dict[str, Any]:
    """What templates/site/base.html needs; `page` is the name of the address that is marked as the current one."""
    books = list(Book.objects.order_by("founded_at", "book").values_list("book", flat=True))
    name = chosen_book(request, books)
    return {"page": page, "book": name, "books": books, "mode": standing.mode_of(name or ALL_BOOKS), "places": places()}


def chosen_book(request: HttpRequest, books: list[str]) -> str:
    """`?book=` chooses for the rest of the session; without a choice it is the book founded first, "" for none."""
    asked = request.GET.get(CHOSEN, "")
    if asked in books and request.session.get(CHOSEN) != asked:
        request.session[CHOSEN] = asked
    kept = request.session.get(CHOSEN, "")
    return kept if kept in books else next(iter(books), "")


def places() -> list[dict[str, Any]]:
    return [
        {"title": title, "pages": [{"title": name, "address": reverse(page), "page": page} for name, _, page in pages]}
        for title, pages in NAVIGATION
    ]

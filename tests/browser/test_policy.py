"""Every page works under the policy that it is sent with: the browser reports nothing that was kept from it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import BrowserContext, ConsoleMessage

from tests.browser.conftest import Site, log_in
from tests.integration.site.conftest import Writer

CONSOLE = (
    "/",
    "/market/",
    "/orders/",
    "/alarms/",
    "/feed/",
    "/agents/",
    "/changes/",
    "/holds/",
    "/dead-letters/",
    "/limits/",
    "/why/",
    "/books/",
)
FORMS = ("/halt/", "/second-factor/enrol/", "/none/")
ADMIN = (
    "/admin/",
    "/admin/governance/decision/",
    "/admin/auth/user/",
    "/admin/auth/user/add/",
    "/admin/axes/accesslog/",
)

pytestmark = pytest.mark.browser


def test_no_page_asks_for_what_its_policy_forbids(writer: Writer, site: Site, context: BrowserContext) -> None:
    page = log_in(context, site)
    refused: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            refused.append(f"{page.url}: {message.text}")

    page.on("console", hear)
    ours = f"{site.url}/"
    elsewhere: list[str] = []
    page.on("request", lambda request: elsewhere.append(request.url) if not _is_ours(request.url, ours) else None)
    person = User.objects.get(username="ada")
    for address in (*CONSOLE, *FORMS, *ADMIN, f"/admin/auth/user/{person.pk}/change/"):
        page.goto(f"{site.url}{address}", wait_until="networkidle" if address in ADMIN else "load")
    assert refused == []
    assert elsewhere == []


def _is_ours(url: str, ours: str) -> bool:
    return url.startswith((ours, ours.replace("http", "ws", 1), "data:", "blob:"))

"""Whatever agents and operators write is shown as text on every page: no markup of theirs becomes part of a page."""

from __future__ import annotations

import os
import re

import pytest
from django.contrib.auth.models import User
from django.db import connection
from playwright.sync_api import Browser, Page, expect

from ledger import gate
from tests.browser.conftest import Site, log_in
from tests.integration.site import everything
from tests.integration.site.conftest import Writer
from tests.integration.site.people import browser

pytestmark = pytest.mark.browser
HOSTILE = "\"'><img src=x onerror=window.__xss=1>"
SAID = f"javascript:window.__xss=1//{HOSTILE}</script></textarea><script>window.__xss=1</script>"
"""Its first 64 characters, as long as names may be, are as hostile."""
EMPTY = re.compile(r"/admin/auth/group/|.*/(add|retire|reinstate|suspend|password_change)/")
"""Forms that show nothing that anybody wrote, or what a page next to them shows."""
MADE = """() => {
    const found = [...document.querySelectorAll("script, img, a, form, [onerror]")].filter((each) =>
        (each.localName === "script" && each.textContent.includes("window.__xss"))
        || (each.localName === "img" && each.getAttribute("src") === "x") || each.hasAttribute("onerror")
        || /^\\s*javascript:/i.test(each.getAttribute("href") ?? each.getAttribute("action") ?? ""));
    const ran = window.__xss === undefined ? "" : "it ran";
    return [ran, ...found.map((each) => each.outerHTML.slice(0, 300))].filter(Boolean);
}"""


@pytest.fixture(scope="module")
def history(writer: Writer) -> None:
    """Told before the site's own projector is there: only one may project."""
    everything.tell(writer, SAID)


@pytest.fixture(scope="module")
def told(history: None, site: Site) -> list[str]:
    """The addresses of all pages, with the text wherever it can be written."""
    redis_url = os.environ["REDIS_URL"]
    everything.bury(redis_url, SAID)
    return everything.pages(browser(User.objects.get(username="ada")), redis_url, EMPTY)


def shown(page: Page) -> bool:
    """Whether the text can be read on the page, in what is folded too and in fields."""
    return bool(
        page.evaluate(
            """(said) => document.body.textContent.includes(said)
                || [...document.querySelectorAll("input, textarea")].some(({ value }) => value.includes(said))""",
            "onerror=window.__xss=1>",
        )
    )


@pytest.mark.timeout(300)
def test_it_stays_text_on_every_page(told: list[str], site: Site, chromium: Browser) -> None:
    context = chromium.new_context(user_agent=f"Mozilla/5.0 {HOSTILE}")
    page = log_in(context, site)
    faults, read = [], 0
    for path in told:
        page.goto(site.url + path)
        faults += [f"{path}: {fault}" for fault in page.evaluate(MADE)]
        read += shown(page)
    context.close()
    assert not faults, "\n".join(faults)
    assert read > 30


def test_it_stays_text_when_it_comes_by_itself(told: list[str], site: Site, chromium: Browser, writer: Writer) -> None:
    context = chromium.new_context()
    live = log_in(context, site)
    alarms, orders = (context.new_page() for _ in range(2))
    alarms.goto(f"{site.url}/alarms/")
    orders.goto(f"{site.url}/orders/")
    everything.live(writer.history, SAID)
    writer.commit()
    expect(live.locator("#events")).to_contain_text("onerror=window.__xss=1>")
    gate.halt(connection, "demo", who=f"operator:{SAID}", why=SAID, command_id="halted")
    expect(live.locator("#mode-banner")).to_contain_text("onerror=window.__xss=1>")
    for page in (live, alarms, orders):
        expect(page.locator("body")).to_contain_text("onerror=window.__xss=1>")
        assert page.evaluate(MADE) == []
    context.close()

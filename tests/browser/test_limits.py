"""Alarms on the live page come and go by themselves; the pages of limits fit a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, expect

from streams import events as e
from tests.browser.conftest import Site, log_in
from tests.integration.site.conftest import Writer
from tests.integration.site.desk import trip
from tests.unit.site.history import History

pytestmark = pytest.mark.browser
NASTY = "<img src=x onerror=hacked=1>:BTCUSDT"


def test_alarms_come_to_the_live_page_and_go(site: Site, writer: Writer, context: BrowserContext) -> None:
    page = log_in(context, site)
    panel = page.locator("#open-alarms")
    expect(panel).to_contain_text("No alarm of book demo waits for a person.", timeout=20_000)

    def latch(history: History) -> None:
        trip(history, "latch", breaker="repeated_execution", subject=NASTY, effect="LATCHED")

    latch(writer.history)
    writer.commit()
    expect(panel).to_contain_text(f"Repeated execution {NASTY}", timeout=20_000)
    expect(page.locator("#events")).to_contain_text("ALARM: breaker repeated execution of")
    writer.history.tell(e.AlarmAcknowledged(alarm_id="latch", who="operator:ann", why="seen"))
    writer.commit()
    expect(panel).to_contain_text("No alarm of book demo waits for a person.", timeout=20_000)
    expect(page.locator("#events")).to_contain_text("operator:ann acknowledged an alarm: seen")
    assert page.evaluate("window.hacked") is None


def test_the_pages_fit_a_phone(site: Site, context: BrowserContext) -> None:
    page = log_in(context, site)
    page.set_viewport_size({"width": 390, "height": 844})
    for path in ("/limits/", "/why/", "/books/", "/dead-letters/"):
        page.goto(f"{site.url}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path

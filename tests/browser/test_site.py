"""What people see and do on the site, in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, expect

from governance.models import Book, Decision
from ledger import gate
from ledger.models import OutboxCommand
from tests.browser.conftest import Site, log_in
from tests.integration.site.conftest import Writer
from tests.servers import wait_until
from tests.unit.site.history import START, History

pytestmark = pytest.mark.browser


def test_decisions_are_there_and_new_ones_come_by_themselves(
    site: Site, context: BrowserContext, writer: Writer
) -> None:
    page = log_in(context, site)
    rows = page.locator("details.decision")
    expect(rows).to_have_count(4)
    expect(rows.nth(0)).to_contain_text("refused")
    expect(rows.nth(0)).to_contain_text("too little mass approved: no quorum")
    expect(rows.nth(2)).to_contain_text("compliance vetoed it")
    expect(rows.nth(3)).to_contain_text("filled")
    writer.history.round(instrument="ETHUSDT")
    writer.commit()
    expect(rows).to_have_count(5)
    expect(rows.nth(0)).to_contain_text("ETHUSDT")
    expect(rows.nth(0)).to_contain_text("filled")
    expect(page.locator("#events")).to_contain_text("DecisionReached")
    expect(page.locator("#positions")).to_contain_text("BTCUSDT")
    expect(page.locator("#council")).to_contain_text("16.7 %")


def test_a_decision_opens_in_place_and_on_its_own_page(site: Site, context: BrowserContext) -> None:
    page = log_in(context, site)
    row = page.locator("details.decision").last
    row.locator("summary").click()
    expect(row).to_contain_text("8. Fills")
    expect(row).to_contain_text("<img src=x onerror=hacked=1>")
    page.goto(site.url + Decision.objects.filter(outcome="granted").earliest("decided_at").get_absolute_url())
    expect(page.locator("h1")).to_contain_text("granted")
    expect(page.locator("main")).to_contain_text("majority: 66.67 % > 41.67 %")
    assert page.evaluate("typeof hacked") == "undefined"


def test_the_page_says_when_the_connection_is_lost_and_comes_back(site: Site, context: BrowserContext) -> None:
    page = log_in(context, site)
    site.stop_web()
    expect(page.locator("#connection")).to_contain_text("connection lost")
    expect(page.locator("#stale")).to_be_visible()
    site.start_web()
    expect(page.locator("#connection")).to_contain_text("live", timeout=30_000)
    expect(page.locator("#stale")).to_be_hidden()


def test_the_page_is_used_by_keyboard(site: Site, context: BrowserContext, writer: Writer) -> None:
    page = log_in(context, site)
    page.keyboard.press("?")
    expect(page.locator("#help-dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("details.decision").nth(1)).to_have_attribute("open", "")
    page.keyboard.press("t")
    first = page.evaluate("document.documentElement.dataset.theme")
    page.keyboard.press("t")
    assert {first, page.evaluate("document.documentElement.dataset.theme")} == {"dark", "light"}
    known = page.locator("details.decision").count()
    page.keyboard.press("p")
    writer.history.round()
    writer.commit()
    expect(page.locator("[data-pause]")).to_have_text("Go on (1 new)")
    expect(page.locator("details.decision")).to_have_count(known)
    page.keyboard.press("p")
    expect(page.locator("details.decision")).to_have_count(known + 1)
    page.keyboard.press("h")
    expect(page.locator("#halt-dialog textarea")).to_be_focused()


def test_an_event_of_another_release_is_shown_as_it_is(site: Site, context: BrowserContext) -> None:
    page = log_in(context, site)
    shown = page.evaluate(
        """async () => {
            const { showEvents } = await import("/static/site/js/live/events.js");
            const { Store } = await import("/static/site/js/live/store.js");
            const store = new Store();
            const payload = { phase: "<b>full</b>" };
            const row = { position: 1, at: 1, event: "MoonPhaseChanged", aggregate_id: "a", payload };
            store.take({ type: "event", log: "governance", position: 1, payload: [row] }, Date.now());
            const root = document.getElementById("events");
            showEvents(root, store, false);
            return root.querySelector("li").innerText;
        }"""
    )
    assert "MoonPhaseChanged" in shown
    assert '{"phase":"<b>full</b>"}' in shown


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_both_themes_fit_every_width(site: Site, chromium: Browser, tmp_path: Path, scheme: str) -> None:
    address = Decision.objects.filter(outcome="granted").earliest("decided_at").get_absolute_url()
    context = chromium.new_context(color_scheme=scheme)  # type: ignore[arg-type]
    page = log_in(context, site)
    for path in ("/", address, "/dead-letters/", "/halt/"):
        page.goto(site.url + path)
        for width in (390, 1024, 1680):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(150)
            overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert overflow <= 0, f"{path} is {overflow} px too wide at {width}"
    page.screenshot(path=tmp_path / f"{scheme}.png")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"dark": "rgb(12, 16, 15)", "light": "rgb(242, 243, 239)"}[scheme]
    context.close()


def test_a_halt_takes_two_clicks_and_a_reason_and_resuming_waits_for_an_answer(
    site: Site, context: BrowserContext
) -> None:
    page = log_in(context, site)
    page.click("#halt")
    page.click("#halt-dialog button.halt")
    assert gate.read(connection, "demo").mode == "NORMAL"
    page.fill("#halt-dialog textarea", "prices look <b>wrong</b>")
    page.click("#halt-dialog button.halt")
    expect(page.locator("#mode")).to_have_text("Halted")
    expect(page.locator("#mode-banner")).to_contain_text("by operator:ada: “prices look <b>wrong</b>”")
    standing = gate.read(connection, "demo")
    assert (standing.mode, standing.who, standing.why) == ("HALTED", "operator:ada", "prices look <b>wrong</b>")
    page.click("#resume")
    page.fill("#resume-dialog textarea", "they were right")
    page.click("#resume-dialog button.resume")
    expect(page.locator("#resume-dialog [data-answer]")).to_contain_text("Waiting")
    OutboxCommand.objects.update(result="refused:MODE")
    expect(page.locator("#resume-dialog [data-answer]")).to_have_text("Refused: the book's mode does not allow it.")


def test_the_live_page_follows_the_chosen_book(site: Site, context: BrowserContext, writer: Writer) -> None:
    """Last in this file: from here on there are two books."""
    other = History("second", now=START + 1)
    other.found().round(outcome="vetoed", instrument="ETHUSDT")
    _tell(writer, other)
    page = log_in(context, site)
    wait_until(lambda: Book.objects.filter(book="second").exists(), "the second book was projected")
    page.goto(f"{site.url}/?book=second")
    rows = page.locator("details.decision")
    expect(page.locator("h1")).to_have_text("second, live")
    expect(rows).to_have_count(1)
    expect(rows.nth(0)).to_contain_text("vetoed")
    writer.history.round(instrument="BTCUSDT")
    writer.commit()
    other.round(instrument="ETHUSDT")
    _tell(writer, other)
    expect(rows).to_have_count(2)
    expect(page.locator("#events")).to_contain_text("DecisionReached")
    expect(page.locator("#events")).not_to_contain_text("BTCUSDT")


def _tell(writer: Writer, history: History) -> None:
    writer.governance.commit(list(history.governance))
    writer.execution.commit(list(history.execution))
    history.governance.clear()
    history.execution.clear()

"""Agents, changes and holds in a real browser: plots are drawn, decisions are sent, nothing runs off a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, expect

from ledger.models import OutboxCommand
from streams.envelope import decode
from streams.messages import ApproveChange, ReleaseHold
from tests.browser.conftest import Site, log_in
from tests.integration.site.conftest import Writer
from tests.integration.site.test_governing import a_change, answered, scored
from tests.unit.site.history import History
from tests.unit.site.test_governance_projections import held

pytestmark = pytest.mark.browser
PAGES = ("/agents/", "/agents/fast-momentum/", "/agents/compliance/", "/changes/", "/holds/")


@pytest.fixture(scope="module")
def told(writer: Writer) -> None:
    """A scored council, a change and a hold that wait; told before the site's own projector is there: only one may
    project."""

    def much(history: History) -> None:
        scored(history, 30)
        a_change(history)
        held(history)

    writer.show(much)
    answered(writer)


@pytest.fixture(scope="module")
def governed(told: None, site: Site) -> Site:
    return site


def test_an_agent_is_found_from_the_live_page(governed: Site, context: BrowserContext) -> None:
    page = log_in(context, governed)
    page.get_by_role("link", name="Agents", exact=True).click()
    expect(page.locator("#t-regret + *, main")).to_contain_text("Bound G3")
    page.get_by_role("link", name="fast-momentum").click()
    expect(page.locator("h1")).to_contain_text("fast-momentum")
    assert page.locator(".plot polyline").count() == 3
    box = page.locator(".square circle").first.bounding_box()
    assert box is not None
    assert box["width"] > 2
    expect(page.locator("main")).to_contain_text("y = 1")


def test_a_change_is_approved_with_a_reason(governed: Site, context: BrowserContext) -> None:
    page = log_in(context, governed)
    page.goto(f"{governed.url}/changes/")
    page.locator("main").get_by_label("Reason").fill("looked at the preview")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator(".messages")).to_contain_text("has not answered yet")
    kept = OutboxCommand.objects.latest("created_at")
    assert decode(bytes(kept.raw)).body == ApproveChange(change_id="c", reason="looked at the preview")


def test_a_hold_is_released_and_not_without_a_reason(governed: Site, context: BrowserContext) -> None:
    page = log_in(context, governed)
    page.goto(f"{governed.url}/holds/")
    before = OutboxCommand.objects.count()
    page.get_by_role("button", name="Release").click()
    assert page.url.endswith("/holds/")  # the browser asks for the reason first
    assert OutboxCommand.objects.count() == before
    page.locator("main").get_by_label("Reason").fill("known client")
    page.get_by_role("button", name="Release").click()
    expect(page.locator(".messages")).to_contain_text("has not answered yet")
    kept = OutboxCommand.objects.latest("created_at")
    assert decode(bytes(kept.raw)).body == ReleaseHold(decision_id="decision-1", reason="known client")


@pytest.mark.parametrize("path", PAGES)
def test_nothing_runs_off_a_phone(governed: Site, context: BrowserContext, path: str) -> None:
    page = log_in(context, governed)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(governed.url + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

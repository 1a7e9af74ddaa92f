"""What a page shows while it knows nothing yet, and on a small screen."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Site, log_in

pytestmark = pytest.mark.browser
FILLED = ("market", "rounds", "council", "decisions", "events", "positions", "latency", "processes", "refused")


def shown_as_empty(page: Page) -> list[str]:
    return [name for name in FILLED if page.locator(f"#{name} > .body > .empty").is_visible()]


def test_panels_wait_until_something_is_known_and_say_when_it_cannot_be(site: Site, context: BrowserContext) -> None:
    page = log_in(context, site)
    expect(page.locator("#council .waiting")).to_be_hidden()
    expect(page.locator("#council")).to_contain_text("16.7 %")
    expect(page.locator("#council")).not_to_have_attribute("aria-busy", "true")
    page.route("**/live/snapshot/**", lambda route: route.abort())
    page.route_web_socket("**/ws/live/", lambda socket: None)  # open, and says nothing
    page.reload()
    for name in FILLED:
        expect(page.locator(f"#{name} .waiting")).to_have_text("Connecting…")
        expect(page.locator(f"#{name}")).to_have_attribute("aria-busy", "true")
    assert shown_as_empty(page) == []
    expect(page.locator("#outcomes")).to_have_text("–")
    page.route_web_socket("**/ws/live/", lambda socket: socket.close(code=1011, reason="gone"))
    page.reload()
    for name in FILLED:
        expect(page.locator(f"#{name} .waiting")).to_contain_text("Not known: there is no live connection")
    assert shown_as_empty(page) == []
    expect(page.locator("body")).not_to_have_class("offline")


def test_what_the_snapshot_has_is_shown_without_a_socket(site: Site, context: BrowserContext) -> None:
    page = log_in(context, site)
    page.route_web_socket("**/ws/live/", lambda socket: socket.close(code=1011, reason="gone"))
    page.reload()
    expect(page.locator("#council")).to_contain_text("16.7 %")
    expect(page.locator("details.decision")).to_have_count(4)
    expect(page.locator("#processes .waiting")).to_contain_text("Not known")
    assert shown_as_empty(page) == []


def test_halting_is_on_the_first_line_of_a_small_screen(site: Site, context: BrowserContext) -> None:
    page = log_in(context, site)
    page.set_viewport_size({"width": 390, "height": 844})
    brand, halt = page.locator(".brand").bounding_box(), page.locator("#halt").bounding_box()
    assert brand
    assert halt
    assert halt["y"] < brand["y"] + brand["height"]
    assert halt["x"] + halt["width"] <= 390

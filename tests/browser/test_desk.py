"""The desk in a real browser: forms are not taken away by updates, alarms and suspensions appear by themselves."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from governance.models import Alarm
from ledger.models import OutboxCommand
from streams import events as e
from streams.envelope import decode
from streams.messages import CancelOrder, SuspendInstrument
from tests.browser.conftest import Site, log_in
from tests.integration.site.conftest import Writer
from tests.integration.site.desk import ORDER, priced, trip, working
from tests.servers import wait_until
from tests.unit.site.history import History

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def desk(site: Site, writer: Writer) -> Site:
    """Something is held, an order works, a breaker has tripped."""

    def much(history: History) -> None:
        working(history)
        trip(history, "first")

    much(writer.history)
    writer.commit()
    wait_until(Alarm.objects.exists, "the projector of the site has read it")
    priced(writer.url, BTCUSDT="61900")
    return site


def test_a_form_that_is_being_filled_in_survives_updates(desk: Site, writer: Writer, context: BrowserContext) -> None:
    page = log_in(context, desk)
    page.goto(f"{desk.url}/orders/")
    page.get_by_text("Cancel…").click()
    reason = page.locator("[data-block=working] input[name=reason]")
    reason.fill("no longer")
    priced(writer.url, BTCUSDT="61950")
    expect(page.locator("[data-block=positions]")).to_contain_text("61,950", timeout=20_000)  # others go on
    expect(reason).to_have_value("no longer")
    page.get_by_role("button", name="Cancel the order").click()
    expect(page.locator(".messages")).to_contain_text("has not answered yet")
    kept = OutboxCommand.objects.latest("created_at")
    assert decode(bytes(kept.raw)).body == CancelOrder(order_id=ORDER, reason="no longer")


def test_alarms_and_suspensions_appear_by_themselves(desk: Site, writer: Writer, context: BrowserContext) -> None:
    page = log_in(context, desk)
    page.goto(f"{desk.url}/alarms/")
    expect(page.locator("#alarm-count")).to_contain_text("1")

    def more(history: History) -> None:
        trip(history, "second", subject="ETHUSDT")
        history.tell(e.TradingSuspended(instrument="ETHUSDT", who="operator:bob", why="<b>odd</b> prints"))

    more(writer.history)
    writer.commit()
    expect(page.locator("#alarm-count")).to_contain_text("2", timeout=20_000)
    expect(page.locator("#desk-banners")).to_contain_text("ETHUSDT of book demo: Suspended since", timeout=20_000)
    expect(page.locator("#desk-banners")).to_contain_text("<b>odd</b> prints")
    expect(page.locator("[data-block=alarms]")).to_contain_text("No fresh prices: ETHUSDT", timeout=20_000)


def test_one_instrument_is_suspended_from_the_dialog(desk: Site, context: BrowserContext) -> None:
    page = log_in(context, desk)
    page.goto(f"{desk.url}/agents/")
    page.click("#halt")
    page.select_option("#halt-dialog [name=what]", "BTCUSDT")
    page.fill("#halt-dialog textarea", "one venue only")
    page.click("#halt-dialog button.halt")
    expect(page.locator("#halt-dialog [data-answer]")).to_contain_text("Waiting", timeout=20_000)
    kept = OutboxCommand.objects.latest("created_at")
    assert decode(bytes(kept.raw)).body == SuspendInstrument(instrument="BTCUSDT", reason="one venue only")
    OutboxCommand.objects.filter(pk=kept.pk).update(result="accepted")
    expect(page.locator("#halt-dialog")).to_be_hidden(timeout=20_000)


def test_the_desk_fits_on_a_phone(desk: Site, writer: Writer, chromium: Browser) -> None:
    trip(writer.history, "impostor", breaker="identity", subject="stranger", effect="REFUSED")  # the longest words
    writer.commit()
    wait_until(Alarm.objects.filter(breaker="identity").exists, "the projector of the site has read it")
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    page = log_in(context, desk)
    for path in ("/", "/orders/", "/orders/?show=fills", "/orders/flatten/", "/alarms/?show=all", "/feed/", "/halt/"):
        page.goto(f"{desk.url}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    context.close()

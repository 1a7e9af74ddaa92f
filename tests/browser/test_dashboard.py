"""The dashboard in a real browser: every page, live and past, cut off, and told what it does not know."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import axe_playwright_python
import pytest
from django.conf import settings
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Route, WebSocketRoute, expect

from governance.models import Decision
from govsite.dashboard import building
from tests.browser.conftest import Site, log_in
from tests.integration.site.conftest import Writer
from tests.servers import wait_until

pytestmark = pytest.mark.browser
PAGES = ("", "decisions/", "agents/", "agents/?agent=rule", "rules/", "audit/", "latency/", "nothing/")
WIDTHS = (390, 1440)
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
SERIOUS = """async () => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"], preload: false });
    return violations.filter(({ impact }) => impact === "serious" || impact === "critical")
        .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 200)}`));
}"""


@pytest.fixture(scope="module")
def built() -> None:
    if not building.current(settings.BASE_DIR / "frontend", settings.DASHBOARD_DIR):
        pytest.skip("the dashboard is not built from its sources as they are: make dashboard (Node 20.9 or newer)")


class Dashboard:
    """A page of it; what its console complains of is kept in `complaints`."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = f"{url}/dashboard/"
        self.complaints: list[str] = []
        page.on("console", self._heard)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def open(self, address: str = "") -> Page:
        self.page.goto(self.url + address)
        return self.page

    def live(self, address: str = "") -> Page:
        page = self.open(address)
        expect(page.get_by_role("banner")).to_contain_text("live, ")
        return page


@pytest.fixture
def dashboard(built: None, site: Site, context: BrowserContext) -> Dashboard:
    shown = Dashboard(log_in(context, site), site.url)
    shown.page.goto("about:blank")  # the operations site's page says nothing here
    return shown


def decided(outcome: str) -> str:
    return str(Decision.objects.filter(outcome=outcome).earliest("decided_at").decision_id)


def test_it_asks_for_a_login_and_comes_back(built: None, site: Site, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{site.url}/dashboard/rules/?book=demo")
    expect(page.locator("[name=password]")).to_be_visible()
    assert page.url.endswith("/admin/login/?next=/dashboard/rules/%3Fbook%3Ddemo")


def test_every_page_is_sound_in_both_themes_at_every_width(dashboard: Dashboard) -> None:
    faults = []
    page = dashboard.page
    for address in (*PAGES, f"decision/?id={decided('granted')}", f"decision/?id={decided('vetoed')}"):
        for scheme, width in (("dark", WIDTHS[0]), ("light", WIDTHS[1])):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            dashboard.open(address)
            page.wait_for_load_state("networkidle") if address == "nothing/" else None
            expect(page.locator("[aria-busy=true]")).to_have_count(0)
            page.evaluate(AXE)
            faults += [f"{address} {scheme} {width}: {fault}" for fault in page.evaluate(SERIOUS)]
            wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            faults += [f"{address} {width}: {wider} px too wide"] if wider > 0 else []
    complaints = [text for text in dashboard.complaints if "404" not in text]  # of the page that is not there
    found = [*faults, *complaints]
    assert not found, "\n".join(found)


def test_what_is_decided_is_shown_at_once(dashboard: Dashboard, writer: Writer) -> None:
    page = dashboard.live()
    rows = page.get_by_role("region", name="Decisions").get_by_role("listitem")
    expect(rows.first).to_be_visible()
    before = Decision.objects.count()
    writer.history.round(instrument="ETHUSDT", why="<img src=x onerror=hacked=1>")
    writer.commit()
    expect(rows.first).to_contain_text("ETHUSDT")
    expect(rows.first).to_contain_text("granted")
    wait_until(lambda: Decision.objects.count() == before + 1, "the projector has it")
    assert page.evaluate("typeof hacked") == "undefined"
    assert dashboard.complaints == []


def test_a_cut_connection_is_shown_and_nothing_is_lost_or_doubled(
    dashboard: Dashboard, writer: Writer, site: Site
) -> None:
    page = dashboard.live()
    panel = page.get_by_role("region", name="Decisions")
    rows = panel.get_by_role("listitem")
    expect(rows.first).to_be_visible()
    known = rows.count()
    site.stop_web()
    try:
        expect(page.get_by_role("banner")).to_contain_text("connection lost")
        expect(panel.get_by_text("as it was")).to_be_visible()
        writer.history.round()
        writer.history.round(outcome="vetoed")
        writer.commit()
    finally:
        site.start_web()
    expect(page.get_by_role("banner")).to_contain_text("live, ", timeout=30_000)
    expect(rows).to_have_count(known + 2)
    expect(rows.first).to_contain_text("vetoed")
    expect(panel.get_by_text("as it was")).to_have_count(0)


def test_candles_of_a_time_that_was_passed_over_are_put_where_they_belong(dashboard: Dashboard) -> None:
    def bars(route: Route) -> None:
        newest = "limit=30" in route.request.url
        told = [bar(second) for second in range(20, 0, -1) if newest or second != 10]
        route.fulfill(json={"bars": told, "next": None})

    dashboard.page.route("**/api/v1/bars?*", bars)
    page = dashboard.live()
    expect(page.get_by_test_id("legend").first).to_contain_text("C 120.00")
    with page.expect_response(lambda response: "limit=30" in response.url):
        pass
    market = page.get_by_role("region", name="Market")
    expect(market.get_by_role("img", name="Candles of 1 s")).to_be_visible()
    expect(market.get_by_role("alert")).to_have_count(0)
    assert dashboard.complaints == []


def bar(second: int) -> dict[str, object]:
    at = datetime(2026, 1, 31, tzinfo=UTC) + timedelta(seconds=second)
    prices = dict.fromkeys(("open", "high", "low", "close", "mark"), str(100 + second))
    return {
        **prices, "key": str(second), "instrument": "BTCUSDT", "width_s": 1, "at": stamp(at), "volume": "1",
        "at_ns": round(at.timestamp()) * 10**9, "buy_volume": "1", "turnover": "1", "trades": 1, "source": "synthetic",
        "venue": "synthetic", "mixed": False,
    }  # fmt: skip


def test_a_connection_that_never_comes_is_said_in_every_panel(dashboard: Dashboard) -> None:
    dashboard.page.route_web_socket("**/ws/live/", lambda socket: socket.close(code=1012, reason="not today"))
    page = dashboard.open()
    expect(page.get_by_role("banner")).to_contain_text("no connection")
    for name in ("Market", "The council decides", "Decisions", "Council", "Positions and P&L", "Latency"):
        panel = page.get_by_role("region", name=name, exact=True)
        expect(panel.get_by_role("alert")).to_contain_text("No connection: not today. It is tried again by itself.")


def test_frames_that_it_does_not_know_change_nothing(dashboard: Dashboard) -> None:
    strange = {
        "position": 10**9, "event_id": "e", "at": 1, "aggregate": "X", "aggregate_id": "x", "version": 1,
        "event": "NewKind", "book": "demo", "actor": "x" * 10_000, "correlation_id": "", "causation_id": "",
        "payload": {"deep": [{}]},
    }  # fmt: skip
    rounds = [
        {"deliberation_id": f"d{number}", "instrument": "N" * 1000, "track": "TRADE", "total_ppm": 10, "outcome": "",
         "proposals": [{"proposal_id": "p", "author": "a" * 10_000, "action": "trade", "instrument": "N", "target": "1",
                        "amends": None, "voted_ppm": 5}]}
        for number in range(2000)
    ]  # fmt: skip

    def also(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def told(text: str | bytes) -> None:
            frame = json.loads(text)
            for status in filter(None, (frame if frame["type"] == "status" else None, frame.get("status"))):
                status["notices"] = [{"key": "long", "look": "bad", "icon": "lost", "text": "y" * 10_000}]
                status["source"] = "z" * 10_000
            socket.send(json.dumps(frame))
            if frame["type"] == "snapshot":
                socket.send(json.dumps({"type": "brand-new", "anything": 1}))
                socket.send(json.dumps({"type": "event", "log": "governance", "position": 10**9, "payload": [strange]}))
                socket.send(json.dumps({"type": "rounds", "at": 1, "rounds": rounds}))

        server.on_message(told)
        socket.on_message(server.send)

    dashboard.page.route_web_socket("**/ws/live/", also)
    page = dashboard.live()
    expect(page.get_by_role("region", name="Decisions").get_by_role("listitem").first).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="yyyy")).to_be_visible()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert dashboard.complaints == []


def test_the_past_is_shown_as_it_was_and_goes_on(dashboard: Dashboard, writer: Writer) -> None:
    writer.history.round()
    writer.commit()
    wait_until(lambda: Decision.objects.count() == len(decisions(writer)), "the projector has all")
    first, last = decisions(writer)[0], decisions(writer)[-1]
    before = first + timedelta(milliseconds=1)
    page = dashboard.open(f"?at={stamp(before)}")
    rows = page.get_by_role("region", name="Decisions").get_by_role("listitem")
    bar = page.get_by_role("region", name="Time travel")
    expect(bar).to_be_visible()
    expect(page.get_by_role("banner")).to_contain_text("the past")
    shown = sum(at <= before for at in decisions(writer))
    expect(rows).to_have_count(shown)
    bar.get_by_role("button", name="Back to the present").click()
    expect(page.get_by_role("banner")).to_contain_text("live, ")
    expect(rows).to_have_count(len(decisions(writer)))
    assert "at=" not in page.url
    assert last >= first
    assert dashboard.complaints == []


def decisions(writer: Writer) -> list[datetime]:
    return list(Decision.objects.order_by("decided_at").values_list("decided_at", flat=True))


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def test_the_palette_and_the_keys_lead_everywhere(dashboard: Dashboard) -> None:
    page = dashboard.live()
    page.keyboard.press("5")
    expect(page).to_have_url(f"{dashboard.url}audit/")
    expect(page.locator("summary").first).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Go to")).to_be_focused()
    page.keyboard.type("latency")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{dashboard.url}latency/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_events_are_found_and_bad_conditions_are_explained(dashboard: Dashboard) -> None:
    page = dashboard.open("audit/?event=OrderFilled")
    expect(page.locator("summary").first).to_contain_text("OrderFilled")
    expect(page.locator("summary", has_text="DecisionReached")).to_have_count(0)
    page.locator("summary").first.click()
    page.get_by_role("link", name="Its decision").click()
    page.wait_for_url("**/dashboard/decision/**")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_load_state("networkidle")
    dashboard.open("audit/?event=OrderFiled")
    panel = page.get_by_role("region", name="Events with event OrderFiled")
    expect(panel.get_by_role("alert")).to_contain_text("OrderFiled")

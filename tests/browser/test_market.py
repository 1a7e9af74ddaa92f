"""The market's page and the notices at the top of every page, in a real browser."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
import redis
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from market.domain.listing import Listing
from market.writer import MarketWriter
from streams import events as e
from streams.messages import Quote, Tick, Trade
from streams.telemetry import Telemetry
from tests.browser.conftest import Site, log_in
from tests.integration.site.conftest import Writer

pytestmark = pytest.mark.browser

SECOND = 1_000_000_000
DRAWN = re.compile(r"^M\d")


class Feed(Telemetry):
    """A heartbeat that tests speak for, as that of a live feed to begin with."""

    def __init__(self, connection: redis.Redis) -> None:
        super().__init__(connection, "feed")
        self.silent = False
        self._ending = threading.Event()
        self.counters.update(
            {"frames": 81_234, "ticks": 80_990, "duplicates": 12, "refilled": 31, "unfilled": 2, "passed:not_market": 3}
        )
        self.gauges |= {"source": "live", "mode": "live", "since": f"{time.time_ns()}", "lag_ms": 12.0, "rate": 812.5}
        self.gauges |= {"connections": 2, "waiting": 14, "books": 2, "books_in_sync": 2, "clock_offset_ms": 3.0}
        self._thread = threading.Thread(target=self._speak)
        self._thread.start()

    def _speak(self) -> None:
        while not self._ending.wait(0.2):
            if not self.silent:
                self.gauges["last_tick_at"] = f"{time.time_ns()}"
            self.beat(force=True)

    def end(self) -> None:
        self._ending.set()
        self._thread.join()
        self.leave()


@pytest.fixture
def feed(site: Site) -> Iterator[Feed]:
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as connection:
        feed = Feed(connection)
        yield feed
        feed.end()


def market_until(until: int, seconds: int = 4_000) -> list[Tick]:
    """A walk of two prices, a tick a second, some minutes of it without trades and some without anything."""
    random, found = Random(4), list[Tick]()
    for symbol, start in {"BTCUSDT": 61_234.5, "ETHUSDT": 2_811.0}.items():
        walked = start
        for number in range(seconds):
            at = until - (seconds - number) * SECOND
            walked *= 1 + random.gauss(0, 0.0002)
            price = Decimal(f"{walked:.2f}")
            if number % 900 > 60:
                found.append(a_quote(symbol, at, price))
            if number % 600 > 180:
                found.append(a_trade(symbol, at, price, Decimal(f"{random.expovariate(3) + 1:.4f}")))
    return sorted(found, key=lambda tick: tick.market_at)


def a_quote(symbol: str, at: int, bid: Decimal) -> Quote:
    return Quote(
        instrument=symbol, market_at=at, received_at=at, update_id=at, bid=bid, ask=bid + Decimal("0.02"),
        bid_size=Decimal(1), ask_size=Decimal(2),
    )  # fmt: skip


def a_trade(symbol: str, at: int, price: Decimal, quantity: Decimal = Decimal(1)) -> Trade:
    return Trade(
        instrument=symbol, market_at=at, received_at=at, trade_id=at, price=price, quantity=quantity, aggressor="buy"
    )


@pytest.fixture(scope="module")
def began(site: Site, writer: Writer) -> int:
    """When (ns) the market of an hour ends that was written, with a listing whose tick size is not the book's."""
    now = time.time_ns()
    listing = Listing(
        symbol="BTCUSDT", venue="binance", tick_size=Decimal("0.1"), lot_size=Decimal("0.00001"),
        min_notional=Decimal(5), status="TRADING", at=now,
    )  # fmt: skip
    market = MarketWriter(writer.url).start()
    market.observe(market_until(now))
    market.list([listing])
    market.close()
    return now


def notice(page: Page, key: str) -> Locator:
    return page.locator(f"#market-notices [data-key={key}]")


def test_the_page_shows_prices_candles_and_what_to_do_and_follows_by_itself(
    site: Site, context: BrowserContext, began: int, feed: Feed, writer: Writer
) -> None:
    page = log_in(context, site)
    page.click("nav >> text=Market")
    bitcoin = page.locator("[data-block=i-BTCUSDT]")
    expect(bitcoin).to_contain_text("manage.py govern term set tick_size 0.1 --instrument BTCUSDT")
    for kind in ("rising", "falling", "quoted", "volume"):
        expect(bitcoin.locator(f"path.{kind}")).to_have_attribute("d", DRAWN)
    expect(page.locator("[data-block=feed]")).to_contain_text("Refilled")
    market = MarketWriter(writer.url, after=began).start()
    market.observe([a_trade("BTCUSDT", time.time_ns(), Decimal("55555.55"))])
    market.close()
    expect(bitcoin.locator(".large")).to_have_text("55,555.55")
    feed.gauges["lag_ms"] = 77.0
    expect(page.locator("[data-block=feed]")).to_contain_text("77 ms")
    page.click("text=1 s")
    expect(page.locator(".filters [aria-current]")).to_have_text("1 s")


def test_the_page_says_when_it_could_not_be_brought_up_to_date(site: Site, context: BrowserContext, feed: Feed) -> None:
    page = log_in(context, site)
    page.goto(f"{site.url}/market/")
    expect(page.locator("#market-stale")).to_be_hidden()
    context.set_offline(True)
    expect(page.locator("#market-stale")).to_contain_text("could not be brought up to date since")
    expect(notice(page, "unanswered")).to_contain_text("The site does not answer")
    context.set_offline(False)
    expect(page.locator("#market-stale")).to_be_hidden()
    expect(notice(page, "unanswered")).to_have_count(0)


@pytest.mark.parametrize("path", ["/", "/agents/", "/market/", "/holds/"])
def test_every_page_says_within_a_moment_that_live_data_was_lost_and_when_it_is_back(
    site: Site, context: BrowserContext, feed: Feed, path: str
) -> None:
    page = log_in(context, site)
    page.goto(site.url + path)
    expect(page.locator("#market-notices .banner")).to_have_count(0)
    feed.gauges |= {"source": "synthetic", "mode": "synthetic 1x, because live is silent"}
    lost = notice(page, "failover")
    expect(lost).to_contain_text("Live data lost since")
    expect(lost).to_contain_text("a synthetic market")
    expect(lost).to_have_attribute("role", "alert")
    feed.gauges |= {"source": "live", "mode": "live"}
    expect(lost).to_have_count(0)


def test_late_silent_and_unheard_feeds_gaps_and_halts_are_told_and_a_standing_notice_is_left_alone(
    site: Site, context: BrowserContext, feed: Feed, writer: Writer
) -> None:
    page = log_in(context, site)
    page.goto(f"{site.url}/changes/")
    feed.gauges |= {"lag_ms": 8_200.0, "clock_offset_ms": -1_500.0}
    expect(notice(page, "late")).to_contain_text("more than 8 s late")
    expect(notice(page, "clock")).to_contain_text("more than 1 s")
    page.evaluate("document.querySelector('[data-key=late]').standing = true")
    writer.history.tell(e.TradingStatusChanged(instrument="ETHUSDT", tradable=False, status="HALT", market_at=1))
    writer.history.tell(e.FeedGap(instrument="BTCUSDT", kind="trade", first=12, last=14, market_at=1))
    writer.commit()
    expect(notice(page, "halted")).to_contain_text("ETHUSDT (HALT)")
    expect(notice(page, "halted")).to_have_attribute("role", "status")
    expect(notice(page, "gaps")).to_contain_text("BTCUSDT trades 12 to 14")
    assert page.evaluate("document.querySelector('[data-key=late]').standing")
    feed.gauges |= {"lag_ms": 12.0, "clock_offset_ms": 0.0, "last_tick_at": f"{time.time_ns() - 60 * SECOND}"}
    feed.started_at -= 60 * SECOND
    feed.silent = True
    expect(notice(page, "silent")).to_contain_text("no tick has come since")
    feed.end()
    expect(notice(page, "unheard")).to_be_visible()


def test_the_badge_of_the_live_page_tells_how_late_prices_are(
    site: Site, context: BrowserContext, feed: Feed, writer: Writer
) -> None:
    page = log_in(context, site)
    badge = page.locator("#source")
    expect(badge).to_have_attribute("title", re.compile("The feed: live"))
    feed.gauges["lag_ms"] = 8_200.0
    expect(badge).to_have_attribute("title", re.compile(r"Lag 8\.2 s"))


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_the_market_fits_every_width_in_both_themes(
    site: Site, chromium: Browser, began: int, feed: Feed, tmp_path: Path, scheme: str
) -> None:
    context = chromium.new_context(color_scheme=scheme)  # type: ignore[arg-type]
    page = log_in(context, site)
    feed.gauges |= {"source": "replay", "mode": "replay 1x, because live is silent", "progress": 0.4, "lag_ms": 9.0}
    feed.gauges |= {"clock_offset_ms": 2_000.0}
    page.goto(f"{site.url}/market/")
    expect(page.locator("#market-notices .banner")).not_to_have_count(0)
    for width in (390, 1024, 1680):
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=tmp_path / f"market-{scheme}-{width}.png", full_page=True)
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, f"{overflow} px too wide at {width}"
    page.goto(f"{site.url}/")
    page.screenshot(path=tmp_path / f"live-{scheme}.png")
    context.close()

"""The market's page and the notices of every page: what the feed, the tables and the book say, and what is missing."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest
import redis
from django.conf import settings as configured
from django.contrib.auth.models import User
from django.test import Client
from msgspec.structs import replace

from govsite import tasks
from market.domain.listing import Listing
from market.writer import MarketWriter
from streams import events as e
from streams.messages import Tick
from streams.telemetry import Telemetry
from tests.integration.site.conftest import Writer
from tests.servers import wait_until
from tests.unit.market.test_mark import SECOND, a_quote, a_trade
from tests.unit.site.history import History

MINUTE = 60 * SECOND
NOBODY = "redis://127.0.0.1:1"
LISTING = Listing(
    symbol="BTCUSDT", venue="binance", base="BTC", quote="USDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.00001"),
    min_notional=Decimal(5), status="TRADING", at=7 * SECOND,
)  # fmt: skip
SWITCH = e.FeedSourceChanged(origin="live", to="synthetic", why="no live data for 10 s")


@pytest.fixture
def client(operator: User) -> Client:
    client = Client()
    client.force_login(operator)
    return client


@pytest.fixture
def feed(redis_url: str) -> Iterator[Telemetry]:
    """The heartbeat of a live feed; what a test sets is told with the next beat."""
    connection = redis.Redis.from_url(redis_url)
    feed = Telemetry(connection, "feed")
    feed.gauges |= {"source": "live", "mode": "live", "since": f"{time.time_ns()}", "last_tick_at": f"{time.time_ns()}"}
    feed.beat(force=True)
    yield feed
    connection.close()


def written(url: str, ticks: Sequence[Tick], *listings: Listing) -> None:
    writer = MarketWriter(url).start()
    writer.observe(ticks)
    for listing in listings:
        writer.list([listing])
        wait_until(lambda: writer.waiting == 0, "the listing is written")
    writer.close()


def notices(client: Client) -> dict[str, str]:
    return {notice["key"]: notice["text"] for notice in client.get("/market/state/").json()["notices"]}


def page(client: Client, path: str = "/market/") -> str:
    response = client.get(path)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_the_page_and_its_parts_ask_for_a_login(database: str) -> None:
    for path in ("/market/", "/market/panels/", "/market/state/"):
        response = Client().get(path)
        assert (response.status_code, response["Location"].partition("?")[0]) == (302, "/admin/login/")


def test_a_page_of_nothing_says_what_is_missing(client: Client, redis_url: str) -> None:
    shown = page(client)
    assert "There is no instrument: no book has been founded yet" in shown
    assert "No feed has been heard in the last 5 s" in shown
    assert "No feed is heard" in notices(client)["unheard"]


def test_without_redis_the_page_says_so_and_shows_what_postgresql_has(
    writer: Writer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.show(History.found)
    monkeypatch.setattr(configured, "REDIS_URL", NOBODY)
    shown = page(client)
    assert "Nobody can say how the feed is: Redis does not answer." in shown
    assert "No price has come yet of this instrument." in shown
    assert notices(client) == {"unknown": "Nobody can say where prices come from: Redis does not answer."}


def test_an_instrument_is_shown_with_its_prices_bars_and_filters(
    writer: Writer, client: Client, feed: Telemetry
) -> None:
    writer.show(History.found)
    ticks = [
        tick
        for at in range(20)
        for tick in (a_quote(MINUTE + at * SECOND), a_trade(MINUTE + at * SECOND + 1, f"{100 + at % 3}.50"))
    ]
    written(writer.url, ticks, LISTING)
    shown = page(client, "/market/?width=1")
    for expected in ('<dd class="number large">101.5</dd>', "198.020 bp", "00:00:20 to 00:01:19"):
        assert expected in shown
    assert 'class="rising" d="M' in shown
    assert "Nothing happened in 40 of 60." in shown
    assert 'tick <span class="number">0.01</span>' in shown
    assert "No price has come yet of this instrument." in shown  # ETHUSDT
    assert "would refuse orders" not in shown
    assert "00:01:00" in page(client, "/market/panels/?width=60")
    assert 'd=""' in page(client, "/market/panels/?width=nonsense")


def test_the_api_gives_the_bars_of_a_time(writer: Writer, client: Client) -> None:
    writer.show(History.found)
    written(writer.url, [a_trade(MINUTE + at * SECOND, "100") for at in range(20)], LISTING)

    def asked(**times: str) -> list[str]:
        told = client.get("/api/v1/bars", {"instrument": "BTCUSDT", "width_s": "1", **times})
        return [bar["at"][11:19] for bar in told.json()["bars"]]

    assert asked(**{"from": "1970-01-01T00:01:05Z", "to": "1970-01-01T00:01:07Z"}) == ["00:01:06", "00:01:05"]
    assert len(asked(**{"from": "0001-01-01T00:00Z", "to": "9999-12-31T00:00Z"})) == 20
    assert asked(to="1970-01-01T00:01:00Z") == []


def test_a_tick_size_that_changed_at_the_venue_is_warned_of_with_what_to_do(
    writer: Writer, client: Client, feed: Telemetry
) -> None:
    writer.show(History.found)
    coarser = replace(LISTING, tick_size=Decimal("0.1"), lot_size=Decimal("0.000001"), at=8 * SECOND)
    written(writer.url, [a_trade(MINUTE)], LISTING, coarser)
    shown = page(client)
    assert "The tick size at the venue is 0.1, the book&#x27;s term says 0.01: the venue would refuse orders." in shown
    assert "manage.py govern term set tick_size 0.1 --instrument BTCUSDT" in shown
    assert "the book&#x27;s term of 0.00001 is coarser, which is allowed" in shown
    assert "binance changed its filters at 1970-01-01 00:00:08: tick_size was 0.01" in shown


def test_what_stands_in_the_way_of_an_instrument_is_shown(writer: Writer, client: Client, feed: Telemetry) -> None:
    suspended = e.TradingSuspended(instrument="ETHUSDT", who="breaker:stale_feed", why="no tick for 5 s")
    writer.show(History.found)
    writer.show(
        lambda history: (
            history.tell(suspended),
            history.tell(e.TradingStatusChanged(instrument="BTCUSDT", tradable=False, status="BREAK", market_at=1)),
            history.tell(e.FeedGap(instrument="BTCUSDT", kind="trade", first=12, last=14, market_at=1)),
        )
    )
    shown = page(client)
    assert "suspended by breaker:stale_feed" in shown
    assert "not traded at the venue: BREAK" in shown
    told = notices(client)
    assert told["gaps"] == (
        "Market data of the last minute is missing and could not be refilled: BTCUSDT trades 12 to 14."
    )
    assert told["halted"].startswith("Not traded at the venue: BTCUSDT (BREAK).")


def test_live_data_that_was_lost_is_told_everywhere_until_it_is_back(
    writer: Writer, client: Client, feed: Telemetry
) -> None:
    writer.show(History.found)
    assert notices(client) == {}
    feed.gauges |= {"source": "synthetic", "mode": "synthetic 1x, because live is silent"}
    feed.beat(force=True)
    writer.show(lambda history: history.tell(SWITCH))
    text = notices(client)["failover"]
    assert text.startswith("Live data lost since ")
    assert "prices come from a synthetic market" in text
    assert "because live is silent" in page(client)
    feed.gauges |= {"source": "live", "mode": "live"}
    feed.beat(force=True)
    assert notices(client) == {}


def test_figures_and_counters_are_told_in_words(client: Client, feed: Telemetry) -> None:
    feed.gauges |= {"lag_ms": 8_123.0, "binance.lag_ms": 12.0, "progress": 0.25, "at": "1704067200000000000"}
    feed.counters.update({"unfilled": 3, "refilled": 7, "passed:not_market": 2, "refused:CROSSED": 1, "novelty": 9})
    feed.beat(force=True)
    shown = page(client)
    for expected in (
        "8,123 ms",
        "Lag, binance",
        "25.0%",
        "2024-01-01 00:00:00",
        "missing trades that could not be had",
    ):
        assert expected in shown
    assert "Refused: CROSSED" in shown
    assert "Novelty" in shown
    assert '<progress max="1" value="0.25"' in shown
    assert "more than 8 s late" in notices(client)["late"]


def test_bars_and_listings_are_in_the_records(writer: Writer, client: Client) -> None:
    written(writer.url, [a_trade(MINUTE), a_trade(MINUTE + SECOND, "7", instrument="ETHUSDT")], LISTING)
    shown = page(client, "/admin/market/bar/?instrument=BTCUSDT&width_s=60")
    assert "1970-01-01 00:01:00" in shown
    assert "1 result" in shown
    assert "2 results" in page(client, "/admin/market/bar/?width_s=1")
    assert "TRADING" in page(client, "/admin/market/venuelisting/")
    assert client.get("/admin/market/bar/add/").status_code == 403


def test_old_bars_are_forgotten_by_the_task(writer: Writer, settings: Any) -> None:
    settings.DATABASE_URL, settings.BARS_1S_KEPT_S, settings.BARS_1M_KEPT_S = writer.url, 60, 120
    assert tasks.forget_bars() == 0
    written(writer.url, [a_quote(at * SECOND) for at in range(600)])
    assert tasks.forget_bars() == 539 + 8
    assert tasks.forget_bars() == 0

"""From the streams and the ledger to a browser, through the broadcaster as it runs beside the projector."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, cast

import pytest
import redis

from govsite.live.broadcaster import Broadcaster
from streams.client import DELIBERATIONS, TICKS, Entry, Streams
from streams.envelope import Envelope, Refused
from streams.messages import Code, DeliberationResolved, ProposalAnnounced, Trade
from streams.telemetry import Telemetry
from tests.integration.site.conftest import Writer
from tests.integration.site.viewer import Viewer, in_thread
from tests.servers import wait_until

TOPICS = ["deliberations", "executions", "ticks", "status"]


@pytest.fixture
def broadcaster(database: str, redis_url: str) -> Iterator[Broadcaster]:
    broadcaster = Broadcaster(redis_url)
    broadcaster.start()
    yield broadcaster
    broadcaster.stop()
    assert not broadcaster.is_alive()


async def hear(viewer: Viewer, wanted: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """The first message that fits, of the next hundred."""
    for _ in range(100):
        message = await viewer.hears()
        if wanted(message):
            return message
    raise AssertionError("what was waited for was not said")


def trade(number: int, price: str) -> Envelope:
    now = time.time_ns()
    tick = Trade(
        instrument="BTCUSDT", market_at=now, received_at=now, trade_id=number, price=Decimal(price),
        quantity=Decimal("0.1"), aggressor="sell", source="synthetic",
    )  # fmt: skip
    return Envelope(id=f"t{number}", body=tick, actor="feed", sent_at=now)


def announcement(body: ProposalAnnounced | DeliberationResolved) -> Envelope:
    return Envelope(id=f"a{time.time_ns()}", body=body, actor="governor", sent_at=time.time_ns(), book="demo")


async def test_prices_rounds_events_and_status_reach_the_browser(
    writer: Writer, broadcaster: Broadcaster, viewer: Viewer, redis_url: str
) -> None:
    await in_thread(writer.show, lambda history: history.found())
    streams = Streams(redis_url)
    Telemetry(streams.redis, "feed").beat(force=True)
    streams.bury(Entry("market.ticks", "1-0", b"?"), Refused(Code.CROSSED, "bid above ask"), origin="governor")
    await viewer.says(subscribe=TOPICS)
    await hear(viewer, lambda m: m["type"] == "snapshot")

    streams.publish(TICKS, [trade(1, "61000"), trade(2, "61001.5")])
    ticks = await hear(viewer, lambda m: m["type"] == "ticks")
    assert ticks["ticks"]["BTCUSDT"]["last"] == "61001.5"

    now = time.time_ns()
    proposal = ProposalAnnounced(
        deliberation_id="d", proposal_id="p", author="rule", track="TRADE", action="trade", instrument="BTCUSDT",
        target=Decimal("0.1"), held=Decimal(0), price=Decimal(61000), spread=Decimal(0), equity=Decimal(1),
        joins_until=now, deadline=now,
    )  # fmt: skip
    resolved = DeliberationResolved(deliberation_id="d", outcome="granted", position=1)
    streams.publish(DELIBERATIONS, [announcement(proposal), announcement(resolved)])
    rounds = await hear(viewer, lambda m: m["type"] == "rounds")
    assert [(told["deliberation_id"], told["outcome"]) for told in rounds["rounds"]] == [("d", "granted")]

    await in_thread(writer.show, lambda history: history.round(price=Decimal(60000)))
    broadcaster.advanced("execution", 3)
    event = await hear(viewer, lambda m: m["type"] == "event" and m["log"] == "execution")
    assert event["payload"][-1]["event"] == "OrderFilled"

    status = await hear(viewer, lambda m: m["type"] == "status" and m["portfolio"]["positions"])
    assert status["source"] == "synthetic"
    assert status["notices"] == []
    assert status["mode"]["mode"] == "NORMAL"
    assert status["dead_letters"] == {"CROSSED": 1}
    assert status["portfolio"]["positions"][0]["unrealised"] == "50.075"
    assert {process["name"]: process["state"] for process in status["processes"]}["feed"] == "running"
    streams.redis.close()


async def test_who_comes_later_begins_with_the_last_prices_and_status(
    writer: Writer, broadcaster: Broadcaster, viewer: Viewer, redis_url: str
) -> None:
    await in_thread(writer.show, lambda history: history.found())
    with redis.Redis.from_url(redis_url) as connection:
        streams = Streams(redis_url)
        streams.publish(TICKS, [trade(1, "61000")])
        streams.redis.close()
        await in_thread(_wait_for_prices, connection)
    await viewer.says(subscribe=["ticks", "status"])
    snapshot = await viewer.hears()
    assert snapshot["ticks"]["ticks"]["BTCUSDT"]["last"] == "61000"
    assert snapshot["status"]["book"]["quote"] == "USDT"


def _wait_for_prices(connection: redis.Redis) -> None:
    wait_until(lambda: b"61000" in _kept(connection, "live:ticks"), "the prices were kept")
    wait_until(lambda: b"USDT" in _kept(connection, "live:status"), "the status was kept")


def _kept(connection: redis.Redis, key: str) -> bytes:
    return cast("bytes | None", connection.get(key)) or b""

"""The page of the feed: how it is, what a switch does to the books, and the switch itself, with a feed that answers."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.test import Client

import feeds.control
from streams import events as e
from streams.messages import ChangeFeedSource
from streams.stopping import Stop
from streams.telemetry import Telemetry
from tests.integration.site.conftest import Writer
from tests.unit.feeds.test_control import a_failover, a_player, attended
from tests.unit.site.history import History

NASTY = "<script>alert('x')</script>"
NOBODY = "redis://127.0.0.1:1"


@pytest.fixture
def client(operator: User) -> Client:
    client = Client()
    client.force_login(operator)
    return client


def text(response: Any) -> str:
    return str(response.content.decode())


def switched(client: Client, **said: str) -> str:
    response = client.post("/feed/switch/", {"source": "synthetic", "reason": "a rehearsal", **said}, follow=True)
    assert response.redirect_chain == [("/feed/", 302)]
    return text(response)


def test_the_page_says_how_the_feed_is_and_what_a_switch_does(writer: Writer, client: Client, redis_url: str) -> None:
    def live(history: History) -> None:
        history.found()
        history.tell(e.FeedSourceChanged(origin="live", to="live", why=NASTY))

    assert "No feed has been heard in the last 5 s" in text(client.get("/feed/"))
    writer.show(live)
    with redis.Redis.from_url(redis_url) as connection:
        telemetry = Telemetry(connection, "feed")
        telemetry.gauges = {"source": "live", "mode": "live from binance", "since": "1700000000000000000"}
        telemetry.beat(force=True)
        page = text(client.get("/feed/"))
    assert "Prices come from the exchange as they happen." in page
    assert "live from binance" in page
    assert "2023-11-14 22:13:20 UTC" in page
    assert "REDUCE_ONLY at once: what was bought on the market cannot be judged by other prices." in page
    assert "After 30 s of live data it trades normally again by itself" in page
    assert 'value="synthetic"' in page
    assert 'value="live"' not in page  # it is the source already
    assert NASTY not in page


def test_the_feed_switches_and_tells_the_governor_who_and_why(writer: Writer, client: Client, redis_url: str) -> None:
    writer.show(lambda history: history.found())
    failover = a_failover()
    with attended(redis_url, failover):
        assert "Done: synthetic is in the place of live" in switched(client)
        assert failover.poll(0.0, Stop()) == [
            ChangeFeedSource(origin="live", to="synthetic", reason="operator:ada: a rehearsal")
        ]
        assert "nothing to replay" in switched(client, source="replay")


def test_a_feed_without_another_source_refuses(writer: Writer, client: Client, redis_url: str) -> None:
    with attended(redis_url, a_player()):
        assert "has no other source" in switched(client)


def test_where_no_feed_or_no_redis_answers_nothing_is_switched(
    writer: Writer, client: Client, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds.control, "PATIENCE_S", 0.05)
    assert "nothing was switched" in switched(client)
    monkeypatch.setattr(settings, "REDIS_URL", NOBODY)
    assert "Redis does not answer, so the feed cannot be reached" in switched(client)


@pytest.mark.parametrize(
    "said", [{"source": "crystal ball"}, {"source": ""}, {"reason": " "}, {"reason": "x" * 501}, {"source": "live\0"}]
)
def test_a_switch_that_is_not_in_order_is_not_asked_for(
    writer: Writer, client: Client, redis_url: str, said: dict[str, str]
) -> None:
    response = client.post("/feed/switch/", {"source": "synthetic", "reason": "r", **said})
    assert response.status_code == 400
    assert 'class="error"' in text(response)
    with redis.Redis.from_url(redis_url) as connection:
        assert connection.xlen(feeds.control.WISHES) == 0


def test_switching_is_a_right_of_its_own(writer: Writer, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds.control, "PATIENCE_S", 0.05)
    guest = Client()
    user = User.objects.create(username="guest")
    guest.force_login(user)
    assert "Switch now" not in text(guest.get("/feed/"))
    assert guest.post("/feed/switch/", {"source": "live", "reason": "r"}).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="switch_source"))
    assert "Switch now" in text(guest.get("/feed/"))
    assert guest.post("/feed/switch/", {"source": "live", "reason": "r"}).status_code == 302

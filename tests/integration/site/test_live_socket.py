"""The live socket against the real ledger and the real Redis."""

from __future__ import annotations

import pytest
from channels.layers import get_channel_layer
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from govsite.live import consumers
from govsite.live.tail import tail
from tests.integration.site.conftest import Writer
from tests.integration.site.viewer import ORIGIN, Viewer, in_thread, leave


async def _announce(writer: Writer) -> None:
    heads = await tail().heads()
    await get_channel_layer().group_send("ledger", {"type": "ledger.advanced", **heads})


async def test_a_snapshot_comes_first_and_events_as_they_are_committed(writer: Writer, viewer: Viewer) -> None:
    await in_thread(writer.show, lambda history: history.found())
    await viewer.says(subscribe=["deliberations", "executions"])
    snapshot = await viewer.hears()
    assert (snapshot["type"], snapshot["book"]["book"], snapshot["decisions"]) == ("snapshot", "demo", [])
    writer.history.round()
    await in_thread(writer.commit)
    await _announce(writer)
    frames = {frame["log"]: frame for frame in (await viewer.hears(), await viewer.hears())}
    assert [row["event"] for row in frames["execution"]["payload"]] == ["OrderAccepted", "OrderFilled"]
    rows = frames["governance"]["payload"]
    assert [row["position"] for row in rows] == list(
        range(snapshot["positions"]["governance"] + 1, rows[-1]["position"] + 1)
    )
    assert (rows[0]["event"], rows[-1]["event"], rows[-1]["payload"]["outcome"]) == (
        "DeliberationOpened",
        "DecisionReached",
        "granted",
    )
    assert frames["governance"]["position"] == rows[-1]["position"]


async def test_who_comes_back_gets_what_was_missed(writer: Writer, viewer: Viewer) -> None:
    await in_thread(writer.show, lambda history: history.found().round())
    await viewer.says(subscribe=["executions"], after={"execution": 1})
    snapshot, missed = await viewer.hears(), await viewer.hears()
    assert snapshot["positions"]["execution"] == 3
    assert [row["event"] for row in missed["payload"]] == ["OrderAccepted", "OrderFilled"]


async def test_who_was_away_too_long_is_told_of_the_gap(
    writer: Writer, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "FARTHEST", 10)
    await in_thread(writer.show, lambda history: history.found().round())
    await viewer.says(subscribe=["deliberations"], after={"governance": 0})
    snapshot, gap = await viewer.hears(), await viewer.hears()
    assert gap == {"type": "gap", "log": "governance", "after": 0, "upto": snapshot["positions"]["governance"]}


async def test_prices_and_status_arrive_as_they_were_encoded(writer: Writer, viewer: Viewer) -> None:
    await viewer.says(subscribe=["ticks:BTCUSDT", "status"])
    await viewer.hears()
    text = '{"type":"ticks","at":1,"ticks":{"BTCUSDT":{"last":"61234.5"}}}'
    layer = get_channel_layer()
    await layer.group_send("ticks.ETHUSDT", {"type": "live.frame", "key": "t", "text": "{}", "heads": {}})
    await layer.group_send("ticks.BTCUSDT", {"type": "live.frame", "key": "t", "text": text, "heads": {}})
    assert await viewer.socket.receive_from(timeout=5) == text


async def test_a_browser_that_sees_nothing_gets_the_newest_only(
    writer: Writer, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "WINDOW", 2)
    await viewer.says(subscribe=["status"])
    await viewer.hears()
    await viewer.says(seen=1)
    layer = get_channel_layer()
    for number in range(1, 30):
        frame = {"type": "live.frame", "key": "status", "text": f'{{"number":{number}}}', "heads": {}}
        await layer.group_send("status", frame)
    got = [await viewer.hears(), await viewer.hears()]
    assert await viewer.socket.receive_nothing(timeout=0.3)
    await viewer.says(seen=3)
    assert (await viewer.hears())["number"] == 29
    assert got[0]["number"] < got[1]["number"] < 29


async def test_a_browser_that_is_too_slow_is_let_go(
    writer: Writer, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "WINDOW", 1)
    monkeypatch.setattr(consumers, "FARTHEST", 30)
    await in_thread(writer.show, lambda history: history.found())
    await viewer.says(subscribe=["deliberations"])
    await viewer.hears()
    await viewer.says(seen=0)
    for _ in range(2):
        writer.history.round()
    await in_thread(writer.commit)
    await _announce(writer)
    assert (await viewer.hears())["type"] == "gap"
    code, reason = await viewer.is_closed()
    assert code == consumers.TOO_SLOW
    assert "behind" in reason


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ("not json", "JSON is malformed"),
        ('{"subscribe": ["secrets"]}', "matching regex"),
        ('{"subscribe": ["status"], "after": {"governance": -1}}', ">= 0"),
        ('{"subscribe": ["status"], "extra": 1}', "unknown field"),
        ("{}", "Send"),
        ('{"seen": 99}', "cannot have been seen"),
        (f'{{"subscribe": ["{"x" * 5000}"]}}', "At most 4096"),
    ],
)
async def test_what_cannot_be_answered_ends_with_a_reason(viewer: Viewer, message: str, why: str) -> None:
    await viewer.socket.send_to(text_data=message)
    code, reason = await viewer.is_closed()
    assert code == consumers.BAD_REQUEST
    assert why in reason


async def test_bytes_are_not_taken(viewer: Viewer) -> None:
    await viewer.socket.send_to(bytes_data=b"\x00\xff")
    assert await viewer.is_closed() == (consumers.BAD_REQUEST, "Send text, not bytes.")


async def test_who_talks_too_much_is_let_go(viewer: Viewer) -> None:
    for _ in range(60):
        await viewer.says(seen=0)
    assert await viewer.is_closed() == (consumers.BAD_REQUEST, "Too many messages a second.")


async def test_nobody_comes_in_without_a_login(database: str, layers: None) -> None:
    stranger = Viewer(ORIGIN)
    await stranger.socket.connect()
    assert await stranger.is_closed() == (consumers.LOGGED_OUT, "Log in first.")
    await leave()


async def test_pages_of_other_sites_are_not_let_in(cookie: bytes, layers: None) -> None:
    foreign = Viewer((b"origin", b"http://evil.example"), (b"cookie", cookie))
    connected, _ = await foreign.socket.connect()
    assert not connected
    await leave()


async def test_a_logout_ends_the_connection(viewer: Viewer, cookie: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "SESSION_CHECK_S", 0.05)
    other = Viewer(ORIGIN, (b"cookie", cookie))
    await other.socket.connect()
    client = Client()
    client.cookies["sessionid"] = cookie.decode().partition("=")[2]
    await in_thread(client.post, "/admin/logout/")
    assert await other.is_closed() == (consumers.LOGGED_OUT, "You are logged out.")


async def test_who_may_not_see_decisions_is_told(database: str, layers: None) -> None:
    def log_in() -> bytes:
        client = Client()
        client.force_login(User.objects.create(username="guest"))
        return f"sessionid={client.cookies['sessionid'].value}".encode()

    guest = Viewer(ORIGIN, (b"cookie", await in_thread(log_in)))
    await guest.socket.connect()
    await guest.says(subscribe=["deliberations"])
    assert await guest.is_closed() == (consumers.FORBIDDEN, "You may not see deliberations.")
    await leave()


def test_the_session_of_the_site_is_kept_in_postgresql() -> None:
    assert settings.SESSION_ENGINE == "django.contrib.sessions.backends.db"

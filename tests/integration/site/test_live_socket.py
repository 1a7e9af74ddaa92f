"""The live socket against the real ledger and the real Redis."""

from __future__ import annotations

import json

import pytest
from channels.layers import get_channel_layer
from django.conf import settings
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from pytest_django import Settings

from govsite.access.roles import VIEWER
from govsite.live import consumers, doors
from govsite.live.codes import BAD_REQUEST, FORBIDDEN, IDLE, LOGGED_OUT, TOO_MANY, TOO_SLOW
from govsite.live.frames import framed, group_of_book
from govsite.live.tail import tail
from tests.integration.site.conftest import Writer
from tests.integration.site.people import browser, person
from tests.integration.site.viewer import ORIGIN, Viewer, in_thread, leave
from tests.unit.site.history import START, History


async def _announce(writer: Writer) -> None:
    heads = await tail().heads()
    await get_channel_layer().group_send("ledger", {"type": "ledger.advanced", "group": "ledger", **heads})


async def test_a_snapshot_comes_first_and_events_as_they_are_committed(writer: Writer, viewer: Viewer) -> None:
    await in_thread(writer.show, lambda history: history.found())
    await viewer.says(subscribe=["deliberations", "ledger", "status"])
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
    await layer.group_send("ticks.ETHUSDT", framed("ticks.ETHUSDT", "t", "{}", {}))
    await layer.group_send("ticks.BTCUSDT", framed("ticks.BTCUSDT", "t", text, {}))
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
        await layer.group_send("status", framed("status", "status", f'{{"number":{number}}}', {}))
        if number < 3:
            assert (await viewer.hears(described=False))["number"] == number
    assert await viewer.socket.receive_nothing(timeout=0.3)
    await viewer.says(seen=3)
    assert (await viewer.hears(described=False))["number"] == 29


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
    assert code == TOO_SLOW
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
    assert code == BAD_REQUEST
    assert why in reason


async def test_bytes_are_not_taken(viewer: Viewer) -> None:
    await viewer.socket.send_to(bytes_data=b"\x00\xff")
    assert await viewer.is_closed() == (BAD_REQUEST, "Send text, not bytes.")


async def test_who_talks_too_much_is_let_go(viewer: Viewer) -> None:
    for _ in range(60):
        await viewer.says(seen=0)
    assert await viewer.is_closed() == (BAD_REQUEST, "Too many messages a second.")


async def test_nobody_comes_in_without_a_login(database: str, layers: None) -> None:
    stranger = Viewer(ORIGIN)
    await stranger.socket.connect()
    assert await stranger.is_closed() == (LOGGED_OUT, "Log in first.")
    await leave()


@pytest.mark.parametrize("origin", [b"http://evil.example", b"http://localhost:8000", b"localhost", b"null", b""])
async def test_pages_of_other_sites_and_ports_are_not_let_in(cookie: bytes, layers: None, origin: bytes) -> None:
    foreign = Viewer((b"origin", origin), (b"cookie", cookie))
    connected, _ = await foreign.socket.connect()
    assert not connected
    await leave()


async def test_pages_of_origins_that_are_named_are_let_in(
    cookie: bytes, layers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "CSRF_TRUSTED_ORIGINS", ["http://localhost:3000"])
    trusted = Viewer((b"origin", b"http://localhost:3000"), (b"cookie", cookie))
    connected, _ = await trusted.socket.connect()
    assert connected
    await trusted.socket.disconnect()
    await leave()


async def test_a_logout_ends_the_connection(viewer: Viewer, cookie: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "CHECK_S", 0.05)
    other = Viewer(ORIGIN, (b"cookie", cookie))
    await other.socket.connect()
    client = Client()
    client.cookies["sessionid"] = cookie.decode().partition("=")[2]
    await in_thread(client.post, "/admin/logout/")
    assert await other.is_closed() == (LOGGED_OUT, "You are logged out.")


async def test_who_may_not_see_decisions_is_told(database: str, layers: None) -> None:
    def log_in() -> bytes:
        client = Client()
        client.force_login(User.objects.create(username="guest"))
        return f"sessionid={client.cookies['sessionid'].value}".encode()

    guest = Viewer(ORIGIN, (b"cookie", await in_thread(log_in)))
    await guest.socket.connect()
    await guest.says(subscribe=["deliberations"])
    assert await guest.is_closed() == (FORBIDDEN, "You may not see deliberations.")
    await leave()


def test_the_session_of_the_site_is_kept_in_postgresql() -> None:
    assert settings.SESSION_ENGINE == "django.contrib.sessions.backends.db"


# --- rights ------------------------------------------------------------------------------------------


async def _in_role(name: str, *roles: str) -> tuple[User, Viewer]:
    user = await in_thread(person, name, *roles)
    client = await in_thread(browser, user)
    guest = Viewer(ORIGIN, (b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode()))
    assert (await guest.socket.connect())[0]
    return user, guest


@pytest.mark.parametrize("topic", sorted(["deliberations", "executions", "ledger", "status", "ticks", "ticks:BTCUSDT"]))
async def test_every_topic_needs_a_right(topic: str, writer: Writer, layers: None) -> None:
    _, guest = await _in_role("guest")
    await guest.says(subscribe=[topic])
    assert await guest.is_closed() == (FORBIDDEN, f"You may not see {topic}.")
    await leave()


async def test_a_viewer_follows_decisions_but_not_the_ledger(writer: Writer, layers: None) -> None:
    _, guest = await _in_role("vera", VIEWER)
    await guest.says(subscribe=["ledger"])
    assert await guest.is_closed() == (FORBIDDEN, "You may not see ledger.")
    await in_thread(writer.show, lambda history: history.found())
    _, guest = await _in_role("vernon", VIEWER)
    await guest.says(subscribe=["deliberations", "executions", "status", "ticks"])
    await guest.hears()
    writer.history.round()
    await in_thread(writer.commit)
    await _announce(writer)
    told = [frame for frame in (await guest.hears(), await guest.hears()) if frame["log"] == "governance"]
    events = {row["event"] for frame in told for row in frame["payload"]}
    assert {"DeliberationOpened", "DecisionReached"} <= events
    assert not events & {"BallotCast", "RulesEvaluated"}
    await guest.socket.disconnect()
    await leave()


@pytest.mark.parametrize("how", sorted(["the person", "the role"]))
async def test_who_loses_the_right_is_let_go(
    how: str, writer: Writer, layers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "CHECK_S", 0.1 if how == "the role" else 60.0)
    user, guest = await _in_role("vera", VIEWER)
    _, stays = await _in_role("ruth", VIEWER)
    for viewer in (guest, stays):
        await viewer.says(subscribe=["status" if viewer is guest else "ticks"])
        await viewer.hears()

    def take() -> None:
        if how == "the person":
            user.groups.clear()
        else:
            role.permissions.remove(right)

    def give_back() -> None:
        role.permissions.add(right)

    role = await in_thread(lambda: Group.objects.get(name=VIEWER))
    right = await in_thread(lambda: Permission.objects.get(codename="view_book"))
    await in_thread(take)
    assert await guest.is_closed() == (FORBIDDEN, "You may not see status.")
    assert await stays.socket.receive_nothing(0.3)
    await stays.socket.disconnect()
    await in_thread(give_back)
    await leave()


async def test_the_snapshot_holds_only_what_was_subscribed(writer: Writer, viewer: Viewer) -> None:
    await in_thread(writer.show, lambda history: history.found().round())
    await viewer.says(subscribe=["ticks"])
    snapshot = await viewer.hears()
    assert (snapshot["book"], snapshot["standing"], snapshot["decisions"]) == (None, {}, [])


# --- books -------------------------------------------------------------------------------------------


async def test_a_socket_follows_the_book_that_it_names(writer: Writer, viewer: Viewer, cookie: bytes) -> None:
    other = History("second", now=START + 1)
    await in_thread(writer.show, lambda history: history.found().round())
    other.found().round(outcome="vetoed")
    await in_thread(_tell, writer, other)
    second = Viewer(ORIGIN, (b"cookie", cookie))
    await second.socket.connect()
    await viewer.says(subscribe=["deliberations", "status", "ledger"])
    await second.says(subscribe=["deliberations", "status", "ledger"], book="second")
    mine, theirs = await viewer.hears(), await second.hears()
    assert (mine["book"]["book"], theirs["book"]["book"]) == ("demo", "second")
    assert [[d["outcome"] for d in snapshot["decisions"]] for snapshot in (mine, theirs)] == [["granted"], ["vetoed"]]
    layer = get_channel_layer()
    for kind in ("status", "rounds"):
        for book in ("demo", "second"):
            group = group_of_book(kind, book)
            await layer.group_send(group, framed(group, kind, f'{{"book":"{book}"}}', {}))
    assert [(await second.hears(described=False))["book"] for _ in range(2)] == ["second"] * 2
    assert [(await viewer.hears(described=False))["book"] for _ in range(2)] == ["demo"] * 2
    writer.history.round()
    other.round()
    await in_thread(_tell, writer, other)
    await _announce(writer)
    for socket, book in ((viewer, "demo"), (second, "second")):
        frames = [await socket.hears(), await socket.hears()]
        assert {row["book"] for frame in frames for row in frame["payload"]} == {book}
    await second.socket.disconnect()


def _tell(writer: Writer, history: History) -> None:
    writer.governance.commit(list(history.governance))
    writer.execution.commit(list(history.execution))
    history.governance.clear()
    history.execution.clear()
    writer.commit()
    writer.project()


async def test_a_book_that_is_not_there_is_said_to_be_so(writer: Writer, viewer: Viewer, cookie: bytes) -> None:
    await in_thread(writer.show, lambda history: history.found())
    await viewer.says(subscribe=["status"], book="lost")
    assert await viewer.is_closed() == (BAD_REQUEST, "There is no book lost; there are: demo.")
    nul = Viewer(ORIGIN, (b"cookie", cookie))
    await nul.socket.connect()
    await nul.says(subscribe=["status"], book="lost\u0000")
    assert (await nul.is_closed())[0] == BAD_REQUEST


# --- positions ---------------------------------------------------------------------------------------


async def test_who_is_ahead_of_the_snapshot_is_told_again_from_there(writer: Writer, viewer: Viewer) -> None:
    """The read models may be behind what a browser has heard: its events after the snapshot must not be missing."""
    await in_thread(writer.show, lambda history: history.found())
    writer.history.round()
    await in_thread(writer.commit)
    heads = await tail().heads()
    await viewer.says(subscribe=["deliberations", "ledger"], after=heads)
    snapshot = await viewer.hears()
    assert snapshot["positions"]["governance"] < heads["governance"]
    first = await viewer.hears()
    assert first["payload"][0]["position"] == snapshot["positions"][first["log"]] + 1


async def test_frames_stay_small_enough_to_be_sent(
    writer: Writer, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("govsite.live.tail.LARGEST_FRAME", 3000)
    await in_thread(writer.show, lambda history: history.found())
    await viewer.says(subscribe=["deliberations", "ledger"])
    await viewer.hears()
    writer.history.round()
    await in_thread(writer.commit)
    await _announce(writer)
    heads = await tail().heads()
    positions: list[int] = []
    while (positions or [0])[-1] < heads["governance"]:
        text = await viewer.socket.receive_from(timeout=5)
        message = json.loads(text)
        if message["log"] == "governance":
            positions += [row["position"] for row in message["payload"]]
            assert len(text) < 3200 or len(message["payload"]) == 1
    assert positions == list(range(positions[0], heads["governance"] + 1))


# --- limits ------------------------------------------------------------------------------------------


async def test_one_person_cannot_take_all_sockets(
    viewer: Viewer, cookie: bytes, settings: Settings, writer: Writer
) -> None:
    settings.LIVE_SOCKETS_PER_PERSON = 2
    second, third = (Viewer(ORIGIN, (b"cookie", cookie)) for _ in range(2))
    await second.socket.connect()
    await third.socket.connect()
    assert await third.is_closed() == (TOO_MANY, "You have 2 live sockets open; close one (at most 2).")
    await second.socket.disconnect()
    fourth = Viewer(ORIGIN, (b"cookie", cookie))
    await fourth.socket.connect()
    await fourth.says(subscribe=["status"])
    assert (await fourth.hears())["type"] == "snapshot"
    settings.LIVE_SOCKETS = 2
    _, guest = await _in_role("vera", VIEWER)
    assert await guest.is_closed() == (TOO_MANY, "This server has its 2 live sockets; try again later.")
    await fourth.socket.disconnect()


async def test_who_confirms_nothing_is_let_go(writer: Writer, viewer: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "WINDOW", 1)
    monkeypatch.setattr(consumers, "PATIENCE_S", 0.2)
    monkeypatch.setattr(doors, "CHECK_S", 0.1)
    _, slow = await _in_role("vera", VIEWER)
    await slow.says(subscribe=["status"])
    await slow.hears()
    code, reason = await slow.is_closed()
    assert (code, reason.partition(" for ")[0]) == (TOO_SLOW, "Too slow: 1 frames unseen")


async def test_who_subscribes_nothing_is_let_go(database: str, layers: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "CHECK_S", 0.1)
    monkeypatch.setattr(doors, "SUBSCRIBE_WITHIN_S", 0.1)
    _, idle = await _in_role("vera", VIEWER)
    assert (await idle.is_closed())[0] == IDLE
    await leave()

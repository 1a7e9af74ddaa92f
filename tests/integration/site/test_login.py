"""Logging in: throttled, for everybody with a role, over when it should be; and what browsers are told."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.conf import settings as site
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from govsite.access.roles import ADMINISTRATOR, OPERATOR, VIEWER
from govsite.access.sessions import SEEN
from tests.integration.site.conftest import Writer
from tests.integration.site.people import LOGIN, PASSWORD, browser, log_in, person
from tests.integration.site.viewer import ORIGIN, Viewer, in_thread, leave

WRONG = "wrong"
POLL = {"Sec-Fetch-Mode": "cors"}


def text(response: Any) -> str:
    return str(response.content.decode())


def is_in(client: Client) -> bool:
    return bool(client.get("/second-factor/enrol/").status_code == 200)


# --- throttling --------------------------------------------------------------------------------------


def test_wrong_passwords_shut_one_name_from_one_address(database: str) -> None:
    person("ann", VIEWER), person("bob", VIEWER)
    client = Client(REMOTE_ADDR="192.0.2.1")
    for _ in range(4):
        assert log_in(client, "ann", WRONG).status_code == 200
    shut = log_in(client, "ann", WRONG)
    assert (shut.status_code, "15 minutes" in text(shut)) == (429, True)
    assert log_in(client, "ann").status_code == 429, "the right password does not open it"
    assert log_in(client, "bob").status_code == 302, "another person from there may"
    assert log_in(Client(REMOTE_ADDR="192.0.2.2"), "ann").status_code == 302, "and the person from elsewhere"


def test_trying_on_does_not_make_it_longer_and_then_it_is_over(database: str) -> None:
    person("ann", VIEWER)
    client = Client()
    for _ in range(5):
        log_in(client, "ann", WRONG)
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=14))
    assert log_in(client, "ann", WRONG).status_code == 429
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert log_in(client, "ann").status_code == 302


def test_an_administrator_ends_the_wait(database: str) -> None:
    person("ann", VIEWER)
    client = Client()
    for _ in range(5):
        log_in(client, "ann", WRONG)
    kept = AccessAttempt.objects.get()
    assert (kept.username, kept.failures_since_start, WRONG in kept.post_data) == ("ann", 5, False)
    boss = browser(person("boss", ADMINISTRATOR))
    assert "ann" in text(boss.get("/admin/axes/accessattempt/"))
    assert boss.post(f"/admin/axes/accessattempt/{kept.pk}/delete/", {"post": "yes"}).status_code == 302
    assert log_in(client, "ann").status_code == 302


def test_behind_a_proxy_the_address_is_what_the_proxy_saw(database: str, settings: Settings) -> None:
    person("ann", VIEWER)
    client = Client()
    for number in range(5):  # without a proxy of ours anybody may write this header
        told = {"X-Forwarded-For": f"192.0.2.{number}", "User-Agent": f"browser {number}"}
        answer = log_in(client, "ann", WRONG, headers=told)
    assert answer.status_code == 429
    settings.PROXIES = 1
    for number in range(5):
        seen = {"X-Forwarded-For": f"10.0.0.{number}, 192.0.2.9"}
        answer = log_in(client, "ann", WRONG, headers=seen)
    assert answer.status_code == 429
    assert log_in(client, "ann", headers={"X-Forwarded-For": "192.0.2.10"}).status_code == 302


def test_odd_logins_are_no_errors_of_ours(database: str) -> None:
    client = Client()
    for name in sorted(["", "\0", "x" * 10_000, "a\0b", "<script>", "' or 1=1 --", "🙂"]):
        answer = client.post(LOGIN, {"username": name, "password": name}, headers={"User-Agent": "x" * 5000})
        assert answer.status_code == 200, name[:10]
        assert "<script>alert" not in text(answer)
    for forwarded in sorted(["", "nonsense", "1.2.3.4:80", "\x7f"]):
        site.PROXIES = 1
        try:
            assert log_in(client, "x", headers={"X-Forwarded-For": forwarded}).status_code == 200
        finally:
            site.PROXIES = 0


def test_commands_need_no_login(writer: Writer) -> None:
    person("ann", VIEWER)
    for _ in range(6):
        log_in(Client(), "ann", WRONG)
    user = User.objects.get(username="ann")
    user.groups.set([Group.objects.get(name=OPERATOR)])
    assert User.objects.get(username="ann").has_perm("governance.resume_trading")


# --- who may log in, under which names ----------------------------------------------------------------


def test_who_is_no_staff_sees_the_console(writer: Writer) -> None:
    person("vera", VIEWER, is_staff=False)
    client = Client()
    assert client.post(LOGIN, {"username": "vera", "password": PASSWORD})["Location"] == "/"
    assert client.get("/").status_code == 200
    person("gone", VIEWER, is_active=False)
    assert log_in(Client(), "gone").status_code == 200, "not let in"


def test_a_name_that_the_ledger_cannot_hold_is_refused(database: str) -> None:
    boss = browser(person("boss", ADMINISTRATOR))
    words = {"password1": "long enough, is it?", "password2": "long enough, is it?", "usable_password": "true"}
    for name, why in sorted(
        {
            "x" * 56: "At most 55 characters",
            "jürgen": "Only the letters",
            "a b": "Only the letters",
            "BOSS": "already exists",
        }.items()
    ):
        page = text(boss.post("/admin/auth/user/add/", {"username": name, **words}))
        assert why in page, name
    assert list(User.objects.values_list("username", flat=True)) == ["boss"]
    with pytest.raises(CommandError, match="Only the letters"):
        call_command("createsuperuser", username="j:rgen", email="", interactive=False)
    assert boss.post("/admin/auth/user/add/", {"username": "x" * 55, **words}).status_code == 302


# --- sessions -----------------------------------------------------------------------------------------


def test_a_new_password_ends_every_session_but_ones_own(database: str) -> None:
    user = person("ann", OPERATOR)
    here, there = browser(user), browser(user)
    new = "quite another password 1"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert here.post("/admin/password_change/", form).status_code == 302
    assert (is_in(here), is_in(there)) == (True, False)
    user.refresh_from_db()
    user.is_active = False
    user.save()
    assert not is_in(here)


def test_a_session_ends_when_nobody_is_there_and_when_it_is_old(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client, began = browser(person("ann", VIEWER)), time.time()
    for minutes, poll, still in ((110, False, True), (220, False, True), (330, True, True), (345, True, False)):
        monkeypatch.setattr("govsite.access.sessions.time.time", lambda at=began + minutes * 60: at)
        assert (client.get("/second-factor/enrol/", headers=POLL if poll else {}).status_code == 200) == still, minutes
    monkeypatch.undo()
    client = browser(User.objects.get())
    session = client.session
    session[SEEN] = began + 11.9 * 3600
    session.save()
    monkeypatch.setattr("govsite.access.sessions.time.time", lambda: began + 12.1 * 3600)
    assert not is_in(client)


async def _watching(user: User) -> tuple[Client, Viewer]:
    client = await in_thread(browser, user)
    viewer = Viewer(ORIGIN, (b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode()))
    assert (await viewer.socket.connect())[0]
    await viewer.says(subscribe=["status"])
    assert (await viewer.hears())["type"] == "snapshot"
    return client, viewer


@pytest.mark.parametrize("how", sorted(["deactivation", "logout", "password"]))
async def test_an_open_socket_goes_at_once(how: str, writer: Writer, layers: None) -> None:
    user = await in_thread(person, "ann", VIEWER)
    other = await in_thread(person, "bob", VIEWER)
    client, viewer = await _watching(user)
    _, stays = await _watching(other)

    def ends() -> None:
        if how == "logout":
            client.post("/admin/logout/")
        elif how == "password":
            user.set_password("quite another password 1")
            user.save()
        else:
            user.is_active = False
            user.save()

    before = asyncio.get_running_loop().time()
    await in_thread(ends)
    assert await viewer.is_closed() == (4401, "You are logged out.")
    assert asyncio.get_running_loop().time() - before < 5, "not only when it looks by itself"
    assert await stays.socket.receive_nothing(0.2)
    await stays.socket.disconnect()
    await viewer.socket.disconnect()
    await leave()


async def test_a_password_change_elsewhere_leaves_the_sessions_of_others(writer: Writer, layers: None) -> None:
    user = await in_thread(person, "ann", VIEWER)
    _, viewer = await _watching(user)
    await in_thread(user.save)
    assert await viewer.socket.receive_nothing(0.3)
    await viewer.socket.disconnect()
    await leave()


# --- what browsers are told ---------------------------------------------------------------------------

STRICT = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}


def policy(response: Any) -> set[str]:
    return set(response["Content-Security-Policy"].split("; "))


def test_pages_allow_nothing_but_what_is_of_this_host(writer: Writer) -> None:
    client = browser(person("ann", VIEWER))
    for address in sorted(["/", "/holds/", "/halt/", "/none/", "/second-factor/enrol/", "/livez", "/api/v1/none"]):
        answer = client.get(address)
        assert policy(answer) == STRICT, address
        assert "camera=()" in answer["Permissions-Policy"]
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer["Referrer-Policy"] == "same-origin"
        assert answer["X-Frame-Options"] == "DENY"
        page = text(answer)
        assert " style=" not in page, address
        assert " onclick=" not in page, address
        assert "<script>" not in page, address


def test_only_the_admin_evaluates_its_attributes(database: str) -> None:
    looser = {"script-src 'self' 'unsafe-eval'", "style-src 'self' 'unsafe-inline'", "img-src 'self' data:"}
    expected = {each for each in STRICT if not each.startswith(("script-src", "style-src", "img-src"))} | looser
    for client in (Client(), browser(person("ann", VIEWER))):
        answer = client.get("/admin/login/") if client.cookies.get("sessionid") is None else client.get("/admin/")
        assert answer.status_code == 200
        assert policy(answer) == expected


def test_a_body_that_no_form_fills_is_not_read(database: str) -> None:
    client = Client()
    for address in sorted(["/halt/", "/admin/login/", "/api/v1/ledger"]):
        answer = client.post(address, b"x" * (1024 * 1024 + 1), content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 413, address
    assert client.post("/halt/", {f"f{number}": "x" for number in range(600)}).status_code in (302, 400)

"""The second factor: enrolling a phone, showing it, codes that are wrong, old or spent, and who needs none."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from govsite.access.roles import ADMINISTRATOR, OPERATOR, VIEWER
from tests.integration.site.conftest import Writer
from tests.integration.site.people import browser, code, confirmed, log_in, person, phone

JSON = {"Accept": "application/json"}
SHOW, ENROL = "/second-factor/", "/second-factor/enrol/"


@pytest.fixture
def ann(writer: Writer, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> User:
    settings.SECOND_FACTOR = True
    monkeypatch.setattr("govsite.ops.sending.PATIENCE_S", 0.0)
    writer.show(lambda history: history.found())
    return person("ann", OPERATOR)


def text(response: Any) -> str:
    return str(response.content.decode())


def acts(client: Client) -> bool:
    answer = client.post("/resume/", {"book": "demo", "reason": "because"}, headers=JSON)
    assert answer.status_code in (202, 403)
    return bool(answer.status_code == 202)


def test_a_login_leads_over_the_phone_to_where_one_was_going(ann: User) -> None:
    client = Client()
    first = log_in(client, "ann")
    assert first["Location"] == "/second-factor/?next=%2F"
    second = client.get(first["Location"])
    assert second["Location"] == "/second-factor/enrol/?next=%2F"
    page = text(client.get(second["Location"]))
    device = TOTPDevice.objects.get(user=ann)
    assert "<svg" in page
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
    assert not device.confirmed
    assert re.search(r"(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}", page)
    codes = text(client.post(ENROL, {"code": code(device), "next": "/orders/"}))
    shown = re.findall(r"<li>([a-z2-7]{8})</li>", codes)
    assert sorted(shown) == sorted(StaticToken.objects.values_list("token", flat=True))
    assert len(shown) == 10
    assert 'href="/orders/"' in codes
    assert acts(client)


def test_a_key_that_was_not_proved_is_good_for_nothing(ann: User) -> None:
    client = browser(ann)
    page = text(client.get(ENROL))
    assert client.post(ENROL, {"code": "000000"}).status_code == 400
    assert not acts(client)
    device = TOTPDevice.objects.get(user=ann)
    answer = client.post(SHOW, {"code": code(device)})
    assert answer["Location"].startswith(ENROL)
    assert not acts(client)
    assert page


def test_a_code_is_good_once_and_guessing_is_slowed_down(ann: User) -> None:
    device = phone(ann)
    used = code(device)
    first, second = browser(ann), browser(ann)
    assert first.post(SHOW, {"code": f" {used[:3]} {used[3:]} ", "next": "/holds/"})["Location"] == "/holds/"
    assert acts(first)
    again = second.post(SHOW, {"code": used})
    assert (again.status_code, "not right" in text(again)) == (400, True)
    assert not acts(second)
    fresh = second.post(SHOW, {"code": code(device, 1)})
    assert (fresh.status_code, "Too many wrong codes: wait 1 s" in text(fresh)) == (400, True)
    assert not acts(second)


def test_a_backup_code_is_good_once(ann: User) -> None:
    client = confirmed(ann)
    page = text(client.post("/second-factor/codes/"))
    codes = re.findall(r"<li>([a-z2-7]{8})</li>", page)
    lost = browser(ann)
    assert lost.post(SHOW, {"code": codes[0].upper()}).status_code == 302
    assert acts(lost)
    assert browser(ann).post(SHOW, {"code": codes[0]}).status_code == 400
    replaced = re.findall(r"<li>([a-z2-7]{8})</li>", text(lost.post("/second-factor/codes/")))
    assert not set(codes) & set(replaced)
    assert acts(lost), "new codes do not undo what an old one confirmed"


def test_a_password_alone_replaces_no_phone(ann: User) -> None:
    device = phone(ann)
    client = browser(ann)
    for answer in (client.get(ENROL), client.post(ENROL, {"code": code(device)}), client.post("/second-factor/codes/")):
        assert answer["Location"].startswith("/second-factor/?next=")
    assert not StaticToken.objects.exists()
    sure = confirmed(User.objects.get(pk=ann.pk))
    sure.get(ENROL)
    new = TOTPDevice.objects.get(user=ann, confirmed=False)
    assert "backup codes" in text(sure.post(ENROL, {"code": code(new)}))
    assert list(TOTPDevice.objects.filter(user=ann)) == [new]
    assert acts(sure)


def test_odd_codes_are_refused_in_words(ann: User) -> None:
    client = browser(ann)
    phone(ann)
    for odd in sorted(["", " ", "nul\0", "x" * 10_000, "１２３４５６", "<script>", "-1"]):
        answer = client.post(SHOW, {"code": odd})
        assert (answer.status_code, 'role="alert"' in text(answer)) == (400, True), odd[:10]
        assert "<script>alert" not in text(answer)
    for elsewhere in sorted(["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil"]):
        assert f'value="{elsewhere}"' not in text(client.get(SHOW, {"next": elsewhere}))


def test_every_page_says_what_is_missing_and_nothing_of_it_to_who_only_looks(ann: User, settings: Settings) -> None:
    looking = browser(person("vera", VIEWER))
    asked, sure = browser(ann), confirmed(User.objects.get(pk=ann.pk))
    for address in ("/", "/holds/", "/admin/"):
        assert "Confirm it is you" in text(asked.get(address))
        assert "Confirm it is you" not in text(sure.get(address))
        assert "Confirm it is you" not in text(looking.get(address))
    settings.SECOND_FACTOR = False
    for address in ("/", "/holds/", "/admin/"):
        assert "No 2nd factor" in text(asked.get(address))
    assert acts(asked)


def test_the_records_are_changed_by_nobody_with_a_password_alone(ann: User) -> None:
    boss = person("boss", ADMINISTRATOR)
    form = {
        "username": "new",
        "usable_password": "true",
        "password1": "long enough, is it?",
        "password2": "long enough, is it?",
    }
    answer = browser(boss).post(
        "/admin/auth/user/add/", form, headers={"Referer": "http://testserver/admin/auth/user/add/"}
    )
    assert answer["Location"] == "/second-factor/?next=%2Fadmin%2Fauth%2Fuser%2Fadd%2F&undone=1"
    assert not User.objects.filter(username="new").exists()
    assert confirmed(boss).post("/admin/auth/user/add/", form).status_code == 302
    made = User.objects.get(username="new")
    assert (made.is_staff, made.is_superuser, made.check_password("long enough, is it?")) == (True, False, True)


def test_an_administrator_lets_who_lost_the_phone_begin_anew(ann: User) -> None:
    boss = person("boss", ADMINISTRATOR)
    lost = confirmed(ann)
    action = {"action": "forget_second_factor", "_selected_action": [ann.pk, boss.pk]}
    sure = confirmed(boss)
    page = text(sure.post("/admin/auth/user/", action, follow=True))
    assert "ann sets up a new phone at the next login" in page
    assert "The second factor of boss is not yours to remove" in page
    assert not acts(lost), "a session that the lost phone confirmed is not confirmed any more"
    assert list(TOTPDevice.objects.values_list("user__username", flat=True)) == ["boss"]


def test_scripts_are_told_in_words(ann: User) -> None:
    answer = browser(ann).post("/resume/", {"book": "demo", "reason": "because"}, headers=JSON)
    assert answer.status_code == 403
    assert "Nothing was done" in answer.json()["text"]


def test_keys_of_phones_are_in_no_record(ann: User) -> None:
    root = browser(person("root", is_superuser=True))
    for model in ("otp_totp/totpdevice", "otp_static/staticdevice"):
        assert root.get(f"/admin/{model}/").status_code == 404

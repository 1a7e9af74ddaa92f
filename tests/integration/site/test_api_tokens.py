"""Tokens of the API: issued once, never more than their owner may, ended by revoking, expiry and deactivation."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from govsite.access import roles
from govsite.api import tokens
from govsite.api.records import ApiToken
from tests.integration.site.calling import HERE, token_of
from tests.integration.site.people import browser, confirmed, person, phone


def told(client: Client, path: str = "/books") -> tuple[int, str]:
    answer = client.get(f"{HERE}{path}")
    return answer.status_code, answer.json().get("detail", "")


@pytest.fixture
def viewer(database: str) -> User:
    return person("vera", roles.VIEWER)


def test_a_token_asks_as_its_owner_until_it_is_over(viewer: User) -> None:
    token, program = token_of(viewer, "read")
    assert told(program)[0] == 200
    token.refresh_from_db()
    assert token.last_used_at is not None
    assert told(program, "/ledger") == (403, f"the token {token.prefix}… lacks the scope audit")
    viewer.groups.clear()
    assert told(program) == (403, "your account lacks the permission governance.view_book")
    viewer.groups.add(Group.objects.get(name=roles.VIEWER))
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert told(program) == (401, f"the token {token.prefix}… is expired")
    ApiToken.objects.update(expires_at=timezone.now() + timedelta(days=1))
    User.objects.update(is_active=False)
    assert told(program) == (401, "there is no such token")
    User.objects.update(is_active=True)
    tokens.revoke(token, "vera")
    assert told(program) == (401, f"the token {token.prefix}… is revoked")


def test_what_is_no_token_is_refused_even_with_a_session(viewer: User) -> None:
    client = browser(viewer)
    for header in ("Bearer nothing", "Bearer", "Basic dmVyYTp4", "Bearer gov_\udcff"):
        answer = client.get(f"{HERE}/books", headers={"Authorization": header})
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="api"')


def test_only_the_digest_is_kept(viewer: User) -> None:
    _, secret = tokens.issue(viewer, "x", ["read"], confirmed=False)
    kept = ApiToken.objects.values().get()
    assert secret not in str(kept)
    assert kept["digest"] == tokens.digest(secret)
    assert secret.startswith(kept["prefix"])


@pytest.mark.parametrize(
    ("scopes", "options", "why"),
    [
        ([], {}, "at least one scope"),
        (["write"], {}, "There is no scope write; there are: read, audit"),
        (["audit"], {}, "audit needs ledger.view_ledgerevent"),
        (["command:cash"], {}, "command:cash needs execution.move_cash"),
        (["read"], {"days": 0}, "at most 366 days"),
        (["read"], {"days": float("nan")}, "at most 366 days"),
        (["read"], {"agent": "risk"}, "only propose has one"),
    ],
)
def test_no_token_may_more_than_its_owner(viewer: User, scopes: list[str], options: dict[str, Any], why: str) -> None:
    with pytest.raises(tokens.Refused, match=why):
        tokens.issue(viewer, "x", scopes, confirmed=True, **options)
    assert not ApiToken.objects.exists()


def test_a_seat_is_spoken_for_by_name(viewer: User) -> None:
    viewer.user_permissions.add(Permission.objects.get(codename="propose_for_seat"))
    viewer = User.objects.get(pk=viewer.pk)
    for agent in ("", "operator:ada", "x" * 65):
        with pytest.raises(tokens.Refused):
            tokens.issue(viewer, "x", ["propose"], agent=agent, confirmed=True)
    assert tokens.issue(viewer, "x", ["propose"], agent="risk", confirmed=True)[0].agent == "risk"


def test_who_asks_too_fast_is_told_when_to_come_again(viewer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(tokens, "pace", tokens.Pace(rate=0.5, burst=2, clock=lambda: now[0]))
    _, program = token_of(viewer, "read")
    _, other = token_of(viewer, "read")
    assert [told(program)[0] for _ in range(3)] == [200, 200, 429]
    assert told(other)[0] == 200
    answer = program.get(f"{HERE}/books")
    assert (answer["Retry-After"], answer["Content-Type"]) == ("2", "application/problem+json")
    now[0] = 2.0
    assert [told(program)[0] for _ in range(2)] == [200, 429]


def test_the_shell_issues_lists_and_revokes(viewer: User, settings: Any) -> None:
    out, err = StringIO(), StringIO()
    call_command("apitoken", "issue", "--for", "vera", "--name", "grafana", "--scope", "read", stdout=out, stderr=err)
    program = Client(headers={"Authorization": f"Bearer {out.getvalue().strip()}"})
    assert told(program)[0] == 200
    prefix = ApiToken.objects.get().prefix
    listed = StringIO()
    call_command("apitoken", "list", "--for", "vera", stdout=listed)
    assert listed.getvalue().startswith(f"{prefix}  vera  valid, until ")
    call_command("apitoken", "revoke", prefix, stdout=StringIO())
    assert told(program)[0] == 401
    for wrong in (["revoke", "gov_x"], ["list", "--for", "nobody"]):
        with pytest.raises(CommandError, match=r"[Tt]here is no"):
            call_command("apitoken", *wrong)
    settings.SECOND_FACTOR = True
    person("olga", roles.OPERATOR)
    asked = ("issue", "--for", "olga", "--name", "x", "--scope", "command:order")
    with pytest.raises(CommandError, match="no second factor yet"):
        call_command("apitoken", *asked)
    phone(User.objects.get(username="olga"))
    call_command("apitoken", *asked, stdout=StringIO(), stderr=StringIO())
    assert ApiToken.objects.get(owner__username="olga").confirmed


def test_people_make_and_revoke_their_own_in_the_admin(viewer: User, settings: Any) -> None:
    settings.SECOND_FACTOR = True
    client = confirmed(viewer)
    page = "/admin/govsite/apitoken/"
    said = {"name": "mine", "scopes": ["command:cash"], "days": "30", "agent": ""}
    assert b"command:cash needs execution.move_cash" in client.post(f"{page}add/", said).content
    assert not ApiToken.objects.exists()
    done = client.post(f"{page}add/", {**said, "scopes": ["read"]}, follow=True)
    token = ApiToken.objects.get()
    assert (token.owner, token.confirmed, token.scopes) == (viewer, True, ["read"])
    (shown,) = [str(message) for message in done.context["messages"] if "gov_" in str(message)]
    program = Client(headers={"Authorization": f"Bearer {shown.rpartition(' ')[2]}"})
    assert told(program)[0] == 200
    assert token.digest.encode() not in client.get(f"{page}{token.pk}/change/").content
    other = browser(person("mallory", roles.VIEWER))
    action = {"action": "revoke", "_selected_action": [token.pk]}
    other.post(page, action)
    assert told(program)[0] == 200
    assert other.get(f"{page}{token.pk}/change/").status_code == 302
    client.post(page, action)
    assert told(program)[0] == 401

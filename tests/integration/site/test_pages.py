"""The pages: the causal story, halting without Redis and governor, resuming by command, what was refused, health."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client

from governance.models import Decision
from ledger import gate
from ledger.models import OutboxCommand
from streams.client import DEAD_LETTERS, Entry, Streams
from streams.envelope import Refused, decode
from streams.messages import Code, ResumeTrading
from tests.integration.site.conftest import Writer

JSON = {"Accept": "application/json"}
NOBODY = "redis://127.0.0.1:1"
NASTY = "<script>alert('x')</script>"


@pytest.fixture
def client(operator: User) -> Client:
    client = Client()
    client.force_login(operator)
    return client


def text(response: Any) -> str:
    return str(response.content.decode())


def test_every_page_asks_for_a_login(database: str) -> None:
    for path in ("/", "/live/snapshot/", "/dead-letters/", "/halt/", "/resume/", "/decisions/x/", "/commands/x/"):
        response = Client().get(path)
        assert (response.status_code, response["Location"].partition("?")[0]) == (302, "/admin/login/")


def test_the_live_page_of_an_empty_ledger_says_why_it_is_empty(client: Client) -> None:
    assert "No book has been founded yet" in text(client.get("/"))


def test_the_story_of_a_decision_explains_every_step(writer: Writer, client: Client) -> None:
    writer.show(lambda history: history.found().round(why=NASTY))
    decision = Decision.objects.get()
    page = text(client.get(decision.get_absolute_url()))
    for step in (
        "1. Ticks",
        "2. Proposals",
        "3. Ballots",
        "4. Tally",
        "5. Arbitration",
        "6. Rules",
        "7. Orders",
        "8. Fills",
    ):
        assert step in page
    assert "the approving mass or the forecast was too low" in page
    assert "66.67 %" in page
    assert "limits.max_position = 0.7" in page
    assert re.search(r"binance:BTCUSDT:q8", page)
    assert NASTY not in page
    assert "&lt;script&gt;" in page


def test_the_story_alone_and_its_line_are_for_the_live_page(writer: Writer, client: Client) -> None:
    writer.show(lambda history: history.found().round(outcome="vetoed"))
    address = Decision.objects.get().get_absolute_url()
    assert "<html" not in text(client.get(address, {"part": "story"}))
    line = client.get(address, {"part": "summary"}).json()
    assert line["outcome"] == "vetoed"
    assert {proposal["by"] for proposal in line["proposals"]} == {"compliance", ""}


def test_a_decision_that_is_not_there_is_not_found(client: Client) -> None:
    assert client.get("/decisions/none/").status_code == 404


def test_a_halt_needs_neither_redis_nor_governor(
    writer: Writer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.show(lambda history: history.found())
    monkeypatch.setattr(settings, "REDIS_URL", NOBODY)
    response = client.post("/halt/", {"book": "demo", "reason": f"odd fills {NASTY}"}, headers=JSON)
    assert response.status_code == 200
    assert response.json()["mode"]["mode"] == "HALTED"
    standing = gate.read(connection, "demo")
    assert (standing.mode, standing.who, standing.why) == ("HALTED", "operator:ada", f"odd fills {NASTY}")
    page = text(client.get("/"))
    assert "Halted since" in page
    assert NASTY not in page


def test_a_halt_of_all_books_holds_for_each(writer: Writer, client: Client) -> None:
    writer.show(lambda history: history.found())
    assert client.post("/halt/", {"book": "*", "reason": "fire drill"}).status_code == 302
    assert gate.read(connection, "demo").mode == "HALTED"


def test_a_halt_without_a_sound_reason_is_not_taken(client: Client) -> None:
    for reason in ["", "   ", "nul \x00 in it", "x" * 501]:
        response = client.post("/halt/", {"book": "demo", "reason": reason}, headers=JSON)
        assert response.status_code == 400
        assert response.json()["text"]
    assert gate.read(connection, "demo").mode == "NORMAL"


def test_a_long_user_name_does_not_stop_a_halt(database: str) -> None:
    client = Client()
    client.force_login(User.objects.create(username="x" * 150, is_superuser=True))
    assert client.post("/halt/", {"book": "demo", "reason": "long name"}).status_code == 302
    assert gate.read(connection, "demo").mode == "HALTED"


def test_only_who_may_halt_halts(database: str) -> None:
    user = User.objects.create(username="guest")
    client = Client()
    client.force_login(user)
    assert client.post("/halt/", {"book": "demo", "reason": "because"}).status_code == 403
    assert gate.read(connection, "demo").mode == "NORMAL"
    user.user_permissions.add(Permission.objects.get(codename="halt_trading"))
    assert client.post("/halt/", {"book": "demo", "reason": "because"}).status_code == 302
    assert gate.read(connection, "demo").mode == "HALTED"


def test_a_halt_from_another_site_is_refused(operator: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(operator)
    assert strict.post("/halt/", {"book": "demo", "reason": "forged"}).status_code == 403


def test_a_resume_waits_in_the_outbox_until_it_is_answered(writer: Writer, client: Client) -> None:
    writer.show(lambda history: history.found())
    gate.halt(connection, "demo", who="operator:bob", why="test", command_id="h")
    response = client.post("/resume/", {"book": "demo", "reason": "explained"}, headers=JSON)
    assert (response.status_code, response.json()["text"]) == (202, "Waiting: the governor has not answered yet.")
    kept = OutboxCommand.objects.get()
    envelope = decode(bytes(kept.raw))
    assert envelope.body == ResumeTrading(reason="explained")
    assert (envelope.actor, envelope.book, envelope.id) == ("operator:ada", "demo", kept.command_id)
    waiting = client.get(f"/commands/{kept.command_id}/").json()
    assert (waiting["result"], waiting["mode"]) == ("", None)
    OutboxCommand.objects.filter(pk=kept.pk).update(result="refused:MODE")
    answered = client.get(f"/commands/{kept.command_id}/").json()
    assert answered["text"] == "Refused: the book's mode does not allow it."
    OutboxCommand.objects.filter(pk=kept.pk).update(result="refused:NOT_ENTITLED")
    assert "another operator can" in client.get(f"/commands/{kept.command_id}/").json()["text"]
    assert client.get("/commands/unknown/").status_code == 404


def test_dead_letters_are_shown_with_reason_and_bytes(
    client: Client, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", redis_url)
    streams = Streams(redis_url)
    streams.bury(Entry("market.ticks", "1-0", NASTY.encode()), Refused(Code.UNDECODABLE, NASTY), origin="agents")
    streams.bury(Entry("governance.commands", "2-0", b"\xff\xfe"), Refused(Code.TOO_OLD, "11 min"), origin="governor")
    streams.redis.xadd(DEAD_LETTERS, {"m": "not a letter at all"})
    streams.redis.close()
    page = text(client.get("/dead-letters/"))
    assert "the message could not be read" in page
    assert "&lt;script&gt;" in page
    assert NASTY not in page
    assert "//4=" in page
    assert "not a letter at all" in page
    assert "TOO_OLD" in text(client.get("/dead-letters/?code=TOO_OLD"))
    assert "11 min" not in text(client.get("/dead-letters/?code=UNDECODABLE"))


def test_without_redis_the_page_says_why_it_is_empty(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", NOBODY)
    page = client.get("/dead-letters/")
    assert page.status_code == 200
    assert "Redis does not answer" in text(page)


def test_health_tells_what_is_missing(client: Client, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/livez").json() == {"alive": True}
    monkeypatch.setattr(settings, "REDIS_URL", redis_url)
    assert client.get("/readyz").json() == {"ready": True, "postgresql": "ok", "redis": "ok"}
    monkeypatch.setattr(settings, "REDIS_URL", NOBODY)
    missing = client.get("/readyz")
    assert (missing.status_code, missing.json()["redis"]) == (503, "does not answer")


ADMIN = [
    *("governance/book", "governance/seat", "governance/rule", "governance/deliberation", "governance/proposal"),
    *("governance/decision", "governance/feedgap", "execution/account", "execution/order", "execution/fill"),
    *("execution/position", "ledger/ledgerevent", "ledger/inboxcommand", "ledger/outboxcommand", "ledger/gatemode"),
    "ledger/head",
]


def test_the_admin_lists_everything_and_adds_nothing(writer: Writer, client: Client) -> None:
    writer.show(lambda history: history.found().round())
    gate.halt(connection, "demo", who="operator:bob", why=NASTY, command_id="h")
    for model in ADMIN:
        page = client.get(f"/admin/{model}/")
        assert page.status_code == 200, model
        assert NASTY not in text(page)
        assert client.get(f"/admin/{model}/add/").status_code == 403, model


def test_the_admin_shows_and_cannot_change(writer: Writer, client: Client) -> None:
    writer.show(lambda history: history.found().round(why=NASTY))
    decision = Decision.objects.get()
    shown = text(client.get(f"/admin/governance/deliberation/{decision.deliberation_id}/change/"))
    assert "&lt;script&gt;" in shown
    assert NASTY not in shown
    page = client.get(f"/admin/governance/decision/{decision.pk}/change/")
    assert decision.get_absolute_url() in text(page)
    assert client.post(f"/admin/governance/decision/{decision.pk}/change/", {"outcome": "granted"}).status_code == 403
    assert client.post(f"/admin/governance/decision/{decision.pk}/delete/", {"post": "yes"}).status_code == 403


SEARCHES = [("tick-1", 3), ("DecisionReached", 1), ("executor", 3), ("nobody-at-all", 0), ("compliance", 2)]


def test_the_ledger_is_searched_by_correlation_event_and_actor(writer: Writer, client: Client) -> None:
    writer.show(lambda history: history.found().round())
    for search, found in SEARCHES:
        page = client.get("/admin/ledger/ledgerevent/", {"q": search})
        assert page.context["cl"].result_count == found, search


def test_the_ledger_is_counted_to_a_limit(writer: Writer, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.admin.COUNTED", 7)
    writer.show(lambda history: history.found().round())
    page = client.get("/admin/ledger/ledgerevent/")
    assert page.context["cl"].paginator.count == 7

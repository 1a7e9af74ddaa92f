"""What somebody who is new here stumbles over: pages that lag behind their answer, forms' addresses, long pages."""

from __future__ import annotations

import time
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from msgspec.structs import replace
from ninja.openapi.schema import OpenAPISchema

from governance.models import Rule, Seat
from govsite.api.document import document
from govsite.api.root import api
from govsite.ops import sending
from ledger import outbox
from ledger.models import OutboxCommand
from streams import events as e
from streams.envelope import Envelope
from streams.messages import Reconcile
from tests.integration.site.conftest import Writer
from tests.integration.site.people import browser, person
from tests.integration.site.readings import measured, reading

COMMAND = "command-1"
POSTED = {
    "/orders/cash/": "/orders/",
    "/orders/adjust/": "/orders/",
    "/orders/reconcile/": "/orders/",
    "/orders/o/cancel/": "/orders/",
    "/alarms/clear/": "/alarms/",
    "/alarms/a/acknowledge/": "/alarms/",
    "/changes/c/approve/": "/changes/",
    "/changes/c/refuse/": "/changes/",
    "/holds/h/release/": "/holds/",
    "/dead-letters/1-0/again/": "/dead-letters/",
    "/feed/switch/": "/feed/",
    "/lift/": "/halt/",
    "/second-factor/codes/": "/second-factor/",
}

BLANK = {"name": "", "facts": "{}", "verdict": "breaches"}


@pytest.fixture
def client(operator: User) -> Client:
    return browser(operator)


def text(response: Any) -> str:
    return str(response.content.decode())


def accepted(writer: Writer) -> None:
    """A command with its answer and what it led to in the ledger, and not in the read models yet."""
    envelope = Envelope(id=COMMAND, body=Reconcile(reason="r"), actor="operator:ada", sent_at=1, book="demo")
    outbox.enqueue(connection, envelope)
    OutboxCommand.objects.update(result="accepted")
    writer.history.tell(e.FeedSourceChanged(origin="live", to="synthetic", why="no live data for 10 s"))
    writer.history.governance[-1] = replace(writer.history.governance[-1], command_id=COMMAND)
    writer.commit()


@pytest.mark.parametrize("path", ["/alarms/", "/changes/", "/halt/", "/holds/", "/orders/"])
def test_a_page_says_when_it_shows_the_state_before_the_answer(writer: Writer, client: Client, path: str) -> None:
    writer.show(lambda history: history.found())
    accepted(writer)
    where = f"{path}?command={COMMAND}"
    page = text(client.get(where))
    assert "Accepted; this page still shows the state before it." in page
    assert f'<a href="{where}">Load it again</a>' in page
    writer.project()
    page = text(client.get(where))
    assert "Accepted." in page
    assert "Load it again" not in page


def test_an_answer_is_waited_for_until_the_read_models_have_it(
    writer: Writer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.show(lambda history: history.found())
    accepted(writer)
    monkeypatch.setattr(sending, "PATIENCE_S", 0.2)
    began = time.monotonic()
    assert sending.wait(COMMAND) == "accepted"
    assert 0.2 <= time.monotonic() - began < 2.0, "it waits as long as it may, and no longer"
    pauses: list[float] = []

    def projects(pause_s: float) -> None:
        pauses.append(pause_s)
        writer.project()

    monkeypatch.setattr(sending, "PATIENCE_S", 60.0)
    monkeypatch.setattr("govsite.ops.catching_up.time.sleep", projects)
    assert sending.wait(COMMAND) == "accepted"
    assert len(pauses) == 1, "no longer than needed"


def test_who_suspended_a_seat_is_told_that_another_confirms(writer: Writer, operator: User) -> None:
    writer.show(lambda history: history.found())
    Seat.objects.filter(agent="fast-momentum").update(status="suspended", suspended_by=["operator:ada"])
    own = text(browser(operator).get("/agents/fast-momentum/"))
    assert "somebody other than you" in own
    assert "Confirm its suspension…" not in own
    other = text(browser(person("bob", is_superuser=True)).get("/agents/fast-momentum/"))
    assert "Confirm its suspension…" in other
    assert "somebody other than you" not in other


@pytest.mark.parametrize(("path", "form"), sorted(POSTED.items()))
def test_an_address_of_a_form_leads_to_its_page(writer: Writer, client: Client, path: str, form: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert f'<a href="{form}">The page with the form</a>' in text(answer)
    assert client.put(path).status_code == 405
    assert Client().get(path).status_code == 302
    assert not OutboxCommand.objects.exists()


def test_the_description_of_the_api_is_made_once_and_folded(operator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = browser(operator)
    first = text(client.get("/api/v1/docs"))
    made: list[Any] = []
    monkeypatch.setattr(OpenAPISchema, "get_paths", made.append)
    assert text(client.get("/api/v1/docs")).count("<details") == first.count("<details")
    assert not made
    operations = [each for path in document(api)["paths"].values() for each in path.values()]
    assert first.count('<details class="panel"') == len(operations)
    assert "<details open" not in first


def test_the_rarely_used_parts_of_a_rule_are_folded_unless_they_hold_an_error(writer: Writer, client: Client) -> None:
    clause = e.RuleClause(name="c", cel="order.notional < 5000.0")
    example = e.RuleExample(name="dear", facts={"order.notional": 6000.0}, verdict="breaches")
    rule = e.RuleActivated(
        rule="small", version=1, title="Small", effect="deny", exempt_risk_reducing=True, clauses=(clause,),
        examples=(example,), shadow=False, who="operator:a", why="r",
    )  # fmt: skip
    writer.show(lambda history: history.found().tell(rule))
    address = f"/admin/governance/rule/{Rule.objects.get(rule='small').pk}/edit/"
    page = text(client.get(address))
    assert "Example 1: dear, breaches" in page
    assert page.count("<summary>Another clause") == 2
    assert "<details open>" not in page
    said = {
        "title": "Small", "effect": "deny", "exempt_risk_reducing": "on", "reason": "r", "token": str(uuid.uuid4()),
        "opened_at": "0", "clauses-TOTAL_FORMS": "3", "clauses-INITIAL_FORMS": "1", "clauses-0-name": "c",
        "clauses-0-cel": clause.cel, "examples-TOTAL_FORMS": "3", "examples-INITIAL_FORMS": "1",
        "examples-0-name": "dear", "examples-0-facts": "{", "examples-0-verdict": "breaches",
        **{f"examples-{row}-{name}": value for row in (1, 2) for name, value in BLANK.items()},
    }  # fmt: skip
    answer = client.post(address, said)
    assert answer.status_code == 400
    assert text(answer).count("<details open>") == 1
    assert "<details open><summary>Example 1" in text(answer)
    answer = client.post(address, {**said, "examples-0-facts": "{}", "clauses-1-name": "more"})
    assert answer.status_code == 400
    assert "<details open><summary>Another clause" in text(answer)


def test_an_instrument_that_no_feed_carries_is_said_to_be_one(writer: Writer, client: Client, redis_url: str) -> None:
    writer.show(lambda history: history.found())
    measured(redis_url, reading("stale_feed", "BTCUSDT", effect="SUSPENDED"))
    rows = {row.key: row for row in client.get("/limits/").context["breakers"]}
    note = rows["stale_feed ETHUSDT SUSPENDED"].note
    assert "Of BTCUSDT prices came: the feed does not carry this one, or not yet." in note
    assert "no feed that runs carries it" in text(client.get("/market/"))


def test_nothing_is_said_to_be_empty_before_it_was_read(writer: Writer, client: Client) -> None:
    writer.show(lambda history: history.found())
    page = text(client.get("/"))
    assert page.count('aria-busy="true"') == 9
    assert page.count('<p class="waiting">Connecting…</p>') == 9

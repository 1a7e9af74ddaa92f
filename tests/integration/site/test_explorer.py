"""The ledger explorer: search, one event, files, the book as it was, and verification from a page."""

from __future__ import annotations

import csv
import json
import re
from io import StringIO
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone
from msgspec.structs import replace

from governance.models import Decision
from govsite.ops import explorer, searching, verifying
from ledger.models import LedgerEvent
from streams import events as e
from streams.client import connect
from tests.integration.site.conftest import Writer
from tests.integration.site.people import browser, person
from tests.servers import wait_until
from tests.unit.site.history import History

NASTY = "<script>alert('x')</script>"
LONG = "x" * 10_000


@pytest.fixture
def client(operator: User) -> Client:
    return browser(operator)


@pytest.fixture
def book(writer: Writer) -> Writer:
    """Two rounds, and in between what two operators did."""

    def traded(history: History) -> None:
        history.found().round(why=NASTY)
        history.tell(e.TradingSuspended(instrument="ETHUSDT", who="operator:bob", why=NASTY), actor="operator:bob")
        history.tell(e.SuspensionLifted(instrument="ETHUSDT", who="operator:ada", why="over"), actor="operator:ada")
        history.round(outcome="refused")

    writer.show(traded)
    return writer


def text(response: Any) -> str:
    return str(response.content.decode())


def names(page: str) -> list[str]:
    return re.findall(r"[A-Z][a-z]+\.<b>(\w+)</b>", page)


def places(page: str) -> list[str]:
    return re.findall(r'class="number" href="/ledger/(\w+/0/\d+)/"', page)


# --- search -------------------------------------------------------------------------------------------


def test_the_explorer_is_for_auditors(book: Writer) -> None:
    assert Client().get("/ledger/").status_code == 302
    viewer = browser(person("eve", "viewer"))
    for path in ("/ledger/", "/ledger/at/", "/ledger/verify/", "/ledger/export/", "/ledger/governance/0/1/"):
        assert viewer.get(path).status_code == 403
    assert browser(person("audrey", "auditor")).get("/ledger/").status_code == 200


def test_events_stand_in_both_logs_and_are_told_in_words(book: Writer, client: Client) -> None:
    page = text(client.get("/ledger/"))
    assert len(names(page)) == explorer.PAGE
    assert NASTY not in page
    fills = text(client.get("/ledger/?preset=fills"))
    assert names(fills) == ["OrderFilled"]
    assert "Filled: buy 0.05 BTCUSDT at 61234.57" in fills
    assert f"/decisions/{Decision.objects.get(outcome='granted').pk}/" in fills


def test_who_changed_what(book: Writer, client: Client) -> None:
    page = text(client.get("/ledger/?preset=changes"))
    assert names(page)[:2] == ["SuspensionLifted", "TradingSuspended"]
    assert {"RuleActivated", "SeatGranted", "BookFounded"} <= set(names(page))
    assert "&lt;script&gt;" in page
    assert names(text(client.get("/ledger/?preset=changes&actor=operator:bob"))) == ["TradingSuspended"]
    assert "No event with preset changes" in text(client.get("/ledger/?preset=changes&until=2020-01-01"))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("event=BookFounded", {"BookFounded"}),
        ("aggregate=Rulebook", {"RuleActivated"}),
        ("aggregate=Account", {"BookOpened"}),
        ("aggregate=Book&event=BookFounded", {"BookFounded"}),
        ("aggregate=Order&log=execution", {"OrderAccepted", "OrderFilled"}),
        ("actor=operator:bob", {"TradingSuspended"}),
        ("actor=executor", {"BookOpened", "OrderAccepted", "OrderFilled"}),
        ("book_only=demo&event=OrderFilled", {"OrderFilled"}),
        ("correlation=tick-1", {"DecisionReached", "OrderAccepted", "OrderFilled"}),
    ],
)
def test_conditions_hold_together(book: Writer, client: Client, query: str, found: set[str]) -> None:
    assert set(names(text(client.get(f"/ledger/?{query}")))) == found


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("event=OrderFiled", "OrderFilled"),
        ("aggregate=Ordr", "Order"),
        ("log=governence", "governance"),
        ("preset=change", "changes"),
        ("actor=operator:bo", "operator:bob"),
        ("actor=fast-momentun", "fast-momentum"),
        ("book_only=dem", "demo"),
        ("since=last+Tuesday", "this is no time"),
        ("position=0", "position"),
        ("position=x", "position"),
        ("before=here", "before"),
        ("before=governance.0:99999999999999999999", "before"),
        (f"correlation={LONG}", "correlation"),
        ("actor=a%00b", "actor"),
    ],
)
def test_what_is_unknown_is_named_with_the_nearest(book: Writer, client: Client, query: str, said: str) -> None:
    response = client.get(f"/ledger/?{query}")
    page = text(response)
    assert said in page
    assert 'role="alert"><ul class="messages"><li class="error"' in page
    assert names(page) == []
    assert response.status_code == 400


def walk(client: Client, address: str, way: str) -> list[str]:
    """The places on all pages from here on, by the link of that name."""
    page = text(client.get(f"/ledger/{address}"))
    found = places(page)
    while link := re.search(rf'href="(\?[^"]+)">{way}', page):
        page = text(client.get("/ledger/" + link[1].replace("&amp;", "&")))
        found += places(page)
    return found


@pytest.mark.parametrize("query", ["", "actor=governor", "aggregate=Deliberation", "actor=executor"])
def test_pages_lead_to_every_event_once_and_back(
    book: Writer, client: Client, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    every = places(text(client.get(f"/ledger/?{query}"))) if query else None
    monkeypatch.setattr(explorer, "PAGE", 7)
    monkeypatch.setattr(searching, "WINDOW", 5)
    older = walk(client, f"?{query}", "Older")
    assert len(older) == len(set(older))
    if every is None:
        assert len(older) == LedgerEvent.objects.count()
    else:
        assert len(older) >= len(every)
    last = text(client.get("/ledger/?" + query))
    addresses = []
    while link := re.search(r'href="(\?[^"]+)">Older', last):
        addresses.append(link[1].replace("&amp;", "&"))
        last = text(client.get("/ledger/" + addresses[-1]))
    back = [places(last)]
    while link := re.search(r'href="(\?[^"]+)">Newer', last):
        last = text(client.get("/ledger/" + link[1].replace("&amp;", "&")))
        back.append(places(last))
    assert [place for page in reversed(back) for place in page] == older


def test_a_search_without_time_says_how_far_it_looked(
    book: Writer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "WINDOW", 3)
    monkeypatch.setattr(searching, "PATIENCE_S", 0.0)
    page = text(client.get("/ledger/?actor=operator:bob"))
    assert names(page) == []
    assert "as far as there was time to look" in page
    for _ in range(100):
        link = re.search(r'href="(\?[^"]+)">Go on to older ones', page)
        assert link
        page = text(client.get("/ledger/" + link[1].replace("&amp;", "&")))
        if names(page):
            break
    assert names(page) == ["TradingSuspended"]


# --- one event ----------------------------------------------------------------------------------------


def test_an_event_shows_its_payload_and_leads_to_its_relations(book: Writer, client: Client) -> None:
    row = LedgerEvent.objects.get(event="TradingSuspended")
    page = text(client.get(f"/ledger/governance/0/{row.position}/"))
    assert "&quot;instrument&quot;: &quot;ETHUSDT&quot;" in page
    assert NASTY not in page
    assert bytes(row.hash).hex() in page
    assert "SuspensionLifted" in page  # the next one of its aggregate
    assert "is no event of the ledger" in page
    assert client.get(f"/ledger/?log=governance&position={row.position}")["Location"] == (
        f"/ledger/governance/0/{row.position}/"
    )


def test_causes_and_effects_are_found(writer: Writer, client: Client) -> None:
    writer.show(lambda history: history.found().round())
    decided = LedgerEvent.objects.get(event="DecisionReached")
    writer.history.tell(
        e.OrderSent(order_id="o", decision_id="d", venue="v", client_order_id="o", sent_at=1),
        "o",
        correlation=decided.correlation_id,
    )
    told = writer.history.execution.pop()
    writer.history.execution.append(replace(told, causation_id=str(decided.event_id)))
    writer.commit()
    effect = LedgerEvent.objects.get(event="OrderSent")
    assert f"/ledger/execution/0/{effect.position}/" in text(client.get(f"/ledger/governance/0/{decided.position}/"))
    assert f"/ledger/governance/0/{decided.position}/" in text(client.get(f"/ledger/execution/0/{effect.position}/"))


@pytest.mark.parametrize("place", ["governance/0/99999", "governanc/0/1", "governance/7/1", f"governance/0/{10**25}"])
def test_a_place_that_is_not_there_is_not_found(book: Writer, client: Client, place: str) -> None:
    assert client.get(f"/ledger/{place}/").status_code == 404


# --- files --------------------------------------------------------------------------------------------


def test_what_was_found_can_be_taken_away(book: Writer, client: Client) -> None:
    answer = client.get("/ledger/export/?format=csv&preset=fills")
    rows = list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode())))  # type: ignore[attr-defined]
    assert [row["event"] for row in rows] == ["OrderFilled"]
    assert 'filename="ledger.csv"' in answer["Content-Disposition"]
    answer = client.get("/ledger/export/?format=jsonl&actor=operator:bob")
    lines = b"".join(answer.streaming_content).splitlines()  # type: ignore[attr-defined]
    assert [json.loads(line)["payload"]["why"] for line in lines] == [NASTY]
    assert client.get("/ledger/export/?format=xlsx").status_code == 400
    assert client.get("/ledger/export/?format=csv&actor=nobody-here").status_code == 400


# --- the book as it was -------------------------------------------------------------------------------


def test_the_past_is_shown_against_now(book: Writer, client: Client) -> None:
    suspended = LedgerEvent.objects.get(event="TradingSuspended")
    page = text(client.get(f"/ledger/at/?at=governance:{suspended.position}"))
    assert "This is the past" in page
    assert "ETHUSDT" in page
    assert "position-limit" in page
    assert "next event" not in page or "/ledger/at/?at=" in page
    book.show(lambda history: history.round())
    page = text(client.get(f"/ledger/at/?at={suspended.recorded_at.isoformat().replace('+00:00', 'Z')}"))
    assert re.search(r"position BTCUSDT</td><td class=\"mono\">–</td><td class=\"mono\">0.1", page)


def test_steps_lead_from_commit_to_commit(writer: Writer, client: Client) -> None:
    writer.show(lambda history: history.found())
    writer.show(lambda history: history.round())
    first = LedgerEvent.objects.get(event="BookFounded")
    page = text(client.get(f"/ledger/at/?at=governance:{first.position}"))
    step = re.search(r'href="(/ledger/at/\?at=[^"]+)">next event', page)
    assert step
    following = client.get(step[1].replace("&amp;", "&"))
    assert following.status_code == 200
    assert re.search(r">previous event<", text(following))
    for address in re.findall(r'href="(/ledger/at/\?at=[^"]+)">(?:a|an) \w+ ago', text(client.get("/ledger/at/"))):
        assert client.get(address.replace("&amp;", "&")).status_code == 200, address
    moved = client.get("/ledger/at/?step=1000&go=1")
    assert moved.status_code == 302
    assert "This is the past" in text(client.get(unquote(moved["Location"])))


@pytest.mark.parametrize(
    "query",
    ["at=tuesday", "at=2099-01-01", "at=2001-01-01", "at=governance:99999", "at=governance:x", "at=9999999999999",
     "at=a%00b", f"at={LONG}", "step=x&go=1", "at=0001-01-01T00:00%2B14:00"],
)  # fmt: skip
def test_a_moment_that_cannot_be_shown_is_said(book: Writer, client: Client, query: str) -> None:
    response = client.get(f"/ledger/at/?{query}")
    assert response.status_code == 400
    assert re.search(r'class="error">\w', text(response))


def test_before_anything_was_founded_there_is_no_past(database: str, client: Client) -> None:
    assert "No book has been founded yet" in text(client.get("/ledger/at/"))
    assert "the ledger is empty" in text(client.get("/ledger/"))


# --- verification -------------------------------------------------------------------------------------


@pytest.fixture
def forgotten(redis_url: str, settings: Any) -> str:
    settings.REDIS_URL = redis_url
    return redis_url


def test_a_verification_runs_by_itself_and_its_outcome_stays(book: Writer, client: Client, forgotten: str) -> None:
    assert "None is known of" in text(client.get("/ledger/verify/"))
    answer = client.post("/ledger/verify/", {"part": ["chain", "checkpoints"]})
    assert (answer.status_code, answer["Location"]) == (302, "/ledger/verify/")

    def ended() -> bool:
        run = verifying.last()
        return run is not None and bool(run.ended_at)

    wait_until(ended, "the verification is done", seconds=90)
    page = text(client.get("/ledger/verify/?part=progress"))
    assert "all parts hold" in page
    assert "the chain is whole" in page
    assert "<html" not in page
    assert "all parts hold" in text(client.get("/ledger/"))


def test_what_was_edited_is_found_and_named(book: Writer, forgotten: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE event_log DISABLE TRIGGER append_only")
        cursor.execute("UPDATE event_log SET actor = 'mallory' WHERE log = 'governance' AND position = 5")
        cursor.execute("ALTER TABLE event_log ENABLE ALWAYS TRIGGER append_only")
    run = verifying.Run("run", "ada", [verifying.Part("chain")], timezone.now().timestamp(), 0.0)
    with connect(forgotten) as kept:
        kept.set(verifying.KEPT, msgspec.json.encode(run))
    assert not verifying.run("run")
    told = verifying.last()
    assert told is not None
    assert (told.state, told.parts[0].state) == ("broken", "broken")
    assert "BROKEN at position 5" in "\n".join(told.parts[0].lines)


def test_one_verification_at_a_time(book: Writer, client: Client, forgotten: str) -> None:
    with connect(forgotten) as kept:
        kept.set(verifying.LOCK, "ada")
    answer = client.post("/ledger/verify/", {"part": ["chain"]})
    assert answer.status_code == 400
    assert "under way already" in text(answer)


@pytest.mark.parametrize("parts", [[], ["chian"], ["chain", "\0"]])
def test_parts_must_be_known(book: Writer, client: Client, forgotten: str, parts: list[str]) -> None:
    answer = client.post("/ledger/verify/", {"part": parts})
    assert answer.status_code == 400
    assert verifying.last() is None


def test_a_verification_whose_process_is_gone_is_lost(book: Writer, client: Client, forgotten: str) -> None:
    run = verifying.Run("run", "ada", [verifying.Part("chain", "running")], 1.0, 1.0)
    with connect(forgotten) as kept:
        kept.set(verifying.KEPT, msgspec.json.encode(run))
    assert "has said nothing since" in text(client.get("/ledger/verify/"))

"""The page of alarms: what tripped, who has seen it, what clears it; and their number on every page."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from governance.models import Alarm
from govsite.ops import alarms
from ledger.models import OutboxCommand
from streams import events as e
from streams.messages import AcknowledgeAlarm, ClearBreaker
from tests.integration.site.conftest import Writer
from tests.integration.site.desk import sent, trip
from tests.unit.site.history import History

NASTY = "<script>alert('x')</script>"


@pytest.fixture
def client(operator: User) -> Client:
    client = Client()
    client.force_login(operator)
    return client


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("govsite.ops.sending.PATIENCE_S", 0.0)


def text(response: Any) -> str:
    return str(response.content.decode())


def some(history: History) -> None:
    """A halt by drawdown, a latch, a stale feed that somebody has seen and that is over."""
    trip(
        history.found(),
        "halt",
        breaker="drawdown",
        subject="demo",
        effect="HALTED",
        formula="(peak − equity)/peak ≥ 8 %",
    )
    trip(history, "latch", breaker="repeated_execution", subject=f"{NASTY}:BTCUSDT", effect="LATCHED")
    trip(history, "stale")
    history.tell(e.AlarmAcknowledged(alarm_id="stale", who="operator:ann", why=NASTY))
    history.tell(e.BreakerCleared(breaker="stale_feed", subject="BTCUSDT", who="breaker:stale_feed", why="clean data"))


def test_an_alarm_shows_severity_formula_inputs_and_who_has_seen_it(writer: Writer, client: Client) -> None:
    writer.show(some)
    page = client.get("/alarms/")
    assert [each["row"].alarm_id for each in page.context["rows"]] == ["latch", "halt"]
    shown = text(page)
    for words in (
        "Critical: the book is halted",
        "Drawdown: the book",
        "(peak − equity)/peak ≥ 8 %",
        "age_s",
        "61.2",
        "Nobody has acknowledged it yet",
        "Two operators resume, one after the other.",
    ):
        assert words in shown
    everything = text(client.get("/alarms/", {"show": "all"}))
    assert "Acknowledged by operator:ann" in everything
    assert "Cleared by breaker:stale_feed: “clean data”" in everything
    assert NASTY not in shown + everything


def test_only_what_waits_for_a_person_can_be_cleared(writer: Writer, client: Client) -> None:
    writer.show(some)
    rows = {each["row"].alarm_id: each for each in client.get("/alarms/", {"show": "all"}).context["rows"]}
    assert {name: each["clearable"] for name, each in rows.items()} == {"halt": False, "latch": True, "stale": False}


def test_the_number_of_alarms_stands_on_every_page(writer: Writer, client: Client) -> None:
    writer.show(lambda history: history.found())
    assert client.get("/halt/").context["alarms"] == 0
    writer.show(lambda history: trip(trip(history, "a"), "b"))
    for path in ("/", "/halt/", "/orders/", "/agents/", "/dead-letters/"):
        page = client.get(path)
        assert page.context["alarms"] == 2, path
        assert "<span>2</span>" in text(page), path
    assert client.get("/market/state/").json()["alarms"] == 2
    writer.show(lambda history: history.tell(e.AlarmAcknowledged(alarm_id="a", who="operator:ann", why="seen")))
    assert client.get("/market/state/").json()["alarms"] == 1


def test_pages_of_alarms_meet_without_a_gap(writer: Writer, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def many(history: History) -> None:
        history.found()
        for number in range(8):
            trip(history, f"a{number}")

    writer.show(many)
    Alarm.objects.update(raised_at=Alarm.objects.earliest("raised_at").raised_at)
    monkeypatch.setattr(alarms, "PAGE", 3)
    seen: list[str] = []
    address = "?show=open"
    while address:
        page = client.get(f"/alarms/{address}")
        seen += [each["row"].alarm_id for each in page.context["rows"]]
        address = page.context["next"]
    assert seen == [f"a{number}" for number in reversed(range(8))]


@pytest.mark.parametrize("query", [{"show": NASTY}, {"before": "x" * 10_000}, {"before": "1.\0"}, {"before": "b.a"}])
def test_a_bad_filter_says_what_is_wrong(writer: Writer, client: Client, query: dict[str, str]) -> None:
    writer.show(some)
    response = client.get("/alarms/", query)
    assert response.status_code == 400
    assert f"{next(iter(query))}: " in text(response)
    assert NASTY not in text(response)


def test_an_alarm_is_acknowledged_and_a_breaker_cleared_by_command(writer: Writer, client: Client) -> None:
    writer.show(some)
    where = client.post("/alarms/halt/acknowledge/", {"reason": NASTY})["Location"]
    assert sent() == (AcknowledgeAlarm(alarm_id="halt", reason=NASTY), "operator:ada", "demo")
    OutboxCommand.objects.update(result="refused:NO_CHANGE")
    assert "somebody has acknowledged or cleared it already" in text(client.get(where))
    OutboxCommand.objects.all().delete()
    said = {"book": "demo", "breaker": "repeated_execution", "subject": f"{NASTY}:BTCUSDT", "reason": "mended"}
    client.post("/alarms/clear/", said)
    body = ClearBreaker(breaker="repeated_execution", subject=f"{NASTY}:BTCUSDT", reason="mended")
    assert sent() == (body, "operator:ada", "demo")


@pytest.mark.parametrize(
    ("path", "said", "status"),
    [
        ("/alarms/halt/acknowledge/", {"reason": ""}, 400),
        ("/alarms/none/acknowledge/", {"reason": "r"}, 404),
        ("/alarms/no%00ne/acknowledge/", {"reason": "r"}, 404),
        ("/alarms/clear/", {"book": "demo", "breaker": "luck", "subject": "demo", "reason": "r"}, 400),
        ("/alarms/clear/", {"book": "demo", "breaker": "drawdown", "subject": "x" * 201, "reason": "r"}, 400),
        ("/alarms/clear/", {"book": "nobody", "breaker": "drawdown", "subject": "demo", "reason": "r"}, 404),
    ],
)
def test_what_is_not_in_order_is_not_sent(
    writer: Writer, client: Client, path: str, said: dict[str, str], status: int
) -> None:
    writer.show(some)
    assert client.post(path, said).status_code == status
    assert not OutboxCommand.objects.exists()


def test_looking_and_acknowledging_are_rights_of_their_own(writer: Writer) -> None:
    writer.show(some)
    guest = Client()
    user = User.objects.create(username="guest")
    guest.force_login(user)
    assert guest.get("/alarms/").status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_alarm"))
    assert "Acknowledge…" not in text(guest.get("/alarms/"))
    assert guest.post("/alarms/halt/acknowledge/", {"reason": "r"}).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="acknowledge_alarm"))
    assert "Acknowledge…" in text(guest.get("/alarms/"))
    assert guest.post("/alarms/halt/acknowledge/", {"reason": "r"}).status_code == 302


def test_the_live_page_has_a_panel_of_what_nobody_has_acknowledged(
    writer: Writer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.show(some)
    assert 'data-from="/alarms/open/?book=demo"' in text(client.get("/"))
    panel = client.get("/alarms/open/", {"book": "demo"})
    assert [each["row"].alarm_id for each in panel.context["alarms"]] == ["latch", "halt"]
    assert "Two operators resume, one after the other." in text(panel)
    assert NASTY not in text(panel)
    monkeypatch.setattr(alarms, "OPEN_SHOWN", 1)
    assert "The newest 1; there are more." in text(client.get("/alarms/open/"))


def test_a_panel_without_alarms_says_so_and_is_not_for_everybody(writer: Writer, client: Client) -> None:
    writer.show(lambda history: history.found())
    assert "No alarm of book demo waits for a person." in text(client.get("/alarms/open/"))
    nobody = Client()
    nobody.force_login(User.objects.create(username="nobody", is_staff=True))
    assert nobody.get("/alarms/open/").status_code == 403
    assert "open-alarms" not in text(nobody.get("/"))

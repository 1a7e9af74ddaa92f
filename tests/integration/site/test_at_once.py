"""Several people, or one person several times, send at the same moment: each thing is done once, and nobody's work is
overwritten unseen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.urls import resolve

from governance.models import Rule, Seat
from ledger import gate
from ledger.application import InboxEntry
from ledger.models import OutboxCommand
from streams.messages import RequestChange
from tests.integration.site import everything
from tests.integration.site import test_rule_editing as rules
from tests.integration.site.conftest import Writer
from tests.integration.site.desk import trip
from tests.integration.site.forms import opened, outbox_bodies
from tests.integration.site.people import browser, person

SUBJECTS = (
    "edit a rule",
    "add a rule",
    "retire a rule",
    "edit a weight",
    "reinstate a seat",
    "grant a seat",
    "set a term",
)
Post = tuple[Client, str, dict[str, Any]]
FORM = re.compile(r'<form method="post".*?</form>', re.DOTALL)
DIALOG = re.compile('id="(halt|resume)-form"')  # a second halt, or end of one, changes nothing
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
ACTION = re.compile(r' (?:form)?action="([^"]+)"')
CHOICES = re.compile(r'<select name="(\w+)"')
SEAT = {"agent": "late-comer", "role": "strategy", "owner": "desk-7"}


@pytest.fixture(autouse=True)
def book(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("govsite.ops.sending.PATIENCE_S", 0.0)
    writer.show(lambda history: history.found())


@pytest.fixture
def people() -> list[Client]:
    return [browser(person(name, is_superuser=True)) for name in ("ada", "ben")]


def filled(client: Client, subject: str, reason: str) -> tuple[str, dict[str, Any]]:
    """The address of the form, and what it sends once it is opened and filled in."""
    rule = f"/admin/governance/rule/{Rule.objects.order_by('rule')[0].pk}"
    seat = f"/admin/governance/seat/{Seat.objects.get(agent='rule').pk}/act"
    if subject == "edit a rule":
        return f"{rule}/edit/", rules.filled(client, f"{rule}/edit/", reason=reason, title=reason)
    if subject == "add a rule":
        token = opened(client, rules.ADD)["token"]
        return rules.ADD, {**rules.NEW, "token": token, "reason": reason}
    address, said = {
        "retire a rule": (f"{rule}/retire/", {}),
        "edit a weight": (f"{seat}/reputation/", {"weight": "12.5"}),
        "reinstate a seat": (f"{seat}/reinstate/", {}),
        "grant a seat": ("/admin/governance/seat/new/", SEAT),
        "set a term": ("/admin/governance/book/demo/terms/max_gross/", {"value": "0.9"}),
    }[subject]
    return address, opened(client, address, reason=reason, **said)


def at_once(posts: Sequence[Post]) -> Counter[int]:
    """How many of the posts got each answer; all of them begin together."""
    barrier = Barrier(len(posts))

    def run(post: Post) -> int:
        client, address, said = post
        try:
            barrier.wait(30)
            return int(client.post(address, said).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(posts)) as pool:
        return Counter(pool.map(run, posts))


@pytest.mark.parametrize("subject", sorted(SUBJECTS))
def test_of_two_people_who_save_the_same_one_is_shown_the_conflict(people: list[Client], subject: str) -> None:
    forms = [(client, *filled(client, subject, f"reason {n}")) for n, client in enumerate(people)]
    assert at_once(forms) == {302: 1, 409: 1}
    (kept,) = outbox_bodies()
    assert isinstance(kept, RequestChange)
    loser = forms[1 - int(kept.reason.removeprefix("reason "))]
    page = loser[0].post(*loser[1:])
    assert (page.status_code, "Not sent" in page.content.decode()) == (409, True)
    assert outbox_bodies() == [kept]


@pytest.mark.parametrize("subject", sorted(SUBJECTS))
def test_a_form_sent_many_times_at_once_is_one_command(people: list[Client], subject: str) -> None:
    address, said = filled(people[0], subject, "once")
    cookie = people[0].cookies["sessionid"].value
    clients = [Client(headers={"cookie": f"sessionid={cookie}"}) for _ in range(6)]
    assert at_once([(client, address, said) for client in clients]) == {302: 6}
    assert len(outbox_bodies()) == 1


def test_who_was_refused_stands_in_nobodys_way(people: list[Client], writer: Writer) -> None:
    ada, ben = [filled(client, "set a term", "r") for client in people]
    assert people[0].post(*ada).status_code == 302
    refused = InboxEntry(
        command_id=OutboxCommand.objects.get().pk, entry_id="1-1", result="refused:INVALID", book="demo"
    )
    writer.governance.commit([], inbox=[refused])
    assert people[1].post(*ben).status_code == 302
    assert people[0].post(*ada).status_code == 302  # the same form again: told that it was refused, not sent again
    assert [body.change.value for body in outbox_bodies()] == [outbox_bodies()[0].change.value] * 2


def test_two_operators_suspend_a_seat_without_waiting_for_each_other(people: list[Client]) -> None:
    address = f"/admin/governance/seat/{Seat.objects.get(agent='rule').pk}/act/suspend/"
    forms = [(client, address, opened(client, address, reason="odd")) for client in people]
    assert at_once(forms) == {302: 2}
    assert len(outbox_bodies()) == 2


def commands_of(client: Client, page: str, **filled: str) -> list[Post]:
    """What the buttons of the page would send to make a command, with a reason and what is `filled` in."""
    found = list[Post]()
    for form in FORM.findall(client.get(page).content.decode()):
        said = {name: unescape(value) for name, value in HIDDEN.findall(form)}
        if 'name="reason"' in form and not DIALOG.search(form):
            assert "token" in said, form
            sent = {**dict.fromkeys(CHOICES.findall(form), "in"), **said, "reason": "r", **filled}
            found += [(client, unescape(address), sent) for address in ACTION.findall(form)]
    return found


@pytest.mark.parametrize(
    ("where", "wanted"),
    [
        ("/orders/", {"move-cash", "adjust", "reconcile", "cancel-order"}),
        ("/orders/flatten/", {"flatten"}),
        ("/holds/", {"release-hold", "refuse-hold"}),
        ("/changes/", {"approve-change", "refuse-change"}),
        ("/alarms/", {"acknowledge-alarm", "clear-breaker"}),
    ],
)
def test_what_a_desk_sends_is_one_command_however_often_it_is_sent(
    people: list[Client], writer: Writer, where: str, wanted: set[str]
) -> None:
    everything.tell(writer, "said")
    writer.show(lambda history: trip(history, "latched", subject="BTCUSDT", effect="LATCHED"))
    numbers = {"instrument": "BTCUSDT", "quantity": "1", "price": "2", "amount": "5"} if where == "/orders/" else {}
    before, sent = len(outbox_bodies()), commands_of(people[0], where, **numbers)
    seen = {resolve(address).url_name for _, address, _ in sent}
    assert wanted <= seen
    for client, address, said in sent:
        assert len({client.post(address, said)["Location"] for _ in range(2)}) == 1, address
    assert len(outbox_bodies()) == before + len(sent)
    _, address, said = sent[0]
    assert people[0].post(address, {**said, "reason": "another"}).status_code == 302
    assert people[1].post(address, said).status_code == 302
    assert len(outbox_bodies()) == before + len(sent) + 2
    assert people[0].post(address, {**said, "token": "none"}).status_code == 400


def test_ten_halts_at_once_are_one_halt() -> None:
    clients = [browser(person(f"op-{number}", is_superuser=True)) for number in range(10)]
    posts = [(client, "/halt/", {"book": "demo", "reason": f"reason {n}"}) for n, client in enumerate(clients)]
    assert at_once(posts) == {302: 10}
    kept = gate.read(connection, "demo")
    assert (kept.mode, kept.who) == ("HALTED", f"operator:op-{kept.why.removeprefix('reason ')}")
    again = {client.post("/halt/", {"book": "demo", "reason": "later"}).status_code for client in clients}
    assert (again, gate.read(connection, "demo")) == ({302}, kept)

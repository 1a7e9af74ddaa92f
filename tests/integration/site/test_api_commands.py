"""Commands over the API: exactly once, by right, with a second factor, and what malformed ones are told."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client

from govsite.access import roles
from ledger.models import GateMode, OutboxCommand
from streams.messages import CancelOrder, Flatten, MoveCash, RequestChange, SubmitProposal
from tests.integration.site.calling import HERE, answered, post, token_of
from tests.integration.site.conftest import Writer
from tests.integration.site.desk import ORDER, sent, trip, working
from tests.integration.site.people import browser, confirmed, person, phone
from tests.unit.site.history import History

WHY = {"reason": "end of the day"}
CANCEL = f"/orders/{ORDER}/cancel"
PROPOSAL = {
    "agent": "fast-momentum",
    "proposal": {
        "proposal_id": "p-1",
        "action": "trade",
        "instrument": "BTCUSDT",
        "target": "0.05",
        "probability": 0.57,
        "price": "61234.56",
        "evidence_received_at": 1_767_225_600_123_456_789,
    },
}


@pytest.fixture
def history(writer: Writer, redis_url: str, settings: Any) -> History:
    settings.REDIS_URL = redis_url
    writer.show(lambda told: trip(working(told.found())))
    return writer.history


@pytest.fixture
def program(history: History, operator: User) -> Client:
    scopes = [f"command:{name}" for name in ("halt", "resume", "suspension", "source", "change", "hold", "alarm")]
    more = [f"command:{name}" for name in ("order", "flatten", "cash", "reconcile")]
    return token_of(operator, "read", "propose", *scopes, *more, agent="fast-momentum")[1]


def test_a_command_is_kept_and_its_state_told(program: Client, writer: Writer) -> None:
    key = str(uuid4())
    status, said = post(program, CANCEL, WHY, key)
    assert (status, said["command_id"], said["state"]) == (202, key, "waiting")
    assert sent() == (CancelOrder(order_id=ORDER, reason="end of the day"), "operator:ada", "demo")
    where = program.post(f"{HERE}{CANCEL}", WHY, "application/json", headers={"Idempotency-Key": key})["Location"]
    assert where == f"{HERE}/commands/{key}"
    answered(writer, key, "refused:UNKNOWN_ORDER")
    state = program.get(where).json()
    assert (state["state"], state["code"], state["kind"]) == ("refused", "UNKNOWN_ORDER", "CancelOrder")
    assert state["words"]
    assert post(program, CANCEL, WHY, key)[1]["state"] == "refused"
    assert OutboxCommand.objects.count() == 1


def test_a_key_is_one_command(program: Client, writer: Writer) -> None:
    key = str(uuid4())
    assert post(program, "/books/demo/flatten", WHY, key)[0] == 202
    for path, body in (
        ("/books/demo/flatten", {"reason": "other"}),
        ("/books/demo/flatten", {**WHY, "instrument": "BTCUSDT"}),
        ("/books/demo/reconcile", WHY),
        (CANCEL, WHY),
    ):
        status, said = post(program, path, body, key)
        assert (status, "was given to another command" in said["detail"]) == (409, True)
    assert sent()[0] == Flatten(reason="end of the day")
    for wrong in ("1", "", "00000000-0000-0000-0000-000000000000", f"{{{key}}}", "x" * 10_000):
        answer = program.post(f"{HERE}{CANCEL}", WHY, "application/json", headers={"Idempotency-Key": wrong})
        assert (answer.status_code, "no random UUID" in answer.json()["detail"]) == (422, True)
    consumed = str(uuid4())
    answered(writer, consumed)
    assert post(program, CANCEL, WHY, consumed)[0] == 409


def test_many_at_once_with_one_key_are_one_command(program: Client) -> None:
    key = str(uuid4())

    def call(_: int) -> int:
        try:
            return post(program, CANCEL, WHY, key)[0]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(call, range(24))) == {202}
    assert OutboxCommand.objects.count() == 1


def test_every_command_becomes_what_it_says(program: Client) -> None:
    alarm = "/alarms/a/acknowledge"
    level = {**WHY, "instrument": "BTCUSDT", "quantity": "-0.5", "price": "61000.25"}
    calls: tuple[tuple[str, dict[str, Any], str], ...] = (
        ("/books/demo/resume", WHY, "ResumeTrading"),
        ("/books/demo/suspensions", {**WHY, "instrument": "BTCUSDT"}, "SuspendInstrument"),
        ("/books/demo/suspensions/lift", {**WHY, "instrument": "BTCUSDT"}, "LiftSuspension"),
        (alarm, WHY, "AcknowledgeAlarm"),
        ("/books/demo/breakers/clear", {**WHY, "breaker": "stale_feed", "subject": "BTCUSDT"}, "ClearBreaker"),
        (CANCEL, WHY, "CancelOrder"),
        ("/books/demo/flatten", {**WHY, "instrument": "BTCUSDT"}, "Flatten"),
        ("/books/demo/cash", {**WHY, "amount": "-12.5"}, "MoveCash"),
        ("/books/demo/adjust", level, "AdjustPosition"),
        ("/books/demo/reconcile", WHY, "Reconcile"),
        ("/books/demo/changes", {**WHY, "change": {"kind": "SuspendSeat", "agent": "risk"}}, "RequestChange"),
    )
    for path, body, kind in calls:
        status, said = post(program, path, body)
        assert (path, status, said.get("kind")) == (path, 202, kind)
        OutboxCommand.objects.get(command_id=said["command_id"])
    OutboxCommand.objects.all().delete()
    post(program, "/books/demo/cash", {**WHY, "amount": "-12.5"})
    assert sent()[0] == MoveCash(amount=Decimal("-12.5"), reason="end of the day")


def test_a_change_of_a_parameter_carries_its_replay(program: Client) -> None:
    key = str(uuid4())
    change = {"kind": "SetTerm", "name": "drawdown_halt", "value": "0.05"}
    assert post(program, "/books/demo/changes", {**WHY, "change": change}, key)[0] == 202
    body: Any = sent()[0]
    assert isinstance(body, RequestChange)
    assert (body.change_id, body.preview is not None) == (key, True)
    assert post(program, "/books/demo/changes", {**WHY, "change": change}, key)[0] == 202
    rule = {"kind": "ActivateRule", "rule": "x", "title": "x", "effect": "deny"}
    wrong = {**rule, "clauses": [{"name": "holds", "cel": "order.nothing <"}]}
    status, said = post(program, "/books/demo/changes", {**WHY, "change": wrong})
    assert (status, said["detail"].startswith("clauses: holds: ")) == (422, True)


def test_a_halt_holds_when_it_is_answered(program: Client, history: History) -> None:
    status, gate = post(program, "/books/demo/halt", WHY)
    assert (status, gate["mode"], gate["who"], gate["why"]) == (200, "HALTED", "operator:ada", "end of the day")
    assert GateMode.objects.get(book="demo").mode == "HALTED"
    assert post(program, "/books/dmeo/halt", WHY)[0] == 404
    assert post(program, "/halt", {**WHY, "reason": "a\0b"})[0] == 422
    assert post(program, "/halt", WHY)[1]["book"] == "*"
    assert not OutboxCommand.objects.exists()


def test_a_proposal_is_the_seats_own(program: Client, operator: User) -> None:
    status, said = post(program, "/books/demo/proposals", PROPOSAL)
    assert (status, said["actor"]) == (202, "fast-momentum")
    body, actor, book = sent()
    assert isinstance(body, SubmitProposal)
    assert (body.target, actor, book) == (Decimal("0.05"), "fast-momentum", "demo")
    assert program.get(f"{HERE}/commands/{said['command_id']}").status_code == 200
    status, said = post(program, "/books/demo/proposals", {**PROPOSAL, "agent": "risk"})
    assert (status, "speaks for fast-momentum only" in said["detail"]) == (403, True)
    _, ghost = token_of(operator, "propose", agent="ghost")
    status, said = post(ghost, "/books/demo/proposals", {**PROPOSAL, "agent": "ghost"})
    assert (status, said["detail"]) == (422, "agent: 'ghost' has no seat in book demo")
    assert post(ghost, CANCEL, WHY)[0] == 403
    for wrong in ({"target": "NaN"}, {"price": "-1"}, {"probability": 2}, {"instrument": "btc"}, {"ttl_ms": 10**30}):
        proposal = {**PROPOSAL, "proposal": {**PROPOSAL["proposal"], **wrong}}  # type: ignore[dict-item]
        assert post(program, "/books/demo/proposals", proposal)[0] == 422


MALFORMED: tuple[tuple[bytes, str, int], ...] = (
    (b"{", "application/json", 400),
    (b" ", "application/json", 400),
    (b"\xff\xfe", "application/json", 400),
    (b"[" * 60_000, "application/json", 422),
    (b"null", "application/json", 422),
    (b"{}", "application/json", 422),
    (b'{"reason": ""}', "application/json", 422),
    (b'{"reason": 5}', "application/json", 422),
    (b'{"reason": "x", "more": 1}', "application/json", 422),
    (b'{"reason": "a\\u0000b"}', "application/json", 422),
    (json.dumps({"reason": "x" * 10_000}).encode(), "application/json", 422),
    (b'{"reason": "' + b"x" * 70_000 + b'"}', "application/json", 413),
    (b"x" * 2_000_000, "application/json", 413),
    (b"reason=x", "application/x-www-form-urlencoded", 415),
    (b'{"reason": "x"}', "text/plain", 415),
)
AMOUNTS = (
    '"NaN"',
    '"Infinity"',
    "1e400",
    '"1e400"',
    '"1e-400"',
    "9" * 400,
    '"0x1"',
    "null",
    "[]",
    '"1e18888888888888"',
)


def test_what_is_malformed_changes_nothing(program: Client) -> None:
    for raw, kind, status in MALFORMED:
        answer = program.generic("POST", f"{HERE}{CANCEL}", raw, kind)
        assert (raw[:40], answer.status_code) == (raw[:40], status)
        assert answer["Content-Type"] == "application/problem+json"
    for amount in AMOUNTS:
        raw = f'{{"reason": "x", "amount": {amount}}}'.encode()
        answer = program.generic("POST", f"{HERE}/books/demo/cash", raw, "application/json")
        assert (amount[:20], answer.status_code) == (amount[:20], 422)
    for path in ("/orders/nothing/cancel", "/holds/x/release", "/changes/x/approve", "/alarms/x/acknowledge"):
        assert post(program, path, WHY)[0] == 404
    assert post(program, "/books/nothing/flatten", WHY)[0] == 404
    assert post(program, "/books/%00/flatten", WHY)[0] == 404
    assert post(program, f"{CANCEL}?wait=5", WHY)[0] == 422
    assert post(program, f"{CANCEL}?now=1", WHY)[0] == 422
    assert not OutboxCommand.objects.exists()


def test_only_who_may_and_has_proved_it_acts(history: History, settings: Any) -> None:
    settings.SECOND_FACTOR = True
    olga, vera = person("olga", roles.OPERATOR), person("vera", roles.VIEWER)
    assert post(browser(vera), CANCEL, WHY)[0] == 403
    status, said = post(browser(olga), CANCEL, WHY)
    assert (status, "second factor" in said["detail"]) == (403, True)
    _, unproved = token_of(olga, "command:order", "command:halt", confirmed=False)
    assert post(unproved, CANCEL, WHY)[0] == 403
    assert post(unproved, "/books/demo/halt", WHY)[0] == 200
    _, proved = token_of(olga, "command:order")
    assert post(proved, CANCEL, WHY)[0] == 403
    phone(olga)
    assert post(proved, CANCEL, WHY)[0] == 202
    assert post(proved, "/books/demo/flatten", WHY)[0] == 403
    assert post(confirmed(olga), CANCEL, WHY)[0] == 202


def test_a_session_writes_only_with_its_csrf_token(history: History, operator: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator)
    status, said = post(client, CANCEL, WHY)
    assert (status, "X-CSRFToken" in said["detail"]) == (403, True)
    client.get("/halt/")
    token = client.cookies["csrftoken"].value
    assert post(client, CANCEL, WHY, **{"X-CSRFToken": token})[0] == 202


def test_what_others_sent_is_not_told(program: Client, history: History) -> None:
    _, said = post(program, CANCEL, WHY)
    mallory = browser(person("mallory"))
    assert mallory.get(f"{HERE}/commands/{said['command_id']}").status_code == 404


def test_a_feed_that_is_not_there_switches_nothing(
    program: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1"
    status, said = post(program, "/feed-source", {**WHY, "source": "replay"})
    assert (status, "nothing was switched" in said["detail"]) == (503, True)
    assert post(program, "/feed-source", {**WHY, "source": "moon"})[0] == 422

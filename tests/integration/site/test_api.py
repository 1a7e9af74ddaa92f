"""The API under /api/v1/: who may ask, what comes back, and what a wrong question is told."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import psycopg
import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.http import HttpResponse
from django.test import Client, RequestFactory

from govsite.api.answers import database
from govsite.api.problems import EveryErrorIsAProblem
from govsite.auditing.checkpoint import archive_directory, configured_key
from ledger.audit import Question, ask
from ledger.checkpoints import sign_due
from ledger.work import alone
from tests.integration.ledger import large
from tests.integration.ledger.signed import connected, forge

ROOT = Path(__file__).resolve().parent.parent.parent.parent
ROUND = large.names_of(5)


@pytest.fixture
def ledger(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path)
    monkeypatch.setattr(settings, "ARCHIVE_DIR", tmp_path / "archive")
    large.fill(database, 600)
    return database


@pytest.fixture
def signed(ledger: str) -> Iterator[int]:
    """How many checkpoints were signed."""
    with connected(ledger) as connection:
        yield sign_due(connection, configured_key(), 100, archive_directory())


@pytest.fixture
def client(ledger: str) -> Client:
    """An auditor: may see the ledger and nothing else."""
    auditor = User.objects.create(username="eve", is_staff=True)
    auditor.user_permissions.add(Permission.objects.get(codename="view_ledgerevent"))
    client = Client()
    client.force_login(auditor)
    return client


def get(client: Client, path: str, **asked: Any) -> dict[str, Any]:
    answer = client.get(f"/api/v1{path}", asked)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = json.loads(answer.content)
    return found


def problem(client: Client, path: str, **asked: Any) -> tuple[int, str]:
    answer = client.get(f"/api/v1{path}", asked)
    assert answer["Content-Type"] == "application/problem+json"
    body = json.loads(answer.content)
    assert body["status"] == answer.status_code
    return answer.status_code, body["detail"]


PATHS = (
    "/books/demo/as-of?at=2026-01-02",
    "/checkpoints",
    "/decisions/x/explain",
    "/ledger",
    "/ledger/export",
    "/ledger/verify",
)


@pytest.mark.parametrize("path", PATHS)
def test_strangers_are_asked_to_log_in(ledger: str, path: str) -> None:
    status, detail = problem(Client(), path)
    assert status == 401
    assert "/admin/login/" in detail


@pytest.mark.parametrize("path", PATHS)
def test_who_may_not_see_the_ledger_is_told_what_is_missing(ledger: str, path: str) -> None:
    client = Client()
    client.force_login(User.objects.create(username="mallory", is_staff=True))
    assert problem(client, path) == (403, "your account lacks the permission ledger.view_ledgerevent")


def test_a_page_is_what_the_table_holds(client: Client, ledger: str) -> None:
    page = get(client, "/ledger", correlation=ROUND["tick"])
    with psycopg.connect(ledger, autocommit=True) as connection:
        rows = list(ask(connection, Question(correlation=ROUND["tick"])))
    assert [(one["log"], one["position"], one["payload"], one["hash"]) for one in page["events"]] == [
        (row["log"], row["position"], row["payload"], row["hash"].hex()) for row in rows
    ]
    assert page["next"] is None


@pytest.mark.parametrize("newest", ["false", "true"])
def test_pages_follow_each_other_to_the_end(client: Client, ledger: str, newest: str) -> None:
    places, cursor = [], ""
    while cursor is not None:
        page = get(client, "/ledger", limit=77, newest=newest, cursor=cursor)
        places += [(one["log"], one["position"]) for one in page["events"]]
        cursor = page["next"]
    with psycopg.connect(ledger, autocommit=True) as connection:
        whole = [(row["log"], row["position"]) for row in ask(connection, Question(newest=newest == "true"))]
    assert places == whole


def test_conditions_hold_together(client: Client) -> None:
    since = large.STARTED + timedelta(milliseconds=large.ROUND_MS * 5)
    until = since + timedelta(milliseconds=large.ROUND_MS)
    asked = {"event": ["DecisionReached", "OrderFilled"], "from": since.isoformat(), "to": until.isoformat()}
    events = get(client, "/ledger", **asked)["events"]
    assert [(one["event"], one["correlation_id"]) for one in events] == [
        ("DecisionReached", ROUND["tick"]),
        ("OrderFilled", ROUND["tick"]),
    ]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"evnt": "OrderFilled"}, "evnt: there is no such parameter, only actor, after, aggregate, book"),
        ({"event": "OrderFiled"}, "event: there is no event 'OrderFiled': OrderFilled"),
        ({"aggregate": "order"}, "aggregate: there is no kind of aggregate 'order': Order?"),
        ({"book": "dmeo"}, "there is no book 'dmeo': demo?"),
        ({"book": ["demo", "other"]}, "book: it is given more than once"),
        ({"actor": "exekutor"}, "there is no actor 'exekutor': executor?"),
        ({"from": "yesterday"}, "from: 'yesterday' is no time"),
        ({"limit": "0"}, "limit: '0' does not fit: "),
        ({"limit": "5000"}, "limit: '5000' does not fit: "),
        ({"log": "other"}, "log: 'other' does not fit: input should be 'governance' or 'execution'"),
        ({"cursor": "governance"}, "cursor: give `next`"),
        ({"cursor": "other.0:5"}, "cursor: give `next`"),
    ],
)
def test_a_wrong_question_is_told_what_is_wrong(client: Client, asked: dict[str, Any], told: str) -> None:
    status, detail = problem(client, "/ledger", **asked)
    assert status == 422
    assert told in detail


def test_a_decision_is_explained(client: Client) -> None:
    story = get(client, f"/decisions/{ROUND['decision']}/explain")
    assert (story["decision_id"], story["outcome"]) == (ROUND["decision"], "granted")
    assert story["orders"][0]["state"] == "FILLED"
    assert story["events"][-1]["event"] == "Order.OrderFilled"
    assert problem(client, "/decisions/nothing/explain")[0] == 404


def test_a_book_is_shown_as_it_was(client: Client) -> None:
    at = large.STARTED + timedelta(milliseconds=large.ROUND_MS * 5 + 100)
    book = get(client, "/books/demo/as-of", at=at.isoformat())
    assert book["mode"]["mode"] == "NORMAL"
    assert Decimal(book["positions"][0]["mark"]) == large.price_of(5)
    status, detail = problem(client, "/books/dmeo/as-of", at=at.isoformat())
    assert (status, detail.endswith("there is no book 'dmeo': demo?")) == (404, True)
    status, detail = problem(client, "/books/demo/as-of", at="2025-01-01")
    assert (status, detail.endswith("it was founded later")) == (404, True)
    assert problem(client, "/books/demo/as-of", at="then")[0] == 422
    assert problem(client, "/books/demo/as-of")[0] == 422
    status, detail = problem(client, "/books/demo/as-of", at="2999-01-01")
    assert (status, detail.split(": it is ")[0]) == (422, "at: 2999-01-01T00:00:00+00:00 is in the future")


def test_an_edited_event_is_found(client: Client, ledger: str) -> None:
    whole = get(client, "/ledger/verify", part="chain")
    assert whole["whole"] is True
    assert any("the chain is whole" in line for line in whole["report"])
    with psycopg.connect(ledger) as owner:
        owner.execute("ALTER TABLE event_log DISABLE TRIGGER append_only")
        owner.execute("UPDATE event_log SET actor = 'x' WHERE log = 'governance' AND position = 33")
        owner.execute("ALTER TABLE event_log ENABLE ALWAYS TRIGGER append_only")
    broken = get(client, "/ledger/verify", part="chain")
    assert broken["whole"] is False
    assert any("BROKEN at position 33" in line for line in broken["report"])
    said = "part: 'nope' does not fit: input should be 'chain', 'checkpoints', 'archive' or 'decisions'"
    assert problem(client, "/ledger/verify", part="nope") == (422, said)


def test_checkpoints_are_listed_with_the_key_that_verifies_them(client: Client, signed: int) -> None:
    found = get(client, "/checkpoints")
    assert len(found["checkpoints"]) == signed
    assert "BEGIN PUBLIC KEY" in found["public_key"]
    assert {one["log"] for one in found["checkpoints"]} <= {"governance", "execution"}
    later = get(client, "/checkpoints", log="governance", after=200)["checkpoints"]
    assert 0 < len(later) < len(found["checkpoints"])


def test_where_nothing_is_signed_there_is_no_checkpoint(client: Client) -> None:
    assert get(client, "/checkpoints") == {"public_key": "", "checkpoints": []}


def test_an_export_verifies_offline(client: Client, signed: int, tmp_path: Path) -> None:
    answer = client.get("/api/v1/ledger/export", {"correlation": ROUND["tick"]})
    assert answer.status_code == 200
    content = answer.getvalue()
    ZipFile(BytesIO(content)).extractall(tmp_path / "export")
    script = [
        sys.executable,
        str(ROOT / "docs" / "verify_offline.py"),
        "--public-key",
        str(tmp_path / "checkpoint.pub"),
    ]
    done = subprocess.run([*script, "export", str(tmp_path / "export")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert problem(client, "/ledger/export", event="OrderFiled")[0] == 422
    assert problem(client, "/ledger/export", book="dmeo") == (422, "there is no book 'dmeo': demo?")


def test_the_document_names_conditions_as_they_are_given(client: Client) -> None:
    document = get(client, "/openapi.json")
    names = {one["name"] for one in document["paths"]["/api/v1/ledger"]["get"]["parameters"]}
    assert {"from", "to", "event", "cursor", "newest"} <= names
    assert {"since", "until"}.isdisjoint(names)


@pytest.mark.parametrize("asked", [{"to": "9999-12-31T23:59:59"}, {"from": "0001-01-01"}])
def test_the_ends_of_time_are_times(client: Client, asked: dict[str, str]) -> None:
    assert get(client, "/ledger", **asked)["events"]


def test_a_character_that_no_text_can_hold_is_a_wrong_question(client: Client) -> None:
    assert problem(client, "/ledger", actor="a\x00b")[0] == 422


def test_every_way_to_write_an_id_is_the_same_id(client: Client) -> None:
    wanted = get(client, "/ledger", limit="1")["events"][0]["aggregate_id"]
    plain = get(client, "/ledger", aggregate=wanted)["events"]
    assert plain
    assert get(client, "/ledger", aggregate=f"urn:uuid:{wanted}")["events"] == plain


def test_asking_for_an_export_makes_no_key_and_tells_no_path(client: Client, tmp_path: Path) -> None:
    status, detail = problem(client, "/ledger/export")
    assert status == 503
    assert str(tmp_path) not in detail
    assert not list(tmp_path.glob("checkpoint.*"))


@pytest.mark.parametrize("path", ["/ledger/export", "/ledger/verify"])
def test_the_whole_ledger_is_read_for_one_at_a_time(client: Client, signed: int, path: str) -> None:
    with database() as connection, alone(connection, "ledger"):
        status, detail = problem(client, path)
    assert status == 503
    assert "under way" in detail


def test_a_hole_is_told(client: Client, ledger: str) -> None:
    with connected(ledger) as connection:
        forge(connection, "DELETE FROM event_log WHERE log = 'governance' AND position = 2")
        forge(connection, "DELETE FROM event_log WHERE log = 'governance' AND position BETWEEN 3 AND 400")
    status, detail = problem(client, "/ledger", **{"from": "2026-01-01", "log": "governance"})
    assert status == 500
    assert "run `manage.py audit verify`" in detail


@pytest.mark.parametrize("path", PATHS)
def test_a_parameter_that_is_not_known_is_named(client: Client, signed: int, path: str) -> None:
    status, detail = problem(client, f"{path}{'&' if '?' in path else '?'}bok=demo")
    assert status == 422
    assert detail.startswith("bok: there is no such parameter, ")


NOWHERE = ("/api", "/api/", "/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v1/ledger/", "/api/v2/ledger")


@pytest.mark.parametrize("path", NOWHERE)
@pytest.mark.parametrize("debug", [False, True])
def test_an_address_that_is_not_there_is_a_problem(client: Client, settings: Any, path: str, debug: bool) -> None:
    settings.DEBUG = debug
    answer = client.get(path, follow=True)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert "/api/v1/openapi.json" in json.loads(answer.content)["detail"]


@pytest.mark.parametrize("path", PATHS)
def test_another_method_is_a_problem_that_names_the_right_one(client: Client, path: str) -> None:
    answer = client.post(f"/api/v1{path}", b"{}", content_type="application/json")
    assert (answer.status_code, answer["Content-Type"], answer["Allow"]) == (
        405,
        "application/problem+json",
        "GET, HEAD",
    )
    assert (answer["Content-Length"], answer["X-Content-Type-Options"]) == (str(len(answer.content)), "nosniff")


def test_a_foreign_host_is_a_problem_and_the_pages_keep_their_own(client: Client) -> None:
    answer = client.get("/api/v1/ledger", headers={"host": "evil.example"})
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert client.get("/nothing")["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("status", [403, 413, 415, 429, 500])
def test_whatever_django_refuses_under_the_api_is_a_problem(status: int) -> None:
    refused = HttpResponse("<h1>no</h1>", status=status, headers={"Allow": "GET"})
    told = EveryErrorIsAProblem(lambda request: refused)(RequestFactory().get("/api/v1/ledger"))
    assert isinstance(told, HttpResponse)
    assert (told.status_code, told["Content-Type"]) == (status, "application/problem+json")
    assert json.loads(told.content)["detail"] not in ("", told.reason_phrase)
    assert EveryErrorIsAProblem(lambda request: refused)(RequestFactory().get("/apis/")) is refused


POSITIONED = (
    "/books/demo/as-of?at=2026-01-02",
    "/checkpoints",
    f"/decisions/{ROUND['decision']}/explain",
    "/ledger?limit=5",
    "/openapi.json",
)


@pytest.mark.parametrize("path", POSITIONED)
def test_who_has_an_answer_already_is_not_given_it_again(client: Client, path: str) -> None:
    first = client.get(f"/api/v1{path}")
    assert (first.status_code, first["Cache-Control"]) == (200, "private, no-cache")
    assert first["Content-Type"].startswith("application/json")
    again = client.get(f"/api/v1{path}", headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert client.get(f"/api/v1{path}", headers={"if-none-match": '"other"'}).content == first.content


def test_an_edited_event_has_another_tag(client: Client, ledger: str) -> None:
    asked: dict[str, str | int] = {"limit": 40, "log": "governance"}
    tag = client.get("/api/v1/ledger", asked)["ETag"]
    with connected(ledger) as connection:
        forge(connection, "UPDATE event_log SET actor = 'x' WHERE log = 'governance' AND position = 33")
    assert client.get("/api/v1/ledger", asked, headers={"if-none-match": tag}).status_code == 200


def test_what_is_made_for_one_request_is_not_kept(client: Client, signed: int) -> None:
    for path in ("/ledger/verify", "/ledger/export"):
        answer = client.get(f"/api/v1{path}", {} if path.endswith("verify") else {"correlation": ROUND["tick"]})
        assert (answer.status_code, answer["Cache-Control"], "ETag" in answer) == (200, "no-store", False)
        answer.close()


def test_names_that_are_known_may_find_nothing_together(client: Client) -> None:
    assert get(client, "/ledger", book="demo", after=10**9) == {"events": [], "next": None}

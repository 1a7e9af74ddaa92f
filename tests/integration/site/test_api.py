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
from django.test import Client

from govsite.api.views import alone, database
from govsite.auditing.checkpoint import archive_directory, configured_key
from ledger.audit import Question, ask
from ledger.checkpoints import sign_due
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
        ({"evnt": "OrderFilled"}, "evnt: there is no such condition"),
        ({"event": "OrderFiled"}, "there is no event 'OrderFiled'"),
        ({"from": "yesterday"}, "from: 'yesterday' is no time"),
        ({"limit": "0"}, "limit: "),
        ({"limit": "5000"}, "limit: "),
        ({"log": "other"}, "log: "),
        ({"cursor": "governance"}, "cursor: give `next`"),
        ({"cursor": "other.0:5"}, "cursor: give `next`"),
    ],
)
def test_a_wrong_question_is_told_what_is_wrong(client: Client, asked: dict[str, str], told: str) -> None:
    status, detail = problem(client, "/ledger", **asked)
    assert status == 400
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
    assert problem(client, "/books/other/as-of", at=at.isoformat())[0] == 404
    assert problem(client, "/books/demo/as-of", at="2025-01-01")[0] == 404
    assert problem(client, "/books/demo/as-of", at="then")[0] == 400
    assert problem(client, "/books/demo/as-of")[0] == 400


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
    assert problem(client, "/ledger/verify", part="nothing")[0] == 400


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
    assert problem(client, "/ledger/export", event="OrderFiled")[0] == 400


def test_the_document_describes_every_path(client: Client) -> None:
    document = get(client, "/openapi.json")
    assert set(document["paths"]) == {
        "/api/v1/books/{book}/as-of",
        "/api/v1/checkpoints",
        "/api/v1/decisions/{decision_id}/explain",
        "/api/v1/ledger",
        "/api/v1/ledger/export",
        "/api/v1/ledger/verify",
    }
    names = {one["name"] for one in document["paths"]["/api/v1/ledger"]["get"]["parameters"]}
    assert {"from", "to", "event", "cursor", "newest"} <= names
    assert {"since", "until"}.isdisjoint(names)


@pytest.mark.parametrize("asked", [{"to": "9999-12-31T23:59:59"}, {"from": "0001-01-01"}])
def test_the_ends_of_time_are_times(client: Client, asked: dict[str, str]) -> None:
    assert get(client, "/ledger", **asked)["events"]


def test_a_character_that_no_text_can_hold_is_a_wrong_question(client: Client) -> None:
    assert problem(client, "/ledger", actor="a\x00b")[0] == 400


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
    with database() as connection, alone(connection):
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

"""Read models over the API: pages, conditions, one of each, and what a wrong question is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from execution.models import Order
from govsite.api.resources import RESOURCES
from tests.integration.site.calling import HERE, get
from tests.integration.site.conftest import Writer
from tests.integration.site.desk import ORDER, trip, working
from tests.integration.site.people import browser, person
from tests.unit.site.history import History

ROUNDS = 7
LISTS = sorted(each.name for each in RESOURCES)


@pytest.fixture
def decisions(writer: Writer) -> list[str]:
    """The decisions of a book, the oldest first."""
    made: list[str] = []

    def tell(history: History) -> None:
        history.found()
        made.extend(history.round() for _ in range(ROUNDS))
        trip(working(history))

    writer.show(tell)
    return made


@pytest.fixture
def client(operator: User) -> Client:
    return browser(operator)


def problem(client: Client, path: str, **asked: Any) -> tuple[int, str]:
    answer = client.get(f"{HERE}{path}", asked)
    assert answer["Content-Type"] == "application/problem+json", answer.content
    return answer.status_code, json.loads(answer.content)["detail"]


def test_pages_together_are_everything_once(client: Client, decisions: list[str]) -> None:
    for name in LISTS:
        _turn_pages(client, name)


def _turn_pages(client: Client, name: str) -> None:
    whole = get(client, f"/{name}", limit=1000)
    assert whole["next"] is None
    rows: list[Any] = []
    cursor = ""
    while cursor is not None:
        page = get(client, f"/{name}", limit=2, cursor=cursor)
        assert len(page[name]) <= 2
        rows += page[name]
        cursor = page["next"]
    assert rows == whole[name]
    assert name in ("changes", "holds", "outcomes") or rows


def test_who_may_not_see_a_model_is_told_what_is_missing(database: str) -> None:
    nobody = browser(person("mallory"))
    for each in RESOURCES:
        told = (403, f"your account lacks the permission {each.permission}")
        assert problem(nobody, f"/{each.name}") == told


def test_strangers_are_asked_to_come_in(database: str) -> None:
    for name in (*LISTS, "instruments", "processes", "feed", "dead-letters", "bars", "books/demo", "openapi.json"):
        answer = Client().get(f"{HERE}/{name}")
        assert (name, answer.status_code, answer["WWW-Authenticate"]) == (name, 401, 'Bearer realm="api"')


def test_amounts_are_exact_and_times_have_their_nanoseconds(client: Client, decisions: list[str]) -> None:
    fill = get(client, "/fills", decision=decisions[0])["fills"][0]
    assert (fill["quantity"], fill["price"]) == ("0.05", "61234.57")
    assert fill["received_at"].endswith("Z")
    assert fill["received_at_ns"] > 10**18
    assert fill["filled_at"].endswith("Z")


def test_conditions_hold_together(client: Client, decisions: list[str]) -> None:
    found = get(client, "/orders", state="working", instrument="BTCUSDT", book="demo")["orders"]
    assert [one["order_id"] for one in found] == [ORDER]
    assert get(client, "/orders", state="working", instrument="ETHUSDT")["orders"] == []
    filled = get(client, "/orders", decision=decisions[2])["orders"]
    assert [one["state"] for one in filled] == ["filled"]
    newest = get(client, "/decisions", limit=1)["decisions"][0]
    later = get(client, "/decisions", **{"from": newest["decided_at"]})["decisions"]
    before = get(client, "/decisions", to=newest["decided_at"])["decisions"]
    assert newest in later
    assert len(later) + len(before) == ROUNDS


WRONG: tuple[tuple[str, dict[str, str], int, str], ...] = (
    ("/orders", {"stat": "filled"}, 422, "stat: there is no such parameter, only book, cursor"),
    ("/orders", {"state": "fild"}, 422, "state: 'fild' does not fit: input should be 'accepted', 'sent'"),
    ("/orders", {"book": "dmeo"}, 422, "book: there is no book 'dmeo'; there are: demo"),
    ("/orders", {"instrument": "BTCUSD"}, 422, "no book lists 'BTCUSD'; there are: BTCUSDT, ETHUSDT"),
    ("/orders", {"decision": "a\0b"}, 422, "decision: a NUL character"),
    ("/orders", {"decision": "x" * 10_000}, 422, "decision: "),
    ("/orders", {"limit": "1001"}, 422, "limit: '1001' does not fit"),
    ("/orders", {"limit": "1" * 400}, 422, "limit: "),
    ("/orders", {"from": "yesterday"}, 422, "from: 'yesterday' is no time"),
    ("/orders", {"cursor": "nonsense"}, 422, "cursor: give `next`"),
    ("/orders", {"cursor": "WyJhIiwiYiJd"}, 422, "cursor: give `next`"),
    ("/orders", {"cursor": "ü"}, 422, "cursor: give `next`"),
    ("/instruments", {"cursor": "x"}, 422, "cursor: give `next`"),
    ("/dead-letters", {"cursor": "x"}, 422, "cursor: give `next`"),
    ("/bars", {}, 422, "instrument: "),
    ("/bars", {"instrument": "NOPE"}, 422, "no book lists 'NOPE'"),
    ("/bars", {"instrument": "BTCUSDT", "width_s": "5"}, 422, "width_s: '5' does not fit"),
    ("/books/dmeo", {}, 404, "there is no book 'dmeo'"),
    ("/agents/nobody", {}, 404, "there is no agent 'nobody'"),
    ("/agents/nobody/weights", {}, 404, "there is no agent 'nobody'"),
    ("/rules/nothing", {}, 404, "there is no rule 'nothing'"),
    ("/rules/nothing/versions", {}, 404, "there is no rule 'nothing'"),
    ("/orders/nothing", {}, 404, "there is no order 'nothing'"),
    ("/decisions/a%00b", {}, 404, "decision_id: there is none"),
    ("/deliberations/nothing", {}, 404, "there is no deliberation 'nothing'"),
    ("/commands/nothing", {}, 404, "there is no command 'nothing'"),
)


def test_a_wrong_question_is_told_what_is_wrong(client: Client, decisions: list[str], redis_url: str) -> None:
    for path, asked, status, told in WRONG:
        found, detail = problem(client, path, **asked)
        assert (path, asked, found) == (path, asked, status)
        assert told in detail


def test_one_of_each_has_what_belongs_to_it(client: Client, decisions: list[str]) -> None:
    book = get(client, "/books/demo")
    assert (book["gate"]["mode"], book["quote"]) == ("NORMAL", "USDT")
    assert book["account"]["cash"].replace(".", "").isdigit()
    decision = get(client, f"/decisions/{decisions[0]}")
    assert [one["decision_id"] for one in (*decision["placed"], *decision["fills"])] == [decisions[0]] * 2
    order = get(client, f"/orders/{decision['placed'][0]['order_id']}")
    assert order["fills"] == decision["fills"]
    round_ = get(client, f"/deliberations/{decision['deliberation_id']}")
    read = [(trace["rule"], trace["facts"]["order.post_position"]) for trace in round_["traces"]]
    assert read == [("position-limit", 0.05), ("stale-data", 0.05)]
    assert len(round_["proposals"]) == 2
    assert {one["deliberation_id"] for one in round_["proposals"]} == {decision["deliberation_id"]}
    assert len(round_["ballots"]) > 8
    assert get(client, "/agents/fast-momentum")["role"] == "strategy"
    assert get(client, "/agents/fast-momentum/weights", book="demo") == {"weights": [], "next": None}
    rule = get(client, "/rules/stale-data")
    versions = get(client, "/rules/stale-data/versions")["versions"]
    assert [one["version"] for one in versions] == [rule["version"]] == [1]
    listed = get(client, "/instruments", limit=1)
    assert listed["instruments"][0]["instrument"] == "BTCUSDT"
    rest = get(client, "/instruments", limit=1, cursor=listed["next"])
    assert ([one["instrument"] for one in rest["instruments"]], rest["next"]) == (["ETHUSDT"], None)


def test_where_several_books_have_it_the_book_is_asked(client: Client, writer: Writer, decisions: list[str]) -> None:
    other = History("other").found()
    writer.history.governance += other.governance
    writer.history.execution += other.execution
    writer.commit()
    writer.project()
    status, detail = problem(client, "/agents/risk")
    assert (status, detail) == (422, "book: several books have an agent 'risk', say which: demo, other")
    assert get(client, "/agents/risk", book="other")["book"] == "other"


def test_head_is_get_without_the_body(client: Client, decisions: list[str]) -> None:
    for path in ("/orders?limit=3", "/books/demo", "/decisions", "/ledger?limit=3", "/openapi.json"):
        _head(client, path)
    assert client.head(f"{HERE}/nothing").status_code == 404


def _head(client: Client, path: str) -> None:
    full, head = client.get(f"{HERE}{path}"), client.head(f"{HERE}{path}")
    assert (head.status_code, head.content, head["ETag"]) == (200, b"", full["ETag"])
    assert head["Content-Length"] == str(len(full.content))
    again = client.get(f"{HERE}{path}", headers={"if-none-match": full["ETag"]})
    assert again.status_code == 304


def test_processes_and_letters_are_said_to_be_unreachable_without_redis(
    client: Client, decisions: list[str], settings: Any
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1"
    for path in ("/processes", "/feed", "/dead-letters"):
        assert problem(client, path) == (503, "Redis does not answer; try again in a moment")


def test_a_process_that_says_nothing_is_unheard(client: Client, database: str, redis_url: str, settings: Any) -> None:
    settings.REDIS_URL = redis_url
    assert {one["state"] for one in get(client, "/processes")["processes"]} == {"unheard"}
    assert get(client, "/feed")["name"] == "feed"
    assert get(client, "/dead-letters") == {"letters": [], "next": None}


def test_every_list_stays_as_it_was_while_new_rows_come(client: Client, writer: Writer, decisions: list[str]) -> None:
    first = get(client, "/orders", limit=3)
    writer.show(lambda history: history.round())
    second = get(client, "/orders", limit=1000, cursor=first["next"])
    ids = [one["order_id"] for one in (*first["orders"], *second["orders"])]
    assert len(ids) == len(set(ids)) == Order.objects.count() - 1

"""How good agents are and how often rules trip, over the API."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from streams import events as e
from tests.integration.site.calling import HERE, get
from tests.integration.site.conftest import Writer
from tests.integration.site.people import browser, person
from tests.integration.site.test_governing import answered, scored
from tests.unit.site.history import History

D = Decimal


@pytest.fixture
def client(operator: User) -> Client:
    return browser(operator)


# --- agents -----------------------------------------------------------------------------------------


def test_an_agents_forecasts_are_held_against_what_happened(writer: Writer, client: Client) -> None:
    decided: list[str] = []
    writer.show(lambda history: history.found())
    writer.show(lambda history: decided.extend(history.round() for _ in range(3)))
    writer.show(scored)
    before = get(client, "/agents/fast-momentum/performance")
    assert (before["forecasts"], before["brier"], before["bins"]) == (0, None, [])
    assert [(one["y"], one["answered"]) for one in before["proposals"]] == [(None, False)] * 3
    answered(writer)
    told = get(client, "/agents/fast-momentum/performance", book="demo")
    assert told["forecasts"] == 6
    assert told["brier"] == pytest.approx(((0.58 - 1) ** 2 + 0.41**2) / 2)
    assert [(one["low"], one["count"], one["frequency"]) for one in told["bins"]] == [(0.4, 3, 0.0), (0.5, 3, 1.0)]
    assert told["regret"]["buckets"] == 4
    assert told["regret"]["regret"] == pytest.approx(0.88 - 4 * (0.2 + 0.21 + 0.22) / 3)
    assert told["regret"]["bound"] > 0
    assert [one["decision_id"] for one in told["proposals"]] == decided[::-1]
    assert {(one["state"], one["y"], one["gain"]) for one in told["proposals"]} == {("GRANTED", True, 0.001)}
    assert told["vetoes"] is None


def test_a_moment_of_the_past_knows_nothing_of_what_came_after(writer: Writer, client: Client) -> None:
    writer.show(lambda history: history.found())
    writer.show(lambda history: history.round())
    writer.show(scored)
    writer.show(lambda history: history.round(outcome="vetoed"))
    answered(writer)
    later = get(client, "/agents/fast-momentum/performance")["proposals"]
    (cut,) = [one["at"] for one in later if one["state"] == "VETOED"]
    then = get(client, "/agents/fast-momentum/performance", to=cut)
    assert [one["answered"] for one in then["proposals"]] == [False]
    assert then["forecasts"] == 0
    assert then["regret"]["buckets"] == 4
    assert get(client, "/agents/compliance/performance", to=cut)["vetoes"]["count"] == 0
    assert get(client, "/agents/compliance/performance")["vetoes"]["count"] == 1
    first = get(client, "/agents/fast-momentum/performance", to="2000-01-01")
    assert (first["proposals"], first["regret"]) == ([], None)


def test_a_veto_is_told_with_what_it_stopped(writer: Writer, client: Client) -> None:
    decided: list[str] = []
    writer.show(lambda history: history.found())
    writer.show(lambda history: decided.append(history.round(outcome="vetoed", quantity=D("0.1"), price=D(60000))))
    answered(writer, up=False)
    vetoes = get(client, "/agents/compliance/performance")["vetoes"]
    assert (vetoes["count"], vetoes["answered"], vetoes["amount"]) == (1, 1, "6")
    (veto,) = vetoes["newest"]
    assert (veto["proposer"], veto["question"], veto["reason"]) == (
        "fast-momentum",
        "BTCUSDT:buy",
        "restricted until noon",
    )
    assert (veto["decision_id"], veto["y"], veto["gain"]) == (decided[0], False, -0.001)


# --- rules ------------------------------------------------------------------------------------------


def trace(rule: str, *, value: bool | str = True, **options: Any) -> e.ClauseTrace:
    values: dict[str, Any] = {"version": 1, "clause": "holds", "order_id": "o", "effect": "deny", "facts": {}}
    return e.ClauseTrace(rule=rule, value=value, **{**values, **options})


def evaluated(*traces: e.ClauseTrace, key: str = "round") -> Callable[[History], object]:
    def tell(history: History) -> None:
        history._open(key, "BTCUSDT", D(60000))
        history.tell(e.RulesEvaluated(rulebook_version=2, traces=traces), key)

    return tell


def clauses(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {rule["rule"]: rule["clauses"][0] for rule in told["rules"]}


def test_trips_errors_and_shadows_are_counted_by_clause(writer: Writer, client: Client) -> None:
    decided: list[str] = []
    writer.show(lambda history: history.found())
    assert get(client, "/rules/activity", book="demo")["rules"] == []
    writer.show(lambda history: decided.append(history.round(outcome="reduced")))
    writer.show(lambda history: history.round(outcome="vetoed"))
    shadowed = trace("position-limit", value=False, shadow=True, effect="clip")
    writer.show(evaluated(trace("stale-data", value="NO_SUCH_FACT"), shadowed))
    told = get(client, "/rules/activity", book="demo")
    assert (told["evaluations"], told["most"]) == (2, 1000)
    assert told["since"] < told["until"]
    found = clauses(told)
    names = ("asked", "tripped", "failed", "would_have")
    assert [found["position-limit"][name] for name in names] == [2, 1, 0, 1]
    assert [found["stale-data"][name] for name in names] == [2, 1, 1, 0]
    assert found["stale-data"]["last"]["deliberation_id"] == "round"
    assert found["stale-data"]["last"]["decision_id"] is None
    first = clauses(get(client, "/rules/activity", book="demo", to=told["until"]))
    assert first["position-limit"]["last"]["decision_id"] == decided[0]
    assert first["position-limit"]["last"]["clipped_to"] == "0.05"
    since = get(client, "/rules/activity", book="demo", **{"from": told["until"]})
    assert (since["evaluations"], since["since"]) == (1, told["until"])


def test_what_a_rule_cuts_to_belongs_to_the_clause_that_tripped(writer: Writer, client: Client) -> None:
    cut = trace("position-limit", clause="clip_to", effect="clip", clipped_to=D("0.035"))
    traces = (trace("position-limit", value=False, effect="clip"), cut, trace("stale-data", clause="exempt"))
    writer.show(lambda history: evaluated(*traces)(history.found()))
    position, stale = get(client, "/rules/activity", book="demo")["rules"]
    (clause,) = position["clauses"]
    assert (clause["clause"], clause["tripped"], clause["last"]["clipped_to"]) == ("holds", 1, "0.035")
    assert (stale["exempt"], stale["clauses"]) == (1, [])


def test_the_nearest_pass_is_named(writer: Writer, client: Client) -> None:
    writer.show(lambda history: history.found())
    for number, age in enumerate((120.0, 950.0, 400.0)):
        writer.show(evaluated(trace("stale-data", facts={"market.quote_age_ms": age}), key=f"round-{number}"))
    found = clauses(get(client, "/rules/activity", book="demo"))["stale-data"]
    assert (found["asked"], found["near"], found["tripped"]) == (3, 1, 0)
    nearest = found["nearest"]
    assert (nearest["measured"], nearest["limit"], nearest["deliberation_id"]) == (950.0, 1000.0, "round-1")
    assert nearest["used"] == pytest.approx(0.95)


def test_only_the_book_that_was_asked_for_is_counted(writer: Writer, client: Client) -> None:
    writer.show(lambda history: history.found())
    writer.show(lambda history: history.round())
    assert client.get(f"{HERE}/rules/activity", {"book": "dmeo"}).status_code == 422
    assert client.get(f"{HERE}/rules/activity").status_code == 422
    assert get(client, "/rules/activity", book="demo", to="0001-01-01T00:00Z")["evaluations"] == 0
    assert get(client, "/rules/activity", book="demo", to="9999-12-31T23:59Z")["evaluations"] == 1


def test_they_are_for_who_may_see_what_they_are_made_of(database: str) -> None:
    nobody = browser(person("mallory"))
    for path in ("agents/risk/performance", "rules/activity?book=demo"):
        assert nobody.get(f"{HERE}/{path}").status_code == 403
        assert Client().get(f"{HERE}/{path}").status_code == 401

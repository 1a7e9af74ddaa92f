"""The page of limits: how far each breaker and limit is, and what it says when nobody has measured."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from django.contrib.auth.models import User
from django.test import Client

from governance.domain.controls import CONTROLS
from streams import events as e
from tests.integration.site.conftest import Writer
from tests.integration.site.desk import D, priced, trip
from tests.integration.site.people import browser, person
from tests.integration.site.readings import measured, reading
from tests.unit.site.history import History

NASTY = "<script>alert('x')</script>"


@pytest.fixture
def client(operator: User) -> Client:
    return browser(operator)


def text(response: Any) -> str:
    return str(response.content.decode())


def rows(client: Client, which: str = "breakers") -> dict[str, Any]:
    page = client.get("/limits/")
    assert page.status_code == 200
    return {row.key: row for row in page.context[which]}


def holding(history: History) -> None:
    history.found()
    history.round(quantity=D("0.4"), price=D(60_000))


def test_a_reading_shows_formula_inputs_share_and_age(writer: Writer, client: Client, redis_url: str) -> None:
    writer.show(lambda history: history.found())
    near = reading(level=0.86, value=D("0.043"), state="warned")
    measured(redis_url, reading("daily_loss"), near, reading("stale_feed", "BTCUSDT", effect="SUSPENDED"))
    page = client.get("/limits/")
    shown = text(page)
    for words in ("Drawdown", "near its limit", "86.0 %", "4.30 %", "5.00 %", "(peak − equity)/peak ≥ 0.05", "99000"):
        assert words in shown
    assert not page.context["trouble"]
    states = {row.key: row.state for row in page.context["breakers"]}
    assert states["drawdown demo REDUCE_ONLY"] == "warned"
    assert states["daily_loss demo REDUCE_ONLY"] == "ok"
    assert states["stale_feed ETHUSDT SUSPENDED"] == "unknown", "an instrument without a price is not fine"


def test_the_worst_stands_first(writer: Writer, client: Client, redis_url: str) -> None:
    writer.show(lambda history: history.found())
    measured(
        redis_url,
        reading("daily_loss", level=0.5),
        reading(level=0.85, state="warned"),
        reading("repeated_execution", f"{NASTY}:BTCUSDT", effect="LATCHED", level=1.0, state="latched"),
        reading("reject_rate", level=1.2, state="tripped"),
    )
    page = client.get("/limits/")
    order = [row.state for row in page.context["breakers"]]
    assert order == ["latched", "tripped", "unknown", "unknown", "warned", "ok"]
    assert NASTY not in text(page)


def test_old_readings_are_not_shown_as_fine(writer: Writer, client: Client, redis_url: str) -> None:
    writer.show(lambda history: history.found())
    measured(redis_url, reading(), reading("reject_rate", level=1.2, state="tripped"), ago_s=190)
    page = client.get("/limits/")
    states = {row.key: row.state for row in page.context["breakers"]}
    assert states["drawdown demo REDUCE_ONLY"] == "unknown"
    assert states["reject_rate demo REDUCE_ONLY"] == "tripped"
    assert "The governor has measured nothing since" in text(page)
    assert "3 min" in text(page)


@pytest.mark.parametrize("what", ["nothing", "other release", "no Redis"])
def test_without_readings_the_page_says_so_and_what_the_ledger_knows(
    writer: Writer, client: Client, redis_url: str, settings: Any, what: str
) -> None:
    writer.show(lambda history: trip(history.found(), "a", formula="age of the last tick > 60 s"))
    if what == "other release":
        with redis.Redis.from_url(redis_url) as connection:
            connection.set("readings:demo", b'{"readings": "none"}')
    if what == "no Redis":
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
    page = client.get("/limits/")
    assert "how far the breakers are is not known" in text(page)
    (row,) = page.context["breakers"]
    assert (row.key, row.state) == ("stale_feed BTCUSDT REDUCE_ONLY", "tripped")
    assert "61.2" in text(page)
    assert "it is not measured now" in text(page)


def test_what_the_ledger_knows_to_be_tripped_is_so_whatever_is_measured(
    writer: Writer, client: Client, redis_url: str
) -> None:
    writer.show(lambda history: trip(history.found(), "a"))
    measured(redis_url, reading("stale_feed", "BTCUSDT"))
    assert rows(client)["stale_feed BTCUSDT REDUCE_ONLY"].state == "tripped"


def test_positions_stand_against_the_terms(writer: Writer, client: Client) -> None:
    writer.show(holding)
    priced(writer.url, BTCUSDT="60000")
    found = rows(client, "limits")
    position = found["position BTCUSDT"]
    assert (position.level, position.formula) == (D("0.4") / D("0.7"), "0 ≤ position ≤ 0.7")
    gross = found["gross"]
    assert gross.level == pytest.approx(D("0.24"), abs=D("0.001"))
    assert gross.formula == "Σ |position · price| ≤ 100 % of equity"
    assert found["concentration BTCUSDT"].level == pytest.approx(D("0.6"), abs=D("0.001"))


def test_a_limit_without_a_price_is_not_known_and_one_that_is_reached_is(writer: Writer, client: Client) -> None:
    writer.show(holding)
    found = rows(client, "limits")
    assert found["concentration BTCUSDT"].state == found["gross"].state == "unknown"
    assert "No price is known of BTCUSDT" in found["gross"].note
    priced(writer.url, BTCUSDT="160000")
    found = rows(client, "limits")
    assert found["concentration BTCUSDT"].state == "over"
    assert found["position BTCUSDT"].state == "ok"


def test_each_control_stands_with_its_parameters_and_whether_it_is_in_force(writer: Writer, client: Client) -> None:
    def rules(history: History) -> None:
        history.found()
        shadow = e.RuleActivated(
            rule="net-exposure", version=3, title="net", effect="clip", shadow=True,
            clauses=(e.RuleClause(name="holds", cel="true"),), who="operator:demo", why="demo",
        )  # fmt: skip
        history.tell(shadow)

    writer.show(rules)
    found = {each["control"].name: each for each in client.get("/limits/").context["controls"]}
    assert list(found) == [control.name for control in CONTROLS]
    most = {"name": "max_position", "words": "position, at most", "value": "BTCUSDT 0.7 units, ETHUSDT 0.7 units"}
    assert most in found["position limit"]["parameters"]
    (gross,) = found["gross exposure"]["parameters"]
    assert gross == {"name": "max_gross", "words": "gross exposure, at most", "value": "100 % of equity"}
    (value,) = found["max order value"]["parameters"]
    assert value["value"] == "10000 USDT"
    for each in found.values():
        for one in each["parameters"]:
            assert "_" not in one["words"], "a raw name"
    assert found["position limit"]["force"] == "in force, v1"
    assert found["net exposure"]["force"] == "in shadow, v3: told, not enforced"
    assert found["gross exposure"]["force"] == "not in the rulebook: nothing checks it"
    assert found["venue filters"]["force"] == "built in: clearing"


def test_before_anything_is_founded(writer: Writer, client: Client) -> None:
    page = client.get("/limits/")
    assert page.status_code == 200
    assert "No book has been founded yet" in text(page)


def test_who_may_not_see_breakers_is_refused(writer: Writer) -> None:
    assert browser(person("nobody")).get("/limits/").status_code == 403
    assert browser(person("eve", "viewer")).get("/limits/").status_code == 200
    assert Client().get("/limits/").status_code == 302

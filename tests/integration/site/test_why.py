"""Why is nothing trading: each thing that stands in the way is found, and the first of them is the answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import redis
from django.contrib.auth.models import User
from django.test import Client

from execution.models import Order
from govsite.ops import denials
from ledger import gate
from streams import events as e
from streams.client import DELIBERATIONS, TICKS
from streams.telemetry import Telemetry
from tests.integration.site.conftest import Writer
from tests.integration.site.desk import trip
from tests.integration.site.people import browser, person
from tests.unit.site.history import History

NASTY = "<script>alert('x')</script>"
RUNNING = ("feed", "agents", "governor", "executor", "relay", "projector")


@pytest.fixture
def client(operator: User) -> Client:
    return browser(operator)


@pytest.fixture
def runs(redis_url: str) -> Callable[..., None]:
    """All processes speak and a tick came `tick_s` ago, but for those that are named."""

    def start(*without: str, tick_s: float | None = 0.0, behind_s: float = 0.0) -> None:
        with redis.Redis.from_url(redis_url) as connection:
            now = time.time_ns() // 1_000_000
            if tick_s is not None:
                connection.xadd(TICKS, {"m": "{}"}, id=f"{now - int(tick_s * 1000)}-1")
            for name in sorted(set(RUNNING) - set(without)):
                telemetry = Telemetry(connection, name)
                if name == "agents" and behind_s:
                    telemetry.positions[TICKS] = f"{now - int((tick_s or 0) * 1000) - int(behind_s * 1000)}-1"
                telemetry.beat(force=True)

    return start


def text(response: Any) -> str:
    return str(response.content.decode())


def said(client: Client) -> str:
    page = client.get("/why/")
    assert page.status_code == 200
    return str(page.context["answer"].text)


def found(client: Client) -> dict[str, Any]:
    return {each["finding"].key: each["finding"] for each in client.get("/why/").context["findings"]}


def trading(history: History) -> None:
    history.found()
    history.round()


def test_trading_goes_on(writer: Writer, client: Client, runs: Callable[..., None]) -> None:
    writer.show(trading)
    runs()
    page = client.get("/why/")
    assert page.context["answer"].text.startswith("Trading goes on: last fill ")
    assert set(found(client)) <= {"silent"}
    assert page.context["lately"].granted == 1
    assert "last fill" in text(page)


def test_a_halt_comes_before_everything_else(writer: Writer, client: Client, runs: Callable[..., None]) -> None:
    writer.show(trading)
    with psycopg.connect(writer.url, autocommit=True) as connection:
        gate.halt(connection, "demo", who="operator:ann", why=NASTY, command_id="c")
    runs("governor")
    assert said(client) == "Trading stands still because the book is halted, by operator:ann."
    page = text(client.get("/why/"))
    assert 'href="/resume/?book=demo"' in page
    assert "one operator resumes it to reduce-only" in page
    assert NASTY not in page


def test_processes_that_do_not_run(writer: Writer, client: Client, runs: Callable[..., None]) -> None:
    writer.show(trading)
    runs("governor", "executor", "projector")
    assert said(client) == "Trading stands still because the processes governor and executor are not running."
    assert found(client)["around"].because == "the process projector is not running"
    assert "not in the last 5 s" in text(client.get("/why/"))


def test_a_silent_feed_and_a_late_agent(writer: Writer, client: Client, runs: Callable[..., None]) -> None:
    writer.show(trading)
    runs(tick_s=90.0, behind_s=4.0)
    assert said(client).startswith("Trading stands still because no price has come for 9")
    assert found(client)["lag agents market.ticks"].because == "the process agents is 4.0 s behind market.ticks"


def test_without_redis_it_says_so(writer: Writer, client: Client, settings: Any) -> None:
    writer.show(trading)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert said(client) == (
        "Trading stands still because Redis does not answer, so nothing reaches the governor."
    )  # fmt: skip


def test_nobody_proposes(writer: Writer, client: Client, runs: Callable[..., None]) -> None:
    writer.show(lambda history: history.found())
    runs()
    assert said(client) == "Trading stands still because no agent has proposed anything yet."


def test_suspended_instruments(writer: Writer, client: Client, runs: Callable[..., None]) -> None:
    def suspend(*symbols: str) -> Callable[[History], object]:
        return lambda history: [
            history.tell(e.TradingSuspended(instrument=each, who="operator:ann", why="news")) for each in symbols
        ]

    writer.show(trading)
    runs()
    writer.show(suspend("BTCUSDT"))
    assert found(client)["instruments"].words.startswith("1 of 2 may not be traded freely: BTCUSDT")
    assert said(client).startswith("Trading goes on")
    writer.show(suspend("ETHUSDT"))
    assert said(client).startswith("Trading stands still because none of the book's instruments may be traded freely")


def test_a_council_that_is_too_small(writer: Writer, client: Client, runs: Callable[..., None]) -> None:
    def shrink(history: History) -> None:
        trading(history)
        for agent in ("fast-momentum", "slow-momentum", "mean-reversion", "order-flow"):
            for who in ("operator:ann", "operator:bob"):
                history.tell(e.SeatSuspended(agent=agent, who=who, why="wild"))

    writer.show(shrink)
    runs()
    assert said(client) == (
        "Trading stands still because the council is too small: 2 owners have mass, and it takes 3."
    )  # fmt: skip


def test_rounds_that_grant_nothing_say_what_they_were_lost_to(
    writer: Writer, client: Client, runs: Callable[..., None]
) -> None:
    def refused(history: History) -> None:
        history.found()
        for _ in range(3):
            history.round(outcome="vetoed")

    writer.show(refused)
    runs()
    assert said(client).startswith("Trading stands still because none of the last 3 rounds was granted; most often ")
    lost = {(each.reason, each.by): each for each in client.get("/why/").context["lately"].denials}
    assert (lost["VETOED", "compliance"].count, lost["DEFEATED", ""].count) == (3, 3)
    assert lost["VETOED", "compliance"].words == "compliance vetoed it"
    for each in lost.values():
        assert client.get(f"/decisions/?{each.query}").status_code == 200


def test_a_reason_that_names_other_proposals_is_counted_once(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = [("SUPERSEDED", str(uuid4())), ("SUPERSEDED", str(uuid4())), ("DEFEATED", "forecast"), ("VETOED", "risk")]
    monkeypatch.setattr(denials, "_lost", lambda rounds: iter(lost))
    writer.show(lambda history: history.found())
    found = {(each.reason, each.words): each.count for each in denials.lately("demo").denials}
    assert found == {
        ("SUPERSEDED", "the council's median pointed elsewhere, or another proposal did it already"): 2,
        ("DEFEATED", "the voters’ forecast was below one half"): 1,
        ("VETOED", "risk vetoed it"): 1,
    }


def test_what_else_to_look_at(writer: Writer, client: Client, runs: Callable[..., None]) -> None:
    def told(history: History) -> None:
        trading(history)
        history.round(filled=False)
        trip(history, "latch", breaker="repeated_execution", subject=f"{NASTY}:BTCUSDT", effect="LATCHED")

    writer.show(told)
    runs()
    assert said(client).startswith("Trading goes on")
    keys = found(client)
    assert f"breaker repeated_execution {NASTY}:BTCUSDT" in keys
    assert keys["orders"].words.startswith("1 granted order ended without a fill; most often expired: ")
    page = client.get("/why/")
    assert NASTY not in text(page)
    for each in page.context["findings"]:
        assert client.get(each["link"]).status_code == 200, each["link"]
    Order.objects.filter(state="expired").update(filled=Decimal("0.01"))
    assert "orders" not in found(client), "an order that was filled in part is no order without a fill"


def test_before_anything_is_founded_and_who_may_look(writer: Writer, client: Client, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as connection:
        connection.delete(TICKS, DELIBERATIONS)
    assert "there is nothing that could trade" in text(client.get("/why/"))
    assert browser(person("nobody")).get("/why/").status_code == 403
    assert browser(person("eve", "viewer")).get("/why/").status_code == 200

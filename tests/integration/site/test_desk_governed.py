"""The desk's pages with a governor and a relay behind them: what is asked there takes hold, and is told."""

from __future__ import annotations

import time
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from ledger import gate
from ledger.models import LedgerEvent
from tests.integration.site.test_govern import governed, people, project, waits_until
from tests.integration.site.test_govern_desk import flattened, holding

__all__ = ["governed", "holding", "people"]
HALT = {"book": "demo", "reason": "odd fills"}


def browser(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=name))
    return client


def answered(client: Client, path: str, **said: str) -> str:
    """What the page that follows says once the governor has answered."""
    where = client.post(path, {"book": "demo", "reason": "because", **said})["Location"]
    pages: list[str] = []

    def is_told() -> bool:
        pages.append(client.get(where).content.decode())
        return "has not answered yet" not in pages[-1]

    waits_until(is_told, "the governor answers")
    return pages[-1]


def mode() -> str:
    return gate.read(connection, "demo").mode


def test_a_halt_is_left_by_two_operators_one_after_the_other(governed: str) -> None:
    ann, bob = browser("ann"), browser("bob")
    ann.post("/halt/", HALT)
    waits_until(lambda: LedgerEvent.objects.filter(event="TradingHalted").exists(), "the governor has seen the halt")
    assert "Accepted" in answered(ann, "/resume/")
    assert mode() == "REDUCE_ONLY"
    assert "You ended the halt" in ann.get("/resume/").content.decode()
    assert "another operator can" in answered(ann, "/resume/")
    assert mode() == "REDUCE_ONLY"
    assert "Accepted" in answered(bob, "/resume/")
    assert mode() == "NORMAL"
    assert "it is so already" in answered(bob, "/resume/")


def test_an_instrument_is_suspended_at_once_and_lifted(governed: str) -> None:
    ann = browser("ann")
    asked = time.time()
    assert "Accepted" in answered(ann, "/halt/", what="BTCUSDT")
    event = LedgerEvent.objects.get(event="TradingSuspended")
    assert (event.payload["instrument"], event.payload["who"]) == ("BTCUSDT", "operator:ann")
    took_ms = (event.recorded_at.timestamp() - asked) * 1000
    assert took_ms < 1_000, "governor, relay and site share one interpreter here; apart it takes some milliseconds"
    project(governed)
    assert "BTCUSDT of book demo: Suspended since" in ann.get("/orders/").content.decode()
    assert "it is so already" in answered(ann, "/halt/", what="BTCUSDT")
    assert "Accepted" in answered(ann, "/lift/", instrument="BTCUSDT")
    project(governed)
    assert "Suspended since" not in ann.get("/orders/").content.decode()


def test_what_came_of_the_desks_orders_is_told(holding: str) -> None:
    flattened("--instrument", "BTCUSDT")  # the governor has heard of position and price
    ann = browser("ann")
    pages: dict[str, Any] = {
        "/orders/cash/": ({"direction": "out", "amount": "9999999"}, "Refused: more is asked for than is free"),
        "/orders/reconcile/": ({}, "Accepted"),
        "/orders/adjust/": ({"instrument": "BTCUSDT", "quantity": "0.1", "price": "50000"}, "Accepted"),
    }
    for path, (said, words) in pages.items():
        assert words in answered(ann, path, **said), path
    assert "Accepted" in answered(ann, "/orders/cash/", direction="in", amount="10")
    (moved,) = LedgerEvent.objects.filter(event="CashMoveOrdered")
    assert (moved.payload["amount"], moved.payload["who"]) == ("10", "operator:ann")

"""Terms of a book in the admin: each with its unit, value and bounds, and errors at the field."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from governance.domain.parameters import BOOK, INSTRUMENT
from governance.models import Book
from govsite.ops.term_page import unit_of
from streams.changes import SetTerm
from tests.integration.site.conftest import Writer
from tests.integration.site.forms import opened, outbox_bodies
from tests.integration.site.people import browser, person

TERMS = "/admin/governance/book/demo/terms/"
GROSS = f"{TERMS}max_gross/"
LARGEST = f"{TERMS}max_position/?instrument=BTCUSDT"


@pytest.fixture
def client(operator: User, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr("govsite.ops.sending.PATIENCE_S", 0.0)
    return browser(operator)


@pytest.fixture(autouse=True)
def book(writer: Writer) -> None:
    writer.show(lambda history: history.found())


def test_every_term_is_listed_with_value_unit_and_bounds(client: Client) -> None:
    page: Any = client.get(TERMS)
    assert [title for title, _, _ in page.context["tables"]] == ["The book", "BTCUSDT", "ETHUSDT"]
    for name, symbol in (*((name, "") for name in BOOK), *((name, "ETHUSDT") for name in INSTRUMENT)):
        assert f"{TERMS}{name}/{f'?instrument={symbol}' if symbol else ''}" in page.content.decode()
    assert TERMS in client.get("/admin/governance/book/demo/change/").content.decode()


def test_units_follow_from_the_names() -> None:
    known = {name: unit_of(name) for name in ("collar_bp", "hold_ttl_s", "trade_window_ms", "max_gross", "strikes")}
    assert list(known.values()) == ["basis points", "s", "ms", "of equity", "count"]
    counts = {name for name in (*BOOK, *INSTRUMENT) if unit_of(name) == "count"}
    assert counts == {
        *("message_burst", "repeated_fills", "repeated_trips", "losses_in_row", "reject_orders", "newcomer_events"),
        *("strikes", "paper_seed"),
    }


@pytest.mark.parametrize(
    ("where", "change"),
    [
        (GROSS, SetTerm(name="max_gross", value=Decimal("0.9"))),
        (LARGEST, SetTerm(name="max_position", value=Decimal("0.9"), instrument="BTCUSDT")),
    ],
)
def test_a_term_is_changed_by_one_command(client: Client, where: str, change: SetTerm) -> None:
    said = opened(client, where, value="0.9", reason="calmer")
    checked = client.post(where, {**said, "check": "1"})
    assert "there is no decision to try it on yet" in checked.content.decode()
    assert not outbox_bodies()
    answers = [client.post(where, said) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    (body,) = outbox_bodies()
    assert body.change == change
    assert body.preview is not None
    assert "has not answered yet" in client.get(answers[0]["Location"]).content.decode()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("max_gross", "10.5", "lies between 0 and 10"),
        ("max_gross", "-1", "lies between 0 and 10"),
        ("max_gross", "", "required"),
        ("max_gross", "NaN", "number"),
        ("max_gross", "\0", "number"),
        ("max_gross", "9" * 10_000, "digits"),
        ("max_gross", "1e30", "lies between 0 and 10"),
        ("trade_window_ms", "12.5", "whole number"),
        ("drawdown_reduce", "0.99", "must not be above drawdown_halt"),
        ("trade_quorum", "0.05", "must stay above"),
        ("collar_bp", "50", "is 50 already"),
    ],
)
def test_a_wrong_value_is_said_at_the_field(client: Client, name: str, value: str, words: str) -> None:
    where = f"{TERMS}{name}/"
    page: Any = client.post(where, opened(client, where, value=value, reason="r"))
    assert page.status_code == 400
    assert words in str(page.context["form"].errors["value"])
    assert not outbox_bodies()


def test_a_term_that_changed_meanwhile_is_shown_and_not_overwritten(client: Client) -> None:
    said = opened(client, GROSS, value="0.9", reason="r")
    row = Book.objects.get(book="demo")
    Book.objects.update(terms={**row.terms, "max_gross": "0.7"})
    page: Any = client.post(GROSS, said)
    assert page.status_code == 409
    assert "It is 0.7 of equity by now" in page.content.decode()
    assert not outbox_bodies()


@pytest.mark.parametrize(
    "path", ["horizon_s/", "max_position/", "max_gross/?instrument=BTCUSDT", "lot_size/?instrument=X"]
)
def test_a_term_that_is_not_there_is_not_found(client: Client, path: str) -> None:
    assert client.get(TERMS + path).status_code == 404
    assert client.get("/admin/governance/book/none/terms/").status_code == 404


def test_who_only_looks_sees_terms_and_may_not_change_them(client: Client) -> None:
    vic = browser(person("vic", "viewer"))
    page = vic.get(TERMS)
    assert page.status_code == 200
    assert GROSS not in page.content.decode()
    assert [vic.get(GROSS).status_code, vic.post(GROSS, {"value": "1", "reason": "r"}).status_code] == [403, 403]
    assert browser(person("guest")).get(TERMS).status_code == 403

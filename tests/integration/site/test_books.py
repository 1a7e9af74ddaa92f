"""The overview of books: each with its mode, money and work, fast with a thousand of them."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from execution.models import Account, Position
from governance.models import Alarm, Book, Decision
from govsite.ops import books
from ledger import gate
from streams import events as e
from tests.integration.site.conftest import Writer
from tests.integration.site.desk import D, priced, trip, working
from tests.integration.site.people import browser, person
from tests.unit.site.history import History

NASTY = "<script>alert('x')</script>"


@pytest.fixture
def client(operator: User) -> Client:
    return browser(operator)


def text(response: Any) -> str:
    return str(response.content.decode())


def rows(page: Any) -> dict[str, dict[str, Any]]:
    return {each["row"].book: each for each in page.context["rows"]}


def busy(history: History) -> None:
    history.found()
    history.round(quantity=D("0.4"), price=D(60_000))
    marked = e.EquityMarked(equity=D(100_000), peak=D(110_000), day_open=D(99_000), day="2023-11-14", market_at=1)
    history.tell(marked)
    working(trip(history))


def test_a_book_stands_with_its_mode_money_and_work(writer: Writer, client: Client) -> None:
    writer.show(busy)
    priced(writer.url, BTCUSDT="60000")
    row = rows(client.get("/books/"))["demo"]
    worth = row["worth"]
    assert worth.equity == pytest.approx(D(100_000), abs=D("0.1"))
    assert worth.day == pytest.approx(D(1_000), abs=D("0.1"))
    assert worth.drawdown == pytest.approx(D(10_000) / D(110_000), abs=D("0.0001"))
    assert (worth.gross, worth.unpriced) == (D(24_000), 0)
    assert (row["working"], row["alarms"], row["mode"]["mode"]) == (1, 1, "NORMAL")
    assert row["row"].outcome == "granted"
    shown = text(client.get("/books/"))
    for words in ("99,999.94", "9.1 %", "granted", 'href="/?book=demo"'):
        assert words in shown


def test_what_is_not_known_is_said(writer: Writer, client: Client) -> None:
    writer.show(lambda history: history.found())
    row = rows(client.get("/books/"))["demo"]
    assert (row["worth"].drawdown, row["worth"].day) == (None, None)
    shown = text(client.get("/books/"))
    assert "not marked" in shown
    assert "none yet" in shown
    Account.objects.all().delete()
    assert "not opened" in text(client.get("/books/"))


def test_the_gate_of_all_books_is_every_books_mode(writer: Writer, client: Client) -> None:
    writer.show(lambda history: history.found())
    with psycopg.connect(writer.url, autocommit=True) as opened:
        gate.halt(opened, "*", who="operator:ann", why="news", command_id="c")
    assert rows(client.get("/books/"))["demo"]["mode"]["mode"] == "HALTED"


def many(number: int) -> None:
    """As many books as one that was told, with an account, a position, a decision and an alarm each."""
    names = [f"book-{index:04}" for index in range(number)]
    for model in (Book, Account):
        kept = model.objects.get()
        for chunk in range(0, number, 500):
            model.objects.bulk_create(_copies(kept, names[chunk : chunk + 500], key="book"))
    position, decision, alarm = Position.objects.get(), Decision.objects.first(), Alarm.objects.get()
    assert decision is not None
    Position.objects.bulk_create(_copies(position, names, key="position_id", uuid=True))
    Decision.objects.bulk_create(_copies(decision, names, key="decision_id"))
    Alarm.objects.bulk_create(_copies(alarm, names, key="alarm_id"))


def _copies(kept: Any, names: list[str], *, key: str, uuid: bool = False) -> list[Any]:
    values = {field.attname: getattr(kept, field.attname) for field in kept._meta.concrete_fields}
    copies = []
    for name in names:
        own = str(UUID(int=int(name.removeprefix("book-")))) if uuid else name
        copies.append(type(kept)(**{**values, "book": name, key: own}))
    return copies


def test_a_thousand_books_take_no_more_queries_than_one_and_are_fast(writer: Writer, client: Client) -> None:
    writer.show(busy)
    priced(writer.url, BTCUSDT="60000")
    client.get("/books/")
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get("/books/")
    many(1000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    with CaptureQueriesContext(connection) as lots:
        page = client.get("/books/")
    assert len(page.context["rows"]) == books.PAGE
    assert len(lots) == len(few)
    took = []
    for _ in range(5):
        began = time.perf_counter()
        client.get("/books/")
        took.append(time.perf_counter() - began)
    assert sorted(took)[2] < 1.0, took


def test_pages_meet_without_a_gap_and_a_name_is_found(
    writer: Writer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.show(busy)
    many(7)
    monkeypatch.setattr(books, "PAGE", 3)
    seen: list[str] = []
    address = "?"
    while address:
        page = client.get(f"/books/{address}")
        seen += list(rows(page))
        address = page.context["next"]
    assert seen == [*(f"book-{index:04}" for index in range(7)), "demo"]
    assert list(rows(client.get("/books/", {"find": "0004"}))) == ["book-0004"]
    empty = client.get("/books/", {"find": NASTY})
    assert "has “&lt;script&gt;" in text(empty)
    assert NASTY not in text(empty)


@pytest.mark.parametrize("name", ["after", "find"])
@pytest.mark.parametrize("value", ["a\0b", "x" * 10_000])
def test_a_bad_filter_says_what_is_wrong(writer: Writer, client: Client, name: str, value: str) -> None:
    answer = client.get("/books/", {name: value})
    assert answer.status_code == 400
    assert f"{name}: a name has at most" in text(answer)


def test_a_click_chooses_the_book_and_who_may_look(writer: Writer, client: Client) -> None:
    writer.show(busy)
    many(3)
    client.get("/?book=book-0002")
    assert "chosen" in text(client.get("/books/"))
    assert client.get("/limits/").context["book"] == "book-0002"
    assert browser(person("nobody")).get("/books/").status_code == 403

"""Halting, suspending, resuming: who may, what every page shows, and that it works while Redis hangs."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client

from ledger import gate
from ledger.models import OutboxCommand
from streams import events as e
from streams.messages import LiftSuspension, SuspendInstrument
from tests.integration.ledger.held import held
from tests.integration.site.conftest import Writer
from tests.integration.site.desk import sent, trip
from tests.unit.site.history import History

JSON = {"Accept": "application/json"}
NASTY = "<script>alert('x')</script>"
PAGES = ("/", "/orders/", "/alarms/", "/feed/", "/halt/", "/agents/", "/market/", "/admin/", "/admin/governance/book/")


@pytest.fixture
def client(operator: User) -> Client:
    client = Client()
    client.force_login(operator)
    return client


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("govsite.ops.sending.PATIENCE_S", 0.0)
    monkeypatch.setattr("govsite.ops.commanding.wait", lambda command_id: None)


@pytest.fixture
def hanging_redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What takes a connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken: list[socket.socket] = []

        def take() -> None:
            try:
                while True:
                    taken.append(server.accept()[0])
            except OSError:
                return

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        monkeypatch.setattr(settings, "REDIS_URL", f"redis://127.0.0.1:{server.getsockname()[1]}")
        yield
        server.shutdown(socket.SHUT_RDWR)
    thread.join(10)
    for each in taken:
        each.close()


def text(response: Any) -> str:
    return str(response.content.decode())


# --- halting ----------------------------------------------------------------------------------------


def test_everything_needed_to_halt_works_while_redis_hangs(writer: Writer, client: Client, hanging_redis: None) -> None:
    writer.show(lambda history: history.found())
    began = time.monotonic()
    assert "Halt trading" in text(client.get("/halt/"))
    answer = client.post("/halt/", {"book": "demo", "reason": NASTY}, headers=JSON)
    assert answer.status_code == 200
    assert gate.read(connection, "demo").mode == "HALTED"
    assert answer.json()["mode"]["text"].startswith("Book demo: Halted since")
    for path in PAGES:
        page = text(client.get(path))
        assert "Book demo: Halted since" in page, path
        assert "then another operator to normal." in page, path
        assert NASTY not in page, path
    state = client.get("/market/state/").json()
    assert (state["mode"]["mode"], state["notices"][0]["key"]) == ("HALTED", "unknown")
    assert client.get("/readyz").status_code == 503
    assert client.get("/dead-letters/").status_code == 200
    assert time.monotonic() - began < 20, "no page waits for a Redis that hangs for longer than half a second"


def test_a_halt_is_in_force_within_a_tenth_of_a_second(writer: Writer, client: Client) -> None:
    writer.show(lambda history: history.found())
    client.post("/halt/", {"book": "other", "reason": "warm"}, headers=JSON)  # the first request of a process is slow
    took = []
    for number in range(5):
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM gate")
        began = time.time_ns()
        client.post("/halt/", {"book": "demo", "reason": f"{number}"}, headers=JSON)
        took.append((gate.read(connection, "demo").gate_at - began) / 1e6)
    assert min(took) < 100, took


def test_a_halt_that_somebody_holds_up_says_who_it_is(writer: Writer, client: Client) -> None:
    writer.show(lambda history: history.found())
    with held(writer.url, "demo"):
        answer = client.post("/halt/", {"book": "demo", "reason": "now"}, headers=JSON)
        assert answer.status_code == 400
        assert "(stuck) holds it" in answer.json()["text"]
        assert "(stuck) holds it" in text(client.post("/halt/", {"book": "demo", "reason": "now"}))
    assert gate.read(connection, "demo").mode == "NORMAL"
    assert client.post("/halt/", {"book": "demo", "reason": "now"}, headers=JSON).status_code == 200


def test_a_halt_is_latched(writer: Writer, client: Client) -> None:
    writer.show(lambda history: history.found())
    client.post("/halt/", {"book": "demo", "reason": "first"})
    client.post("/halt/", {"book": "demo", "reason": "second"})
    assert gate.read(connection, "demo").why == "first"


def test_all_books_are_chosen_in_the_dialog(writer: Writer, client: Client) -> None:
    writer.show(lambda history: history.found())
    page = text(client.get("/"))
    assert '<option value="all">All books</option>' in page
    assert '<option value="BTCUSDT">Only BTCUSDT' in page
    client.post("/halt/", {"book": "demo", "what": "all", "reason": "drill"})
    assert gate.read(connection, "any other").mode == "HALTED"
    assert "All books: Halted since" in text(client.get("/"))


def test_a_slip_of_the_pen_is_no_halt(writer: Writer, client: Client) -> None:
    writer.show(lambda history: history.found())
    for book in ("dmeo", "x" * 65, "demo\0", ""):
        response = client.post("/halt/", {"book": book, "reason": "odd"}, headers=JSON)
        assert response.status_code == 400, book
        assert response.json()["text"]
    assert client.post("/halt/", {"book": "demo", "reason": "", "what": "all"}).status_code == 400
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM gate")
        assert cursor.fetchone() == (0,)


def test_the_banner_of_a_reduction_names_breaker_and_instrument(writer: Writer, client: Client) -> None:
    writer.show(lambda history: trip(history.found(), "stale"))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO gate VALUES ('demo', 'REDUCE_ONLY', 'breaker:stale_feed', 'age > 60 s: 61', 'stale', now())"
        )
    shown = client.get("/").context["mode"]["text"]
    assert "by the breaker stale_feed on BTCUSDT: “age > 60 s: 61”" in shown


def test_who_ended_the_halt_reads_that_another_one_goes_on(writer: Writer, client: Client) -> None:
    writer.show(lambda history: history.found())
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO gate VALUES ('demo', 'REDUCE_ONLY', 'operator:ada', 'ok', 'c', now())")
    assert "You ended the halt: another operator than you" in text(client.get("/resume/"))
    bob = Client()
    bob.force_login(User.objects.create(username="bob", is_superuser=True))
    assert "another operator than ada resumes it to normal" in text(bob.get("/resume/"))


# --- one instrument ---------------------------------------------------------------------------------


def suspended(history: History) -> None:
    history.tell(e.TradingSuspended(instrument="ETHUSDT", who="operator:bob", why=NASTY))


@pytest.mark.usefixtures("impatient")
def test_one_instrument_is_suspended_and_lifted_by_command(writer: Writer, client: Client) -> None:
    writer.show(lambda history: history.found())
    said = {"book": "demo", "what": "BTCUSDT", "reason": NASTY}
    response = client.post("/halt/", said)
    assert sent() == (SuspendInstrument(instrument="BTCUSDT", reason=NASTY), "operator:ada", "demo")
    assert gate.read(connection, "demo").mode == "NORMAL"
    assert "has not answered yet" in text(client.get(response["Location"]))
    OutboxCommand.objects.all().delete()
    answer = client.post("/halt/", said, headers=JSON)
    assert (answer.status_code, "command_id" in answer.json()) == (202, True)
    OutboxCommand.objects.all().delete()
    client.post("/lift/", {"book": "demo", "instrument": "BTCUSDT", "reason": "fine"})
    assert sent() == (LiftSuspension(instrument="BTCUSDT", reason="fine"), "operator:ada", "demo")


@pytest.mark.usefixtures("impatient")
def test_only_what_is_listed_is_suspended(writer: Writer, client: Client) -> None:
    writer.show(lambda history: history.found())
    for what in ("DOGE", "btcusdt", "x" * 10_000, NASTY, "BTC\0"):
        response = client.post("/halt/", {"book": "demo", "what": what, "reason": "r"}, headers=JSON)
        assert response.status_code == 400, what
        assert client.post("/lift/", {"book": "demo", "instrument": what, "reason": "r"}).status_code == 400, what
    assert client.post("/lift/", {"book": "nobody", "instrument": "BTCUSDT", "reason": "r"}).status_code == 400
    assert client.get("/lift/").status_code == 405
    assert not OutboxCommand.objects.exists()


def test_a_suspension_stands_on_every_page_and_is_lifted_where_one_halts(writer: Writer, client: Client) -> None:
    def tell(history: History) -> None:
        suspended(history.found())

    writer.show(tell)
    for path in PAGES:
        page = text(client.get(path))
        assert "ETHUSDT of book demo: Suspended since" in page, path
        assert "One operator lifts it, under HALT." in page, path
        assert NASTY not in page, path
    assert "Lift ETHUSDT</button>" in text(client.get("/halt/"))
    (banner,) = client.get("/market/state/").json()["banners"]
    assert (banner["key"], banner["look"]) == ("suspended demo ETHUSDT", "warn")


def test_suspending_is_a_right_of_its_own(writer: Writer) -> None:
    writer.show(lambda history: history.found())
    guest = Client()
    user = User.objects.create(username="guest")
    guest.force_login(user)
    said = {"book": "demo", "what": "BTCUSDT", "instrument": "BTCUSDT", "reason": "r"}
    for path in ("/halt/", "/lift/"):
        assert guest.post(path, said, headers=JSON).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="suspend_instrument"))
    for path in ("/halt/", "/lift/"):
        assert guest.post(path, said, headers=JSON).status_code == 202
    assert guest.post("/halt/", {"book": "demo", "reason": "r"}).status_code == 403
    assert gate.read(connection, "demo").mode == "NORMAL"

"""The page of orders, fills and positions, and what the desk orders from it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from msgspec import structs

from execution.models import Order
from govsite.ops import orders
from ledger.models import OutboxCommand
from streams import events as e
from streams.messages import AdjustPosition, CancelOrder, Flatten, MoveCash, Reconcile
from tests.integration.site.conftest import Writer
from tests.integration.site.desk import ORDER, priced, sent, working
from tests.unit.site.history import VIEW, History

D = Decimal
NASTY = "<script>alert('x')</script>"
LONG = "x" * 10_000


@pytest.fixture
def client(operator: User) -> Client:
    client = Client()
    client.force_login(operator)
    return client


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("govsite.ops.sending.PATIENCE_S", 0.0)


@pytest.fixture
def book(writer: Writer) -> Writer:
    """Bought 0.05 BTCUSDT at 61234.57 twice, one refused round, one order that works."""

    def traded(history: History) -> None:
        history.found().round()
        history.round(outcome="refused")
        history.round()
        working(history)

    writer.show(traded)
    priced(writer.url, BTCUSDT="62000")
    return writer


def text(response: Any) -> str:
    return str(response.content.decode())


# --- the page ---------------------------------------------------------------------------------------


def test_an_empty_ledger_says_why_the_page_is_empty(writer: Writer, client: Client) -> None:
    assert "No book has been founded yet" in text(client.get("/orders/"))
    writer.show(lambda history: history.found())
    page = text(client.get("/orders/"))
    assert "Nothing has been traded yet" in page
    assert "No order is under way in book demo" in page


def test_positions_are_valued_at_the_marks_of_now(book: Writer, client: Client) -> None:
    page = client.get("/orders/")
    (held,) = page.context["holdings"]
    assert (held.instrument, held.quantity, held.mark) == ("BTCUSDT", D("0.1"), D(62000))
    assert held.average == pytest.approx(D("61234.57"))
    assert held.unrealised == pytest.approx(D("76.543"))
    assert held.exposure == D(6200)
    money = page.context["money"]
    assert money.equity == money.cash + D(6200)
    assert held.of_position == pytest.approx(D("0.1") / D("0.7"))
    assert held.of_concentration == pytest.approx(D(6200) / (money.equity * D("0.4")))
    assert money.of_gross == pytest.approx(D(6200) / money.equity)
    assert held.share == held.of_concentration
    assert "Flatten BTCUSDT" in text(page)


def test_what_has_no_price_counts_with_its_cost_and_is_named(book: Writer, client: Client) -> None:
    priced(book.url)
    page = client.get("/orders/")
    (held,) = page.context["holdings"]
    assert (held.mark, held.unrealised, held.exposure) == (None, None, pytest.approx(D("6123.457")))
    assert "No price is known of BTCUSDT" in text(page)


def test_what_works_shows_its_rest_and_leads_to_its_decision(book: Writer, client: Client) -> None:
    page = client.get("/orders/")
    (order,) = page.context["working"]
    assert (order["row"].order_id, order["rest"], order["state_words"]) == (ORDER, D("0.05"), "working at the venue")
    assert "limit GTC" in text(page)
    assert '/decisions/d/"' in text(page)
    part = text(client.get("/orders/", {"part": "now"}))
    assert "<html" not in part
    assert "working at the venue" in part


def test_orders_and_fills_are_found_by_filter(book: Writer, client: Client) -> None:
    def listed(**query: str) -> list[Any]:
        return [each["row"] for each in client.get("/orders/", query).context["listed"]]

    filled = list(Order.objects.filter(state="filled").order_by("-recorded_at"))
    assert len(filled) == 2
    assert {row.order_id for row in listed()} == {ORDER, *(row.order_id for row in filled)}
    assert listed(state="filled") == filled
    assert [row.order_id for row in listed(state="working")] == [ORDER]
    assert listed(decision=filled[0].decision_id) == [filled[0]]
    assert listed(instrument="ETHUSDT") == []
    assert len(listed(since="2020-01-01T00:00")) == 3
    assert listed(since="2099-01-01") == []
    assert [row.order_id for row in listed(show="fills", decision=filled[0].decision_id)] == [filled[0].order_id]
    assert len(listed(show="fills")) == 2
    empty = text(client.get("/orders/", {"instrument": "ETHUSDT", "state": "filled"}))
    assert "No order of ETHUSDT in state filled in book demo." in empty


def test_pages_of_orders_meet_without_a_gap(book: Writer, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def many(history: History) -> None:
        for number in range(7):
            working(history, f"many-{number}")

    book.show(many)
    # The projector's times may be equal: then the key decides.
    Order.objects.update(recorded_at=Order.objects.earliest("recorded_at").recorded_at)
    monkeypatch.setattr(orders, "PAGE", 3)
    seen: list[str] = []
    address = "?show=orders"
    while address:
        page = client.get(f"/orders/{address}")
        seen += [each["row"].order_id for each in page.context["listed"]]
        address = page.context["next"]
    assert len(seen) == len(set(seen)) == 10
    assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"instrument": "DOGE"}, "instrument: DOGE is not listed in this book; there are: BTCUSDT, ETHUSDT"),
        ({"instrument": "BTC\0"}, "instrument:"),
        ({"state": "lost"}, "state: there is no lost; there are: accepted, sent, working"),
        ({"since": "yesterday"}, "since: this is no time"),
        ({"before": "1.a\0"}, "before:"),
        ({"before": f"{10**40}.a"}, "before: give it as the page before had it"),
        ({"before": "1.a", "show": "fills"}, "before: give it as the page before had it"),
        ({"decision": LONG}, "decision:"),
        ({"state": LONG}, "state:"),
        ({"since": LONG}, "since:"),
        ({"instrument": NASTY}, "instrument: &lt;script&gt;"),
    ],
)
def test_a_bad_filter_says_what_is_wrong(book: Writer, client: Client, query: dict[str, str], words: str) -> None:
    response = client.get("/orders/", query)
    assert response.status_code == 400
    assert words in text(response)
    assert NASTY not in text(response)


def test_the_page_needs_a_right_and_each_order_its_own(book: Writer) -> None:
    guest = Client()
    user = User.objects.create(username="guest")
    guest.force_login(user)
    assert guest.get("/orders/").status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_order"))
    page = text(guest.get("/orders/"))
    for words in ("Flatten", "Reconcile", "Deposit", "Cancel…"):
        assert words not in page
    posts = {
        f"/orders/{ORDER}/cancel/": ("cancel_order", {}),
        "/orders/flatten/": ("flatten_book", {"instrument": ""}),
        "/orders/reconcile/": ("reconcile_book", {}),
        "/orders/cash/": ("move_cash", {"direction": "in", "amount": "1"}),
        "/orders/adjust/": ("move_cash", {"instrument": "BTCUSDT", "quantity": "1", "price": "1"}),
    }
    for path, (_, body) in posts.items():
        assert guest.post(path, {"book": "demo", "reason": "r", **body}).status_code == 403, path
    assert not OutboxCommand.objects.exists()
    for path, (right, body) in posts.items():
        user.user_permissions.add(Permission.objects.get(codename=right))
        assert guest.post(path, {"book": "demo", "reason": "r", **body}).status_code == 302, path
    assert OutboxCommand.objects.count() == len(posts)


# --- commands ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "said", "body"),
    [
        (f"/orders/{ORDER}/cancel/", {}, CancelOrder(order_id=ORDER, reason=NASTY)),
        ("/orders/flatten/", {"instrument": "BTCUSDT"}, Flatten(instrument="BTCUSDT", reason=NASTY)),
        ("/orders/flatten/", {"instrument": ""}, Flatten(reason=NASTY)),
        ("/orders/reconcile/", {}, Reconcile(reason=NASTY)),
        ("/orders/cash/", {"direction": "in", "amount": "12.5"}, MoveCash(amount=D("12.5"), reason=NASTY)),
        ("/orders/cash/", {"direction": "out", "amount": "12.5"}, MoveCash(amount=D("-12.5"), reason=NASTY)),
        (
            "/orders/adjust/",
            {"instrument": "BTCUSDT", "quantity": "-0.1", "price": "61000"},
            AdjustPosition(instrument="BTCUSDT", quantity=D("-0.1"), price=D(61000), reason=NASTY),
        ),
    ],
    ids=["cancel", "flatten one", "flatten all", "reconcile", "deposit", "withdraw", "adjust"],
)
def test_the_desk_orders_by_command_and_tells_what_came_of_it(
    book: Writer, client: Client, path: str, said: dict[str, str], body: Any
) -> None:
    response = client.post(path, {"book": "demo", "reason": NASTY, **said})
    assert sent() == (body, "operator:ada", "demo")
    where = response["Location"]
    assert where.startswith("/orders/?command=")
    assert "has not answered yet" in text(client.get(where))
    OutboxCommand.objects.update(result="refused:NO_CASH")
    assert "Refused: more is asked for than is free" in text(client.get(where))
    OutboxCommand.objects.update(result="accepted")
    assert "Accepted." in text(client.get(where))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (f"/orders/{ORDER}/cancel/", {"reason": " "}),
        ("/orders/flatten/", {"reason": "x" * 501}),
        ("/orders/reconcile/", {"reason": "nul \0"}),
        ("/orders/cash/", {"reason": "r", "direction": "sideways", "amount": "1"}),
        *(
            ("/orders/cash/", {"reason": "r", "direction": "in", "amount": amount})
            for amount in ("", "0", "-1", "NaN", "Infinity", "1e40", "1" * 10_000, "ten", "0x10", "1\0")
        ),
        *(
            ("/orders/adjust/", {"reason": "r", "instrument": "BTCUSDT", "quantity": "1", "price": "1", **wrong})
            for wrong in ({"instrument": "DOGE"}, {"instrument": LONG}, {"quantity": "NaN"}, {"price": "0"})
        ),
    ],
)
def test_a_command_that_is_not_in_order_is_not_sent(
    book: Writer, client: Client, path: str, said: dict[str, str]
) -> None:
    response = client.post(path, {"book": "demo", **said})
    assert response.status_code == 400
    assert 'class="error"' in text(response)
    assert not OutboxCommand.objects.exists()


@pytest.mark.parametrize("unknown", ["nobody", "", "demo\0", LONG])
def test_a_book_or_an_order_that_is_not_there_is_not_found(book: Writer, client: Client, unknown: str) -> None:
    for path in ("/orders/reconcile/", "/orders/flatten/", "/orders/cash/", "/orders/adjust/"):
        assert client.post(path, {"book": unknown, "reason": "r"}).status_code == 404, path
    assert client.post("/orders/none/cancel/", {"reason": "r"}).status_code == 404
    assert client.post("/orders/no%00ne/cancel/", {"reason": "r"}).status_code == 404
    assert client.get("/orders/flatten/", {"instrument": "DOGE"}).status_code == 404
    assert client.get("/orders/reconcile/").status_code == 405
    assert client.get("/orders/", {"command": "no\0ne"}).status_code == 200


def test_a_flattening_shows_first_what_it_would_do(book: Writer, client: Client) -> None:
    page = client.get("/orders/flatten/")
    (each,) = page.context["held"]
    assert (each["row"].side, each["row"].size, each["row"].exposure) == ("sell", D("0.1"), D(6200))
    assert each["worst"] == D(62000) * (1 - D("0.015"))  # three collars of 50 bp
    shown = text(page)
    assert "sell BTCUSDT" in shown
    assert "What works there is cancelled first" in shown
    assert "Flatten everything now" in shown
    assert "there is nothing to flatten" in text(client.get("/orders/flatten/", {"instrument": "ETHUSDT"}))
    priced(book.url)
    assert "No price is known of BTCUSDT" in text(client.get("/orders/flatten/"))


def test_a_flattening_of_a_halted_book_says_that_nothing_is_sent(book: Writer, client: Client) -> None:
    client.post("/halt/", {"book": "demo", "reason": "test"})
    assert "The book is halted: nothing is sent" in text(client.get("/orders/flatten/"))


def test_an_accepted_flattening_tells_its_orders(book: Writer, client: Client) -> None:
    where = client.post("/orders/flatten/", {"book": "demo", "reason": "news"})["Location"]
    command_id = OutboxCommand.objects.get().command_id
    OutboxCommand.objects.update(result="accepted")

    def flattened(history: History) -> None:
        order = e.OrderTicket(order_id="o", instrument="BTCUSDT", side="sell", quantity=D("0.1"), limit=D(61070))
        won = e.ProposalResult(proposal_id="p", state="GRANTED", reason="", detail="")
        history._open("flat", "BTCUSDT", D(62000))
        admitted = e.ProposalAdmitted(
            proposal_id="p", agent="operator:ada", action="reduce", instrument="BTCUSDT", target=D(0), held=D("0.1"),
            probability=None, price=D(62000), market=VIEW, evidence=(), ttl_ms=200, why="news",
        )  # fmt: skip
        history.tell(admitted, "flat")
        history.governance[-1] = structs.replace(history.governance[-1], command_id=command_id)
        decided = e.DecisionReached(
            decision_id="flat-d", deliberation_id="flat", outcome="granted", orders=(order,), reasons=(won,),
            trigger=e.Trigger(tick_id="t", received_at=1), ttl_ms=200,
        )  # fmt: skip
        history.tell(decided, "flat")

    book.show(flattened)
    assert "sell 0.1 BTCUSDT, 61070 at worst" in text(client.get(where))

"""The list of decisions, the page of each with its graph, and the way there from fills, orders and rounds."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from execution.models import Fill, Order
from governance.models import Decision, Deliberation, Proposal
from govsite.ops import decisions
from govsite.ops.decisions import came_of
from tests.integration.site.conftest import Writer
from tests.integration.site.people import browser, person
from tests.unit.site.history import History

NASTY = "<script>alert('x')</script>"
LONG = "x" * 10_000


@pytest.fixture
def client(operator: User) -> Client:
    return browser(operator)


@pytest.fixture
def book(writer: Writer) -> Writer:
    """One granted, one reduced, one vetoed and one refused round."""

    def traded(history: History) -> None:
        history.found()
        for outcome in ("granted", "reduced", "vetoed", "refused"):
            history.round(outcome=outcome, why=NASTY)

    writer.show(traded)
    return writer


def text(response: Any) -> str:
    return str(response.content.decode())


def outcomes(page: str) -> list[str]:
    return re.findall(r"#i-(granted|reduced|vetoed|refused|expired)\"/></svg>(?=\1</span>)", page)


def test_the_list_says_what_was_wanted_what_came_of_it_and_why(book: Writer, client: Client) -> None:
    page = text(client.get("/decisions/"))
    assert outcomes(page) == ["refused", "vetoed", "reduced", "granted"]
    assert "fast-momentum: trade BTCUSDT to 0.05" in page
    assert "buy 0.05 BTCUSDT: filled at 61,234.57" in page
    assert "compliance" in page


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"state": "filled", "filled": "2.5", "average": "99.5"}, "buy 2.5 BTCUSDT: filled at 99.5"),
        ({"state": "cancelled"}, "buy 2.5 BTCUSDT: cancelled"),
        (
            {"state": "cancelled", "filled": "0.5", "average": "99.5"},
            "buy 2.5 BTCUSDT: 0.5 filled at 99.5, the rest cancelled",
        ),
        (
            {"state": "partially_filled", "filled": "0.5", "average": "99.5"},
            "buy 2.5 BTCUSDT: 0.5 filled at 99.5, the rest is under way",
        ),
    ],
)
def test_a_part_that_was_filled_is_told_as_a_part(told: dict[str, str], words: str) -> None:
    order = {"side": "buy", "quantity": "2.5", "instrument": "BTCUSDT", "filled": "0", "average": None}
    assert came_of({**order, **told}) == words


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("outcome=vetoed", ["vetoed"]),
        ("instrument=ETHUSDT", []),
        ("agent=mean-reversion&outcome=granted", ["granted"]),
        ("agent=risk", []),
        ("track=REDUCE", []),
        ("until=2023-01-01", []),
        ("why=VETOED", ["vetoed"]),
        ("why=INQUORATE", ["refused"]),
    ],
)
def test_filters_stand_in_the_address(book: Writer, client: Client, query: str, found: list[str]) -> None:
    response = client.get(f"/decisions/?{query}")
    assert response.status_code == 200
    assert outcomes(text(response)) == found
    if not found:
        assert f"No decision with {query.partition('=')[0]}" in text(response)


def test_any_id_finds_its_decision(book: Writer, client: Client) -> None:
    decision = Decision.objects.get(outcome="granted")
    round_ = Deliberation.objects.get(pk=decision.deliberation_id)
    proposal = Proposal.objects.filter(deliberation=round_).first()
    assert proposal is not None
    order = Order.objects.get(decision_id=decision.pk)
    for each in (decision.pk, round_.deliberation_id, proposal.pk, order.pk, decision.correlation_id):
        assert outcomes(text(client.get("/decisions/", {"id": each}))) == ["granted"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("outcome=grantet", "granted"),
        ("instrument=BTCUSD", "BTCUSDT"),
        ("agent=fast-momentun", "fast-momentum"),
        ("why=INQORATE", "INQUORATE"),
        ("since=yesterday", "this is no time"),
        ("before=newest", "before"),
        ("before=99999999999999999999", "before"),
        (f"id={LONG}", "id"),
        ("agent=a%00b", "agent"),
    ],
)
def test_a_wrong_filter_is_named_with_what_there_is(book: Writer, client: Client, query: str, said: str) -> None:
    response = client.get(f"/decisions/?{query}")
    assert response.status_code == 400
    assert said in text(response)


def test_pages_follow_on_each_other(book: Writer, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "PAGE", 3)
    first = text(client.get("/decisions/"))
    assert outcomes(first) == ["refused", "vetoed", "reduced"]
    older = re.search(r'href="(\?before=\d+)">Older', first)
    assert older
    assert outcomes(text(client.get(f"/decisions/{older[1]}"))) == ["granted"]


def test_new_ones_are_counted_and_the_list_stays(book: Writer, client: Client) -> None:
    page = text(client.get("/decisions/?outcome=granted"))
    address = re.search(r'data-newer="([^"]+)"', page)
    assert address
    newer = "/decisions/" + address[1].replace("&amp;", "&")
    assert client.get(newer).json() == {"new": 0, "more": False}
    book.show(lambda history: (history.round(outcome="granted"), history.round(outcome="refused")))
    assert client.get(newer).json() == {"new": 1, "more": False}


def test_the_page_draws_the_causes_and_leads_to_their_rows(book: Writer, client: Client) -> None:
    page = text(client.get(Decision.objects.get(outcome="granted").get_absolute_url()))
    targets = re.findall(r'class="node [^"]*" href="#([^"]+)"', page)
    assert {target.partition("-")[0] for target in targets} >= {
        *("tick", "proposal", "tally", "target", "trace", "order", "fill", "worth")
    }
    for target in targets:
        assert f'id="{target}"' in page
    assert "market.quote_age_ms &lt;= 1000.0" in page  # the formula beside what it read
    assert "Every event, in order" in page
    assert re.search(r'href="/ledger/governance/0/\d+/"', page)
    assert NASTY not in page
    assert not re.search(r"<[^>]+ style=|<[^>]+ on[a-z]+=", page)


def test_a_round_that_granted_nothing_has_its_graph_too(book: Writer, client: Client) -> None:
    page = text(client.get(Decision.objects.get(outcome="refused").get_absolute_url()))
    assert "Nothing is left" in page
    assert "No order" in page


def test_a_round_without_a_decision_has_its_page(writer: Writer, client: Client) -> None:
    def opened(history: History) -> None:
        history.found().round()
        cut = next(n for n, one in enumerate(history.governance) if type(one.body).__name__ == "DecisionReached")
        del history.governance[cut:]
        history.execution.clear()

    writer.show(opened)
    round_ = Deliberation.objects.get()
    assert "Rounds without a decision" in text(client.get("/decisions/"))
    page = text(client.get(f"/decisions/{round_.deliberation_id}/"))
    assert "There is no decision of this round" in page
    assert "no decision" in page


def test_fills_orders_and_rounds_lead_to_their_decision(book: Writer, client: Client) -> None:
    decision = Decision.objects.get(outcome="granted")
    fill, order = Fill.objects.filter(decision_id=decision.pk).get(), Order.objects.get(decision_id=decision.pk)
    round_ = Deliberation.objects.get(pk=decision.deliberation_id)
    for address in (
        f"/fills/{fill.pk}/why/",
        f"/orders/{order.pk}/why/",
        f"/decisions/{round_.deliberation_id}/",
        f"/decisions/{order.pk}/",
    ):
        response = client.get(address)
        assert (response.status_code, response["Location"]) == (302, decision.get_absolute_url())


@pytest.mark.parametrize(
    "address",
    ["/fills/x/why/", f"/fills/{'0' * 32}/why/", "/orders/x/why/", "/decisions/a%00b/", f"/decisions/{'x' * 3000}/"],
)
def test_what_is_not_there_is_not_found(book: Writer, client: Client, address: str) -> None:
    assert client.get(address).status_code == 404


def test_a_viewer_sees_the_story_and_no_way_into_the_ledger(book: Writer) -> None:
    viewer = browser(person("eve", "viewer"))
    page = viewer.get(Decision.objects.get(outcome="granted").get_absolute_url())
    assert page.status_code == 200
    assert "/ledger/governance/" not in text(page)
    assert "/api/v1/decisions/" not in text(page)

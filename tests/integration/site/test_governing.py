"""The pages of agents, changes and holds, and what operators decide on them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from governance.models import Proposal
from govsite.ops import performance
from ledger.models import OutboxCommand
from streams import events as e
from streams.changes import SetTerm
from streams.envelope import decode
from streams.messages import ApproveChange, RefuseChange, RefuseHold, ReleaseHold
from tests.integration.site.conftest import Writer
from tests.unit.site.history import History
from tests.unit.site.test_governance_projections import held, requested

D = Decimal
NASTY = "<script>alert('x')</script>"
PAGES = ("/agents/", "/agents/risk/", "/changes/", "/holds/")


@pytest.fixture
def client(operator: User) -> Client:
    client = Client()
    client.force_login(operator)
    return client


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No governor is there to wait for."""
    monkeypatch.setattr("govsite.ops.sending.PATIENCE_S", 0.0)


def text(response: Any) -> str:
    return str(response.content.decode())


def sent() -> Any:
    (kept,) = OutboxCommand.objects.all()
    return decode(bytes(kept.raw))


def scored(history: History, buckets: int = 4) -> None:
    """Every round of the history answered, and buckets in which every voter was scored."""
    for number in range(1, buckets + 1):
        seats = tuple(
            e.SeatScore(
                agent=agent, forecasts=1, questions=1, loss=0.2 + 0.01 * place, brier=0.2, before=1 / 6, after=1 / 6,
                ppm=166_666 - place,
            )
            for place, agent in enumerate(("fast-momentum", "slow-momentum", "mean-reversion", "order-flow", "rule"))
        )  # fmt: skip
        history.tell(
            e.CouncilScored(
                bucket=number, copy=number % 3, cap=1 / 3, floor=0.01, questions=1, mix_loss=0.22, forecast_loss=0.21,
                seats=seats,
            )
        )  # fmt: skip


def answered(writer: Writer, *, up: bool = True) -> None:
    """The market's answer to every question of every round so far."""
    proposals = {row.proposal_id: row for row in Proposal.objects.select_related("deliberation")}
    questions = {
        (row.deliberation.deliberation_id, performance.question_of(row, proposals))
        for row in proposals.values()
        if row.deliberation is not None
    }
    outcomes = tuple(
        e.ObservedOutcome(
            deliberation_id=deliberation,
            question=question,
            legs=(),
            gain=0.001 if question.endswith("buy") == up else -0.001,
            y=question.endswith("buy") == up,
        )
        for deliberation, question in questions
    )
    writer.show(lambda history: history.tell(e.OutcomesRecorded(bucket=1, horizon=30, outcomes=outcomes)))


def test_every_page_asks_for_a_login_and_a_right(writer: Writer) -> None:
    writer.show(lambda history: history.found())
    guest = Client()
    for path in PAGES:
        assert guest.get(path)["Location"].startswith("/admin/login/")
    guest.force_login(User.objects.create(username="guest"))
    for path in PAGES:
        assert guest.get(path).status_code == 403


def test_an_empty_ledger_says_why_the_pages_are_empty(client: Client) -> None:
    assert "No book has been founded yet" in text(client.get("/agents/"))
    assert client.get("/agents/nobody/").status_code == 404
    assert "No change waits" in text(client.get("/changes/"))
    assert "No decision is held" in text(client.get("/holds/"))


# --- agents ---------------------------------------------------------------------------------------


def test_the_council_is_listed_with_its_regret_and_bound(writer: Writer, client: Client) -> None:
    writer.show(lambda history: history.found())
    assert "No question has been scored yet" in text(client.get("/agents/"))
    writer.show(scored)
    page = client.get("/agents/")
    assert "Bound G3" in text(page)
    regret = page.context["regret"]
    assert regret.buckets == 4
    assert regret.council == pytest.approx(0.88)
    assert regret.regret == pytest.approx(0.88 - 4 * (0.2 + 0.21 + 0.22) / 3)
    writer.show(lambda history: scored(history, 0))
    assert client.get("/agents/").context["regret"].buckets == 4


def test_an_edit_by_hand_begins_the_regret_anew(writer: Writer, client: Client) -> None:
    writer.show(lambda history: scored(history.found()))
    writer.show(
        lambda history: history.tell(
            e.ReputationAdjusted(agent="rule", origin=0.16, to=0.1, who="operator:ann", why="broken feed")
        )
    )
    assert client.get("/agents/").context["regret"] is None


def test_an_agents_page_shows_weight_calibration_and_proposals(writer: Writer, client: Client) -> None:
    def three_rounds(history: History) -> None:
        for _ in range(3):
            history.round(why=NASTY)
        scored(history)

    writer.show(lambda history: history.found())
    writer.show(three_rounds)
    answered(writer)
    page = client.get("/agents/fast-momentum/")
    assert page.context["forecasts"] == 6  # on what it proposed and on what another one did, three times
    assert page.context["brier"] == pytest.approx(((0.58 - 1) ** 2 + 0.41**2) / 2)
    assert [(each.low, each.count, each.frequency) for each in page.context["bins"]] == [(0.4, 3, 0.0), (0.5, 3, 1.0)]
    assert len(page.context["weights"]["lines"]) == 3
    assert [row["outcome"].y for row in page.context["proposals"]] == [True] * 3
    assert "<polyline" in text(page)
    assert "<circle" in text(page)
    assert "<td>granted</td>" in text(page)
    assert NASTY not in text(page)


def test_the_value_of_vetoes_is_called_hypothetical(writer: Writer, client: Client) -> None:
    writer.show(lambda history: history.found().round(outcome="vetoed", quantity=D("0.1"), price=D(60000)))
    page = client.get("/agents/compliance/")
    assert page.context["vetoes"]["answered"] == 0
    answered(writer, up=False)
    page = client.get("/agents/compliance/")
    assert page.context["vetoes"]["amount"] == D("6.00")  # a loss of 0.001 on 6,000 was kept away
    assert "hypothetical" in text(page)
    assert page.context["weights"] is None


def test_questions_of_legs_and_amendments() -> None:
    leg = {"instrument": "ETHUSDT", "target": "0", "held": "2"}
    first = Proposal(proposal_id="p", instrument="BTCUSDT", target=D(1), held=D(0), legs=[leg])
    amendment = Proposal(proposal_id="a", amends="p", instrument="BTCUSDT", target=D(-1), held=D(0), legs=[])
    known = {"p": first, "a": amendment}
    assert performance.question_of(first, known) == "BTCUSDT:buy+ETHUSDT:sell"
    assert performance.question_of(amendment, known) == "BTCUSDT:buy+ETHUSDT:sell"


# --- changes --------------------------------------------------------------------------------------


def a_change(history: History) -> None:
    requested(history, SetTerm(name="max_gross", value=D("1.2")))


def test_a_change_is_approved_by_command(writer: Writer, client: Client) -> None:
    writer.show(lambda history: a_change(history.found()))
    page = text(client.get("/changes/"))
    assert "set max_gross to 1.2" in page
    assert "1 of the last 10 decisions would have been others" in page
    response = client.post("/changes/c/approve/", {"reason": f"fine {NASTY}"})
    envelope = sent()
    assert (envelope.body, envelope.actor, envelope.book) == (
        ApproveChange(change_id="c", reason=f"fine {NASTY}"),
        "operator:ada",
        "demo",
    )
    assert response["Location"] == f"/changes/?command={envelope.id}"
    assert "has not answered yet" in text(client.get(response["Location"]))
    OutboxCommand.objects.update(result="refused:SAME_PERSON")
    assert "Refused: it takes another operator." in text(client.get(response["Location"]))
    OutboxCommand.objects.update(result="accepted")
    assert "Accepted." in text(client.get(response["Location"]))


def test_a_change_is_refused_by_command(writer: Writer, client: Client) -> None:
    writer.show(lambda history: a_change(history.found()))
    client.post("/changes/c/refuse/", {"reason": "no"})
    assert sent().body == RefuseChange(change_id="c", reason="no")


def test_who_asked_for_a_change_is_not_offered_to_approve_it(writer: Writer, client: Client) -> None:
    writer.show(lambda history: a_change(history.found()))
    ann = Client()
    ann.force_login(User.objects.create(username="ann", is_superuser=True))
    assert "Approve</button>" in text(client.get("/changes/"))
    page = text(ann.get("/changes/"))
    assert "Approve</button>" not in page
    assert "Withdraw</button>" in page


def test_closed_changes_are_kept_in_sight(writer: Writer, client: Client) -> None:
    def refused(history: History) -> None:
        a_change(history.found())
        history.tell(e.ChangeRefused(change_id="c", who="operator:bob", why=NASTY), "c")

    writer.show(refused)
    page = text(client.get("/changes/"))
    assert "No change waits" in page
    assert "operator:bob: &lt;script&gt;" in page


@pytest.mark.parametrize("path", ["/changes/c/approve/", "/changes/c/refuse/", "/holds/decision-1/release/"])
def test_deciding_needs_the_right_a_reason_and_this_site(writer: Writer, operator: User, path: str) -> None:
    def waiting(history: History) -> None:
        a_change(history.found())
        held(history)

    writer.show(waiting)
    guest = Client()
    guest.force_login(User.objects.create(username="guest"))
    assert guest.post(path, {"reason": "because"}).status_code == 403
    able = Client(enforce_csrf_checks=True)
    able.force_login(operator)
    assert able.post(path, {"reason": "because"}).status_code == 403
    client = Client()
    client.force_login(operator)
    for reason in ("", "   ", "x" * 501):
        assert client.post(path, {"reason": reason}).status_code == 400
    assert client.get(path).status_code == 405
    assert not OutboxCommand.objects.exists()
    right = "approve_change" if "changes" in path else "decide_hold"
    User.objects.get(username="guest").user_permissions.add(Permission.objects.get(codename=right))
    assert guest.post(path, {"reason": "because"}).status_code == 302


def test_a_change_that_is_not_there_is_not_found(client: Client) -> None:
    assert client.post("/changes/none/approve/", {"reason": "r"}).status_code == 404
    assert client.post("/holds/none/release/", {"reason": "r"}).status_code == 404


# --- holds ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("verdict", "kind"), [("release", ReleaseHold), ("refuse", RefuseHold)])
def test_a_hold_is_decided_by_command(writer: Writer, client: Client, verdict: str, kind: Any) -> None:
    def holding(history: History) -> None:
        held(history.found())

    writer.show(holding)
    page = text(client.get("/holds/"))
    assert "held by large-order" in page
    assert "Release</button>" in page
    client.post(f"/holds/decision-1/{verdict}/", {"reason": "known"})
    assert sent().body == kind(decision_id="decision-1", reason="known")


# --- the admin ------------------------------------------------------------------------------------

ADMIN = ("alarm", "breakerstate", "changerequest", "councilscore", "hold", "instrumentstate", "outcome", "ruleversion")


def test_the_admin_lists_it_all_and_adds_nothing(writer: Writer, client: Client) -> None:
    def much(history: History) -> None:
        a_change(history.found())
        held(history)
        scored(history)
        told: dict[str, Any] = {
            "breaker": "drawdown",
            "subject": "demo",
            "level": 1.0,
            "formula": NASTY,
            "inputs": {"peak": "1"},
        }
        history.tell(e.BreakerTripped(alarm_id="a", effect="HALTED", **told))

    writer.show(much)
    answered(writer)
    for model in (*ADMIN, "seatweight"):
        page = client.get(f"/admin/governance/{model}/")
        assert page.status_code == 200, model
        assert page.context["cl"].result_count > 0, model
        assert NASTY not in text(page)
        assert client.get(f"/admin/governance/{model}/add/").status_code == 403, model
    assert client.get("/admin/governance/alarm/a/change/").status_code == 200
    change = client.get("/admin/governance/changerequest/").context["cl"].result_list[0]
    assert "max_gross" in text(client.get(f"/admin/governance/changerequest/{change.pk}/change/"))

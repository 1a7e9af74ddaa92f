"""The read models in PostgreSQL: level with the ledger, the same after a rebuild."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command

from execution.models import Account, Fill, Order, Position
from execution.projections import READ_MODELS as EXECUTION
from governance.models import Ballot, Decision, Deliberation, Proposal
from governance.projections import READ_MODELS as GOVERNANCE
from govsite.live.snapshot import positions, snapshot
from govsite.ops.standing import Outcomes
from ledger.models import Head
from streams.events import Outcome
from tests.integration.site.conftest import Writer

PARTS = frozenset(("status", "deliberations"))
OUTCOMES: tuple[Outcome, ...] = ("granted", "vetoed", "reduced", "refused")


def four_rounds(writer: Writer) -> None:
    """A book and a round of each outcome, each projected by itself."""
    writer.show(lambda history: history.found())
    for outcome in OUTCOMES:
        writer.history.round(outcome=outcome)
        writer.show(lambda history: history)


def everything() -> dict[str, list[dict[str, Any]]]:
    return {
        model.__name__: [dict(row) for row in model._default_manager.order_by("pk").values()]
        for model in (*GOVERNANCE, *EXECUTION)
    }


def test_what_is_committed_is_projected_with_its_position(writer: Writer) -> None:
    four_rounds(writer)
    assert Decision.objects.count() == Deliberation.objects.count() == 4
    assert (Proposal.objects.count(), Ballot.objects.count()) == (8, 64)
    assert Order.objects.filter(state="filled").count() == Fill.objects.count() == 2
    assert Position.objects.get().quantity == sum(fill.quantity for fill in Fill.objects.all())
    heads = {log.log: log.position for log in Head.objects.all()}
    assert positions() == heads


def test_a_rebuild_gives_what_was_projected_step_by_step(writer: Writer) -> None:
    four_rounds(writer)
    before = everything()
    call_command("runprojector", "--rebuild", "--once")
    assert everything() == before
    assert sum(len(rows) for rows in before.values()) > 80


def test_projecting_again_finds_nothing_new(writer: Writer) -> None:
    writer.show(lambda history: history.found().round())
    assert writer.project() == 0


def test_the_snapshot_of_an_empty_ledger_says_so(database: str) -> None:
    assert snapshot("", PARTS) == {
        "type": "snapshot",
        "positions": {"governance": 0, "execution": 0},
        "name": "",
        "book": None,
        "standing": {},
        "decisions": [],
    }


def test_the_snapshot_tells_money_council_and_decisions(writer: Writer) -> None:
    writer.show(lambda history: history.found().round())
    state = snapshot("", PARTS)
    assert state["book"]["quote"] == "USDT"
    assert len(state["book"]["seats"]) == 8
    assert state["standing"]["mode"]["mode"] == "NORMAL"
    (decision,) = state["decisions"]
    assert (decision["outcome"], decision["orders"][0]["state"]) == ("granted", "filled")
    assert {proposal["agent"]: proposal["state"] for proposal in decision["proposals"]} == {
        "fast-momentum": "GRANTED",
        "mean-reversion": "DEFEATED",
    }
    account = Account.objects.get()
    assert state["standing"]["portfolio"]["net"] == f"{-account.fees.normalize():f}"


def test_outcomes_are_counted_on_from_where_the_last_count_ended(writer: Writer) -> None:
    four_rounds(writer)
    outcomes = Outcomes()
    assert outcomes.of("demo") == dict.fromkeys(OUTCOMES, 1)
    writer.show(lambda history: history.round())
    assert outcomes.of("demo")["granted"] == 2
    Decision.objects.all().delete()
    assert outcomes.of("demo") == {}

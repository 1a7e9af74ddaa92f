"""`audit explain`: from the tick to what the decision turned out to be worth, every number of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from msgspec.structs import replace

from govsite.auditing.explain import _proposals
from ledger.application import LedgerApplication
from streams import events as e
from streams.envelope import derived_id
from streams.events import DomainEvent
from tests.unit.site.history import History

BUCKET = 56_666_667
PRICE = Decimal(60_000)
END = Decimal(60_600)


class Told:
    """A round that was granted, filled and scored, and another one that was not; their ids."""

    def __init__(self, url: str) -> None:
        self.history = History()
        self.history.found()
        self.decision = self.history.round(price=PRICE, quantity=Decimal("0.05"))
        self.other = self.history.round(price=PRICE, outcome="vetoed")
        self.events = [_in_bucket(event) for event in self.history.governance]
        self.round = next(x.body for x in self.events if isinstance(x.body, e.DeliberationOpened))
        self.governance, self.execution = LedgerApplication(url, "governance"), LedgerApplication(url, "execution")
        for application, events in ((self.governance, self.events), (self.execution, self.history.execution)):
            application.acquire()
            application.commit(list(events))
            events.clear()
        self.history.governance.clear()

    def answer(self) -> None:
        """The market goes up: the buy pays, the sell does not."""
        self.history.tell(e.OutcomesRecorded(bucket=BUCKET - 3, horizon=30, outcomes=()))
        outcomes = tuple(self._outcome(side, y) for side, y in (("buy", True), ("sell", False)))
        self.history.tell(e.OutcomesRecorded(bucket=BUCKET, horizon=30, outcomes=outcomes))
        score = e.SeatScore(
            agent="fast-momentum", forecasts=2, questions=2, loss=0.1764, brier=0.1764, before=0.166666, after=0.2,
            ppm=200_000,
        )  # fmt: skip
        self.history.tell(
            e.CouncilScored(
                bucket=BUCKET, copy=BUCKET % 3, cap=1 / 3, floor=0.01, questions=2, mix_loss=0.2, forecast_loss=0.2,
                seats=(score,),
            )
        )  # fmt: skip
        self.governance.commit(list(self.history.governance))
        self.history.governance.clear()

    def _outcome(self, side: Any, y: bool) -> e.ObservedOutcome:
        leg = e.OutcomeLeg(instrument="BTCUSDT", side=side, origin=PRICE, cost=0.0001, end=END, end_at=1)
        return e.ObservedOutcome(
            deliberation_id=self.round.deliberation_id,
            question=f"BTCUSDT:{side}",
            legs=(leg,),
            gain=0.0099 if y else -0.0101,
            y=y,
        )

    def close(self) -> None:
        self.governance.close()
        self.execution.close()


def _in_bucket(event: DomainEvent) -> DomainEvent:
    if not isinstance(event.body, e.DeliberationOpened):
        return event
    return replace(event, body=replace(event.body, weights_version=f"demo:{BUCKET}"))


@pytest.fixture
def told(ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    monkeypatch.setattr(settings, "DATABASE_URL", ledger_url)
    story = Told(ledger_url)
    yield story
    story.close()


def explain(*arguments: str) -> str:
    out = StringIO()
    call_command("audit", "explain", *arguments, stdout=out)
    return out.getvalue()


def document(wanted: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(explain(wanted, "--json"))
    return found


def test_every_proposal_has_its_ballots_its_tally_and_what_it_lost_to(told: Told) -> None:
    story = document(told.decision)
    first, second = story["proposals"]
    assert (first["agent"], first["state"], first["lost_to"]) == ("fast-momentum", "GRANTED", "")
    assert (second["agent"], second["state"], second["detail"]) == (
        *("mean-reversion", "DEFEATED", "0 of 833330 ppm approved"),
    )
    assert len(first["ballots"]) == 8
    assert first["tally"]["yes_ppm"] == 4 * 166_666
    assert story["trigger"]["tick_id"] == "binance:BTCUSDT:t41"
    assert document(told.other)["proposals"][0]["lost_to"] == "compliance"


def test_orders_have_their_fills_and_what_they_cost(told: Told) -> None:
    (order,) = document(told.decision)["orders"]
    assert order["state"] == "FILLED"
    assert (Decimal(order["filled"]), Decimal(order["average_price"])) == (Decimal("0.05"), PRICE)
    assert (Decimal(order["fees"]), Decimal(order["slippage_bp"])) == (Decimal("0.06123457"), 0)
    assert document(told.other)["orders"] == []


def test_what_it_was_worth_is_unknown_until_the_market_answered(told: Told) -> None:
    story = document(told.decision)
    assert story["worth"]["known"] is False
    assert story["orders"][0]["at_horizon"] is None
    assert "What it was worth is not known" in explain(told.decision)


def test_outcomes_and_scores_tell_what_it_was_worth(told: Told) -> None:
    told.answer()
    story = document(told.decision)
    worth = story["worth"]
    assert (worth["known"], worth["bucket"], worth["horizon_s"]) == (True, BUCKET, 30)
    assert {one["question"]: one["y"] for one in worth["outcomes"]} == {"BTCUSDT:buy": True, "BTCUSDT:sell": False}
    bought, sold = story["proposals"]
    assert (bought["outcome"]["y"], sold["outcome"]["y"]) == (True, False)
    ballots = {one["agent"]: one["brier"] for one in bought["ballots"]}
    assert ballots["fast-momentum"] == pytest.approx((0.58 - 1) ** 2)
    assert ballots["risk"] is None
    gained = Decimal("0.05") * (END - PRICE) - Decimal("0.06123457")
    assert Decimal(story["orders"][0]["at_horizon"]) == gained
    assert worth["scores"][0]["after"] == 0.2
    assert [one["event"] for one in story["events"][-2:]] == ["Council.OutcomesRecorded", "Council.CouncilScored"]
    assert document(told.other)["worth"]["known"] is False


def test_people_read_the_same(told: Told) -> None:
    told.answer()
    text = explain(told.decision)
    for part in (
        "GRANTED",
        "the market's answer to BTCUSDT:buy: it paid, gain +99.00 bp after costs",
        "fast-momentum forecast 0.580, loss 0.1764",
        "buy 0.05 BTCUSDT: FILLED",
        "at the horizon (60600): 29.93876543 after fees",
        "weight 16.67% → 20.00%",
    ):
        assert part in text
    assert "beaten by compliance" in explain(told.other)


def test_a_decision_that_waits_for_an_operator_is_explained_too(told: Told) -> None:
    held = e.DecisionHeld(
        decision_id="d-held", deliberation_id="delib-held", track="TRADE", rules=("ask-first",), orders=(), held=(),
        reasons=(), trigger=e.Trigger(tick_id="t", received_at=1), ttl_ms=200, at=1, until=2,
    )  # fmt: skip
    told.history.tell(held, "delib-held")
    told.governance.commit(list(told.history.governance))
    story = document("d-held")
    assert (story["decision_id"], story["outcome"], story["held"][0]["rules"]) == ("d-held", "held", ["ask-first"])
    assert "Held by ask-first for an operator" in explain("d-held")


def test_an_order_leads_to_its_decision(told: Told) -> None:
    assert document(derived_id("order", told.decision, "BTCUSDT"))["decision_id"] == told.decision


def test_no_reason_is_no_empty_brackets(told: Told) -> None:
    (first, *_) = document(told.decision)["proposals"]
    bare = {**first, "reason": "", "detail": "", "outcome": None}
    (line,) = _proposals({"proposals": [bare]})
    assert line.endswith("of fast-momentum: GRANTED")
    assert "fast-momentum GRANTED" in explain(told.decision)

"""The audit command: query, explain and verify, on a story that begins with a tick and ends with a fill."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from ledger.application import LedgerApplication
from streams import events as e
from streams.events import aggregate_id
from tests.integration.ledger.events import cancelled, event

TICK = "binance:BTCUSDT:t1"
MARKET = e.MarketView(price=Decimal("100.5"), spread=Decimal("0.1"), tick_id=TICK, source="replay", market_at=1)
TICKET = e.OrderTicket(
    order_id="order-7", instrument="BTCUSDT", side="buy", quantity=Decimal("0.50"), limit=Decimal(101)
)


@pytest.fixture
def ledger(ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A decision that was granted and filled, and an order that has nothing to do with it."""
    monkeypatch.setattr(settings, "DATABASE_URL", ledger_url)
    governance, execution = LedgerApplication(ledger_url, "governance"), LedgerApplication(ledger_url, "execution")
    governance.acquire()
    execution.acquire()
    deliberation, order = aggregate_id("Deliberation", "delib-7"), aggregate_id("Order", "order-7")
    told: list[e.Event] = [
        e.DeliberationOpened(
            deliberation_id="delib-7",
            instrument="BTCUSDT",
            track="TRADE",
            opened_at=1,
            deadline=2,
            weights_version="1",
            total_ppm=1_000_000,
            rulebook_version=1,
            market=MARKET,
        ),
        e.BallotCast(
            proposal_id="p1",
            agent="mean-reversion",
            stance="approve",
            probability=0.61,
            weight_ppm=166_666,
            size_limit=None,
            veto=False,
            reason="the price [is] low",
        ),
        e.DecisionReached(
            decision_id="decision-7",
            deliberation_id="delib-7",
            outcome="granted",
            orders=(TICKET,),
            reasons=(),
            trigger=e.Trigger(tick_id=TICK, received_at=1),
            ttl_ms=200,
        ),
    ]
    governance.commit([event(body, deliberation, number) for number, body in enumerate(told, 1)])
    fill = e.OrderFilled(
        order_id="order-7",
        decision_id="decision-7",
        venue="paper",
        instrument="BTCUSDT",
        side="buy",
        quantity=Decimal("0.50"),
        leaves=Decimal(0),
        price=Decimal("100.6"),
        fee=Decimal("0.001"),
        tick_id="binance:BTCUSDT:q9",
        received_at=1,
    )
    execution.commit([cancelled(1), event(fill, order)])
    yield ledger_url
    governance.close()
    execution.close()


def audit(*arguments: Any) -> str:
    out = StringIO()
    call_command("audit", *arguments, stdout=out)
    return out.getvalue()


def lines(*arguments: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in audit("query", "--format", "jsonl", *arguments).splitlines()]


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        ([], ["DeliberationOpened", "BallotCast", "DecisionReached", "OrderCancelled", "OrderFilled"]),
        (["--event", "OrderFilled", "--event", "DecisionReached"], ["DecisionReached", "OrderFilled"]),
        (["--aggregate", "Order"], ["OrderCancelled", "OrderFilled"]),
        (["--aggregate", str(aggregate_id("Order", "order-7"))], ["OrderFilled"]),
        (["--log", "execution", "--limit", "1"], ["OrderCancelled"]),
        (["--limit", "2"], ["DeliberationOpened", "BallotCast"]),
        (["--after", "1"], ["BallotCast", "DecisionReached", "OrderFilled"]),
        (["--book", "demo", "--log", "execution"], ["OrderCancelled", "OrderFilled"]),
        (
            ["--actor", "executor", "--correlation", TICK, "--log", "governance", "--after", "2"],
            ["DecisionReached"],
        ),
        (["--from", "2999-01-01"], []),
        (["--to", "2999-01-01", "--event", "OrderFilled"], ["OrderFilled"]),
        (["--command", "none"], []),
    ],
)
def test_query_finds_events_in_order_of_time(ledger: str, conditions: list[str], found: list[str]) -> None:
    assert [line["event"] for line in lines(*conditions)] == found


def test_a_line_has_the_columns_of_the_view(ledger: str) -> None:
    (line,) = lines("--event", "OrderFilled")
    assert (line["log"], line["position"], line["payload"]["price"]) == ("execution", 2, "100.6")
    assert (len(line["hash"]), len(line["prev_hash"])) == (64, 64)


def test_the_table_is_for_people(ledger: str) -> None:
    assert "Order.OrderFilled" in audit("query")


@pytest.mark.parametrize("wanted", ["decision-7", "delib-7", "order-7"])
def test_explain_tells_the_whole_story(ledger: str, wanted: str) -> None:
    told = audit("explain", wanted)
    assert "Decision decision-7: granted" in told
    assert "mean-reversion votes approve with 16.7 %, p = 0.610: the price [is] low" in told
    assert "Filled: buy 0.5 BTCUSDT at 100.6 on paper, fee 0.001" in told
    assert "cancelled" not in told
    document = json.loads(audit("explain", wanted, "--json"))
    assert document["outcome"] == "granted"
    assert [one["event"].partition(".")[2] for one in document["events"]] == [
        *("DeliberationOpened", "BallotCast", "DecisionReached", "OrderFilled")
    ]


def test_explain_says_when_there_is_nothing_to_explain(ledger: str) -> None:
    with pytest.raises(CommandError, match="no decision"):
        audit("explain", "nothing")


def test_verify_finds_whole_logs_whole(ledger: str) -> None:
    assert audit("verify", "--chain").splitlines() == [
        "governance: 3 events, the chain is whole",
        "execution: 2 events, the chain is whole",
    ]


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ("UPDATE event_log SET state = set_byte(state, 9, 88) WHERE position = 2", "position 2: its hash does not fit"),
        ("UPDATE event_log SET actor = 'x' WHERE position = 1", "position 1: its hash does not fit"),
        ("DELETE FROM event_log WHERE position = 2 AND log = 'governance'", "position 2: position 2 is missing"),
        ("DELETE FROM event_log WHERE position = 3", "position 3: the head stands at 3, the log ends at 2"),
        ("UPDATE head SET hash = sha256('') WHERE log = 'execution'", "position 2: its hash is not that of the head"),
        ("DELETE FROM head WHERE log = 'execution'", "position 1: the log has no head"),
    ],
)
def test_verify_finds_what_was_changed(ledger: str, change: str, verdict: str) -> None:
    with psycopg.connect(ledger) as owner:
        owner.execute("ALTER TABLE event_log DISABLE TRIGGER append_only")
        owner.execute(change)
        owner.execute("ALTER TABLE event_log ENABLE ALWAYS TRIGGER append_only")
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("audit", "verify", "--chain", stdout=out)
    assert ended.value.code == 1
    assert f"BROKEN at {verdict}" in out.getvalue()

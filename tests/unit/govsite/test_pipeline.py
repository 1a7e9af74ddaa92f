"""The three cores in one process: the same market gives the same events, and every order ends once."""

from __future__ import annotations

from decimal import Decimal
from itertools import islice
from pathlib import Path

import pytest

from feeds.synthetic import SyntheticMarket
from govsite.backtest import backtest, demo_pipeline
from govsite.pipeline import Pipeline
from govsite.seed import KNOWN, known_instrument
from streams.messages import AnyTick, SubmitProposal
from tests.unit.execution.market import decision, limit_ticket

TICKS = 20_000
START_NS = 1_700_000_000_000_000_000
SECOND_NS = 1_000_000_000


def run(seed: int) -> Pipeline:
    pipeline = demo_pipeline([known_instrument(symbol) for symbol in KNOWN])
    for tick in islice(SyntheticMarket(seed, START_NS), TICKS):
        pipeline.on_tick(tick)
    pipeline.finish()
    return pipeline


def halt(instrument: str, now: int) -> SubmitProposal:
    return SubmitProposal(
        proposal_id="stop",
        action="halt",
        instrument=instrument,
        target=Decimal(0),
        price=Decimal(1),
        evidence_received_at=now,
        reason="looks wrong",
    )


def test_the_same_market_gives_the_same_events_and_another_one_others() -> None:
    first, second, other = run(7), run(7), run(8)
    assert first.digest == second.digest
    assert first.digest != other.digest


def test_a_synthetic_market_is_traded_and_not_everything_is_granted() -> None:
    pipeline = run(7)
    assert pipeline.decisions["granted"] + pipeline.decisions["reduced"] > 0
    assert pipeline.decisions["refused"] > 0
    assert pipeline.orders["filled"] > 0


def test_every_order_of_a_decision_ends_exactly_once() -> None:
    pipeline = run(7)
    counts = pipeline.logs["execution"].counts
    ends = ("Order.OrderFilled", "Order.OrderRejected", "Order.OrderCancelled", "Order.OrderExpired")
    assert sum(counts[end] for end in ends) == counts["Order.OrderAccepted"] == sum(pipeline.orders.values())


@pytest.mark.timeout(180)
def test_a_recording_gives_the_same_decisions_twice(recordings: Path) -> None:
    path = [recordings / "binance-spot-btcusdt-20240808.jsonl.gz"]
    first, second = backtest(path), backtest(path)
    assert first.digest == second.digest
    assert first.decisions == second.decisions
    assert (first.ticks, first.trades, first.gaps) == (41_249, 9_757, 0)


def test_a_guard_halts_a_backtest_as_it_would_halt_a_book() -> None:
    pipeline = demo_pipeline([known_instrument("BTCUSDT")])
    ticks = islice(SyntheticMarket(7, START_NS), TICKS)
    pipeline.on_tick(next(ticks))
    pipeline.on_command("risk", halt("BTCUSDT", pipeline.now))
    assert pipeline.mode == "HALTED"
    assert pipeline.logs["governance"].counts["Book.TradingHalted"] == 1
    for tick in ticks:
        pipeline.on_tick(tick)
    assert pipeline.orders["filled"] == 0


def working(good_for_ms: int) -> tuple[Pipeline, list[AnyTick]]:
    """A pipeline in which a buy far below the market rests, and the ticks that follow."""
    pipeline = demo_pipeline([known_instrument("BTCUSDT")])
    ticks = list(islice(SyntheticMarket(7, START_NS), TICKS))
    pipeline.on_tick(ticks[0])
    asked = decision(limit_ticket("buy", "0.001", "10000.00", "GTD", good_for_ms=good_for_ms))
    for event in pipeline.desk.execute(
        asked,
        committed_at=pipeline.now,
        cause_id="test",
        correlation="test",
        now=pipeline.now,
        mode=pipeline.mode,
    ):
        pipeline.desk.apply(event)
    assert [order.working for order in pipeline.desk.orders] == [True]
    return pipeline, ticks[1:]


def test_an_order_that_works_expires_at_its_time_on_the_virtual_clock() -> None:
    pipeline, ticks = working(good_for_ms=2_000)
    end = pipeline.now + 2 * SECOND_NS
    for tick in ticks:
        pipeline.on_tick(tick)
        assert bool(pipeline.desk.orders) is (tick.received_at < end)
        if tick.received_at >= end:
            break
    assert pipeline.orders["expired"] == 1
    assert pipeline.logs["execution"].counts["Order.OrderExpired"] == 1


def test_a_halt_cancels_what_works() -> None:
    pipeline, ticks = working(good_for_ms=3_600_000)
    pipeline.on_tick(ticks[0])
    pipeline.on_command("risk", halt("BTCUSDT", pipeline.now))
    assert not pipeline.desk.orders
    assert pipeline.orders["cancelled"] == 1
    assert pipeline.logs["execution"].counts["Order.OrderCancelled"] == 1

"""The seats that hold no mass: risk, compliance, and the anomaly seat's alarms."""

from __future__ import annotations

import math
from decimal import Decimal
from random import Random

import pytest

from agents.agent import Agent, Opinion
from agents.roles.anomaly import Anomaly
from agents.roles.calibrated import Logistic
from agents.roles.compliance import Compliance
from agents.roles.risk import Risk
from agents.roles.strategy import Habits
from streams.envelope import Envelope
from streams.messages import SubmitProposal
from tests.unit.agents.market import BTC, Market, announced


def noise(seconds: int, *, bp: float = 0.5, price: float = 60_000.0, seed: int = 1) -> list[float]:
    random, walk, found = Random(seed), 0.0, []
    for _ in range(seconds * 4):
        walk += random.gauss(0, bp * 1e-4)
        found.append(price * math.exp(walk))
    return found


def submitted(commands: list[Envelope]) -> list[SubmitProposal]:
    return [command.body for command in commands if isinstance(command.body, SubmitProposal)]


def asked(agent: Agent, market: Market, target: str, held: str = "0", **changes: str) -> Opinion:
    return agent.on_deliberation(announced(target, held=held, **changes), market.view)  # type: ignore[arg-type]


# --- risk ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("bp", [0.5, 2.0])
def test_the_size_limit_is_what_may_be_lost_in_three_deviations(bp: float) -> None:
    """Given steps of `bp` four times a second, then σ over 30 s is bp · √120, and 3σ of the limit are 30 USDT."""
    agent = Risk(exposure=1.0, loss_budget=0.0003)
    market = Market(agent)
    market.open_book()
    market.walk(noise(300, bp=bp))

    opinion = asked(agent, market, "0.5")
    assert opinion.size_limit is not None
    assert (opinion.stance, opinion.veto) == ("abstain", False)
    lost = float(opinion.size_limit) * 60_000 * 3 * bp * 1e-4 * math.sqrt(120)
    assert 20 < lost < 45


def test_exposure_bounds_the_size_in_a_market_that_stands_still() -> None:
    agent = Risk(exposure=0.3)
    market = Market(agent)
    market.open_book()
    market.walk(noise(60, bp=0.01))
    limit = asked(agent, market, "0.1").size_limit
    assert limit is not None
    assert abs(limit * 60_000 - 30_000) < 100


def test_risk_lets_nobody_enter_before_it_knows_the_volatility() -> None:
    agent = Risk()
    market = Market(agent)
    market.quote(60_000)
    assert asked(agent, market, "0.1").veto
    assert not asked(agent, market, "0", "0.1").veto


def test_a_size_limit_never_sells_what_is_held() -> None:
    agent = Risk(exposure=0.1, loss_budget=None)
    market = Market(agent)
    market.quote(60_000)
    assert asked(agent, market, "0.6", "0.5").size_limit == Decimal("0.5")


def test_too_large_a_position_is_to_be_reduced() -> None:
    agent = Risk(exposure=0.1, loss_budget=None)
    market = Market(agent)
    market.open_book()
    market.fill("buy", "0.5")
    [proposal] = submitted(market.quote(60_000))
    assert proposal.action == "reduce"
    assert Decimal(9_900) < proposal.target * 60_000 < Decimal(10_001)
    assert "size limit" in proposal.reason


def drawn_down(share: float) -> tuple[Risk, Market, list[SubmitProposal]]:
    """A book that is long by its whole cash, and a price that falls."""
    agent = Risk(exposure=3.0, loss_budget=None)
    market = Market(agent)
    market.open_book()
    market.fill("buy", "1.66666")
    market.quote(60_000)
    return agent, market, submitted(market.quote(60_000 * (1 - share), after_ms=20_000))


def test_in_a_drawdown_positions_are_halved_and_may_only_shrink() -> None:
    agent, market, [proposal] = drawn_down(0.06)
    assert (proposal.action, proposal.target) == ("reduce", Decimal("0.83333"))
    assert "drawdown 6.0" in proposal.reason or "drawdown 5.9" in proposal.reason
    assert asked(agent, market, "2", "1.66666").veto
    assert not asked(agent, market, "1", "1.66666").veto


def test_a_deep_drawdown_halts_until_somebody_resumes() -> None:
    _, market, [proposal] = drawn_down(0.09)
    assert proposal.action == "halt"

    market.change_mode("HALTED")
    assert not submitted(market.quote(54_000, after_ms=60_000))
    market.change_mode("NORMAL")
    assert not submitted(market.quote(54_000, after_ms=60_000))


def test_a_small_loss_moves_nobody() -> None:
    _, _, proposals = drawn_down(0.03)
    assert proposals == []


# --- compliance ---------------------------------------------------------------------------------


def test_a_trade_that_reverses_a_young_fill_is_churn() -> None:
    agent = Compliance(churn_s=10.0)
    market = Market(agent)
    market.quote(60_000)
    market.fill("buy", "0.1")
    market.quote(60_000, after_ms=9_000)

    against = asked(agent, market, "0", "0.1")
    assert against.veto
    assert "churn" in against.reason
    assert "9.0 s" in against.reason
    assert not asked(agent, market, "0.2", "0.1").veto
    market.quote(60_000, after_ms=1_000)
    assert not asked(agent, market, "0", "0.1").veto


def test_fills_of_before_the_start_are_not_young() -> None:
    agent = Compliance(churn_s=10.0)
    market = Market(agent)
    market.fill("buy", "0.1")  # heard before there was any tick
    market.quote(60_000)
    assert not asked(agent, market, "0", "0.1").veto


def test_a_reduce_is_never_vetoed() -> None:
    agent = Compliance(churn_s=10.0, restricted=[BTC])
    market = Market(agent)
    market.quote(60_000)
    market.fill("buy", "0.1")
    assert not asked(agent, market, "0", "0.1", action="reduce").veto


def test_positions_in_restricted_instruments_may_only_shrink() -> None:
    agent = Compliance(restricted=[BTC])
    market = Market(agent)
    market.quote(60_000)
    assert asked(agent, market, "0.2", "0.1").veto
    assert asked(agent, market, "-0.1", "0.1").veto
    assert not asked(agent, market, "0.05", "0.1").veto


def test_an_author_that_proposes_too_often_is_stopped_for_a_while() -> None:
    agent = Compliance(most_per_minute=3)
    market = Market(agent)
    market.quote(60_000)
    verdicts = [asked(agent, market, "0.1", proposal_id=f"p{number}").veto for number in range(5)]
    assert verdicts == [False, False, False, True, True]
    assert not asked(agent, market, "0.1", author="another").veto
    market.quote(60_000, after_ms=60_000)
    assert not asked(agent, market, "0.1").veto


def test_amendments_are_not_counted_against_the_author() -> None:
    agent = Compliance(most_per_minute=1)
    market = Market(agent)
    market.quote(60_000)
    asked(agent, market, "0.1")
    assert not asked(agent, market, "0.05", amends="p1").veto


# --- anomaly ------------------------------------------------------------------------------------


def anomaly(**changes: float) -> Anomaly:
    habits = Habits(forecast=Logistic(0.2, 1.6), notional=6_000.0, has_view_from=0.0)
    return Anomaly(habits, **changes)  # type: ignore[arg-type]


def trade_through(market: Market, prices: list[float], *, quantity: str = "0.1") -> list[Envelope]:
    said = []
    for price in prices:
        said += market.trade(price, quantity=quantity)
    return said


def test_a_price_outlier_halves_the_position() -> None:
    agent = anomaly()
    market = Market(agent)
    market.fill("buy", "0.1")
    assert not [each for each in submitted(trade_through(market, noise(90))) if each.action == "reduce"]

    [proposal, *_] = submitted(trade_through(market, [60_000 * 1.004] * 5))
    assert (proposal.action, proposal.target) == ("reduce", Decimal("0.05"))
    assert "outlier" in proposal.reason


def test_an_outlier_of_price_and_volume_closes_the_position() -> None:
    agent = anomaly()
    market = Market(agent)
    market.fill("buy", "0.1")
    trade_through(market, noise(90))
    proposals = submitted(trade_through(market, [60_000 * 0.996] * 8, quantity="90"))
    assert ("reduce", Decimal(0)) in [(each.action, each.target) for each in proposals]


def test_after_a_shock_entries_along_it_are_rejected_and_reduces_approved() -> None:
    agent = anomaly()
    market = Market(agent)
    trade_through(market, noise(90))
    trade_through(market, [60_000 * 1.004] * 5)

    along, against = asked(agent, market, "0.2", "0.1"), asked(agent, market, "0", "0.1")
    assert along.stance == "reject"
    assert against.stance == "abstain"
    assert asked(agent, market, "0.05", "0.1", action="reduce").stance == "approve"


def test_the_quarantine_ends() -> None:
    agent = anomaly(quarantine_s=2.0)
    market = Market(agent)
    trade_through(market, noise(90))
    trade_through(market, [60_000 * 1.004] * 5)
    trade_through(market, [60_000 * 1.004 + number % 3 for number in range(12)])
    assert asked(agent, market, "0", "0.1").stance == "approve"

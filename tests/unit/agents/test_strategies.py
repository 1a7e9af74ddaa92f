"""What the strategies forecast, propose and amend in markets that are plain enough to tell."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from random import Random

import pytest

from agents.agent import Opinion
from agents.demo import DEMO_COUNCIL
from agents.roles.calibrated import Logistic
from agents.roles.mean_reversion import MeanReversion
from agents.roles.momentum import Momentum
from agents.roles.order_flow import OrderFlow
from agents.roles.rule import Rule, SignalRule
from agents.roles.strategy import Habits, Strategy
from rules.engine import TextRefused
from streams.envelope import Envelope
from streams.messages import SubmitProposal
from tests.unit.agents.market import BTC, Market, announced

FORECAST = Logistic(0.2, 1.6)


def habits(**changes: float | bool) -> Habits:
    return Habits(forecast=FORECAST, notional=6_000.0, **changes)  # type: ignore[arg-type]


def prices(seconds: int, *, trend_bp: float = 0.0, seed: int = 1) -> list[float]:
    """Four a second: noise of 0.5 bp a step around 60,000 and a trend in bp per second."""
    random, walk, found = Random(seed), 0.0, []
    for number in range(seconds * 4):
        walk += random.gauss(0, 0.5e-4)
        found.append(60_000 * math.exp(walk + trend_bp * 1e-4 * number / 4))
    return found


def reverting(seconds: int) -> list[float]:
    """Swings of 6 bp around 60,000 with a period of 12 s: what is far away is back soon."""
    return [60_000 * math.exp(6e-4 * math.sin(2 * math.pi * number / 48)) for number in range(seconds * 4)]


def asked(agent: Strategy, market: Market, target: str, held: str = "0") -> Opinion:
    return agent.on_deliberation(announced(target, held=held), market.view)


def submitted(commands: list[Envelope]) -> list[SubmitProposal]:
    return [command.body for command in commands if isinstance(command.body, SubmitProposal)]


@pytest.mark.parametrize(("trend_bp", "buys"), [(3.0, True), (-3.0, False)])
def test_momentum_follows_a_trend(trend_bp: float, buys: bool) -> None:
    agent = Momentum(habits(), tau_s=10.0)
    market = Market(agent)
    market.fill("buy", "0.3")  # so that there is something to sell
    proposed = submitted(market.walk(prices(60, trend_bp=trend_bp)))

    buying, selling = asked(agent, market, "0.4", "0.3"), asked(agent, market, "0", "0.3")
    assert buying.probability is not None
    assert selling.probability is not None
    assert (buying.probability > 0.5 > selling.probability) == buys
    assert all((proposal.target > Decimal("0.3")) == buys for proposal in proposed)
    assert proposed or buys


def test_momentum_proposes_what_it_believes() -> None:
    agent = Momentum(habits(), tau_s=10.0)
    market = Market(agent)
    proposed = submitted(market.walk(prices(60, trend_bp=3.0)))
    assert proposed
    for proposal in proposed:
        assert proposal.probability is not None
        assert proposal.probability >= agent.habits.proposes_from
        assert Decimal(2_900) < proposal.target * proposal.price < Decimal(6_001)


def test_mean_reversion_fades_a_swing_and_momentum_stays_out_of_it() -> None:
    """Given swings of a few seconds, then at their top it sells and at their bottom it buys."""
    reversion, momentum = MeanReversion(habits(), tau_s=20.0), Momentum(habits(), tau_s=5.0)
    market = Market(reversion, momentum)
    market.fill("buy", "0.05")
    market.walk(reverting(120)[: 480 - 36])  # a quarter of a swing after the last zero: the top
    assert reversion.scores[BTC] < -0.5
    assert asked(reversion, market, "0", "0.05").stance == "approve"
    assert asked(reversion, market, "0.1", "0.05").stance == "reject"
    assert asked(momentum, market, "0", "0.05").stance == "abstain"

    market.walk(reverting(120)[480 - 36 : 480 - 12])
    assert asked(reversion, market, "0.1", "0.05").stance == "approve"


def test_mean_reversion_stays_out_of_a_trend() -> None:
    agent = MeanReversion(habits(), tau_s=20.0)
    market = Market(agent)
    market.walk(prices(60, trend_bp=3.0))
    assert asked(agent, market, "0.1").stance == "abstain"


def test_mean_reversion_offers_less_where_much_more_is_asked() -> None:
    agent = MeanReversion(habits(amends=True), tau_s=20.0)
    market = Market(agent)
    market.walk(reverting(120)[: 480 - 12])  # the bottom of a swing
    large, small = asked(agent, market, "0.3"), asked(agent, market, "0.06")

    assert large.amend_to is not None
    assert Decimal("0.05") <= large.amend_to <= Decimal("0.1")
    assert small.amend_to is None


def feed_flow(market: Market, side: str, seconds: int = 30) -> None:
    """The book fills up on one side, and trades come from it."""
    random = Random(3)
    for number in range(seconds * 4):
        price = 60_000 + random.gauss(0, 3)
        sizes = {"bid_size" if side == "buy" else "ask_size": str(1 + number % 5)}
        market.quote(price, after_ms=125, **sizes)
        market.trade(price, after_ms=125, quantity="0.5", side="buy" if side == "buy" else "sell")


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_order_flow_goes_with_the_pressure(side: str) -> None:
    agent = OrderFlow(habits(), tau_s=5.0)
    market = Market(agent)
    feed_flow(market, side)
    buying, selling = asked(agent, market, "0.4", "0.3"), asked(agent, market, "0.1", "0.3")
    assert (buying.stance == "approve") == (side == "buy")
    assert (selling.stance == "approve") == (side == "sell")


def test_order_flow_does_without_quotes_or_without_trades() -> None:
    trades_only, quotes_only = OrderFlow(habits(), tau_s=5.0), OrderFlow(habits(), tau_s=5.0)
    market = Market(trades_only)
    for number in range(200):
        market.trade(60_000 + number % 3, side="buy", quantity=str(1 + number % 2))
    assert trades_only.scores[BTC] > 1

    market = Market(quotes_only)
    for number in range(200):
        market.quote(60_000 + number // 8, bid_size=str(1 + number % 4))
    assert quotes_only.scores[BTC] > 1


@pytest.mark.parametrize(
    "make",
    [
        lambda: Momentum(habits(), tau_s=10.0),
        lambda: MeanReversion(habits(), tau_s=10.0),
        lambda: OrderFlow(habits(), tau_s=10.0),
        lambda: Rule(habits()),
    ],
)
def test_without_a_signal_a_strategy_abstains(make: Callable[[], Strategy]) -> None:
    agent = make()
    market = Market(agent)
    assert asked(agent, market, "0.1").stance == "abstain"
    market.walk([60_000.0] * 400)  # nothing moves: there is no volatility to measure by
    assert asked(agent, market, "0.1").stance == "abstain"
    assert market.council.errors == 0


def test_the_dearer_the_trade_the_lower_the_forecast() -> None:
    agent = Momentum(habits(), tau_s=10.0)
    market = Market(agent)
    market.walk(prices(60, trend_bp=3.0))
    cheap = asked(agent, market, "0.1").probability
    market.view.terms = type(market.view.terms)(fee_bp=Decimal(10))
    market.view.observe(market.view.prices.markets[BTC].quote)  # type: ignore[arg-type]
    dear = asked(agent, market, "0.1").probability
    assert cheap is not None
    assert dear is not None
    assert dear < cheap - 0.2


def test_a_rule_proposes_and_votes_when_it_holds() -> None:
    rules = [SignalRule(name="up", when="market.move_5s > 0.5 && market.trend > 0.0", score="2.0 * market.move_5s")]
    agent = Rule(habits(), rules=rules)
    market = Market(agent)
    assert submitted(market.walk(prices(60, trend_bp=3.0)))
    assert asked(agent, market, "0.7", "0.6").stance == "approve"

    market.walk(prices(60, trend_bp=-3.0, seed=2))
    assert asked(agent, market, "0.7", "0.6").stance == "abstain"


def test_the_first_rule_that_holds_counts() -> None:
    first, second = (SignalRule(name=name, when="true", score=score) for name, score in (("a", "-3.0"), ("b", "3.0")))
    agent = Rule(habits(), rules=[first, second])
    market = Market(agent)
    market.walk(prices(40))
    assert agent.scores[BTC] == -3.0


@pytest.mark.parametrize(
    ("when", "score"), [("market.nothing > 1.0", "1.0"), ("market.trend", "1.0"), ("true", "true")]
)
def test_a_rule_that_is_not_sound_is_refused_when_it_is_declared(when: str, score: str) -> None:
    with pytest.raises(TextRefused):
        Rule(habits(), rules=[SignalRule(name="bad", when=when, score=score)])


def test_a_rule_that_fails_leaves_no_view_behind(caplog: pytest.LogCaptureFixture) -> None:
    rules = [SignalRule(name="nan", when="market.price > 0.0", score="market.price > 60000.0 ? 0.0 / 0.0 : 2.0")]
    agent = Rule(habits(), rules=rules)
    market = Market(agent)
    market.walk([price * 5 / 6 for price in prices(60)])
    assert asked(agent, market, "0.1").stance == "approve"

    market.walk([70_000.0 + number % 3 for number in range(8)])
    assert market.council.errors > 0
    assert asked(agent, market, "0.1").stance == "abstain"
    assert "RuleFailed: rule 'nan': NOT_FINITE" in caplog.text


def test_all_of_the_demo_votes_by_its_own_signal_alone() -> None:
    """Given two proposals that differ only in their author, then every seat says the same of both."""
    for plan in DEMO_COUNCIL:
        agent = plan.make()
        market = Market(agent)
        market.walk(prices(60, trend_bp=2.0))
        one, other = (
            agent.on_deliberation(body, market.view)
            for body in (announced("0.1", author="x", proposal_id="p1"), announced("0.1", author="y", proposal_id="p2"))
        )
        assert one == other

"""The demo council and the council of the benchmark: which seats there are, who owns them and what sits in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct

from agents.agent import Agent, View
from agents.council import Council
from agents.roles import calibrated
from agents.roles.anomaly import Anomaly
from agents.roles.compliance import Compliance
from agents.roles.mean_reversion import MeanReversion
from agents.roles.metronome import Metronome
from agents.roles.momentum import Momentum
from agents.roles.order_flow import OrderFlow
from agents.roles.risk import Risk
from agents.roles.rule import Rule
from agents.roles.strategy import Habits
from agents.seat import Seat
from streams.events import BookTerms, InstrumentTerms, Role, SeatGranted

SIXTH_PPM = 1_000_000 // 6


class SeatPlan(Struct, frozen=True, kw_only=True):
    """A seat before it is granted: `prior_ppm` is the TRADE mass that it starts with, guards have none and a veto;
    a proposal cannot pass while a `required` seat is silent. `agent(**parameters)` makes what sits in it."""

    name: str
    role: Role
    owner: str
    agent: Callable[..., Agent]
    parameters: Mapping[str, Any] = {}
    prior_ppm: int = 0
    veto: bool = False
    required: bool = False

    def make(self) -> Agent:
        return self.agent(**self.parameters)


DEMO_COUNCIL: tuple[SeatPlan, ...] = (
    SeatPlan(
        name="fast-momentum",
        role="strategy",
        owner="meadow-capital",
        agent=Momentum,
        parameters={
            "habits": Habits(forecast=calibrated.FAST_MOMENTUM, notional=16_000.0, cooldown_s=3.0),
            "tau_s": 5.0,
        },
        prior_ppm=SIXTH_PPM,
    ),
    SeatPlan(
        name="slow-momentum",
        role="strategy",
        owner="long-river",
        agent=Momentum,
        parameters={
            "habits": Habits(forecast=calibrated.SLOW_MOMENTUM, notional=22_000.0, cooldown_s=4.0),
            "tau_s": 30.0,
        },
        prior_ppm=SIXTH_PPM,
    ),
    SeatPlan(
        name="mean-reversion",
        role="strategy",
        owner="pendulum",
        agent=MeanReversion,
        parameters={
            "habits": Habits(forecast=calibrated.MEAN_REVERSION, notional=6_000.0, proposes_from=0.515, amends=True),
            "tau_s": 20.0,
        },
        prior_ppm=SIXTH_PPM,
    ),
    SeatPlan(
        name="order-flow",
        role="strategy",
        owner="tidewater",
        agent=OrderFlow,
        parameters={
            "habits": Habits(forecast=calibrated.ORDER_FLOW, notional=14_000.0, proposes_from=0.525, cooldown_s=4.0),
            "tau_s": 5.0,
        },
        prior_ppm=SIXTH_PPM,
    ),
    SeatPlan(
        name="anomaly",
        role="anomaly",
        owner="lighthouse",
        agent=Anomaly,
        parameters={
            "habits": Habits(
                forecast=calibrated.ANOMALY,
                notional=6_000.0,
                has_view_from=0.6,
                proposes_from=0.525,
                cooldown_s=8.0,
                content_s=30.0,
            ),
        },
        prior_ppm=SIXTH_PPM,
    ),
    SeatPlan(
        name="rule",
        role="rule",
        owner="rulebook-desk",
        agent=Rule,
        parameters={
            "habits": Habits(forecast=calibrated.RULE, notional=12_000.0),
        },
        prior_ppm=SIXTH_PPM,
    ),
    SeatPlan(name="risk", role="risk", owner="house", agent=Risk, veto=True, required=True),
    SeatPlan(name="compliance", role="compliance", owner="house", agent=Compliance, veto=True, required=True),
)


def bench_council(every: int = 200) -> tuple[SeatPlan, ...]:
    """For load tests: one seat proposes with every `every`-th tick, all with mass approve, the guards look on."""
    voters = tuple(
        SeatPlan(
            name=f"metronome-{number}",
            role="strategy",
            owner=f"bench-{number}",
            agent=Metronome,
            parameters={"every": every if number == 1 else 0},
            prior_ppm=SIXTH_PPM,
        )
        for number in range(1, 7)
    )
    return (
        *voters,
        SeatPlan(
            name="risk",
            role="risk",
            owner="house",
            agent=Risk,
            parameters={"loss_budget": None},
            veto=True,
            required=True,
        ),
        SeatPlan(
            name="compliance",
            role="compliance",
            owner="house",
            agent=Compliance,
            parameters={"churn_s": 0.0, "most_per_minute": 1_000_000},
            veto=True,
            required=True,
        ),
    )


BENCH_COUNCIL = bench_council()
DECLARED_HABITS = Habits(forecast=calibrated.RULE, notional=12_000.0)


def declared_seat(granted: SeatGranted, view: View) -> Seat:
    """A rule agent as an operator declared it in CEL. Raises `rules.engine.TextRefused`."""
    return Seat(granted.agent, Rule(DECLARED_HABITS, rules=granted.signals), view)


def seat_council(
    plans: Iterable[SeatPlan],
    book: str,
    terms: BookTerms | None = None,
    instruments: Mapping[str, InstrumentTerms] | None = None,
    *,
    only: Iterable[str] = (),
) -> Council:
    """The council that `plans` describe, with new agents; `only` names the seats that this process runs (default: all).
    Terms and instruments that are not given come with the book's founding events; rule agents that operators declare
    come with the ledger, unless `only` some seats are run. Raises KeyError for a name that is not among the plans."""
    chosen = {plan.name: plan for plan in plans}
    names = list(only)
    if names:
        chosen = {name: chosen[name] for name in names}
    view = View(book, terms, instruments)
    seats = [Seat(name, plan.make(), view) for name, plan in chosen.items()]
    return Council(seats, view, None if names else declared_seat)

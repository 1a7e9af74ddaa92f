"""A rule agent that an operator declares: run from the ledger at the start, and while everything runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal

import pytest

from agents.demo import DEMO_COUNCIL
from govsite.seed import BOOK, known_instrument, seed
from ledger.application import LedgerApplication
from streams.client import LEDGER_GOVERNANCE
from streams.envelope import Envelope
from streams.events import DomainEvent, Event, SeatGranted, SignalRule, TermChanged, aggregate_id
from streams.messages import LedgerEntry
from tests.integration.agents.test_worker import World, running, until
from tests.unit.agents.market import row

UP = SignalRule(name="up", when="market.trend >= 0.0", score="2.0")
GRANTED = SeatGranted(
    agent="trend-rule",
    role="rule",
    owner="research",
    prior_ppm=0,
    veto=False,
    required=False,
    shadow=True,
    signals=(UP,),
    who="operator:ann",
    why="to be tried",
)


@pytest.fixture
def declared(redis_url: str, ledger_url: str) -> Iterator[World]:
    seed(ledger_url, [known_instrument("BTCUSDT")], DEMO_COUNCIL)
    world = World(redis_url, ledger_url)
    yield world
    world.streams.redis.close()


def govern(world: World, event: Event, aggregate: str, version: int, *, tell: bool) -> None:
    """Commits to the governance log and, if told to, puts it on the stream as the relay would."""
    with LedgerApplication(world.ledger_url, "governance", owner="test") as application:
        application.acquire()
        domain = DomainEvent(
            originator_id=aggregate_id(aggregate, BOOK),
            originator_version=version,
            body=event,
            correlation_id="c",
            causation_id="c",
            actor="governor",
            book=BOOK,
        )
        commit = application.commit([domain])
        application.release()
    if tell:
        entry = LedgerEntry(
            log="governance",
            partition=0,
            first=commit.first,
            last=commit.last,
            recorded_at=0,
            rows=(row(event, commit.first, BOOK),),
        )
        envelope = Envelope(id=f"g-{commit.last}", body=entry, actor="relay", sent_at=time.time_ns(), book=BOOK)
        world.streams.publish_at(LEDGER_GOVERNANCE, f"{commit.last}-0", envelope)


async def test_a_declared_agent_is_run_from_the_ledger(declared: World) -> None:
    govern(declared, GRANTED, "Council", len(DEMO_COUNCIL) + 1, tell=False)
    async with running(declared):
        declared.announce("p1")
        await until(lambda: len(declared.ballots("p1")) == 9, "nine ballots")
    assert "trend-rule" in declared.ballots("p1")


async def test_a_declared_agent_sits_down_while_the_others_vote(declared: World) -> None:
    async with running(declared) as worker:
        govern(declared, GRANTED, "Council", len(DEMO_COUNCIL) + 1, tell=True)
        await until(lambda: len(worker.council.seats) == 9, "nine seats")
        declared.announce("p1")
        await until(lambda: "trend-rule" in declared.ballots("p1"), "its ballot")


async def test_agents_hear_of_changed_terms_at_once(declared: World) -> None:
    async with running(declared) as worker:
        changed = TermChanged(
            name="fee_bp", instrument="", origin=Decimal("0.2"), to=Decimal("0.7"), who="operator:ann", why="dearer"
        )
        govern(declared, changed, "Book", 2, tell=True)
        await until(lambda: worker.council.view.terms.fee_bp == Decimal("0.7"), "the new fee")

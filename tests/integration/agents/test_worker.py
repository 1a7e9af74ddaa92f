"""The agents' process on real servers: what it reads, what it answers, and what it does when a server is gone."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from agents.demo import DEMO_COUNCIL, SeatPlan, bench_council, seat_council
from agents.worker import Worker
from govsite.seed import BOOK, known_instrument, seed
from ledger import gate
from ledger.application import LedgerApplication
from streams import journal
from streams.client import COMMANDS, DEAD_LETTERS, DELIBERATIONS, FIELD, LEDGER_EXECUTION, TICKS, Streams
from streams.envelope import Envelope, decode
from streams.events import DomainEvent, Event, aggregate_id
from streams.messages import (
    AgentCommand,
    CastBallot,
    CoreStarted,
    DeadLetter,
    LedgerEntry,
    Mode,
    ModeChanged,
    ProposalAnnounced,
    SubmitProposal,
)
from streams.stopping import Stop
from streams.telemetry import processes
from tests.servers import wait_until
from tests.unit.agents.market import announced, filled, quote, row

ROOT = Path(__file__).resolve().parents[3]
SEATS = [plan.name for plan in DEMO_COUNCIL]


class World:
    """The feed, the governor and the executor of these tests."""

    def __init__(self, redis_url: str, ledger_url: str) -> None:
        self.redis_url = redis_url
        self.ledger_url = ledger_url
        self.streams = Streams(redis_url)
        self.number = 0
        self.executed = 0

    def tick(self, price: float = 60_000.0, *, instrument: str = "BTCUSDT") -> str:
        self.number += 1
        body = quote(price, time.time_ns(), number=self.number, instrument=instrument)
        self.streams.publish(TICKS, [Envelope(id=body.id, body=body, actor="feed", sent_at=time.time_ns())])
        return body.id

    def announce(self, proposal_id: str, target: str = "0.1") -> None:
        body = announced(target, proposal_id=proposal_id, at=time.time_ns())
        self._deliberate(body, proposal_id)

    def change_mode(self, mode: Mode) -> None:
        self._deliberate(ModeChanged(mode=mode), f"mode-{mode}")

    def _deliberate(self, body: ProposalAnnounced | ModeChanged, cause: str) -> None:
        envelope = Envelope(id=f"d-{cause}", body=body, actor="governor", sent_at=time.time_ns(), book=BOOK)
        self.streams.publish(DELIBERATIONS, [envelope])

    def execute(self, event: Event, *, tell: bool = True) -> None:
        """Commits to the execution log and, if told to, puts it on the stream as the relay would."""
        self.executed += 1
        with LedgerApplication(self.ledger_url, "execution", owner="test") as application:
            application.acquire()
            domain = DomainEvent(
                originator_id=aggregate_id("Order", f"o{self.executed}"),
                originator_version=1,
                body=event,
                correlation_id="c",
                causation_id="c",
                actor="executor",
                book=BOOK,
            )
            commit = application.commit([domain])
            application.release()
        if tell:
            rows = (row(event, commit.first, BOOK),)
            entry = LedgerEntry(
                log="execution", partition=0, first=commit.first, last=commit.last, recorded_at=0, rows=rows
            )
            envelope = Envelope(id=f"e-{commit.last}", body=entry, actor="relay", sent_at=time.time_ns(), book=BOOK)
            self.streams.publish_at(LEDGER_EXECUTION, f"{commit.last}-0", envelope)

    def commands(self) -> list[Envelope]:
        return [decode(entry.raw) for entry in self.streams.read({COMMANDS: "0-0"}, block_ms=None, count=10_000)]

    def ballots(self, proposal_id: str) -> dict[str, CastBallot]:
        found = ((each.actor, each.body) for each in self.commands() if isinstance(each.body, CastBallot))
        return {actor: ballot for actor, ballot in found if ballot.proposal_id == proposal_id}

    def proposals(self) -> list[Envelope]:
        return [each for each in self.commands() if isinstance(each.body, SubmitProposal)]


@pytest.fixture
def world(redis_url: str, ledger_url: str) -> Iterator[World]:
    seed(ledger_url, [known_instrument("BTCUSDT")], DEMO_COUNCIL)
    world = World(redis_url, ledger_url)
    yield world
    world.streams.redis.close()


@asynccontextmanager
async def running(
    world: World, *, plans: tuple[SeatPlan, ...] = DEMO_COUNCIL, record: Path | None = None, only: tuple[str, ...] = ()
) -> AsyncIterator[Worker]:
    """A worker in this process; it has ended, without an exception, when the block is left."""
    stop = Stop()
    worker = Worker(
        database_url=world.ledger_url,
        redis_url=world.redis_url,
        stop=stop,
        plans=plans,
        book=BOOK,
        only=only,
        record=record,
    )
    task = asyncio.create_task(worker.run())
    try:
        await until(lambda: task.done() or worker.telemetry.state == "running", "the worker runs")
        yield worker
    finally:
        stop.set()
        await asyncio.wait_for(task, 20)


async def until(condition: Callable[[], object], what: str) -> None:
    await asyncio.to_thread(wait_until, condition, what)


async def test_every_seat_answers_an_announcement_at_once(world: World) -> None:
    async with running(world):
        world.announce("p1")
        await until(lambda: len(world.ballots("p1")) == 8, "eight ballots")
    assert sorted(world.ballots("p1")) == sorted(SEATS)
    assert all(each.causation == "d-p1" for each in world.commands())


async def test_a_council_proposes_from_ticks_and_the_process_says_how_it_is(world: World) -> None:
    async with running(world, plans=bench_council(5)):
        ids = [world.tick() for _ in range(5)]
        await until(world.proposals, "a proposal")
        report = processes(world.streams.redis)["agents"]
    [proposal] = world.proposals()
    assert (proposal.actor, proposal.causation, proposal.correlation) == ("metronome-1", ids[-1], ids[-1])
    assert report["state"] == "running"
    assert "agents" not in processes(world.streams.redis)


async def test_latency_and_progress_are_told(world: World) -> None:
    async with running(world) as worker:
        world.tick()
        last = world.streams.last_id(TICKS)
        await until(lambda: world.streams.redis.get("progress:agents") == last.encode(), "the progress")
        assert worker.telemetry.report(0)["latency"]["stream_to_agent"]["n"] == 1
        assert worker.telemetry.counters["ticks"] == 1


async def test_cash_positions_and_terms_are_recovered_from_the_ledger(world: World) -> None:
    world.execute(filled("buy", "0.25", "60000"), tell=False)
    async with running(world) as worker:
        view = worker.council.view
        assert view.positions() == {"BTCUSDT": Decimal("0.25")}
        assert view.cash == Decimal(100_000) - 15_000
        assert list(view.instruments) == ["BTCUSDT"]


async def test_fills_are_followed_by_the_stream_and_missing_ones_taken_from_the_table(world: World) -> None:
    async with running(world) as worker:
        view = worker.council.view
        world.execute(filled("buy", "0.1"))
        await until(lambda: view.position("BTCUSDT") == Decimal("0.1"), "the fill")
        world.execute(filled("buy", "0.02"), tell=False)
        world.execute(filled("buy", "0.003"))
        await until(lambda: view.position("BTCUSDT") == Decimal("0.123"), "the hole is filled")
        world.execute(filled("sell", "0.1"), tell=False)
        await until(lambda: view.position("BTCUSDT") == Decimal("0.023"), "the silence is looked into")


async def test_a_halt_that_fell_before_the_start_is_known(world: World) -> None:
    with LedgerApplication(world.ledger_url, "governance", owner="test") as application:
        gate.halt(application.recorder.reading.connection, BOOK, who="operator:a", why="test", command_id="h1")
    async with running(world, plans=bench_council(1)) as worker:
        assert worker.council.view.mode == "HALTED"
        world.tick()
        world.announce("p1")
        await until(lambda: len(world.ballots("p1")) == 8, "eight ballots")
        assert not world.proposals()
        world.change_mode("NORMAL")
        await until(lambda: worker.council.view.mode == "NORMAL", "the end of the halt")
        world.tick()
        await until(world.proposals, "a proposal")


async def test_old_ticks_warm_up_and_propose_nothing(world: World) -> None:
    for _ in range(20):
        body = quote(60_000, time.time_ns() - 10_000_000_000, number=(number := world.number + 1))
        world.number = number
        world.streams.publish(TICKS, [Envelope(id=body.id, body=body, actor="feed", sent_at=body.received_at)])
    async with running(world, plans=bench_council(1)) as worker:
        await until(lambda: worker.telemetry.counters["ticks"] == 20, "the old ticks")
        assert not world.proposals()
        assert worker.telemetry.counters["dropped:old_evidence"] == 20
        world.tick()
        await until(world.proposals, "a proposal from a tick of now")


async def test_what_does_not_decode_is_buried_and_the_rest_goes_on(world: World) -> None:
    async with running(world):
        world.streams.redis.xadd(DELIBERATIONS, {FIELD: b'{"id":"x"}'})
        world.announce("p1")
        await until(lambda: len(world.ballots("p1")) == 8, "eight ballots")
    [entry] = world.streams.read({DEAD_LETTERS: "0-0"}, block_ms=None)
    letter = decode(entry.raw).body
    assert isinstance(letter, DeadLetter)
    assert (letter.stream, letter.origin) == (DELIBERATIONS, "agents")


async def test_a_lost_connection_is_survived(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.execute(filled("buy", "0.1"))
    async with running(world) as worker:
        first = worker.council
        world.streams.redis.client_kill_filter(_type="normal", skipme=True)
        await until(lambda: worker.council is not first and worker.telemetry.state == "running", "a new council")
        world.announce("p1")
        await until(lambda: len(world.ballots("p1")) == 8, "eight ballots")
        assert worker.council.view.position("BTCUSDT") == Decimal("0.1")
    assert "lost Redis" in caplog.text


async def test_only_some_seats_run_and_the_process_says_which(world: World) -> None:
    async with running(world, only=("risk", "compliance")):
        world.announce("p1")
        await until(lambda: len(world.ballots("p1")) == 2, "two ballots")
        await until(lambda: "agents-risk-compliance" in processes(world.streams.redis), "the heartbeat")
    assert sorted(world.ballots("p1")) == ["compliance", "risk"]


async def test_what_a_run_kept_is_answered_the_same_again(world: World, tmp_path: Path) -> None:
    kept = tmp_path / "agents.jsonl"
    plans = bench_council(3)
    async with running(world, plans=plans, record=kept):
        for number in range(9):
            world.tick(60_000 + number)
        world.announce("p1")
        world.execute(filled("buy", "0.1"))
        await until(lambda: len(world.ballots("p1")) == 8 and world.proposals(), "ballots and a proposal")

    council, answered, again = seat_council(plans, BOOK), [], []
    for given in journal.read(kept):
        if isinstance(given.message.body, CoreStarted):
            council = seat_council(plans, BOOK)
        elif isinstance(given.message.body, AgentCommand):
            answered.append(given.message)
        else:
            again += council.handle(given.message, given.now)
    assert len(answered) >= 9
    assert again == answered


def run_command(world: World, *arguments: str) -> subprocess.Popen[bytes]:
    environment = os.environ | {"DATABASE_URL": world.ledger_url, "REDIS_URL": world.redis_url}
    return subprocess.Popen(
        [sys.executable, "manage.py", "runagents", *arguments], cwd=ROOT, env=environment, stderr=subprocess.PIPE
    )


def check(world: World) -> int:
    process = run_command(world, "--check")
    process.communicate(timeout=30)
    return process.returncode


def state(world: World) -> str:
    return str(processes(world.streams.redis).get("agents", {}).get("state"))


def test_the_command_runs_is_checked_and_ends_on_sigterm(world: World) -> None:
    assert check(world) == 1
    process = run_command(world)
    try:
        wait_until(lambda: state(world) == "running", "the agents run")
        assert check(world) == 0
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert b"Traceback" not in errors


def test_without_a_book_the_command_waits_and_says_for_what(redis_url: str, ledger_url: str) -> None:
    world = World(redis_url, ledger_url)
    process = run_command(world)
    try:
        wait_until(lambda: state(world) == "waiting", "the agents wait")
        seed(ledger_url, [known_instrument("BTCUSDT")], DEMO_COUNCIL)
        wait_until(lambda: state(world) == "running", "the agents run")
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=20)
        world.streams.redis.close()
    assert process.returncode == 0
    assert b"waiting for the book demo in PostgreSQL: the book demo has not been founded" in errors


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--only", "nobody"], b"No seat is called nobody"),
        (["--metronome", "10"], b"--metronome needs --council bench"),
        (["--council", "bench", "--metronome", "0"], b"at least 1"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(world: World, arguments: list[str], says: bytes) -> None:
    process = run_command(world, *arguments)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert says in errors

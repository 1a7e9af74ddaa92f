"""How many rounds a governor resolves: eight ballots each, two of them guards', every decision committed with fsync."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
import psycopg
import redis

from agents.demo import DEMO_COUNCIL
from govsite.accounts.passwords import access_key
from govsite.accounts.signing import take
from govsite.bench.run import PROJECT, START_WITHIN_S, Unmeasured
from govsite.seed import BOOK, LOAD_TERMS, WHO, founding_events, known_instrument
from govsite.stack.embedded import Server, create_database, ping_redis, prepare_postgres, prepare_valkey
from ledger.application import LedgerApplication
from streams.client import COMMANDS, TICKS, Streams
from streams.envelope import Envelope
from streams.messages import CastBallot, Quote, SubmitProposal

PRICE = Decimal(60_000)
PATIENT = msgspec.structs.replace(
    LOAD_TERMS,
    messages_per_s=1_000_000,
    message_burst=1_000_000,
    proposal_max_age_ms=60_000,
    stale_suspend_s=86_400,
    stale_reduce_s=86_400,
    trade_window_ms=10_000,
)
"""A book that lets everything through that the benchmark sends ahead."""

TOO_FEW = "all rounds were decided in one commit: ask for more --rounds"
DECIDED = """
    SELECT count(*) FILTER (WHERE event = 'DecisionReached'), count(*),
           extract(epoch FROM max(recorded_at) - min(recorded_at))
    FROM ledger WHERE log = 'governance' AND position > %s"""
OUTCOMES = "SELECT payload->>'outcome', count(*) FROM ledger WHERE event = 'DecisionReached' GROUP BY 1"


def measure(rounds: int, *, say: Callable[[str], None]) -> dict[str, Any]:
    """A governor of its own on servers of its own; all commands are in its stream before the clock starts to run."""
    directory = Path(tempfile.mkdtemp(prefix="govbench-"))
    directory.chmod(0o755)
    try:
        with servers(directory) as (database_url, redis_url):
            say("founding a book")
            founded = _found(directory, database_url, redis_url)
            with _governor(directory, database_url, redis_url) as governor:
                streams = Streams(redis_url)
                until(lambda: streams.redis.exists("process:governor"), governor, "a governor")
                streams.publish(TICKS, [quote(1)])
                say(f"resolving {rounds:,} rounds")
                streams.publish(COMMANDS, list(commands(rounds)))
                with psycopg.connect(database_url, autocommit=True) as ledger:
                    until(lambda: _decided(ledger, founded)[0] >= rounds, governor, "a decision of every round")
                    decided, events, seconds = _decided(ledger, founded)
                    outcomes: dict[str, int] = dict(ledger.execute(OUTCOMES).fetchall())
        if not seconds:
            raise Unmeasured(TOO_FEW)
        return {
            "rounds": decided,
            "seconds": round(seconds, 3),
            "rounds_per_s": round(decided / seconds, 1),
            "events_per_s": round(events / seconds, 1),
            "outcomes": outcomes,
        }
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def commands(rounds: int, book: str = BOOK) -> Iterator[Envelope]:
    """One round after the other, bought and sold in turn so that the book never fills, each order of its own size."""
    now = time.time_ns()
    voters = [plan.name for plan in DEMO_COUNCIL if plan.prior_ppm]
    for number in range(rounds):
        target = Decimal(0) if number % 2 else Decimal("0.00100") + Decimal(number % 10_000).scaleb(-5)
        proposal = SubmitProposal(
            proposal_id=f"{book}-{number}",
            action="trade",
            instrument="BTCUSDT",
            target=target,
            probability=0.6,
            price=PRICE,
            evidence=("bench",),
            evidence_received_at=now,
        )
        author = voters[number % len(voters)]
        yield Envelope(id=f"propose-{book}-{number}", body=proposal, actor=author, sent_at=now, book=book)
        for plan in DEMO_COUNCIL:
            approves = plan.name in voters
            ballot = CastBallot(
                proposal_id=proposal.proposal_id,
                stance="approve" if approves else "abstain",
                probability=0.6 if approves else None,
            )
            yield Envelope(id=f"{plan.name}-{book}-{number}", body=ballot, actor=plan.name, sent_at=now, book=book)


def quote(number: int) -> Envelope:
    now = time.time_ns()
    told = Quote(
        instrument="BTCUSDT",
        market_at=now,
        received_at=now,
        update_id=number,
        bid=PRICE,
        bid_size=Decimal(1),
        ask=PRICE,
        ask_size=Decimal(1),
    )
    return Envelope(id=told.id, body=told, actor="feed", sent_at=now)


def _decided(ledger: psycopg.Connection[Any], founded: int) -> tuple[int, int, float]:
    row = ledger.execute(DECIDED, [founded]).fetchone()
    return (row[0], row[1], float(row[2] or 0)) if row else (0, 0, 0.0)


def _found(directory: Path, database_url: str, redis_url: str) -> int:
    """The last position of the founding."""
    manage(directory, database_url, redis_url, "migrate", "--verbosity", "0").wait(START_WITHIN_S)
    terms = msgspec.structs.replace(known_instrument("BTCUSDT"), max_order_volume=Decimal(1), min_notional=Decimal(1))
    governing, executing = founding_events([terms], terms=PATIENT)
    for log, events in (("governance", governing), ("execution", executing)):
        application = LedgerApplication(database_url, log, owner=WHO)  # type: ignore[arg-type]
        application.acquire()
        application.commit(events)
        application.release()
        application.close()
    return len(governing)


@contextmanager
def _governor(directory: Path, database_url: str, redis_url: str) -> Iterator[subprocess.Popen[bytes]]:
    governor = manage(directory, database_url, redis_url, "rungovernor")
    try:
        yield governor
    except Unmeasured as error:
        raise Unmeasured(f"{error}\n{(directory / 'bench.log').read_text()[-2000:]}") from error
    finally:
        governor.send_signal(signal.SIGTERM)
        governor.wait(60)


def manage(
    directory: Path, database_url: str, redis_url: str, *arguments: str, more: Mapping[str, str] = MappingProxyType({})
) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "GOVSITE_DATA_DIR": str(directory),
        **more,
    }
    with (directory / "bench.log").open("ab") as output:
        command = [sys.executable, str(PROJECT / "manage.py"), *arguments]
        return subprocess.Popen(command, stdout=output, stderr=output, env=environment)


@contextmanager
def servers(directory: Path) -> Iterator[tuple[str, str]]:
    """PostgreSQL and Redis for their owner, and in the environment what commands are signed with."""
    access_key(directory)
    take(directory)
    with ExitStack() as stack:
        postgres, valkey = prepare_postgres(directory), prepare_valkey(directory)
        stack.enter_context(_running(postgres, signal.SIGINT))
        stack.enter_context(_running(valkey, signal.SIGTERM))
        deadline = time.monotonic() + START_WITHIN_S
        while not (_answers(create_database, postgres.url) and _answers(ping_redis, valkey.url)):
            if time.monotonic() > deadline:
                raise Unmeasured("the servers did not start")
            time.sleep(0.05)
        yield postgres.url, valkey.url


@contextmanager
def _running(server: Server, ending: signal.Signals) -> Iterator[None]:
    process = subprocess.Popen(
        server.command, user=server.user, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.send_signal(ending)
        process.wait(60)


def _answers(attempt: Callable[[str], None], url: str) -> bool:
    try:
        attempt(url)
    except (psycopg.OperationalError, redis.ConnectionError):
        return False
    return True


def until(condition: Callable[[], Any], process: subprocess.Popen[bytes], what: str) -> None:
    deadline = time.monotonic() + START_WITHIN_S
    while not condition():
        if process.poll() is not None:
            raise Unmeasured(f"the governor ended before there was {what}")
        if time.monotonic() > deadline:
            raise Unmeasured(f"there was not {what} within {START_WITHIN_S:.0f} s")
        time.sleep(0.1)

"""Governors that share two partitions: one that dies is followed, one that was stopped is fenced, one that joins is
given its share, and no command is lost or answered twice on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from agents.demo import DEMO_COUNCIL
from govsite.bench.rounds import PATIENT
from govsite.seed import known_instrument, seed
from ledger.errors import Fenced
from ledger.outbox import enqueue, send_due
from ledger.partitioning import OtherPartitions, agree, count_of, divide
from ledger.recorder import LedgerRecorder
from ledger.session import Session
from ledger.verifying import heads, verify_log
from streams.client import COMMANDS, TICKS, Streams
from streams.envelope import Envelope
from streams.messages import CastBallot, ChangeFeedSource, Quote, SubmitProposal, SuspendInstrument
from streams.partitions import partition_of, suffixed
from tests.servers import wait_until

ROOT = Path(__file__).resolve().parents[3]
BOOKS = ("demo", "north")
"""One in each of two partitions."""
VOTERS = [plan.name for plan in DEMO_COUNCIL if plan.prior_ppm]


class House:
    """Two books in two partitions, and the governors that a test starts."""

    def __init__(self, url: str, redis_url: str, directory: Path) -> None:
        self.url, self.redis_url, self.directory = url, redis_url, directory
        self.streams = Streams(redis_url)
        self.connection = psycopg.connect(url, autocommit=True)
        self.governors: list[subprocess.Popen[bytes]] = []
        self.numbers = iter(range(10_000))
        divide(self.connection, 2)
        for book in BOOKS:
            seed(url, [known_instrument("BTCUSDT")], DEMO_COUNCIL, PATIENT, book=book, partitions=2)

    def start(self) -> subprocess.Popen[bytes]:
        environment = os.environ | {"DATABASE_URL": self.url, "REDIS_URL": self.redis_url, "GOVSITE_PARTITIONS": "2"}
        with (self.directory / "governors.log").open("ab") as output:
            governor = subprocess.Popen(
                [sys.executable, "manage.py", "rungovernor"], cwd=ROOT, env=environment, stdout=output, stderr=output
            )
        self.governors.append(governor)
        return governor

    def owners(self) -> dict[int, int]:
        """The process id of who has a running lease, by partition."""
        query = """SELECT partition, split_part(owner, ':', 2)::int FROM head
            WHERE log = 'governance' AND lease_until > clock_timestamp()"""
        return dict(self.connection.execute(query).fetchall())

    def epochs(self) -> dict[int, int]:
        return dict(self.connection.execute("SELECT partition, epoch FROM head WHERE log = 'governance'").fetchall())

    def shared(self) -> bool:
        """Whether each of two living governors has one."""
        return sorted(self.owners().values()) == sorted(g.pid for g in self.governors if g.poll() is None)

    def tick(self) -> None:
        now = time.time_ns()
        price = Decimal(60_000)
        quote = Quote(
            instrument="BTCUSDT",
            market_at=now,
            received_at=now,
            update_id=next(self.numbers),
            bid=price,
            bid_size=Decimal(1),
            ask=price,
            ask_size=Decimal(1),
        )
        self.streams.publish(TICKS, [Envelope(id=quote.id, body=quote, actor="feed", sent_at=now)])

    def round(self, book: str, *, ballots: bool = True) -> str:
        """A proposal in a book, and what everybody says of it; its id."""
        self.tick()
        now, number = time.time_ns(), next(self.numbers)
        name = f"{book}-{number}"
        proposal = SubmitProposal(
            proposal_id=name,
            action="trade",
            instrument="BTCUSDT",
            target=Decimal(number).scaleb(-3),
            probability=0.7,
            price=Decimal(60_000),
            evidence=("quote",),
            evidence_received_at=now,
        )
        sent = [Envelope(id=f"propose-{name}", body=proposal, actor=VOTERS[0], sent_at=now, book=book)]
        for plan in DEMO_COUNCIL if ballots else ():
            yes = plan.name in VOTERS
            ballot = CastBallot(
                proposal_id=name, stance="approve" if yes else "abstain", probability=0.7 if yes else None
            )
            sent.append(Envelope(id=f"{plan.name}-{name}", body=ballot, actor=plan.name, sent_at=now, book=book))
        self.streams.publish(suffixed(COMMANDS, partition_of(book, 2)), sent)
        return name

    def decisions(self, name: str) -> int:
        """How many there are of a proposal."""
        query = """SELECT count(*) FROM ledger WHERE event = 'DecisionReached'
            AND payload->'reasons' @> jsonb_build_array(jsonb_build_object('proposal_id', %s::text))"""
        row = self.connection.execute(query, [name]).fetchone()
        return row[0] if row else 0

    def is_decided(self, name: str) -> None:
        wait_until(lambda: self.decisions(name), f"{name} is decided")

    def assert_whole(self, rounds: list[str]) -> None:
        assert {name: self.decisions(name) for name in rounds} == dict.fromkeys(rounds, 1)
        with psycopg.connect(self.url, autocommit=True) as reader:
            assert all(verify_log(reader, log, partition).broken is None for log, partition, _, _ in heads(reader))

    def close(self) -> None:
        for governor in self.governors:
            governor.send_signal(signal.SIGCONT)
            governor.terminate()
        for governor in self.governors:
            governor.wait(30)
        self.connection.close()
        self.streams.redis.close()


@pytest.fixture
def house(ledger_url: str, redis_url: str, tmp_path: Path) -> Iterator[House]:
    house = House(ledger_url, redis_url, tmp_path)
    yield house
    house.close()


def test_partitions_go_to_who_joins_and_from_who_dies(house: House) -> None:
    first = house.start()
    wait_until(lambda: set(house.owners()) == {0, 1}, "one governor alone holds both")
    rounds = [house.round(book) for book in BOOKS]
    for name in rounds:
        house.is_decided(name)

    second = house.start()
    wait_until(house.shared, "who joined has its share")
    alone = house.epochs()
    rounds += [house.round(book) for book in BOOKS for _ in range(3)]
    for name in rounds:
        house.is_decided(name)
    assert house.shared()
    assert house.epochs() == alone  # nothing moves any more

    dying = next(partition for partition, pid in house.owners().items() if pid == second.pid)
    dead_book = next(book for book in BOOKS if partition_of(book, 2) == dying)
    second.kill()
    rounds += [house.round(book) for book in BOOKS]
    wait_until(lambda: house.owners().get(dying) == first.pid, "the other one has taken over")
    assert house.epochs()[dying] > alone[dying]
    after = house.round(dead_book)
    for name in [*rounds, after]:
        house.is_decided(name)
    house.assert_whole([*rounds, after])


def test_a_governor_that_was_stopped_is_fenced_by_the_epoch(house: House) -> None:
    first, second = house.start(), house.start()
    wait_until(house.shared, "each has one")
    taken = next(partition for partition, pid in house.owners().items() if pid == second.pid)
    book = next(book for book in BOOKS if partition_of(book, 2) == taken)
    before = house.epochs()[taken]
    house.is_decided(house.round(book))
    second.send_signal(signal.SIGSTOP)
    asleep = house.round(book)
    wait_until(lambda: house.owners().get(taken) == first.pid, "the other one has taken over")
    house.is_decided(asleep)
    assert house.epochs()[taken] > before
    second.send_signal(signal.SIGCONT)
    wait_until(house.shared, "it has found that it is fenced, and got its share anew")
    rounds = [house.round(each) for each in BOOKS]
    for name in rounds:
        house.is_decided(name)
    house.assert_whole([asleep, *rounds])


def test_a_writer_of_an_earlier_epoch_cannot_append(house: House) -> None:
    old, new = (LedgerRecorder(house.url, "governance", 1, owner=name) for name in ("old:1:", "new:2:"))
    try:
        old.acquire(0.01)
        wait_until(lambda: house.owners().get(1) is None, "the lease has run out")
        new.acquire(3)
        with pytest.raises(Fenced):
            old.append([], mark="1-0")
        new.append([], mark="2-0")
    finally:
        old.close()
        new.close()


def test_operators_and_feeds_reach_the_book_whichever_partition_it_is_in(house: House) -> None:
    house.start()
    wait_until(lambda: set(house.owners()) == {0, 1}, "both are held")
    session, now = Session(house.url, "relay"), time.time_ns()
    for book in BOOKS:
        suspend = SuspendInstrument(instrument="BTCUSDT", reason="a test")
        enqueue(
            house.connection, Envelope(id=f"suspend-{book}", body=suspend, actor="operator:ada", sent_at=now, book=book)
        )
    wait_until(lambda: send_due(session, house.streams.redis) or True, "they are sent")
    switch = ChangeFeedSource(origin="live", to="replay", reason="a test")
    for partition in range(2):
        told = Envelope(id=f"switch-{partition}", body=switch, actor="feed", sent_at=now)
        house.streams.publish(suffixed(COMMANDS, partition), [told])
    query = "SELECT DISTINCT book, event FROM ledger WHERE event IN ('TradingSuspended', 'FeedSourceChanged')"
    wanted = {(book, event) for book in BOOKS for event in ("TradingSuspended", "FeedSourceChanged")}
    wait_until(lambda: wanted == set(house.connection.execute(query).fetchall()), "both books have heard both")
    session.close()


def test_a_ledger_keeps_its_partitions(house: House) -> None:
    assert count_of(house.connection) == 2
    agree(house.connection, 2)
    with pytest.raises(OtherPartitions, match="GOVSITE_PARTITIONS is 3, but the ledger was written with 2: set"):
        agree(house.connection, 3)
    with pytest.raises(OtherPartitions):
        divide(house.connection, 1)
    environment = os.environ | {"DATABASE_URL": house.url, "REDIS_URL": house.redis_url}
    refused = subprocess.run(
        [sys.executable, "manage.py", "rungovernor"], cwd=ROOT, env=environment, capture_output=True, check=False
    )
    assert refused.returncode == 1
    assert refused.stderr.decode().startswith("GOVSITE_PARTITIONS is 1, but the ledger was written with 2")

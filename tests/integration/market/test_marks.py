"""The table of marks in a real PostgreSQL: what the writer wrote answers as the ticks themselves would."""

from __future__ import annotations

import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from importlib import import_module
from itertools import islice, pairwise
from pathlib import Path
from random import Random

import psycopg
import pytest

from feeds.synthetic import SyntheticMarket
from govsite.stack.embedded import create_database, prepare_postgres
from market.domain.bars import Bars
from market.domain.runs import Mark, Runs
from market.marks import Connection, first_after, forget, market_clock
from market.writer import MarketWriter
from streams.messages import Tick
from tests.servers import wait_until
from tests.unit.market.test_mark import SECOND, a_quote
from tests.unit.market.test_runs import first_by_force, told

START_NS = 1_700_000_000_000_000_000
INSTRUMENTS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")


def market(count: int, seed: int = 1) -> list[Tick]:
    return list(islice(SyntheticMarket(seed, START_NS), count))


def silent(ticks: Sequence[Tick], instrument: str, since_s: float, until_s: float) -> list[Tick]:
    """Without the ticks of an instrument between two times."""
    first, last = START_NS + int(since_s * SECOND), START_NS + int(until_s * SECOND)
    return [tick for tick in ticks if tick.instrument != instrument or not first <= tick.market_at < last]


@contextmanager
def writing(url: str, *, after: int = 0, most_waiting: int = 100_000) -> Iterator[MarketWriter]:
    writer = MarketWriter(url, after=after, most_waiting=most_waiting).start()
    yield writer
    writer.close()


def write(url: str, ticks: Sequence[Tick], *, pieces: int = 7, after: int = 0) -> None:
    with writing(url, after=after) as writer:
        size = len(ticks) // pieces + 1
        for begin in range(0, len(ticks), size):
            writer.observe(ticks[begin : begin + size])
            writer.hand_on(at_once=True)


@pytest.fixture
def table(ledger_url: str) -> Iterator[Connection]:
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        yield connection


def test_what_is_written_answers_as_brute_force_over_the_ticks(ledger_url: str, table: Connection) -> None:
    ticks = silent(market(6_000), "ETHUSDT", 20.0, 31.0)
    write(ledger_url, ticks)
    random, last = Random(5), ticks[-1].market_at
    asked = [(random.choice(INSTRUMENTS), random.randrange(START_NS - SECOND, last)) for _ in range(300)]
    asked += [(name, START_NS + second * SECOND) for name in INSTRUMENTS for second in range(18, 34)]
    found = first_after(table, asked)
    for instrument, at in asked:
        assert told(found.get((instrument, at))) == first_by_force(ticks, instrument, at), (instrument, at)
    assert any((instrument, at) not in found for instrument, at in asked)
    assert market_clock(table) == last


def test_a_market_that_stands_still_is_one_row_that_grows(ledger_url: str, table: Connection) -> None:
    ticks = [a_quote(at * SECOND // 2) for at in range(2, 400)]
    write(ledger_url, ticks, pieces=40)
    rows = table.execute("SELECT first_at, last_at, price, spread, source FROM price_run").fetchall()
    assert rows == [(SECOND, 399 * SECOND // 2, Decimal(101), Decimal(2), "live")]


def test_prices_keep_their_digits(ledger_url: str, table: Connection) -> None:
    write(ledger_url, [a_quote(SECOND, "0.00000123", "0.000001230000000001")])
    assert table.execute("SELECT price FROM price_run").fetchall() == [(Decimal("0.0000012300000000005"),)]


def test_a_second_feed_goes_on_where_the_first_one_ended(ledger_url: str, table: Connection) -> None:
    ticks = market(2_000)
    write(ledger_url, ticks[:1_000])
    write(ledger_url, ticks[1_000:], after=ticks[999].market_at)
    runs = Runs()
    for tick in ticks:
        runs.observe(tick)
    asked = [(name, START_NS + step * SECOND // 3) for name in INSTRUMENTS for step in range(80)]
    found = first_after(table, asked)
    assert [told(found.get(pair)) for pair in asked] == [told(runs.first_after(*pair)) for pair in asked]


def test_a_feed_whose_clock_was_set_back_leaves_no_future_behind(ledger_url: str, table: Connection) -> None:
    write(ledger_url, market(2_000))
    write(ledger_url, [a_quote(START_NS + at * SECOND) for at in range(5, 8)])
    assert market_clock(table) == START_NS + 7 * SECOND
    runs = table.execute("SELECT instrument, first_at, last_at FROM price_run ORDER BY 1, 2").fetchall()
    for earlier, later in pairwise(runs):
        assert earlier[0] != later[0] or earlier[2] < later[1]
    assert first_after(table, [("BTCUSDT", START_NS + 6 * SECOND)]) == {
        ("BTCUSDT", START_NS + 6 * SECOND): Mark(Decimal(101), START_NS + 6 * SECOND, "live")
    }


def test_ticks_from_before_the_last_feed_count_as_of_its_end(ledger_url: str, table: Connection) -> None:
    write(ledger_url, [a_quote(9 * SECOND)])
    write(ledger_url, [a_quote(SECOND, "7", "7"), a_quote(2 * SECOND, "8", "8")], after=9 * SECOND)
    assert market_clock(table) == 9 * SECOND


def test_without_any_marks_there_is_no_clock(table: Connection) -> None:
    assert market_clock(table) is None
    assert first_after(table, [("BTCUSDT", SECOND)]) == {}
    assert first_after(table, []) == {}


def test_the_oldest_runs_are_forgotten_first_and_the_asked_ones_stay(ledger_url: str, table: Connection) -> None:
    ticks = market(3_000)
    write(ledger_url, ticks)
    before = START_NS + 20 * SECOND
    asked = [(name, at) for name in INSTRUMENTS for at in range(before, ticks[-1].market_at, SECOND)]
    found = first_after(table, asked)
    steps = []
    while gone := forget(table, before, 100):
        steps.append(gone)
    assert max(steps) == 100
    assert sum(steps) > 500
    assert first_after(table, asked) == found
    assert table.execute("SELECT first_at FROM price_run WHERE last_at < %s", [before]).fetchall() == []


class Server:
    """A PostgreSQL of its own, to be killed."""

    def __init__(self, directory: Path) -> None:
        directory.chmod(0o755)
        self.server = prepare_postgres(directory)
        self.url = self.server.url
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.server.command,
            user=self.server.user,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self.answers, "PostgreSQL answers")

    def answers(self) -> bool:
        try:
            create_database(self.url)
        except psycopg.OperationalError:
            return False
        return True

    def kill(self) -> None:
        """SIGQUIT is PostgreSQL's crash: no shutdown, recovery at the next start."""
        assert self.process is not None
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()


@pytest.fixture
def own_server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="govtest-marks-") as directory:
        server = Server(Path(directory))
        server.start()
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(import_module("market.migrations.0001_initial").PRICE_RUN)
            connection.execute(import_module("market.migrations.0002_bar_venuelisting").BAR)
        yield server
        server.kill()


def test_a_killed_database_costs_nothing_but_a_wait(own_server: Server) -> None:
    ticks = market(3_000)
    with writing(own_server.url) as writer:
        writer.observe(ticks[:1_000])
        writer.hand_on(at_once=True)
        wait_until(lambda: writer.waiting == 0, "the first marks are written")
        own_server.kill()
        for index in range(1_000, 2_000, 10):
            writer.observe(ticks[index : index + 10])
            writer.hand_on(at_once=True)
        assert writer.waiting > 100
        own_server.start()
        writer.observe(ticks[2_000:])
        writer.hand_on(at_once=True)
        wait_until(lambda: writer.waiting == 0, "all marks are written")
    assert writer.dropped == 0
    asked = [(name, START_NS + step * SECOND // 3) for name in INSTRUMENTS for step in range(100)]
    with psycopg.connect(own_server.url) as connection:
        found = first_after(connection, asked)
    assert [told(found.get(pair)) for pair in asked] == [first_by_force(ticks, *pair) for pair in asked]


def test_without_a_database_the_newest_marks_are_kept_and_the_others_counted() -> None:
    ticks = market(3_000)
    with writing("postgresql://127.0.0.1:1/nothing", most_waiting=500) as writer:
        for index in range(0, len(ticks), 50):
            writer.observe(ticks[index : index + 50])
            writer.hand_on(at_once=True)
            assert writer.waiting <= 500
        dropped = writer.dropped
    runs, bars = Runs(), Bars()
    for tick in ticks:
        runs.observe(tick)
        bars.observe(tick)
    assert dropped + 500 >= len(runs.take_changed()) + len(bars.take_changed()) > 600
    assert writer.written == 0

"""The sweep: one command for each bucket that is due, from the ledger and the table of marks, and never too early."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from decimal import Decimal

import psycopg
import pytest
from pytest_django import Settings

from governance.domain.scoring import due_at
from govsite import tasks
from govsite.outcomes import NotFollowed, Sweeper, command_id
from market.marks import market_clock
from market.writer import MarketWriter
from streams.client import COMMANDS, Streams
from streams.envelope import Envelope, decode
from streams.messages import RecordOutcomes, Tick
from tests.integration.site.asking import BOOK, HORIZON, SECOND, Governor
from tests.servers import wait_until
from tests.unit.market.test_mark import a_quote

BUCKET = 56_000_000
BEGIN = BUCKET * HORIZON
DUE = due_at(BUCKET, 30)


@pytest.fixture
def governor(ledger_url: str) -> Iterator[Governor]:
    governor = Governor(ledger_url)
    governor.found()
    yield governor
    governor.close()


@pytest.fixture
def sweeper(ledger_url: str, redis_url: str) -> Iterator[Sweeper]:
    sweeper = Sweeper(ledger_url, redis_url)
    yield sweeper
    sweeper.close()


def mark(url: str, ticks: Iterable[Tick]) -> None:
    writer = MarketWriter(url).start()
    writer.observe(ticks)
    writer.close()


def quotes(until: int, *, bid: str = "100", ask: str = "102", since: int = BEGIN, **changes: str) -> list[Tick]:
    """Twice a second from `since` to `until`, both included."""
    times = [*range(since, until, SECOND // 2), until]
    return [a_quote(at, bid, ask, **changes) for at in times]


def sent(redis_url: str) -> list[Envelope]:
    streams = Streams(redis_url)
    try:
        return [decode(entry.raw) for entry in streams.read({COMMANDS: "0"}, block_ms=None)]
    finally:
        streams.redis.close()


def outcomes(envelope: Envelope) -> RecordOutcomes:
    assert isinstance(envelope.body, RecordOutcomes)
    return envelope.body


def ask(governor: Governor) -> None:
    """Two questions in the bucket, and a round in the next one, so that no other can come."""
    governor.open("first", BEGIN + SECOND, [("BTCUSDT", 1), ("BTCUSDT", -1)])
    governor.open("next", BEGIN + HORIZON + SECOND)


def test_a_due_bucket_is_sent_once_with_all_its_questions(
    governor: Governor, sweeper: Sweeper, ledger_url: str, redis_url: str
) -> None:
    ask(governor)
    rising = quotes(BEGIN + 20 * SECOND) + quotes(DUE, bid="101", ask="103", since=BEGIN + 21 * SECOND)
    mark(ledger_url, rising)
    assert [sweeper.sweep() for _ in range(3)] == [1, 0, 0]
    (envelope,) = sent(redis_url)
    assert (envelope.id, envelope.actor, envelope.book) == (command_id(BOOK, BUCKET), "scorer", BOOK)
    up, down = outcomes(envelope).outcomes
    assert (up.question, up.y, down.question, down.y) == ("BTCUSDT:buy", False, "BTCUSDT:sell", False)
    assert [(leg.origin, leg.end, leg.end_at) for leg in up.legs] == [
        (Decimal(101), Decimal(102), BEGIN + SECOND + HORIZON)
    ]
    assert up.gain == pytest.approx(1 / 101 - 2 / 101 - 0.4e-4)


def test_nothing_is_sent_before_its_time(governor: Governor, sweeper: Sweeper, ledger_url: str, redis_url: str) -> None:
    ask(governor)
    mark(ledger_url, quotes(DUE - 1))
    assert sweeper.sweep() == 0
    mark(ledger_url, quotes(DUE, since=DUE))
    assert sweeper.sweep() == 1


def test_while_another_round_may_come_the_bucket_waits(
    governor: Governor, sweeper: Sweeper, ledger_url: str, redis_url: str
) -> None:
    """A replay at full speed is through a horizon while a round is open."""
    mark(ledger_url, quotes(DUE + HORIZON))
    governor.open("first", BEGIN + SECOND)
    assert sweeper.sweep() == 0
    governor.open("second", BEGIN + HORIZON - 1)
    assert sweeper.sweep() == 0
    governor.open("next", BEGIN + HORIZON)
    assert sweeper.sweep() == 1
    assert len(outcomes(*sent(redis_url)).outcomes) == 2


def test_without_another_round_it_waits_for_two_seconds_of_silence(
    governor: Governor, sweeper: Sweeper, ledger_url: str, redis_url: str
) -> None:
    mark(ledger_url, quotes(DUE))
    governor.open("first", BEGIN + SECOND)
    assert sweeper.sweep() == 0
    wait_until(sweeper.sweep, "the bucket is sent")


def test_no_price_within_five_seconds_is_void(
    governor: Governor, sweeper: Sweeper, ledger_url: str, redis_url: str
) -> None:
    horizon = BEGIN + SECOND + HORIZON
    governor.open("void", BEGIN + SECOND)
    governor.open("late", BEGIN + SECOND + 1)
    governor.open("next", BEGIN + HORIZON)
    mark(ledger_url, quotes(horizon - SECOND) + quotes(DUE, since=horizon + 5 * SECOND + 1))
    assert sweeper.sweep() == 1
    assert [(each.deliberation_id, each.y) for each in outcomes(*sent(redis_url)).outcomes] == [
        ("void", None),
        ("late", False),
    ]


def test_a_price_of_another_source_is_void(
    governor: Governor, sweeper: Sweeper, ledger_url: str, redis_url: str
) -> None:
    ask(governor)
    switched = quotes(DUE, since=BEGIN + 10 * SECOND, source="synthetic", bid="900", ask="901")
    mark(ledger_url, quotes(BEGIN + 9 * SECOND) + switched)
    assert sweeper.sweep() == 1
    assert [each.y for each in outcomes(*sent(redis_url)).outcomes] == [None, None]


def test_reductions_and_rounds_of_the_first_release_are_not_scored(
    governor: Governor, sweeper: Sweeper, ledger_url: str, redis_url: str
) -> None:
    governor.open("reduce", BEGIN + SECOND, track="REDUCE")
    governor.open("old", 0)
    governor.open("next", BEGIN + HORIZON)
    mark(ledger_url, quotes(DUE))
    assert sweeper.sweep() == 0


def test_a_worker_that_was_killed_sends_again_what_nobody_has_answered(
    governor: Governor, sweeper: Sweeper, ledger_url: str, redis_url: str
) -> None:
    ask(governor)
    mark(ledger_url, quotes(DUE))
    for expected in (1, 2):
        another = Sweeper(ledger_url, redis_url)
        assert another.sweep() == 1
        another.close()
        assert len(sent(redis_url)) == expected
    first, second = sent(redis_url)
    assert (first.id, first.body) == (second.id, second.body)
    governor.answer(first.id, outcomes(first))
    assert sweeper.sweep() == 0


def test_what_was_refused_is_told_and_not_sent_again(
    governor: Governor, sweeper: Sweeper, ledger_url: str, redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    ask(governor)
    mark(ledger_url, quotes(DUE))
    governor.answer(command_id(BOOK, BUCKET), RecordOutcomes(bucket=BUCKET, outcomes=()), "refused:INVALID")
    with caplog.at_level(logging.ERROR):
        assert [sweeper.sweep() for _ in range(3)] == [0, 0, 0]
    assert [record.getMessage() for record in caplog.records] == [
        f"the outcomes of demo, bucket {BUCKET}, part 0, were not taken: refused:INVALID"
    ]


def test_many_buckets_are_scored_in_order_and_a_new_worker_begins_behind_them(
    governor: Governor, sweeper: Sweeper, ledger_url: str, redis_url: str
) -> None:
    for number in range(16):
        governor.open(f"round-{number}", BEGIN + number * HORIZON + SECOND)
    mark(ledger_url, quotes(DUE + 13 * HORIZON))
    assert sweeper.sweep() == 14
    commands = sent(redis_url)
    assert [outcomes(each).bucket for each in commands] == list(range(BUCKET, BUCKET + 14))
    for each in commands[:-1]:
        governor.answer(each.id, outcomes(each))
    another = Sweeper(ledger_url, redis_url)
    assert another.sweep() == 1
    assert another.books[BOOK].pending.buckets() == [BUCKET + number for number in (13, 14, 15)]
    assert sent(redis_url)[-1].id == commands[-1].id
    another.close()


def test_a_new_worker_begins_with_the_first_round_of_the_last_ten_answered_buckets(
    governor: Governor, sweeper: Sweeper, ledger_url: str, redis_url: str
) -> None:
    for number in range(15):
        governor.open(f"round-{number}", BEGIN + number * HORIZON)
    mark(ledger_url, quotes(DUE + 13 * HORIZON))
    assert sweeper.sweep() == 14
    for each in sent(redis_url):
        governor.answer(each.id, outcomes(each))
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        fifth = 2 + 3 * 4  # the book, then three events a round
        assert sweeper._begin(connection, 1_000) == fifth - 1


def test_while_another_worker_sweeps_it_does_nothing(governor: Governor, sweeper: Sweeper, ledger_url: str) -> None:
    ask(governor)
    mark(ledger_url, quotes(DUE))
    with psycopg.connect(ledger_url) as other:
        other.execute("SELECT work_begin('outcomes 0', false, true)")
        assert sweeper.sweep() == 0
    assert sweeper.sweep() == 1


def test_a_lost_connection_is_told_once_and_costs_one_sweep(
    governor: Governor, sweeper: Sweeper, ledger_url: str, redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    ask(governor)
    mark(ledger_url, quotes(DUE - SECOND))
    sweeper.sweep()
    with psycopg.connect(ledger_url, autocommit=True) as operator:
        operator.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'scorer'")
    mark(ledger_url, quotes(DUE, since=DUE))
    assert [sweeper.sweep() for _ in range(3)] == [0, 1, 0]
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_without_redis_it_waits_and_sends_when_it_is_back(
    governor: Governor, ledger_url: str, redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    ask(governor)
    mark(ledger_url, quotes(DUE))
    away = Sweeper(ledger_url, "redis://127.0.0.1:1")
    assert [away.sweep() for _ in range(2)] == [0, 0]
    assert len(caplog.records) == 1
    away.streams = Streams(redis_url)
    assert away.sweep() == 1
    away.close()


def test_without_a_database_it_waits_and_says_so_once(redis_url: str, caplog: pytest.LogCaptureFixture) -> None:
    sweeper = Sweeper("postgresql://127.0.0.1:1/nothing", redis_url)
    assert [sweeper.sweep() for _ in range(3)] == [0, 0, 0]
    assert len(caplog.records) == 1
    with pytest.raises(NotFollowed):
        sweeper.needed_from()
    sweeper.close()


def test_a_bucket_with_many_questions_is_sent_in_parts_that_each_fit(
    governor: Governor, sweeper: Sweeper, ledger_url: str, redis_url: str
) -> None:
    for number in range(600):
        governor.open(f"round-{number}", BEGIN + SECOND)
    governor.open("next", BEGIN + 2 * HORIZON)
    mark(ledger_url, quotes(DUE))
    assert sweeper.sweep() == 4
    parts = [outcomes(each) for each in sent(redis_url)]
    assert [(part.bucket, len(part.outcomes)) for part in parts] == [(BUCKET, 150)] * 4
    assert len({outcome.deliberation_id for part in parts for outcome in part.outcomes}) == 600
    assert len({each.id for each in sent(redis_url)}) == 4


@pytest.fixture
def worker(ledger_url: str, redis_url: str, settings: Settings) -> Iterator[None]:
    """The tasks on these servers."""
    settings.DATABASE_URL, settings.REDIS_URL = ledger_url, redis_url
    yield
    tasks.sweeper(ledger_url, redis_url).close()
    tasks.sweeper.cache_clear()


def test_the_task_scores_and_old_marks_go_but_not_those_that_are_needed(
    governor: Governor, worker: None, ledger_url: str, redis_url: str, settings: Settings
) -> None:
    settings.MARKS_KEPT_S = 10
    ask(governor)
    ticks = [a_quote(at, str(at % 7 + 100), "110") for at in range(BEGIN - HORIZON, DUE, SECOND // 2)]
    mark(ledger_url, ticks)
    assert tasks.forget_marks() == 0
    tasks.score_outcomes()
    assert tasks.forget_marks() > 0
    with psycopg.connect(ledger_url) as connection:
        oldest = connection.execute("SELECT min(last_at) FROM price_run").fetchall()
        assert oldest == [(BEGIN + SECOND,)]
        assert market_clock(connection) == ticks[-1].market_at
    mark(ledger_url, quotes(DUE, since=DUE))
    assert tasks.score_outcomes() == 1
    (envelope,) = sent(redis_url)
    governor.answer(envelope.id, outcomes(envelope))
    governor.answer(command_id(BOOK, BUCKET + 1), RecordOutcomes(bucket=BUCKET + 1, outcomes=()))
    tasks.score_outcomes()
    assert tasks.forget_marks() > 0
    with psycopg.connect(ledger_url) as connection:
        assert connection.execute("SELECT min(last_at) >= %s FROM price_run", [DUE - 10 * SECOND]).fetchall() == [
            (True,)
        ]

"""How far each breaker is: also the calm ones are told, and looking changes nothing."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from governance.domain.headroom import Headroom, Readings, readings
from streams.events import BreakerTripped
from tests.unit.governance.guarded import Guarded
from tests.unit.governance.scene import BOOK

D = Decimal
BTC = "BTCUSDT"


def told(book: Guarded) -> dict[tuple[str, str, str], Headroom]:
    found = readings(book.state, book.chamber.surveillance, book.now).readings
    assert len({(each.breaker, each.subject, each.effect) for each in found}) == len(found)
    return {(each.breaker, each.subject, each.effect): each for each in found}


@pytest.fixture
def long() -> Guarded:
    """One BTC of 50,000 and 50,000 in cash."""
    book = Guarded(daily_loss_reduce=D(1), daily_loss_halt=D(1))
    book.holds("1", "50000")
    book.market("50000")
    return book


def test_a_calm_book_tells_every_breaker_with_its_limit(long: Guarded) -> None:
    found = told(long)
    assert set(found) >= {
        ("drawdown", BOOK, "REDUCE_ONLY"),
        ("drawdown", BOOK, "HALTED"),
        ("daily_loss", BOOK, "REDUCE_ONLY"),
        ("reject_rate", BOOK, "REDUCE_ONLY"),
        ("repeated_execution", BOOK, "HALTED"),
        ("stale_feed", BTC, "SUSPENDED"),
        ("stale_feed", BTC, "REDUCE_ONLY"),
        ("volatility-breaker", BTC, "DENIED"),
    }
    assert {each.state for each in found.values()} == {"ok"}
    drawdown = found["drawdown", BOOK, "REDUCE_ONLY"]
    assert (drawdown.value, drawdown.limit, drawdown.level) == (0, D("0.05"), 0.0)
    assert drawdown.inputs["peak"] == drawdown.inputs["equity"] == "100000.0"


@pytest.mark.parametrize(
    ("price", "state", "level"), [("46001", "ok", 0.7998), ("46000", "warned", 0.8), ("45000", "tripped", 1.0)]
)
def test_a_breaker_that_comes_near_warns_and_then_is_tripped(
    long: Guarded, price: str, state: str, level: float
) -> None:
    long.market(price)
    drawdown = told(long)["drawdown", BOOK, "REDUCE_ONLY"]
    assert (drawdown.state, drawdown.level) == (state, pytest.approx(level))


def test_what_tripped_stays_tripped_when_its_value_recovers(long: Guarded) -> None:
    long.market("45000")
    long.market("45900")
    drawdown = told(long)["drawdown", BOOK, "REDUCE_ONLY"]
    assert drawdown.level == pytest.approx(0.82)
    assert drawdown.state == "tripped"


def test_a_latch_is_told_as_one_and_looking_does_not_spend_the_news() -> None:
    book = Guarded()
    book.market("50000")
    for _ in range(5):
        book.filled("loop")
        told(book)
        book.look()
    latched = told(book)["repeated_execution", f"loop:{BTC}", "LATCHED"]
    assert (latched.state, latched.value, latched.limit) == ("latched", 5, 5)
    assert [trip.breaker for trip in book.bodies(BreakerTripped)] == ["repeated_execution"]


def test_a_silent_feed_grows_near_its_limit_and_no_price_is_no_reading() -> None:
    book = Guarded()
    assert not [key for key in told(book) if key[0] == "stale_feed"]
    book.market("50000")
    book.now += 4_500_000_000
    stale = told(book)["stale_feed", BTC, "SUSPENDED"]
    assert (stale.state, stale.level) == ("warned", pytest.approx(0.9))


def test_a_volatile_minute_denies_until_it_was_calm_for_one() -> None:
    book = Guarded()
    book.market("50000")
    book.market("51000")
    assert told(book)["volatility-breaker", BTC, "DENIED"].state == "tripped"
    for _ in range(62):
        book.market("51000")
    near = told(book)["volatility-breaker", BTC, "DENIED"]
    assert (near.level, near.state) == (0.0, "tripped")
    for _ in range(60):
        book.market("51000")
    assert told(book)["volatility-breaker", BTC, "DENIED"].state == "ok"


def test_readings_survive_the_way_to_a_page(long: Guarded) -> None:
    found = readings(long.state, long.chamber.surveillance, long.now)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Readings) == found

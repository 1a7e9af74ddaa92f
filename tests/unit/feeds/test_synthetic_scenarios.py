"""The scenarios of the synthetic market: repeatable, measured, and as wild as they say."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from hashlib import sha256
from io import StringIO
from itertools import islice, pairwise, takewhile
from pathlib import Path
from statistics import fmean, median

import msgspec
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from msgspec import structs

from feeds.synthetic import SCENARIOS, Scenario, SyntheticMarket
from feeds.synthetic.report import FALLS_HEAD, HEAD, falls_row, head, row
from feeds.synthetic.scenario import Bursts, Crashes, Mood, Pauses
from feeds.synthetic.statistics import Fall, Measured, falls, measure, seconds
from streams.messages import BookSnapshot, Depth, Quote, Trade

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "synthetic.md"
LASTING_S = 600.0
Synthetic = Quote | Trade | Depth | BookSnapshot
SOON = Crashes(first_s=31.0, recovery_s=(15.0, 20.0))
CRASHING = structs.replace(SCENARIOS["flash-crash"], crashes=SOON, moods=(Mood("usual", 1.0, 0.0),), jump_every_s=0.0)


@cache
def measured(name: str) -> Measured:
    return measure(SCENARIOS[name], lasting_s=LASTING_S)


@cache
def crashes() -> list[Fall]:
    return [fall for seed in (1, 2, 3) for fall in falls(CRASHING, seed=seed, lasting_s=180.0)]


def lasting(scenario: Scenario, lasting_s: float, seed: int = 1) -> Iterator[Synthetic]:
    market = SyntheticMarket(seed, 0, scenario=scenario)
    return takewhile(lambda _: market.now_s < lasting_s, market)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_same_seed_gives_the_same_ticks_byte_for_byte(name: str) -> None:
    def digest(seed: int) -> str:
        ticks = islice(SyntheticMarket(seed, 0, scenario=SCENARIOS[name]), 3_000)
        return sha256(b"".join(map(msgspec.json.encode, ticks))).hexdigest()

    assert digest(3) == digest(3) != digest(4)


def test_a_crash_is_the_same_every_time() -> None:
    def digest() -> str:
        ticks = lasting(structs.replace(CRASHING, crashes=structs.replace(SOON, first_s=1.0)), 15.0, seed=9)
        return sha256(b"".join(map(msgspec.json.encode, ticks))).hexdigest()

    assert digest() == digest()


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_is_documented_is_what_is_measured(name: str) -> None:
    text = DOCUMENT.read_text()
    assert head(HEAD) in text
    assert row(name, measured(name)) in text


def test_the_documented_crashes_are_the_measured_ones() -> None:
    text = DOCUMENT.read_text()
    assert head(FALLS_HEAD) in text
    assert falls_row("flash-crash", crashes()) in text


@pytest.mark.parametrize("name", SCENARIOS)
def test_instruments_move_together_and_the_riskier_ones_more(name: str) -> None:
    found = measured(name)
    assert all(0.65 < value < 0.97 for value in found.correlation.values())
    btc, eth, sol = found.volatility.values()
    assert btc < eth < sol
    assert list(found.spread.values()) == sorted(found.spread.values())


def test_tails_are_fat_where_there_are_jumps_and_normal_where_there_are_none() -> None:
    assert measured("default").kurtosis > 6
    assert 2.5 < measured("calm").kurtosis < 4


def test_calm_is_half_as_volatile_and_slower() -> None:
    calm, default = measured("calm"), measured("default")
    assert 0.4 < calm.volatility["BTCUSDT"] / default.volatility_by_regime["calm"] < 0.6
    assert calm.ticks_per_s < default.ticks_per_s
    assert calm.quietest_s < 20 < default.quietest_s


def test_regimes_of_volatility_cluster() -> None:
    """Absolute returns remember each other over 10 s where there are moods, and do not where there are none."""
    moods = (Mood("quiet", 0.5, 60.0), Mood("wild", 2.5, 60.0))
    moody = measure(Scenario(summary="", regimes=("calm",), jump_every_s=0.0, moods=moods), lasting_s=LASTING_S)
    assert 4 < moody.volatility_by_mood["wild"] / moody.volatility_by_mood["quiet"] < 6
    assert moody.memory[1] > 0.2
    assert moody.kurtosis > 4
    assert abs(measured("calm").memory[1]) < 0.12


def test_bursts_bring_a_thousand_to_three_thousand_ticks_a_second() -> None:
    found = measured("bursts")
    assert 2_000 < found.busiest_s < 3_200
    scenario = Scenario(summary="", bursts=Bursts(every_s=5.0, lasts_s=(3.0, 4.0), ticks_per_s=(1_000.0, 1_000.0)))
    counts = sorted(second.ticks for second in seconds(SyntheticMarket(1, 0, scenario=scenario), 60.0))
    assert 900 < counts[-5] < 1_100
    assert 50 < counts[5] < 120


def test_a_closed_market_is_silent_and_opens_elsewhere() -> None:
    scenario = Scenario(summary="", pauses=Pauses(open_s=20.0, lasts_s=30.0, gap=0.01), jump_every_s=0.0)
    ticks = list(lasting(scenario, 130.0))
    gaps = [(b.market_at - a.market_at) / 1e9 for a, b in pairwise(ticks)]
    assert [round(gap) for gap in gaps if gap > 1] == [30, 30]
    at = gaps.index(max(gaps))
    before, after = (
        [float(tick.bid) for tick in part if isinstance(tick, Quote) and tick.instrument == "BTCUSDT"]
        for part in (ticks[: at + 1], ticks[at + 1 :])
    )
    assert abs(after[0] / before[-1] - 1) > 0.0005


def test_a_crash_falls_by_five_to_ten_percent_in_half_a_minute_to_a_minute() -> None:
    found = crashes()
    assert len(found) == 3
    for fall in found:
        assert all(0.045 < depth < 0.105 for depth in fall.depth.values())
        assert 29 <= fall.lasted_s <= 61


def test_in_a_crash_spreads_widen_depth_vanishes_and_volume_is_twenty_times_the_usual() -> None:
    for fall in crashes():
        assert 9 < fall.spread_times < 55
        assert fall.offered_times < 0.1
        assert 1_500 < fall.busiest_s < 3_300
    assert 10 < fmean(fall.traded_times for fall in crashes()) < 30


def test_a_crash_is_recovered_from_in_part() -> None:
    for fall in crashes():
        assert 0.2 < fall.recovered < 0.8


def test_in_a_crash_everything_falls_together() -> None:
    """And its sellers are in a hurry."""
    market = SyntheticMarket(1, 0, scenario=structs.replace(CRASHING, crashes=structs.replace(SOON, first_s=1.0)))
    mids: dict[str, list[float]] = {}
    sides = []
    for tick in takewhile(lambda _: market.now_s < 25, market):
        if isinstance(tick, Quote):
            mids.setdefault(tick.instrument, []).append(float(tick.bid + tick.ask) / 2)
        elif isinstance(tick, Trade) and market.crash is not None and market.crash.intensity == 1:
            sides.append(tick.aggressor)
    assert all(prices[-1] < prices[0] * 0.98 for prices in mids.values())
    assert 0.8 < sides.count("sell") / len(sides) < 0.9


def test_what_a_scenario_adds_leaves_the_rest_as_it_is() -> None:
    """Order books are drawn from a source of chance of their own."""
    plain = Scenario(summary="")
    with_books = structs.replace(plain, levels=10)
    bare = [tick for tick in lasting(with_books, 20.0) if isinstance(tick, Quote | Trade)]
    assert bare == list(lasting(plain, 20.0))


@pytest.mark.parametrize("name", ["flash-crash", "stress"])
def test_order_books_follow_the_quotes_without_a_gap(name: str) -> None:
    """Whoever applies snapshot and updates holds a book that is never crossed and begins at the last quote."""
    books: dict[str, tuple[dict[Decimal, Decimal], dict[Decimal, Decimal]]] = {}
    last_ids: dict[str, int] = {}
    quotes: dict[str, Quote] = {}
    applied = 0
    scenario = structs.replace(SCENARIOS[name], crashes=Crashes(first_s=5.0))
    for tick in lasting(scenario, 40.0):
        if isinstance(tick, Quote):
            quotes[tick.instrument] = tick
        elif isinstance(tick, BookSnapshot):
            assert list(tick.bids) == sorted(tick.bids, reverse=True)
            assert list(tick.asks) == sorted(tick.asks)
            books[tick.instrument] = (dict(tick.bids), dict(tick.asks))
            last_ids[tick.instrument] = tick.last_id
        elif isinstance(tick, Depth):
            applied += 1
            assert tick.first_id == last_ids[tick.instrument] + 1 <= tick.last_id + 1
            last_ids[tick.instrument] = tick.last_id
            for held, changes in zip(books[tick.instrument], (tick.bids, tick.asks), strict=True):
                for price, quantity in changes:
                    if quantity:
                        held[price] = quantity
                    else:
                        del held[price]
        if isinstance(tick, BookSnapshot | Depth):
            bids, asks = books[tick.instrument]
            quote = quotes[tick.instrument]
            best = (max(bids), bids[max(bids)], min(asks), asks[min(asks)])
            assert best == (quote.bid, quote.bid_size, quote.ask, quote.ask_size)
            assert len(bids) == len(asks) == scenario.levels
            assert tick.market_at == quote.market_at
    assert applied > 500


def test_a_book_empties_in_a_crash() -> None:
    def offered(phase: str) -> float:
        market = SyntheticMarket(1, 0, scenario=structs.replace(CRASHING, crashes=structs.replace(SOON, first_s=10.0)))
        sizes = [
            float(quantity)
            for tick in takewhile(lambda _: market.now_s < 40, market)
            if isinstance(tick, Depth) and tick.instrument == "BTCUSDT"
            and (phase == "before") == (market.crash is None) and (market.crash is None or market.crash.intensity == 1)
            for _, quantity in tick.bids
            if quantity
        ]  # fmt: skip
        return median(sizes)

    assert offered("crash") < offered("before") / 5


def test_every_scenario_says_what_it_is() -> None:
    assert set(SCENARIOS) == {"calm", "default", "flash-crash", "bursts", "stress"}
    assert len({scenario.summary for scenario in SCENARIOS.values()}) == len(SCENARIOS)


def test_the_command_prints_the_rows() -> None:
    out = StringIO()
    call_command("measuresynthetic", "--scenario", "calm", "--seconds", "120", stdout=out)
    assert out.getvalue() == f"{head(HEAD)}\n{row('calm', measure(SCENARIOS['calm'], lasting_s=120.0))}\n"


def test_too_little_is_not_measured() -> None:
    with pytest.raises(CommandError, match="calm: 29 seconds outside of crashes are too few"):
        call_command("measuresynthetic", "--scenario", "calm", "--seconds", "30", stdout=StringIO())

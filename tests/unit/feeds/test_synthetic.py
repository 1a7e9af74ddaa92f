"""The invented market: repeatable, sound, and such that being right pays."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice, pairwise

import msgspec
import pytest

from feeds.synthetic import LISTINGS, OUTLIER_TIMES, RegimeName, SyntheticMarket
from streams.messages import Quote, Trade

HORIZON_S = 30
FEES = 2 * 0.2e-4
HOURS = 1.5


def first(count: int, seed: int, start_ns: int = 0) -> list[Quote | Trade]:
    return [tick for tick in islice(SyntheticMarket(seed, start_ns), count) if isinstance(tick, Quote | Trade)]


def test_the_same_seed_gives_the_same_market_and_another_seed_another() -> None:
    assert first(3000, 7) == first(3000, 7)
    assert first(3000, 7) != first(3000, 8)


@pytest.mark.parametrize(("seed", "digest"), [(1, "ead64a3ef73e1e7f"), (7, "7f6e85d54897a9d0")])
def test_the_default_market_stays_what_the_agents_were_calibrated_on(seed: int, digest: str) -> None:
    """Whoever changes it on purpose measures the agents again (docs/agents.md) and writes the new digest here."""
    ticks = b"".join(map(msgspec.json.encode, first(20_000, seed, 10**18)))
    assert sha256(ticks).hexdigest().startswith(digest)


def test_the_start_moves_times_only() -> None:
    early, late = first(500, 7), first(500, 7, 10**18)
    assert [tick.market_at + 10**18 for tick in early] == [tick.market_at for tick in late]
    assert [tick.id for tick in early] == [tick.id for tick in late]


def test_ticks_are_marked_ordered_and_numbered_without_holes() -> None:
    ids: dict[tuple[str, type], int] = defaultdict(int)
    now = 0
    for tick in first(20_000, 3):
        assert (tick.source, tick.venue) == ("synthetic", "synthetic")
        assert tick.market_at >= now
        now = tick.market_at
        ids[tick.instrument, type(tick)] += 1
        assert ids[tick.instrument, type(tick)] == (tick.trade_id if isinstance(tick, Trade) else tick.update_id)
    assert {instrument for instrument, _ in ids} == {"BTCUSDT", "ETHUSDT", "SOLUSDT"}


def test_trades_happen_at_the_best_prices() -> None:
    quotes: dict[str, Quote] = {}
    for tick in first(20_000, 3):
        if isinstance(tick, Quote):
            assert tick.two_sided
            assert tick.bid < tick.ask
            quotes[tick.instrument] = tick
        else:
            held = quotes[tick.instrument]
            assert tick.price == (held.ask if tick.aggressor == "buy" else held.bid)


class Second:
    """The market at one full second: mids by instrument and the regime that it is in."""

    def __init__(self, mids: dict[str, float], spreads: dict[str, float], market: SyntheticMarket) -> None:
        self.mids = dict(mids)
        self.spreads = dict(spreads)
        self.regime: RegimeName = market.regime


def seconds(seed: int, hours: float) -> Iterator[Second]:
    market = SyntheticMarket(seed, 0)
    mids: dict[str, float] = {}
    spreads: dict[str, float] = {}
    due = 1.0
    for tick in market:
        while market.now_s >= due:
            yield Second(mids, spreads, market)
            due += 1
        if due > hours * 3600:
            return
        if isinstance(tick, Quote):
            mids[tick.instrument] = float(tick.bid + tick.ask) / 2
            spreads[tick.instrument] = float(tick.ask - tick.bid) / mids[tick.instrument]


@pytest.fixture(scope="module")
def history() -> list[Second]:
    return list(seconds(1, HOURS))


def returns(history: list[Second], instrument: str) -> list[float]:
    prices = [second.mids[instrument] for second in history]
    return [math.log(after / before) for before, after in pairwise(prices)]


def deviation(values: list[float]) -> float:
    return math.sqrt(sum(value * value for value in values) / len(values))


def hit_rate(history: list[Second], regime: RegimeName, tau_s: float, *, follow: bool) -> float:
    """How often betting on (or against) the decayed move of the last `tau_s` earned more than it cost."""
    earned = []
    for listing in LISTINGS:
        moves = returns(history, listing.symbol)
        threshold = 0.8 * deviation(moves) * math.sqrt(tau_s / 2)
        drift = 0.0
        for at, move in enumerate(moves[: -HORIZON_S - 1], 1):
            drift = drift * math.exp(-1 / tau_s) + move
            second = history[at]
            if abs(drift) < threshold or second.regime != regime:
                continue
            side = math.copysign(1, drift) if follow else -math.copysign(1, drift)
            change = history[at + HORIZON_S].mids[listing.symbol] / second.mids[listing.symbol] - 1
            earned.append(side * change > FEES + second.spreads[listing.symbol])
    assert len(earned) > 1000
    return sum(earned) / len(earned)


@pytest.mark.parametrize("tau_s", [5.0, 30.0])
def test_momentum_pays_in_a_trend(history: list[Second], tau_s: float) -> None:
    assert 0.55 < hit_rate(history, "trend", tau_s, follow=True) < 0.75


def test_reversion_pays_where_prices_revert(history: list[Second]) -> None:
    assert hit_rate(history, "reversion", 20.0, follow=False) > 0.6
    assert hit_rate(history, "reversion", 20.0, follow=True) < 0.4


def test_both_pay_less_when_it_is_calm(history: list[Second]) -> None:
    pays: list[tuple[bool, RegimeName]] = [(True, "trend"), (False, "reversion")]
    for follow, regime in pays:
        calm = hit_rate(history, "calm", 20.0, follow=follow)
        assert calm < hit_rate(history, regime, 20.0, follow=follow) - 0.04


def test_every_regime_has_its_share(history: list[Second]) -> None:
    share = {regime: sum(second.regime == regime for second in history) / len(history) for regime in ("trend", "calm")}
    assert all(0.15 < value < 0.55 for value in share.values())


def test_instruments_move_together_but_not_alike(history: list[Second]) -> None:
    one, other = returns(history, "BTCUSDT"), returns(history, "ETHUSDT")
    product = sum(a * b for a, b in zip(one, other, strict=True)) / len(one)
    assert 0.5 < product / (deviation(one) * deviation(other)) < 0.95


def test_there_are_jumps_outliers_and_wide_spreads(history: list[Second]) -> None:
    moves = returns(history, "BTCUSDT")
    assert max(map(abs, moves)) > 5 * deviation(moves)
    spreads = sorted(second.spreads["BTCUSDT"] for second in history)
    assert spreads[-1] > 3 * spreads[len(spreads) // 2]
    sizes = sorted(float(t.quantity) for t in first(40_000, 2) if isinstance(t, Trade) and t.instrument == "BTCUSDT")
    assert sizes[-1] > OUTLIER_TIMES * sizes[len(sizes) // 2]


def test_about_seventy_ticks_come_a_second() -> None:
    ticks = first(20_000, 5)
    assert 60 < len(ticks) * 1e9 / (ticks[-1].market_at - ticks[0].market_at) < 100

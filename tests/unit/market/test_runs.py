"""Runs of P against brute force over the ticks: the first P at or after any time, exact to the tick."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from market.domain.mark import Prices
from market.domain.runs import Mark, Run, Runs
from streams.messages import Depth, Source, Tick, Trade
from tests.unit.market.test_mark import a_quote, a_trade

SECOND = 1_000_000_000
STEP = SECOND // 4
WITHIN = 5 * SECOND


def marks_of(ticks: Sequence[Tick], instrument: str) -> dict[int, tuple[Decimal, Source]]:
    """P after the last tick of each time, as the cores see it."""
    prices, marks = Prices(), {}
    for tick in ticks:
        prices.observe(tick)
        one_sided = not isinstance(tick, Trade | Depth) and not tick.two_sided  # type: ignore[attr-defined]
        view = prices.view(instrument)
        if tick.instrument == instrument and not isinstance(tick, Depth) and not one_sided and view is not None:
            marks[prices.now] = (view.price, view.source)
    return marks


def first_by_force(ticks: Sequence[Tick], instrument: str, at: int) -> tuple[Decimal, Source] | None:
    later = [(when, mark) for when, mark in marks_of(ticks, instrument).items() if at <= when <= at + WITHIN]
    return min(later)[1] if later else None


@st.composite
def markets(draw: st.DrawFn) -> list[Tick]:
    """Few prices and times, so that they meet; the clock also stands still and goes back."""
    ticks: list[Tick] = []
    at = 40 * STEP
    for _ in range(draw(st.integers(1, 40))):
        at += draw(st.sampled_from([0, 0, 1, 1, 2, 4, 5, 9, -1])) * STEP
        instrument = draw(st.sampled_from(["BTCUSDT", "BTCUSDT", "ETHUSDT"]))
        source = draw(st.sampled_from(["live", "live", "synthetic"]))
        price = draw(st.integers(1, 3))
        kind = draw(st.sampled_from(["quote", "quote", "trade", "depth", "one-sided"]))
        if kind == "trade":
            ticks.append(a_trade(at, str(price), instrument=instrument, source=source))
        elif kind == "depth":
            ticks.append(Depth(instrument=instrument, market_at=at, received_at=at, first_id=1, last_id=1))
        else:
            size = Decimal(kind == "quote")
            quote = a_quote(at, str(price), str(price + draw(st.integers(0, 2))), ask_size=size)
            ticks.append(structs.replace(quote, instrument=instrument, source=source))
    return ticks


def seen(ticks: Sequence[Tick]) -> Runs:
    runs = Runs()
    for tick in ticks:
        runs.observe(tick)
    return runs


def first_in(table: Sequence[Run], instrument: str, at: int) -> Mark | None:
    """The definition: the earliest run that ends at `at` or later."""
    ending = [run for run in table if run.instrument == instrument and run.last_at >= at]
    run = min(ending, key=lambda each: each.last_at, default=None)
    if run is None or run.first_at > at + WITHIN:
        return None
    return Mark(run.price, max(at, run.first_at), run.source)


def told(mark: Mark | None) -> tuple[Decimal, Source] | None:
    return None if mark is None else (mark.price, mark.source)


TIMES = st.integers(30 * 4, 200 * 4).map(lambda quarter: quarter * STEP // 4)


@given(markets(), TIMES)
def test_the_first_price_after_any_time_is_that_of_the_first_tick(ticks: list[Tick], at: int) -> None:
    runs = seen(ticks)
    for instrument in ("BTCUSDT", "ETHUSDT"):
        mark = runs.first_after(instrument, at)
        assert told(mark) == first_by_force(ticks, instrument, at)
        assert mark is None or at <= mark.at <= at + WITHIN


@given(markets(), st.sets(st.integers(0, 40)), TIMES)
def test_runs_handed_on_in_pieces_make_the_same_table(ticks: list[Tick], pauses: set[int], at: int) -> None:
    runs = Runs()
    table: dict[tuple[str, int], Run] = {}
    for index, tick in enumerate([*ticks, ticks[-1]]):
        if index in pauses or index == len(ticks):
            table |= {(run.instrument, run.first_at): run for run in runs.take_changed()}
        runs.observe(tick)
    for instrument in ("BTCUSDT", "ETHUSDT"):
        assert first_in(list(table.values()), instrument, at) == seen(ticks).first_after(instrument, at)


@given(markets())
def test_runs_never_overlap_and_neighbours_differ_or_are_apart(ticks: list[Tick]) -> None:
    for instrument in ("BTCUSDT", "ETHUSDT"):
        of = [run for run in seen(ticks).take_changed() if run.instrument == instrument]
        for run in of:
            assert run.first_at <= run.last_at
        for earlier, later in pairwise(of):
            assert earlier.last_at < later.first_at


@given(markets(), TIMES, TIMES)
def test_what_is_asked_for_later_is_not_forgotten(ticks: list[Tick], before: int, more: int) -> None:
    runs, at = seen(ticks), before + more
    kept = runs.first_after("BTCUSDT", at)
    runs.forget(before)
    assert runs.first_after("BTCUSDT", at) == kept


def test_a_price_that_stands_is_one_run() -> None:
    ticks = [a_quote(at * STEP) for at in range(1, 400)]
    assert seen(ticks).take_changed() == [
        Run(
            instrument="BTCUSDT",
            first_at=STEP,
            last_at=399 * STEP,
            price=Decimal(101),
            spread=Decimal(2),
            source="live",
        )
    ]


def test_a_pause_of_more_than_a_second_ends_a_run_and_the_price_after_it_is_found_where_it_came() -> None:
    runs = seen([a_quote(SECOND), a_quote(2 * SECOND), a_quote(3 * SECOND + 1)])
    assert [(run.first_at, run.last_at) for run in runs.take_changed()] == [
        (SECOND, 2 * SECOND),
        (3 * SECOND + 1, 3 * SECOND + 1),
    ]


def test_nothing_within_five_seconds_is_nothing() -> None:
    runs = seen([a_quote(SECOND), a_quote(10 * SECOND)])
    assert runs.first_after("BTCUSDT", 5 * SECOND - 1) is None
    assert runs.first_after("BTCUSDT", 5 * SECOND) == Mark(Decimal(101), 10 * SECOND, "live")
    assert runs.first_after("SOLUSDT", 5 * SECOND) is None


def test_a_switch_of_the_source_ends_a_run() -> None:
    runs = seen([a_quote(1), a_quote(2, source="synthetic"), a_quote(3, source="synthetic")])
    assert [(run.first_at, run.last_at, run.source) for run in runs.take_changed()] == [
        (1, 1, "live"),
        (2, 3, "synthetic"),
    ]


def test_memory_stays_bounded_when_old_runs_are_forgotten() -> None:
    runs = Runs()
    for at in range(1, 5_000):
        runs.observe(a_quote(at * STEP, str(at), str(at + 1)))
        runs.forget((at - 10) * STEP)
    assert len(runs.take_changed()) == 11

"""The windows that controls read are what a brute-force look at the history gives."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.domain.safety import RoundTrips
from governance.domain.state import BookState
from governance.domain.surveillance import Surveillance
from market.domain.mark import Prices
from market.domain.position import Position
from streams.events import (
    BookTerms,
    FeedGap,
    GrantedOrder,
    InstrumentRestricted,
    RestrictionLifted,
    TradingStatusChanged,
)
from streams.messages import Depth, Quote, Tick, Trade
from tests.unit.governance.guarded import Guarded
from tests.unit.governance.scene import BOOK, MS, START

D = Decimal
BTC, ETH = "BTCUSDT", "ETHUSDT"
SECOND = 1_000 * MS
WINDOW_S = 10


class Step(NamedTuple):
    """A tick of one of two instruments: a quote, a one-sided quote, a trade or depth, so long after the one before."""

    after_ms: int
    kind: str
    symbol: str
    price: int


steps = st.lists(
    st.builds(
        Step,
        after_ms=st.sampled_from([0, 1, 300, 999, 1_000, 1_001, 4_000, 11_000]),
        kind=st.sampled_from(["quote", "quote", "trade", "trade", "one-sided", "depth"]),
        symbol=st.sampled_from([BTC, ETH]),
        price=st.integers(min_value=90, max_value=110),
    ),
    max_size=60,
)


def tick_of(step: Step, number: int, now: int) -> Tick:
    known = {"instrument": step.symbol, "market_at": now, "received_at": now}
    if step.kind == "depth":
        return Depth(**known, first_id=number, last_id=number)  # type: ignore[arg-type]
    if step.kind == "trade":
        return Trade(**known, trade_id=number, price=D(step.price), quantity=D(1), aggressor="buy")  # type: ignore[arg-type]
    size = D(0) if step.kind == "one-sided" else D(1)
    price = D(step.price)
    return Quote(**known, update_id=number, bid=price - 1, bid_size=D(1), ask=price + 1, ask_size=size)  # type: ignore[arg-type]


@settings(max_examples=200, deadline=None)
@given(steps)
def test_volatility_is_that_of_every_price_in_the_window(history: list[Step]) -> None:
    """P as it was at every tick of the market, of the running second and the window's seconds before it, and P as it
    was in force when the first of these seconds began."""
    state = BookState(BOOK)
    state.terms = BookTerms(volatility_window_s=WINDOW_S)
    prices = Prices()
    surveillance = Surveillance(state, prices)
    seen: dict[str, list[tuple[int, Decimal]]] = {BTC: [], ETH: []}
    now = START
    for number, step in enumerate(history):
        now += step.after_ms * MS
        tick = tick_of(step, number, now)
        prices.observe(tick)
        surveillance.observe(tick)
        for symbol, known in seen.items():
            if (view := prices.view(symbol)) is not None:
                known.append((prices.now // SECOND, view.price))
            since = prices.now // SECOND - WINDOW_S
            before = [price for second, price in known if second < since][-1:]
            inside = before + [price for second, price in known if second >= since]
            if view is not None:
                expected = (max(inside) - min(inside)) / min(inside)
                assert surveillance.conditions(symbol, now).volatility == expected


@given(steps)
def test_asking_changes_nothing_where_the_market_speaks(history: list[Step]) -> None:
    """Asked after every tick or only at the end: the same, if every tick is of a trade."""
    found = []
    for ask_always in (False, True):
        prices = Prices()
        surveillance = Surveillance(BookState(BOOK), prices)
        now = START
        for number, step in enumerate(history):
            now += step.after_ms * MS
            tick = tick_of(step._replace(kind="trade"), number, now)
            prices.observe(tick)
            surveillance.observe(tick)
            if ask_always:
                surveillance.conditions(BTC, now)
        found.append(surveillance.conditions(BTC, now).volatility)
    assert found[0] == found[1]


def test_calm_is_counted_from_when_volatility_was_last_above_its_limit() -> None:
    book = Guarded()
    for price in ("50000", "50499", "50500"):
        book.market(price)
    assert (book.chamber.surveillance.conditions(BTC, book.now).calm_age) is None, "1 % is at the limit, not above it"
    book.market("50501")
    for _ in range(30):
        book.market("50501")
    conditions = book.chamber.surveillance.conditions(BTC, book.now)
    assert (conditions.volatility, conditions.calm_age) == (D("0.01002"), 0)
    for _ in range(40):
        book.market("50501")
    conditions = book.chamber.surveillance.conditions(BTC, book.now)
    assert (conditions.volatility, conditions.calm_age) == (D(0), 12 * SECOND)


# --- round trips ----------------------------------------------------------------------------------

fills = st.lists(
    st.tuples(
        st.integers(min_value=-3, max_value=3).filter(bool),
        st.integers(min_value=95, max_value=105),
        st.integers(min_value=0, max_value=3),
    ),
    max_size=40,
)


def results(history: list[tuple[int, int, int]]) -> list[Decimal]:
    """What every closed trip brought, from its cash flows alone: it bought as much as it sold."""
    closed: list[Decimal] = []
    held, cash = 0, D(0)
    for quantity, price, fee in history:
        parts = [quantity]
        if held * quantity < 0 and abs(quantity) > abs(held):
            parts = [-held, quantity + held]
        for part in parts:
            held += part
            cash -= D(part) * price + D(fee) * abs(part) / abs(quantity)
            if held == 0:
                closed.append(cash)
                cash = D(0)
    return closed


@settings(max_examples=1000, deadline=None)
@given(fills)
def test_losses_in_a_row_are_those_of_the_cash_that_round_trips_left(history: list[tuple[int, int, int]]) -> None:
    trips = RoundTrips(Position())
    for quantity, price, fee in history:
        trips.trade(D(quantity), D(price), D(fee))
    closed = [round(result, 6) for result in results(history)]
    in_a_row = 0
    for result in closed:
        in_a_row = in_a_row + 1 if result < 0 else 0
    assert (trips.closed, trips.losses) == (len(closed), in_a_row)


def test_what_breaks_even_but_for_the_rounding_of_a_shared_fee_is_no_loss() -> None:
    """Given a trip that earns 1 and bears a third of a fee of 1 and a third of one of 2, then nothing was lost."""
    trips = RoundTrips(Position())
    for quantity, price, fee in ((-2, 95, 0), (3, 101, 1), (-3, 102, 2)):
        trips.trade(D(quantity), D(price), D(fee))
    assert (trips.closed, trips.losses) == (2, 0)


def test_fees_make_a_loss_of_what_broke_even() -> None:
    book = Guarded()
    book.market("50000")
    for _ in range(2):
        book.filled("a", "buy", fee="0.01")
        book.filled("a", "sell", fee="0.01")
    book.market("50000", seconds=3)
    conditions = book.chamber.surveillance.conditions(BTC, book.now)
    assert (conditions.losses, conditions.losses_age) == (2, 3 * SECOND)
    book.filled("a", "buy")
    book.filled("a", "sell", price="50001")
    conditions = book.chamber.surveillance.conditions(BTC, book.now)
    assert (conditions.losses, conditions.losses_age) == (0, None)


def test_after_a_restart_the_cooldown_begins_anew() -> None:
    """When the last round trip closed is not in the log on the market clock: the safe side is now."""
    book = Guarded()
    book.market("50000")
    book.filled("a", "buy", fee="1")
    book.filled("a", "sell", fee="1")
    again = Surveillance(book.state, Prices())
    again.executed(book.executions[-1], book.now)
    quote = book.chamber.prices.markets[BTC].quote
    assert quote is not None
    again.prices.observe(quote)
    again.sample(book.now)
    assert again.conditions(BTC, book.now).losses_age == 0


# --- other conditions -----------------------------------------------------------------------------


def test_granted_orders_are_remembered_for_two_seconds_of_the_process_clock() -> None:
    book = Guarded()
    book.market("50000")
    book.decided("a", "buy", BTC, "0.1")
    book.now += 1_999 * MS
    granted = book.chamber.surveillance.conditions(BTC, book.now).granted
    assert granted == (GrantedOrder(side="buy", quantity=D("0.1"), limit=D(100_000)),)
    assert book.chamber.surveillance.conditions(ETH, book.now).granted == ()
    book.now += MS
    assert book.chamber.surveillance.conditions(BTC, book.now).granted == ()


def test_a_gap_ages_on_the_market_clock() -> None:
    book = Guarded()
    book.market("50000")
    assert book.chamber.surveillance.conditions(BTC, book.now).gap_age is None
    for at in (book.now, book.now - SECOND):
        book.state.fold(FeedGap(instrument=BTC, kind="trade", first=1, last=2, market_at=at))
    book.market("50000", seconds=4)
    assert book.chamber.surveillance.conditions(BTC, book.now).gap_age == 4 * SECOND


@pytest.mark.parametrize(("hard", "word"), [(True, "hard"), (False, "soft")])
def test_the_restricted_list_runs_on_the_market_clock(hard: bool, word: str) -> None:
    book = Guarded()
    book.market("50000")
    restricted = InstrumentRestricted(
        instrument=BTC, since=book.now + SECOND, until=book.now + 3 * SECOND, hard=hard, who="operator:a", why=""
    )
    book.state.fold(restricted)
    found = []
    for _ in range(4):
        found.append(book.chamber.surveillance.conditions(BTC, book.now).restricted)
        book.market("50000")
    assert found == ["", word, word, ""]
    book.state.fold(InstrumentRestricted(instrument=BTC, since=0, until=None, hard=hard, who="operator:a", why=""))
    assert book.chamber.surveillance.conditions(BTC, book.now).restricted == word
    book.state.fold(RestrictionLifted(instrument=BTC, who="operator:a", why=""))
    assert book.chamber.surveillance.conditions(BTC, book.now).restricted == ""


def test_a_trading_status_is_the_venues_word() -> None:
    book = Guarded()
    for tradable in (False, True):
        book.state.fold(TradingStatusChanged(instrument=BTC, tradable=tradable, status="BREAK", market_at=1))
        assert book.chamber.surveillance.conditions(BTC, book.now).tradable is tradable
    assert book.chamber.surveillance.conditions(ETH, book.now).tradable


def test_the_agents_of_an_order_are_the_authors_of_its_winners() -> None:
    book = Guarded()
    book.market("50000")
    order_id = book.decided("a")
    assert book.state.safety.agents_of(order_id) == ("a",)
    assert book.state.safety.agents_of("another") == ()

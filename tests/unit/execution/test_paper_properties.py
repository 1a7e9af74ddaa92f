"""Whatever the market does: nothing beyond limit, quantity or what was shown, and the same again."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from execution.domain.order import Order
from execution.domain.venue import Execution, NoOffer
from streams.events import BookTerms
from streams.messages import Code, Side
from tests.unit.execution.paper import COIN, Levels, Scene, order

Step = tuple[Literal["quote", "trade", "diff", "book", "take", "rest", "book due"], int, int, int]
STEPS = st.tuples(
    st.sampled_from(["quote", "trade", "diff", "book", "take", "rest", "book due"]),
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(0, 30),
)
SHARES = st.sampled_from([Decimal(1), Decimal("0.5"), Decimal("0.1")])


def price(number: int) -> str:
    return str(Decimal(95) + Decimal(number) / 10)


def size(number: int) -> str:
    return str(Decimal(number) / 4)


class Run:
    """Plays steps; keeps what every order got."""

    def __init__(self, terms: BookTerms) -> None:
        self.scene = Scene(terms=terms)
        self.orders: list[Order] = []
        self.got: dict[str, list[Execution]] = {}
        self.traded: Counter[str] = Counter()

    def play(self, step: Step) -> None:
        kind, one, two, three = step
        low, high = min(one, two), max(one, two) + 1
        side: Side = "buy" if one % 2 else "sell"
        match kind:
            case "quote":
                self.scene.quote(price(low), price(high), size(three), size(one))
            case "trade":
                self.scene.trade(price(one), size(two), side)
            case "diff":
                told: Levels = ((price(two), size(three)),)
                self.scene.diff(bids=told) if side == "buy" else self.scene.diff(asks=told)
            case "book":
                self.scene.book(((price(low), size(three + 1)),), ((price(high), size(one)), (price(high + 1), "1")))
            case "take":
                self._take(order(side, size(three + 1), price(two), name=str(len(self.orders))))
            case "rest":
                self._keep(order(side, size(three + 1), price(two), name=str(len(self.orders))))
                self.scene.rest(self.orders[-1])
            case "book due":
                for order_id in self.scene.venue.earned():
                    self._book(order_id)

    def _keep(self, asked: Order) -> None:
        self.orders.append(asked)
        self.got[asked.order_id] = []

    def _book(self, order_id: str) -> None:
        for execution in self.scene.venue.due(order_id):
            self.scene.venue.booked(order_id, execution)
            self.got[order_id].append(execution)

    def _take(self, asked: Order) -> None:
        self._keep(asked)
        venue, terms = self.scene.venue, self.scene.terms
        executions, why = venue.take(asked, COIN, terms), venue.exhausted(asked, COIN, terms)
        if isinstance(executions, NoOffer):
            assert why == executions
            return
        taken = sum((execution.quantity for execution in executions), Decimal(0))
        assert (why is None) == (taken == asked.leaves)
        assert why is None or why.code in (Code.LIMIT, Code.NO_LIQUIDITY)
        ranked = [execution.price for execution in executions]
        assert ranked == sorted(ranked, reverse=asked.side == "sell")
        for execution in executions:
            venue.taken(asked, execution, COIN, terms)
        self.got[asked.order_id] += executions
        if executions and ":t" not in executions[0].tick_id and why is not None:
            again = venue.take(asked, COIN, terms)
            assert again == () or (isinstance(again, NoOffer) and again.code == why.code), "what was taken is gone"


@given(steps=st.lists(STEPS, max_size=60), share=SHARES, slippage=st.sampled_from([Decimal(0), Decimal(7)]))
def test_no_order_gets_more_than_it_asked_for_or_worse_than_its_limit(
    steps: list[Step], share: Decimal, slippage: Decimal
) -> None:
    terms = BookTerms(paper_depth_share=share, slippage_bp=slippage)
    first, second = Run(terms), Run(terms)
    for step in steps:
        first.play(step)
        second.play(step)
    first.play(("book due", 1, 1, 1))
    second.play(("book due", 1, 1, 1))
    assert first.got == second.got, "the same inputs give the same executions"
    for asked in first.orders:
        got = first.got[asked.order_id]
        assert sum((execution.quantity for execution in got), Decimal(0)) <= asked.quantity
        for execution in got:
            assert execution.quantity > 0
            assert execution.quantity % COIN.lot_size == 0
            assert execution.price <= asked.limit if asked.side == "buy" else execution.price >= asked.limit
            if execution.liquidity == "maker":
                assert execution.price == asked.limit


@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    wanted=st.lists(st.integers(1, 30), min_size=1, max_size=8),
    share=SHARES,
)
def test_together_orders_get_no_more_than_the_share_of_what_one_book_showed(
    sizes: list[int], wanted: list[int], share: Decimal
) -> None:
    scene = Scene(terms=BookTerms(paper_depth_share=share))
    scene.book((), tuple((price(number + 1), size(shown)) for number, shown in enumerate(sizes)))
    got = Counter[str]()
    for number, asked in enumerate(wanted):
        executions = scene.venue.take(order("buy", size(asked), name=str(number)), COIN, scene.terms)
        for execution in executions if isinstance(executions, tuple) else ():
            scene.venue.taken(order("buy", size(asked), name=str(number)), execution, COIN, scene.terms)
            got[str(execution.price)] += execution.quantity  # type: ignore[assignment]
    shown = {str(Decimal(price(number + 1))): Decimal(size(told)) * share for number, told in enumerate(sizes)}
    assert all(quantity <= shown[str(Decimal(at))] for at, quantity in got.items())
    lots = sum((value - value % COIN.lot_size for value in shown.values()), Decimal(0))
    assert sum(got.values()) == min(lots, sum((Decimal(size(asked)) for asked in wanted), Decimal(0)))


@given(trades=st.lists(st.integers(1, 40), max_size=12), queue=st.integers(1, 40), asked=st.integers(1, 40))
def test_a_resting_order_gets_what_trades_at_its_price_bring_beyond_its_queue(
    trades: list[int], queue: int, asked: int
) -> None:
    scene = Scene()
    scene.quote(price(10), price(20), bid_size=size(queue))
    mine = scene.rest(order("buy", size(asked), price(10)))
    for quantity in trades:
        scene.trade(price(10), size(quantity))
    earned = sum((execution.quantity for execution in scene.venue.due(mine.order_id)), Decimal(0))
    beyond = max(Decimal(0), sum((Decimal(size(quantity)) for quantity in trades), Decimal(0)) - Decimal(size(queue)))
    assert earned == min(mine.quantity, beyond)

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.domain.account import Account
from streams.events import BookOpened, CashMoved, Event, OrderFilled, PositionAdjusted
from streams.messages import Side

D = Decimal


def fill(
    side: Side,
    quantity: str | Decimal,
    price: str | Decimal,
    fee: str | Decimal = "0",
    name: str = "BTC",
    fee_base: str | Decimal = "0",
) -> Event:
    return OrderFilled(
        order_id="o",
        decision_id="d",
        venue="paper",
        instrument=name,
        side=side,
        quantity=D(quantity),
        leaves=D(0),
        price=D(price),
        fee=D(fee),
        tick_id="t",
        received_at=1,
        fee_base=D(fee_base),
    )


def adjusted(quantity: str | Decimal, price: str | Decimal, name: str = "BTC") -> PositionAdjusted:
    return PositionAdjusted(
        instrument=name, quantity=D(quantity), price=D(price), who="operator:a", reason="the venue says so"
    )


def account(*events: Event, cash: str = "1000") -> Account:
    made = Account()
    for event in (BookOpened(book="demo", quote="USDT", cash=D(cash)), *events):
        made.apply(event)
    return made


def test_a_bought_position_costs_its_average_and_cash_pays_the_fee() -> None:
    made = account(fill("buy", "1", "100", "0.5"), fill("buy", "1", "110"))
    position = made.positions["BTC"]
    assert (position.quantity, position.average) == (D(2), D(105))
    assert (made.cash, made.fees, made.realised) == (D("789.5"), D("0.5"), D(0))


def test_selling_a_part_realises_against_the_average_and_keeps_it() -> None:
    made = account(fill("buy", "1", "100"), fill("buy", "1", "110"), fill("sell", "0.5", "125"))
    assert made.realised == D("10.0")
    assert made.positions["BTC"].average == D(105)


def test_crossing_zero_closes_and_opens_at_the_price_of_the_fill() -> None:
    made = account(fill("buy", "1", "100"), fill("sell", "3", "120"))
    position = made.positions["BTC"]
    assert made.realised == D(20)
    assert (position.quantity, position.average) == (D(-2), D(120))


def test_a_short_gains_when_it_is_bought_back_lower() -> None:
    made = account(fill("sell", "2", "120"), fill("buy", "1", "100"))
    assert made.realised == D(20)
    assert made.positions["BTC"].average == D(120)
    assert made.unrealised({"BTC": D(110)}) == D(10)


def test_moved_cash_is_a_deposit_and_no_profit() -> None:
    made = account(CashMoved(amount=D(-300), reason="withdrawn"))
    assert (made.cash, made.deposits, made.net({})) == (D(700), D(700), D(0))


def test_what_comes_in_is_a_deposit_in_kind_and_no_profit() -> None:
    made = account(fill("buy", "1", "100"), adjusted("1", "120"))
    assert (made.held("BTC"), made.positions["BTC"].average) == (D(2), D(110))
    assert (made.cash, made.deposits, made.realised) == (D(900), D(1120), D(0))
    assert made.net({"BTC": D(120)}) == D(20)


def test_what_goes_out_has_gained_until_then() -> None:
    made = account(fill("buy", "2", "100"), adjusted("-0.5", "120"))
    assert (made.held("BTC"), made.realised, made.deposits, made.cash) == (D("1.5"), D(10), D(940), D(800))
    assert made.net({"BTC": D(120)}) == made.equity({"BTC": D(120)}) - made.deposits == D(40)


def test_a_fee_in_kind_leaves_the_position_and_no_cash() -> None:
    made = account(fill("buy", "1", "100", fee="0.1", fee_base="0.001"))
    assert (made.held("BTC"), made.cash, made.fees) == (D("0.999"), D("900.0"), D("0.1"))
    assert made.net({"BTC": D(100)}) == D("-0.1")


def test_a_fee_partly_in_kind_pays_the_rest_in_cash() -> None:
    made = account(fill("buy", "1", "100", fee="0.3", fee_base="0.001"))
    assert (made.held("BTC"), made.cash, made.fees) == (D("0.999"), D("899.8"), D("0.3"))


def test_exposure_counts_shorts_against_longs_in_net_only() -> None:
    made = account(fill("buy", "2", "100"), fill("sell", "1", "50", name="ETH"))
    exposure = made.exposure({"BTC": D(110), "ETH": D(60)})
    assert (exposure.gross, exposure.net) == (D(280), D(160))


def test_the_drawdown_is_the_share_of_the_peak_that_is_lost() -> None:
    made = account(fill("buy", "1", "100"))
    assert made.drawdown(D(1000), {"BTC": D(50)}) == D("0.05")
    assert made.drawdown(D(1000), {"BTC": D(150)}) == D(0)
    with pytest.raises(ValueError, match="above zero"):
        made.drawdown(D(0), {"BTC": D(100)})


def test_what_is_held_and_has_no_price_has_no_equity() -> None:
    with pytest.raises(KeyError):
        account(fill("buy", "1", "100")).equity({})


def test_a_copy_lives_on_its_own() -> None:
    made = account(fill("buy", "1", "100"))
    copied = made.copy()
    copied.apply(fill("sell", "1", "90"))
    assert (made.held("BTC"), made.realised) == (D(1), D(0))
    assert (copied.held("BTC"), copied.realised) == (D(0), D(-10))


prices = st.decimals(min_value="0.01", max_value="200000", places=2)
quantities = st.decimals(min_value="0.00001", max_value="50", places=5)
fees = st.decimals(min_value="0", max_value="100", places=8)
names = st.sampled_from(["BTC", "ETH"])
in_kind = st.sampled_from([D(0), D(0), D("0.000001"), D("0.00000123")])
fills = st.builds(fill, st.sampled_from(["buy", "sell"]), quantities, prices, fees, names, in_kind)
adjustments = st.builds(adjusted, st.decimals(min_value="-5", max_value="5", places=5), prices, names)
moves = st.builds(CashMoved, amount=st.decimals(min_value="-5000", max_value="5000", places=8), reason=st.just(""))


@given(events=st.lists(st.one_of(fills, moves, adjustments), max_size=40), btc=prices, eth=prices)
def test_equity_less_deposits_is_realised_and_unrealised_less_fees(events: list[Event], btc: D, eth: D) -> None:
    made = account(*events, cash="100000")
    marks = {"BTC": btc, "ETH": eth}
    assert made.net(marks) == made.equity(marks) - made.deposits


vast = st.decimals(min_value="0.00000001", max_value="1e9", places=8)
vast_adjustments = st.builds(adjusted, st.decimals(min_value="-1e9", max_value="1e9", places=8), vast, names)
vast_fills = st.builds(fill, st.sampled_from(["buy", "sell"]), vast, vast, fees, names)


@given(events=st.lists(st.one_of(vast_fills, vast_adjustments, fills), max_size=20), btc=vast, eth=vast)
def test_so_it_is_where_28_digits_do_not_reach(events: list[Event], btc: D, eth: D) -> None:
    made = account(*events, cash="1000000000000000.00000001")
    marks = {"BTC": btc, "ETH": eth}
    with localcontext(prec=200):
        assert made.net(marks) == made.equity(marks) - made.deposits


@given(events=st.lists(fills, max_size=40))
def test_a_flat_position_has_no_cost_left_and_a_position_is_the_sum_of_its_fills(events: list[OrderFilled]) -> None:
    made = account(*events)
    for name, position in made.positions.items():
        signed = [(e.quantity if e.side == "buy" else -e.quantity) - e.fee_base for e in events if e.instrument == name]
        assert position.quantity == sum(signed)
        assert position.cost * position.quantity > 0 or position.cost == position.quantity == 0

"""Cash, positions and terms as agents see them: the fold of what the logs tell."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.envelope import Envelope
from streams.events import BookFounded, BookTerms, CashMoved, InstrumentListed, InstrumentTerms
from tests.unit.agents.market import BOOK, BTC, TERMS, Market, filled

FILLS = st.lists(
    st.builds(
        filled,
        st.sampled_from(["buy", "sell"]),
        st.decimals("0.00001", "5", places=5).map(str),
        st.decimals("1", "90000", places=2).map(str),
        fee=st.decimals("0", "9", places=4).map(str),
        instrument=st.sampled_from(["BTCUSDT", "ETHUSDT"]),
    )
)


@given(fills=FILLS)
def test_cash_and_positions_are_the_fold_of_the_fills(fills: list[Any]) -> None:
    market = Market()
    market.open_book("1000")
    market.log(*fills)

    signed = [(fill, fill.quantity if fill.side == "buy" else -fill.quantity) for fill in fills]
    for instrument in ("BTCUSDT", "ETHUSDT"):
        held = sum((quantity for fill, quantity in signed if fill.instrument == instrument), Decimal(0))
        assert market.view.position(instrument) == held
    paid = sum((quantity * fill.price + fill.fee for fill, quantity in signed), Decimal(0))
    assert market.view.cash == 1000 - paid


@given(fills=FILLS.filter(bool))
def test_an_entry_that_comes_twice_counts_once(fills: list[Any]) -> None:
    market = Market()
    market.open_book()
    entry = market.log(*fills)
    before = (market.view.cash, market.view.positions())

    market.tell(Envelope(id="again", body=entry, actor="relay", sent_at=0, book=BOOK))
    assert (market.view.cash, market.view.positions()) == before


def test_the_fills_of_other_books_are_not_ours() -> None:
    market = Market()
    market.log(filled("buy", "1"), book="another")
    assert not market.view.positions()


def test_equity_is_cash_and_positions_at_the_price() -> None:
    market = Market()
    assert market.view.equity() is None
    market.open_book("10000")
    market.log(filled("buy", "0.1", "60000", fee="1.2"), CashMoved(amount=Decimal(5), reason="deposit"))
    assert market.view.equity() is None

    market.quote(61_000)
    assert market.view.equity() == Decimal("10000") - 6000 - Decimal("1.2") + 5 + Decimal("6100.0005")


def test_terms_and_instruments_come_with_the_founding() -> None:
    market = Market(instruments=())
    terms = BookTerms(fee_bp=Decimal(7), horizon_s=60)
    market.log(
        BookFounded(book=BOOK, quote="USDT", instruments=(TERMS,), terms=terms, who="x", why="y"), log="governance"
    )
    eth = InstrumentTerms(**{name: getattr(TERMS, name) for name in TERMS.__struct_fields__} | {"symbol": "ETHUSDT"})
    market.log(InstrumentListed(terms=eth, who="x", why="y"), log="governance")

    assert market.view.terms == terms
    assert sorted(market.view.instruments) == ["BTCUSDT", "ETHUSDT"]
    assert market.view.horizon_ns == 60_000_000_000


def test_the_cost_is_two_fees_and_the_spread() -> None:
    market = Market()
    market.quote(60_000)
    cost = market.view.cost(BTC)
    assert cost is not None
    assert abs(cost - (0.4e-4 + 0.01 / 60_000)) < 1e-12


def test_price_and_cost_are_never_those_of_an_older_tick() -> None:
    market = Market()
    for price in (60_000, 61_000, 59_000):
        market.quote(price)
        assert market.view.price(BTC) == price + 0.005
    market.trade(50_000, after_ms=2_000)  # the quote is older than a second now
    assert market.view.price(BTC) == 50_000

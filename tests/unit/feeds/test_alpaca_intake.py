"""Alpaca's intake: what becomes a tick, what a status, and what is passed over or refused; everything is counted."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.alpaca.frames import Control, Success, nanoseconds
from feeds.alpaca.intake import LETTER_EVERY_NS, AlpacaIntake
from feeds.intake import Item, RefusedFrame
from streams.envelope import Envelope, decode, encode
from streams.messages import Code, Quote, ReportTradingStatus, Trade
from tests.unit.feeds.alpaca_frames import AT, HALT, QUOTE, RESUMED, TRADE, frame


@pytest.fixture
def intake() -> AlpacaIntake:
    return AlpacaIntake("live", venue="alpaca-sip")


def take(intake: AlpacaIntake, *messages: dict[str, Any], at: int = AT) -> list[Item]:
    items = list(intake.take(frame(*messages), at, at, "wss://somewhere"))
    counts = intake.counts
    known = counts.ticks + counts.duplicates + counts.refused.total() + counts.passed.total()
    assert counts.frames == known
    return items


def only(items: list[Item]) -> Item:
    (item,) = items
    return item


def refusal(items: list[Item]) -> RefusedFrame:
    item = only(items)
    assert isinstance(item, RefusedFrame)
    return item


def traded(items: list[Item]) -> Trade:
    item = items[-1]
    assert isinstance(item, Trade)
    return item


def at(fraction: str) -> str:
    return f"2021-02-22T15:51:44.{fraction}Z"


def test_a_trade_becomes_a_tick_with_all_that_is_known(intake: AlpacaIntake) -> None:
    tick = traded(take(intake, TRADE))
    assert (tick.instrument, tick.venue, tick.source) == ("AAPL", "alpaca-sip", "live")
    assert (tick.price, tick.quantity) == (Decimal("126.55"), Decimal(100))
    assert tick.event_at == nanoseconds(TRADE["t"]) == 1_614_009_104_208_123_456
    assert (tick.market_at, tick.received_at) == (AT, AT)
    assert decode(encode(Envelope(id=tick.id, body=tick, actor="feed", sent_at=AT))).body == tick


def test_a_quote_becomes_a_tick(intake: AlpacaIntake) -> None:
    quote = only(take(intake, QUOTE))
    assert isinstance(quote, Quote)
    assert (quote.bid, quote.bid_size, quote.ask, quote.ask_size) == (Decimal("126.5"), 1, Decimal("126.6"), 4)
    assert quote.two_sided


def test_a_side_without_an_offer_is_taken_as_such(intake: AlpacaIntake) -> None:
    quote = only(take(intake, QUOTE | {"ap": 0, "as": 0}))
    assert isinstance(quote, Quote)
    assert not quote.two_sided


def test_a_locked_market_is_taken_and_a_crossed_one_refused(intake: AlpacaIntake) -> None:
    assert isinstance(only(take(intake, QUOTE | {"bp": 126.6})), Quote)
    assert refusal(take(intake, QUOTE | {"bp": 126.61})).code == Code.CROSSED


def test_crossed_quotes_are_all_counted_and_one_a_second_becomes_a_letter(intake: AlpacaIntake) -> None:
    crossed = QUOTE | {"bp": 126.61}
    letters = [take(intake, crossed, at=AT + tenth * LETTER_EVERY_NS // 10) for tenth in range(25)]
    assert sum(map(len, letters)) == 3
    assert intake.counts.refused[Code.CROSSED] == 25


def test_the_same_trade_is_taken_once(intake: AlpacaIntake) -> None:
    take(intake, TRADE)
    assert take(intake, TRADE) == []
    assert intake.counts.duplicates == 1
    for other in ({"i": 96922}, {"x": "Q"}, {"t": at("3")}):
        assert traded(take(intake, TRADE | other))


@given(
    st.lists(
        st.tuples(st.integers(0, 10**14), st.sampled_from("ABCDVQZ"), st.integers(0, 10**6)), unique=True, max_size=40
    )
)
def test_trades_have_ids_of_their_own_which_a_second_intake_makes_again(keys: list[tuple[int, str, int]]) -> None:
    messages = [TRADE | {"i": id, "x": exchange, "t": at(f"{us:06d}")} for id, exchange, us in keys]
    ids = [[tick.id for tick in take(AlpacaIntake("live"), *messages) if isinstance(tick, Trade)] for _ in range(2)]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == len(keys)
    assert all(0 <= int(id.rpartition(":t")[2]) < 2**62 for id in ids[0])


def test_the_same_id_on_another_instrument_is_another_trade(intake: AlpacaIntake) -> None:
    take(intake, TRADE)
    assert traded(take(intake, TRADE | {"S": "MSFT"})).instrument == "MSFT"


def test_ids_of_quotes_rise_though_many_share_a_nanosecond(intake: AlpacaIntake) -> None:
    quotes = take(intake, *(QUOTE | {"bs": size} for size in range(1, 30)))
    ids = [quote.update_id for quote in quotes if isinstance(quote, Quote)]
    assert len(ids) == 29
    assert ids == sorted(set(ids))
    assert take(intake, QUOTE | {"bs": 29}) == []
    assert intake.counts.duplicates == 1


@pytest.mark.parametrize("condition", ["I", "Z", "4", "W", "P", "L", "V", "T", "M"])
def test_a_sale_that_does_not_set_the_price_is_passed(intake: AlpacaIntake, condition: str) -> None:
    assert take(intake, TRADE | {"c": ["@", condition]}) == []
    assert intake.counts.passed == {"not_market": 1}


@pytest.mark.parametrize("condition", ["N", "L"])
def test_a_quote_that_is_not_firm_is_passed(intake: AlpacaIntake, condition: str) -> None:
    assert take(intake, QUOTE | {"c": [condition]}) == []
    assert intake.counts.passed == {"not_market": 1}


@pytest.mark.parametrize(("price", "side"), [(126.56, "buy"), (126.54, "sell"), (126.9, "buy"), (126.0, "sell")])
def test_the_aggressor_is_told_by_the_middle_of_the_quote(intake: AlpacaIntake, price: float, side: str) -> None:
    take(intake, QUOTE)
    assert traded(take(intake, TRADE | {"p": price})).aggressor == side


def test_at_the_middle_or_without_a_quote_the_last_change_of_price_tells(intake: AlpacaIntake) -> None:
    sides = [
        traded(take(intake, TRADE | {"i": number, "p": price})).aggressor
        for number, price in enumerate([126.55, 126.54, 126.54, 126.56, 126.56, 126.55])
    ]
    assert sides == ["buy", "sell", "sell", "buy", "buy", "sell"]
    take(intake, QUOTE)
    assert traded(take(intake, TRADE | {"i": 10, "p": 126.55})).aggressor == "sell"


def test_on_one_exchange_what_is_older_is_out_of_order_on_the_tape_a_second_is_allowed() -> None:
    older = TRADE | {"i": 1, "t": at("1")}
    assert refusal_after(AlpacaIntake("live", venue="alpaca-iex"), older) == Code.OUT_OF_ORDER
    assert refusal_after(AlpacaIntake("live", venue="alpaca-sip"), older) is None
    long_ago = TRADE | {"i": 1, "t": "2021-02-22T15:51:43.2Z"}
    assert refusal_after(AlpacaIntake("live", venue="alpaca-sip"), long_ago) == Code.OUT_OF_ORDER


def refusal_after(intake: AlpacaIntake, second: dict[str, Any]) -> Code | None:
    take(intake, TRADE)
    item = only(take(intake, second))
    return item.code if isinstance(item, RefusedFrame) else None


def test_one_wrong_time_ahead_does_not_stop_an_instrument(intake: AlpacaIntake) -> None:
    take(intake, QUOTE | {"t": "2021-02-22T16:50:00Z"})
    taken = [take(intake, QUOTE | {"bs": size})[0] for size in range(2, 110)]
    assert isinstance(taken[0], RefusedFrame)
    assert isinstance(taken[-1], Quote)


def test_a_time_more_than_an_hour_ahead_is_refused(intake: AlpacaIntake) -> None:
    assert refusal(take(intake, TRADE | {"t": "2021-02-22T17:00:00Z"})).code == Code.INVALID
    assert traded(take(intake, TRADE))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"p": 0}, Code.NOT_POSITIVE),
        ({"p": -1}, Code.NOT_POSITIVE),
        ({"s": 0}, Code.NOT_POSITIVE),
        ({"p": "NaN"}, Code.NOT_FINITE),
        ({"p": "sNaN"}, Code.NOT_FINITE),
        ({"p": "Infinity"}, Code.NOT_FINITE),
        ({"p": 1e30}, Code.INVALID),
        ({"t": "yesterday"}, Code.INVALID),
        ({"i": "x"}, Code.INVALID),
        ({"T": "q"}, Code.INVALID),
        ({"T": "trade"}, Code.UNKNOWN_TYPE),
    ],
)
def test_what_is_no_trade_is_refused(intake: AlpacaIntake, changes: dict[str, Any], code: Code) -> None:
    refused = refusal(take(intake, TRADE | changes))
    assert (refused.code, refused.origin, refused.at) == (code, "wss://somewhere", AT)
    assert refused.raw


def test_other_instruments_are_passed() -> None:
    intake = AlpacaIntake("live", symbols=("MSFT",))
    assert take(intake, TRADE, QUOTE, HALT) == []
    assert intake.counts.passed == {"symbol": 3}


def test_a_halt_and_its_end_are_reported(intake: AlpacaIntake) -> None:
    assert take(intake, HALT, RESUMED) == [
        ReportTradingStatus(instrument="AAPL", tradable=False, status="Trading Halt (T12)", market_at=AT),
        ReportTradingStatus(instrument="AAPL", tradable=True, status="Trading Resumption", market_at=AT),
    ]
    assert intake.counts.passed == {"status": 2}


@pytest.mark.parametrize("code", ["2", "P", "Q", "W", "", "??"])
def test_a_pause_and_an_unknown_status_stop_trading(intake: AlpacaIntake, code: str) -> None:
    report = only(take(intake, HALT | {"sc": code, "sm": ""}))
    assert isinstance(report, ReportTradingStatus)
    assert not report.tradable
    assert report.status == f"{code or 'unknown'} (T12)"


def test_a_notice_changes_nothing(intake: AlpacaIntake) -> None:
    assert take(intake, HALT | {"sc": "E", "sm": "Short Sale Restriction"}) == []


def test_a_status_that_comes_late_does_not_overrule_a_later_one(intake: AlpacaIntake) -> None:
    take(intake, RESUMED)
    assert refusal(take(intake, HALT)).code == Code.OUT_OF_ORDER


def test_a_status_of_any_length_fits_into_a_command(intake: AlpacaIntake) -> None:
    report = only(take(intake, HALT | {"sm": "x" * 500}))
    assert isinstance(report, ReportTradingStatus)
    assert decode(encode(Envelope(id="1", body=report, actor="feed", sent_at=AT))).body == report


LATER = TRADE | {"i": 7, "t": at("9")}


def test_a_resumption_that_nobody_heard_shows_in_the_next_sale(intake: AlpacaIntake) -> None:
    take(intake, HALT)
    intake.doubt()
    assert take(intake, LATER | {"x": "D", "i": 6})[:-1] == []
    report, trade = take(intake, LATER)
    assert report == ReportTradingStatus(instrument="AAPL", tradable=True, status="trades", market_at=AT)
    assert isinstance(trade, Trade)
    assert len(take(intake, LATER | {"i": 8})) == 1


def test_a_sale_does_not_end_a_halt_that_is_in_no_doubt(intake: AlpacaIntake) -> None:
    take(intake, HALT)
    assert len(take(intake, LATER)) == 1


def test_a_sale_from_before_the_halt_or_one_that_sets_no_price_does_not_end_it(intake: AlpacaIntake) -> None:
    take(intake, HALT)
    intake.doubt()
    assert len(take(intake, TRADE)) == 1
    assert take(intake, LATER | {"c": ["Z"]}) == []


def test_who_was_not_halted_is_in_no_doubt(intake: AlpacaIntake) -> None:
    take(intake, QUOTE)
    intake.doubt()
    assert len(take(intake, LATER)) == 1


def test_corrections_and_busts_are_counted_and_change_nothing(
    intake: AlpacaIntake, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    correction = {"T": "c", "S": "AAPL", "x": "M", "oi": 5, "op": 126.5, "os": 1, "ci": 6, "cp": 126.4, "cs": 1}
    bust = {"T": "x", "S": "AAPL", "i": 5, "x": "M", "p": 126.5, "s": 1, "a": "C", "t": at("3"), "z": "C"}
    assert take(intake, correction, bust) == []
    assert intake.counts.passed == {"correction": 1, "cancel": 1}
    assert "trade 5 of AAPL was at 126.4, not 126.5" in caplog.text
    assert "trade 5 of AAPL at 126.5 does not count (C)" in caplog.text


def test_controls_go_to_who_wants_them() -> None:
    heard: list[Control] = []
    intake = AlpacaIntake("live", on_control=heard.append)
    take(intake, {"T": "success", "msg": "connected"})
    assert heard == [Success(msg="connected")]
    take(AlpacaIntake("replay"), {"T": "error", "code": 402, "msg": "auth failed"})


def test_memory_of_trades_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeds.alpaca.intake.MOST_REMEMBERED", 3)
    intake = AlpacaIntake("live")
    take(intake, *(TRADE | {"i": number} for number in range(4)))
    assert len(take(intake, TRADE | {"i": 0})) == 1
    assert take(intake, TRADE | {"i": 3}) == []

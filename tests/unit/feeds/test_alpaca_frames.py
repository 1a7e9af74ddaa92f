"""Alpaca's frames: exact numbers and times, and nothing that comes in can break the decoder."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.alpaca.conditions import sets_last, trading
from feeds.alpaca.frames import (
    Failure,
    Flaw,
    Message,
    Passed,
    QuoteFrame,
    StatusFrame,
    Subscription,
    Success,
    TradeFrame,
    decode,
    nanoseconds,
    number,
)
from feeds.alpaca.hours import opened_at
from streams.messages import Code
from tests.unit.feeds.alpaca_frames import AT, HALT, QUOTE, TRADE, frame


def one(raw: bytes) -> Message:
    (message,) = decode(raw)
    return message


def flaw(raw: bytes) -> Flaw:
    message = one(raw)
    assert isinstance(message, Flaw)
    return message


def test_trades_and_quotes_are_read_in_their_order() -> None:
    trade, quote, status = decode(frame(TRADE, QUOTE, HALT))
    assert isinstance(trade, TradeFrame)
    assert (trade.S, trade.i, trade.p, trade.s, trade.x, trade.c) == (
        "AAPL", 96921, Decimal("126.55"), Decimal(100), "V", ("@", "F")
    )  # fmt: skip
    assert isinstance(quote, QuoteFrame)
    assert (quote.bp, quote.bs, quote.ap, quote.as_) == (Decimal("126.5"), 1, Decimal("126.6"), 4)
    assert isinstance(status, StatusFrame)
    assert (status.sc, status.sm, status.rc) == ("H", "Trading Halt", "T12")


@pytest.mark.parametrize("text", ["0.1", "126.55", "1234567.000000000001", "9007199254740993", "0.30000000000000004"])
def test_prices_are_what_is_written_not_what_a_float_makes_of_it(text: str) -> None:
    message = one(frame(TRADE).replace(b"126.55", text.encode()))
    assert isinstance(message, TradeFrame)
    assert str(number(message.p)) == text


@given(st.decimals(min_value=Decimal("1e-9"), max_value=Decimal("1e12"), allow_nan=False, places=9))
def test_every_decimal_comes_back_as_it_was(price: Decimal) -> None:
    text = f"{price:f}"
    message = one(frame(TRADE).replace(b"126.55", text.encode()))
    assert isinstance(message, TradeFrame)
    assert number(message.p) == price


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1e999999999", "too large"),
        ("1e-999999999", "not positive"),
        ('"NaN"', "not finite"),
        ('"Infinity"', "not finite"),
        ("-1", "not positive"),
        ("1." + "1" * 80, "too long"),
    ],
)
def test_numbers_that_no_market_has_are_refused_quickly(text: str, why: str) -> None:
    message = one(frame(TRADE).replace(b"126.55", text.encode()))
    assert isinstance(message, TradeFrame)
    with pytest.raises(ValueError, match=why):
        number(message.p)


def test_numbers_with_an_exponent_become_plain() -> None:
    assert str(number(Decimal("1.2E+3"))) == "1200"


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("2021-02-22T15:51:44.208Z", 1_614_009_104_208_000_000),
        ("2021-02-22T15:51:44.335689322Z", 1_614_009_104_335_689_322),
        ("2021-02-22T10:51:44.335689322-05:00", 1_614_009_104_335_689_322),
        ("2021-02-22T15:51:44Z", 1_614_009_104_000_000_000),
        ("2016-12-31T23:59:60.5Z", 1_483_228_800_500_000_000),
    ],
)
def test_times_are_exact_to_the_nanosecond(text: str, ns: int) -> None:
    assert nanoseconds(text) == ns


OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.integers(0, 4_000_000_000), st.integers(0, 999_999_999), OFFSETS)
def test_every_time_comes_back_as_it_was(seconds: int, fraction: int, offset: timezone) -> None:
    text = datetime.fromtimestamp(seconds, UTC).astimezone(offset).isoformat()
    assert nanoseconds(f"{text[:19]}.{fraction:09d}{text[19:]}") == seconds * 10**9 + fraction


@pytest.mark.parametrize("text", ["", "now", "2021-02-30T00:00:00Z", "2021-02-22 15:51:44Z", "2021-02-22T15:51:44",
                                  "2021-02-22T15:51:99Z", "1969-12-31T23:59:59Z", "2500-01-01T00:00:00Z",
                                  "2021-02-22T15:51:44.1234567891Z"])  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"time|range|day"):
        nanoseconds(text)


def test_controls_are_read() -> None:
    assert one(b'[{"T":"success","msg":"connected"}]') == Success(msg="connected")
    assert one(b'[{"T":"error","code":406,"msg":"connection limit exceeded"}]') == Failure(
        code=406, msg="connection limit exceeded"
    )
    answer = b'[{"T":"subscription","trades":["AAPL"],"quotes":["AAPL"],"bars":[],"statuses":["*"],"lulds":[]}]'
    assert one(answer) == Subscription(trades=("AAPL",), quotes=("AAPL",), statuses=("*",))


@pytest.mark.parametrize("kind", ["b", "d", "u", "l", "i", "n"])
def test_what_nobody_reads_is_passed(kind: str) -> None:
    assert isinstance(one(msgspec.json.encode([{"T": kind, "S": "AAPL"}])), Passed)


def test_one_unsound_message_does_not_take_the_others_with_it() -> None:
    first, broken, unknown, bar, last = decode(
        frame(TRADE, {"T": "t", "S": "AAPL"}, {"T": "zz"}, {"T": "b"}, QUOTE),
    )
    assert isinstance(first, TradeFrame)
    assert isinstance(last, QuoteFrame)
    assert isinstance(bar, Passed)
    assert isinstance(broken, Flaw)
    assert isinstance(unknown, Flaw)
    assert (broken.code, broken.raw) == (Code.INVALID, b'{"T":"t","S":"AAPL"}')
    assert unknown.code == Code.UNKNOWN_TYPE


@pytest.mark.parametrize("raw", [b"", b"[", b"\xff", b"[{]", b"[" * 100_000, frame(TRADE)[:-20]])
def test_what_is_no_json_is_undecodable(raw: bytes) -> None:
    assert flaw(raw).code == Code.UNDECODABLE


@pytest.mark.parametrize("raw", [b"{}", b"null", b"[1]", b'[{"T":5}]', b'[{"S":"AAPL"}]'])
def test_what_does_not_say_what_it_is_is_invalid(raw: bytes) -> None:
    assert flaw(raw).code == Code.INVALID


@pytest.mark.parametrize("symbol", ["", "aapl", "A" * 33, "A\u0000B", "Ä"])
def test_symbols_are_checked(symbol: str) -> None:
    assert flaw(frame(TRADE | {"S": symbol})).code == Code.INVALID


@given(st.binary(max_size=200))
def test_no_bytes_raise(raw: bytes) -> None:
    decode(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("TSiptsxczmsgcode"), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from([TRADE, QUOTE, HALT]), st.sampled_from("TSipstxczbd"), JSON)
def test_no_value_in_any_place_raises(message: dict[str, object], key: str, value: object) -> None:
    try:
        raw = msgspec.json.encode([message | {key: value}])
    except (OverflowError, UnicodeEncodeError):
        return
    assert len(decode(raw)) == 1


@pytest.mark.parametrize("tape", ["A", "B", "C", ""])
@pytest.mark.parametrize("conditions", [[], ["@"], [" "], ["@", "F"], ["O"], ["5"], ["6"], ["X"]])
def test_regular_sales_set_the_last_price(conditions: list[str], tape: str) -> None:
    assert sets_last(conditions, tape)


@pytest.mark.parametrize("tape", ["A", "B", "C", ""])
@pytest.mark.parametrize("condition", [*"ICHLMNPQRTUVZ479W", "?", "new"])
def test_odd_lots_late_and_derived_prices_do_not(condition: str, tape: str) -> None:
    assert not sets_last(["@", condition], tape)


def test_a_code_may_mean_another_thing_on_another_tape() -> None:
    """B is an average price on tapes A and B, and a bunched trade, which is regular, on tape C."""
    assert [sets_last(["B"], tape) for tape in ("A", "B", "C", "")] == [False, False, True, False]
    assert [sets_last(["E"], tape) for tape in ("A", "B", "C", "")] == [True, True, False, False]


@pytest.mark.parametrize(
    ("codes", "says"), [("12HPQ4O", "halted"), ("3T", "trading"), ("56789ACDEF", "unchanged"), ("?Xz", "halted")]
)
def test_what_a_status_says_and_an_unknown_one_is_a_halt(codes: str, says: str) -> None:
    assert {trading(code) for code in codes} == {says}
    assert trading("") == trading("TT") == "halted"


@pytest.mark.parametrize(
    ("text", "opened"),
    [
        ("2021-02-22T15:51:45+00:00", "2021-02-22T14:30:00+00:00"),  # winter: New York is 5 h behind
        ("2021-07-01T13:30:00+00:00", "2021-07-01T13:30:00+00:00"),  # summer: 4 h
        ("2021-07-01T13:29:59+00:00", None),
        ("2021-07-01T20:00:00+00:00", None),
        ("2021-07-03T15:00:00+00:00", None),  # a Saturday
        ("2021-03-15T13:31:00+00:00", "2021-03-15T13:30:00+00:00"),  # the day after the clocks went forward
    ],
)
def test_regular_hours_are_new_yorks(text: str, opened: str | None) -> None:
    at = int(datetime.fromisoformat(text).timestamp()) * 10**9
    expected = int(datetime.fromisoformat(opened).timestamp()) * 10**9 if opened else None
    assert opened_at(at) == expected


def test_the_frames_of_the_tests_are_of_a_time_with_trading() -> None:
    assert opened_at(AT) is not None

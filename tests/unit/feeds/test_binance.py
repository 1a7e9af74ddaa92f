"""Frames of Binance as bytes, and the ticks that they are."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feeds.binance.frames import WHOLE, WITHOUT_LEVELS, RefusedTrade, decode, decode_rest, decode_snapshot
from feeds.binance.numbers import MOST_NUMBERS, Numbers
from feeds.binance.ticks import Passed, Refill, Unnamed
from streams.envelope import Envelope, Refused, encode
from streams.envelope import decode as decode_envelope
from streams.messages import BookSnapshot, Code, Depth, Quote, Trade
from tests.unit.feeds.frames import (
    AGGREGATE,
    FUTURES_DEPTH,
    FUTURES_QUOTE,
    FUTURES_TRADE,
    SPOT_DEPTH,
    SPOT_QUOTE,
    SPOT_TRADE,
    combined,
    raw,
)

ALL = [SPOT_TRADE, FUTURES_TRADE, AGGREGATE, SPOT_QUOTE, FUTURES_QUOTE, SPOT_DEPTH, FUTURES_DEPTH]


def refusal(frame: bytes) -> Code:
    with pytest.raises(Refused) as caught:
        decode(frame, 7, 8)
    return caught.value.code


def test_a_trade_has_its_price_its_time_and_who_was_the_aggressor() -> None:
    kind, tick = decode(raw(SPOT_TRADE), 7, 8, "replay")
    assert kind == "trade"
    assert tick == Trade(
        instrument="BTCUSDT",
        market_at=7,
        received_at=8,
        event_at=1723161255342 * 10**6,
        source="replay",
        trade_id=3735683259,
        price=Decimal("61837.63"),
        quantity=Decimal("0.02"),
        aggressor="sell",
    )


def test_an_aggregate_trade_counts_by_its_own_id() -> None:
    kind, tick = decode(raw(AGGREGATE), 7, 8)
    assert isinstance(tick, Trade)
    assert (kind, tick.trade_id, tick.aggressor) == ("aggTrade", 300, "buy")


@pytest.mark.parametrize(("frame", "event_at"), [(SPOT_QUOTE, 0), (FUTURES_QUOTE, 1721347022507 * 10**6)])
def test_a_quote_has_its_event_time_where_the_venue_gives_one(frame: dict[str, Any], event_at: int) -> None:
    kind, tick = decode(raw(frame), 7, 8)
    assert isinstance(tick, Quote)
    assert (kind, tick.bid, tick.event_at) == ("bookTicker", Decimal(frame["b"]), event_at)


def test_a_one_sided_quote_is_taken_and_is_not_two_sided() -> None:
    _, tick = decode(raw(SPOT_QUOTE, a="0.00000000", A="0.00000000"), 7, 8)
    assert isinstance(tick, Quote)
    assert not tick.two_sided


def test_depth_has_its_ids_and_levels() -> None:
    _, tick = decode(raw(FUTURES_DEPTH), 7, 8)
    assert isinstance(tick, Depth)
    assert (tick.first_id, tick.last_id, tick.previous_id) == (205, 230, 190)
    assert tick.bids == ((Decimal("61737.63"), Decimal(0)), (Decimal("61730.17"), Decimal("1.2")))


def test_depth_without_levels_differs_in_nothing_else() -> None:
    _, full = decode(raw(SPOT_DEPTH), 7, 8)
    _, short = decode(raw(SPOT_DEPTH), 7, 8, routes=WITHOUT_LEVELS)
    assert isinstance(full, Depth)
    assert short == msgspec.structs.replace(full, bids=(), asks=())


@pytest.mark.parametrize("frame", ALL)
def test_wrapped_bare_reordered_and_spaced_frames_are_the_same(frame: dict[str, Any]) -> None:
    expected = decode(raw(frame), 7, 8)
    reordered = raw(dict(reversed(list(frame.items()))))
    spaced = msgspec.json.format(combined(frame), indent=2)
    assert [decode(text, 7, 8) for text in (combined(frame), reordered, spaced)] == [expected] * 3


@pytest.mark.parametrize("frame", ALL)
def test_unknown_keys_are_ignored(frame: dict[str, Any]) -> None:
    assert decode(raw(frame, zz={"new": [1, 2]}, M="?"), 7, 8) == decode(raw(frame), 7, 8)


@pytest.mark.parametrize("frame", [SPOT_TRADE, AGGREGATE, FUTURES_QUOTE, SPOT_DEPTH])
def test_microseconds_and_milliseconds_are_told_apart(frame: dict[str, Any]) -> None:
    times = {key: value * 1000 for key, value in frame.items() if key in "ET"}
    assert decode(raw(frame, **times), 7, 8) == decode(raw(frame), 7, 8)


def test_prices_may_come_as_numbers() -> None:
    _, tick = decode(raw(SPOT_TRADE, p=61837.63, q=2), 7, 8)
    assert isinstance(tick, Trade)
    assert (tick.price, tick.quantity) == (Decimal("61837.63"), Decimal(2))


def test_a_trade_outside_the_market_is_no_price_but_has_an_id() -> None:
    kind, passed = decode(raw(FUTURES_TRADE, X="INSURANCE_FUND", q="0"), 7, 8)
    assert kind == "trade"
    assert passed == Passed("not_market", "INSURANCE_FUND", "BTCUSDT", 5171717171)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b'{"result":null,"id":3}', "ack"),
        (b'{"code":2,"msg":"Invalid request: unknown variant"}', "error"),
        (b'{"error":{"code":3,"msg":"Invalid JSON"},"id":null}', "error"),
        (b'{"e":"serverShutdown","E":1770123456789}', "shutdown"),
        (b'{"id":"x","status":400,"error":{"code":-1121,"msg":"Invalid symbol."}}', "error"),
        (b'{"stream":"!status","data":{"e":"serverShutdown","E":1770123456789}}', "shutdown"),
        (b'{"stream":"btcusdt@kline_1m","data":{"e":"kline","E":1,"s":"BTCUSDT","k":{}}}', "other"),
        (b'{"stream":"!miniTicker@arr","data":[{"e":"24hrMiniTicker"}]}', "other"),
        (b'[{"e":"24hrTicker","s":"BTCUSDT","c":"1"}]', "other"),
        (
            b'{"stream":"!forceOrder@arr","data":{"e":"forceOrder","E":1,"o":{"s":"BTCUSDT","q":"0.1","ap":"9"}}}',
            "other",
        ),
        (b'{"e":"markPriceUpdate","E":1,"s":"BTCUSDT","p":"61837.6","r":"0.0001","T":2}', "other"),
        (b'{"e":"executionReport","E":1,"s":"BTCUSDT","p":"1","q":"1","t":-1}', "other"),
        (b'{"subscriptionId":0,"event":{"e":"outboundAccountPosition","E":1}}', "other"),
        (b'{"e":"ORDER_TRADE_UPDATE","E":1,"o":{"s":"BTCUSDT"}}', "other"),
        (b'{"rest":"exchangeInfo","data":{"symbols":[]}}', "other"),
        (b'{"rest":"depth","symbol":"BTCUSDT","data":{"code":-1003,"msg":"Too many requests"}}', "error"),
    ],
)
def test_what_is_sound_and_no_price_is_passed_over(text: bytes, why: str) -> None:
    kind, passed = decode(text, 7, 8)
    assert isinstance(passed, Passed)
    assert (kind, passed.why) == ("passed", why)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"", Code.UNDECODABLE),
        (b'{"e":"trade","E":17231', Code.UNDECODABLE),
        (b"\xff\xfe\x00", Code.UNDECODABLE),
        (b"[" * 100_000, Code.UNDECODABLE),
        (b"12", Code.INVALID),
        (b"{}", Code.INVALID),
        (b'{"e":null}', Code.INVALID),
        (raw(SPOT_TRADE, e="surprise"), Code.UNKNOWN_TYPE),
        (raw(SPOT_TRADE, e=5), Code.UNKNOWN_TYPE),
        (raw({key: value for key, value in SPOT_TRADE.items() if key != "p"}), Code.INVALID),
        (raw(SPOT_TRADE, p=""), Code.INVALID),
        (raw(SPOT_TRADE, p="6 1"), Code.INVALID),
        (raw(SPOT_TRADE, p=None), Code.INVALID),
        (raw(SPOT_TRADE, p="1" + "0" * 30), Code.INVALID),
        (raw(SPOT_TRADE, p="1." + "1" * 100), Code.INVALID),
        (raw(SPOT_TRADE, p="NaN"), Code.NOT_FINITE),
        (raw(SPOT_TRADE, q="-Infinity"), Code.NOT_FINITE),
        (raw(SPOT_TRADE, p="0.00000000"), Code.NOT_POSITIVE),
        (raw(SPOT_TRADE, p="-1"), Code.NOT_POSITIVE),
        (raw(SPOT_TRADE, q="1E-999999"), Code.NOT_POSITIVE),
        (raw(SPOT_TRADE, q="0.0000000000001"), Code.NOT_POSITIVE),
        (raw(SPOT_DEPTH, b=[["-1.50", "1.00"]]), Code.NOT_POSITIVE),
        (raw(SPOT_TRADE, t=-1), Code.INVALID),
        (raw(SPOT_TRADE, t=10**30), Code.INVALID),
        (raw(SPOT_TRADE, t=1.5), Code.INVALID),
        (raw(SPOT_TRADE, s="btc usdt"), Code.INVALID),
        (raw(SPOT_TRADE, s="BTC\x00"), Code.INVALID),
        (raw(SPOT_TRADE, m="yes"), Code.INVALID),
        (raw(SPOT_TRADE, T=9_999_999_999_999), Code.INVALID),
        (raw(SPOT_QUOTE, b="61838"), Code.CROSSED),
        (raw(SPOT_QUOTE, B="-3"), Code.NOT_POSITIVE),
        (raw(SPOT_QUOTE, a="NaN"), Code.NOT_FINITE),
        (raw(SPOT_DEPTH, U=111), Code.INVALID),
        (raw(SPOT_DEPTH, b=[["1"]]), Code.INVALID),
        (raw(SPOT_DEPTH, b=[["-1", "1"]]), Code.NOT_POSITIVE),
        (raw(SPOT_DEPTH, b=[["1.11", "2.22"]] * 6000), Code.TOO_LARGE),
        (b"[" + b"0," * 3_000_000 + b"0]", Code.TOO_LARGE),
        (b'{"lastUpdateId":1,"bids":[["NaN","1"]],"asks":[]}', Code.NOT_FINITE),
        (b'{"lastUpdateId":-1,"bids":[],"asks":[]}', Code.INVALID),
        (b'{"stream":"btc usdt@depth5","data":{"lastUpdateId":1,"bids":[],"asks":[]}}', Code.INVALID),
        (b'{"rest":"depth","data":{"lastUpdateId":1,"bids":[],"asks":[]}}', Code.INVALID),
        (b'{"rest":"trades","symbol":"BTCUSDT","data":[{"id":1}]}', Code.INVALID),
        (b'{"rest":"trades","symbol":"BTCUSDT","data":7}', Code.INVALID),
        (b'{"rest":"depth","symbol":"BTCUSDT"}', Code.INVALID),
    ],
)
def test_what_is_no_sound_frame_is_refused_with_its_reason(frame: bytes, code: Code) -> None:
    assert refusal(frame) == code


HISTORICAL = {
    "id": 28457,
    "price": "4.00000100",
    "qty": "12.00000000",
    "quoteQty": "48.000012",
    "time": 1499865549590,
    "isBuyerMaker": True,
    "isBestMatch": True,
}
AGGREGATED = {
    "a": 26129,
    "p": "0.01633102",
    "q": "4.70443515",
    "f": 27781,
    "l": 27781,
    "T": 1498793709153,
    "m": True,
    "M": True,
}
BOOK = {"lastUpdateId": 160, "bids": [["61837.63", "3.5"], ["61836.0", "1"]], "asks": [["61837.64", "0.1"]]}


def trades_2017_to_2026() -> list[dict[str, Any]]:
    """Frames of one trade as they were in other years."""
    without_best_match = {key: value for key, value in SPOT_TRADE.items() if key != "M"}
    return [
        {**SPOT_TRADE, "b": 88, "a": 50},
        without_best_match,
        {**without_best_match, "nq": "0.01", "st": 0, "zz": None},
        {**SPOT_TRADE, "X": "MARKET"},
        {**SPOT_TRADE, "E": 1723161255343_000, "T": 1723161255342_000},
    ]


@pytest.mark.parametrize("frame", trades_2017_to_2026())
@pytest.mark.parametrize("write", [raw, combined])
def test_a_trade_of_any_year_is_the_same_trade(frame: dict[str, Any], write: Any) -> None:
    assert decode(write(frame), 7, 8) == decode(raw(SPOT_TRADE), 7, 8)


@pytest.mark.parametrize("why", ["INSURANCE_FUND", "ADL", "NA"])
@pytest.mark.parametrize("frame", [FUTURES_TRADE, AGGREGATE])
def test_no_trade_outside_the_market_is_a_price(frame: dict[str, Any], why: str) -> None:
    _, passed = decode(combined(frame, X=why, p="0", q="0"), 7, 8)
    assert passed == Passed("not_market", why, frame["s"], frame["t"] if "t" in frame else frame["a"])


def test_levels_of_2018_have_an_empty_list_behind_them() -> None:
    old = raw(SPOT_DEPTH, b=[["0.0024", "10", []]], a=[["0.0025", "100", []]])
    _, tick = decode(old, 7, 8)
    assert isinstance(tick, Depth)
    assert (tick.bids, tick.asks) == (((Decimal("0.0024"), Decimal(10)),), ((Decimal("0.0025"), Decimal(100)),))


def test_numbers_in_levels_are_taken_as_they_are_written() -> None:
    text = raw(SPOT_DEPTH, b=[], a=[["1", "2"]]).replace(b'[["1","2"]]', b"[[61837.630000000000000001,12]]")
    _, tick = decode(text.replace(b"630000000000000001", b"630000000001"), 7, 8)
    assert isinstance(tick, Depth)
    assert tick.asks == ((Decimal("61837.630000000001"), Decimal(12)),)


def test_contracts_are_counted_in_whole_numbers() -> None:
    _, tick = decode(raw(FUTURES_TRADE, q="100"), 7, 8)
    assert isinstance(tick, Trade)
    assert str(tick.quantity) == "100"


def test_the_venue_is_what_the_caller_says() -> None:
    ticks = [decode(raw(frame), 7, 8, venue="binance-usdm")[1] for frame in ALL]
    assert {tick.venue for tick in ticks if not isinstance(tick, Passed | Refill | Unnamed)} == {"binance-usdm"}


@pytest.mark.parametrize("changes", [{"q": "0.00000000"}, {"p": "NaN"}, {"p": None}, {"m": "yes"}])
@pytest.mark.parametrize(("frame", "kind"), [(SPOT_TRADE, "trade"), (AGGREGATE, "aggTrade")])
def test_a_refused_trade_says_which_one_it_was(frame: dict[str, Any], kind: str, changes: dict[str, Any]) -> None:
    with pytest.raises(RefusedTrade) as caught:
        decode(raw(frame, **changes), 7, 8)
    known = (caught.value.kind, caught.value.instrument, caught.value.id)
    assert known == (kind, frame["s"], frame.get("t", frame.get("a")))


@pytest.mark.parametrize(
    "frame",
    [
        msgspec.json.encode({"stream": "btcusdt@depth20", "data": BOOK}),
        msgspec.json.encode({"rest": "depth", "symbol": "BTCUSDT", "data": BOOK}),
        msgspec.json.encode(
            {
                "stream": "btcusdt@depth20@100ms",
                "data": {"e": "depthUpdate", "s": "BTCUSDT", "U": 150, "u": 160, "pu": 149}
                | {"b": BOOK["bids"], "a": BOOK["asks"]},
            }
        ),
    ],
)
def test_a_snapshot_whose_symbol_is_said_is_a_tick(frame: bytes) -> None:
    kind, tick = decode(frame, 7, 8)
    assert kind == "snapshot"
    assert tick == decode_snapshot("BTCUSDT", BOOK, 7, 8)
    assert isinstance(tick, BookSnapshot)
    assert (tick.last_id, tick.bids[0], tick.asks) == (
        160,
        (Decimal("61837.63"), Decimal("3.5")),
        ((Decimal("61837.64"), Decimal("0.1")),),
    )


def test_a_bare_snapshot_does_not_say_whose_it_is() -> None:
    kind, unnamed = decode(raw({**BOOK, "E": 1721347022759, "T": 1721347022750}), 7, 8)
    assert isinstance(unnamed, Unnamed)
    assert (kind, unnamed.snapshot.instrument) == ("snapshot", "")
    assert unnamed.snapshot.event_at == 1721347022759 * 10**6


def test_rows_of_an_answer_are_trades_in_the_order_of_their_ids() -> None:
    rows = [{**HISTORICAL, "id": 28459}, {**HISTORICAL, "qty": "0.00000000", "id": 28458}, HISTORICAL]
    trades = decode_rest("trades", "BNBBTC", rows, 7, 8, venue="binance")
    assert [trade.trade_id for trade in trades] == [28457, 28459]
    assert trades[0] == Trade(
        instrument="BNBBTC",
        market_at=7,
        received_at=8,
        event_at=1499865549590 * 10**6,
        trade_id=28457,
        price=Decimal("4.000001"),
        quantity=Decimal(12),
        aggressor="sell",
    )


def test_aggregated_rows_have_ids_of_their_own() -> None:
    (trade,) = decode_rest("aggTrades", "BNBBTC", [AGGREGATED], 7, 8)
    assert (trade.trade_id, trade.price, trade.aggressor) == (26129, Decimal("0.01633102"), "sell")


@pytest.mark.parametrize("data", [None, {}, [1], [{**HISTORICAL, "price": "-1"}], [{**HISTORICAL, "time": 10**20}]])
def test_an_answer_that_is_not_sound_is_refused(data: Any) -> None:
    with pytest.raises(Refused):
        decode_rest("trades", "BNBBTC", data, 7, 8)


@pytest.mark.parametrize("data", [None, [], {**BOOK, "bids": [["x", "1"]]}, {**BOOK, "lastUpdateId": "160"}])
def test_a_snapshot_that_is_not_sound_is_refused(data: Any) -> None:
    with pytest.raises(Refused):
        decode_snapshot("BNBBTC", data, 7, 8)


def test_numbers_remembered_do_not_grow_without_end() -> None:
    numbers = Numbers()
    for number in range(2 * MOST_NUMBERS):
        assert numbers[str(number)] == number
        assert numbers["0.50"] == Decimal("0.5")
        assert len(numbers) <= MOST_NUMBERS


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("61837.63000000", "61837.63"),
        ("100.00000000", "100"),
        ("100", "100"),
        ("0.00000000", "0"),
        ("-0", "0"),
        ("0.00000637", "0.00000637"),
        ("123456789012345.50000", "123456789012345.5"),
        ("1.50e10", "1.50E+10"),
    ],
)
def test_numbers_lose_the_zeros_at_their_end_and_nothing_else(text: str, shown: str) -> None:
    assert str(Numbers()[text]) == shown


PRICES = st.sampled_from(["0.00000637", "0.5000", "61837.63000000", "1", "999999999999999999", "0.000000000001"])


@given(price=PRICES, quantity=PRICES)
def test_numbers_keep_their_value_and_lose_only_zeros(price: str, quantity: str) -> None:
    _, tick = decode(raw(SPOT_TRADE, p=price, q=quantity), 7, 8)
    assert isinstance(tick, Trade)
    assert (tick.price, tick.quantity) == (Decimal(price), Decimal(quantity))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("esuUbBaAtpqTEmX"), inner, max_size=5),
    max_leaves=8,
)


def decodes_or_is_refused(text: bytes) -> None:
    """Nothing but a tick that the wire takes, a frame passed over, or `Refused`."""
    for routes in (WHOLE, WITHOUT_LEVELS):
        try:
            _, tick = decode(text, 7, 8, routes=routes)
        except Refused:
            continue
        ticks = tick.trades if isinstance(tick, Refill) else [tick]
        for tick in ticks:
            if not isinstance(tick, Passed | Unnamed):
                envelope = Envelope(id=tick.id, body=tick, actor="feed", sent_at=9)
                assert decode_envelope(encode(envelope)) == envelope


@given(st.binary(max_size=200))
@example(b'"""""')
@example(b'{"e":"trade"')
@example(b'{"stream":"x@trade"}')
@example(b'{"s":"s"}')
@example(b'{"rest":[],"symbol":"X","data":[]}')
@example(b'{"rest":{},"symbol":{},"data":{}}')
@example(b'{"rest":"trades","symbol":[],"data":[]}')
@example(b'{"event":{"e":[]}}')
@example(b'{"stream":[],"data":{"lastUpdateId":1,"bids":[],"asks":[]}}')
@example(b'{"stream":"","data":{"lastUpdateId":1,"bids":[],"asks":[]}}')
def test_any_bytes_are_decoded_or_refused(text: bytes) -> None:
    decodes_or_is_refused(text)


@given(frame=st.sampled_from(ALL), at=st.integers(0, 400), garbage=st.binary(max_size=4), cut=st.integers(0, 3))
def test_damaged_frames_are_decoded_or_refused(frame: dict[str, Any], at: int, garbage: bytes, cut: int) -> None:
    text = combined(frame)
    at %= len(text)
    decodes_or_is_refused(text[:at] + garbage + text[at + cut :])


@given(frame=st.sampled_from(ALL), changes=st.dictionaries(st.sampled_from("esuUbBaAtpqTEmX"), JSON, max_size=3))
def test_frames_with_other_values_are_decoded_or_refused(frame: dict[str, Any], changes: dict[str, Any]) -> None:
    try:
        text = raw(frame, **changes)
    except (UnicodeEncodeError, OverflowError):  # not to be had as JSON at all
        return
    decodes_or_is_refused(text)


@pytest.mark.parametrize("name", ["binance-spot-btcusdt-20240808.jsonl.gz", "binance-usdm-btcusdt-20240718.jsonl.gz"])
def test_recorded_frames_are_what_json_says_they_are(recordings: Path, name: str) -> None:
    with gzip.open(recordings / name) as lines:
        for line in list(lines)[:3000]:
            text = line.partition(b" ")[2]
            frame = msgspec.json.decode(text)
            frame = frame.get("data", frame)
            _, tick = decode(text, 7, 8)
            if isinstance(tick, Trade):
                assert (tick.trade_id, tick.price) == (frame["t"], Decimal(frame["p"]))
            elif isinstance(tick, Quote):
                sizes = (tick.bid_size, tick.ask_size)
                assert (tick.update_id, *sizes) == (frame["u"], Decimal(frame["B"]), Decimal(frame["A"]))
            elif isinstance(tick, Depth):
                assert tick.asks == tuple((Decimal(price), Decimal(size)) for price, size in frame["a"])
            else:
                assert isinstance(tick, Unnamed)
                assert tick.snapshot.last_id == frame["lastUpdateId"]

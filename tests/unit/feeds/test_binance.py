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

from feeds.binance.frames import WHOLE, WITHOUT_LEVELS, Passed, decode
from streams.envelope import Envelope, Refused, encode
from streams.envelope import decode as decode_envelope
from streams.messages import Code, Depth, Quote, Trade
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
        (b'{"lastUpdateId":35346513512,"bids":[["2683.8","3.0"]],"asks":[]}', "snapshot"),
        (b'{"stream":"btcusdt@depth5","data":{"lastUpdateId":1,"bids":[],"asks":[]}}', "snapshot"),
        (b'{"stream":"btcusdt@kline_1m","data":{"e":"kline","E":1,"s":"BTCUSDT","k":{}}}', "other"),
        (b'{"stream":"!miniTicker@arr","data":[{"e":"24hrMiniTicker"}]}', "other"),
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
    ],
)
def test_what_is_no_sound_frame_is_refused_with_its_reason(frame: bytes, code: Code) -> None:
    assert refusal(frame) == code


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
        if not isinstance(tick, Passed):
            envelope = Envelope(id=tick.id, body=tick, actor="feed", sent_at=9)
            assert decode_envelope(encode(envelope)) == envelope


@given(st.binary(max_size=200))
@example(b'"""""')
@example(b'{"e":"trade"')
@example(b'{"stream":"x@trade"}')
@example(b'{"s":"s"}')
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
                assert tick.why == "snapshot"

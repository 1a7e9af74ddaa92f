from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.intake import ledger_entry_of, tick_of
from streams.client import LEDGER_GOVERNANCE, TICKS, Entry
from streams.envelope import Envelope, Refused, encode
from streams.messages import AnyMessage, AnyTick, BookSnapshot, Code, Depth, LedgerEntry, ModeChanged, Tick
from tests.unit.execution.market import T0, quote, trade

DEPTH = Depth(
    instrument="BTCUSDT",
    market_at=T0 + 5,
    received_at=T0 + 5,
    first_id=1,
    last_id=2,
    bids=((Decimal("59999.99"), Decimal("0.5")),),
)
SNAPSHOT = BookSnapshot(
    instrument="BTCUSDT",
    market_at=T0 + 4,
    received_at=T0 + 4,
    last_id=1,
    limit=100,
    bids=((Decimal("59999.99"), Decimal("0.7")),),
    asks=((Decimal("60000.01"), Decimal(2)), (Decimal("60000.02"), Decimal(1))),
)


def entry(body: AnyMessage) -> Entry:
    return Entry(TICKS, "1-0", encode(Envelope(id="x", body=body, actor="feed", sent_at=T0)))


@pytest.mark.parametrize("tick", [quote(), trade(), DEPTH, SNAPSHOT], ids=lambda tick: type(tick).__name__)
def test_every_kind_of_tick_is_read_whole(tick: AnyTick) -> None:
    assert tick_of(entry(tick)) == tick


@pytest.mark.parametrize(
    ("field", "wrong", "code"),
    [
        ("bid", '"NaN"', Code.NOT_FINITE),
        ("bid", '"-1"', Code.NOT_POSITIVE),
        ("bid", '"60000.02"', Code.CROSSED),
        ("type", '"Rumour.1"', Code.UNKNOWN_TYPE),
        ("venue", '"a\\u0000b"', Code.NOT_TEXT),
        ("update_id", '"x"', Code.INVALID),
    ],
)
def test_what_is_wrong_is_refused_with_the_reason_of_the_wire(field: str, wrong: str, code: Code) -> None:
    message = msgspec.json.decode(entry(quote()).raw)
    message["body"][field] = msgspec.Raw(wrong.encode())
    with pytest.raises(Refused) as refused:
        tick_of(Entry(TICKS, "1-0", msgspec.json.encode(message)))
    assert refused.value.code == code


def test_another_message_is_no_tick_and_no_ledger_entry() -> None:
    with pytest.raises(Refused) as refused:
        tick_of(entry(ModeChanged(mode="HALTED")))
    assert refused.value.code == Code.NOT_MARKET
    with pytest.raises(Refused):
        ledger_entry_of(Entry(LEDGER_GOVERNANCE, "1-0", entry(quote()).raw))


def test_an_entry_of_the_own_log_is_not_followed() -> None:
    own = LedgerEntry(log="execution", partition=0, first=1, last=1, recorded_at=T0, rows=())
    with pytest.raises(Refused):
        ledger_entry_of(Entry(LEDGER_GOVERNANCE, "1-0", entry(own).raw))


@given(raw=st.one_of(st.binary(max_size=80), st.tuples(st.integers(0, 250), st.binary(min_size=1, max_size=4))))
def test_whatever_comes_is_a_tick_or_refused(raw: bytes | tuple[int, bytes]) -> None:
    good = entry(quote()).raw
    mutated = raw if isinstance(raw, bytes) else good[: raw[0]] + raw[1] + good[raw[0] + len(raw[1]) :]
    try:
        tick = tick_of(Entry(TICKS, "1-0", mutated))
    except Refused:
        return
    assert isinstance(tick, Tick)

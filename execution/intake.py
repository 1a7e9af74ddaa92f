"""What the executor takes in from its streams: ticks, read as cheaply as they can be, and ledger entries."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from streams.client import Entry
from streams.envelope import Refused, decode
from streams.messages import Code, LedgerEntry, Quote, Tick, Trade

LARGEST_LEDGER_ENTRY = 64 * 1024 * 1024


class Clock(Tick, frozen=True, kw_only=True, tag="Depth.1"):
    """A depth update of which only the time matters here: its levels are passed over unread (60 µs against 3)."""


class _SnapshotClock(Clock, frozen=True, kw_only=True, tag="BookSnapshot.1"):
    pass


class _Carrier(Struct):
    body: Trade | Quote | Clock | _SnapshotClock


_decode_tick = msgspec.json.Decoder(_Carrier).decode


def tick_of(entry: Entry) -> Tick:
    """Reads what a desk needs of a tick; where anything is wrong the whole envelope is decoded to say what.

    Raises `Refused`, like `streams.envelope.decode`, and nothing else."""
    raw = entry.raw
    if b"\\u0000" not in raw:
        try:
            return _decode_tick(raw).body
        except (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError):
            pass  # decoded again below, by the one function that knows the reasons
    body = decode(raw).body
    if not isinstance(body, Tick):
        raise Refused(Code.NOT_MARKET, f"{type(body).__name__} in {entry.stream}")
    return body


def ledger_entry_of(entry: Entry) -> LedgerEntry:
    """Raises `Refused`. An entry holds a whole transaction and may be larger than what others may send."""
    body = decode(entry.raw, limit=LARGEST_LEDGER_ENTRY).body
    if not isinstance(body, LedgerEntry) or body.log != "governance":
        raise Refused(Code.INVALID, f"{type(body).__name__} in {entry.stream}")
    return body

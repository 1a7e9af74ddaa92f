"""Alpaca's frames of stocks, from raw bytes to typed messages: pure decoding.

A frame is a JSON array of `{"T":…}`. Prices are JSON numbers and become decimals from their text, never by way of a
float. One unsound message does not take the rest of its frame with it.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from streams.messages import LARGEST, Code, Symbol

SMALLEST = Decimal("1e-12")
LATEST_S = 4_102_444_800  # the year 2100
LONGEST_NUMBER = 64

Conditions = tuple[str, ...] | None
TradeId = Annotated[int, Meta(ge=0)]
TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII)
PASSED = {"b": "bar", "d": "bar", "u": "bar", "l": "band", "i": "imbalance", "n": "news"}


class TradeFrame(Struct, tag_field="T", tag="t", gc=False):
    """`i` is unique within symbol, day and exchange `x`, and neither rises nor goes without holes; `z` is the tape."""

    S: Symbol
    i: TradeId
    p: Decimal
    s: Decimal
    t: str
    x: str = ""
    c: Conditions = None
    z: str = ""


class QuoteFrame(Struct, tag_field="T", tag="q", gc=False):
    """Best bid and offer; a side without an offer has price 0 and size 0. Sizes are in the unit that was sent."""

    S: Symbol
    bp: Decimal
    ap: Decimal
    t: str
    bs: Decimal = Decimal(0)
    as_: Decimal = msgspec.field(name="as", default=Decimal(0))
    c: Conditions = None


class StatusFrame(Struct, tag_field="T", tag="s", gc=False):
    S: Symbol
    sc: str
    t: str
    sm: str = ""
    rc: str = ""


class CorrectionFrame(Struct, tag_field="T", tag="c", gc=False):
    """A trade (`oi`, `op`, `os`) that was reported wrongly, and what it should have been (`ci`, `cp`, `cs`)."""

    S: Symbol
    oi: int = 0
    op: Decimal = Decimal(0)
    cp: Decimal = Decimal(0)


class CancelFrame(Struct, tag_field="T", tag="x", gc=False):
    """A trade that did not count: cancelled (`a` = C) or an error (E)."""

    S: Symbol
    i: int = 0
    p: Decimal = Decimal(0)
    a: str = ""


class Success(Struct, tag_field="T", tag="success", gc=False):
    msg: str = ""


class Failure(Struct, tag_field="T", tag="error", gc=False):
    code: int = 0
    msg: str = ""


class Subscription(Struct, tag_field="T", tag="subscription", gc=False):
    """All that is subscribed by now, not only what was asked for last."""

    trades: tuple[str, ...] = ()
    quotes: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()


class Passed(Struct, frozen=True, gc=False):
    """A sound message that nobody here reads."""

    why: str


class Flaw(Struct, frozen=True, gc=False):
    """A message that cannot be taken, with its own bytes."""

    code: Code
    detail: str
    raw: bytes


Control = Success | Failure | Subscription
Typed = TradeFrame | QuoteFrame | StatusFrame | CorrectionFrame | CancelFrame | Success | Failure | Subscription
Message = Typed | Passed | Flaw


class _Kind(Struct, gc=False):
    T: str


_frames = msgspec.json.Decoder(list[Typed])
_typed: msgspec.json.Decoder[Typed] = msgspec.json.Decoder(Typed)
_parts = msgspec.json.Decoder(list[msgspec.Raw])
_kind = msgspec.json.Decoder(_Kind)


def decode(raw: bytes) -> list[Message]:
    """The messages of a frame in their order; never raises."""
    try:
        return list[Message](_frames.decode(raw))
    except (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError):
        return _one_by_one(raw)


def _one_by_one(raw: bytes) -> list[Message]:
    try:
        parts = [bytes(part) for part in _parts.decode(raw)]
    except msgspec.ValidationError:
        parts = [raw]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return [Flaw(Code.UNDECODABLE, str(error) or type(error).__name__, raw)]
    return [_message(part) for part in parts]


def _message(raw: bytes) -> Message:
    try:
        kind = _kind.decode(raw).T
        if kind in PASSED:
            return Passed(PASSED[kind])
        return _typed.decode(raw)
    except msgspec.ValidationError as error:
        unknown = "Invalid value" in str(error) and str(error).endswith("`$.T`")
        return Flaw(Code.UNKNOWN_TYPE if unknown else Code.INVALID, str(error), raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Flaw(Code.UNDECODABLE, str(error) or type(error).__name__, raw)
    except (ValueError, ArithmeticError) as error:
        return Flaw(Code.INVALID, str(error) or type(error).__name__, raw)


def nanoseconds(text: str) -> int:
    """An RFC 3339 time, exact to the nanosecond, as ns since 1970. Raises ValueError."""
    parts = TIME.fullmatch(text)
    if parts is None:
        raise ValueError(f"{text[:40]!r} is no time")
    minute, second, fraction, offset = parts.groups()
    if int(second) > 60:
        raise ValueError(f"{text!r} is no time")
    whole = _minute(minute, offset) + int(second)
    return whole * 1_000_000_000 + (int(fraction.ljust(9, "0")) if fraction else 0)


@lru_cache(maxsize=4096)
def _minute(minute: str, offset: str) -> int:
    seconds = int(datetime.fromisoformat(f"{minute}:00{'+00:00' if offset == 'Z' else offset}").timestamp())
    if not 0 <= seconds < LATEST_S:
        raise ValueError("the time is out of range")
    return seconds


def number(value: Decimal) -> Decimal:
    """A price or size as it was written, in plain digits. Raises ValueError where it cannot be one."""
    if not value.is_finite():
        raise ValueError("a number is not finite")
    if value < 0 or 0 < value < SMALLEST:
        raise ValueError("a number is not positive")
    if value > LARGEST or len(value.as_tuple().digits) > LONGEST_NUMBER:
        raise ValueError("a number is too large or too long")
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    return Decimal(int(value)) if exponent > 0 else value

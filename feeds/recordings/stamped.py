"""Line recordings: `<receive time> {frame}`, bare frames, and remarks between them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from feeds.alpaca.frames import nanoseconds as stock_time
from feeds.binance.numbers import LATEST_NS, nanoseconds
from feeds.recordings.entries import Flaw, Timed
from streams.messages import Code

EARLIEST_NS = 1_230_768_000_000_000_000  # 2009: there was no crypto market before
FRAME = re.compile(rb"(?:\d{9,19}(?:\.\d{1,9})?:? )?([\[{].*)")
UNREADABLE = b'{"unreadable":'
REMARKS = (b"configuration:", b"ws://", b"wss://", b"http://", b"https://")
BOOK_ANSWER = re.compile(rb"https?://\S+/depth\?(\S+) -> (\d{10}(?:\.\d{1,9})?): (\{.*)")
ASKED_SYMBOL = re.compile(rb"\bsymbol=([A-Z0-9]+)")
ASKED_LIMIT = re.compile(rb"\blimit=([1-9]\d{0,4})\b")
ALPACA_TIME = re.compile(rb'"t":"([^"]{20,40})"')
FUTURES = re.compile(rb'"pu":\d|"X":"[A-Z]|"e":"bookTicker"')


class _Times(Struct):
    E: int = 0
    T: int = 0


class _Dated(_Times):
    data: _Times | None = None


class _Kept(Struct):
    unreadable: bytes


_kept = msgspec.json.Decoder(_Kept)
_dated = msgspec.json.Decoder(_Dated)


class Stamped(Struct, frozen=True):
    """Frames of one venue; `own` says that our recorder wrote them, whose REST answers are lines of their own."""

    venue: str
    own: bool = False

    def read(self, line: bytes) -> Timed:
        """The line's own time, None where it has none, and its frame, None where it is no more than a remark."""
        head, _, raw = line.partition(b" ")
        try:
            at = int(head)
        except ValueError:
            return _otherwise(line.strip())
        if 0 < at < EARLIEST_NS:
            at *= 1_000 if at > EARLIEST_NS // 1_000 else 1_000_000
        if EARLIEST_NS < at < LATEST_NS:
            return at, raw
        return None, Flaw(Code.INVALID, f"no receive time at the start of the line: {head[:40]!r}", line)


def frames(lines: list[bytes]) -> list[bytes]:
    """What in the lines is a frame, without its time."""
    return [found[1] for line in lines if (found := FRAME.match(line))]


def is_futures(sample: Sequence[bytes]) -> bool:
    """Whether frames of Binance are of the futures market: only there are `pu`, `X`, and quotes that say `e`."""
    return any(FUTURES.search(frame) for frame in sample)


def _otherwise(line: bytes) -> Timed:
    """A line that does not begin with a whole number: seconds with a fraction, a bare frame, a remark, the REST answer
    with which a book begins, or rubbish."""
    if (answer := BOOK_ANSWER.match(line)) is not None and (symbol := ASKED_SYMBOL.search(answer[1])):
        limit = ASKED_LIMIT.search(answer[1])
        asked = (symbol[1], limit[1] if limit else b"0", answer[3])
        return _seconds(answer[2]), b'{"rest":"depth","symbol":"%b","limit":%b,"data":%b}' % asked
    if not line or line.startswith(REMARKS):
        return None, None
    if line.startswith(b"{"):
        return _event_time(line), line
    if line.startswith(b"["):
        return _alpaca_time(line), line
    head, _, raw = line.partition(b" ")
    at = _seconds(head.removesuffix(b":"))
    if at is None or not EARLIEST_NS < at < LATEST_NS:
        return None, Flaw(Code.UNDECODABLE, f"no receive time at the start of the line: {head[:40]!r}", line)
    return at, raw


def _event_time(frame: bytes) -> int | None:
    """For a frame that was kept without a receive time; None where it has no event time either."""
    try:
        dated = _dated.decode(frame)
        times = dated.data or dated
        at = nanoseconds(times.E or times.T)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return at if EARLIEST_NS < at < LATEST_NS else None


def _alpaca_time(frame: bytes) -> int | None:
    found = ALPACA_TIME.search(frame)
    try:
        return stock_time(found[1].decode()) if found else None
    except ValueError:
        return None


def _seconds(text: bytes) -> int | None:
    """`1617566591.326123` in ns, exactly."""
    whole, _, fraction = text.partition(b".")
    if not (whole.isdigit() and len(whole) <= 10 and (fraction.isdigit() or not fraction) and len(fraction) <= 9):
        return None
    return int(whole) * 1_000_000_000 + int(fraction.ljust(9, b"0"))


def as_it_came(raw: bytes) -> bytes:
    """A frame that was no single line of text is kept as base64."""
    if not raw.startswith(UNREADABLE):
        return raw
    try:
        return _kept.decode(raw).unreadable
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return raw

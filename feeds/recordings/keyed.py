"""Lines of one JSON object each, with the receive time and the frame under keys: `{"ts":…,"data":{…}}`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from feeds.recordings.entries import Flaw, Timed, instant
from feeds.recordings.stamped import is_futures
from streams.envelope import Refused
from streams.messages import Code

TIMES = ("received_at", "recv_ts", "recv_time", "local_timestamp", "local_ts", "timestamp", "ts", "time")
FRAMES = ("data", "message", "msg", "frame", "raw", "payload")
FRACTION = re.compile(rb"(\d{9,10})\.(\d{1,9})\d*")


class Keyed(Struct, frozen=True):
    """Frames of Binance inside objects."""

    venue: str
    time: str
    frame: str
    own: bool = False

    def read(self, line: bytes) -> Timed:
        if not line.strip():
            return None, None
        try:
            fields = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
            return _time(bytes(fields[self.time])), _frame(bytes(fields[self.frame]))
        except KeyError as error:
            return None, Flaw(Code.INVALID, f"the line has no key {error}", line)
        except Refused as refusal:
            return None, Flaw(refusal.code, refusal.detail, line)
        except msgspec.ValidationError as error:
            return None, Flaw(Code.INVALID, str(error), line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return None, Flaw(Code.UNDECODABLE, str(error) or type(error).__name__, line)


def recognised(frames: Sequence[bytes]) -> Keyed | None:
    """The keys that all of the lines have; None where the lines are frames themselves."""
    try:
        fields: dict[str, Any] = msgspec.json.decode(frames[0], type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    time = next((key for key in TIMES if key in fields), None)
    frame = next((key for key in FRAMES if isinstance(fields.get(key), dict | str)), None)
    if time is None or frame is None or "stream" in fields:
        return None
    return Keyed("binance-usdm" if is_futures(frames) else "binance", time, frame)


def _time(text: bytes) -> int:
    """A number of s, ms, µs or ns, seconds with a fraction, or an ISO time, in ns. Raises `Refused`."""
    plain = text.strip(b'"')
    if found := FRACTION.fullmatch(plain):
        return instant(found[1] + found[2].ljust(9, b"0"))
    if plain.isdigit():
        return instant(plain)
    try:
        moment = datetime.fromisoformat(plain.decode())
    except ValueError as error:
        raise Refused(Code.INVALID, f"{plain[:40]!r} is no time") from error
    whole = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(whole.timestamp()) * 1_000_000_000 + whole.microsecond * 1_000


def _frame(text: bytes) -> bytes:
    """A frame that was put in as text is taken out of it."""
    return msgspec.json.decode(text, type=str).encode() if text[:1] == b'"' else text

"""Puts on record what was recorded or invented before, as fast as the disk takes it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from feeds.binance.frames import WITHOUT_LEVELS, decode
from feeds.recorder import Recorder
from feeds.recordings.entries import Flaw
from feeds.recordings.framing import framed
from feeds.recordings.ordering import Run, merged
from feeds.recordings.reading import runs_of
from feeds.recordings.stamped import Stamped, as_it_came
from streams.envelope import Refused
from streams.messages import AnyTick
from streams.stopping import Stop

MOST_WAITING_BYTES = 8 * 1024 * 1024
REMARK = b"configuration: "


class _Remark(Struct):
    missing: int = 0


# Venue, receive time (ns), and the frame; a number: so many are missing here.
Heard = tuple[str, int, bytes | int]


def heard(paths: Iterable[str | Path], symbols: Collection[str] = ()) -> Iterator[Heard]:
    """What the recordings hold, frame by frame. A single file of lines keeps its receive times as they are written,
    even where they go back; several are merged. What is no frame becomes one that reads the same. Raises `Unreadable`
    at once."""
    runs = runs_of(paths)
    single = runs[0].format
    frames = _lines(runs[0], single) if len(runs) == 1 and isinstance(single, Stamped) else _merged(runs)
    return (one for one in frames if isinstance(one[2], int) or not symbols or _concerns(one[2], symbols))


def invented(ticks: Iterable[object]) -> Iterator[Heard]:
    """An invented market as frames."""
    return ((tick.venue, tick.market_at, framed(tick)) for tick in ticks if isinstance(tick, AnyTick))


def record(frames: Iterable[Heard], recorder: Recorder, stop: Stop) -> Iterator[int]:
    """Waits for the disk instead of leaving anything out. Gives the time (ns) of each frame once it was handed on."""
    for venue, at, frame in frames:
        while recorder.waiting_bytes > MOST_WAITING_BYTES and not stop:
            stop.wait(0.01)
        if stop:
            return
        if isinstance(frame, int):
            recorder.remark(venue, at, frame)
        else:
            recorder.take(venue, at, frame)
        yield at


def _lines(run: Run, form: Stamped) -> Iterator[Heard]:
    last = run.first_at
    for line in run.member.lines(run.progress):
        if not isinstance(line, bytes):
            continue
        at, payload = form.read(line)
        last = at or last
        if isinstance(payload, bytes):
            yield form.venue, last, as_it_came(payload) if form.own else payload
        elif isinstance(payload, Flaw):
            yield form.venue, last, payload.raw
        elif form.own and (missing := _missing(line)):
            yield form.venue, last, missing


def _merged(runs: list[Run]) -> Iterator[Heard]:
    for at, index, _, payload in merged(runs):
        form = runs[index].format
        if isinstance(payload, bytes):
            yield form.venue, at, as_it_came(payload) if form.own else payload
        elif isinstance(payload, Flaw):
            yield form.venue, at, payload.raw
        elif payload.tick is not None:
            yield form.venue, at, framed(payload.tick)


def _missing(line: bytes) -> int:
    try:
        return msgspec.json.decode(line.removeprefix(REMARK), type=_Remark).missing
    except msgspec.MsgspecError:
        return 0


def _concerns(frame: bytes, symbols: Collection[str]) -> bool:
    """Whether a frame may be of one of these instruments; one that does not say is kept."""
    try:
        _, content = decode(frame, 0, 0, "replay", WITHOUT_LEVELS)
    except Refused:
        return True
    return getattr(content, "instrument", "") in {"", *symbols}

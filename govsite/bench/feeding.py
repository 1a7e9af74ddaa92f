"""How fast the way from a venue's bytes to ticks is, beside what msgspec alone needs on the same frames."""

from __future__ import annotations

import gzip
import random
import re
import time
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from itertools import chain, cycle, islice
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from feeds.binance.frames import decode
from feeds.binance.numbers import numbers
from feeds.binance.shapes import Wrapped
from feeds.intake import Intake
from feeds.recordings.lines import expand
from govsite.bench import sockets
from govsite.bench.run import Unmeasured
from streams.envelope import Refused

PASSES = 3
KINDS = {"trade": "trades", "bookTicker": "quotes", "depthUpdate": "depth"}
TRADE_ID = re.compile(rb'"t":\d+')
Number = TypeVar("Number")


class _Trade(Struct, Generic[Number], gc=False):
    e: str
    s: str
    t: int
    p: Number
    q: Number
    m: bool
    T: int
    E: int


class _Quote(Struct, Generic[Number], gc=False):
    s: str
    u: int
    b: Number
    B: Number
    a: Number
    A: Number


class _Depth(Struct, Generic[Number], gc=False):
    e: str
    s: str
    U: int
    u: int
    b: tuple[tuple[Number, Number], ...]
    a: tuple[tuple[Number, Number], ...]
    E: int


SHAPES: Mapping[str, Any] = {"trades": _Trade, "quotes": _Quote, "depth": _Depth}


def measure(paths: list[str], *, frames: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Frames per second of one core's time, for each stage, on `frames` frames of the recordings, or of a market that
    is made up where `paths` is empty. The first half of them warms up, the second half is timed, so that as many
    numbers are new as in a market that goes on. Of several passes the best one counts, because another load can only
    slow them down. Raises `Unmeasured` and `Unreadable`."""
    of_kind = by_kind(recorded(paths, frames) if paths else made(frames))
    if not of_kind["trades"]:
        raise Unmeasured("there are no trades of Binance in these recordings")
    speeds = {}
    for name, some in of_kind.items():
        if some:
            say(f"decoding {name}")
            speeds[name] = _speeds([frame for _, frame in some], _floors_of(some))
    report = {"recordings": paths, "speeds": speeds}
    return report | sockets.measure(successive([frame for _, frame in of_kind["trades"]], frames), say=say)


def recorded(paths: list[str], frames: int) -> list[bytes]:
    """The first frames of recordings in lines."""
    return list(islice(chain.from_iterable(map(_frames_of, expand(paths))), frames))


def _frames_of(path: Path) -> Iterable[bytes]:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
        for line in lines:
            start = line.find(b"{")
            if start >= 0:
                yield line[start:].rstrip()


def made(frames: int) -> list[bytes]:
    """A market that never was: a price that wanders, with quotes, trades and updates as on a busy day."""
    chance = random.Random(20240808)
    cents, trade_id, update_id, last_update_id = 6_183_763, 1_000_000, 50_000_000, 50_000_000
    made: list[bytes] = []
    for at in range(1_723_161_255_000, 1_723_161_255_000 + frames):
        cents += chance.randint(-3, 3)
        what = chance.choices(("trade", "bookTicker", "depth@100ms"), (25, 65, 10))[0]
        if what == "trade":
            trade_id += 1
            data: dict[str, Any] = {"e": "trade", "E": at, "s": "BTCUSDT", "t": trade_id, "p": _price(cents)}
            data |= {"q": _quantity(chance), "T": at, "m": chance.random() < 0.5, "M": True}
        elif what == "bookTicker":
            update_id += 1
            data = {"u": update_id, "s": "BTCUSDT", "b": _price(cents), "B": _quantity(chance)}
            data |= {"a": _price(cents + 1), "A": _quantity(chance)}
        else:
            first, update_id = last_update_id + 1, update_id + 1
            last_update_id = update_id
            data = {"e": "depthUpdate", "E": at, "s": "BTCUSDT", "U": first, "u": update_id}
            data |= {"b": [[_price(cents - 10 * level), _quantity(chance)] for level in range(15)]}
            data |= {"a": [[_price(cents + 1), "0.00000000"]]}
        made.append(msgspec.json.encode({"stream": f"btcusdt@{what}", "data": data}))
    return made


def _price(cents: int) -> str:
    return f"{cents / 100:.2f}000000"


def _quantity(chance: random.Random) -> str:
    return f"{chance.expovariate(20) + 0.00001:.5f}000"


def by_kind(frames: Iterable[bytes]) -> dict[str, list[tuple[str, bytes]]]:
    """Frames with the name of their kind, by that name, and all of them as `mix`; what is no price is left out."""
    found: dict[str, list[tuple[str, bytes]]] = {name: [] for name in (*KINDS.values(), "mix")}
    for frame in frames:
        try:
            kind, _ = decode(frame, 0, 0)
        except Refused:
            continue
        if kind in KINDS:
            found[KINDS[kind]].append((KINDS[kind], frame))
            found["mix"].append((KINDS[kind], frame))
    return found


def successive(trades: list[bytes], number: int) -> list[bytes]:
    """As many trades as wanted, with ids that follow each other."""
    return [
        TRADE_ID.sub(b'"t":%d' % id, trade, count=1) for id, trade in zip(range(number), cycle(trades), strict=False)
    ]


def floor(kind: str, frame: bytes, number: type) -> Callable[[bytes], Any]:
    """The decoder of msgspec that reads a frame of this kind and makes nothing of it."""
    shape = SHAPES[kind][number]
    return msgspec.json.Decoder(Wrapped[shape] if is_wrapped(frame) else shape).decode  # type: ignore[valid-type]


def is_wrapped(frame: bytes) -> bool:
    return frame.startswith(b'{"stream"')


def _floors_of(frames: list[tuple[str, bytes]]) -> dict[str, list[Callable[[bytes], Any]]]:
    floors: dict[str, list[Callable[[bytes], Any]]] = {}
    for name, number in (("text", str), ("decimal", Decimal)):
        known: dict[tuple[str, bool], Callable[[bytes], Any]] = {}
        for kind, frame in frames:
            key = kind, is_wrapped(frame)
            if key not in known:
                known[key] = floor(kind, frame, number)
        floors[name] = [known[kind, is_wrapped(frame)] for kind, frame in frames]
    return floors


def _speeds(frames: list[bytes], floors: dict[str, list[Callable[[bytes], Any]]]) -> dict[str, float]:
    """Passes of all stages in turn, so that another load meets all of them."""
    stages: dict[str, Callable[[slice], None]] = {
        "floor_text": lambda part: _each(floors["text"][part], frames[part]),
        "floor_decimal": lambda part: _each(floors["decimal"][part], frames[part]),
        "decode": lambda part: _decode(frames[part]),
        "intake": lambda part: _take(frames[part]),
    }
    best = dict.fromkeys(stages, 0.0)
    for _ in range(PASSES):
        for name, run in stages.items():
            best[name] = max(best[name], _rate(run, len(frames)))
    return {name: round(rate) for name, rate in best.items()} | {
        "decode_ratio": round(best["decode"] / best["floor_decimal"], 2),
        "intake_ratio": round(best["intake"] / best["floor_decimal"], 2),
    }


def _rate(run: Callable[[slice], None], number: int) -> float:
    numbers.clear()
    run(slice(0, number // 2))
    begun = time.thread_time()
    run(slice(number // 2, number))
    return (number - number // 2) / (time.thread_time() - begun)


def _each(floors: list[Callable[[bytes], Any]], frames: list[bytes]) -> None:
    for read, frame in zip(floors, frames, strict=True):
        read(frame)


def _decode(frames: list[bytes]) -> None:
    for frame in frames:
        decode(frame, 1, 1)


def _take(frames: list[bytes]) -> None:
    take = Intake("live").take
    for frame in frames:
        take(frame, 1, 1)

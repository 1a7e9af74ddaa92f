"""What a local exchange plays: recordings of Binance streams frame by frame, or ticks of any source as such frames."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import count, islice
from pathlib import Path
from typing import Any, Literal, cast

import msgspec
from msgspec import Struct

from feeds.exchange.ladder import Ladders
from feeds.recordings import read_ticks
from feeds.synthetic import SyntheticMarket
from streams.messages import Depth, Quote, Tick, Trade

Market = Literal["spot", "usdm"]
Data = dict[str, Any]
BETWEEN_ROUNDS_NS = 100_000_000
ROOM = 1_000  # update ids between two rounds, for the changes that lead back to the first book
SCANNED = 10_000
UPDATE_IDS = ("U", "u", "pu")
TRADE_IDS = ("t", "a", "f", "l")
STAMPED = re.compile(rb"(\d{9,19})(?:\.(\d{1,9}))?:? (\{.*)")
SNAPSHOT_ADDRESS = re.compile(rb"https?://\S*symbol=([A-Z0-9]+)\S* -> [0-9.]+: (\{.*)")


class Event(Struct):
    """One thing that happened: `kind` is Binance's word for it (trade, aggTrade, bookTicker, depthUpdate, …), `data`
    its frame without any wrapper, `at` the time on the tape (ns), `raw` the frame as recorded, `aggregate` what a trade
    is on the stream of aggregates."""

    at: int
    symbol: str
    kind: str
    data: Data
    round: int = 0
    raw: bytes = b""
    aggregate: Data | None = None

    @property
    def id(self) -> int:
        return int(self.data["t"] if self.kind == "trade" else self.data["a"] if self.kind == "aggTrade" else -1)

    @property
    def is_trade(self) -> bool:
        return self.kind in ("trade", "aggTrade")

    @property
    def stream(self) -> str:
        return f"{self.symbol.lower()}@{'depth' if self.kind == 'depthUpdate' else self.kind}"


class Steps(Struct):
    """The decimals that prices and quantities of an instrument are given in."""

    price: int = 0
    quantity: int = 0


class Snapshot(Struct):
    """Levels of an order book as texts of price and quantity."""

    bids: Sequence[Sequence[str]]
    asks: Sequence[Sequence[str]]


class Tape:
    """`events` can be read any number of times. A tape is of one market: ids of `usdm` books follow by `pu`."""

    def __init__(
        self, open_round: Callable[[], Iterator[Event]], market: Market, snapshots: Mapping[str, Snapshot] | None = None
    ) -> None:
        self._open_round = open_round
        self.market: Market = market
        self.snapshots = dict(snapshots or {})
        self.steps: dict[str, Steps] = {}
        self.has_aggregates = False
        for event in islice(open_round(), SCANNED):
            self.has_aggregates |= event.kind == "aggTrade"
            _learn(self.steps.setdefault(event.symbol, Steps()), event.data)

    @property
    def symbols(self) -> Sequence[str]:
        return tuple(self.steps)

    @classmethod
    def of_recordings(cls, paths: Iterable[str | Path]) -> Tape:
        """Line recordings are played frame by frame; other formats as frames made of their ticks.
        Raises `Unreadable` for what can't be read."""
        files = [Path(path) for path in paths]
        if not all(_has_frames(path) for path in files):
            return cls.of_ticks(lambda: (tick for tick in read_ticks(files) if isinstance(tick, Tick)))
        lines = [list(islice(_lines(path), SCANNED)) for path in files]
        market: Market = "usdm" if any("pu" in event.data for events in lines for event in events) else "spot"
        snapshots = {
            event.symbol: Snapshot(event.data["bids"], event.data["asks"])
            for events in lines
            for event in events
            if event.kind == "snapshot"
        }
        return cls(lambda: _merged(files), market, snapshots)

    @classmethod
    def of_ticks(cls, open_ticks: Callable[[], Iterator[Tick]], market: Market = "spot") -> Tape:
        """Trades and quotes as frames; where there are no changes of the order book they are made from the quotes."""
        return cls(lambda: _framed(open_ticks(), market), market)

    @classmethod
    def of_synthetic(cls, seed: int = 1, market: Market = "spot", symbols: Sequence[str] = ()) -> Tape:
        def ticks() -> Iterator[Tick]:
            for item in SyntheticMarket(seed, 1_700_000_000_000_000_000):
                if isinstance(item, Tick) and (not symbols or item.instrument in symbols):
                    yield item

        return cls.of_ticks(ticks, market)

    def events(self, *, loop: bool = False) -> Iterator[Event]:
        """With `loop` without end: times and ids of later rounds go on where the round before ended."""
        raised = _Raised()
        for number in count():
            events = 0
            for event in self._open_round():
                events += 1
                yield event if number == 0 else raised.event(event, number)
                if number == 0 or loop:
                    raised.note(event)
            if not loop or not events:
                return
            raised.turn()


class _Raised:
    """By how much the ids and times of a round are raised, so that they follow on the round before."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, str], int] = {}
        self._last: dict[tuple[str, str], int] = {}
        self._raise: dict[tuple[str, str], int] = {}
        self._began = self._ended = 0
        self._shift = 0

    def note(self, event: Event) -> None:
        self._began = self._began or event.at
        self._ended = max(self._ended, event.at)
        for key in ("t", "a", "U", "u"):
            if key in event.data and (key != "a" or event.kind == "aggTrade"):
                family = (event.symbol, "u" if key == "U" else key)
                id = event.data[key]
                self._first[family] = min(self._first.get(family, id), id)
                self._last[family] = max(self._last.get(family, id), id)

    def turn(self) -> None:
        self._shift += self._ended - self._began + BETWEEN_ROUNDS_NS
        for family, last in self._last.items():
            room = ROOM if family[1] == "u" else 0
            self._raise[family] = self._raise.get(family, 0) + last - self._first[family] + 1 + room

    def event(self, event: Event, number: int) -> Event:
        data = dict(event.data)
        for key in UPDATE_IDS:
            if key in data:
                data[key] += self._raise.get((event.symbol, "u"), 0)
        if event.is_trade:
            for key in TRADE_IDS:
                if isinstance(data.get(key), int):
                    data[key] += self._raise.get((event.symbol, "a" if key == "a" else "t"), 0)
        for key in ("E", "T"):
            if isinstance(data.get(key), int):
                data[key] += self._shift // 1_000_000
        return Event(event.at + self._shift, event.symbol, event.kind, data, number)


def _learn(steps: Steps, data: Data) -> None:
    levels = [level for side in ("b", "a") if isinstance(data.get(side), list) for level in data[side]]
    prices = [data.get(key) for key in "pba"] + [level[0] for level in levels]
    sizes = [data.get(key) for key in "qBA"] + [level[1] for level in levels]
    steps.price = max([steps.price, *(_decimals(text) for text in prices)])
    steps.quantity = max([steps.quantity, *(_decimals(text) for text in sizes)])


def _decimals(text: object) -> int:
    return len(text.partition(".")[2].rstrip("0")) if isinstance(text, str) else 0


# --- line recordings ------------------------------------------------------------------------------


def _open(path: Path) -> Iterator[bytes]:
    with path.open("rb") as plain:
        gzipped = plain.read(2) == b"\x1f\x8b"
    with gzip.open(path, "rb") if gzipped else path.open("rb") as lines:
        yield from cast("Iterable[bytes]", lines)


def _has_frames(path: Path) -> bool:
    return path.is_file() and any(True for _ in islice(_lines(path), 1))


def _merged(files: Sequence[Path]) -> Iterator[Event]:
    events = merge(*(_lines(path) for path in files), key=lambda event: event.at)
    return (event for event in events if event.kind != "snapshot")


def _lines(path: Path) -> Iterator[Event]:
    """The frames of a file. A snapshot of an order book that does not say whose is that of the frame before it."""
    at, symbol = 0, ""
    for line in islice(_open(path), None):
        if (snapshot := SNAPSHOT_ADDRESS.match(line)) is not None:
            yield Event(at, snapshot[1].decode(), "snapshot", msgspec.json.decode(snapshot[2]))
        if (stamped := STAMPED.match(line)) is None:
            continue
        at = _nanoseconds(stamped[1], stamped[2])
        try:
            event = _event(at, stamped[3], symbol)
        except msgspec.DecodeError:
            continue  # a damaged line is for those who test readers of recordings, not for those who play them
        if event is not None:
            symbol = event.symbol
            yield event


def _nanoseconds(whole: bytes, fraction: bytes | None) -> int:
    if fraction is not None or len(whole) < 12:
        return int(whole) * 1_000_000_000 + int((fraction or b"").ljust(9, b"0"))
    return int(whole.ljust(19, b"0"))


class _Wrapped(Struct):
    data: msgspec.Raw = msgspec.Raw(b"")
    rest: str = ""
    symbol: str = ""


_wrapped = msgspec.json.Decoder(_Wrapped)


def _event(at: int, frame: bytes, symbol: str) -> Event | None:
    wrapped = _wrapped.decode(frame)
    raw = bytes(wrapped.data) or frame.rstrip()
    data = msgspec.json.decode(raw)
    if not isinstance(data, dict):
        return None
    if "lastUpdateId" in data:
        return Event(at, wrapped.symbol or symbol, "snapshot", data) if wrapped.symbol or symbol else None
    if not isinstance(data.get("s"), str):
        return None
    kind = data.get("e", "bookTicker" if "B" in data and "A" in data else "")
    return Event(at, data["s"], kind, data, raw=raw) if kind else None


# --- ticks as frames ------------------------------------------------------------------------------


def _framed(ticks: Iterator[Tick], market: Market) -> Iterator[Event]:
    """Frames as the venue would have sent them. The ids of books are made where the ticks have none of their own."""
    ladders = Ladders()
    for tick in ticks:
        if isinstance(tick, Trade):
            yield Event(tick.market_at, tick.instrument, "trade", _trade(tick, market))
        elif isinstance(tick, Depth):
            ladders.has_depth(tick.instrument)
            yield Event(tick.market_at, tick.instrument, "depthUpdate", _depth(tick, market))
        elif isinstance(tick, Quote):
            yield Event(tick.market_at, tick.instrument, "bookTicker", _quote(tick, market))
            if (change := ladders.follow(tick)) is not None:
                yield Event(tick.market_at, tick.instrument, "depthUpdate", _depth(change, market))


def _milliseconds(tick: Tick) -> int:
    return (tick.event_at or tick.market_at) // 1_000_000


def _trade(tick: Trade, market: Market) -> Data:
    at = _milliseconds(tick)
    return {
        "e": "trade",
        "E": at,
        "s": tick.instrument,
        "t": tick.trade_id,
        "p": f"{tick.price:f}",
        "q": f"{tick.quantity:f}",
        "T": at,
        "m": tick.aggressor == "sell",
        **({"M": True} if market == "spot" else {"X": "MARKET"}),
    }


def _quote(tick: Quote, market: Market) -> Data:
    at = _milliseconds(tick)
    data: Data = {"u": tick.update_id, "s": tick.instrument, "b": f"{tick.bid:f}", "B": f"{tick.bid_size:f}"}
    data |= {"a": f"{tick.ask:f}", "A": f"{tick.ask_size:f}"}
    return data if market == "spot" else {"e": "bookTicker", **data, "T": at, "E": at}


def _depth(tick: Depth, market: Market) -> Data:
    at = _milliseconds(tick)
    bids, asks = ([[f"{price:f}", f"{size:f}"] for price, size in side] for side in (tick.bids, tick.asks))
    data: Data = {"e": "depthUpdate", "E": at, "s": tick.instrument, "U": tick.first_id, "u": tick.last_id}
    if market == "usdm":
        data |= {"T": at, "pu": tick.previous_id or tick.first_id - 1}
    return {**data, "b": bids, "a": asks}

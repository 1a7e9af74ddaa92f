"""Which faults are on, and what they make of the events on their way to the sockets."""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from feeds.exchange.faults import (
    Burst,
    ClockSkew,
    Crossed,
    DepthGap,
    Fault,
    Freeze,
    Gap,
    Halt,
    InsuranceFund,
    Lasting,
    Latency,
    Lost,
    Microseconds,
    OldLevels,
    OneSided,
    Reorder,
    Silence,
    UnknownKey,
    ZeroQuantity,
)
from feeds.exchange.tape import Data, Event

Kind = TypeVar("Kind", bound=Lasting)


class _On(Struct):
    fault: Lasting
    until: float
    left: int


class ActiveFaults:
    """The faults that last, while they do. Times are those of the event loop (s)."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._on: dict[type[Fault], list[_On]] = defaultdict(list)

    def begin(self, fault: Lasting) -> None:
        self._on[type(fault)].append(_On(fault, self._clock() + fault.lasts_s, fault.count or -1))

    def now(self, kind: type[Kind], event: Event | None = None) -> Kind | None:
        """The fault of this kind that is on, for this event."""
        found = self._find(kind, event)
        return found.fault if found else None  # type: ignore[return-value]

    def take(self, kind: type[Kind], event: Event | None = None) -> Kind | None:
        """The same, and it is used: a fault with a `count` comes nearer to its end."""
        found = self._find(kind, event)
        if found is None:
            return None
        found.left -= 1
        return found.fault  # type: ignore[return-value]

    def until(self, kind: type[Lasting], event: Event) -> float:
        found = self._find(kind, event)
        return found.until if found else 0.0

    def clear(self) -> None:
        """All of them end."""
        self._on.clear()

    def names(self) -> list[str]:
        return [on.fault.kind for kind in list(self._on) for on in self._live(kind)]

    def _live(self, kind: type[Fault]) -> list[_On]:
        on = self._on.get(kind)
        if not on:
            return []
        now = self._clock()
        on[:] = [one for one in on if one.until > now and one.left]
        return on

    def _find(self, kind: type[Fault], event: Event | None) -> _On | None:
        return next((one for one in self._live(kind) if event is None or covers(one.fault.scope, event)), None)


def covers(scope: str, event: Event) -> bool:
    if not scope:
        return True
    symbol, at, kind = scope.partition("@")
    stream_kind = event.stream.partition("@")[2]
    return symbol.upper() in ("", event.symbol) and (not at or kind.partition("@")[0] == stream_kind)


class Delivery:
    """From the market to the sockets: `take` gives every event to `send` now, later, twice changed, or not at all.

    What is held up does not get overtaken by what comes later on the same stream. `withheld` counts by stream, and
    `withheld_ids` has the ids of the trades that no socket got."""

    def __init__(self, faults: ActiveFaults, send: Callable[[Event], None], clock: Callable[[], float]) -> None:
        self._faults = faults
        self._send = send
        self._clock = clock
        self._order = count()
        self._held: list[tuple[float, int, Event]] = []
        self._free_at: dict[str, float] = {}
        self._swapped: dict[str, Event] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.withheld: Counter[str] = Counter()
        self.withheld_ids: dict[str, list[int]] = defaultdict(list)

    def take(self, event: Event) -> None:
        if self._left_out(event):
            self.withheld[event.stream] += 1
            if event.is_trade:
                self.withheld_ids[event.symbol].append(event.id)
            return
        for one in self._in_order(event):
            self._when_due(one)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _left_out(self, event: Event) -> bool:
        take = self._faults.take
        if event.is_trade and (take(Lost, event) or take(Gap, event)):
            return True
        if event.kind == "depthUpdate" and take(DepthGap, event):
            return True
        return take(Silence, event) is not None or take(Freeze, event) is not None

    def _in_order(self, event: Event) -> Iterable[Event]:
        other = self._swapped.pop(event.stream, None)
        if other is not None:
            return (event, other)
        if self._faults.take(Reorder, event):
            self._swapped[event.stream] = event
            return ()
        return (event,)

    def _when_due(self, event: Event) -> None:
        self._release()
        now = self._clock()
        due = max(now, self._free_at.get(event.stream, 0.0))
        if (late := self._faults.take(Latency, event)) is not None:
            due = max(due, now + late.by)
        due = max(due, self._faults.until(Burst, event), self._faults.until(Halt, event))
        if due <= now:
            self._send(event)
            return
        self._free_at[event.stream] = due
        heapq.heappush(self._held, (due, next(self._order), event))
        self._wake()

    def _wake(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._held:
            self._timer = asyncio.get_running_loop().call_at(self._held[0][0], self._release)

    def _release(self) -> None:
        now = self._clock()
        while self._held and self._held[0][0] <= now:
            self._send(heapq.heappop(self._held)[2])
        self._timer = None
        self._wake()


# --- changes to what frames say -------------------------------------------------------------------


def stamped(event: Event, faults: ActiveFaults, now_ns: int | None) -> Event:
    """With event times of now (None: as recorded) by the exchange's clock."""
    skew = faults.now(ClockSkew)
    off_ns = int(skew.by * 1e9) if skew else 0
    if now_ns is None and not off_ns:
        return event
    sent: int = event.data["E"] if "E" in event.data else event.data.get("T", 0)
    move = off_ns // 1_000_000 + (now_ns // 1_000_000 - sent if now_ns is not None else 0)
    data = {key: value + move if key in ("E", "T") else value for key, value in event.data.items()}
    return Event((event.at if now_ns is None else now_ns) + off_ns, event.symbol, event.kind, data, event.round)


def printed(event: Event, faults: ActiveFaults) -> Event:
    """What happened outside the market, in place of a trade."""
    if not event.is_trade or faults.take(InsuranceFund, event) is None:
        return event
    price = f"{float(event.data['p']) * 0.8:.2f}"
    return Event(event.at, event.symbol, event.kind, {**event.data, "p": price, "X": "INSURANCE_FUND"}, event.round)


def altered(event: Event, faults: ActiveFaults) -> Event:
    """As clients get to see it, whatever the exchange itself knows."""
    data, aggregate = event.data, event.aggregate
    for kind, alter in ALTERATIONS:
        if faults.now(kind, event) is not None and (changed := alter(event.kind, data)) is not None:
            faults.take(kind, event)
            data = changed
            aggregate = alter("aggTrade", aggregate) if aggregate else None
    if data is event.data:
        return event
    return Event(event.at, event.symbol, event.kind, data, event.round, aggregate=aggregate)


def _with_unknown_key(kind: str, data: Data) -> Data:
    return {**data, "zz": {"new": [1, None, "x"]}, "ap": 3}


def _with_old_levels(kind: str, data: Data) -> Data | None:
    if kind != "depthUpdate":
        return None
    return {**data, **{side: [[*level[:2], []] for level in data[side]] for side in ("b", "a")}}


def _in_microseconds(kind: str, data: Data) -> Data:
    return {key: value * 1000 + 123 if key in ("E", "T") else value for key, value in data.items()}


def _without_quantity(kind: str, data: Data) -> Data | None:
    return {**data, "q": "0.00000000"} if kind in ("trade", "aggTrade") else None


def _one_sided(kind: str, data: Data) -> Data | None:
    return {**data, "a": "0.00000000", "A": "0.00000000"} if kind == "bookTicker" else None


def _crossed(kind: str, data: Data) -> Data | None:
    if kind == "bookTicker":
        return {**data, "b": data["a"], "a": data["b"]} if float(data["a"]) > float(data["b"]) else None
    if kind == "depthUpdate" and data["a"]:
        far = max(float(level[0]) for level in data["a"]) * 1.5
        return {**data, "b": [*data["b"], [f"{far:.2f}", "1.00000000"]]}
    return None


ALTERATIONS: tuple[tuple[type[Lasting], Callable[[str, Data], Data | None]], ...] = (
    (UnknownKey, _with_unknown_key),
    (OldLevels, _with_old_levels),
    (Microseconds, _in_microseconds),
    (ZeroQuantity, _without_quantity),
    (OneSided, _one_sided),
    (Crossed, _crossed),
)
ERROR = msgspec.json.encode({"error": {"code": 0, "msg": "Internal error; unable to process your request."}})


def rubbish() -> Iterator[bytes]:
    """Texts that no client should choke on, one after the other."""
    texts: list[Any] = [b"this is not JSON", b'{"stream":', b"", b"[]", b"null", b'{"e":"trade"}', b"\x00", b'"' * 999]
    while True:
        yield from texts

"""How the machine is: processes and what they have read, streams, latency; put together once a second."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from streams import client
from streams.partitions import suffixed

PROCESSES = ("feed", "agents", "governor", "executor", "relay", "projector", "web")
STREAMS = (
    *(client.TICKS, client.COMMANDS, client.DELIBERATIONS),
    *(client.LEDGER_GOVERNANCE, client.LEDGER_EXECUTION, client.DEAD_LETTERS),
)
SHARED = (client.TICKS, client.DEAD_LETTERS)


def stream_names(partitions: int) -> list[str]:
    """Every stream of every partition."""
    more = (name for name in STREAMS if name not in SHARED)
    return [*STREAMS, *(suffixed(name, number) for name in more for number in range(1, partitions))]


class StreamState(Struct, frozen=True):
    name: str
    length: int
    last_id: str

    def age_ms(self, now: int) -> int | None:
        """Since the last entry; unknown where ids are ledger positions."""
        if self.name.startswith("ledger.") or self.last_id == "0-0":
            return None
        return max(0, now - client.milliseconds_of(self.last_id))


def behind(stream: StreamState, position: str) -> dict[str, Any]:
    """How far a reader is from the end: in events for ledger streams, else in ms of stream time."""
    unit = "events" if stream.name.startswith("ledger.") else "ms"
    return {"amount": max(0, _first(stream.last_id) - _first(position)), "unit": unit}


def _first(entry_id: str) -> int:
    return client.milliseconds_of(entry_id or "0-0")


class Heard:
    """Every process's last word; one that has fallen silent stays, with its age."""

    def __init__(self) -> None:
        self._reports: dict[str, dict[str, Any]] = {}

    def take(self, reports: Mapping[str, dict[str, Any]]) -> None:
        self._reports |= reports

    def processes(self, streams: Iterable[StreamState]) -> list[dict[str, Any]]:
        known = {stream.name: stream for stream in streams}
        names = [*PROCESSES, *sorted(set(self._reports) - set(PROCESSES))]
        return [_process(name, self._reports.get(name), known) for name in names]

    def latency(self) -> dict[str, dict[str, float]]:
        """Per stage, from whichever process measures it."""
        return {stage: figures for report in self._reports.values() for stage, figures in report["latency"].items()}

    def counters(self) -> dict[str, dict[str, int]]:
        return {name: report["counters"] for name, report in self._reports.items()}


def _process(name: str, report: dict[str, Any] | None, streams: Mapping[str, StreamState]) -> dict[str, Any]:
    if report is None:
        return {"name": name, "state": "unheard", "at": None, "rss_mb": None, "behind": {}}
    return {
        "name": name,
        "state": report["state"],
        "at": report["at"] // 1_000_000,
        "pid": report["pid"],
        "rss_mb": report["rss_mb"],
        "gauges": report["gauges"],
        "behind": {
            stream: behind(streams[stream], position)
            for stream, position in report["positions"].items()
            if stream in streams
        },
    }

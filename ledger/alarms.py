"""Alarms of the relay: each one a critical line in the log, a count, and a line in `alarms.jsonl` that stays."""

from __future__ import annotations

import logging
import os
import threading
import time
from pathlib import Path

import msgspec
from msgspec import Struct

from ledger.segments import encode, iso
from streams.telemetry import Telemetry

log = logging.getLogger(__name__)

FILE = "alarms.jsonl"
REPEAT_S = 60.0


class Alarm(Struct, frozen=True, kw_only=True):
    at: str
    text: str


class Alarms:
    """Threads may share it. Without a directory the line in the file is left out."""

    def __init__(self, telemetry: Telemetry, directory: Path | None) -> None:
        self.telemetry = telemetry
        self.directory = directory
        self._unwritten: list[Alarm] = []
        self._told: dict[str, float] = {}
        self._lock = threading.Lock()
        if directory is not None:
            self._tell(recorded(directory))

    def __call__(self, text: str) -> None:
        """Raises an alarm; the same one not again within a minute."""
        now = time.monotonic()
        with self._lock:
            if now - self._told.get(text, -REPEAT_S) < REPEAT_S:
                return
            self._told[text] = now
            log.critical("%s", text)
            self.telemetry.counters["alarms"] += 1
            self._unwritten.append(Alarm(at=iso(time.time_ns()), text=text))
        self.write()

    def write(self) -> None:
        """Writes what could not be written so far: the disk may have been full."""
        if self.directory is None or not self._unwritten:
            return
        with self._lock:
            try:
                _append(self.directory, self._unwritten)
            except OSError as error:
                self.telemetry.gauges["alarms not on record"] = f"{len(self._unwritten)}: {error}"
                return
            self._unwritten.clear()
            self.telemetry.gauges.pop("alarms not on record", None)
            self._tell(recorded(self.directory))

    def _tell(self, alarms: list[Alarm]) -> None:
        self.telemetry.gauges["alarms on record"] = len(alarms)
        if alarms:
            self.telemetry.gauges["last alarm"] = f"{alarms[-1].at} {alarms[-1].text}"


def recorded(directory: Path) -> list[Alarm]:
    """The alarms that are on record, the oldest first; a line that a crash cut short is left out."""
    path = directory / FILE
    if not path.exists():
        return []
    found = []
    for line in path.read_bytes().splitlines():
        try:
            found.append(msgspec.json.decode(line, type=Alarm))
        except msgspec.MsgspecError:
            log.warning("%s holds a line that was cut short", path)
    return found


def _append(directory: Path, alarms: list[Alarm]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / FILE).open("ab+") as file:
        size = file.seek(0, os.SEEK_END)
        torn = size and os.pread(file.fileno(), 1, size - 1) != b"\n"
        lines = b"".join(encode(alarm) + b"\n" for alarm in alarms)
        file.write(b"\n" + lines if torn else lines)
        file.flush()
        os.fsync(file.fileno())

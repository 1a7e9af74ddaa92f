"""Writes down what comes in, so that it can be replayed byte for byte, and never holds up who brings it."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import Counter, deque
from pathlib import Path

import msgspec

from feeds.recordings.formats import recordings_in
from feeds.recordings.opening import Unreadable
from feeds.recordings.stamped import UNREADABLE
from feeds.source import Figures
from feeds.tape import Tape

log = logging.getLogger(__name__)

MOST_WAITING_BYTES = 64 * 1024 * 1024
ENTRY_BYTES = 200  # what a frame takes up in the queue beside its own bytes
LARGEST_BYTES = 512 * 1024 * 1024
LONGEST_S = 3_600
DRAIN_EVERY_S = 0.1
FLUSH_EVERY_S = 1.0
RETRY_EVERY_S = 1.0
KEPT_FILES = 2
NAMED = re.compile(r"(?P<venue>.+)-(?P<began>\d{8}T\d{6}Z)(-\d+)?\.jsonl\.gz(\.part)?")

# Venue, receive time (ns), and a frame, or how many are missing here.
Entry = tuple[str, int, bytes | int]


class Recorder:
    """A file for each venue: first a line `configuration: {"venue":…,"started":…}`, then `<receive time> <frame>`.

    `take` is called in one thread and only puts the frame into a queue of `MOST_WAITING_BYTES`; what the disk does not
    keep up with is left out, frame by frame, and a remark in the file says how many. A file goes on for `longest_s` of
    receive time or `largest_bytes` before compression, is called `….part` until then, and can be read at any time up
    to its last second. When the disk takes nothing it is tried again every second."""

    def __init__(self, directory: Path, *, largest_bytes: int = LARGEST_BYTES, longest_s: float = LONGEST_S) -> None:
        self._directory = directory
        self._largest_bytes = largest_bytes
        self._longest_ns = int(longest_s * 1e9)
        self._queue: deque[Entry] = deque()
        self._taken_bytes = 0  # counted by who takes; what was drained is counted by the writer: no lock is needed
        self._drained_bytes = 0
        self._missing_now: Counter[str] = Counter()
        self._tapes: dict[str, Tape] = {}
        self._trouble = ""
        self._closing = threading.Event()
        self.missing = 0
        self.frames: Counter[str] = Counter()
        self.bytes = 0
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def waiting_bytes(self) -> int:
        return self._taken_bytes - self._drained_bytes

    @property
    def trouble(self) -> str:
        """Why nothing can be written just now; empty while all is well."""
        return self._trouble

    @property
    def figures(self) -> Figures:
        figures: dict[str, float | str] = {
            "recording": float(self.frames.total()),
            "recording_bytes": float(self.bytes),
            "recording_waiting": float(self.waiting_bytes),
            "recording_missing": float(self.missing),
        }
        return figures | {"recording_trouble": self._trouble} if self._trouble else figures

    def take(self, venue: str, at: int, frame: bytes) -> None:
        """Puts a frame on record as it came in at `at` (ns). Never blocks and never raises."""
        if self.waiting_bytes + len(frame) + ENTRY_BYTES > MOST_WAITING_BYTES:
            if not self.missing:
                log.error("the recorder does not keep up: frames are missing from now on in %s", self._directory)
            self.missing += 1
            self._missing_now[venue] += 1
            return
        if missing := self._missing_now.pop(venue, 0):
            self.remark(venue, at, missing)
        self._taken_bytes += len(frame) + ENTRY_BYTES
        self._queue.append((venue, at, frame))

    def remark(self, venue: str, at: int, missing: int) -> None:
        """Puts on record that so many frames are missing here."""
        self._queue.append((venue, at, missing))

    def close(self) -> None:
        """Writes what waits, if the disk lets it, and ends the files."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        flush_at = 0.0
        while True:
            closing = self._closing.is_set()
            try:
                self._drain()
                if closing or time.monotonic() >= flush_at:
                    for tape in self._tapes.values():
                        tape.flush()
                    flush_at = time.monotonic() + FLUSH_EVERY_S
                self._recovered()
            except OSError as error:
                self._failed(error)
            if closing:
                self._end()
                return
            self._closing.wait(RETRY_EVERY_S if self._trouble else DRAIN_EVERY_S)

    def _drain(self) -> None:
        while self._queue:
            venue, at, content = self._queue[0]
            tape = self._tape(venue, at)
            if isinstance(content, int):
                tape.write(b'configuration: {"missing":%d}\n' % content)
            else:
                line = b"%d %s\n" % (at, as_line(content))
                tape.write(line)
                self.frames[venue] += 1
                self.bytes += len(line)
                self._drained_bytes += len(content) + ENTRY_BYTES
            self._queue.popleft()

    def _tape(self, venue: str, at: int) -> Tape:
        tape = self._tapes.get(venue)
        if tape is not None and (at - tape.began >= self._longest_ns or tape.written >= self._largest_bytes):
            tape.finish()
            del self._tapes[venue]
            tape = None
        if tape is None:
            self._directory.mkdir(parents=True, exist_ok=True)
            tape = self._tapes[venue] = Tape(self._directory, venue, at)
            tape.write(b"configuration: " + msgspec.json.encode({"venue": venue, "started": at}) + b"\n")
        else:
            tape.relieve()
        return tape

    def _failed(self, error: OSError) -> None:
        if not self._trouble:
            log.error("nothing can be recorded in %s: %s; trying again", self._directory, error)
        self._trouble = str(error)

    def _recovered(self) -> None:
        if self._trouble:
            log.warning("recording in %s goes on; %d frames are missing", self._directory, self.missing)
        self._trouble = ""

    def _end(self) -> None:
        if self._queue:
            log.error("%d frames could not be recorded: %s", len(self._queue), self._trouble)
        for tape in self._tapes.values():
            try:
                tape.finish()
            except OSError as error:
                self._failed(error)
                tape.abandon()


def as_line(frame: bytes) -> bytes:
    """The frame, or where it is no single line of JSON, or would be mistaken for something else, its base64."""
    if frame.startswith((b"{", b"[")) and b"\n" not in frame and not frame.startswith(UNREADABLE):
        return frame
    return msgspec.json.encode({"unreadable": frame})


def newest(directory: Path) -> list[Path]:
    """The newest recording of each venue, to fall back to: its last two files, the one that is being written
    included; none where there is nothing that can be read."""
    by_venue: dict[str, list[tuple[str, Path]]] = {}
    for path in directory.glob("*.jsonl.gz*"):
        named = NAMED.fullmatch(path.name)
        if named is not None and _holds_frames(path):
            by_venue.setdefault(named["venue"], []).append((named["began"], path))
    return [path for files in by_venue.values() for _, path in sorted(files)[-KEPT_FILES:]]


def _holds_frames(path: Path) -> bool:
    try:
        recordings_in(path)
    except Unreadable:
        return False
    return True

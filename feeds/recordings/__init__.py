"""Recorded market data: `read_ticks` reads it, `instruments` tells what is in it."""

from feeds.recordings.lines import Unreadable, expand
from feeds.recordings.reading import Seen, instruments, read_ticks

__all__ = ["Seen", "Unreadable", "expand", "instruments", "read_ticks"]

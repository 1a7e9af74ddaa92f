"""Recorded market data: `read_ticks` reads it, `instruments` tells what is in it."""

from feeds.recordings.lines import expand
from feeds.recordings.opening import Progress, Unreadable
from feeds.recordings.reading import Seen, instruments, read_ticks, start_time

__all__ = ["Progress", "Seen", "Unreadable", "expand", "instruments", "read_ticks", "start_time"]

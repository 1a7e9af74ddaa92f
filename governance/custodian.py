"""Looks after the streams that others may add to: whoever tampers with one is told to the books, and work goes on."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from streams.client import DEAD_LETTERS, Entry, Streams, milliseconds_of
from streams.custody import AHEAD_MS, Custody, Look
from streams.messages import Code, SenderDoubted

log = logging.getLogger(__name__)

BEGINNING = "0-0"


class Custodian:
    """Of a partition's commands; the first partition's also of the dead letters, which are one stream for all."""

    def __init__(self, streams: Streams, commands: str, partition: int) -> None:
        self._commands = Custody(streams, commands)
        self._letters = None if partition else Custody(streams, DEAD_LETTERS)

    def sound(self, entries: Sequence[Entry], now: int) -> bool:
        """Whether the ids of commands that were just read can have been given by Redis."""
        newest = next((entry for entry in reversed(entries) if entry.stream == self._commands.stream), None)
        return newest is None or milliseconds_of(newest.id) <= now // 1_000_000 + AHEAD_MS

    def taken(self) -> None:
        """A command was read, and will not be again."""
        self._commands.taken()

    def look(self, mark: str, read_up_to: str) -> list[SenderDoubted]:
        """Mends what can be; what there is to tell. Commands after `mark` have no answer yet."""
        found = list(self._told(self._commands, self._commands.look(mark, read_up_to)))
        if self._letters is not None:
            found += self._told(self._letters, self._letters.look(BEGINNING, BEGINNING))
        return found

    def _told(self, custody: Custody, look: Look) -> Iterator[SenderDoubted]:
        name = custody.stream
        if look.given_anew:
            yield _doubt(name, f"the ids of {name} were used up; {look.given_anew} entries got others")
        if look.cut:
            yield _doubt(name, f"{look.cut} entries of {name} were gone before anybody had read them")


def _doubt(stream: str, detail: str) -> SenderDoubted:
    log.critical("somebody tampers with a stream: %s", detail)
    return SenderDoubted(claimed=f"stream:{stream}", code=Code.TAMPERED, detail=detail)

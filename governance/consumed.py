"""Which commands were consumed before: remembered while they are young, and asked of the inbox when they are not."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from streams.client import Entry, milliseconds_of
from streams.envelope import Envelope
from streams.messages import AgentCommand

REMEMBERED = 100_000
YOUNG_NS = 5_000_000_000


class Consumed:
    """`answered` gives the inbox's answers by command id."""

    def __init__(self, answered: Callable[[Sequence[str]], Mapping[str, str]]) -> None:
        self._answered = answered
        self._since = time.time_ns()
        self._ids: dict[str, None] = {}

    def has(self, message: Envelope, entry: Entry, *, interrupted: bool) -> bool:
        """Whether it was consumed before; if not, it is from now on. What a crash `interrupted` may be in the inbox."""
        asked = interrupted or self._may_be_forgotten(message, entry)
        if message.id in self._ids or (asked and self._answered([message.id])):
            return True
        self._ids[message.id] = None
        if len(self._ids) > REMEMBERED:
            del self._ids[next(iter(self._ids))]
        return False

    def _may_be_forgotten(self, message: Envelope, entry: Entry) -> bool:
        """What agents send is told apart by memory while it is young; what is older the inbox is asked for, and so a
        command that somebody copied is not taken again."""
        if not isinstance(message.body, AgentCommand) or message.sent_at < self._since:
            return True
        return milliseconds_of(entry.id) * 1_000_000 - message.sent_at > YOUNG_NS

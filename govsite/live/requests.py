"""What a browser may say on the live socket, and how often."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

LARGEST_MESSAGE = 4096
PER_SECOND = 20.0
BURST = 40.0

Topic = Annotated[str, Meta(pattern=r"^(deliberations|executions|status|ticks(:[A-Z0-9][A-Z0-9._-]{0,31})?)$")]
Position = Annotated[int, Meta(ge=0)]
Name = Literal["governance", "execution"]

LOGS: dict[str, Name] = {"deliberations": "governance", "executions": "execution"}
PERMISSIONS = {"deliberations": "governance.view_deliberation", "executions": "execution.view_order"}


class BadRequest(Exception):
    """What the browser said cannot be answered; the text says why."""


class Request(Struct, forbid_unknown_fields=True):
    """Either a subscription (with the positions that the browser has, if any), or how many frames it has seen."""

    subscribe: Annotated[list[Topic], Meta(min_length=1, max_length=64)] | None = None
    after: dict[Name, Position] = msgspec.field(default_factory=dict)
    book: Annotated[str, Meta(max_length=64)] = ""
    seen: Position | None = None


_decoder = msgspec.json.Decoder(Request)


def parse(text: str | None) -> Request:
    if text is None:
        raise BadRequest("Send text, not bytes.")
    if len(text) > LARGEST_MESSAGE:
        raise BadRequest(f"At most {LARGEST_MESSAGE} characters a message.")
    try:
        request = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadRequest(str(error)) from error
    if (request.subscribe is None) == (request.seen is None):
        raise BadRequest('Send {"subscribe": […]} or {"seen": N}.')
    return request


class Allowance:
    """A token bucket: 20 messages a second, 40 at once."""

    def __init__(self, now: float) -> None:
        self._tokens = BURST
        self._at = now

    def take(self, now: float) -> bool:
        self._tokens = min(BURST, self._tokens + (now - self._at) * PER_SECOND)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def groups(topics: list[str]) -> set[str]:
    """The channel groups of topics."""
    wanted = set()
    for topic in topics:
        kind, _, symbol = topic.partition(":")
        if kind in LOGS:
            wanted.add("ledger")
        if kind == "deliberations":
            wanted.add("rounds")
        if kind == "ticks":
            wanted.add(f"ticks.{symbol}" if symbol else "ticks")
        if kind == "status":
            wanted.add("status")
    return wanted

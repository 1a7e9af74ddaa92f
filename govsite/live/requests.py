"""What a browser may say on the live socket, and how often."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from govsite.live.frames import group_of_book

LARGEST_MESSAGE = 4096
PER_SECOND = 20.0
BURST = 40.0

TOPIC = r"^(deliberations|executions|ledger|status|ticks(:[A-Z0-9][A-Z0-9._-]{0,31})?)$"
Topic = Annotated[str, Meta(pattern=TOPIC)]
Position = Annotated[int, Meta(ge=0)]
Name = Annotated[str, Meta(pattern=r"^(governance|execution)(\.[1-9][0-9]{0,3})?$")]

LOGS: dict[str, Name] = {"deliberations": "governance", "executions": "execution"}
PERMISSIONS = {
    "deliberations": "governance.view_deliberation",
    "executions": "execution.view_order",
    "ledger": "ledger.view_ledgerevent",
    "status": "governance.view_book",
    "ticks": "market.view_pricerun",
}
"""What each kind of topic needs; a viewer has all but the ledger's."""
RIGHTS = frozenset(PERMISSIONS.values())


class BadRequest(Exception):
    """What the browser said cannot be answered; the text says why."""


class Request(Struct, forbid_unknown_fields=True):
    """Either a subscription (with the positions that the browser has, if any), or how many frames it has seen."""

    subscribe: Annotated[list[Topic], Meta(min_length=1, max_length=64)] | None = None
    after: dict[Name, Position] = msgspec.field(default_factory=dict)
    book: Annotated[str, Meta(max_length=64, pattern="^[^\x00]*$")] = ""
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
    except RecursionError as error:
        raise BadRequest("The message is nested too deeply.") from error
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


def needed(topics: list[str]) -> dict[str, str]:
    """The right that each of these topics needs."""
    return {topic: PERMISSIONS[topic.partition(":")[0]] for topic in topics}


def logs(topics: list[str]) -> set[str]:
    """The logs whose events are sent."""
    return {"governance", "execution"} if "ledger" in topics else {LOGS[topic] for topic in topics if topic in LOGS}


def groups(topics: list[str], book: str) -> set[str]:
    """The channel groups of topics; `book` is whose rounds and status are followed."""
    wanted = {"ledger"} if logs(topics) else set()
    for topic in topics:
        kind, _, symbol = topic.partition(":")
        if kind == "deliberations":
            wanted.add(group_of_book("rounds", book))
        if kind == "ticks":
            wanted.add(f"ticks.{symbol}" if symbol else "ticks")
        if kind == "status":
            wanted.add(group_of_book("status", book))
    return wanted

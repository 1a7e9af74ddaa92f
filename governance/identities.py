"""Whether a command was said by whom it names: nothing that is not signed so gets to a chamber."""

from __future__ import annotations

from collections.abc import Mapping

from governance.domain.council import SeatKey
from streams.client import Entry
from streams.envelope import Envelope, Refused
from streams.messages import Code
from streams.signing import (
    HELD,
    OF_AGENTS,
    PUBLISHERS,
    NoKey,
    Publisher,
    check_derived,
    check_held,
    may_say,
    parted,
    variable,
)

UNDER_WAY_NS = 2_000_000_000
DOUBTED = frozenset((Code.UNSIGNED, Code.FORGED, Code.KEY_REVOKED))
FIRST = SeatKey()


class Identities:
    """Knows the secrets of all publishers. Raises `NoKey` where one is missing."""

    def __init__(self, secrets: Mapping[Publisher, bytes]) -> None:
        if missing := [variable(one) for one in PUBLISHERS if one not in secrets]:
            raise NoKey(f"{', '.join(missing)} must be set: without the secrets of all publishers nobody is believed.")
        self.secrets = secrets

    def check(self, message: Envelope, entry: Entry, key: SeatKey | None, now: int) -> None:
        """`key`: what the seat of that name signs with, None where there is none. Raises `Refused`."""
        publisher, number, value = parted(entry.signature)
        if not may_say(publisher, message):
            what = type(message.body).__name__
            raise Refused(Code.FORGED, f"{publisher} does not speak for {message.actor} in a {what}")
        wanted = FIRST
        if isinstance(message.body, OF_AGENTS):
            wanted = key or FIRST
            _of_the_seat(publisher, number, message.actor, wanted, now)
        elif number != wanted.number:
            raise Refused(Code.FORGED, f"{publisher} has no key {number}")
        if publisher == HELD:
            check_held(wanted.public, message.actor, entry.raw, value)
        else:
            check_derived(self.secrets[publisher], message.actor, number, entry.raw, value)


def _of_the_seat(publisher: Publisher, number: int, name: str, key: SeatKey, now: int) -> None:
    """Whether a seat speaks with the key that it has now."""
    if key.revoked:
        raise Refused(Code.KEY_REVOKED, f"key {key.number} of {name} is revoked: an operator issues another one")
    if publisher != HELD and key.public:
        raise Refused(Code.FORGED, f"{name} is held by a party that signs with a key of its own")
    if publisher == "desk":
        return  # a token stands for the seat
    before = key.follows and number == key.number - 1 and now - key.since < UNDER_WAY_NS
    if number != key.number and not before:
        raise Refused(Code.KEY_REVOKED, f"key {number} of {name} is not its key any more: that is key {key.number}")
    if publisher == HELD and not key.public:
        raise Refused(Code.FORGED, f"{name} signs with a key of the house")

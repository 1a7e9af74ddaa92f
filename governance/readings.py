"""The readings of the breakers in Redis: the governor writes them about once a second, pages read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgspec
import redis

from governance.domain.chamber import Chamber
from governance.domain.headroom import Readings, readings

EVERY_NS = 1_000_000_000
KEPT_S = 86_400  # a reading of long ago says since when nobody measures
DECODER = msgspec.json.Decoder(Readings)


class Publisher:
    """Writes the key `readings:{book}` of one book after the other, one a call at most: no round waits for more."""

    def __init__(self, connection: redis.Redis) -> None:
        self.redis = connection
        self._left: list[str] = []
        self._due = 0

    def publish(self, chambers: Mapping[str, Chamber], now: int) -> None:
        """Each book once a second, or as often as calls let it where there are many (`now`: process clock, ns)."""
        if now < self._due or not chambers:
            return
        self._due = now + EVERY_NS // len(chambers)
        self._left = self._left or list(chambers)
        book = self._left.pop()
        chamber = chambers[book]
        told = readings(chamber.state, chamber.surveillance, now)
        self.redis.set(_key(book), msgspec.json.encode(told), ex=KEPT_S)


def read(connection: redis.Redis, book: str) -> Readings | None:
    """What was measured last, however long ago (at most a day); None where nothing is kept. Raises
    msgspec.DecodeError for what another release has written."""
    raw = cast("bytes | None", connection.get(_key(book)))
    return None if raw is None else DECODER.decode(raw)


def _key(book: str) -> str:
    return f"readings:{book}"

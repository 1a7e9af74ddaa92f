"""Wishes of operators to the feed that runs: sent through Redis, done by the feed, answered at once.

Who can write into this Redis can steer the feed: there is no other authentication of a wish."""

from __future__ import annotations

import logging
import time
from typing import Literal, Protocol, cast, runtime_checkable
from uuid import uuid4

import msgspec
import redis
from msgspec import Struct

from feeds.failover import Failover, NoSuchSource
from feeds.source import Clock, TickSource
from streams.messages import Source

log = logging.getLogger(__name__)

WISHES = "feed.wishes"
MOST_WISHES = 100
PATIENCE_S = 5.0
ANSWER_KEPT_S = 30
FASTEST = 100_000.0


class Wish(Struct, frozen=True, kw_only=True):
    """`speed` None is without any pace, `source` and `reason` are for `source` only. A wish that is older than
    `until` (ns) is not done any more: whoever had it has gone."""

    id: str
    actor: str
    until: int
    what: Literal["pause", "resume", "speed", "source"]
    speed: float | None = None
    source: Source | None = None
    reason: str = ""


class Answer(Struct, frozen=True):
    done: bool
    text: str


class Refusal(Exception):
    """A wish makes no sense as things are; the text says why."""


class Unanswered(Exception):
    """No feed has said anything in time."""


@runtime_checkable
class Steered(Protocol):
    """What plays at a pace of its own."""

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def set_speed(self, speed: float | None) -> None: ...


def ask(connection: redis.Redis, wish: Wish) -> Answer:
    """What the running feed did of it. Raises `Unanswered`, and redis.RedisError."""
    connection.xadd(WISHES, {"m": msgspec.json.encode(wish)}, maxlen=MOST_WISHES, approximate=True)
    answer = cast("tuple[bytes, bytes] | None", connection.blpop([_answer_key(wish)], timeout=PATIENCE_S))
    if answer is None:
        raise Unanswered(f"no feed has answered within {PATIENCE_S:.0f} s: is one running? `manage.py feed status`")
    return msgspec.json.decode(answer[1], type=Answer)


def a_wish(
    what: Literal["pause", "resume", "speed", "source"],
    *,
    actor: str,
    speed: float | None = None,
    source: Source | None = None,
    reason: str = "",
) -> Wish:
    until = time.time_ns() + int(PATIENCE_S * 1e9)
    return Wish(id=uuid4().hex, actor=actor, until=until, what=what, speed=speed, source=source, reason=reason)


class Desk:
    """Where the feed looks for wishes. Those of before it began are not for it."""

    def __init__(self, connection: redis.Redis, source: TickSource, *, clock: Clock = time.time_ns) -> None:
        self._redis = connection
        self._source = source
        self._clock = clock
        self._read_up_to: bytes | None = None

    def attend(self) -> None:
        """Does what was asked for since the last look. Raises redis.RedisError; then nothing was done twice."""
        if self._read_up_to is None:
            newest = cast("list[tuple[bytes, object]]", self._redis.xrevrange(WISHES, count=1))
            self._read_up_to = newest[0][0] if newest else b"0-0"
            return
        came = cast(
            "list[tuple[bytes, list[tuple[bytes, dict[bytes, bytes]]]]]", self._redis.xread({WISHES: self._read_up_to})
        )
        for entry_id, fields in came[0][1] if came else ():
            self._read_up_to = entry_id
            try:
                wish = msgspec.json.decode(fields.get(b"m", b""), type=Wish)
            except msgspec.MsgspecError as error:
                log.error("a wish cannot be read: %s", error)
                continue
            self._answer(wish)

    def _answer(self, wish: Wish) -> None:
        if wish.until < self._clock():
            log.warning("%s wished too long ago: %s", wish.actor, wish.what)
            return
        try:
            answer = Answer(True, obey(self._source, wish))
        except (Refusal, NoSuchSource) as refusal:
            answer = Answer(False, str(refusal))
        log.warning("%s wished %s: %s%s", wish.actor, wish.what, "" if answer.done else "refused: ", answer.text)
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.rpush(_answer_key(wish), msgspec.json.encode(answer))
            pipe.expire(_answer_key(wish), ANSWER_KEPT_S)
            pipe.execute()


def obey(source: TickSource, wish: Wish) -> str:
    """Does it and says what was done. Raises `Refusal` and `NoSuchSource`."""
    if wish.what == "source":
        return _change_source(source, wish)
    played = source.in_use if isinstance(source, Failover) else source
    if not isinstance(played, Steered):
        raise Refusal("live has its own pace: it cannot be paused or sped up (another source can be put in its place)")
    if wish.what == "pause":
        played.pause()
    elif wish.what == "resume":
        played.resume()
    else:
        _set_speed(source, played, wish.speed)
    return f"{wish.what} is done: {source.mode}"


def _set_speed(source: TickSource, played: Steered, speed: float | None) -> None:
    if speed is not None and not 0 < speed <= FASTEST:
        raise Refusal(f"{speed:g} is not between 0 and {FASTEST:,.0f}")
    if isinstance(source, Failover) and (speed is None or speed > 1):
        raise Refusal("what stands in for live may not be faster than 1: the market's clock would get ahead of live")
    played.set_speed(speed)


def _change_source(source: TickSource, wish: Wish) -> str:
    if not wish.source:
        raise Refusal("which source?")
    if not isinstance(source, Failover):
        raise Refusal(f"this feed was started with --feed {source.source} and has no other source")
    if wish.source == "live":
        return source.release(_reason(wish))
    source.hold(wish.source, _reason(wish))
    return f"{wish.source} is in the place of live until `source live`"


def _reason(wish: Wish) -> str:
    return f"{wish.actor}: {wish.reason}" if wish.reason else f"{wish.actor} wished so"


def _answer_key(wish: Wish) -> str:
    return f"feed:answer:{wish.id}"
